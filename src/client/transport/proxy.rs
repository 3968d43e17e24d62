//! Proxies.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{Lookup, TransportError, no_proxy};
use crate::domain::BaseUrl;

/// Through which proxy a server is reached.
#[derive(Clone, Debug, Default)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// Through none.
    None,
    /// Through this one.
    Via(ProxyUrl),
}

/// A proxy's address. It may hold a password, and so shows only host and port.
#[derive(Clone)]
pub struct ProxyUrl {
    whole: SecretString,
    shown: String,
}

/// A proxy in use, and its address for the screen.
type Used = (reqwest::Proxy, String);

/// The variables that name a proxy for HTTPS, the first that is set counts.
const NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// The variables that name hosts without a proxy.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

impl ProxyUrl {
    /// Takes an address such as `http://proxy:3128` or `socks5h://localhost:1080`. An error never repeats it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|_| "it is not a URL such as http://proxy.example:3128")?;
        if !["http", "https", "socks5", "socks5h"].contains(&url.scheme()) {
            return Err("it must begin with http://, https://, socks5:// or socks5h://");
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host name")?;
        if !url.path().trim_matches('/').is_empty() || url.query().is_some() || url.fragment().is_some() {
            return Err("it has something after host and port");
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{host}{port}", url.scheme());
        Ok(Self { whole: SecretString::from(url.as_str()), shown })
    }

    /// Whether a password is in it.
    pub fn has_password(&self) -> bool {
        Url::parse(self.whole.expose_secret()).is_ok_and(|url| url.password().is_some())
    }

    /// The address without name and password.
    pub fn for_screen(&self) -> &str {
        &self.shown
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A proxy that is named, and whether it is used for a server.
pub struct ProxyRoute {
    pub url: ProxyUrl,
    /// The variable that names it; none if the settings do.
    pub variable: Option<&'static str>,
    /// Why this server is reached without it.
    pub skipped: Option<&'static str>,
}

impl Proxy {
    /// The proxy that is named for a server, used or not.
    pub fn named(&self, base: &BaseUrl) -> Result<Option<ProxyRoute>, TransportError> {
        self.find(base, &super::of_environment)
    }

    /// The proxy for a server, if there is one. This machine is always reached directly.
    pub(crate) fn route(&self, base: &BaseUrl, lookup: Lookup<'_>) -> Result<Option<Used>, TransportError> {
        if base.is_loopback() {
            return Ok(None);
        }
        let Some(route) = self.find(base, lookup)?.filter(|route| route.skipped.is_none()) else { return Ok(None) };
        // Its own error may repeat the address.
        let proxy = reqwest::Proxy::all(route.url.whole.expose_secret()).map_err(|_| {
            let from = route.variable.unwrap_or("the profile").to_owned();
            TransportError::ProxyAddress(from, "it is not a URL such as http://proxy.example:3128")
        })?;
        Ok(Some((proxy, route.url.shown)))
    }

    fn find(&self, base: &BaseUrl, lookup: Lookup<'_>) -> Result<Option<ProxyRoute>, TransportError> {
        let loopback = base.is_loopback().then_some("loopback");
        match self {
            Self::None => Ok(None),
            Self::Via(url) => Ok(Some(ProxyRoute { url: url.clone(), variable: None, skipped: loopback })),
            Self::Environment => {
                let Some((name, value)) = NAMES.iter().find_map(|name| Some((*name, lookup(name)?))) else {
                    return Ok(None);
                };
                let wrong = |why| TransportError::ProxyAddress(name.to_owned(), why);
                let text = SecretString::from(value.into_string().map_err(|_| wrong("it is not UTF-8"))?);
                let url = ProxyUrl::parse(text.expose_secret()).map_err(wrong)?;
                let exceptions = EXCEPTIONS.iter().find_map(|name| lookup(name));
                let excepted = exceptions.is_some_and(|hosts| no_proxy::excepts(&hosts.to_string_lossy(), base));
                let skipped = loopback.or_else(|| excepted.then_some("NO_PROXY"));
                Ok(Some(ProxyRoute { url, variable: Some(name), skipped }))
            }
        }
    }
}
