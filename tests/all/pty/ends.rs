//! Every way to end: panics, signals, a terminal that is gone.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use tempfile::TempDir;

use super::life::started;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, count, latchkey};

#[test]
fn a_panic_of_the_screen_restores_the_terminal_and_reports_privately() {
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).env("RUST_BACKTRACE", "full"));
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.press("<F12>");
    let (status, terminal) = terminal.ends();
    assert!(!status.success());
    let text = terminal.text();
    assert!(text.contains("internal error; see"), "{text}");
    assert!(!text.contains(&secret));
    let log = home.path().join(".local/state/latchkey/panic.log");
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let report = std::fs::read_to_string(log).unwrap();
    assert!(report.contains("asked for by F12") && !report.contains("sk_"), "{report}");
    // The way to it, but not the lines: who may not read the sources would panic in the panic.
    let (source, line) = (include_str!("../../../src/tui/runtime/event_loop.rs"), "KeyCode::F(12)) =>");
    assert!(report.contains("latchkey::tui::runtime::") && source.contains(line) && !report.contains(line), "{report}");
}

#[test]
fn a_panic_of_a_task_leaves_the_screen_alone() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let secret = terminal.create_and_show("");
    terminal.press("<F11>");
    terminal.press("s");
    terminal.loses(&secret);
    terminal.close();
    terminal.press("?");
    terminal.sees("Help");
    assert_eq!(count(&terminal.bytes, b"\x1b[?1049l"), 0);
    terminal.press("<Esc>");
    terminal.loses("Help");
    terminal.press("q");
    let (status, terminal) = terminal.ends();
    assert!(status.success() && !terminal.text().contains(&secret));
    assert!(home.path().join(".local/state/latchkey/panic.log").exists());
}

#[test]
fn signals_leave_by_the_same_door() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP] {
        let home = TempDir::new().unwrap();
        let mut terminal = started(home.path());
        let secret = terminal.create_and_show("");
        terminal.signal(signal);
        let (status, terminal) = terminal.ends();
        assert_eq!(status.code(), Some(128 + signal.as_raw()), "{status}");
        assert!(terminal.bytes.ends_with(b"\x1b[?1049l"));
        assert!(!terminal.text().contains(&secret), "{signal:?}");
    }
}

/// With the signal, and where someone has switched it off: the end of the line is enough.
#[test]
fn a_lost_terminal_ends_the_program() {
    let home = TempDir::new().unwrap();
    let terminal = started(home.path());
    assert_eq!(terminal.hang_up().code(), Some(129));
    let deaf = format!("trap '' HUP; exec {}", binary());
    let mut terminal = Terminal::start(command("sh", home.path()).args(["-c", &deaf]));
    terminal.sees("No access keys yet");
    assert_eq!(terminal.hang_up().code(), Some(129));
}
