//! Entering and leaving raw mode, in one place for all that need it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{InputModes, OptionalActions, Termios};

/// The terminal's modes as they were, while it is ours. Global since a panic hook has nothing else to ask.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Whether the description that the shell gave us is not blocking now, by our doing.
static UNBLOCKED: AtomicBool = AtomicBool::new(false);

/// A terminal that takes nothing more must not keep us longer.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);
/// The window's title is kept on the terminal's stack (22 t), alternate screen (1049), then what a program before us
/// may have left on, a crashed one above all; cursor hidden (25), bracketed paste (2004), focus reports (1004): xterm's
/// ctlseqs and kitty's keyboard protocol.
///
/// Reset are synchronized output (2026), left and right margins (69), origin mode (6), insert mode (4), new line mode (20),
/// reverse video (5), the scroll region, application cursor keys (1) and keypad, every kind of mouse report (9, 1000 to
/// 1003) and its encodings (1005, 1006, 1015, 1016), modifyOtherKeys, kitty's flags, line drawing (SO), and the rendition;
/// lines wrap (7).
const ENTER: &[u8] =
    b"\x1b[22;2t\x1b[?1049h\x1b[?2026l\x1b[?69l\x1b[?6l\x1b[4l\x1b[20l\x1b[?5l\x1b[r\x1b[?7h\x1b[?1l\x1b>\
\x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\
\x1b[>4m\x1b[>0u\x0f\x1b(B\x1b[m\x1b[?25l\x1b[?2004h\x1b[?1004h";
/// Takes clicks and the wheel (1000), told with numbers of any size (1006).
pub(crate) const TAKE_MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Leaves them to the terminal.
pub(crate) const LEAVE_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// The reverse, in reverse, with the mouse left to the terminal, and with the rendition and the scroll region reset.
/// kitty's flags become again what they were.
const LEAVE: &[u8] = b"\x1b[m\x1b[r\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[23;2t\x1b[?1049l";

/// A copy of the standard input's descriptor. Its description is shared with the shell.
pub(crate) fn given() -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?)
}

/// Makes the given description not blocking, until the terminal is left.
pub(crate) fn unblock_given() -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(rustix::stdio::stdin())?;
    if !flags.contains(OFlags::NONBLOCK) {
        rustix::fs::fcntl_setfl(rustix::stdio::stdin(), flags | OFlags::NONBLOCK)?;
        UNBLOCKED.store(true, Ordering::SeqCst);
    }
    Ok(())
}

fn block_given() {
    if UNBLOCKED.swap(false, Ordering::SeqCst)
        && let Ok(flags) = rustix::fs::fcntl_getfl(rustix::stdio::stdin())
    {
        let _ = rustix::fs::fcntl_setfl(rustix::stdio::stdin(), flags.difference(OFlags::NONBLOCK));
    }
}

/// Whether the terminal is ours now.
pub(crate) fn is_entered() -> bool {
    before().is_some()
}

/// Sets raw mode and appends the codes to `out`. A program in the background stops here (SIGTTOU) until it is in
/// the foreground: before it has written anything.
pub(crate) fn enter(out: &mut Vec<u8>) -> io::Result<()> {
    let now = rustix::termios::tcgetattr(rustix::stdio::stdin())?;
    set_modes(&raw(&now, true))?;
    before().get_or_insert(now);
    out.extend_from_slice(ENTER);
    Ok(())
}

/// Raw mode. Flow control (XON/XOFF) stays as it was, unless the output must not be held up: a serial line needs it, and
/// its terminal's Ctrl-S would be a press otherwise. Ctrl-S stops the page then, and Ctrl-Q continues it, as everywhere.
fn raw(modes: &Termios, keeps_flow: bool) -> Termios {
    let mut raw = modes.clone();
    raw.make_raw();
    if keeps_flow {
        raw.input_modes |= modes.input_modes & InputModes::IXON;
    }
    raw
}

/// Appends the codes that put the terminal back, if it is ours. Output that Ctrl-S holds up goes on.
pub(crate) fn leave(out: &mut Vec<u8>) {
    let modes = before().clone();
    if let Some(modes) = modes {
        let _ = set_modes(&raw(&modes, false));
        out.extend_from_slice(LEAVE);
    }
}

/// Ends raw mode, once. Ignores every error: there may be no terminal any more.
pub(crate) fn left() {
    if let Some(modes) = before().take() {
        block_given();
        let _ = set_modes(&modes);
    }
}

/// Leaves from anywhere, such as a panic hook: blanks the screen first, since it may show a secret and some
/// terminals have no alternate screen. A terminal that takes nothing is left alone after a moment.
pub fn leave_at_once() {
    if !is_entered() {
        return;
    }
    let rows = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or(0, |size| size.ws_row);
    let mut out = b"\x1b[m\x1b[r".to_vec();
    for row in 1..=if rows == 0 { 24 } else { rows } {
        out.extend_from_slice(format!("\x1b[{row}H\x1b[K").as_bytes());
    }
    out.extend_from_slice(b"\x1b[H");
    leave(&mut out);
    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    if let Ok(fd) = rustix::fs::open("/dev/tty", flags, Mode::empty()).map_err(io::Error::from).or_else(|_| given()) {
        write_in_time(&fd, &out);
    }
    left();
}

fn write_in_time(fd: &OwnedFd, mut rest: &[u8]) {
    let until = Instant::now() + PATIENCE;
    while !rest.is_empty() {
        match rustix::io::write(fd, rest) {
            Ok(sent) => rest = &rest[sent..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).ok();
                match poll(&mut [PollFd::new(fd, PollFlags::OUT)], left.as_ref()) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
            Err(_) => return,
        }
    }
}

/// Nothing can panic while this is held.
fn before() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_modes(modes: &Termios) -> io::Result<()> {
    loop {
        match rustix::termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, modes) {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}
