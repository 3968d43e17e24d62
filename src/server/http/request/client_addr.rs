//! Where a request comes from, and who made it.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::server::net::trusted_proxies::TrustedProxies;

/// Where a request comes from: an IP address, or `local` for a Unix socket. Servers on TCP put one into the request's
/// extensions.
#[derive(Clone, Debug)]
pub struct ClientAddr(pub String);

/// Who made a request, once that is known: the name of an administrator or the ID of a key that exists, never text of
/// the client. For the log.
#[derive(Clone, Default)]
pub(crate) struct LoggedPrincipal(Arc<OnceLock<String>>);

impl LoggedPrincipal {
    /// Records who it is; only the first call counts.
    pub(crate) fn is(&self, name: &str) {
        let _ = self.0.set(name.to_owned());
    }

    /// The name, if it is known.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl ClientAddr {
    /// The peer's address, or `local`.
    pub(crate) fn of_peer(peer: Option<SocketAddr>) -> Self {
        Self(peer.map_or_else(|| "local".to_owned(), |peer| peer.ip().to_canonical().to_string()))
    }

    /// The client's address as the proxies in front name it: the last of `X-Forwarded-For` that is none of theirs, since
    /// everything before it came from the client. `None` if there is none.
    pub(crate) fn of_proxy(headers: &HeaderMap, proxies: &TrustedProxies) -> Option<Self> {
        let mut client = None;
        for line in headers.get_all("x-forwarded-for").iter().rev() {
            for hop in line.to_str().unwrap_or_default().rsplit(',') {
                // Before what is no address, nothing can be believed.
                let Some(address) = address(hop.trim()) else { return client };
                client = Some(Self(address.to_string()));
                if !proxies.has(address) {
                    return client;
                }
            }
        }
        client
    }
}

/// An address as proxies write it: with or without a port or brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let address = bare.or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(address.to_canonical())
}

impl<S: Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self("local".to_owned())))
    }
}

impl<S: Sync> FromRequestParts<S> for LoggedPrincipal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use crate::server::http::request::client_addr::*;

    fn of_proxy(lines: &[&str]) -> Option<String> {
        of_proxies(lines, &[])
    }

    fn of_proxies(lines: &[&str], proxies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        ClientAddr::of_proxy(&headers, &TrustedProxies::new(true, proxies)).map(|source| source.0)
    }

    #[test]
    fn only_the_last_hop_is_the_proxys_word() {
        assert_eq!(of_proxy(&["192.0.2.1"]).unwrap(), "192.0.2.1");
        assert_eq!(of_proxy(&["10.0.0.1, 192.0.2.1"]).unwrap(), "192.0.2.1");
        assert_eq!(of_proxy(&["10.0.0.1", "10.0.0.2,192.0.2.1"]).unwrap(), "192.0.2.1");
        assert_eq!(of_proxy(&["[2001:db8::1]:443"]).unwrap(), "2001:db8::1");
        assert_eq!(of_proxy(&["[2001:db8::1]"]).unwrap(), "2001:db8::1");
        assert_eq!(of_proxy(&["192.0.2.1:1234"]).unwrap(), "192.0.2.1");
        assert_eq!(of_proxy(&["::ffff:192.0.2.1"]).unwrap(), "192.0.2.1");
        for lines in [&[][..], &["unknown"], &["192.0.2.1, "], &["192.0.2.1\tx"]] {
            assert_eq!(of_proxy(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn with_several_proxies_the_client_is_before_the_first_of_them() {
        let proxies = ["10.0.0.0/8", "2001:db8::1"];
        let of = |lines: &[&str]| of_proxies(lines, &proxies);
        assert_eq!(of(&["198.51.100.9, 192.0.2.1, 10.0.0.2"]).unwrap(), "192.0.2.1", "not what the client claims");
        assert_eq!(of(&["198.51.100.9", "192.0.2.1", "[2001:db8::1]:443, 10.0.0.2"]).unwrap(), "192.0.2.1");
        assert_eq!(of(&["192.0.2.1"]).unwrap(), "192.0.2.1");
        assert_eq!(of(&["10.0.0.3, 10.0.0.2"]).unwrap(), "10.0.0.3", "a request of a proxy's own");
        assert_eq!(of(&["192.0.2.1, unknown, 10.0.0.2"]).unwrap(), "10.0.0.2", "nothing before it is believed");
        assert_eq!(of(&["unknown"]), None);
    }
}
