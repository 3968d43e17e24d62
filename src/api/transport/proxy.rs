//! Proxies.

use std::fmt;

use reqwest::NoProxy;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{Lookup, TransportError};
use crate::model::BaseUrl;

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
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host")?;
        if !url.path().trim_matches('/').is_empty() || url.query().is_some() || url.fragment().is_some() {
            return Err("it has something after host and port");
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{host}{port}", url.scheme());
        Ok(Self { whole: SecretString::from(url.as_str()), shown })
    }

    /// Whether a password stands in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        Url::parse(self.whole.expose_secret()).is_ok_and(|url| url.password().is_some())
    }

    /// The address without name and password.
    #[must_use]
    pub fn for_screen(&self) -> &str {
        &self.shown
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Proxy {
    /// The proxy for a server, if there is one. This machine is always reached directly.
    pub(super) fn route(&self, base: &BaseUrl, lookup: Lookup<'_>) -> Result<Option<reqwest::Proxy>, TransportError> {
        if base.is_loopback() {
            return Ok(None);
        }
        let (url, exceptions, from) = match self {
            Self::None => return Ok(None),
            Self::Via(url) => (url.clone(), None, "the profile"),
            Self::Environment => {
                let Some((name, value)) = NAMES.iter().find_map(|name| Some((*name, lookup(name)?))) else {
                    return Ok(None);
                };
                let wrong = |why| TransportError::ProxyAddress(name.to_owned(), why);
                let text = SecretString::from(value.into_string().map_err(|_| wrong("it is not UTF-8"))?);
                let exceptions = EXCEPTIONS.iter().find_map(|name| lookup(name));
                (ProxyUrl::parse(text.expose_secret()).map_err(wrong)?, exceptions, name)
            }
        };
        // Its own error may repeat the address.
        let proxy = reqwest::Proxy::all(url.whole.expose_secret()).map_err(|_| {
            TransportError::ProxyAddress(from.to_owned(), "it is not a URL such as http://proxy.example:3128")
        })?;
        let exceptions = exceptions.and_then(|hosts| NoProxy::from_string(&hosts.to_string_lossy()));
        Ok(Some(proxy.no_proxy(exceptions)))
    }
}
