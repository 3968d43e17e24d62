//! The creates that are running.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// An administrator and an idempotency key.
type CreateCall = (String, String);

/// The creates that have begun and not ended.
#[derive(Default)]
pub(crate) struct RunningCreates(Arc<Mutex<HashSet<CreateCall>>>);

/// Marks one create as running until dropped.
pub(crate) struct Mark {
    home: Arc<Mutex<HashSet<CreateCall>>>,
    call: CreateCall,
}

impl RunningCreates {
    /// Marks a request to create a key; `None` if the same one is running.
    pub(crate) fn begin(&self, username: &str, idempotency_key: &str) -> Option<Mark> {
        let call = (username.to_owned(), idempotency_key.to_owned());
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(call.clone());
        new.then(|| Mark { home: Arc::clone(&self.0), call })
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.home.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.call);
    }
}
