//! The router: every route, and what goes for all of them.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;

use super::calls::exchange;
use super::routes::{BELOW_VERIFY, ROUTES};
use crate::server::http::request::fields::MOST_BODY;
use crate::server::http::response::failure::{HttpError, tell_reason};
use crate::server::state::AppState;

/// Every route, as a value: tests may serve it without a listener.
pub fn router(state: AppState) -> Router {
    let tells_reasons = state.0.tells_reasons;
    let router = ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, (route.answer)()))
        .route(BELOW_VERIFY[0], any(exchange::verify_below))
        .route(BELOW_VERIFY[1], any(exchange::verify_below))
        .fallback(|| async { HttpError::not_found("This path") })
        .method_not_allowed_fallback(|| async { HttpError::method() });
    let router = if tells_reasons { router.layer(map_response(tell_reason)) } else { router };
    // As one layer: each call of `layer` is a box around every route, which is cloned for every request.
    let layers = (
        map_response(async |response| uncached(response)),
        CatchPanicLayer::custom(|_| HttpError::panicked().into_response()),
        DefaultBodyLimit::max(MOST_BODY),
    );
    router.layer(layers).with_state(state)
}

/// Nothing of this server may be cached, least of all secrets and tokens.
pub(crate) fn uncached<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
