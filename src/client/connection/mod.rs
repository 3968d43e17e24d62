//! How a server is reached.

mod forward;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use super::transport::{Proxy, ProxyRoute, ProxyUrl};
use crate::domain::BaseUrl;
pub use forward::Forward;

/// Where a server is, and everything that is between it and us.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    pub target: Target,
    /// Certificate authorities to trust besides the system's: PEM.
    pub ca_file: Option<PathBuf>,
    /// Those of `--ca-file`: to trust for another server too that is named in this run.
    pub run_ca_file: Option<PathBuf>,
    /// Whether `ca_file` is trusted in place of the system's.
    pub ca_only: bool,
    /// The certificate by which this computer shows who it is: PEM, with its chain.
    pub client_cert: Option<PathBuf>,
    /// Its private key: PEM, not encrypted. Without it the key is looked for in `client_cert`.
    pub client_key: Option<PathBuf>,
    /// Through which proxy. Never used for this machine or for a socket.
    pub proxy: Proxy,
    /// Where connections really go, such as into an SSH forward. The server's name and certificate stay checked, and no
    /// proxy is used.
    pub connect_to: Option<SocketAddr>,
    /// The folder where device tokens are kept, if they are.
    pub devices: Option<PathBuf>,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a whole call may take.
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// On a Unix socket of this machine.
    Socket(PathBuf),
    Url(BaseUrl),
}

impl Target {
    /// Whether it is Passportal, whose API has no sign-in and no keys, only the exchange.
    pub fn is_passportal(&self) -> bool {
        matches!(self, Self::Url(base) if base.is_passportal())
    }
}

impl ConnectionSettings {
    /// How long a connection may take to come about unless the settings say otherwise. A far host with a
    /// lost packet takes 3 s (RFC 6298: the first repeat after 1 s, the next after 2 s more).
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long a call may take unless the settings say otherwise. A stalled link may take some seconds.
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// A connection with the system's authorities, the environment's proxy and the usual patience.
    pub const fn new(target: Target) -> Self {
        Self {
            target,
            ca_file: None,
            run_ca_file: None,
            ca_only: false,
            client_cert: None,
            client_key: None,
            proxy: Proxy::Environment,
            connect_to: None,
            devices: None,
            connect_timeout: Self::CONNECT_TIMEOUT,
            timeout: Self::TIMEOUT,
        }
    }
}
