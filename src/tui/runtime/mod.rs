//! The event loop that joins terminal, state and API task.
//!
//! One turn takes one event, makes one synchronous update, performs at most one effect and draws one frame. The loop is
//! generic over the [`Terminal`](super::terminal::Terminal) and the [`Machine`]: tests run it in memory.

mod creates;
mod event_loop;
mod machine;
mod options;
mod suspend;
mod tasks;

pub use crate::platform::signals::{SignalEvent, Signals};
pub use event_loop::{RunOutcome, Runtime};
pub use machine::{Machine, ThisMachine};
pub use options::Options;
