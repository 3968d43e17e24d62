//! Whether the old key of a rotation can end, by how it was used.

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::Client;
use crate::domain::{AccessKey, KeyUsage, MOST_DAYS_BY_HOUR, MOST_USAGE_DAYS, Status, Untrusted, UsageSpan};
use crate::operations::format::relative;

/// The days whose use tells how long a key usually pauses: by the hour, and by the day for keys that are used seldom.
pub(crate) const ADVICE_DAYS: [u16; 2] = [MOST_DAYS_BY_HOUR, MOST_USAGE_DAYS];
/// Cells of an address: longer ones are none.
const ADDRESS_CELLS: usize = 64;
/// A key that was used on one day only is taken for forgotten after that long.
const FORGOTTEN: TimeDelta = TimeDelta::days(30);

/// A key whose use has stopped for less than that may be used again tomorrow.
const A_DAY: TimeDelta = TimeDelta::days(1);

/// Whether to finish a rotation, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Whether nothing seems to need the old key any more; none if that can't be told.
    pub is_safe: Option<bool>,
    /// A sentence.
    pub words: String,
}

/// What the old key's own use says: whether nothing seems to need it, and why, without the end of the sentence where there is
/// an answer.
struct OldKey {
    is_quiet: Option<bool>,
    why: String,
}

impl Advice {
    /// By the last use of the old key and by its counts, which are of [`ADVICE_DAYS`] (empty if the server has none); and by
    /// the new key, which must have taken over; none if it could not be read.
    pub fn of(old: &AccessKey, new: Option<&AccessKey>, usage: &[KeyUsage], now: DateTime<Utc>) -> Self {
        let OldKey { is_quiet, why } = OldKey::of(old, usage, now);
        match (is_quiet, new) {
            (None, _) => Self { is_safe: None, words: format!("{why}. Check who uses it before you finish.") },
            (Some(false), _) => Self { is_safe: Some(false), words: format!("{why}: not safe to finish.") },
            (Some(true), None) => {
                Self { is_safe: None, words: format!("{why}, but the new key could not be read. Try again.") }
            }
            (Some(true), Some(new)) => match not_ready(new) {
                Some(but) => Self { is_safe: Some(false), words: format!("{why}, but {but}: not safe to finish.") },
                None => Self { is_safe: Some(true), words: format!("{why}: safe to finish.") },
            },
        }
    }
}

/// Why the new key can't take over yet.
fn not_ready(new: &AccessKey) -> Option<&'static str> {
    match new.status {
        Status::Inactive => Some("the new key is inactive"),
        Status::Expired => Some("the new key has expired"),
        Status::Active if new.last_used_at.is_none() => Some("nobody has used the new key yet"),
        Status::Active => None,
    }
}

impl OldKey {
    fn of(old: &AccessKey, usage: &[KeyUsage], now: DateTime<Utc>) -> Self {
        let from = |from: Option<&Untrusted>| {
            from.map(|from| format!(" from {}", from.to_display(ADDRESS_CELLS))).unwrap_or_default()
        };
        let is = |is_quiet: Option<bool>, why: String| Self { is_quiet, why };
        let quiet = old.last_used_at.map(|last| (now - last).max(TimeDelta::zero()));
        if old.status == Status::Inactive {
            // Those since its last use.
            if let Some(at) = old.refused_at.filter(|at| old.last_used_at.is_none_or(|last| last < *at)) {
                let (when, from) = (relative(at, now), from(old.refused_from.as_ref()));
                return is(Some(false), format!("Old key is deactivated, and was refused {when}{from}"));
            }
            return match old.last_used_at {
                Some(last) if quiet.is_some_and(|quiet| quiet < A_DAY) => {
                    let when = relative(last, now);
                    is(None, format!("Old key is deactivated and was not refused since, but it was used {when}"))
                }
                _ => is(Some(true), "Old key is deactivated, and no request was refused since".to_owned()),
            };
        }
        let (Some(last), Some(quiet)) = (old.last_used_at, quiet) else {
            return is(Some(true), "The old key was never used".to_owned());
        };
        let used = format!("Old key used {}{}", relative(last, now), from(old.last_used_from.as_ref()));
        match longest_pause(usage) {
            Some(pause) if quiet > pause => {
                let why = format!("Old key quiet for {}, longer than its usual pause ({})", span(quiet), span(pause));
                // A job that runs once a day may have been tried several times before its first night.
                if quiet < A_DAY {
                    is(Some(false), format!("{why} but not yet for a day"))
                } else {
                    is(Some(true), why)
                }
            }
            Some(pause) if quiet >= TimeDelta::hours(1) => {
                is(Some(false), format!("{used}, within its usual pause ({})", span(pause)))
            }
            None if quiet > FORGOTTEN && !usage.is_empty() => {
                is(Some(true), format!("Old key quiet for {}", span(quiet)))
            }
            None if quiet >= A_DAY => {
                let why = if usage.is_empty() {
                    "this server doesn't count its uses"
                } else {
                    "it was used too seldom to know its usual pause"
                };
                is(None, format!("{used}; {why}"))
            }
            _ => is(Some(false), used),
        }
    }
}

