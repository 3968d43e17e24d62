//! Where a request comes from, and who made it.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

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

    /// The client's address as the proxy in front names it: the last of `X-Forwarded-For`, since everything before it
    /// came from the client. `None` if there is none.
    pub(crate) fn of_proxy(headers: &HeaderMap) -> Option<Self> {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        let last = last.rsplit(',').next().unwrap_or_default().trim();
        let bare = last.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let address = bare.or_else(|_| last.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
        Some(Self(address.to_canonical().to_string()))
    }
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
    use super::*;

    fn of_proxy(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        ClientAddr::of_proxy(&headers).map(|source| source.0)
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
}
