//! How often a key was used and refused, by the hour or by the day.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::Untrusted;

/// The uses and refusals of a key in some time, as a server counted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The beginning of the first span.
    pub since: DateTime<Utc>,
    /// When the server answered.
    pub until: DateTime<Utc>,
    pub span: UsageSpan,
    /// The spans in which there were any, in the order of time.
    pub counts: Vec<UsageCount>,
    /// The addresses with the most refusals and those with the most uses, at most [`MOST_LISTED_ADDRESSES`]; those with
    /// more uses first.
    pub addresses: Vec<AddressUsage>,
    /// How many addresses it was used from, as far as they were counted one by one.
    pub address_count: u64,
    /// Whether it was used from more, which were not counted one by one.
    pub has_more_addresses: bool,
    /// Access tokens that were issued in the last hour and are still good.
    pub tokens: u64,
    /// When the last of them expires.
    pub tokens_until: Option<DateTime<Utc>>,
}

/// The most addresses that are named (HTTP contract, part B).
pub const MOST_LISTED_ADDRESSES: u16 = 10;

/// The days of an answer unless it is said otherwise, and those that the list shows.
pub const USAGE_DAYS: u16 = 30;

/// The most days that can be asked for: older counts are not kept.
pub const MOST_USAGE_DAYS: u16 = 90;

/// How long a count is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageSpan {
    /// For the last [`MOST_DAYS_BY_HOUR`] days.
    Hour,
    /// A day in UTC.
    Day,
}

/// The most days that are counted by the hour in an answer.
pub const MOST_DAYS_BY_HOUR: u16 = 7;

/// Uses and refusals in one span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageCount {
    /// When the span begins.
    pub at: DateTime<Utc>,
    pub uses: u64,
    pub refusals: u64,
}

/// Uses and refusals from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressUsage {
    pub address: Untrusted,
    pub uses: u64,
    pub refusals: u64,
    pub used_at: Option<DateTime<Utc>>,
    pub refused_at: Option<DateTime<Utc>>,
}

impl UsageSpan {
    /// The span of an answer about so many days.
    pub const fn of_days(days: u16) -> Self {
        if days <= MOST_DAYS_BY_HOUR { Self::Hour } else { Self::Day }
    }

    /// The word of the HTTP contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The span that the contract's word names.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Hour, Self::Day].into_iter().find(|span| span.as_str() == word)
    }

    /// How many hours it has.
    pub const fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }
}

impl KeyUsage {
    /// How often the key was used in all.
    pub fn uses(&self) -> u64 {
        self.counts.iter().map(|count| count.uses).fold(0, u64::saturating_add)
    }

    /// How often it was refused in all.
    pub fn refusals(&self) -> u64 {
        self.counts.iter().map(|count| count.refusals).fold(0, u64::saturating_add)
    }

    /// The uses of each span from the first to the last, those without any too.
    pub fn series(&self) -> Vec<u64> {
        let span = TimeDelta::hours(self.span.hours());
        let place = |at: DateTime<Utc>| (at - self.since).num_seconds().div_euclid(span.num_seconds());
        let most = place(self.until).clamp(0, i64::from(MOST_USAGE_DAYS) * 24);
        let mut series = vec![0_u64; usize::try_from(most).unwrap_or_default() + 1];
        for count in &self.counts {
            if let Some(slot) = usize::try_from(place(count.at)).ok().and_then(|place| series.get_mut(place)) {
                *slot = slot.saturating_add(count.uses);
            }
        }
        series
    }
}