/// How long a key was not used between two uses, at the most; none if its uses that are known were all within a day: they
/// don't tell how it is used on other days.
fn longest_pause(usage: &[KeyUsage]) -> Option<TimeDelta> {
    let used = |usage: &KeyUsage| -> Vec<_> {
        usage.counts.iter().filter(|count| count.uses > 0).map(|count| count.at).collect()
    };
    let all = || usage.iter().flat_map(used);
    if all().max()? - all().min()? < A_DAY {
        return None;
    }
    let pauses = usage.iter().filter_map(|usage| {
        let span = TimeDelta::hours(usage.span.hours());
        let used = used(usage);
        let gaps = used.windows(2).filter_map(|pair| Some(*pair.get(1)? - *pair.first()?));
        // Of days that follow each other the counts by the hour say more.
        let gaps = gaps.filter(|gap| usage.span == UsageSpan::Hour || *gap > span);
        // From the beginning of one span to the end of the other.
        gaps.max().map(|gap| gap + span)
    });
    pauses.max()
}

/// "26 h", "3 days".
fn span(span: TimeDelta) -> String {
    match (span.num_hours(), span.num_days()) {
        (0, _) => format!("{} min", span.num_minutes()),
        (hours @ 1..48, _) => format!("{hours} h"),
        (_, days) => format!("{days} days"),
    }
}

