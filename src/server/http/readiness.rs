//! Whether the server can do its work: the store can be written, and the certificate has not ended.

use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::server::http::response::failure::HttpError;
use crate::server::net::tls::Tls;
use crate::server::store::{Store, StoreError};

/// How long an answer about the store stands: anyone may ask, and finding out costs a write.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// How long the write may take: health checks give up soon.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of it.
#[derive(Default)]
pub(crate) struct Readiness {
    /// Whether the store could be written when that was last tried.
    store: Mutex<Option<(Instant, Result<(), HttpError>)>>,
    tls: Option<Tls>,
}

impl Readiness {
    pub(crate) fn new(tls: Option<Tls>) -> Self {
        Self { store: Mutex::default(), tls }
    }

    /// Looks at the certificate, and tries a write unless that was done a moment ago.
    pub(crate) async fn of(&self, store: &Store) -> Result<(), HttpError> {
        if self.tls.as_ref().and_then(Tls::until).is_some_and(|until| until < Utc::now()) {
            return Err(HttpError::certificate_ended());
        }
        let mut last = self.store.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < STANDS_FOR
        {
            return result.clone();
        }
        let written = timeout(PATIENCE, store.check_writable()).await.unwrap_or(Err(StoreError::Busy));
        let result = written.map_err(|error| HttpError::from(error).unavailable());
        *last = Some((Instant::now(), result.clone()));
        result
    }
}
