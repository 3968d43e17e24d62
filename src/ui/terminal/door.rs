//! Entering and leaving: one door in, one door out, whoever goes through it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now. Global since a panic hook has nothing else to ask.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Alternate screen (1049), cursor hidden (25), bracketed paste (2004), focus reports (1004): xterm's ctlseqs.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1004h";
/// The reverse, in reverse, with the rendition and the scroll region reset.
const LEAVE: &[u8] = b"\x1b[m\x1b[r\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1049l";

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
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// Leaves from anywhere, such as a panic hook: blanks the screen first, since it may show a secret and some
/// terminals have no alternate screen.
pub fn leave_at_once() {
    if ENTERED.load(Ordering::SeqCst) {
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
