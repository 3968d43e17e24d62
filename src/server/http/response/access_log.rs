//! What wraps each request of the team server: its client's address, its time limit, its line in the log, and what is
//! measured of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::domain::KeyId;
use crate::server::http::request::client_addr::{ClientAddr, LoggedPrincipal};
use crate::server::http::request::request_id;
use crate::server::http::request::request_id::{RequestIds, X_REQUEST_ID};
use crate::server::http::response::failure::{HttpError, LoggedReason};
use crate::server::http::router::uncached;
use crate::server::http::routes::{BELOW_VERIFY, EXCHANGE, HEALTH, ONE_KEY, READY, SESSION, VERIFY, template};
use crate::server::metrics::{CheckedCredential, METRICS};
use crate::server::net::listener::Peer;
use crate::server::net::trusted_proxies::TrustedProxies;

/// How requests are wrapped. Clones are the same log.
#[derive(Clone)]
pub(crate) struct AccessLog {
    proxies: Arc<TrustedProxies>,
    /// How long a request may take.
    request_time: Duration,
    /// Whether tokens that are good have lines too.
    logs_verifies: bool,
    request_ids: Arc<RequestIds>,
    /// Whether the log says already that a proxy doesn't name its clients.
    is_nameless_told: Arc<AtomicBool>,
}

impl AccessLog {
    pub(crate) fn new(proxies: Arc<TrustedProxies>, request_time: Duration, logs_verifies: bool) -> Self {
        Self { proxies, request_time, logs_verifies, request_ids: Arc::default(), is_nameless_told: Arc::default() }
    }

    /// The ID that a proxy gave a request, or a new one.
    fn request_id(&self, peer: Peer, headers: &HeaderMap) -> HeaderValue {
        let given = self.proxies.is_proxy(peer.0).then(|| request_id::given(headers)).flatten();
        given.unwrap_or_else(|| self.request_ids.draw())
    }

    /// Whether the answer of a route has a line in the log.
    fn is_logged(&self, route: &str, status: StatusCode) -> bool {
        self.logs_verifies || !is_verify(route) || !status.is_success()
    }

    /// Where a request comes from.
    fn source(&self, peer: Peer, headers: &HeaderMap, route: Option<&str>) -> ClientAddr {
        if !self.proxies.is_proxy(peer.0) {
            return ClientAddr::of_peer(peer.0);
        }
        if let Some(client) = ClientAddr::of_proxy(headers, &self.proxies) {
            return client;
        }
        // A proxy's own question whether the server is alive has no client.
        let is_health = route.is_some_and(|route| [HEALTH, READY].contains(&route));
        if !is_health && !self.is_nameless_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "requests have no address in X-Forwarded-For, so all clients share the limits of one: have the proxy \
                 set that header"
            );
        }
        ClientAddr::of_peer(peer.0)
    }
}

/// Answers a request in time, and logs one line about it. The line has no text of the client: the path is the route's,
/// the name is one that exists, and a key has the form of an ID.
pub(crate) async fn observe(
    State(log): State<AccessLog>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let observed = log.begin(peer, route.as_ref().map(MatchedPath::as_str), &request);
    request.extensions_mut().insert(observed.who.clone());
    request.extensions_mut().insert(observed.source.clone());
    let answered = match refused(&request) {
        Some(error) => Err(error),
        None => tokio::time::timeout(log.request_time, next.run(request)).await.map_err(|_| HttpError::slow()),
    };
    let response = match answered {
        Ok(response) => response,
        Err(error) => uncached(error.into_response()),
    };
    log.end(observed, response)
}

/// A request that is being answered.
struct Observed {
    begun: Instant,
    method: &'static str,
    /// The route's template, or `none`.
    route: &'static str,
    source: ClientAddr,
    request_id: HeaderValue,
    /// The ID of the key that its path names.
    key: Option<String>,
    who: LoggedPrincipal,
}

