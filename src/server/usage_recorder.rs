//! Uses of keys and of sessions, kept in memory and stored in the background, so that no request waits for a disk.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::auth::decoy;
use super::net::throttle::network;
use super::store::{
    Digest, HourCount, IssuedTokens, MOST_COUNTED_ADDRESSES, NewEvent, Recorded, Refusals, Store, Subject, Use, hour,
    minute,
};

/// How long uses and refusals are kept unless it is said otherwise.
pub const KEEP_EVENTS: TimeDelta = TimeDelta::days(365);

/// How long one `used` event covers all uses of a key from one network.
const USED_EVERY: TimeDelta = TimeDelta::hours(1);
/// The most networks whose refusals are counted by themselves, for one key in one minute.
const MOST_NETWORKS: usize = 10;
/// The most events that are remembered: a flood of addresses costs events, not memory.
const MOST_NOTED: usize = 10_000;
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

#[derive(Default)]
struct Pending {
    uses: HashMap<String, CountedUse>,
    /// By key; then by hour and address, of which only some are counted by themselves.
    counts: HashMap<String, HashMap<(i64, String), HourCount>>,
    /// By key, generation and minute.
    issued: HashMap<(String, i64, i64), IssuedTokens>,
    /// When sessions were used.
    sessions: HashMap<Digest, DateTime<Utc>>,
    events: Vec<NewEvent>,
    /// By key or administrator, minute, network and reason.
    refusals: HashMap<(Subject, i64, Option<String>, &'static str), Refusals>,
    /// When the last use was noted, by key and network.
    noted: HashMap<(String, String), DateTime<Utc>>,
    /// The networks that are counted by themselves, by key or administrator: in this minute.
    networks: HashMap<Subject, (i64, HashSet<String>)>,
}

/// The last use of a key, and how many there were from its address in its hour: uses before it are in `counts`.
struct CountedUse {
    last: Use,
    uses: u64,
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

impl Pending {
    /// Tells whether there is something new to be stored soon.
    fn used(&mut self, id: &str, from: &str, at: DateTime<Utc>) -> bool {
        // Most often the same use as just before, which was looked at then.
        if let Some(CountedUse { last, uses }) = self.uses.get_mut(id)
            && last.from == from
            && hour(last.at) == hour(at)
        {
            (last.at, *uses) = (at, *uses + 1);
            return false;
        }
        let last = Use { at, from: from.to_owned() };
        if let Some(before) = self.uses.insert(id.to_owned(), CountedUse { last, uses: 1 }) {
            self.count(before.of(id));
        }
        if self.is_due(id, from, at) {
            self.events.push(NewEvent::used(id, Some(from), at));
        }
        true
    }

    /// Adds to what was counted of a key, an hour and an address.
    fn count(&mut self, mut new: HourCount) {
        let of_key = self.counts.entry(new.key.clone()).or_default();
        let slot = (new.hour, new.address.clone());
        if of_key.len() >= usize::from(MOST_COUNTED_ADDRESSES) && !of_key.contains_key(&slot) {
            new.address.clear();
        }
        match of_key.entry((new.hour, new.address.clone())) {
            Entry::Vacant(slot) => {
                slot.insert(new);
            }
            Entry::Occupied(mut slot) => slot.get_mut().add(&new),
        }
    }

    fn issue(&mut self, new: IssuedTokens) {
        match self.issued.entry((new.key.clone(), new.generation, new.minute)) {
            Entry::Vacant(slot) => {
                slot.insert(new);
            }
            Entry::Occupied(mut slot) => {
                let issued = slot.get_mut();
                (issued.tokens, issued.at) = (issued.tokens + new.tokens, issued.at.max(new.at));
            }
        }
    }

