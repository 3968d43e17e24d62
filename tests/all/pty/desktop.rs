//! A desktop's clipboard: a real X server without a screen, and one that never answers.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::desktop::Desktop;
use crate::support::terminal::{Terminal, count, latchkey};

fn program(desktop: &Desktop, home: &TempDir, seconds: u32) -> Terminal {
    let folder = home.path().join(".config/latchkey");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("clipboard_seconds = {seconds}\n")).unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).env("DISPLAY", &desktop.display));
    terminal.sees("No access keys yet");
    terminal
}

#[test]
fn a_secret_is_on_the_desktop_for_a_while_and_then_no_longer() {
    let (desktop, home) = (Desktop::start(), TempDir::new().unwrap());
    let mut terminal = program(&desktop, &home, 2);
    let secret = terminal.create_and_show("");
    terminal.sees("Copy uses the clipboard of the X display, if it responds.");
    terminal.press("c");
    terminal.sees("Secret access key copied. It is removed from the clipboard in 2 s");
    assert_eq!(desktop.holds(), secret);
    let copied = Instant::now();
    while !desktop.holds().is_empty() {
        assert!(copied.elapsed() < Duration::from_secs(20), "it stays");
    }
    assert!(copied.elapsed() > Duration::from_secs(1));
    assert_eq!(count(&terminal.bytes, b"\x1b]52;"), 0);
    // An ID is no secret: it stays.
    terminal.press("i");
    terminal.sees("Access key ID copied. It stays on the clipboard until latchkey quits");
    let id = terminal.word("PK");
    let copied = Instant::now();
    while copied.elapsed() < Duration::from_secs(3) {
        assert_eq!(desktop.holds(), id);
    }
}

#[test]
fn what_somebody_else_has_copied_is_left_alone() {
    let (desktop, home) = (Desktop::start(), TempDir::new().unwrap());
    let mut terminal = program(&desktop, &home, 1);
    terminal.create_and_show("");
    terminal.press("c");
    terminal.sees("in 1 s");
    desktop.copies("OTHER");
    let copied = Instant::now();
    while copied.elapsed() < Duration::from_secs(2) {
        assert_eq!(desktop.holds(), "OTHER");
    }
    terminal.press("x");
    terminal.sees("has nothing from latchkey; left unchanged");
    terminal.close();
    terminal.press("q");
    assert!(terminal.ends().0.success());
    assert_eq!(desktop.holds(), "OTHER");
}

#[test]
fn it_is_taken_off_by_a_press_and_at_the_end() {
    let (desktop, home) = (Desktop::start(), TempDir::new().unwrap());
    let mut terminal = program(&desktop, &home, 600);
    let secret = terminal.create_and_show("");
    terminal.press("c");
    terminal.sees("removed from");
    assert_eq!(desktop.holds(), secret);
    terminal.press("x");
    terminal.sees("Clipboard cleared.");
    assert_eq!(desktop.holds(), "");
    terminal.press("c");
    terminal.sees("removed from");
    terminal.close();
    terminal.press("q");
    assert!(terminal.ends().0.success());
    assert_eq!(desktop.holds(), "");
}

#[test]
fn a_display_that_is_gone_is_not_promised() {
    let home = TempDir::new().unwrap();
    let stale = latchkey(home.path()).env("DISPLAY", ":65000").env("WAYLAND_DISPLAY", "wayland-gone");
    let mut terminal = Terminal::start(stale);
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Copy uses your terminal's clipboard (OSC 52)");
}

#[test]
fn a_display_that_never_answers_holds_nothing_up() {
    let home = TempDir::new().unwrap();
    // It accepts, by its backlog, and never answers: a stalled ssh -X.
    let (silent, number) = (11..99).find_map(|n| Some((TcpListener::bind(("127.0.0.1", 6000 + n)).ok()?, n))).unwrap();
    let display = format!("127.0.0.1:{number}");
    let command = latchkey(home.path()).env("DISPLAY", display).env("SSH_CONNECTION", "x").arg("--clipboard=x11");
    let mut terminal = Terminal::start(command);
    terminal.sees("No access keys yet");
    terminal.create_and_show("");
    let pressed = Instant::now();
    terminal.press("c");
    terminal.press("s");
    terminal.loses("hidden in"); // it goes on meanwhile
    terminal.sees("Secret access key not copied: the display does not answer.");
    assert!(pressed.elapsed() < Duration::from_secs(4), "{:?}", pressed.elapsed());
    terminal.close();
    let pressed = Instant::now();
    terminal.press("q");
    assert!(terminal.ends().0.success());
    assert!(pressed.elapsed() < Duration::from_secs(3), "{:?}", pressed.elapsed());
    drop(silent);
}
