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
use super::store::{Digest, NewEvent, Refusals, Store, Subject, Use, minute};

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
/// How many old events are deleted at once: a few milliseconds, in which nothing else is written.
const FORGET_AT_ONCE: usize = 500;
/// Between two such deletions.
const FORGET_PAUSE: Duration = Duration::from_millis(50);

/// What happened since the last write.
pub(crate) struct UsageRecorder {
    store: Store,
    pending: Mutex<Pending>,
    dirty: Notify,
}

#[derive(Default)]
struct Pending {
    uses: HashMap<String, Use>,
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

impl UsageRecorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, pending: Mutex::default(), dirty: Notify::default() }
    }

    /// Records a successful use.
    pub(crate) fn used(&self, id: &str, from: &str, at: DateTime<Utc>) {
        let mut pending = self.lock();
        // Most often the same use as just before, which was looked at then.
        if let Some(last) = pending.uses.get_mut(id)
            && last.from == from
        {
            last.at = at;
            return;
        }
        pending.uses.insert(id.to_owned(), Use { at, from: from.to_owned() });
        if pending.is_due(id, from, at) {
            pending.events.push(NewEvent::used(id, Some(from), at));
        }
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
        self.store.forget_events(before, FORGET_AT_ONCE).await.unwrap_or(false)
    }

    /// Stores what was recorded. What cannot be stored is tried again at the next use.
    pub(crate) async fn flush(&self) {
        let (uses, sessions, events, mut refusals) = {
            let mut pending = self.lock();
            let Pending { uses, sessions, events, refusals, .. } = &mut *pending;
            (take(uses), take(sessions), take(events), take(refusals))
        };
        for (session, at) in sessions {
            // Should it fail, the next call of the session tries again.
            if let Err(error) = self.store.see_session(session, at).await {
                tracing::warn!(%error, "can't record that a session is in use");
            }
        }
        refusals.retain(|_, refusals| refusals.about.key() != Some(decoy::KEY_ID));
        if uses.is_empty() && events.is_empty() && refusals.is_empty() {
            return;
        }
        let (of_uses, of_refusals) = (uses.clone().into_iter().collect(), refusals.values().cloned().collect());
        if self.store.record(of_uses, events.clone(), of_refusals).await.is_err() {
            let mut pending = self.lock();
            for (id, last) in uses {
                pending.uses.entry(id).or_insert(last);
            }
            if pending.events.len() < MOST_NOTED {
                pending.events.splice(0..0, events);
            }
            if pending.refusals.len() < MOST_NOTED {
                for refusals in refusals.into_values() {
                    pending.add(refusals);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
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
