//! Uses of keys, noted in memory and written down in the background, so that no exchange waits for a disk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot};

use super::AppState;
use super::store::{EventKind, NewEvent, Use};

/// How long one `used` event stands for all uses of a key from one place.
const USED_EVERY: TimeDelta = TimeDelta::hours(1);
/// The same for refusals for one reason.
const REFUSED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How far apart two writes are at least.
const PAUSE: Duration = Duration::from_secs(1);
/// So many places are remembered at most: a flood of them costs events, not memory.
const MOST_NOTED: usize = 10_000;

/// As long as an ID of ours, and none: stands where an ID would, so that it takes as long to write.
pub(crate) const NOBODY: &str = "PK------------------";

/// What happened since the last write.
#[derive(Default)]
pub(crate) struct UsageRecorder {
    pending: Mutex<Pending>,
    dirty: Notify,
}

/// Which event was noted when: by key, place and reason.
type Noted = HashMap<(String, String, &'static str), DateTime<Utc>>;

#[derive(Default)]
struct Pending {
    uses: HashMap<String, Use>,
    events: Vec<(String, NewEvent)>,
    noted: Noted,
}

impl UsageRecorder {
    /// Notes a successful use.
    pub(crate) fn used(&self, id: &str, from: &str, at: DateTime<Utc>) {
        self.lock().uses.insert(id.to_owned(), Use { at, from: from.to_owned() });
        self.note(id, from, EventKind::Used, None, at);
    }

    /// Notes a refusal of a key that exists.
    pub(crate) fn refused(&self, id: &str, from: &str, why: &'static str, at: DateTime<Utc>) {
        self.note(id, from, EventKind::Refused, Some(why), at);
    }

    /// Does what noting a refusal does, for an ID that no key has: the time must not tell. Nothing is written down.
    pub(crate) fn refused_nobody(&self, from: &str, why: &'static str, at: DateTime<Utc>) {
        let mut pending = self.lock();
        if pending.is_due(NOBODY, from, EventKind::Refused, why, at) {
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

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    /// Whether the last event of this kind, from this place and for this reason, no longer stands for this one.
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

/// Writes down what is noted, whenever there is something, until the sender is dropped; then once more.
pub(crate) async fn write_down(state: AppState, mut ended: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            () = state.0.usage_recorder.dirty.notified() => flush(&state).await,
            _ = &mut ended => break,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = &mut ended => break,
        }
    }
    flush(&state).await;
}

/// Writes down what is noted. What cannot be written is tried again at the next use.
pub(crate) async fn flush(state: &AppState) {
    let (uses, events) = {
        let mut pending = state.0.usage_recorder.lock();
        (std::mem::take(&mut pending.uses), std::mem::take(&mut pending.events))
    };
    if uses.is_empty() && events.is_empty() {
        return;
    }
    let uses: Vec<(String, Use)> = uses.into_iter().collect();
    let written = state.with_store(move |store| Ok(store.record(&uses, &events).err().map(|_| (uses, events)))).await;
    if let Ok(Some((uses, events))) = written {
        let mut pending = state.0.usage_recorder.lock();
        for (id, last) in uses {
            pending.uses.entry(id).or_insert(last);
        }
        if pending.events.len() < MOST_NOTED {
            pending.events.splice(0..0, events);
        }
    }
}
