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

/// Whether to finish a rotation, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Whether nothing seems to need the old key any more; none if that can't be told.
    pub is_safe: Option<bool>,
    /// A sentence.
    pub words: String,
}

impl Advice {
    /// By the last use of the old key and by its counts, which are of [`ADVICE_DAYS`]; empty if the server has none.
    pub fn of(old: &AccessKey, usage: &[KeyUsage], now: DateTime<Utc>) -> Self {
        let from = |from: Option<&Untrusted>| {
            from.map(|from| format!(" from {}", from.to_display(ADDRESS_CELLS))).unwrap_or_default()
        };
        if old.status == Status::Inactive {
            // Those since its last use.
            let refused = old.refused_at.filter(|at| old.last_used_at.is_none_or(|last| last < *at));
            let words = refused.map_or_else(
                || "Old key is deactivated, and no request was refused since: safe to finish.".to_owned(),
                |at| {
                    let from = from(old.refused_from.as_ref());
                    format!(
                        "Old key is deactivated, and was refused {}{from}: something still needs it.",
                        relative(at, now)
                    )
                },
            );
            return Self { is_safe: Some(refused.is_none()), words };
        }
        let Some(last) = old.last_used_at else {
            return Self { is_safe: Some(true), words: "The old key was never used: safe to finish.".to_owned() };
        };
        let quiet = (now - last).max(TimeDelta::zero());
        let used = format!("Old key used {}{}", relative(last, now), from(old.last_used_from.as_ref()));
        let pause = longest_pause(usage);
        match pause {
            Some(pause) if quiet > pause => {
                let words = format!(
                    "Old key quiet for {}, longer than its usual pause ({}): safe to finish.",
                    span(quiet),
                    span(pause)
                );
                Self { is_safe: Some(true), words }
            }
            Some(pause) if quiet >= TimeDelta::hours(1) => {
                let words = format!("{used}, within its usual pause ({}): not safe to finish.", span(pause));
                Self { is_safe: Some(false), words }
            }
            None if quiet > FORGOTTEN && !usage.is_empty() => {
                Self { is_safe: Some(true), words: format!("Old key quiet for {}: safe to finish.", span(quiet)) }
            }
            None if quiet >= TimeDelta::hours(24) => {
                let why = if usage.is_empty() {
                    "this server doesn't count its uses"
                } else {
                    "it was used too seldom to know its usual pause"
                };
                Self { is_safe: None, words: format!("{used}; {why}. Check who uses it before you finish.") }
            }
            _ => Self { is_safe: Some(false), words: format!("{used}: not safe to finish.") },
        }
    }
}

/// How long a key was not used between two uses, at the most.
fn longest_pause(usage: &[KeyUsage]) -> Option<TimeDelta> {
    let pauses = usage.iter().filter_map(|usage| {
        let span = TimeDelta::hours(usage.span.hours());
        let used: Vec<_> = usage.counts.iter().filter(|count| count.uses > 0).map(|count| count.at).collect();
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
pub(crate) async fn advise(client: &Client, old: &AccessKey, now: DateTime<Utc>) -> Advice {
    let mut usage = Vec::new();
    for days in ADVICE_DAYS {
        // Without counts the advice says so.
        usage.extend(client.usage(&old.id, days).await.ok());
    }
    Advice::of(old, &usage, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{KeyId, UsageCount};

    fn now() -> DateTime<Utc> {
        "2027-01-31T12:30:00Z".parse().unwrap()
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
        let advice = Advice::of(&old, if none { &[] } else { &counted }, now());
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
                &[6, 5, 4, 3],
                &[1, 0],
                Some(true),
                "Old key quiet for 3 h, longer than its usual pause (2 h): safe to finish.",
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
            last_used_at: Some(now() - TimeDelta::minutes(9)),
            refused_at: Some(now() - TimeDelta::minutes(10)),
            refused_from: Some(Untrusted::new("10.0.3.7")),
            ..AccessKey::new(KeyId::parse("PK1").unwrap(), now())
        };
        let advice = Advice::of(&off, &[], now());
        assert_eq!((advice.is_safe, advice.words.contains("no request was refused since")), (Some(true), true));
        let tried = AccessKey { refused_at: Some(now() - TimeDelta::minutes(3)), ..off };
        let advice = Advice::of(&tried, &[], now());
        assert_eq!(advice.is_safe, Some(false));
        assert!(advice.words.contains("was refused 3 min ago from 10.0.3.7"), "{}", advice.words);
    }
}
