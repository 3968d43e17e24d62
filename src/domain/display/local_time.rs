//! The moment that a clock in some time zone shows.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Timelike as _, Utc};

/// The longest gap that a change of clocks makes: Samoa skipped a whole day, 2011-12-30.
const LONGEST_GAP_MINUTES: i64 = 24 * 60;

/// The moment that a clock in `zone` shows as `local`. Where the change of clocks repeats an hour, the later moment;
/// where it skips one, the moment after the gap: neither cuts a key short.
pub fn in_zone(zone: &impl TimeZone, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    (0..=LONGEST_GAP_MINUTES).find_map(|minutes| {
        let later = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        // Clocks change at whole minutes.
        let later = if minutes == 0 { later } else { later.with_second(0)? };
        match zone.from_local_datetime(&later) {
            LocalResult::None => None,
            LocalResult::Single(time) => Some(time.to_utc()),
            // `Local` gives the two in the wrong order (chronotope/chrono#1625).
            LocalResult::Ambiguous(one, other) => Some(one.to_utc().max(other.to_utc())),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::display::local_time::*;
    use chrono::{FixedOffset, NaiveDate, NaiveTime};

    /// Central European time in 2027: +01:00 until 02:00 on March 28, +02:00 until 03:00 on October 31. Gives the
    /// moments of a repeated hour in the order in which `Local` does.
    #[derive(Clone)]
    struct Berlin;

    const WINTER: FixedOffset = FixedOffset::east_opt(3600).unwrap();
    const SUMMER: FixedOffset = FixedOffset::east_opt(7200).unwrap();

    impl TimeZone for Berlin {
        type Offset = FixedOffset;

        fn from_offset(_: &FixedOffset) -> Self {
            Self
        }

        fn offset_from_local_date(&self, date: &NaiveDate) -> LocalResult<FixedOffset> {
            self.offset_from_local_datetime(&date.and_time(NaiveTime::MIN))
        }

        fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> LocalResult<FixedOffset> {
            let [gap, spring, repeat, autumn] = ["03-28 02:00", "03-28 03:00", "10-31 02:00", "10-31 03:00"].map(at);
            match *local {
                time if time < gap || time >= autumn => LocalResult::Single(WINTER),
                time if time < spring => LocalResult::None,
                time if time < repeat => LocalResult::Single(SUMMER),
                _ => LocalResult::Ambiguous(WINTER, SUMMER),
            }
        }

        fn offset_from_utc_date(&self, _: &NaiveDate) -> FixedOffset {
            WINTER
        }

        fn offset_from_utc_datetime(&self, _: &NaiveDateTime) -> FixedOffset {
            WINTER
        }
    }

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(&format!("2027-{text}"), "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn a_change_of_clocks_cuts_no_key_short() {
        for (local, utc) in [
            ("03-28 01:59", "03-28 00:59"),
            ("03-28 02:00", "03-28 01:00"),
            ("03-28 02:30", "03-28 01:00"),
            ("03-28 03:00", "03-28 01:00"),
            ("10-31 02:30", "10-31 01:30"),
            ("10-31 03:00", "10-31 02:00"),
        ] {
            assert_eq!(in_zone(&Berlin, at(local)), Some(at(utc).and_utc()), "{local}");
        }
    }
}
