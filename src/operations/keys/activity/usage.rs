//! How a key was used, in words and as a strip.

use chrono::{DateTime, Local, Utc};
use unicode_width::UnicodeWidthStr as _;

use crate::client::Client;
use crate::domain::{AddressUsage, Charset, Dates, KeyId, KeyUsage, UsageSpan};
use crate::operations::format::grouped;

/// The days that a confirmation tells of.
pub(crate) const LAST_DAY: u16 = 1;

/// The title of refusals.
pub(crate) const REFUSED: &str = "Refused";
/// Cells of an address: longer ones are none.
const ADDRESS_CELLS: usize = 64;
/// Addresses in a line.
const LISTED: usize = 3;

/// Counts as one character each, the highest as a full block, none as a dot. In ASCII, and where blocks would take two
/// cells, from 1 to 9.
pub(crate) fn strip(series: &[u64]) -> String {
    strip_with(series, if Charset::spoken() == Charset::Utf8 { '·' } else { '.' })
}

/// The same, and what stands for none: in a column of strips, a blank.
pub(crate) fn strip_with(series: &[u64], none: char) -> String {
    let blocks: &[char] = match Charset::spoken() {
        Charset::Ascii | Charset::Wide => &['1', '2', '3', '4', '5', '6', '7', '8', '9'],
        Charset::Utf8 => &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    };
    let most = series.iter().copied().max().unwrap_or(0).max(1);
    // Whatever was used at all is seen.
    let step = |count: u64| (u128::from(count) * blocks.len() as u128).div_ceil(most.into());
    let block = |count: u64| match usize::try_from(step(count)).ok().and_then(|step| step.checked_sub(1)) {
        None => none,
        Some(at) => blocks.get(at).copied().unwrap_or(none),
    };
    series.iter().map(|count| block(*count)).collect()
}

/// The uses over time, and how much time each character stands for: as much as it takes to fit in so many cells.
pub(crate) fn by_time(usage: &KeyUsage, room: Option<usize>) -> String {
    let series = usage.series();
    let line = |spans: usize| {
        let sum = |part: &[u64]| part.iter().copied().fold(0, u64::saturating_add);
        let sums: Vec<u64> = series.chunks(spans).map(sum).collect();
        format!("{} ({} each)", strip(&sums), span(usage.span, spans))
    };
    let mut lines = (1..=series.len()).map(line);
    lines.find(|line| room.is_none_or(|room| line.width() <= room)).unwrap_or_else(|| line(1))
}

/// What there is to know, each with its title; times in UTC or the local time zone.
pub(crate) fn facts(usage: &KeyUsage, dates: Dates) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Uses", grouped(usage.uses()))];
    if usage.uses() > 0 {
        let uses = usage.addresses.iter().filter(|one| one.uses > 0);
        let listed: Vec<String> =
            uses.take(LISTED).map(|one| format!("{} ({})", name(one), grouped(one.uses))).collect();
        let more = if usage.address_count > LISTED as u64 || usage.has_more_addresses { ", …" } else { "" };
        facts.push(("From", format!("{}{}", listed.join(", "), in_charset(more))));
    }
    if usage.refusals() > 0 {
        facts.push((REFUSED, refused(usage, dates)));
    }
    if let Some(tokens) = tokens(usage, dates) {
        facts.push(("Access tokens", tokens));
    }
    facts
}

/// "14 times from 203.0.113.9, last 11:02".
fn refused(usage: &KeyUsage, dates: Dates) -> String {
    let mut refused: Vec<&AddressUsage> = usage.addresses.iter().filter(|one| one.refusals > 0).collect();
    refused.sort_by_key(|one| std::cmp::Reverse(one.refusals));
    let mut words: Vec<String> = refused
        .iter()
        .take(LISTED)
        .map(|one| {
            let last = one.refused_at.map(|at| format!(", last {}", short(at, usage.until, dates))).unwrap_or_default();
            format!("{} from {}{last}", times(one.refusals), name(one))
        })
        .collect();
    let shown = refused.iter().take(LISTED).map(|one| one.refusals).fold(0, u64::saturating_add);
    let others = usage.refusals().saturating_sub(shown);
    if others > 0 {
        words.push(format!("{} from others", times(others)));
    }
    words.join("; ")
}

/// Valid access tokens, if there are any.
fn tokens(usage: &KeyUsage, dates: Dates) -> Option<String> {
    let until = usage.tokens_until.map(|until| format!(", until {}", short(until, usage.until, dates)));
    let until = until.unwrap_or_default();
    (usage.tokens > 0).then(|| format!("{} valid{until}", grouped(usage.tokens)))
}

/// What would stop working with a key: calls of the last 24 hours and valid access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// A sentence.
    pub words: String,
    /// Whether there are any.
    pub is_in_use: bool,
}

impl Impact {
    pub(crate) fn of(usage: &KeyUsage) -> Self {
        Self { words: impact(usage), is_in_use: usage.uses() > 0 || usage.tokens > 0 }
    }
}

fn impact(usage: &KeyUsage) -> String {
    let calls = match usage.uses() {
        0 => "no calls".to_owned(),
        uses => format!("{} from {}", counted(uses, "call"), addresses(usage)),
    };
    let tokens = match usage.tokens {
        0 => "no valid access tokens".to_owned(),
        tokens => counted(tokens, "valid access token"),
    };
    format!("Last 24 hours: {calls}; {tokens}.")
}

