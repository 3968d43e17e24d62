//! Entering and leaving: one door in, one door out, whoever goes through it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::OFlags;

/// Whether the terminal is ours now. Global since a panic hook has nothing else to ask.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Whether the description that the shell gave us is not blocking now, by our doing.
static UNBLOCKED: AtomicBool = AtomicBool::new(false);

/// Alternate screen (1049), cursor hidden (25), bracketed paste (2004), focus reports (1004): xterm's ctlseqs.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1004h";
/// The reverse, in reverse, with the rendition and the scroll region reset.
const LEAVE: &[u8] = b"\x1b[m\x1b[r\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// A copy of the standard input's descriptor. Its description is shared with the shell, and blocks again when the
/// terminal is left.
pub(super) fn unblock_given() -> io::Result<OwnedFd> {
    let fd = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    if !flags.contains(OFlags::NONBLOCK) {
        rustix::fs::fcntl_setfl(&fd, flags | OFlags::NONBLOCK)?;
        UNBLOCKED.store(true, Ordering::SeqCst);
    }
    Ok(fd)
}

fn block_given() {
    if UNBLOCKED.swap(false, Ordering::SeqCst)
        && let Ok(flags) = rustix::fs::fcntl_getfl(rustix::stdio::stdin())
    {
        let _ = rustix::fs::fcntl_setfl(rustix::stdio::stdin(), flags.difference(OFlags::NONBLOCK));
    }
}

/// Sets raw mode and appends the codes to `out`.
pub(super) fn enter(out: &mut Vec<u8>) -> io::Result<()> {
    crossterm::terminal::enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    out.extend_from_slice(ENTER);
    Ok(())
}

/// Appends the codes that put the terminal back, if it is ours.
pub(super) fn leave(out: &mut Vec<u8>) {
    if ENTERED.load(Ordering::SeqCst) {
        out.extend_from_slice(LEAVE);
    }
}

/// Ends raw mode, once. Ignores every error: there may be no terminal any more.
pub(super) fn left() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        block_given();
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// Leaves from anywhere, such as a panic hook: blanks the screen first, since it may show a secret and some
/// terminals have no alternate screen.
pub fn leave_at_once() {
    if ENTERED.load(Ordering::SeqCst) {
        block_given();
        let rows = crossterm::terminal::size().map_or(24, |(_, rows)| rows);
        let mut out = Vec::new();
        for row in 1..=rows {
            out.extend_from_slice(format!("\x1b[{row}H\x1b[K").as_bytes());
        }
        out.extend_from_slice(b"\x1b[H");
        leave(&mut out);
        let mut rest = out.as_slice();
        while !rest.is_empty() {
            match rustix::io::write(rustix::stdio::stdout(), rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
        left();
    }
}
