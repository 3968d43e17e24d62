//! Which access tokens are revoked, as a server keeps it in memory.
//!
//! A token lives for an hour at most and names its key's generation. So what was revoked in the last hour decides about
//! it, and the key need not be read: a few rows, complete from the start, however many keys there are.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::server::store::tokens::signing_keys::StoredSigningKey;

/// How long a revocation is kept: a token's hour, and more for clocks of servers that differ. There are few of them.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(3 * 60 * 60);
/// When one goes that was stored by another run: how long ago that was is only known from the clock, which may have been
/// wrong by hours.
pub(crate) const KEPT_WITHOUT_US: TimeDelta = TimeDelta::days(7);

/// What an access token says about its origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issued<'a> {
    /// The access key's ID.
    pub(crate) key: &'a str,
    /// The key's generation when the token was issued.
    pub(crate) generation: i64,
    /// The generation of all tokens at that time.
    pub(crate) of_all: i64,
    /// The ID of the key that it is signed with.
    pub(crate) signed_by: &'a str,
}

/// What tokens that are issued now say of their origin, apart from their key's generation.
#[derive(Clone, Debug)]
pub(crate) struct Issuing {
    /// The generation of all tokens.
    pub(crate) of_all: i64,
    /// The key to sign with.
    pub(crate) signed_by: Arc<StoredSigningKey>,
}

/// One revocation as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Revocation {
    /// In the order of commits, from 1.
    pub(crate) number: i64,
    /// Empty for the tokens of all keys.
    pub(crate) key: String,
    /// Tokens of an earlier generation are revoked.
    pub(crate) generation: i64,
    /// The key's expiry in milliseconds since 1970: no token is good from then on.
    pub(crate) not_after: Option<i64>,
}

/// All revocations of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    /// The newest number, 0 if there is none.
    newest: i64,
    /// The generation of all tokens.
    of_all: i64,
    by_key: HashMap<String, Revocation>,
    /// When this process learnt of which number, oldest first.
    learnt: Vec<(Instant, i64)>,
}

impl Revocations {
    /// The number of the newest revocation; 0 if there is none.
    pub(crate) fn newest(&self) -> i64 {
        self.newest
    }

    /// The generation of all tokens, for those to be issued.
    pub(crate) fn of_all(&self) -> i64 {
        self.of_all
    }

    /// Takes stored revocations, in the order of their numbers.
    pub(crate) fn learn(&mut self, new: impl IntoIterator<Item = Revocation>, now: Instant) {
        let before = self.newest;
        for revocation in new {
            self.newest = self.newest.max(revocation.number);
            if revocation.key.is_empty() {
                self.of_all = self.of_all.max(revocation.generation);
            } else {
                self.add(revocation);
            }
        }
        if self.newest != before {
            self.learnt.push((now, self.newest));
        }
    }

    /// A generation never goes back, whatever order they come in.
    fn add(&mut self, new: Revocation) {
        let Some(known) = self.by_key.get_mut(&new.key) else {
            self.by_key.insert(new.key.clone(), new);
            return;
        };
        let generation = known.generation.max(new.generation);
        if new.number >= known.number {
            *known = new;
        }
        known.generation = generation;
    }

    /// Has all stored revocations learnt once more: their numbers have begun again. What is known stays revoked.
    pub(crate) fn rewind(&mut self) {
        self.newest = 0;
        self.learnt.clear();
        for known in self.by_key.values_mut() {
            known.number = 0;
        }
    }

    /// Whether a token is revoked.
    pub(crate) fn has(&self, token: Issued<'_>, now: DateTime<Utc>) -> bool {
        token.of_all < self.of_all
            || self.by_key.get(token.key).is_some_and(|revoked| {
                token.generation < revoked.generation
                    || revoked.not_after.is_some_and(|end| end <= now.timestamp_millis())
            })
    }

    /// Forgets what no token can be older than. Returns the newest number that this process has known for that long, for
    /// the store to forget too.
    pub(crate) fn forget(&mut self, now: Instant) -> i64 {
        let old = self.learnt.partition_point(|(at, _)| now.duration_since(*at) >= KEPT_FOR);
        let Some((_, through)) = self.learnt.drain(..old).next_back() else { return 0 };
        self.by_key.retain(|_, revocation| revocation.number > through);
        self.by_key.shrink_to_fit();
        through
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::tokens::revocations::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn revocation(number: i64, key: &str, generation: i64, not_after: Option<i64>) -> Revocation {
        Revocation { number, key: key.to_owned(), generation, not_after }
    }

    fn issued(key: &str, generation: i64, of_all: i64) -> Issued<'_> {
        Issued { key, generation, of_all, signed_by: "" }
    }

    #[test]
    fn an_earlier_generation_and_the_end_of_a_key_revoke() {
        let mut known = Revocations::default();
        assert!(!known.has(issued("A", 0, 0), NOW));
        known.learn([revocation(1, "A", 2, None), revocation(2, "B", 0, Some(5_000))], Instant::now());
        assert!(known.has(issued("A", 1, 0), NOW) && !known.has(issued("A", 2, 0), NOW));
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert!(!known.has(issued("B", 0, 0), at(4)) && known.has(issued("B", 0, 0), at(5)));
        known.learn([revocation(3, "B", 0, None)], Instant::now());
        assert!(!known.has(issued("B", 0, 0), at(5)), "its expiry was taken back in time");
        known.learn([revocation(4, "A", 1, None)], Instant::now());
        assert!(known.has(issued("A", 1, 0), NOW), "no generation goes back");
        known.learn([revocation(5, "", 7, None)], Instant::now());
        assert!(known.has(issued("C", 0, 6), NOW) && !known.has(issued("C", 0, 7), NOW));
        assert_eq!((known.newest(), known.of_all()), (5, 7));
    }

    #[test]
    fn what_was_learnt_an_hour_ago_is_forgotten() {
        let (mut known, start) = (Revocations::default(), Instant::now());
        known.learn([revocation(1, "A", 1, None), revocation(2, "", 9, None)], start);
        known.learn([revocation(3, "B", 1, None)], start + Duration::from_secs(60));
        assert_eq!(known.forget(start + KEPT_FOR.saturating_sub(Duration::from_secs(1))), 0);
        assert!(known.has(issued("A", 0, 9), NOW));
        assert_eq!(known.forget(start + KEPT_FOR), 2);
        assert!(!known.has(issued("A", 0, 9), NOW) && known.has(issued("B", 0, 9), NOW));
        assert!(known.has(issued("A", 0, 8), NOW), "that of all tokens stays");
        assert_eq!(known.newest(), 3);
    }
}
