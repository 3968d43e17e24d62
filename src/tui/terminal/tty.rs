//! The terminal that the program runs on.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Signal, kill_current_process_group};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::Terminal;
use super::input::Reader;
use crate::domain::Background;
use crate::platform::raw_mode;
use crate::tui::screen::wipe;

/// The controlling terminal, from entering to leaving: read and written without ever blocking.
pub struct Tty {
    /// A file description of our own where possible: made non-blocking, it leaves the shell's as it is.
    fd: AsyncFd<OwnedFd>,
    /// Whether it is the one that the shell gave us.
    is_given: bool,
    reader: Reader,
    /// Bytes that the terminal has not taken yet.
    unsent: Vec<u8>,
    /// What it was asked and has not answered.
    asks: Questions,
}

/// What a terminal is asked at the start. Nothing waits for an answer, but one that is under way must not be typed to the
/// shell.
struct Questions {
    /// How wide ambiguous characters are.
    width: bool,
    /// What its background is: not every terminal knows this one.
    background: bool,
    /// Where the cursor is, which every terminal knows, and answers after the others.
    place: bool,
    at: Instant,
}

/// One character of ambiguous width, where it leaves the cursor, and nothing of it.
const ASK_WIDTH: &str = "\x1b[H●\x1b[6n\r\x1b[K";
/// The background (OSC 11). Its end is BEL: what GNU screen and old terminals take for one.
const ASK_BACKGROUND: &str = "\x1b]11;?\x07";
const ASK_PLACE: &str = "\x1b[6n";
/// How long an answer that is still to come is waited for on leaving: over most links it is there before that.
const ANSWER: Duration = Duration::from_millis(150);
/// A terminal that has answered nothing for so long never will.
const SILENT: Duration = Duration::from_secs(10);
/// Who has told the cursor's place, and nothing else for so long after that, doesn't know its background.
const ASKED: Duration = Duration::from_secs(1);

impl Questions {
    /// Whether an answer may be under way.
    fn are_open(&self) -> bool {
        let since = self.at.elapsed();
        self.place && since < SILENT || self.background && since < ASKED
    }

    /// What has not come by now is not waited for again.
    const fn close(&mut self) {
        (self.width, self.background, self.place) = (false, false, false);
    }
}

impl Tty {
    /// Opens the controlling terminal and enters: raw mode, alternate screen, hidden cursor, bracketed paste,
    /// focus reports. Asks it how wide ambiguous characters are and what its background is, if that is to be known. Fails if
    /// standard input and output are not a terminal.
    pub fn open(asks_width: bool, asks_background: bool) -> io::Result<Self> {
        if !rustix::termios::isatty(rustix::stdio::stdin()) || !rustix::termios::isatty(rustix::stdio::stdout()) {
            return Err(io::Error::other(
                "latchkey is a full-screen program: its standard input and output must be a terminal",
            ));
        }
        let (fd, is_given) = open()?;
        let place = asks_width || asks_background;
        let asks = Questions { width: asks_width, background: asks_background, place, at: Instant::now() };
        let mut tty = Self { fd: watch(fd)?, is_given, reader: Reader::new(), unsent: Vec::new(), asks };
        raw_mode::enter(&mut tty.unsent)?;
        if asks_background {
            tty.unsent.extend_from_slice(ASK_BACKGROUND.as_bytes());
        }
        tty.reader.expect(place);
        if place {
            tty.unsent.extend_from_slice(if asks_width { ASK_WIDTH } else { ASK_PLACE }.as_bytes());
        }
        tty.entered()?;
        Ok(tty)
    }

    /// Reads until no answer is under way: the shell would take it for typed.
    async fn settle(&mut self) {
        let mut events = VecDeque::new();
        while self.asks.are_open() && self.reader.read(&self.fd, &mut events).await.is_ok() {
            events.clear();
            let _ = (self.widens(), self.background());
        }
    }

