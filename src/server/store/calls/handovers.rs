//! Secrets that are handed over.

use chrono::{DateTime, Utc};

use crate::server::store::{
    HandoverOutcome, HandoverStep, NewHandover, Store, StoreError, StoredHandover, WhichHandover,
};

impl Store {
    /// Keeps a secret that is handed over; false if there is no such key.
    pub(crate) async fn hand_over(&self, new: NewHandover, now: DateTime<Utc>) -> Result<bool, StoreError> {
        engine!(self.hand_over(new, now))
    }

    /// The hand-overs that are known, the latest first.
    pub(crate) async fn handovers(&self) -> Result<Vec<StoredHandover>, StoreError> {
        engine!(self.handovers())
    }

    /// One of them.
    pub(crate) async fn handover(&self, which: WhichHandover) -> Result<Option<StoredHandover>, StoreError> {
        engine!(self.handover(which))
    }

    /// Opens, confirms, takes back or acknowledges: of several at the same time, one after the other.
    pub(crate) async fn step_handover(
        &self,
        which: WhichHandover,
        step: HandoverStep,
        now: DateTime<Utc>,
    ) -> Result<HandoverOutcome, StoreError> {
        engine!(self.step_handover(which, step, now))
    }

    /// Deletes secrets that nobody gets any more, and hand-overs that ended long ago.
    pub(crate) async fn forget_handovers(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.forget_handovers(now))
    }
}
