//! Uses of keys, kept in memory and stored in the background, so that no exchange waits for a disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot};

use super::auth::decoy;
use super::store::{EventKind, NewEvent, Store, Use};

/// How long one `used` event stands for all uses of a key from one address.
const USED_EVERY: TimeDelta = TimeDelta::hours(1);
/// The same for refusals for one reason.
const REFUSED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// The shortest time between two writes.
const PAUSE: Duration = Duration::from_secs(1);
/// The most events that are remembered: a flood of addresses costs events, not memory.
const MOST_NOTED: usize = 10_000;

/// What happened since the last write.
pub(crate) struct UsageRecorder {
    store: Store,
    pending: Mutex<Pending>,
    dirty: Notify,
}

/// When the last event was noted, by key, address and reason.
type Noted = HashMap<(String, String, &'static str), DateTime<Utc>>;

#[derive(Default)]
struct Pending {
    uses: HashMap<String, Use>,
    events: Vec<(String, NewEvent)>,
    noted: Noted,
}

impl UsageRecorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, pending: Mutex::default(), dirty: Notify::default() }
    }

    /// Records a successful use.
    pub(crate) fn used(&self, id: &str, from: &str, at: DateTime<Utc>) {
        self.lock().uses.insert(id.to_owned(), Use { at, from: from.to_owned() });
        self.note(id, from, EventKind::Used, None, at);
    }

    /// Records a refusal of a key that exists.
    pub(crate) fn refused(&self, id: &str, from: &str, why: &'static str, at: DateTime<Utc>) {
        self.note(id, from, EventKind::Refused, Some(why), at);
    }

    /// The same work as recording a refusal, for an unknown ID, so that timing reveals nothing. Nothing is stored.
    pub(crate) fn refused_unknown(&self, from: &str, why: &'static str, at: DateTime<Utc>) {
        let mut pending = self.lock();
        if pending.is_due(decoy::KEY_ID, from, EventKind::Refused, why, at) {
            drop(pending);
            self.dirty.notify_one();
        }
    }

    fn note(&self, id: &str, from: &str, kind: EventKind, why: Option<&'static str>, at: DateTime<Utc>) {
        let mut pending = self.lock();
        let is_due = pending.is_due(id, from, kind, why.unwrap_or(""), at);
        if is_due {
            let event = NewEvent { kind, at, by: None, from: Some(from.to_owned()), detail: why.map(str::to_owned) };
            pending.events.push((id.to_owned(), event));
        }
        drop(pending);
        if is_due || kind == EventKind::Used {
            self.dirty.notify_one();
        }
    }

    /// Stores what was recorded whenever there is something, until the sender is dropped; then once more.
    pub(crate) async fn run(recorder: Arc<Self>, mut ended: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                () = recorder.dirty.notified() => recorder.flush().await,
                _ = &mut ended => break,
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = &mut ended => break,
            }
        }
        recorder.flush().await;
    }

    /// Stores what was recorded. What cannot be stored is tried again at the next use.
    pub(crate) async fn flush(&self) {
        let (uses, events) = {
            let mut pending = self.lock();
            (std::mem::take(&mut pending.uses), std::mem::take(&mut pending.events))
        };
        if uses.is_empty() && events.is_empty() {
            return;
        }
        let recorded = self.store.record(uses.clone().into_iter().collect(), events.clone()).await;
        if recorded.is_err() {
            let mut pending = self.lock();
            for (id, last) in uses {
                pending.uses.entry(id).or_insert(last);
            }
            if pending.events.len() < MOST_NOTED {
                pending.events.splice(0..0, events);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    /// Whether the last event of this kind, from this address and for this reason, no longer stands for this one.
    fn is_due(&mut self, id: &str, from: &str, kind: EventKind, why: &'static str, at: DateTime<Utc>) -> bool {
        let every = if kind == EventKind::Used { USED_EVERY } else { REFUSED_EVERY };
        if self.noted.len() >= MOST_NOTED {
            self.noted.clear();
        }
        let place = (id.to_owned(), from.to_owned(), why);
        let last = self.noted.get(&place).copied();
        let is_due = last.is_none_or(|last| at - last >= every || at < last);
        if is_due {
            self.noted.insert(place, at);
        }
        is_due
    }
}
