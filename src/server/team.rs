//! The team server: several listeners, TLS, limits, and an orderly end.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::auth::sessions::Sessions;
use super::auth::vault::Vault;
use super::data_folder::{DataError, DataFolder, StoreAccess};
use super::digests::DigestMaker;
use super::http::scrape::Scrape;
use super::http::service::HttpService;
use super::net::connection_limiter::ConnectionLimiter;
use super::net::connections;
use super::net::connections::Service;
use super::net::limits::Limits;
use super::net::line_limiter::LineLimiter;
use super::net::listen_addr::{ListenAddr, NamedSocket};
use super::net::listener::{ListenSocket, Listener};
use super::net::tls::{Tls, TlsError, TlsFiles};
use super::net::trusted_proxies::{ProxyNetwork, TrustedProxies};
use super::state::AppState;
use super::store::{DatabaseAddress, LeaseSetup, Store, StoreError};
use super::usage_recorder::UsageRecorder;
use super::webhook::{Receiver, WebhookError, WebhookSender, WebhookSetup};
use crate::domain::{KeyFormat, Lifetimes};
use crate::platform::process::log_queue::LogQueue;
use crate::server::http::response::access_log::AccessLog;

/// How often the server looks whether its database is still there.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// How many connections the listener of metrics has.
const SCRAPERS: usize = 8;
/// How often the log says that the certificate ends soon.
const TOLD_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How a team server is to run.
#[derive(Clone)]
pub struct Setup {
    /// The data folder; with a database that servers share, only the master key is in it.
    pub data: PathBuf,
    /// The file with the master key, if it is not in the data folder.
    pub master_key: Option<PathBuf>,
    /// The database that servers share, in place of that in the data folder.
    pub database: Option<(DatabaseAddress, LeaseSetup)>,
    pub listen: Vec<ListenAddr>,
    /// Where metrics are served, in plain HTTP; nowhere if there are none.
    pub metrics: Vec<ListenAddr>,
    /// The mode of Unix sockets.
    pub socket_mode: u32,
    /// The certificate for TLS on addresses; Unix sockets have none.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy in front of the server terminates TLS and names its clients, and nothing else can connect.
    pub behind_proxy: bool,
    /// Other proxies in front of that one, or those whose word is taken where others can connect too.
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// The form of new IDs and secrets.
    pub key_format: KeyFormat,
    /// What is allowed as the expiry of keys.
    pub lifetimes: Lifetimes,
    /// The log, if it goes through a queue.
    pub log: Option<LogQueue>,
    /// Whether tokens that are good have lines in the log too.
    pub logs_verifies: bool,
    pub limits: Limits,
    /// How long uses and refusals are kept.
    pub keep_events: TimeDelta,
    /// Where reminders and alarms are sent, if anywhere.
    pub webhook: Option<WebhookSetup>,
}

/// Why a team server does not start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(
        "without TLS, anyone on the network could read passwords and tokens sent to {0}: give --tls-cert and \
         --tls-key, listen on 127.0.0.1 or a Unix socket, or give --behind-proxy if a proxy terminates TLS"
    )]
    Plain(ListenAddr),
    #[error(
        "metrics are served without TLS and to everyone who can connect: give --metrics-listen an address of this \
         machine, such as 127.0.0.1:9464, or a Unix socket, not {0}"
    )]
    OpenMetrics(ListenAddr),
    #[error("{0} is reserved for the socket of the embedded server: choose another name or folder")]
    OwnSocket(PathBuf),
    #[error("cannot listen on {address}: {source}; choose another address with --listen, or stop what listens there")]
    Listen { address: ListenAddr, source: io::Error },
}

/// A team server that listens.
pub struct HttpServer {
    /// Where it listens; a port 0 has become a real one.
    pub listens: Vec<ListenAddr>,
    /// Where it serves metrics.
    pub metrics: Vec<ListenAddr>,
    setup: Setup,
    store: Store,
    vault: Arc<Vault>,
    tls: Option<Tls>,
    proxies: Arc<TrustedProxies>,
    refusals: Arc<LineLimiter>,
    /// Each listener ends when this is dropped.
    stop: watch::Sender<()>,
    serving: JoinSet<()>,
    end: oneshot::Sender<()>,
    recording: tokio::task::JoinHandle<()>,
    digesting: DigestMaker,
    webhook: Option<WebhookSender>,
    sockets: Vec<NamedSocket>,
}

