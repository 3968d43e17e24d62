//! How often keys are used and refused, by the hour, and how many access tokens were issued.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::events::{NewEvent, Refusals, USED_AFTER_ROTATION};
use super::keys::Use;
use crate::domain::{AddressUsage, MOST_LISTED_ADDRESSES, MOST_USAGE_DAYS, UsageCount, UsageSpan};

/// What happened since the last write, to be stored at once.
#[derive(Clone, Default)]
pub(crate) struct Recorded {
    /// The last use of keys, by ID.
    pub(crate) uses: Vec<(String, Use)>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) refusals: Vec<Refusals>,
    /// No two of the same key, hour and address.
    pub(crate) counts: Vec<HourCount>,
    /// No two of the same key, generation and minute.
    pub(crate) issued: Vec<IssuedTokens>,
}

impl Recorded {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { uses, events, refusals, counts, issued } = self;
        uses.is_empty() && events.is_empty() && refusals.is_empty() && counts.is_empty() && issued.is_empty()
    }
}

impl Recorded {
    /// The last refusal of each key, with its address.
    pub(crate) fn refused(&self) -> Vec<(&str, DateTime<Utc>, &str)> {
        let mut last: HashMap<&str, (DateTime<Utc>, &str)> = HashMap::new();
        for HourCount { key, address, refused_at, .. } in &self.counts {
            let Some(at) = *refused_at else { continue };
            let newest = last.entry(key).or_insert((at, address));
            if newest.0 < at {
                *newest = (at, address);
            }
        }
        let mut last: Vec<_> = last.into_iter().map(|(key, (at, from))| (key, at, from)).collect();
        last.sort_unstable();
        last
    }

    /// When keys were last used after a rotation that had replaced them.
    pub(crate) fn late_uses(&self) -> Vec<(&str, DateTime<Utc>)> {
        let late = self.refusals.iter().filter(|refusals| refusals.why == USED_AFTER_ROTATION);
        let mut late: Vec<_> = late.filter_map(|refusals| Some((refusals.about.key()?, refusals.at))).collect();
        // The newest of each key comes first.
        late.sort_unstable_by(|one, other| one.0.cmp(other.0).then(other.1.cmp(&one.1)));
        late.dedup_by_key(|(key, _)| *key);
        late
    }
}

/// The most addresses of a key that are counted by themselves, in each hour. Who has many adds to one more row.
pub(crate) const MOST_COUNTED_ADDRESSES: u16 = 10;

/// Uses and refusals of a key from one address in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HourCount {
    pub(crate) key: String,
    /// Hours since 1970.
    pub(crate) hour: i64,
    /// Empty for all addresses that are not counted by themselves.
    pub(crate) address: String,
    pub(crate) uses: u64,
    pub(crate) refusals: u64,
    pub(crate) used_at: Option<DateTime<Utc>>,
    pub(crate) refused_at: Option<DateTime<Utc>>,
}

impl HourCount {
    /// Adds what was counted of the same key, hour and address.
    pub(crate) fn add(&mut self, other: &Self) {
        self.uses += other.uses;
        self.refusals += other.refusals;
        self.used_at = self.used_at.max(other.used_at);
        self.refused_at = self.refused_at.max(other.refused_at);
    }
}

/// Access tokens of a key that were issued in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssuedTokens {
    pub(crate) key: String,
    /// The key's at that time.
    pub(crate) generation: i64,
    /// Minutes since 1970.
    pub(crate) minute: i64,
    pub(crate) tokens: u64,
    /// When the last one was issued.
    pub(crate) at: DateTime<Utc>,
}

/// Hours since 1970.
pub(crate) fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3600)
}

/// Days since 1970.
pub(crate) fn day(at: DateTime<Utc>) -> i64 {
    hour(at).div_euclid(24)
}

/// The uses of a key on a day, since 1970.
pub(crate) struct DayCount {
    pub(crate) key: String,
    pub(crate) day: i64,
    pub(crate) uses: i64,
}

/// Counts in the order of keys and days, with the days on which there were none.
pub(crate) fn by_day(ids: &[String], counted: &[DayCount], first: i64, days: u16) -> Vec<Box<[u64]>> {
    let mut all: HashMap<&str, Box<[u64]>> = HashMap::new();
    for DayCount { key, day, uses } in counted {
        let of_key = all.entry(key).or_insert_with(|| vec![0; days.into()].into());
        if let Some(slot) = usize::try_from(day - first).ok().and_then(|at| of_key.get_mut(at)) {
            *slot = uses.unsigned_abs();
        }
    }
    ids.iter().map(|id| all.remove(id.as_str()).unwrap_or_else(|| vec![0; days.into()].into())).collect()
}

/// How long counts are kept: a day more than can be asked for, since the first day of an answer is a whole one.
pub(crate) const KEPT_COUNTS: TimeDelta = TimeDelta::days(MOST_USAGE_DAYS as i64 + 1);
/// How long it is known how many tokens were issued: longer than any of them lives.
pub(crate) const KEPT_ISSUED: TimeDelta = TimeDelta::hours(2);

/// Which counts of a key.
#[derive(Clone, Debug)]
pub(crate) struct UsageQuery {
    pub(crate) key: String,
    /// The first hour, since 1970: the first one of a span.
    pub(crate) first: i64,
    pub(crate) span: UsageSpan,
    /// Only tokens that were issued after this count.
    pub(crate) issued_after: DateTime<Utc>,
}

/// What is stored of the use of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredUsage {
    /// In the order of time.
    pub(crate) counts: Vec<UsageCount>,
    /// As of [`listed`].
    pub(crate) addresses: Vec<AddressUsage>,
    pub(crate) address_count: u64,
    pub(crate) has_more_addresses: bool,
    /// Of the key's present generation.
    pub(crate) tokens: u64,
    /// When the last of them was issued.
    pub(crate) last_token_at: Option<DateTime<Utc>>,
}

/// The count of a span, which is numbered from 1970 on.
pub(crate) fn count(span: UsageSpan, number: i64, uses: i64, refusals: i64) -> UsageCount {
    let at = DateTime::from_timestamp(number.saturating_mul(span.hours() * 3600), 0).unwrap_or_default();
    UsageCount { at, uses: uses.unsigned_abs(), refusals: refusals.unsigned_abs() }
}

/// Of the addresses with the most uses and those with the most refusals, both in that order, those that are named: neither
/// crowds out the other.
pub(crate) fn listed(most_used: Vec<AddressUsage>, most_refused: Vec<AddressUsage>) -> Vec<AddressUsage> {
    let mut all: Vec<AddressUsage> = Vec::new();
    let (mut used, mut refused) = (most_used.into_iter(), most_refused.into_iter());
    loop {
        let pair = [used.next(), refused.next()];
        if pair.iter().all(Option::is_none) {
            break;
        }
        for one in pair.into_iter().flatten() {
            if all.len() < usize::from(MOST_LISTED_ADDRESSES) && all.iter().all(|known| known.address != one.address) {
                all.push(one);
            }
        }
    }
    all.sort_by_key(|one| Reverse((one.uses, one.refusals)));
    all
}
