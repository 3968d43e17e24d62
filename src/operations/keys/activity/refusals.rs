//! What a deactivated key is still asked for: who needs it, and would be missed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::client::Event;
use crate::domain::Dates;
use crate::operations::format::grouped;
use crate::operations::keys::activity::usage::short;
use crate::operations::keys::changes;

/// The refusals of a key since it was deactivated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    count: u64,
    addresses: usize,
    since: DateTime<Utc>,
    /// Whether there may have been more before.
    has_more: bool,
}

impl Refusals {
    /// Counts them in the events of a key, the newest first; none if it is not said when it was deactivated, and nothing
    /// was refused.
    pub(crate) fn of(events: &[Event]) -> Option<Self> {
        let is_start =
            |event: &&Event| event.changes.iter().any(|change| changes::switched(change) == Some("deactivated"));
        let start = events.iter().find(is_start);
        let later = events.iter().take_while(|event| !is_start(event));
        let refused: Vec<&Event> = later.filter(|event| event.kind.raw_for_api() == "refused").collect();
        let addresses: BTreeSet<&str> =
            refused.iter().map(|event| event.from.as_ref().map_or("", |from| from.raw_for_api())).collect();
        Some(Self {
            count: refused.iter().map(|event| event.count).fold(0, u64::saturating_add),
            addresses: addresses.len(),
            since: start.or(refused.last().copied())?.at,
            has_more: start.is_none(),
        })
    }

    /// "41 refused since 14:02, from 2 addresses".
    pub(crate) fn in_words(&self, now: DateTime<Utc>, dates: Dates) -> String {
        let since = short(self.since, now, dates);
        if self.count == 0 {
            return format!("none refused since {since}");
        }
        let from = if self.addresses == 1 { "1 address".to_owned() } else { format!("{} addresses", self.addresses) };
        let more = if self.has_more { "more than " } else { "" };
        format!("{more}{} refused since {since}, from {from}", grouped(self.count))
    }

    pub(crate) const fn are_none(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use crate::client::FieldChange;
    use crate::domain::Untrusted;
    use crate::operations::keys::activity::refusals::*;

    fn event(kind: &str, minute: u32, from: &str, count: u64) -> Event {
        let text = |text: &str| Some(Untrusted::new(text));
        let switch = FieldChange { field: Untrusted::new("status"), old: text("active"), new: text("inactive") };
        Event {
            at: format!("2026-11-27T14:{minute:02}:00Z").parse().unwrap(),
            kind: Untrusted::new(kind),
            key: text("PK7QW3N5ZJ0V4T8M2XHC"),
            label: None,
            admin: None,
            by: None,
            from: text(from),
            detail: None,
            changes: if kind == "edited" { vec![switch] } else { Vec::new() },
            count,
        }
    }

    #[test]
    fn refusals_count_since_the_deactivation() {
        let events = [
            event("refused", 9, "192.0.2.1", 30),
            event("used", 8, "192.0.2.1", 1),
            event("refused", 7, "192.0.2.2", 10),
            event("refused", 6, "192.0.2.1", 1),
            event("edited", 2, "local", 1),
            event("refused", 1, "192.0.2.9", 500),
        ];
        let now = events[0].at;
        let said = |events: &[Event]| Refusals::of(events).map(|refused| refused.in_words(now, Dates::Utc));
        assert_eq!(said(&events).unwrap(), "41 refused since 14:02Z, from 2 addresses");
        assert_eq!(said(&events[4..]).unwrap(), "none refused since 14:02Z");
        assert_eq!(said(&events[..1]).unwrap(), "more than 30 refused since 14:09Z, from 1 address");
        assert_eq!(said(&[]), None);
    }
}
