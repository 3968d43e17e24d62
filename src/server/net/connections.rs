//! The connections of one listener: TLS, HTTP/1.1, and their orderly end.
//!
//! Uses hyper directly, as axum's `serve` does: `serve` has no limits on the size and time of a head, and crates that
//! have them bring HTTP/2, whose own limits would have to be set too.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::TlsAcceptor;

use super::connection_limiter::ConnectionPermit;
use super::limits::Limits;
use super::listener::{Listener, Stream};

/// The wait after an error such as running out of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The certificate in use. A new one is for new connections.
#[derive(Clone)]
pub(crate) struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

impl Tls {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Self {
        Self(Arc::new(RwLock::new(config)))
    }

    pub(crate) fn replace(&self, config: Arc<ServerConfig>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Serves until the sender of `stop` is gone; then lets running requests finish for a while.
pub(crate) async fn serve(
    listener: Listener,
    router: Router,
    tls: Option<Tls>,
    limits: Limits,
    mut stop: watch::Receiver<()>,
) {
    let (graceful, mut running) = (GracefulShutdown::new(), JoinSet::new());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_time).max_buf_size(limits.header_bytes);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        while running.try_join_next().is_some() {}
        match accepted {
            Ok((connection, slot, peer)) => {
                let router = router.clone().layer(Extension(ConnectInfo(peer)));
                let tls = tls.as_ref().map(Tls::acceptor);
                let connection = (connection, slot);
                running.spawn(answer(connection, router, tls, http.clone(), limits, graceful.watcher()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    // Connections that are still open then are aborted when `running` is dropped.
    let _ = timeout(limits.stop_time, graceful.shutdown()).await;
}

/// Answers on a connection, which holds its slot until it ends.
async fn answer(
    (connection, _slot): (Box<dyn Stream>, ConnectionPermit),
    router: Router,
    tls: Option<TlsAcceptor>,
    http: http1::Builder,
    limits: Limits,
    watcher: Watcher,
) {
    // Answers that the client does not read fill the kernel's buffers; then a write waits.
    let mut connection = TimeoutWriter::new(connection);
    connection.set_timeout(Some(limits.request_time));
    let connection = Box::pin(connection);
    let result = match tls {
        None => talk(connection, router, &http, watcher).await,
        Some(tls) => match timeout(limits.header_time, tls.accept(connection)).await {
            Ok(Ok(stream)) => talk(stream, router, &http, watcher).await,
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        },
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection failed");
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    router: Router,
    http: &http1::Builder,
    watcher: Watcher,
) -> io::Result<()> {
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    watcher.watch(connection).await.map_err(io::Error::other)
}
