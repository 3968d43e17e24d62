//! The HTTP server: every call of the HTTP contract, over a store of keys.
//!
//! ```text
//! router ─ routes ─┬─ keys, history   sessions say who asks, fields what for
//!                  ├─ exchange        tokens; the ledger notes each use
//!                  └─ sign_in         passwords; the throttle slows guessing down
//!          store (SQLite) + vault (master key)
//!
//! embedded   one user: a Unix socket inside the program
//! team       many: listeners for places, TLS, limits; observe stands around each request and logs it
//! ```

pub mod auth;
pub mod embedded;
pub mod fill;
pub mod http;
pub mod net;
mod store;
pub mod team;
mod usage_recorder;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use tower_http::catch_panic::CatchPanicLayer;

use auth::passwords::Passwords;
pub use http::client_addr::ClientAddr;
use http::failure::HttpError;
use http::running_creates::RunningCreates;
pub use http::session::{Role, Sessions};
use net::throttle::Throttle;
pub use store::{Administrator, Removal, Store, StoreError};
use usage_recorder::UsageRecorder;

/// The longest body that is read, in bytes.
const MOST_BODY: usize = 64 * 1024;

/// What all calls share.
#[derive(Clone)]
pub struct AppState(Arc<AppStateInner>);

struct AppStateInner {
    store: Store,
    sessions: Sessions,
    running: RunningCreates,
    usage_recorder: UsageRecorder,
    throttle: Throttle,
    passwords: Passwords,
    /// Opened in place of an unknown key's secret, so that the answer takes as long.
    decoy: Vec<u8>,
}

impl AppState {
    /// A server's state before its first call.
    #[must_use]
    pub fn new(store: Store, sessions: Sessions) -> Self {
        let decoy = store.vault().encrypt(usage_recorder::NOBODY, http::exchange::DECOY_SECRET).unwrap_or_default();
        Self(Arc::new(AppStateInner {
            store,
            sessions,
            running: RunningCreates::default(),
            usage_recorder: UsageRecorder::default(),
            throttle: Throttle::default(),
            passwords: Passwords::default(),
            decoy,
        }))
    }

    /// Runs `job` where it may block.
    async fn with_store<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let store = self.0.store.clone();
        let done = tokio::task::spawn_blocking(move || job(&store)).await;
        Ok(done.map_err(|_| panicked())??)
    }
}

/// Every route, as a value: tests may serve it without a listener.
pub fn router(state: AppState) -> Router {
    http::routes::ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, (route.answer)()))
        .fallback(|| async { HttpError::not_found("This path") })
        .method_not_allowed_fallback(|| async { HttpError::method() })
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(CatchPanicLayer::custom(|_| panicked().into_response()))
        .layer(map_response(no_store))
        .with_state(state)
}

/// A mistake of ours: what it was stands in the private report that the panic hook writes.
fn panicked() -> HttpError {
    tracing::error!("a mistake in the program ended a request; see panic.log in the state folder");
    HttpError::unexpected()
}

/// Nothing of this server belongs into a cache, least of all secrets and tokens.
async fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Serves until `stop`, lets running requests finish, and writes down the last uses before it returns.
pub async fn serve<L: Listener>(
    listener: L,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()>
where
    L::Addr: std::fmt::Debug,
{
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let writing = tokio::spawn(usage_recorder::write_down(state.clone(), ended));
    let served = axum::serve(listener, router(state)).with_graceful_shutdown(stop).await;
    drop(end);
    writing.await.map_err(io::Error::other)?;
    served
}
