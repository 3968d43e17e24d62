//! Messages for the webhook.

use chrono::{DateTime, Utc};

use crate::domain::AccessKey;
use crate::server::store::{ClaimedMessage, NewMessage, Settled, Store, StoreError, StoredHandover};

impl Store {
    /// Keys that were replaced and used after their end, and hand-overs that were opened again, tried too often or not
    /// opened in time, within the last day, and of which there is no message.
    pub(crate) async fn alarms(&self, now: DateTime<Utc>) -> Result<(Vec<AccessKey>, Vec<StoredHandover>), StoreError> {
        engine!(self.alarms(now))
    }

    /// Stores messages that are sent from `now` on, except those that were stored before and those of deleted keys.
    /// Returns how many were stored.
    pub(crate) async fn add_messages(&self, new: Vec<NewMessage>, now: DateTime<Utc>) -> Result<usize, StoreError> {
        if new.is_empty() { Ok(0) } else { engine!(self.add_messages(new, now)) }
    }

    /// Messages whose time has come, at most `most`: nobody else gets them for
    /// [`CLAIM`](crate::server::store::webhook::CLAIM).
    pub(crate) async fn claim_messages(
        &self,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<ClaimedMessage>, StoreError> {
        engine!(self.claim_messages(most, now))
    }

    /// Stores what became of a message that was claimed. Nothing happens if it was claimed again since.
    pub(crate) async fn settle_message(
        &self,
        message: ClaimedMessage,
        settled: Settled,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        engine!(self.settle_message(message, settled, now))
    }

    /// Deletes a message that was claimed and is outdated, so that it is made again should its key have that time again.
    pub(crate) async fn drop_message(&self, message: ClaimedMessage) -> Result<(), StoreError> {
        engine!(self.drop_message(message))
    }

    /// Deletes messages about times long ago.
    pub(crate) async fn forget_messages(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        engine!(self.forget_messages(now))
    }
}