    fn entered(&mut self) -> io::Result<()> {
        if self.is_given {
            raw_mode::unblock_given()?;
        }
        self.flush()
    }

    /// Columns and rows, by the terminal. One that does not know (a serial line) may say it in LINES and COLUMNS.
    fn reported_size(&self) -> (Option<u16>, Option<u16>) {
        let reported = rustix::termios::tcgetwinsize(self.fd.get_ref()).map_or((0, 0), |s| (s.ws_col, s.ws_row));
        let or = |reported: u16, variable: &str| match reported {
            0 => std::env::var(variable).ok().and_then(|v| v.parse().ok()).filter(|n| *n > 0),
            n => Some(n),
        };
        (or(reported.0, "COLUMNS"), or(reported.1, "LINES"))
    }
}

impl Terminal for Tty {
    fn size(&self) -> (u16, u16) {
        let (columns, rows) = self.reported_size();
        (columns.unwrap_or(80), rows.unwrap_or(24))
    }

    fn knows_size(&self) -> bool {
        let (columns, rows) = self.reported_size();
        columns.is_some() && rows.is_some()
    }

    async fn read(&mut self, events: &mut VecDeque<Event>) -> io::Result<()> {
        if !self.is_behind() {
            return self.reader.read(&self.fd, events).await;
        }
        tokio::select! {
            ready = self.fd.writable() => ready?.clear_ready(),
            read = self.reader.read(&self.fd, events) => return read,
        }
        self.flush()
    }

    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.unsent
    }

    fn is_behind(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Wipes what was sent: it may hold a shown secret.
    fn flush(&mut self) -> io::Result<()> {
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
        wipe(&mut self.unsent);
        Ok(())
    }

    fn widens(&mut self) -> Option<bool> {
        let column = self.reader.take_column().filter(|_| self.asks.place)?;
        self.asks.place = false;
        self.reader.expect(false); // it answers in turn
        std::mem::take(&mut self.asks.width).then_some(column > 2)
    }

    fn background(&mut self) -> Option<Background> {
        let background = self.reader.take_background().filter(|_| self.asks.background)?;
        self.asks.background = false;
        Some(background)
    }

    fn is_entered(&self) -> bool {
        raw_mode::is_entered()
    }

    fn enter(&mut self) -> io::Result<()> {
        self.reader = Reader::new();
        raw_mode::enter(&mut self.unsent)?;
        self.entered()
    }

    async fn leave(&mut self) {
        // While the page is still there: what is typed in that time is not meant for the shell.
        if !self.is_behind() && self.asks.are_open() {
            let _ = tokio::time::timeout(ANSWER, self.settle()).await;
            self.asks.close();
        }
        raw_mode::leave(&mut self.unsent);
        let _ = self.flush();
        let _ = tokio::time::timeout(raw_mode::PATIENCE, async {
            while self.is_behind() && self.read(&mut VecDeque::new()).await.is_ok() {}
        })
        .await;
        wipe(&mut self.unsent);
        raw_mode::left();
    }

    fn stop(&self) -> io::Result<()> {
        Ok(kill_current_process_group(Signal::STOP)?)
    }
}

/// The terminal, not blocking: by a description of our own, or, where there is no controlling terminal (`su -c`)
/// and the device belongs to another user, by the one we were given.
fn open() -> io::Result<(OwnedFd, bool)> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open("/dev/tty", flags, Mode::empty()) {
        Ok(fd) => Ok((fd, false)),
        Err(_) => Ok((raw_mode::given()?, true)),
    }
}

/// Lets the runtime wait for a file descriptor.
#[expect(unsafe_code, reason = "tokio cannot know that an `OwnedFd` keeps its descriptor open; it does")]
pub(super) fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is an open file descriptor until it is dropped, always the same one, and the
    // `AsyncFd` owns it; nothing here replaces it.
    unsafe { Ok(AsyncFd::register_with_interest(fd, Interest::READABLE | Interest::WRITABLE)?) }
}
