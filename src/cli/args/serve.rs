//! `latchkey serve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use super::database::{DATABASE, DatabaseFileArgs};
use super::path;
use super::webhook::WebhookArgs;
use crate::config::KEEP_EVENTS_MOST;
use crate::domain::{KeyFormat, Lifetimes};
use crate::server::KEEP_EVENTS;
use crate::server::net::limits::Limits;
use crate::server::net::listen_addr::ListenAddr;
use crate::server::net::trusted_proxies::ProxyNetwork;

/// Arguments of `latchkey serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The database that servers share; the data folder then holds the master key alone
    #[arg(long, value_name = "URL", help = DATABASE)]
    pub database: Option<String>,
    #[command(flatten)]
    pub database_files: DatabaseFileArgs,
    /// How long access tokens are verified while the database does not answer, in seconds; a deletion waits as long for
    /// a server that is cut off
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=20))]
    pub lease: u64,
    /// This server's name in the database [default: the machine's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Address and port, or path of a Unix socket, to listen on; may be repeated
    #[arg(long, value_name = "PLACE", default_value = "127.0.0.1:8443")]
    pub listen: Vec<ListenAddr>,
    /// Mode of Unix sockets, in octal; 0660 admits the socket's group, e.g. a proxy's
    #[arg(long, value_name = "MODE", default_value = "0600", value_parser = mode)]
    pub socket_mode: u32,
    /// TLS certificate chain (PEM); reloaded on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key", value_parser = path())]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM, not encrypted); only its owner and group may be able to read it
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_parser = path())]
    pub tls_key: Option<PathBuf>,
    /// Trust the last address in X-Forwarded-For; for a server that only a TLS proxy can reach
    #[arg(long)]
    pub behind_proxy: bool,
    /// Addresses or networks of proxies, e.g. 10.0.0.0/8,192.0.2.7: the client is the last address in X-Forwarded-For
    /// that isn't one of them. Alone, only these may name clients; with --behind-proxy they are in front of that proxy
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// Form of new access key IDs and secrets: prefixed (PK…, sk_…), or hex (64 digits each) for clients that check
    /// for Passportal's form; keys of either form work
    #[arg(long, value_name = "FORM", default_value = "prefixed", value_parser = key_format())]
    pub key_format: KeyFormat,
    /// Longest lifetime of a key in days; keys that never expire are refused
    #[arg(long, value_name = "DAYS", value_parser = lifetime())]
    pub max_lifetime: Option<u32>,
    /// Lifetime in days of keys created without an expiry date
    #[arg(long, value_name = "DAYS", value_parser = lifetime())]
    pub default_lifetime: Option<u32>,
    /// Format of the log on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Log level: error, warn, info (each request, see --log-verifies), debug or off
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: LevelFilter,
    /// Log each access token that is accepted, too; refused ones are always logged
    #[arg(long)]
    pub log_verifies: bool,
    /// Address and port of this machine, or path of a Unix socket, to serve metrics for Prometheus at (/metrics), e.g.
    /// 127.0.0.1:9464; may be repeated
    #[arg(long, value_name = "PLACE")]
    pub metrics_listen: Vec<ListenAddr>,
    #[command(flatten)]
    pub webhook: WebhookArgs,
    /// Number of threads that answer requests [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Maximum size of a request's headers, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::HEADER_BYTES, value_parser = header_bytes)]
    pub max_header: usize,
    /// Time allowed to send request headers, and for idle connections, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::HEADER_TIME.as_secs(), value_parser = seconds())]
    pub header_timeout: u64,
    /// Time allowed for a whole request, and for a client to accept response data, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::REQUEST_TIME.as_secs(), value_parser = seconds())]
    pub request_timeout: u64,
    /// Maximum number of connections; when more come, those that send nothing are closed, and the rest wait
    #[arg(long, value_name = "N", default_value_t = Limits::CONNECTIONS, value_parser = connections)]
    pub max_connections: usize,
    /// Maximum number of connections from one address; more are closed at once (not for proxies)
    #[arg(long, value_name = "N", default_value_t = Limits::OF_NETWORK, value_parser = connections)]
    pub max_per_address: usize,
    /// Delete recorded uses and refusals of keys after this many days; what administrators did is kept
    #[arg(long, value_name = "DAYS", default_value_t = KEEP_EVENTS.num_days(), value_parser = days())]
    pub keep_events: i64,
    /// Time allowed for running requests to finish after SIGTERM, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::STOP_TIME.as_secs(), value_parser = seconds())]
    pub stop_timeout: u64,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Serve {
    /// Limits for each client.
    pub fn limits(&self) -> Limits {
        Limits {
            header_bytes: self.max_header,
            header_time: Duration::from_secs(self.header_timeout),
            request_time: Duration::from_secs(self.request_timeout),
            connections: self.max_connections,
            of_network: self.max_per_address,
            stop_time: Duration::from_secs(self.stop_timeout),
        }
    }
}

fn days() -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(1..=KEEP_EVENTS_MOST)
}

fn lifetime() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(Lifetimes::LONGEST))
}

fn key_format() -> impl TypedValueParser<Value = KeyFormat> {
    PossibleValuesParser::new(KeyFormat::NAMES).try_map(|name| name.parse::<KeyFormat>())
}

fn seconds() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..=3600)
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| mode & !0o666 == 0 && mode & 0o600 == 0o600);
    mode.ok_or_else(|| "must be a mode from 0600 to 0666".to_owned())
}

fn header_bytes(text: &str) -> Result<usize, String> {
    within(text, Limits::FEWEST_HEADER_BYTES, 1024 * 1024)
}

fn connections(text: &str) -> Result<usize, String> {
    within(text, 1, 100_000)
}

fn threads(text: &str) -> Result<usize, String> {
    within(text, 1, 1024)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("must be a number from {least} to {most}"))
}
