//! The servers on a database, as one of them sees them: who may still verify access tokens.
//!
//! No clock of another machine is read: neither the database's, which may step and is another one after a fail-over, nor
//! that of a server. Each server stores another number with every word to the database. It counts as one that may verify
//! until that number has stayed the same for long, by the clock of the server that looks.

use std::collections::HashMap;
use std::time::Duration;

/// What a server stored of itself.
#[derive(Clone, Debug)]
pub(crate) struct KnownServer {
    /// Random, new at each start.
    pub(crate) id: String,
    /// Another one at each word from it.
    pub(crate) beat: i64,
    /// How long it verifies without having heard from the database.
    pub(crate) lease: Duration,
}

/// How long an answer of the database may take, and some time more.
const SLACK: Duration = Duration::from_secs(3);

/// When a row is deleted whose server is gone.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// All that are known, by their IDs.
#[derive(Default)]
pub(crate) struct KnownServers(HashMap<String, Seen>);

struct Seen {
    beat: i64,
    /// When this beat was seen first.
    since: Duration,
    lease: Duration,
    /// Its row may have been lost, and not deleted.
    is_lost: bool,
}

impl Seen {
    /// A server that comes back after a silence verifies from its second answer on: hence twice.
    fn has_lapsed(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) > 2 * self.lease + SLACK
    }
}

impl KnownServers {
    /// Takes the rows of an answer that came at `now`. A server without a row has taken leave, unless `is_other`: what
    /// answers now may be another machine than before, and may have lost the row.
    pub(crate) fn learn(&mut self, rows: &[KnownServer], is_other: bool, now: Duration) {
        for row in rows {
            let new = Seen { beat: row.beat, since: now, lease: row.lease, is_lost: false };
            let seen = self.0.entry(row.id.clone()).or_insert(new);
            if seen.beat != row.beat {
                *seen = Seen { beat: row.beat, since: now, lease: row.lease, is_lost: false };
            }
        }
        if is_other {
            // Until now they may have been heard of elsewhere.
            self.0.values_mut().for_each(|seen| (seen.since, seen.is_lost) = (now, true));
        }
        self.0.retain(|id, seen| {
            let has_row = rows.iter().any(|row| row.id == *id);
            seen.is_lost &= !has_row;
            has_row || seen.is_lost && !seen.has_lapsed(now)
        });
    }

    /// Whether a server may still verify whose row is this.
    pub(crate) fn may_verify(&self, row: &KnownServer, now: Duration) -> bool {
        self.0.get(&row.id).is_none_or(|seen| seen.beat != row.beat || !seen.has_lapsed(now))
    }

    /// How many may still verify that have no row.
    pub(crate) fn missing(&self, rows: &[KnownServer], now: Duration) -> usize {
        let is_missing = |id: &String| rows.iter().all(|row| row.id != *id);
        self.0.iter().filter(|(id, seen)| is_missing(id) && !seen.has_lapsed(now)).count()
    }

    /// The longest lease of any server.
    pub(crate) fn longest(&self) -> Duration {
        self.0.values().map(|seen| seen.lease).max().unwrap_or_default()
    }

    /// Those that are gone for good: their IDs, and the beats that were their last.
    pub(crate) fn gone(&self, now: Duration) -> (Vec<String>, Vec<i64>) {
        let gone = self.0.iter().filter(|(_, seen)| now.saturating_sub(seen.since) > KEPT_FOR);
        gone.map(|(id, seen)| (id.clone(), seen.beat)).unzip()
    }
}

#[cfg(test)]
mod tests {
    use crate::server::store::postgres::servers::peers::*;

    fn row(id: &str, beat: i64) -> KnownServer {
        KnownServer { id: id.to_owned(), beat, lease: Duration::from_secs(5) }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000 + seconds)
    }

    #[test]
    fn a_server_counts_until_it_was_silent_for_twice_its_lease() {
        let mut peers = KnownServers::default();
        peers.learn(&[row("a", 1), row("b", 1)], false, at(0));
        peers.learn(&[row("a", 2), row("b", 1)], false, at(13));
        assert!(peers.may_verify(&row("b", 1), at(13)) && !peers.may_verify(&row("b", 1), at(14)));
        assert!(peers.may_verify(&row("b", 2), at(14)), "it has just been heard of");
        assert!(peers.may_verify(&row("a", 2), at(14)) && peers.may_verify(&row("new", 1), at(14)));
        assert_eq!(peers.longest(), Duration::from_secs(5));
        assert_eq!(peers.gone(at(3_601)), (vec!["b".to_owned()], vec![1]));
    }

    #[test]
    fn a_server_without_a_row_has_taken_leave_unless_another_machine_answers() {
        let mut peers = KnownServers::default();
        let (a, both) = ([row("a", 1)], [row("a", 1), row("b", 1)]);
        peers.learn(&both, false, at(0));
        assert_eq!(peers.missing(&a, at(1)), 1, "until the next answer it may be either");
        peers.learn(&a, false, at(2));
        assert_eq!(peers.missing(&a, at(2)), 0);

        peers.learn(&both, false, at(10));
        peers.learn(&a, true, at(20));
        peers.learn(&a, false, at(21));
        assert_eq!((peers.missing(&a, at(33)), peers.missing(&a, at(34))), (1, 0));
        peers.learn(&a, false, at(34));
        peers.learn(&both, false, at(35));
        assert!(peers.may_verify(&row("b", 1), at(35)));
    }
}
