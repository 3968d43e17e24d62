//! The connections of one listener: TLS, HTTP/1.1, and their orderly end.
//!
//! Uses hyper directly, as axum's `serve` does: `serve` has no limits on the size and time of a head, and crates that
//! have them bring HTTP/2, whose own limits would have to be set too.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutWriter;

use super::connection_limiter::ConnectionPermit;
use super::explained::Explained;
use super::limits::Limits;
use super::line_limiter::LineLimiter;
use super::listener::{Listener, Peer, Stream};
use super::request_body::RequestBody;
use super::tls::Tls;
use crate::server::http::request::client_addr::ClientAddr;
use crate::server::http::routes::VERIFY;
use crate::server::http::service::HttpService;

/// The wait after an error such as running out of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// What the connections of a listener have in common.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) http: Arc<HttpService>,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
    /// Of requests that are refused before they reach the router.
    pub(crate) refusals: Arc<LineLimiter>,
}

/// Serves until the sender of `stop` is gone; then lets running requests finish for a while.
pub(crate) async fn serve(listener: Listener, service: Service, mut stop: watch::Receiver<()>) {
    let (graceful, mut running) = (GracefulShutdown::new(), JoinSet::new());
    let limits = service.limits;
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
                running.spawn(answer((connection, slot, peer), service.clone(), http.clone(), graceful.watcher()));
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
    (connection, permit, peer): (Box<dyn Stream>, ConnectionPermit, Peer),
    service: Service,
    http: http1::Builder,
    watcher: Watcher,
) {
    let permit = Arc::new(permit);
    permit.waits();
    tokio::select! {
        () = answer_all((connection, &permit, peer), service, http, watcher) => {}
        () = permit.must_close() => {}
    }
}

async fn answer_all(
    (connection, permit, peer): (Box<dyn Stream>, &Arc<ConnectionPermit>, Peer),
    Service { http: answers, tls, limits, refusals }: Service,
    http: http1::Builder,
    watcher: Watcher,
) {
    // Answers that the client does not read fill the kernel's buffers; then a write waits.
    let mut connection = TimeoutWriter::new(connection);
    connection.set_timeout(Some(limits.request_time));
    let connection = Box::pin(connection);
    let result = match tls.as_ref().map(Tls::acceptor) {
        None => talk(connection, (answers, peer), permit, &http, watcher).await,
        Some(tls) => match timeout(limits.header_time, tls.accept(connection)).await {
            Ok(Ok(stream)) => talk(stream, (answers, peer), permit, &http, watcher).await,
            Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => return tracing::debug!("a TLS handshake took too long"),
        },
    };
    if let Err(error) = result {
        let Some(why) = refusal(&error) else { return tracing::debug!(%error, "a connection failed") };
        if let Some(unlogged) = refusals.admit(Instant::now()) {
            let from = ClientAddr::of_peer(peer.0).0;
            tracing::warn!(from, unlogged, "refused a request: {why}");
        }
    }
}

/// Why hyper answered a request itself, without asking the router.
fn refusal(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse_too_large() {
        Some("431, its headers are larger than --max-header or more than 100")
    } else if error.is_parse() {
        Some("400, it isn't HTTP/1.1 (or it is TLS, and this port has none)")
    } else {
        None
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    (answers, peer): (Arc<HttpService>, Peer),
    permit: &Arc<ConnectionPermit>,
    http: &http1::Builder,
    watcher: Watcher,
) -> hyper::Result<()> {
    let permit = Arc::clone(permit);
    let service = service_fn(move |mut request: Request<Incoming>| {
        tidy(request.uri_mut());
        let direct = answers.answer_directly(peer, &request);
        let request = request.map(|body| RequestBody::new(body, &permit));
        let (answers, permit) = (Arc::clone(&answers), Arc::clone(&permit));
        async move {
            let answer = match direct {
                Some(answer) => answer,
                None => answers.route(peer, request).await,
            };
            permit.works(); // also where the body was not read to its end
            permit.waits();
            Ok::<_, Infallible>(answer)
        }
    });
    watcher.watch(http.serve_connection(TokioIo::new(Explained::new(stream)), service)).await
}

/// Makes one slash of several, and takes the last one off: clients join a base URL and a path in every way.
fn tidy(uri: &mut Uri) {
    let path = uri.path();
    if !path.contains("//") && (path.len() < 2 || !path.ends_with('/')) {
        return;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Asked below its path, even if nothing follows, this call answers otherwise.
    let path = format!("/{}", parts.join("/"));
    let end = if path == VERIFY && uri.path().ends_with('/') { "/" } else { "" };
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut new = uri.clone().into_parts();
    new.path_and_query = format!("{path}{end}{query}").parse().ok();
    if let Ok(new) = Uri::from_parts(new) {
        *uri = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_too_many_are_taken_away() {
        for (given, expected) in [
            ("/api/v2/keys", "/api/v2/keys"),
            ("//api/v2/keys", "/api/v2/keys"),
            ("/api//v2///keys/", "/api/v2/keys"),
            ("/api/v2/keys/?q=a//b/", "/api/v2/keys?q=a//b/"),
            ("/", "/"),
            ("//", "/"),
            ("/%2F/a", "/%2F/a"),
            ("/api/v2/auth//verify/", "/api/v2/auth/verify/"),
            ("/api/v2/auth/verify/app/", "/api/v2/auth/verify/app"),
            ("http://host//api/", "http://host/api"),
            ("*", "*"),
        ] {
            let mut uri: Uri = given.parse().unwrap();
            tidy(&mut uri);
            assert_eq!(uri.to_string(), expected.parse::<Uri>().unwrap().to_string(), "{given}");
        }
    }
}