    /// All that is to be stored, and when sessions were used.
    fn take(&mut self) -> (Recorded, HashMap<Digest, DateTime<Utc>>) {
        let mut uses = Vec::new();
        for (id, counted) in take(&mut self.uses) {
            // None if it was put back, since it could not be stored: then it is counted already.
            if counted.uses > 0 {
                self.count(counted.of(&id));
            }
            uses.push((id, counted.last));
        }
        let refusals = take(&mut self.refusals).into_values();
        self.counts.remove(decoy::KEY_ID);
        let recorded = Recorded {
            uses,
            events: take(&mut self.events),
            refusals: refusals.filter(|refusals| refusals.about.key() != Some(decoy::KEY_ID)).collect(),
            counts: take(&mut self.counts).into_values().flat_map(HashMap::into_values).collect(),
            issued: take(&mut self.issued).into_values().collect(),
        };
        (recorded, take(&mut self.sessions))
    }

    /// What could not be stored, to be tried again at the next use.
    fn put_back(&mut self, recorded: Recorded) {
        for (id, last) in recorded.uses {
            self.uses.entry(id).or_insert(CountedUse { last, uses: 0 });
        }
        if self.events.len() < MOST_NOTED {
            self.events.splice(0..0, recorded.events);
        }
        if self.refusals.len() < MOST_NOTED {
            recorded.refusals.into_iter().for_each(|refusals| self.add(refusals));
        }
        if recorded.counts.len() < MOST_NOTED {
            recorded.counts.into_iter().for_each(|count| self.count(count));
        }
        if recorded.issued.len() < MOST_NOTED {
            recorded.issued.into_iter().for_each(|issued| self.issue(issued));
        }
    }

    /// Whether the last use from this network no longer covers this one.
    fn is_due(&mut self, id: &str, from: &str, at: DateTime<Utc>) -> bool {
        if self.noted.len() >= MOST_NOTED {
            self.noted.clear();
        }
        let place = (id.to_owned(), network(from));
        let last = self.noted.get(&place).copied();
        let is_due = last.is_none_or(|last| at - last >= USED_EVERY || at < last);
        if is_due {
            self.noted.insert(place, at);
        }
        is_due
    }

    fn refuse(&mut self, about: Subject, from: &str, why: &'static str, at: DateTime<Utc>) {
        if let Subject::Key(key) = &about {
            let (key, address) = (key.clone(), from.to_owned());
            let (used_at, refused_at) = (None, Some(at));
            self.count(HourCount { key, hour: hour(at), address, uses: 0, refusals: 1, used_at, refused_at });
        }
        let network = self.counted(&about, minute(at), from);
        let from = network.is_some().then(|| from.to_owned());
        self.add(Refusals { about, network, from, why, at, count: 1 });
    }

    /// The network of an address, as it is written, if its refusals are counted by themselves.
    fn counted(&mut self, about: &Subject, minute: i64, from: &str) -> Option<String> {
        if self.networks.len() >= MOST_NOTED {
            self.networks.clear();
        }
        let (of, seen) = self.networks.entry(about.clone()).or_default();
        if *of != minute {
            (*of, *seen) = (minute, HashSet::new());
        }
        let network = network(from);
        let network = if network == from || !network.contains(':') { network } else { format!("{network}/64") };
        (seen.contains(&network) || seen.len() < MOST_NETWORKS && seen.insert(network.clone())).then_some(network)
    }

    fn add(&mut self, new: Refusals) {
        match self.refusals.entry((new.about.clone(), new.minute(), new.network.clone(), new.why)) {
            Entry::Vacant(slot) => {
                slot.insert(new);
            }
            Entry::Occupied(mut slot) => {
                let counted = slot.get_mut();
                counted.count += new.count;
                counted.at = counted.at.min(new.at);
                if counted.from != new.from {
                    counted.from.clone_from(&counted.network);
                }
            }
        }
    }
}

impl CountedUse {
    fn of(&self, id: &str) -> HourCount {
        let Self { last: Use { at, from }, uses } = self;
        let (key, hour, address) = (id.to_owned(), hour(*at), from.clone());
        HourCount { key, hour, address, uses: *uses, refusals: 0, used_at: Some(*at), refused_at: None }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::UsageSpan;
    use crate::server::store::{StoredUsage, UsageQuery};

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