impl HttpServer {
    /// Starts a server. It listens when this returns.
    pub async fn start(setup: Setup) -> Result<Self, SetupError> {
        setup.listen.iter().try_for_each(|address| setup.check(address))?;
        setup.metrics.iter().try_for_each(|address| setup.check_metrics(address))?;
        let tls = setup.tls.as_ref().map(TlsFiles::read).transpose()?.map(Tls::new);
        let receiver = setup.webhook.as_ref().map(Receiver::open).transpose()?;
        let data = match setup.database.clone() {
            Some((address, lease)) => {
                DataFolder::on_database(&setup.data, setup.master_key.as_deref(), address, lease).await?
            }
            None => DataFolder::open_with(&setup.data, setup.master_key.as_deref(), StoreAccess::Create).await?,
        };
        let has_no_administrators = data.store.administrators().await?.is_empty();
        let (store, vault) = (data.store.clone(), Arc::clone(&data.vault));
        let state = AppState::new(data, Sessions::stored());
        let state = state
            .keeping_events(setup.keep_events)
            .giving_out(setup.key_format)
            .allowing(setup.lifetimes)
            .with_certificate(tls.clone());
        let ((end, ended), (stop, _)) = (oneshot::channel(), watch::channel(()));
        let digesting = DigestMaker::start(store.clone(), Arc::clone(&vault));
        let mut team = Self {
            listens: Vec::new(),
            metrics: Vec::new(),
            store,
            vault,
            tls,
            proxies: Arc::new(TrustedProxies::new(setup.behind_proxy, setup.trusted_proxies.clone())),
            refusals: Arc::default(),
            stop,
            serving: JoinSet::new(),
            end,
            recording: tokio::spawn(UsageRecorder::run(state.0.usage_recorder.clone(), setup.keep_events, ended)),
            digesting,
            webhook: None,
            sockets: Vec::new(),
            setup,
        };
        let Limits { connections, of_network, .. } = team.setup.limits;
        let limiter = ConnectionLimiter::new(connections, of_network, Arc::clone(&team.proxies));
        let Limits { request_time, .. } = team.setup.limits;
        let watch = AccessLog::new(Arc::clone(&team.proxies), request_time, team.setup.logs_verifies);
        let http = Arc::new(HttpService::new(state, watch));
        for address in team.setup.listen.clone() {
            let sockets = team.bind(&address).await.map_err(|source| SetupError::Listen { address, source })?;
            for socket in sockets {
                team.serve(Listener::new(socket, limiter.clone()), Arc::clone(&http));
            }
        }
        team.serve_metrics(limiter).await?;
        team.webhook = receiver.map(|receiver| WebhookSender::start(team.store.clone(), receiver));
        if has_no_administrators {
            tracing::warn!("there are no administrators yet: add one with latchkey admin add, on the same data folder");
        }
        Ok(team)
    }

    async fn bind(&mut self, listen: &ListenAddr) -> io::Result<Vec<ListenSocket>> {
        match listen {
            ListenAddr::Tcp(address) => Ok(vec![self.bind_tcp(*address).await?]),
            ListenAddr::Localhost(port) => {
                let v4 = self.bind_tcp((Ipv4Addr::LOCALHOST, *port).into()).await?;
                // The same port where any was asked for.
                let port = self.listens.last().and_then(ListenAddr::port).unwrap_or(*port);
                match self.bind_tcp((Ipv6Addr::LOCALHOST, port).into()).await {
                    Ok(v6) => Ok(vec![v4, v6]),
                    Err(error) if is_without_ipv6(&error) => Ok(vec![v4]),
                    Err(error) => Err(error),
                }
            }
            ListenAddr::Unix(path) => {
                let (socket, listener) = NamedSocket::bind(path, self.setup.socket_mode)?;
                self.listens.push(listen.clone());
                self.sockets.push(socket);
                Ok(vec![ListenSocket::Unix(listener)])
            }
        }
    }

    async fn bind_tcp(&mut self, address: SocketAddr) -> io::Result<ListenSocket> {
        let listener = TcpListener::bind(address).await?;
        self.listens.push(ListenAddr::Tcp(listener.local_addr()?));
        Ok(ListenSocket::Tcp(listener))
    }

