//! A clock that can't be set.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time since the machine was started, with the time that it slept.
pub fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
