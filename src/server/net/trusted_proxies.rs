//! The proxies in front of the server, whose word about their clients is taken.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;

/// A proxy's address, or a network of proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork(IpNet);

impl FromStr for ProxyNetwork {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| "use an address or a network, e.g. 192.0.2.7 or 10.0.0.0/8")
    }
}

/// Which peers are proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies {
    /// Nothing but a proxy can connect.
    every_peer: bool,
    networks: Vec<ProxyNetwork>,
}

impl TrustedProxies {
    pub(crate) fn new(every_peer: bool, networks: Vec<ProxyNetwork>) -> Self {
        Self { every_peer, networks }
    }

    /// Whether a peer is a proxy; `None` is one on a Unix socket.
    pub(crate) fn is_proxy(&self, peer: Option<SocketAddr>) -> bool {
        self.every_peer || peer.is_some_and(|peer| self.has(peer.ip().to_canonical()))
    }

    /// Whether an address in `X-Forwarded-For` is that of another proxy.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.0.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_parsed() {
        let network = |text: &str| text.parse::<ProxyNetwork>();
        let proxies = ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1"].map(|text| network(text).unwrap());
        let proxies = TrustedProxies::new(false, proxies.to_vec());
        for (peer, expected) in [
            ("192.0.2.7:1", true),
            ("[::ffff:192.0.2.7]:1", true),
            ("192.0.2.8:1", false),
            ("10.255.0.1:1", true),
            ("[2001:db8:1::1]:1", true),
            ("[2001:db9::1]:1", false),
            ("[::1]:1", true),
        ] {
            assert_eq!(proxies.is_proxy(Some(peer.parse().unwrap())), expected, "{peer}");
        }
        assert!(!proxies.is_proxy(None) && TrustedProxies::new(true, Vec::new()).is_proxy(None));
        for text in ["", "10.0.0.0/33", "proxy.example", "10.0.0.0/8,10.0.0.1"] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
