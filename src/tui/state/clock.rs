//! A reading of the clock, as a value.

use std::time::Instant;

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
}
