//! What needs attention soon, in words.

use chrono::{DateTime, Utc};

pub use crate::domain::key::due::{Due, Reason};
use crate::domain::{AccessKey, DUE_DAYS, Filter, KeyId, MOST_DUE_DAYS};
use crate::operations::format::{grouped, relative};

/// Reads within how many days keys expire: `7d`, `30d`.
pub fn within(text: &str) -> Result<u16, String> {
    let days = text.strip_suffix('d').unwrap_or(text).parse().ok().filter(|days| (1..=MOST_DUE_DAYS).contains(days));
    days.ok_or_else(|| format!("use 7d or 30d: 1 to {MOST_DUE_DAYS} days"))
}

/// What the page's list shows the keys by that expire soon.
pub const PRESS: &str = "!";

/// The keys that expire soon, as a filter: without those that another key replaces.
pub fn due_soon() -> Filter {
    Filter { text: format!("status:active expires:<{DUE_DAYS}d -rotating"), status: None }
}

impl Reason {
    /// The name of the view that lists such keys.
    pub(crate) const fn view(self) -> &'static str {
        match self {
            Self::Expires => "expiring",
            Self::Rotation => "rotating",
            Self::Reactivates => "reactivating",
        }
    }
}

/// The earliest first, what has no end last.
pub fn all(keys: &[AccessKey]) -> Vec<Due<'_>> {
    let mut all: Vec<Due<'_>> = keys.iter().filter_map(Due::of_key).collect();
    all.sort_by_key(|due| (due.at.is_none(), due.at, due.reason));
    all
}

/// Cells of a text within a line.
const CELLS: usize = 60;

impl Due<'_> {
    /// One line, in which `time` says when: "nightly backup (PK…), owner jo: expires in 3 days, 2026-11-30T18:00:00Z".
    pub fn in_line(&self, now: DateTime<Utc>, time: impl Fn(DateTime<Utc>) -> String) -> String {
        let Self { at, reason, key } = self;
        let id = key.id.to_display(KeyId::MAX_CHARS);
        let name = if key.label.is_empty() { id } else { format!("{} ({id})", key.label.to_display(CELLS)) };
        let owner = key.owner.as_ref().filter(|owner| !owner.is_empty());
        let owner = owner.map(|owner| format!(", owner {}", owner.to_display(CELLS))).unwrap_or_default();
        let what = match (reason, at) {
            (Reason::Expires, _) => "expires",
            (Reason::Rotation, Some(_)) => "is being replaced and ends",
            (Reason::Rotation, None) => "is being replaced and doesn't end by itself",
            (Reason::Reactivates, _) => "becomes active again",
        };
        let when = at.map(|at| format!(" {}, {}", relative(at, now), time(at))).unwrap_or_default();
        format!("{name}{owner}: {what}{when}")
    }
}

/// How many there are of each, in a sentence, each with how the view of that name is shown; none if nothing is due.
pub fn summary(all: &[Due<'_>], days: u16, shown_by: &dyn Fn(&str) -> String) -> Option<String> {
    let words = |reason: Reason| {
        let count = all.iter().filter(|due| due.reason == reason).count() as u64;
        let words = match reason {
            Reason::Expires if count == 1 => format!("expires {}", within_days(days)),
            Reason::Expires => format!("expire {}", within_days(days)),
            // Whenever that ends.
            Reason::Rotation | Reason::Reactivates => reason.view().to_owned(),
        };
        (count > 0).then(|| format!("{} {words} ({})", grouped(count), shown_by(reason.view())))
    };
    let parts: Vec<String> =
        [Reason::Expires, Reason::Rotation, Reason::Reactivates].into_iter().filter_map(words).collect();
    (!parts.is_empty()).then(|| format!("Keys: {}.", parts.join(", ")))
}

/// "within 7 days".
pub fn within_days(days: u16) -> String {
    if days == 1 { "within a day".to_owned() } else { format!("within {days} days") }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{Rotation, Status, Untrusted, views};
    use crate::operations::format::time;

    #[test]
    fn the_earliest_is_told_first_and_each_kind_is_counted() {
        let now: DateTime<Utc> = "2026-11-27T12:00:00Z".parse().unwrap();
        let new = |label: &str| AccessKey {
            label: Untrusted::new(label),
            ..AccessKey::new(KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(), now)
        };
        let expires = AccessKey {
            expires_at: Some(now + TimeDelta::days(3)),
            owner: Some(Untrusted::new("jo\u{1b}")),
            ..new("backup")
        };
        let off =
            AccessKey { status: Status::Inactive, reactivates_at: Some(now + TimeDelta::minutes(12)), ..new("paused") };
        let old = AccessKey { rotation: Some(Rotation::ReplacedBy(off.id.clone())), ..expires.clone() };
        let keys = [expires, new("quiet"), off, old];
        let due = all(&keys);
        let reasons: Vec<Reason> = due.iter().map(|due| due.reason).collect();
        assert_eq!(reasons, [Reason::Reactivates, Reason::Expires, Reason::Rotation]);
        let line = due[1].in_line(now, time);
        assert!(
            line.starts_with("backup (PK7QW3N5ZJ0V4T8M2XHC), owner jo^[: expires in 3 days, 2026-11-30T12:00:00Z"),
            "{line}"
        );
        let shown_by = |view: &str| format!("view {view}");
        assert_eq!(
            summary(&due, 7, &shown_by).unwrap(),
            "Keys: 1 expires within 7 days (view expiring), 1 rotating (view rotating), 1 reactivating (view reactivating)."
        );
        assert_eq!(summary(&[], 7, &shown_by), None);
        let many: Vec<Due<'_>> = (0..90).map(|at| Due { key: &keys[0], ..due[at % 3] }).collect();
        let line = summary(&many, 7, &|_| "v 2".to_owned()).unwrap();
        assert_eq!(line, "Keys: 30 expire within 7 days (v 2), 30 rotating (v 2), 30 reactivating (v 2).");
        assert!(line.len() <= 80);
        let has_view = |reason: &Reason| views(None).iter().any(|view| view.name == reason.view());
        assert!([Reason::Expires, Reason::Rotation, Reason::Reactivates].iter().all(has_view));
    }
}
