//! The base URL of an instance.

#[cfg(test)]
mod tests;

use std::fmt;

use url::{Host, Url};

use super::SecretKey;

/// The root of an instance: scheme, host and port, and nothing else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    /// As the URL standard writes it, without a slash at the end.
    text: String,
    /// `host[:port]`, IDN as punycode.
    host: String,
    loopback: bool,
}

/// Why a text is not a base URL. Never holds the text, which may be a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    #[error("the base URL is empty; enter one like https://instance.passportalmsp.com")]
    Empty,
    /// A Secret access key is where the URL belongs.
    #[error("this looks like a Secret access key, not a base URL")]
    IsSecret,
    /// A name or a password is before the host.
    #[error(
        "a base URL must not contain a user name or password: remove everything before the @, and sign in \
        instead"
    )]
    Userinfo,
    /// Plain HTTP to another machine. Holds the host.
    #[error(
        "http:// is allowed only for this machine. Use https:// for {0}; otherwise anyone on the network could read \
         the secrets"
    )]
    PlainHttp(String),
    #[error("a base URL must start with https:// (or http:// for this machine)")]
    Scheme,
    /// What is below the root of a host may be another's: a password would go to what answers at `/`.
    #[error(
        "a base URL has no path, since latchkey answers at the root of a host: give it a host or a port of its own, and \
         write only that"
    )]
    Path,
    #[error("this is not a base URL ({0}); enter one like https://instance.passportalmsp.com")]
    NotAUrl(&'static str),
}

/// Where Passportal's API is, one host for each region, by its documentation.
pub const PASSPORTAL_HOSTS: [&str; 5] = [
    "us-clover.passportalmsp.com",
    "ca-clover.passportalmsp.com",
    "uk-clover.passportalmsp.com",
    "de-clover.passportalmsp.com",
    "au-clover.passportalmsp.com",
];

/// Where Passportal shows its dashboard: what administrators have in their browser's address bar.
const DASHBOARD: &str = "dashboard";

impl BaseUrl {
    /// Takes what people paste, such as a dashboard's address; says in a sentence what was kept of it. Any other path is
    /// refused.
    pub fn parse(text: &str) -> Result<(Self, Option<String>), BaseUrlError> {
        let text = text.trim();
        check_characters(text)?;
        let assumed = !has_scheme(text);
        let url = if assumed { Url::parse(&format!("https://{text}")) } else { Url::parse(text) };
        let url = url.map_err(|error| BaseUrlError::NotAUrl(reason(error)))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Userinfo);
        }
        let base = Self::of(&url)?;
        let path = url.path().trim_matches('/');
        if !path.is_empty() && !base.is_passportal() && path.split('/').next() != Some(DASHBOARD) {
            return Err(BaseUrlError::Path);
        }
        let cut = !path.is_empty() || url.query().is_some() || url.fragment().is_some();
        let notice = match (assumed, cut) {
            (false, false) => None,
            (true, false) => Some(format!("No http:// or https:// given; using {base}.")),
            (_, true) => Some(format!("Only {base} of the pasted address is used.")),
        };
        Ok((base, notice))
    }

    fn of(url: &Url) -> Result<Self, BaseUrlError> {
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(BaseUrlError::NotAUrl("it has no host name")),
        };
        let mut host = url.host_str().unwrap_or_default().to_owned();
        if let Some(port) = url.port() {
            host = format!("{host}:{port}");
        }
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(BaseUrlError::PlainHttp(host)),
            _ => return Err(BaseUrlError::Scheme),
        }
        Ok(Self { text: format!("{}://{host}", url.scheme()), host, loopback })
    }

    /// The whole URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `host`, or `host:port` where the port is not the scheme's own. IDN is as punycode, which hides nothing.
    pub fn host_for_screen(&self) -> &str {
        &self.host
    }

    /// Whether a port is written, since it is not the scheme's own.
    pub fn has_port(&self) -> bool {
        self.host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The port, written or the scheme's own.
    pub fn port(&self) -> u16 {
        let written = self.host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        written.filter(|_| self.has_port()).unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The host alone, as DNS knows it.
    pub fn name(&self) -> &str {
        if self.has_port() { self.host.rsplit_once(':').map_or("", |(name, _)| name) } else { &self.host }
    }

    /// Whether it is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether it speaks TLS.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Whether it is Passportal itself.
    pub fn is_passportal(&self) -> bool {
        let name = self.host.split(':').next().unwrap_or_default();
        name == "passportalmsp.com" || name.ends_with(".passportalmsp.com")
    }

    /// Says where Passportal's API is, if this is a Passportal host without one.
    pub fn region_hint(&self) -> Option<String> {
        if !self.is_passportal() || PASSPORTAL_HOSTS.contains(&self.host.as_str()) {
            return None;
        }
        Some(format!(
            "Passportal documents one API host per region ({}), and {} is not one of them.",
            PASSPORTAL_HOSTS.join(", "),
            self.host
        ))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The URL standard drops tabs and line ends and takes `\` for `/`: what one sees would not be what one gets.
fn check_characters(text: &str) -> Result<(), BaseUrlError> {
    if text.is_empty() {
        Err(BaseUrlError::Empty)
    } else if text.starts_with(SecretKey::PREFIX) || SecretKey::parse(text).is_ok() {
        Err(BaseUrlError::IsSecret)
    } else if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        Err(BaseUrlError::NotAUrl("it contains a space, a line break or another invalid character"))
    } else {
        Ok(())
    }
}

/// `host:8080` has none, though a URL's grammar would take `host` for one.
fn has_scheme(text: &str) -> bool {
    let lower = text.get(..6).unwrap_or(text).to_ascii_lowercase();
    let scheme = text.split("://").next().filter(|scheme| scheme.len() < text.len());
    lower.starts_with("http:")
        || lower.starts_with("https:")
        || scheme.is_some_and(|scheme| scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)))
}

fn reason(error: url::ParseError) -> &'static str {
    match error {
        url::ParseError::EmptyHost => "it has no host name",
        url::ParseError::InvalidPort => "its port is not a number from 0 to 65535",
        url::ParseError::IdnaError | url::ParseError::InvalidDomainCharacter => {
            "the host name contains an invalid character"
        }
        url::ParseError::InvalidIpv4Address | url::ParseError::InvalidIpv6Address => "its IP address is invalid",
        _ => "it can't be parsed",
    }
}
