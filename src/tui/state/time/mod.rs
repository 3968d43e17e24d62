//! Readings of the clock, how fast presses come, and how long an answer is awaited.

pub(super) mod clock;
pub(super) mod pace;
pub(super) mod waiting;
