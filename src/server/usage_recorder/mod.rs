//! Uses of keys and of sessions, kept in memory and stored in the background, so that no request waits for a disk.

mod pending;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use pending::Pending;

use super::auth::decoy;
use super::store::{Digest, IssuedTokens, Store, Subject, minute};

/// How long uses and refusals are kept unless it is said otherwise.
pub const KEEP_EVENTS: TimeDelta = TimeDelta::days(365);

/// When old events are looked for first: not while a user waits for the first list.
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// How often old events are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often sealed secrets that were kept for long enough are looked for.
const FORGET_SEALED_EVERY: Duration = Duration::from_secs(60);
/// How many old events are deleted at once: a few milliseconds, in which nothing else is written.
const FORGET_AT_ONCE: usize = 500;
/// How often it is looked whether keys that were switched off for a while are due to be active again.
const REACTIVATE_EVERY: Duration = Duration::from_secs(5);
/// Between two such deletions.
const FORGET_PAUSE: Duration = Duration::from_millis(50);

/// What happened since the last write.
pub(crate) struct UsageRecorder {
    store: Store,
    pending: Mutex<Pending>,
    /// Held while something is stored, so that what is read afterwards has all of it.
    storing: tokio::sync::Mutex<()>,
    dirty: Notify,
}

impl UsageRecorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, pending: Mutex::default(), storing: tokio::sync::Mutex::default(), dirty: Notify::default() }
    }

    /// Records a successful use.
    pub(crate) fn used(&self, id: &str, from: &str, at: DateTime<Utc>) {
        if self.lock().used(id, from, at) {
            self.dirty.notify_one();
        }
    }

    /// Records a successful exchange: a use, and an access token of the key's generation.
    pub(crate) fn issued(&self, id: &str, generation: i64, from: &str, at: DateTime<Utc>) {
        let mut pending = self.lock();
        pending.used(id, from, at);
        let new = IssuedTokens { key: id.to_owned(), generation, minute: minute(at), tokens: 1, at };
        pending.issue(new);
        drop(pending);
        self.dirty.notify_one();
    }

    /// Counts a refusal of a key that exists.
    pub(crate) fn refused(&self, id: &str, from: &str, why: &'static str, at: DateTime<Utc>) {
        self.refuse(Subject::Key(id.to_owned()), from, why, at);
    }

    /// Records that a session was used.
    pub(crate) fn seen(&self, session: Digest, at: DateTime<Utc>) {
        self.lock().sessions.insert(session, at);
        self.dirty.notify_one();
    }

    /// The same work for an unknown ID, so that timing reveals nothing. Nothing of it is stored.
    pub(crate) fn refused_unknown(&self, from: &str, why: &'static str, at: DateTime<Utc>) {
        self.refused(decoy::KEY_ID, from, why, at);
    }

    /// Counts a refused sign-in, by name only if there is such an administrator.
    pub(crate) fn refused_sign_in(&self, name: Option<&str>, from: &str, why: &'static str, at: DateTime<Utc>) {
        let about = name.map_or(Subject::Server, |name| Subject::Administrator(name.to_owned()));
        self.refuse(about, from, why, at);
    }

    fn refuse(&self, about: Subject, from: &str, why: &'static str, at: DateTime<Utc>) {
        self.lock().refuse(about, from, why, at);
        self.dirty.notify_one();
    }

    /// Stores what was recorded whenever there is something, and deletes uses and refusals that are older than `keep`,
    /// until the sender is dropped; then stores once more.
    pub(crate) async fn run(recorder: Arc<Self>, keep: TimeDelta, mut ended: oneshot::Receiver<()>) {
        let mut looks = tokio::time::interval_at(Instant::now() + FIRST_LOOK, FORGET_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut sealed = tokio::time::interval_at(Instant::now() + FORGET_SEALED_EVERY, FORGET_SEALED_EVERY);
        sealed.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut reactivations = tokio::time::interval(REACTIVATE_EVERY);
        reactivations.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut has_more = false;
        loop {
            tokio::select! {
                () = recorder.dirty.notified() => {
                    recorder.flush().await;
                    tokio::select! {
                        () = tokio::time::sleep(recorder.store.pause()) => {}
                        _ = &mut ended => break,
                    }
                }
                _ = sealed.tick() => {
                    // What can't be deleted now is deleted at the next look; it is given out no more anyway.
                    let _ = recorder.store.forget_undelivered(Utc::now()).await;
                    let _ = recorder.store.forget_handovers(Utc::now()).await;
                }
                _ = reactivations.tick() => {
                    // They work already: what can't be stored now is stored at the next look.
                    let _ = recorder.store.reactivate(Utc::now()).await;
                }
                _ = looks.tick() => has_more = recorder.forget(keep).await,
                () = tokio::time::sleep(FORGET_PAUSE), if has_more => has_more = recorder.forget(keep).await,
                _ = &mut ended => break,
            }
        }
        recorder.flush().await;
    }

    /// Deletes some old events. Tells whether there are more; a store that fails is left alone until the next look.
    async fn forget(&self, keep: TimeDelta) -> bool {
        let now = Utc::now();
        // What can't be deleted now is deleted at the next look.
        let _ = self.store.forget_revocations(now).await;
        let before = now.checked_sub_signed(keep).unwrap_or_default();
        let more_events = self.store.forget_events(before, FORGET_AT_ONCE).await.unwrap_or(false);
        let more_counts = self.store.forget_usage(now, FORGET_AT_ONCE).await.unwrap_or(false);
        more_events || more_counts
    }

    /// Stores what was recorded. What cannot be stored is tried again at the next use.
    pub(crate) async fn flush(&self) {
        let _storing = self.storing.lock().await;
        let (recorded, sessions) = self.lock().take();
        for (session, at) in sessions {
            // Should it fail, the next call of the session tries again.
            if let Err(error) = self.store.see_session(session, at).await {
                tracing::warn!(%error, "can't record that a session is in use");
            }
        }
        if !recorded.is_empty() && self.store.record(recorded.clone()).await.is_err() {
            self.lock().put_back(recorded);
        }
    }

    /// The same for a request: if it is dropped meanwhile, what was taken is still stored.
    pub(crate) async fn flush_to_end(recorder: &Arc<Self>) {
        let recorder = Arc::clone(recorder);
        let _ = tokio::spawn(async move { recorder.flush().await }).await;
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::UsageSpan;
    use crate::server::store::{MOST_COUNTED_ADDRESSES, StoredUsage, UsageQuery, hour};

    fn at(seconds: i64) -> DateTime<Utc> {
        // A full hour.
        DateTime::from_timestamp(1_900_800_000 + seconds, 0).unwrap()
    }

    async fn stored(recorder: &UsageRecorder) -> StoredUsage {
        recorder.flush().await;
        let (key, first, span) = ("PK1".to_owned(), hour(at(0)), UsageSpan::Hour);
        recorder.store.usage(UsageQuery { key, first, span, issued_after: at(0) }).await.unwrap()
    }

    #[tokio::test]
    async fn every_use_and_refusal_counts_once_in_its_hour() {
        let folder = TempDir::new().unwrap();
        let recorder = UsageRecorder::new(Store::open_sqlite(folder.path().join("keys.db")).await.unwrap());
        for second in [0, 1, 3599, 3600] {
            recorder.used("PK1", "192.0.2.1", at(second));
        }
        recorder.used("PK1", "192.0.2.2", at(3601));
        recorder.used("PK1", "192.0.2.1", at(3602));
        recorder.issued("PK1", 0, "192.0.2.1", at(3603));
        recorder.refused("PK1", "203.0.113.9", "wrong hash", at(3604));
        recorder.refused_unknown("203.0.113.9", "wrong hash", at(3604));
        let counts =
            |usage: &StoredUsage| usage.counts.iter().map(|count| (count.uses, count.refusals)).collect::<Vec<_>>();
        let usage = stored(&recorder).await;
        assert_eq!(counts(&usage), [(3, 0), (4, 1)]);
        assert_eq!((usage.address_count, usage.addresses.len()), (2, 3));
        recorder.used("PK1", "192.0.2.1", at(3605));
        assert_eq!(counts(&stored(&recorder).await), [(3, 0), (5, 1)]);
        for n in 0..=255 {
            recorder.refused("PK1", &format!("198.51.100.{n}"), "wrong hash", at(3606));
        }
        assert!(recorder.lock().counts["PK1"].len() <= usize::from(MOST_COUNTED_ADDRESSES) + 1, "memory is bounded");
        assert_eq!(counts(&stored(&recorder).await), [(3, 0), (5, 257)]);
    }

    #[test]
    fn what_could_not_be_stored_is_counted_once() {
        let mut pending = Pending::default();
        pending.used("PK1", "192.0.2.1", at(0));
        let (failed, _) = pending.take();
        pending.used("PK2", "192.0.2.1", at(1));
        pending.put_back(failed);
        pending.used("PK1", "192.0.2.1", at(2));
        let (recorded, _) = pending.take();
        let of = |key: &str| recorded.counts.iter().find(|count| count.key == key).unwrap().uses;
        assert_eq!((of("PK1"), of("PK2"), recorded.uses.len()), (2, 1, 2));
        let (nothing, _) = pending.take();
        assert!(nothing.is_empty());
    }
}