    /// Serves metrics where that is asked for, for a few at once.
    async fn serve_metrics(&mut self, connections: ConnectionLimiter) -> Result<(), SetupError> {
        let log = self.setup.log.clone();
        let scrape = Scrape::new(self.store.clone(), self.tls.clone(), log, connections);
        let http = Arc::new(HttpService::of(scrape.router()));
        let limiter = ConnectionLimiter::new(SCRAPERS, SCRAPERS, Arc::default());
        let before = self.listens.len();
        for address in self.setup.metrics.clone() {
            let sockets = self.bind(&address).await.map_err(|source| SetupError::Listen { address, source })?;
            for socket in sockets {
                let (limits, refusals) = (self.setup.limits, Arc::clone(&self.refusals));
                let service = Service { http: Arc::clone(&http), tls: None, limits, refusals };
                let listener = Listener::new(socket, limiter.clone());
                self.serving.spawn(connections::serve(listener, service, self.stop.subscribe()));
            }
        }
        self.metrics = self.listens.split_off(before);
        Ok(())
    }

    fn serve(&mut self, listener: Listener, http: Arc<HttpService>) {
        let tls = self.tls.clone().filter(|_| listener.is_tcp());
        let service = Service { http, tls, limits: self.setup.limits, refusals: Arc::clone(&self.refusals) };
        self.serving.spawn(connections::serve(listener, service, self.stop.subscribe()));
    }

    /// Reads the certificate from its files again; if the new one is not valid, the old one stays in use. False without
    /// TLS.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let (Some(files), Some(tls)) = (&self.setup.tls, &self.tls) else { return Ok(false) };
        tls.replace(files.read()?);
        Ok(true)
    }

    /// Logs each day what is wrong with the certificate's times, and once more at its end. Never returns.
    pub async fn watch_certificate(&self) {
        let Some(tls) = &self.tls else { return std::future::pending().await };
        loop {
            let left = tls.until().and_then(|until| (until - Utc::now()).to_std().ok());
            // It is good in the whole of its last second.
            let left = left.map_or(TOLD_EVERY, |left| left + Duration::from_secs(1));
            tokio::time::sleep(left.min(TOLD_EVERY)).await;
            tls.log_concerns(Utc::now());
        }
    }

    /// Waits until the database is no longer where it was opened. Whatever is stored then is lost, so that the server must
    /// not go on.
    pub async fn store_gone(&self) -> StoreError {
        let mut looks = tokio::time::interval(LOOKED_AT_EVERY);
        loop {
            looks.tick().await;
            // The next master key, for a rotation to begin. One that can't be read is not there yet.
            let _ = self.vault.look();
            if let Err(error @ StoreError::Gone(_)) = self.store.check() {
                return error;
            }
        }
    }

    /// Stops listening, gives running requests some time to finish, and stores the last uses.
    pub async fn stop(mut self) {
        drop(self.stop);
        while self.serving.join_next().await.is_some() {}
        if let Some(webhook) = self.webhook {
            webhook.stop().await;
        }
        drop(self.end);
        let _ = self.recording.await;
        self.digesting.stop().await;
        self.store.close().await;
        drop(self.sockets);
    }
}

/// Whether this machine has no IPv6, so that its loopback address is none.
fn is_without_ipv6(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    errno.is_some_and(|errno| [rustix::io::Errno::ADDRNOTAVAIL, rustix::io::Errno::AFNOSUPPORT].contains(&errno))
}

impl Setup {
    /// Metrics are for this machine: a proxy or an agent carries them further.
    fn check_metrics(&self, listen: &ListenAddr) -> Result<(), SetupError> {
        match listen {
            ListenAddr::Tcp(address) if !address.ip().to_canonical().is_loopback() => {
                Err(SetupError::OpenMetrics(listen.clone()))
            }
            _ => self.check(listen),
        }
    }

    fn check(&self, listen: &ListenAddr) -> Result<(), SetupError> {
        match listen {
            ListenAddr::Localhost(_) => Ok(()),
            ListenAddr::Tcp(address) => {
                let is_safe = self.tls.is_some() || self.behind_proxy || address.ip().to_canonical().is_loopback();
                if is_safe { Ok(()) } else { Err(SetupError::Plain(listen.clone())) }
            }
            ListenAddr::Unix(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let is_data = folder.canonicalize().is_ok_and(|folder| Some(folder) == self.data.canonicalize().ok());
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let is_own = is_data && name.starts_with("api") && name.ends_with(".sock");
                if is_own { Err(SetupError::OwnSocket(path.clone())) } else { Ok(()) }
            }
        }
    }
}
