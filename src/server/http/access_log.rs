//! What wraps each request of the team server: its client's address, its time limit, and its line in the log.

use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client_addr::{ClientAddr, LoggedPrincipal};
use super::failure::HttpError;
use super::router::no_store;
use crate::server::net::listener::Peer;

/// How requests are wrapped.
#[derive(Clone, Copy)]
pub(crate) struct AccessLog {
    /// Whether a proxy in front names the clients.
    pub(crate) behind_proxy: bool,
    /// How long a request may take.
    pub(crate) request_time: Duration,
}

/// Answers a request in time, and logs one line about it. The line has no text of the client: the path is the route's,
/// and the name is one that exists.
pub(crate) async fn observe(
    State(watch): State<AccessLog>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let forwarded = watch.behind_proxy.then(|| ClientAddr::of_proxy(request.headers())).flatten();
    let source = forwarded.unwrap_or_else(|| ClientAddr::of_peer(peer));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let who = LoggedPrincipal::default();
    request.extensions_mut().insert(who.clone());
    request.extensions_mut().insert(source.clone());
    let response = match tokio::time::timeout(watch.request_time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => no_store(HttpError::slow().into_response()).await,
    };
    let status = response.status().as_u16();
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let method = if known(&method) { method.as_str() } else { "other" };
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let who = who.name().unwrap_or("-");
    if status >= 500 {
        tracing::error!(method, route, status, ms, from = source.0, who, "request");
    } else {
        tracing::info!(method, route, status, ms, from = source.0, who, "request");
    }
    response
}

/// Whether a method is a standard one; others are text of the client.
fn known(method: &axum::http::Method) -> bool {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&method.as_str())
}
