//! The event loop that joins terminal, state and API task.
//!
//! One turn takes one event, makes one synchronous update, performs at most one effect and draws one frame. The loop is
//! generic over the [`Terminal`](super::terminal::Terminal) and the [`Machine`]: tests run it in memory.

mod creates;
mod event_loop;
mod machine;
mod mouse;
mod options;
mod suspend;
mod tasks;

/// What the tests in `tests/` look at and set up beside what the loop does.
pub mod test_support {
    use super::{Machine, Runtime};
    use crate::tui::state::State;
    use crate::tui::terminal::Terminal;

    /// What is on the page.
    pub const fn state<T: Terminal, M: Machine>(page: &Runtime<T, M>) -> &State {
        &page.state
    }

    /// What is on the page, to be changed by a call that the loop would make.
    pub const fn state_mut<T: Terminal, M: Machine>(page: &mut Runtime<T, M>) -> &mut State {
        &mut page.state
    }
}

pub use crate::platform::process::signals::{SignalEvent, Signals};
pub use event_loop::{RunOutcome, Runtime};
pub use machine::{Machine, ThisMachine};
pub use options::Options;
