//! What was recorded and is not stored yet.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::mem::take;

use chrono::{DateTime, TimeDelta, Utc};

use crate::server::auth::decoy;
use crate::server::net::throttle::network;
use crate::server::store::{
    Digest, HourCount, IssuedTokens, MOST_COUNTED_ADDRESSES, NewEvent, Recorded, Refusals, Subject, Use, hour, minute,
};

/// How long one `used` event covers all uses of a key from one network.
const USED_EVERY: TimeDelta = TimeDelta::hours(1);
/// The most networks whose refusals are counted by themselves, for one key in one minute.
const MOST_NETWORKS: usize = 10;
/// The most events that are remembered: a flood of addresses costs events, not memory.
const MOST_NOTED: usize = 10_000;

/// What is kept until the next write.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) uses: HashMap<String, CountedUse>,
    /// By key; then by hour and address, of which only some are counted by themselves.
    pub(super) counts: HashMap<String, HashMap<(i64, String), HourCount>>,
    /// By key, generation and minute.
    pub(super) issued: HashMap<(String, i64, i64), IssuedTokens>,
    /// When sessions were used.
    pub(super) sessions: HashMap<Digest, DateTime<Utc>>,
    pub(super) events: Vec<NewEvent>,
    /// By key or administrator, minute, network and reason.
    pub(super) refusals: HashMap<(Subject, i64, Option<String>, &'static str), Refusals>,
    /// When the last use was noted, by key and network.
    pub(super) noted: HashMap<(String, String), DateTime<Utc>>,
    /// The networks that are counted by themselves, by key or administrator: in this minute.
    pub(super) networks: HashMap<Subject, (i64, HashSet<String>)>,
}

/// The last use of a key, and how many there were from its address in its hour: uses before it are in `counts`.
pub(super) struct CountedUse {
    last: Use,
    pub(super) uses: u64,
}

impl Pending {
    /// Tells whether there is something new to be stored soon.
    pub(super) fn used(&mut self, id: &str, from: &str, at: DateTime<Utc>) -> bool {
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
    pub(super) fn count(&mut self, mut new: HourCount) {
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

    pub(super) fn issue(&mut self, new: IssuedTokens) {
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
    pub(super) fn take(&mut self) -> (Recorded, HashMap<Digest, DateTime<Utc>>) {
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
    pub(super) fn put_back(&mut self, recorded: Recorded) {
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
    pub(super) fn is_due(&mut self, id: &str, from: &str, at: DateTime<Utc>) -> bool {
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

    pub(super) fn refuse(&mut self, about: Subject, from: &str, why: &'static str, at: DateTime<Utc>) {
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
    pub(super) fn counted(&mut self, about: &Subject, minute: i64, from: &str) -> Option<String> {
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

    pub(super) fn add(&mut self, new: Refusals) {
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
    pub(super) fn of(&self, id: &str) -> HourCount {
        let Self { last: Use { at, from }, uses } = self;
        let (key, hour, address) = (id.to_owned(), hour(*at), from.clone());
        HourCount { key, hour, address, uses: *uses, refusals: 0, used_at: Some(*at), refused_at: None }
    }
}
