//! Another way to a host: through an SSH forward, say, while its name and its certificate stay what they are.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use crate::domain::BaseUrl;

/// `HOST:PORT=ADDRESS:PORT`: connections to the one go to the other (curl's `--connect-to`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The server as its URL names it, with its port.
    host: String,
    /// Where connections to it go.
    pub to: SocketAddr,
}

/// The port of HTTPS (RFC 9110, section 4.2.2).
const HTTPS: u16 = 443;

impl Forward {
    /// Whether it is about this server.
    pub fn is_for(&self, base: &BaseUrl) -> bool {
        let host = base.host_for_screen();
        let whole = if base.has_port() { host.to_owned() } else { format!("{host}:{HTTPS}") };
        base.is_https() && whole.eq_ignore_ascii_case(&self.host)
    }

    /// The server as it was written, with its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Takes `ADDRESS:PORT`, where the address is a number or `localhost`: no name is looked up on the way.
    pub fn address(text: &str) -> Result<SocketAddr, String> {
        let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
        let address = local.map(|port| (Ipv4Addr::LOCALHOST, port).into()).or_else(|| text.parse().ok());
        let address = address.filter(|address: &SocketAddr| address.port() != 0);
        address.ok_or_else(|| "write an address and a port, such as 127.0.0.1:8443".to_owned())
    }
}

impl FromStr for Forward {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write HOST:PORT=ADDRESS:PORT, such as keys.example.com:443=127.0.0.1:8443".to_owned();
        let (host, to) = text.split_once('=').ok_or_else(form)?;
        let (name, port) = host.rsplit_once(':').ok_or_else(form)?;
        if name.is_empty() || port.parse::<u16>().is_err() {
            return Err(form());
        }
        Ok(Self { host: host.to_owned(), to: Self::address(to)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let forward: Forward = "Keys.example:443=127.0.0.1:8443".parse().unwrap();
        let base = |text: &str| BaseUrl::parse(text).unwrap().0;
        assert!(forward.is_for(&base("https://keys.example")) && !forward.is_for(&base("https://keys.example:444")));
        assert!(!forward.is_for(&base("https://other.example")));
        assert_eq!("a:1=localhost:2".parse::<Forward>().unwrap().to, "127.0.0.1:2".parse().unwrap());
        assert_eq!("[::1]:8443=[::1]:9".parse::<Forward>().unwrap().to, "[::1]:9".parse().unwrap());
        for bad in [
            "",
            "a:1",
            "a=127.0.0.1:1",
            "a:x=127.0.0.1:1",
            "a:1=b:2",
            "a:1=127.0.0.1",
            "a:1=127.0.0.1:0",
            ":1=1.2.3.4:5",
        ] {
            assert!(bad.parse::<Forward>().is_err(), "{bad}");
        }
    }
}
