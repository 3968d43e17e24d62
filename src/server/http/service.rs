//! What answers the requests of a team server.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use tower_service::Service as _;

use super::calls::exchange::verify_now;
use super::router::router;
use super::routes::VERIFY;
use crate::server::http::response::access_log::{AccessLog, observe};
use crate::server::http::response::failure::HttpError;
use crate::server::net::listener::Peer;
use crate::server::net::request_body::RequestBody;
use crate::server::state::AppState;

/// The router, and the one call that is answered without it: each request to an API behind this server waits for
/// `GET /auth/verify`, and the boxes around a route cost more than its answer.
#[derive(Clone)]
pub(crate) struct HttpService {
    router: Router,
    direct: Option<(AppState, AccessLog)>,
}

impl HttpService {
    /// Answers the whole contract.
    pub(crate) fn new(state: AppState, log: AccessLog) -> Self {
        let direct = Some((state.clone(), log.clone()));
        Self { router: router(state).layer(from_fn_with_state(log, observe)), direct }
    }

    /// Answers with these routes.
    pub(crate) fn of(router: Router) -> Self {
        Self { router, direct: None }
    }

    /// The answer, where it needs neither the router nor the request's body. Others than GET are left to the router,
    /// which knows what is different with HEAD.
    pub(crate) fn answer_directly<B>(&self, peer: Peer, request: &Request<B>) -> Option<Response> {
        let (state, log) = self.direct.as_ref()?;
        if request.method() != Method::GET || request.uri().path() != VERIFY {
            return None;
        }
        Some(log.observe_direct(peer, VERIFY, request, |source, who| {
            let answer = || verify_now(state, request.headers(), source, who).into_response();
            catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| HttpError::panicked().into_response())
        }))
    }

    /// Asks the router.
    pub(crate) async fn route(&self, peer: Peer, mut request: Request<RequestBody>) -> Response {
        request.extensions_mut().insert(ConnectInfo(peer));
        let Ok(answer) = self.router.clone().call(request.map(Body::new)).await;
        answer
    }
}
