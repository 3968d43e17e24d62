//! The server's clock, as its answers tell it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{DATE, HeaderMap};

/// How far a server's clock is ahead of ours, by its last answer. All copies of a client share it.
#[derive(Clone)]
pub(crate) struct ServerClock(Arc<AtomicI64>);

/// No answer has told it.
const UNKNOWN: i64 = i64::MIN;
/// Seconds that are no difference: an answer has whole seconds, and is under way for some.
const TOLERANCE: i64 = 60;

impl ServerClock {
    /// A clock that is not known yet.
    pub(crate) fn unknown() -> Self {
        Self(Arc::new(AtomicI64::new(UNKNOWN)))
    }

    /// The clock of this machine.
    pub(crate) fn ours() -> Self {
        Self(Arc::new(AtomicI64::new(0)))
    }

    pub(crate) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != UNKNOWN
    }

    /// Takes what an answer says.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        if let Some(theirs) = date(headers) {
            self.0.store((theirs - Utc::now()).num_seconds(), Ordering::Relaxed);
        }
    }

    /// How far it is ahead of ours: nothing if that is less than a minute, or not known.
    pub(crate) fn ahead(&self) -> TimeDelta {
        let seconds = self.0.load(Ordering::Relaxed);
        let is_off = seconds != UNKNOWN && seconds.unsigned_abs() >= TOLERANCE.unsigned_abs();
        TimeDelta::try_seconds(seconds).filter(|_| is_off).unwrap_or_default()
    }
}

/// The server's time in an answer, in whole seconds (`Date`, RFC 9110, section 6.6.1).
pub(crate) fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// The time in a header, which has RFC 2822's form with `GMT` for the zone (RFC 9110, section 5.6.7).
pub(crate) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_is_off_counts() {
        let clock = ServerClock::unknown();
        assert!(!clock.is_known() && clock.ahead().is_zero());
        for (ahead, counts) in [(0, false), (30, false), (-30, false), (3600, true), (-172_800, true)] {
            let theirs = (Utc::now() + TimeDelta::seconds(ahead)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let headers = [(DATE, theirs.parse().unwrap())].into_iter().collect();
            clock.note(&headers);
            let off = (clock.ahead().num_seconds() - ahead).abs();
            assert!(clock.is_known() && if counts { off < 60 } else { clock.ahead().is_zero() }, "{ahead}");
        }
        clock.note(&HeaderMap::new());
        assert!(clock.is_known(), "an answer without a date changes nothing");
        assert!(ServerClock::ours().is_known() && ServerClock::ours().ahead().is_zero());
    }
}
