//! A terminal that is asked for its background: it answers at once, in pieces, late, never, or when the shell is back.

use std::time::Duration;

use tempfile::TempDir;

use super::inside::Tmux;
use super::jobs::job;
use super::life::started;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, contains, count, latchkey};

const QUESTION: &[u8] = b"\x1b]11;?\x07";
const DARK: &[u8] = b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07";
const LIGHT: &[u8] = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\";
/// Where the cursor is: the other answer.
const PLACE: &[u8] = b"\x1b[1;2R";
/// The accent of the page on a dark background, on a light one, and on one that isn't known.
const ON_DARK: &[u8] = b"38;5;117";
const ON_LIGHT: &[u8] = b"38;5;25";
const ON_ANY: &[u8] = b"38;5;31";

/// The colours come with the answer, whatever is on the page then, and nothing is pressed.
#[test]
fn the_colours_follow_the_answer() {
    for (answer, accent) in [(DARK, ON_DARK), (LIGHT, ON_LIGHT)] {
        let home = TempDir::new().unwrap();
        let mut terminal = started(home.path());
        terminal.gets(QUESTION);
        terminal.gets(ON_ANY);
        assert!(!contains(&terminal.bytes, accent));
        terminal.send(&[answer, PLACE].concat());
        terminal.gets(accent);
        // It is asked once.
        assert!(terminal.is_silent_for(Duration::from_millis(500)));
        assert_eq!(count(&terminal.bytes, QUESTION), 1);
        terminal.press("q");
        assert!(terminal.ends().0.success());
    }
}

/// On a link that is slow, while something is typed.
#[test]
fn an_answer_that_comes_late_and_in_pieces_is_no_press() {
    for cut in [2, 5, 12, LIGHT.len() - 1] {
        let home = TempDir::new().unwrap();
        let mut terminal = started(home.path());
        terminal.press("cnightly");
        terminal.sees("nightly");
        terminal.send(&LIGHT[..cut]);
        assert!(terminal.is_silent_for(Duration::from_millis(600)));
        terminal.send(&LIGHT[cut..]);
        terminal.gets(ON_LIGHT);
        terminal.press("x");
        terminal.sees("nightlyx");
        assert!(!terminal.text().contains("rgb") && !terminal.text().contains("11;"), "{}", terminal.text());
        terminal.press("<Esc>q");
        assert!(terminal.ends().0.success());
    }
}

/// An answer that is under way when the page ends or stops is not typed to the shell; one that comes later would be.
#[test]
fn the_shell_gets_no_answer() {
    for press in [&b"q"[..], b"\x1a"] {
        let home = TempDir::new().unwrap();
        let mut terminal = job(home.path(), binary());
        terminal.sees("No access keys yet");
        terminal.gets(QUESTION);
        terminal.send(press);
        terminal.send(&[DARK, PLACE].concat());
        terminal.waits_for("the shell", |terminal| contains(&terminal.bytes, b"\x1b[?1049l"));
        terminal.sees("shell> ");
        assert!(terminal.is_silent_for(Duration::from_millis(500)));
        assert!(!contains(&terminal.bytes, b"rgb"), "{}", terminal.text());
        terminal.send(DARK);
        terminal.gets(b"rgb");
        terminal.send(b"\x03");
        terminal.hang_up();
    }
}

/// It is asked only where that is of use.
#[test]
fn nothing_is_asked_that_is_known() {
    let home = TempDir::new().unwrap();
    for (variable, value) in [("COLORFGBG", "0;15"), ("NO_COLOR", "1"), ("TERM", "screen-256color"), ("STY", "7.jump")]
    {
        let mut terminal = Terminal::start(latchkey(home.path()).env(variable, value));
        terminal.sees("No access keys yet");
        terminal.press("q");
        assert!(!contains(&terminal.ends().1.bytes, b"\x1b]11"), "{variable}");
    }
}

/// tmux answers for its panes: 3.3 where a style says it.
#[test]
fn tmux_tells_the_background_of_its_pane() {
    let (_tmux, mut terminal) = Tmux::start("set -g window-style bg=#fffff0,fg=black\n");
    terminal.sees("No access keys yet");
    terminal.gets(b"38;5;25");
    terminal.press("q");
    terminal.sees("ended with 0");
    assert!(!terminal.text().contains("rgb"), "{}", terminal.text());
}
