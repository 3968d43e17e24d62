//! The language in which users ask for keys: the page's filter, `--search`, plain lines and saved views.
//!
//! `backup zurich owner:jo by:mia status:active,expired unused:90d never-used expires:<30d created:>2026-01-01 -test`

mod error;
mod term;
mod times;
mod token;

use std::fmt::{Display, Formatter};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use term::{Clause, Term};
use times::Moment;
use token::Token;

use super::conditions::{Condition, Conditions, Test, TimeRange};
use crate::domain::{Status, fold, words};

pub use error::{SearchError, near};

/// What a user searches for. As text it is in the language, one blank between two terms; that text means the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    terms: Vec<Term>,
}

/// What can be asked besides words: the form, and what it finds.
pub const SEARCH_FILTERS: [(&str, &str); 15] = [
    ("owner:jo", "whose owner is jo; owner:jo* begins with jo; owner:jo,ops: either of them"),
    ("owner:\"\"", "without an owner"),
    ("by:mia", "created by mia; by:mia,sven: by either of them"),
    ("status:active", "also status:expired,inactive"),
    ("unused:90d", "not used for 90 days, and at least as old"),
    ("never-used", "not used since they were created"),
    ("expires:<30d", "expiring within 30 days"),
    ("expires:2027-01", "expiring in that month; also a day, or 2027-01-01..2027-01-15"),
    ("expires:never", "without an expiry"),
    ("created:<7d", "created in the last 7 days; >7d: before that"),
    ("created:>2026-12-31", "created after that day; <, <= and >= too"),
    ("refused:7d", "last refused within 7 days; >7d: before that; also a day"),
    ("rotating", "the old and the new key of rotations under way"),
    ("reactivates:<1d", "deactivated, and active again within a day; reactivates:any: at any time"),
    ("-word, -filter", "without what it would find"),
];

/// The most characters of a search (HTTP contract: openapi.yaml).
const MOST_CHARS: usize = 1000;
/// The most words and filters: each is looked at in every key.
const MOST_TERMS: usize = 32;

impl Search {
    /// Reads a text in the language. Never fails for words alone, unless they are too many.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        if let Some((place, _)) = text.char_indices().nth(MOST_CHARS) {
            return Err(SearchError::new(place..text.len(), format!("at most {MOST_CHARS} characters are allowed")));
        }
        let mut search = Self::default();
        for token in Token::all(text)? {
            if search.terms.len() == MOST_TERMS {
                let message = format!("at most {MOST_TERMS} words and filters are allowed");
                return Err(SearchError::new(token.at, message));
            }
            search.terms.push(token.term()?);
        }
        Ok(search)
    }

    /// A search for words as they are: nothing in them is a filter.
    pub fn of_words(text: &str) -> Self {
        let term = |word: &str| Term { excluded: false, clause: Clause::Text(word.to_owned()) };
        Self { terms: text.split_whitespace().map(term).collect() }
    }

    /// Whether it finds every key.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The words, if there is nothing else: what every server can search for.
    pub fn only_words(&self) -> Option<String> {
        let word = |term: &Term| match (&term.clause, term.excluded) {
            (Clause::Text(text), false) if !text.contains(char::is_whitespace) => Some(text.clone()),
            _ => None,
        };
        Some(self.terms.iter().map(word).collect::<Option<Vec<_>>>()?.join(" "))
    }

    /// What it asks besides words, in the language: for a server that can't answer it.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let terms = self.terms.iter().filter(|term| term.excluded || !matches!(term.clause, Clause::Text(_)));
        Self { terms: terms.cloned().collect() }
    }

    /// The words that must be in a key, folded: to mark them where they are shown.
    pub fn words(&self) -> Vec<String> {
        let of = |term: &Term| match (&term.clause, term.excluded) {
            (Clause::Text(text), false) => contained(text),
            _ => Vec::new(),
        };
        self.terms.iter().flat_map(of).collect()
    }

    /// Adds a status that keys must have.
    #[must_use]
    pub fn and_status(mut self, status: Option<Status>) -> Self {
        let term = |status| Term { excluded: false, clause: Clause::Status(vec![status]) };
        self.terms.extend(status.map(term));
        self
    }

    /// The same with the days and months of a time zone as times, for a server elsewhere. Spans stay: they count from the
    /// server's time.
    #[must_use]
    pub fn in_zone(mut self, zone: &impl TimeZone) -> Self {
        for term in &mut self.terms {
            match &mut term.clause {
                Clause::Unused(moment) => *moment = moment.start_in(zone).map_or(*moment, Moment::At),
                Clause::Expires(when)
                | Clause::Created(when)
                | Clause::Refused(when)
                | Clause::Reactivates(Some(when)) => {
                    *when = when.in_zone(zone);
                }
                _ => {}
            }
        }
        self
    }

    /// What it means at `now`, with days as they are in `zone`.
    pub fn conditions(&self, now: DateTime<Utc>, zone: &impl TimeZone) -> Conditions {
        let mut all = Vec::new();
        for Term { excluded, clause } in &self.terms {
            let mut meets = |test| all.push(Condition { excluded: *excluded, test });
            match clause {
                Clause::Text(text) if *excluded => {
                    let text = fold(text);
                    if !text.trim().is_empty() {
                        meets(Test::Contains(text.trim().to_owned()));
                    }
                }
                Clause::Text(text) => contained(text).into_iter().for_each(|text| meets(Test::Contains(text))),
                Clause::Owner(any) => {
                    meets(Test::Owner(any.iter().cloned().map(|pattern| pattern.map(|text| fold(&text))).collect()));
                }
                Clause::By(any) => meets(Test::CreatedBy(any.clone())),
                Clause::Status(any) => meets(Test::Status(any.clone())),
                Clause::Unused(moment) => meets(Test::UnusedSince(moment.before(now, zone))),
                Clause::NeverUsed => meets(Test::NeverUsed),
                Clause::Expires(when) => meets(Test::Expires(when.range(now, zone, true))),
                Clause::NeverExpires => meets(Test::NeverExpires),
                Clause::Created(when) => meets(Test::Created(when.range(now, zone, false))),
                Clause::Refused(when) => meets(Test::Refused(when.range(now, zone, false))),
                Clause::Rotating => meets(Test::Rotating(now)),
                Clause::Reactivates(when) => {
                    let range = when.map(|when| when.range(now, zone, true)).unwrap_or_default();
                    // One whose time has come is active, whether that is stored yet or not.
                    let after = now + TimeDelta::milliseconds(1);
                    let from = range.from.map_or(after, |from| from.max(after));
                    meets(Test::Reactivates(TimeRange { from: Some(from), ..range }));
                }
            }
        }
        Conditions(all)
    }
}

/// What a key must contain to have a text: all of its words, or the text as a whole if it was in quotes.
fn contained(text: &str) -> Vec<String> {
    if !text.contains(char::is_whitespace) {
        return words(text).collect();
    }
    let text = fold(text).trim().to_owned();
    if text.is_empty() { Vec::new() } else { vec![text] }
}

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (n, term) in self.terms.iter().enumerate() {
            let between = if n == 0 { "" } else { " " };
            write!(f, "{between}{term}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
