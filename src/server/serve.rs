//! Serving on one listener.

use std::io;
use std::sync::Arc;

use axum::serve::Listener;

use super::digests::DigestMaker;
use super::http::router::router;
use super::state::AppState;
use super::usage_recorder::UsageRecorder;

/// Serves until `stop`, lets running requests finish, and stores the last uses before it returns.
pub async fn serve<L: Listener>(
    listener: L,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()>
where
    L::Addr: std::fmt::Debug,
{
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let recording = tokio::spawn(UsageRecorder::run(state.0.usage_recorder.clone(), state.0.keep_events, ended));
    let digesting = DigestMaker::start(state.0.store.clone(), Arc::clone(&state.0.vault));
    let served = axum::serve(listener, router(state)).with_graceful_shutdown(stop).await;
    drop(end);
    digesting.stop().await;
    recording.await.map_err(io::Error::other)?;
    served
}