/// The advice on a pair, by what the server counted.
pub(crate) async fn advise(client: &Client, old: &AccessKey, new: &AccessKey, now: DateTime<Utc>) -> Advice {
    let mut usage = Vec::new();
    for days in ADVICE_DAYS {
        // Without counts the advice says so.
        usage.extend(client.usage(&old.id, days).await.ok());
    }
    Advice::of(old, Some(new), &usage, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{KeyId, UsageCount};

    fn now() -> DateTime<Utc> {
        "2027-01-31T12:30:00Z".parse().unwrap()
    }

    /// A new key that has taken over.
    fn in_use() -> AccessKey {
        AccessKey { last_used_at: Some(now()), ..AccessKey::new(KeyId::parse("PK2").unwrap(), now()) }
    }

    /// A key that was used so many hours ago for the last time, and in the spans that began so many hours before the
    /// present one.
    fn said(last: Option<i64>, by_hour: &[i64], by_day: &[i64]) -> (Option<bool>, String) {
        let mut old = AccessKey::new(KeyId::parse("PK1").unwrap(), now());
        old.last_used_at = last.map(|minutes| now() - TimeDelta::minutes(minutes));
        old.last_used_from = Some(Untrusted::new("10.0.3.7"));
        let usage = |span: UsageSpan, ago: &[i64]| KeyUsage {
            since: now(),
            until: now(),
            span,
            counts: ago
                .iter()
                .map(|ago| UsageCount { at: now() - TimeDelta::hours(ago * span.hours()), uses: 1, refusals: 0 })
                .collect(),
            addresses: Vec::new(),
            address_count: 1,
            has_more_addresses: false,
            tokens: 0,
            tokens_until: None,
        };
        let counted = [usage(UsageSpan::Hour, by_hour), usage(UsageSpan::Day, by_day)];
        let none = by_hour.is_empty() && by_day.is_empty();
        let advice = Advice::of(&old, Some(&in_use()), if none { &[] } else { &counted }, now());
        (advice.is_safe, advice.words)
    }

    #[test]
    fn a_pause_is_measured_by_those_before() {
        const HOUR: i64 = 60;
        const DAY: i64 = 24 * HOUR;
        for (last, by_hour, by_day, is_safe, words) in [
            (None, &[][..], &[][..], Some(true), "The old key was never used: safe to finish."),
            (Some(4), &[1, 0], &[0], Some(false), "Old key used 4 min ago from 10.0.3.7: not safe to finish."),
            // Every hour until then.
            (
                Some(3 * HOUR),
                &[30, 6, 5, 4, 3],
                &[1, 0],
                Some(false),
                "Old key used 3 h ago from 10.0.3.7, within its usual pause (25 h): not safe to finish.",
            ),
            (
                Some(3 * HOUR),
                &(3..40).rev().collect::<Vec<_>>(),
                &[1, 0],
                Some(false),
                "Old key quiet for 3 h, longer than its usual pause (2 h) but not yet for a day: not safe to finish.",
            ),
            (
                Some(24 * HOUR),
                &(24..72).rev().collect::<Vec<_>>(),
                &[2, 1],
                Some(true),
                "Old key quiet for 24 h, longer than its usual pause (2 h): safe to finish.",
            ),
            // Tried twice in one evening.
            (Some(3 * HOUR), &[5, 3], &[0], Some(false), "Old key used 3 h ago from 10.0.3.7: not safe to finish."),
            (
                Some(25 * HOUR),
                &[27, 25],
                &[1],
                None,
                "Old key used 1 day ago from 10.0.3.7; it was used too seldom to know its usual pause. Check who uses it \
                 before you finish.",
            ),
            // Once a day.
            (
                Some(10 * HOUR),
                &[58, 34, 10],
                &[2, 1, 0],
                Some(false),
                "Old key used 10 h ago from 10.0.3.7, within its usual pause (25 h): not safe to finish.",
            ),
            (
                Some(26 * HOUR),
                &[50, 26],
                &[2, 1],
                Some(true),
                "Old key quiet for 26 h, longer than its usual pause (25 h): safe to finish.",
            ),
            // Once a week, twice each time.
            (
                Some(3 * DAY),
                &[73, 72],
                &[17, 10, 3],
                Some(false),
                "Old key used 3 days ago from 10.0.3.7, within its usual pause (8 days): not safe to finish.",
            ),
            (
                Some(9 * DAY),
                &[],
                &[23, 16, 9],
                Some(true),
                "Old key quiet for 9 days, longer than its usual pause (8 days): safe to finish.",
            ),
            // Once.
            (
                Some(3 * DAY),
                &[72],
                &[3],
                None,
                "Old key used 3 days ago from 10.0.3.7; it was used too seldom to know its usual pause. Check who uses it \
                 before you finish.",
            ),
            (Some(31 * DAY), &[], &[31], Some(true), "Old key quiet for 31 days: safe to finish."),
            (Some(2 * HOUR), &[], &[], Some(false), "Old key used 2 h ago from 10.0.3.7: not safe to finish."),
            (
                Some(31 * DAY),
                &[],
                &[],
                None,
                "Old key used 31 days ago from 10.0.3.7; this server doesn't count its uses. Check who uses it before you \
                 finish.",
            ),
        ] {
            assert_eq!(said(last, by_hour, by_day), (is_safe, words.to_owned()));
        }
    }

    #[test]
    fn of_a_deactivated_key_it_is_told_who_was_refused() {
        let off = AccessKey {
            status: Status::Inactive,
            last_used_at: Some(now() - TimeDelta::hours(25)),
            refused_at: Some(now() - TimeDelta::hours(26)),
            refused_from: Some(Untrusted::new("10.0.3.7")),
            ..AccessKey::new(KeyId::parse("PK1").unwrap(), now())
        };
        let advice = Advice::of(&off, Some(&in_use()), &[], now());
        assert_eq!((advice.is_safe, advice.words.contains("no request was refused since")), (Some(true), true));
        let tried = AccessKey { refused_at: Some(now() - TimeDelta::minutes(3)), ..off };
        let advice = Advice::of(&tried, Some(&in_use()), &[], now());
        assert_eq!(advice.is_safe, Some(false));
        assert!(advice.words.contains("was refused 3 min ago from 10.0.3.7"), "{}", advice.words);
    }

    #[test]
    fn the_new_key_must_have_taken_over() {
        let never = AccessKey::new(KeyId::parse("PK1").unwrap(), now());
        let said = |new: Option<&AccessKey>| {
            let advice = Advice::of(&never, new, &[], now());
            (advice.is_safe, advice.words)
        };
        assert_eq!(said(Some(&in_use())), (Some(true), "The old key was never used: safe to finish.".to_owned()));
        for (status, last_used_at, why) in [
            (Status::Active, None, "nobody has used the new key yet"),
            (Status::Inactive, Some(now()), "the new key is inactive"),
            (Status::Expired, Some(now()), "the new key has expired"),
        ] {
            let new = AccessKey { status, last_used_at, ..in_use() };
            let words = format!("The old key was never used, but {why}: not safe to finish.");
            assert_eq!(said(Some(&new)), (Some(false), words));
        }
        assert_eq!(said(None).0, None);
    }
}
