//! What the event loop needs of a terminal.

use std::collections::VecDeque;
use std::io;

use crossterm::event::Event;

use crate::domain::Background;

/// A terminal of cells that sends events and takes bytes.
pub trait Terminal {
    /// Columns and rows. A guess unless it [`knows_size`](Self::knows_size).
    fn size(&self) -> (u16, u16);

    /// Whether the terminal or the environment says how large it is.
    fn knows_size(&self) -> bool;

    /// Waits until there are events, and appends them all, or until the terminal has taken more of what was written.
    /// An error means that the terminal is gone. Cancel safe: what was read is kept.
    fn read(&mut self, events: &mut VecDeque<Event>) -> impl Future<Output = io::Result<()>>;

    /// Whether characters of ambiguous width take two cells, when the terminal has just answered that. It may never.
    fn widens(&mut self) -> Option<bool> {
        None
    }

    /// The terminal's background, when it has just answered that. It may never.
    fn background(&mut self) -> Option<Background> {
        None
    }

    /// The buffer whose bytes go out with the next [`flush`](Self::flush).
    fn out(&mut self) -> &mut Vec<u8>;

    /// Whether the terminal has not taken the last frame yet: no new one should be drawn.
    fn is_behind(&self) -> bool;

    /// Writes as much as the terminal takes now.
    fn flush(&mut self) -> io::Result<()>;

    /// Whether it is entered.
    fn is_entered(&self) -> bool;

    /// Enters, at first, after [`leave`](Self::leave), or after another program may have changed the terminal's modes.
    fn enter(&mut self) -> io::Result<()>;

    /// Leaves: everything that [`enter`](Self::enter) set is put back. Errors do not matter: the terminal may be
    /// gone. The caller has blanked the screen before.
    fn leave(&mut self) -> impl Future<Output = ()>;

    /// Stops the whole job, as the terminal's own Ctrl-Z would: a script that waits for it stops too. A SIGCONT
    /// continues it.
    fn stop(&self) -> io::Result<()>;
}