/// The same of a key at a server; none if it doesn't say.
pub(crate) async fn impact_at(client: &Client, id: &KeyId) -> Option<String> {
    client.usage(id, LAST_DAY).await.ok().map(|usage| Impact::of(&usage).words)
}

fn addresses(usage: &KeyUsage) -> String {
    let more = if usage.has_more_addresses { "more than " } else { "" };
    let count = usage.address_count.max(1);
    if count == 1 { format!("{more}1 address") } else { format!("{more}{} addresses", grouped(count)) }
}

/// "a day", "4 hours".
fn span(span: UsageSpan, count: usize) -> String {
    match (span, count) {
        (UsageSpan::Hour, 1) => "an hour".to_owned(),
        (UsageSpan::Day, 1) => "a day".to_owned(),
        (UsageSpan::Hour, _) => format!("{count} hours"),
        (UsageSpan::Day, _) => format!("{count} days"),
    }
}

fn name(one: &AddressUsage) -> String {
    one.address.to_display(ADDRESS_CELLS)
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count)) }
}

pub(crate) fn counted(count: u64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{} {unit}s", grouped(count)) }
}

fn in_charset(text: &'static str) -> String {
    text.replace('…', &Charset::spoken().ellipsis().to_string())
}

/// A time of today without its date, any other with it; in UTC, or else in the local time zone.
pub(crate) fn short(at: DateTime<Utc>, now: DateTime<Utc>, dates: Dates) -> String {
    let (at, now, zone) = match dates {
        Dates::Utc => (at.naive_utc(), now.naive_utc(), "Z"),
        Dates::Relative | Dates::Iso => {
            (at.with_timezone(&Local).naive_local(), now.with_timezone(&Local).naive_local(), "")
        }
    };
    let form = if at.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    format!("{}{zone}", at.format(form))
}

#[cfg(test)]
mod tests {
    use crate::domain::{Untrusted, UsageCount};
    use crate::operations::keys::activity::usage::*;

    fn usage() -> KeyUsage {
        let until: DateTime<Utc> = "2026-11-26T12:30:00Z".parse().unwrap();
        let one = |address: &str, uses, refusals| AddressUsage {
            address: Untrusted::new(address),
            uses,
            refusals,
            used_at: None,
            refused_at: (refusals > 0).then_some(until - chrono::TimeDelta::days(2)),
        };
        let count = |day: &str, uses, refusals| UsageCount { at: day.parse().unwrap(), uses, refusals };
        KeyUsage {
            since: "2026-11-20T00:00:00Z".parse().unwrap(),
            until,
            span: UsageSpan::Day,
            counts: vec![count("2026-11-21T00:00:00Z", 1, 0), count("2026-11-24T00:00:00Z", 1203, 17)],
            addresses: vec![one("192.0.2.1", 1200, 0), one("192.0.2.2", 4, 0), one("203.0.113.9", 0, 14)],
            address_count: 2,
            has_more_addresses: false,
            tokens: 0,
            tokens_until: None,
        }
    }

    #[test]
    fn a_strip_shows_whatever_was_used() {
        assert_eq!(strip(&[0, 1, 500, 1000]), "·▁▄█");
        assert_eq!(strip(&[0, 0]), "··");
        assert_eq!(strip_with(&[0, 7, 0], ' '), " █ ");
        assert_eq!(strip(&[u64::MAX, 1, 0]), "█▁·");
        assert_eq!(strip(&usage().series()), "·▁··█··");
    }

    #[test]
    fn a_strip_fits_in_its_room() {
        let mut usage = usage();
        assert_eq!(by_time(&usage, None), "·▁··█·· (a day each)");
        assert_eq!(by_time(&usage, Some(20)), "·▁··█·· (a day each)");
        assert_eq!(by_time(&usage, Some(19)), "▁·█· (2 days each)");
        assert_eq!(by_time(&usage, Some(3)), "·▁··█·· (a day each)", "too narrow for any");
        usage.span = UsageSpan::Hour;
        let line = by_time(&usage, Some(80 - 15));
        assert!(line.ends_with(" (4 hours each)") && line.width() <= 80 - 15, "{line}");
    }

    #[test]
    fn what_is_said_of_a_key() {
        let mut usage = usage();
        let said = |usage: &KeyUsage| {
            facts(usage, Dates::Iso).into_iter().map(|(title, text)| format!("{title}: {text}")).collect::<Vec<_>>()
        };
        let facts = said(&usage);
        assert_eq!(facts[..2], ["Uses: 1,204", "From: 192.0.2.1 (1,200), 192.0.2.2 (4)"]);
        assert!(facts[2].starts_with("Refused: 14 times from 203.0.113.9, last 2026-11-24 "), "{facts:?}");
        assert!(facts[2].ends_with("; 3 times from others"), "{facts:?}");
        assert_eq!(impact(&usage), "Last 24 hours: 1,204 calls from 2 addresses; no valid access tokens.");
        let in_utc = crate::operations::keys::activity::usage::facts(&usage, Dates::Utc);
        assert_eq!(in_utc[2].1, "14 times from 203.0.113.9, last 2026-11-24 12:30Z; 3 times from others");
        usage.counts.clear();
        usage.addresses.clear();
        (usage.tokens, usage.tokens_until) = (1, Some(usage.until));
        assert_eq!(impact(&usage), "Last 24 hours: no calls; 1 valid access token.");
        assert!(said(&usage)[1].starts_with("Access tokens: 1 valid, until "));
        assert_eq!(crate::operations::keys::activity::usage::facts(&usage, Dates::Utc)[1].1, "1 valid, until 12:30Z");
    }
}
