//! Keeps a flood of refusals from filling the log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long no other line of the kind is written.
const PAUSE: Duration = Duration::from_secs(10);

/// Lets one line of a kind through in ten seconds.
#[derive(Debug, Default)]
pub(crate) struct LineLimiter(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    last: Option<Instant>,
    /// Since then.
    unwritten: u64,
}

impl LineLimiter {
    /// Whether to write a line now: gives how many were not written since the last one.
    pub(crate) fn admit(&self, now: Instant) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            lines.unwritten += 1;
            return None;
        }
        lines.last = Some(now);
        Some(std::mem::take(&mut lines.unwritten))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_ten_seconds_and_the_count_of_the_others() {
        let (limiter, begun) = (LineLimiter::default(), Instant::now());
        assert_eq!(limiter.admit(begun), Some(0));
        assert_eq!([1, 2, 9].map(|s| limiter.admit(begun + Duration::from_secs(s))), [None; 3]);
        assert_eq!(limiter.admit(begun + Duration::from_secs(10)), Some(3));
        assert_eq!(limiter.admit(begun + Duration::from_secs(20)), Some(0));
    }
}
