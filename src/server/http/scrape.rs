//! `GET /metrics`, on a listener of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use chrono::Utc;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::domain::{Conditions, Status, Test};
use crate::platform::process::log_queue::LogQueue;
use crate::server::metrics::{MEDIA_TYPE, METRICS};
use crate::server::net::connection_limiter::ConnectionLimiter;
use crate::server::net::tls::Tls;
use crate::server::store::{Store, StoreError};

/// How long a count of the keys stands.
const STANDS_FOR: Duration = Duration::from_secs(10);
/// How long counting may take: a scrape must not wait for a busy store.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is looked up when metrics are read.
pub(crate) struct Scrape {
    store: Store,
    tls: Option<Tls>,
    log: Option<LogQueue>,
    connections: ConnectionLimiter,
    counted: Mutex<Option<Instant>>,
}

impl Scrape {
    pub(crate) fn new(store: Store, tls: Option<Tls>, log: Option<LogQueue>, connections: ConnectionLimiter) -> Self {
        Self { store, tls, log, connections, counted: Mutex::default() }
    }

    pub(crate) fn router(self) -> Router {
        Router::new().route("/metrics", get(metrics)).with_state(Arc::new(self))
    }

    async fn update(&self) {
        if let Some(log) = &self.log {
            METRICS.set_dropped_lines(log.dropped());
        }
        METRICS.set_connections(self.connections.taken(), self.connections.most());
        METRICS.set_certificate_until(self.tls.as_ref().and_then(Tls::until).map_or(0, |until| until.timestamp()));
        let mut counted = self.counted.lock().await;
        if counted.is_none_or(|at| at.elapsed() >= STANDS_FOR) {
            *counted = Some(Instant::now());
            // Should it fail, the store's own metrics tell why; the last count stays.
            let _ = timeout(PATIENCE, self.count()).await;
        }
    }

    async fn count(&self) -> Result<(), StoreError> {
        let all = Status::ALL.map(|status| Conditions(vec![Test::Status(vec![status]).into()]));
        let counted = self.store.count(all.to_vec(), Utc::now()).await?;
        for (status, n) in Status::ALL.into_iter().zip(counted) {
            METRICS.set_keys(status, n.unwrap_or_default());
        }
        Ok(())
    }
}

async fn metrics(State(scrape): State<Arc<Scrape>>) -> impl IntoResponse {
    scrape.update().await;
    ([(CONTENT_TYPE, MEDIA_TYPE)], METRICS.text())
}
