//! Whether the store can be written.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::failure::HttpError;
use crate::server::store::{Store, StoreError};

/// How long an answer about the store stands: anyone may ask, and finding out costs a write.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// How long the write may take: whoever asks gives up soon.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the store could be written when that was last tried.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), HttpError>)>>);

impl Readiness {
    /// Tries a write, unless that was done a moment ago.
    pub(crate) async fn of(&self, store: &Store) -> Result<(), HttpError> {
        let mut last = self.0.lock().await;
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
