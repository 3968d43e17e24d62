//! The terminal we run on: entered and left by one door, read and written without ever blocking.

mod decoder;
mod input;

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use crossterm::event::Event;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Signal, kill_current_process_group};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

pub use crate::platform::raw_mode::leave_at_once;
pub use crate::platform::terminal_kind::TerminalKind;
pub use decoder::Decoder;
use input::Reader;

/// The terminal, from entering to leaving.
pub struct Terminal {
    /// A file description of our own where possible: made non-blocking, it leaves the shell's as it is.
    fd: AsyncFd<OwnedFd>,
    /// Whether it is the one that the shell gave us.
    is_given: bool,
    reader: Reader,
    /// Bytes that the terminal has not taken yet.
    unsent: Vec<u8>,
}

impl Terminal {
    /// Opens the controlling terminal and enters: raw mode, alternate screen, hidden cursor, bracketed paste,
    /// focus reports. Fails if standard input and output are not a terminal.
    pub fn enter() -> io::Result<Self> {
        if !rustix::termios::isatty(rustix::stdio::stdin()) || !rustix::termios::isatty(rustix::stdio::stdout()) {
            return Err(io::Error::other(
                "latchkey is a full-screen program: its standard input and output must be a terminal",
            ));
        }
        let (fd, is_given) = open()?;
        let mut terminal = Self { fd: watch(fd)?, is_given, reader: Reader::default(), unsent: Vec::new() };
        terminal.enter_again()?;
        Ok(terminal)
    }

    /// Enters after [`leave`](Self::leave), or after somebody else may have changed the terminal's modes.
    pub fn enter_again(&mut self) -> io::Result<()> {
        self.reader = Reader::default();
        crate::platform::raw_mode::enter(&mut self.unsent)?;
        if self.is_given {
            crate::platform::raw_mode::unblock_given()?;
        }
        self.flush()
    }

    /// Columns and rows. A terminal that does not know its size (a serial line) may say it in LINES and COLUMNS.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let (columns, rows) = self.said_size();
        (columns.unwrap_or(80), rows.unwrap_or(24))
    }

    /// Whether nobody says how large the terminal is: [`size`](Self::size) is a guess then.
    #[must_use]
    pub fn is_of_unknown_size(&self) -> bool {
        let (columns, rows) = self.said_size();
        columns.is_none() || rows.is_none()
    }

    fn said_size(&self) -> (Option<u16>, Option<u16>) {
        let said = rustix::termios::tcgetwinsize(self.fd.get_ref()).map_or((0, 0), |s| (s.ws_col, s.ws_row));
        let or = |said: u16, variable: &str| match said {
            0 => std::env::var(variable).ok().and_then(|v| v.parse().ok()).filter(|n| *n > 0),
            n => Some(n),
        };
        (or(said.0, "COLUMNS"), or(said.1, "LINES"))
    }

    /// Waits until there are events, and appends them all, or until the terminal has taken more of what was
    /// written. An error means that the terminal is gone. Cancel safe: what was read is kept.
    pub async fn turn(&mut self, events: &mut VecDeque<Event>) -> io::Result<()> {
        if !self.is_behind() {
            return self.reader.read(&self.fd, events).await;
        }
        tokio::select! {
            ready = self.fd.writable() => ready?.clear_ready(),
            read = self.reader.read(&self.fd, events) => return read,
        }
        self.flush()
    }

    /// The buffer whose bytes go out with the next [`flush`](Self::flush).
    pub const fn out(&mut self) -> &mut Vec<u8> {
        &mut self.unsent
    }

    /// Whether the terminal has not taken the last frame yet: no new one should be drawn.
    #[must_use]
    pub const fn is_behind(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Writes as much as the terminal takes now. What was sent is wiped: it may hold a shown secret.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match rustix::io::write(self.fd.get_ref(), &self.unsent) {
                Ok(sent) => {
                    self.unsent[..sent].fill(0);
                    self.unsent.drain(..sent);
                }
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        super::screen::wipe(&mut self.unsent);
        Ok(())
    }

    /// Leaves: everything that [`enter`](Self::enter) set is put back. Errors do not matter: the terminal may be
    /// gone. The caller has blanked the screen before.
    pub async fn leave(&mut self) {
        crate::platform::raw_mode::leave(&mut self.unsent);
        let _ = self.flush();
        let _ = tokio::time::timeout(crate::platform::raw_mode::PATIENCE, async {
            while self.is_behind() && self.turn(&mut VecDeque::new()).await.is_ok() {}
        })
        .await;
        super::screen::wipe(&mut self.unsent);
        crate::platform::raw_mode::left();
    }

    /// Whether it is entered.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        crate::platform::raw_mode::is_entered()
    }

    /// Stops the whole job, as the terminal's own Ctrl-Z would: a script that waits for us stops too. It goes on, some
    /// time, with a SIGCONT.
    pub fn stop(&self) -> io::Result<()> {
        Ok(kill_current_process_group(Signal::STOP)?)
    }
}

/// The terminal, not blocking: by a description of our own, or, where there is no controlling terminal (`su -c`)
/// and the device belongs to another user, by the one we were given.
fn open() -> io::Result<(OwnedFd, bool)> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open("/dev/tty", flags, Mode::empty()) {
        Ok(fd) => Ok((fd, false)),
        Err(_) => Ok((crate::platform::raw_mode::given()?, true)),
    }
}

/// Lets the runtime wait for a file descriptor.
#[expect(unsafe_code, reason = "tokio cannot know that an `OwnedFd` keeps its descriptor open; it does")]
fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is an open file descriptor until it is dropped, always the same one, and the
    // `AsyncFd` owns it; nothing here replaces it.
    unsafe { Ok(AsyncFd::register_with_interest(fd, Interest::READABLE | Interest::WRITABLE)?) }
}
