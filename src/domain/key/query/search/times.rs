//! Times in the language of searches: `90d`, `2027-01-31`, `<30d`, `2027-01-01..2027-01-15`.

use std::fmt::{Display, Formatter};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc};

use super::super::conditions::TimeRange;
use crate::domain::in_zone;

/// The longest span, in days: a hundred years.
const MOST_DAYS: u64 = 36_525;

const SPANS: &str = "use 90d (also h, w, y), 2027-01-31, 2027-01 or 2027-01-31T18:00:00Z";

/// A time or a span of time, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Moment {
    /// A number of [`Unit`]s.
    Span(u32, Unit),
    Day(NaiveDate),
    /// A month, by its first day.
    Month(NaiveDate),
    At(DateTime<Utc>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Unit {
    Hour,
    Day,
    Week,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum When {
    Compared(Sign, Moment),
    /// In this day or month, or at this time.
    In(Moment),
    /// From one to another, both included. Neither is a span.
    Between(Moment, Moment),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sign {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl When {
    pub(super) fn parse(field: &str, text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{field}: {why}");
        if let Some((from, to)) = text.split_once("..") {
            let [from, to] = [from, to].map(Moment::parse);
            let (from, to) = (from.map_err(|why| wrong(&why))?, to.map_err(|why| wrong(&why))?);
            if matches!(from, Moment::Span(..)) || matches!(to, Moment::Span(..)) {
                return Err(wrong("a range needs two dates, as in 2027-01-01..2027-01-31"));
            }
            return Ok(Self::Between(from, to));
        }
        let known = [("<=", Sign::AtMost), (">=", Sign::AtLeast), ("<", Sign::Less), (">", Sign::More)];
        let compared = known.into_iter().find_map(|(sign, how)| Some((text.strip_prefix(sign)?, how)));
        let moment = Moment::parse(compared.map_or(text, |(rest, _)| rest)).map_err(|why| {
            let or = match field {
                "expires" => ", or never",
                "reactivates" => ", or any",
                _ => "",
            };
            wrong(&format!("{why}, with < or > before it{or}"))
        })?;
        match (compared, moment) {
            (Some((_, how)), moment) => Ok(Self::Compared(how, moment)),
            (None, Moment::Span(..)) => Err(wrong(&format!("write {field}:<{text} or {field}:>{text}"))),
            (None, moment) => Ok(Self::In(moment)),
        }
    }

    pub(super) fn in_zone(self, zone: &impl TimeZone) -> Self {
        let is_time = |moment: &Moment| matches!(moment, Moment::Span(..) | Moment::At(_));
        let range = match self {
            Self::Compared(_, moment) | Self::In(moment) if is_time(&moment) => return self,
            Self::Between(from, to) if is_time(&from) && is_time(&to) => return self,
            // The span of days makes no difference here.
            _ => self.range(DateTime::UNIX_EPOCH, zone, false),
        };
        match (range.from, range.before) {
            (Some(from), Some(before)) => {
                Self::Between(Moment::At(from), Moment::At(before - TimeDelta::milliseconds(1)))
            }
            (Some(from), None) => Self::Compared(Sign::AtLeast, Moment::At(from)),
            (None, Some(before)) => Self::Compared(Sign::Less, Moment::At(before)),
            (None, None) => self,
        }
    }

    /// The times that are meant. A span is the distance from `now`: back, or `ahead`.
    pub(super) fn range(self, now: DateTime<Utc>, zone: &impl TimeZone, ahead: bool) -> TimeRange {
        let just_after = |time: DateTime<Utc>| time.checked_add_signed(TimeDelta::milliseconds(1));
        match self {
            Self::Compared(how, Moment::Span(n, unit)) => {
                let is_near = matches!(how, Sign::Less | Sign::AtMost);
                let span = span(n, unit);
                match (ahead, is_near) {
                    (true, true) => TimeRange { from: just_after(now), before: now.checked_add_signed(span) },
                    (true, false) => TimeRange { from: now.checked_add_signed(span), before: None },
                    (false, true) => TimeRange { from: now.checked_sub_signed(span), before: None },
                    (false, false) => TimeRange { from: None, before: now.checked_sub_signed(span) },
                }
            }
            Self::Compared(how, moment) => {
                let (start, end) = moment.period(zone);
                match how {
                    Sign::Less => TimeRange { from: None, before: start },
                    Sign::AtMost => TimeRange { from: None, before: end },
                    Sign::More => TimeRange { from: end, before: None },
                    Sign::AtLeast => TimeRange { from: start, before: None },
                }
            }
            Self::In(moment) => {
                let (from, before) = moment.period(zone);
                TimeRange { from, before }
            }
            Self::Between(one, other) => TimeRange { from: one.period(zone).0, before: other.period(zone).1 },
        }
    }
}

impl Moment {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.to_utc()));
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Self::known(day).map(Self::Day);
        }
        if text.len() == 7
            && let Ok(first) = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d")
        {
            return Self::known(first).map(Self::Month);
        }
        let mut chars = text.chars();
        let unit = chars.next_back().and_then(|last| Unit::ALL.into_iter().find(|unit| unit.letter() == last));
        let digits = chars.as_str();
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let (Some(unit), true) = (unit, is_number) else {
            let parts: Vec<&str> = text.split('-').collect();
            let is_date = parts.len() >= 2 && parts.iter().all(|part| part.parse::<u16>().is_ok());
            let why = if is_date { "that day is not in the calendar; " } else { "" };
            return Err(format!("{why}{SPANS}"));
        };
        let n = digits.parse().ok().filter(|n| u64::from(*n) * unit.hours() <= MOST_DAYS * 24);
        n.map(|n| Self::Span(n, unit)).ok_or_else(|| "that is more than a hundred years".to_owned())
    }

    /// Refuses a year that no key has: RFC 3339 has four digits.
    fn known(day: NaiveDate) -> Result<NaiveDate, String> {
        if (1970..=9999).contains(&day.year()) { Ok(day) } else { Err("use a year from 1970 to 9999".to_owned()) }
    }

    /// Its beginning, if it is a day or a month.
    pub(super) fn start_in(self, zone: &impl TimeZone) -> Option<DateTime<Utc>> {
        match self {
            Self::Day(_) | Self::Month(_) => self.period(zone).0,
            Self::Span(..) | Self::At(_) => None,
        }
    }

    /// The time before which something is unused.
    pub(super) fn before(self, now: DateTime<Utc>, zone: &impl TimeZone) -> DateTime<Utc> {
        let time = match self {
            Self::Span(n, unit) => now.checked_sub_signed(span(n, unit)),
            _ => self.period(zone).0,
        };
        time.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Its beginning, and what follows its end.
    fn period(self, zone: &impl TimeZone) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let start = |day: NaiveDate| in_zone(zone, day.and_time(NaiveTime::MIN));
        match self {
            Self::Day(day) => (start(day), day.succ_opt().and_then(start)),
            Self::Month(first) => (start(first), first.checked_add_months(Months::new(1)).and_then(start)),
            Self::At(time) => (Some(time), time.checked_add_signed(TimeDelta::milliseconds(1))),
            Self::Span(..) => (None, None),
        }
    }
}

impl Unit {
    const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Year];

    const fn letter(self) -> char {
        match self {
            Self::Hour => 'h',
            Self::Day => 'd',
            Self::Week => 'w',
            Self::Year => 'y',
        }
    }

    const fn hours(self) -> u64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 24 * 7,
            Self::Year => 24 * 365,
        }
    }
}

fn span(n: u32, unit: Unit) -> TimeDelta {
    let hours = i64::from(n).saturating_mul(i64::try_from(unit.hours()).unwrap_or(i64::MAX));
    TimeDelta::try_hours(hours).unwrap_or(TimeDelta::MAX)
}

impl Display for When {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Compared(how, moment) => {
                let sign = match how {
                    Sign::Less => "<",
                    Sign::AtMost => "<=",
                    Sign::More => ">",
                    Sign::AtLeast => ">=",
                };
                write!(f, "{sign}{moment}")
            }
            Self::In(moment) => write!(f, "{moment}"),
            Self::Between(from, to) => write!(f, "{from}..{to}"),
        }
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Span(n, unit) => write!(f, "{n}{}", unit.letter()),
            Self::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
            Self::Month(first) => write!(f, "{}", first.format("%Y-%m")),
            Self::At(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}