impl AccessLog {
    /// Does for a request of `route` what [`observe`] does, where the answer is there at once.
    pub(crate) fn observe_direct<B>(
        &self,
        peer: Peer,
        route: &'static str,
        request: &Request<B>,
        answer: impl FnOnce(&ClientAddr, &LoggedPrincipal) -> Response,
    ) -> Response {
        let observed = self.begin(peer, Some(route), request);
        let response = match refused(request) {
            Some(error) => error.into_response(),
            None => answer(&observed.source, &observed.who),
        };
        self.end(observed, uncached(response))
    }

    fn begin<B>(&self, peer: Peer, route: Option<&str>, request: &Request<B>) -> Observed {
        Observed {
            begun: Instant::now(),
            method: known(request.method()),
            route: template(route),
            source: self.source(peer, request.headers(), route),
            request_id: self.request_id(peer, request.headers()),
            key: route.and_then(|route| key_of(route, request.uri())),
            who: LoggedPrincipal::default(),
        }
    }

    fn end(&self, observed: Observed, mut response: Response) -> Response {
        let Observed { begun, method, route, source, request_id, key, who } = observed;
        let reason = response.extensions_mut().remove::<LoggedReason>();
        let took = begun.elapsed();
        METRICS.answered(method, route, response.status(), took);
        if let Some(purpose) = purpose(method, route) {
            METRICS.checked(purpose, response.status());
        }
        if self.is_logged(route, response.status()) {
            let created = response.extensions_mut().remove::<CreatedKey>().map(|key| key.0);
            let key = key.or(created);
            let (key, reason) = (key.as_deref(), reason.as_ref().map(|reason| &*reason.0));
            let request_id = request_id.to_str().unwrap_or_default();
            let status = response.status().as_u16();
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let who = who.name().unwrap_or("-");
            if status >= 500 {
                tracing::error!(method, route, status, ms, from = source.0, who, key, reason, request_id, "request");
            } else {
                tracing::info!(method, route, status, ms, from = source.0, who, key, reason, request_id, "request");
            }
        }
        response.headers_mut().insert(X_REQUEST_ID, request_id);
        response
    }
}

/// Why a request is refused whatever it asks for.
fn refused<B>(request: &Request<B>) -> Option<HttpError> {
    host_error(request).or_else(|| coding_error(request.headers()))
}

/// The ID of the key that a request made, in the answer's extensions.
#[derive(Clone)]
pub(crate) struct CreatedKey(pub(crate) String);

/// The ID in the path of a request about one key, if it has the form of an ID of ours: anything else that is sent there
/// may be a secret.
fn key_of(route: &str, uri: &Uri) -> Option<String> {
    let before = ONE_KEY.strip_suffix("{id}").filter(|_| route.starts_with(ONE_KEY))?;
    let id = uri.path().strip_prefix(before)?.split('/').next()?;
    KeyId::looks_like_ours(id).then(|| KeyId::as_stored(id.to_owned()))
}

/// What RFC 9112 (section 3.2) demands of HTTP/1.1: proxies would not agree which host is meant.
fn host_error<B>(request: &Request<B>) -> Option<HttpError> {
    let hosts = request.headers().get_all(HOST).iter().count();
    match hosts {
        1 => None,
        0 if request.version() < Version::HTTP_11 => None,
        0 => Some(HttpError::malformed("Host", "is missing")),
        _ => Some(HttpError::malformed("Host", "is given twice")),
    }
}

/// A body in a transfer coding that is not known here would be read as it came (RFC 9112, section 6.1).
fn coding_error(headers: &HeaderMap) -> Option<HttpError> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    (!codings.all(is_chunked)).then(HttpError::transfer_coding)
}

/// A standard method; others are text of the client.
fn known(method: &axum::http::Method) -> &'static str {
    let standard = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    standard.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn is_verify(route: &str) -> bool {
    route == VERIFY || BELOW_VERIFY.contains(&route)
}

fn purpose(method: &str, route: &str) -> Option<CheckedCredential> {
    match route {
        EXCHANGE => Some(CheckedCredential::Exchange),
        SESSION if method == "POST" => Some(CheckedCredential::SignIn),
        route if is_verify(route) => Some(CheckedCredential::Verify),
        _ => None,
    }
}
