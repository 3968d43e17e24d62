//! A reading of the clock, as a value.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// One moment by both clocks: one that never jumps, for waiting; one that people read.
#[derive(Clone, Copy, Debug)]
pub struct ClockReading {
    /// For deadlines.
    pub at: Instant,
    /// For the screen.
    pub utc: DateTime<Utc>,
}

impl ClockReading {
    /// Reads both clocks.
    pub fn now() -> Self {
        Self { at: Instant::now(), utc: Utc::now() }
    }

    /// A reading after so much time.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self { at: self.at + time, utc: self.utc + time }
    }

    /// Seconds until `end`; one that has begun counts.
    pub fn seconds_until(self, end: Instant) -> u64 {
        u64::try_from(end.saturating_duration_since(self.at).as_millis().div_ceil(1000)).unwrap_or(0)
    }

    /// When [`seconds_until`](Self::seconds_until) is another number.
    pub fn next_second_until(self, end: Instant) -> Instant {
        end.checked_sub(Duration::from_secs(self.seconds_until(end).saturating_sub(1))).unwrap_or(end)
    }
}
