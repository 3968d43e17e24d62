//! The real binary in a real tmux, whose client sits in a pseudo-terminal.

use super::inside::Tmux;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains, count};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What tells a terminal to put this on its clipboard, without the code's beginning: tmux leaves the clipboard's name away.
fn told(text: &str) -> Vec<u8> {
    format!(";{}\x07", STANDARD.encode(text)).into_bytes()
}

#[test]
fn a_secret_reaches_the_outer_terminal_and_stays_nowhere_else() {
    for setting in ["off", "external", "on"] {
        let (tmux, mut terminal) = Tmux::start(&format!("set -s set-clipboard {setting}\n"));
        terminal.sees("No access keys yet");
        let secret = terminal.create_and_show("in<Space>tmux");
        // Alone on its line, so that a selection is exactly the value.
        let pane = tmux.ask(&["capture-pane", "-p", "-t", "test"]);
        assert!(pane.lines().any(|line| line == secret), "{pane}");
        // The way is named before.
        terminal.sees("Copy uses your terminal's clipboard through tmux");
        terminal.press("c");
        terminal.gets(&told(&secret));
        terminal.sees("sent through tmux");
        assert_eq!(tmux.ask(&["list-buffers"]), "", "set-clipboard {setting}");
        // One space in its place, and nothing of that either.
        terminal.press("x");
        terminal.gets(&told(" "));
        terminal.sees("Clipboard overwritten");
        assert_eq!(tmux.ask(&["list-buffers"]), "", "set-clipboard {setting}");
        terminal.close_after_copy();
        terminal.press("q");
        terminal.sees("ended with 0");
        assert_eq!(tmux.ask(&["display", "-p", "-t", "test", "#{alternate_on}"]).trim(), "0");
        let history = tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
        assert!(!history.contains(&secret) && !history.contains("sk_"), "{history}");
    }
}

#[test]
fn without_an_alternate_screen_it_asks_first_and_nothing_stays_behind() {
    let (tmux, mut terminal) = Tmux::start("set -g alternate-screen off\n");
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    terminal.sees("! This terminal has no alternate screen");
    terminal.press("s");
    terminal.sees("[Show anyway]");
    assert!(!terminal.text().contains("hidden in"));
    terminal.press("<Tab><Enter>");
    terminal.sees("hidden in");
    let secret = terminal.word("sk_");
    terminal.close();
    terminal.press("q");
    terminal.sees("ended with 0");
    let history = tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
    assert!(!contains(history.as_bytes(), secret.as_bytes()), "{history}");
}

#[test]
fn a_second_terminal_is_told_of_and_gets_no_copy() {
    for setting in ["external", "on"] {
        let (tmux, mut ours) = Tmux::start(&format!("set -s set-clipboard {setting}\n"));
        ours.sees("No access keys yet");
        ours.press("c<Enter><Enter>");
        ours.sees("Copy uses your terminal's clipboard through tmux");
        assert!(!ours.text().contains("is open in"));
        // It comes while the secret is still hidden.
        let mut other = tmux.attach();
        other.sees("Access key created");
        ours.press("s");
        ours.sees("! This session is open in 2 terminals.");
        ours.sees("[Show anyway]");
        ours.press("<Enter>"); // the safe answer is the marked one
        ours.loses("[Show anyway]");
        assert!(!ours.text().contains("hidden in"));
        ours.press("c");
        ours.sees("[Copy anyway]");
        assert!(!contains(&ours.bytes, b"\x1b]52;"));
        ours.press("<Tab><Enter>");
        ours.sees("sent through tmux");
        ours.gets(b"\x1b]52;");
        // Accepted once, it is not asked again.
        ours.press("s");
        ours.sees("hidden in");
        let secret = ours.word("sk_");
        assert!(contains(&ours.bytes, &told(&secret)));
        other.sees(&secret);
        assert_eq!(count(&other.bytes, b"\x1b]52;"), 0, "set-clipboard {setting}");
        assert_eq!(tmux.ask(&["list-buffers"]), "");
    }
}

#[test]
fn plain_codes_go_through_an_open_tmux_to_one_terminal_only_and_leave_no_buffer() {
    let (tmux, mut ours) = Tmux::running("set -s set-clipboard on\n", "LATCHKEY --clipboard=osc52");
    ours.sees("No access keys yet");
    let secret = ours.create_and_show("");
    ours.sees("if tmux and the terminal allow it");
    ours.press("c");
    ours.gets(&told(&secret));
    ours.sees("sent to your terminal");
    while !tmux.ask(&["list-buffers"]).is_empty() {
        ours.press("<Tab>");
    }
    let mut other = tmux.attach();
    other.sees("Access key created");
    let before = count(&ours.bytes, b"\x1b]52;");
    ours.press("c");
    ours.sees("open in 2 terminals");
    assert_eq!((count(&ours.bytes, b"\x1b]52;"), count(&other.bytes, b"\x1b]52;")), (before, 0));
    // With another setting tmux lets nothing through, which is known.
    let (_tmux, mut closed) = Tmux::running("", "LATCHKEY --clipboard=osc52");
    closed.sees("No access keys yet");
    closed.press("c<Enter><Enter>");
    closed.sees("No clipboard available: tmux passes OSC 52 only");
}

#[test]
fn a_terminal_that_takes_no_clipboard_is_told_before_the_secret_is_shown() {
    let (_tmux, mut terminal) = Tmux::on("vt220", "");
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("(vt220), doesn't support a clipboard. Use Save,");
    terminal.press("c");
    terminal.sees("Secret access key not copied");
    assert!(!contains(&terminal.bytes, b"]52;"));
}

#[test]
fn what_an_outer_tmux_keeps_is_said_before() {
    let words = "env -u TMUX tmux -L inner -f /dev/null new-session -s in LATCHKEY";
    let (tmux, mut terminal) = Tmux::running("set -s set-clipboard on\n", words);
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.sees("With set-clipboard on, that tmux keeps a copy");
    terminal.press("c");
    terminal.gets(&told(&secret));
    terminal.sees("sent through tmux");
    // It is out of our reach, as the sentence says; ours is gone.
    assert_eq!(tmux.ask(&["show-buffer"]), secret);
    assert_eq!(tmux.ask(&["-L", "inner", "list-buffers"]), "");
}

#[test]
fn a_tmux_that_hangs_in_mid_copy_keeps_no_buffer() {
    // The program's tmux is the real one, but it never comes back from loading a buffer.
    for leaves in [false, true] {
        let (tmux, mut terminal) =
            Tmux::wrapped("load-buffer) \"$REAL\" \"$@\"; touch ../loaded; exec tail -f /dev/null;;");
        terminal.sees("No access keys yet");
        terminal.press("c<Enter><Enter>");
        terminal.sees("Copy uses your terminal's clipboard through tmux");
        terminal.press("c");
        tmux.waits_for("loaded", &mut terminal);
        assert!(tmux.ask(&["list-buffers"]).starts_with("latchkey-"));
        if leaves {
            terminal.press("<Ctrl-C>");
            terminal.sees("Close and lose it");
            terminal.press("<Tab><Enter>");
            terminal.sees("ended with 0");
        } else {
            terminal.sees("not copied: tmux does not answer");
        }
        assert_eq!(tmux.ask(&["list-buffers"]), "");
    }
}

#[test]
fn a_tmux_that_does_not_answer_holds_nothing_up() {
    let (_tmux, mut terminal) = Tmux::wrapped("display-message) exec tail -f /dev/null;;");
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("! Can't tell who else sees this session.");
    terminal.sees("No clipboard available: tmux does not answer");
    terminal.press("s");
    terminal.sees("[Show anyway]");
    terminal.press("<Tab><Enter>");
    terminal.sees("hidden in");
}

/// TMUX of a server that the program is not in, as an editor or su takes it along: its terminals are other people's.
#[test]
fn a_stale_tmux_gets_no_copy() {
    let (tmux, mut other) = Tmux::start("");
    other.sees("No access keys yet");
    let socket = tmux.ask(&["display", "-p", "-t", "test", "#{socket_path},#{pid},0"]);
    let pane = tmux.ask(&["display", "-p", "-t", "test", "#{pane_id}"]);
    let home = tempfile::TempDir::new().unwrap();
    let client = command(binary(), home.path()).env("TERM", "xterm-256color");
    let mut ours = Terminal::start(client.env("TMUX", socket.trim()).env("TMUX_PANE", pane.trim()));
    ours.sees("No access keys yet");
    let secret = ours.create_and_show("not<Space>in<Space>tmux");
    ours.sees("Copy uses your terminal's clipboard (OSC 52)");
    ours.press("c");
    ours.gets(&told(&secret));
    other.resize(24, 80);
    assert!(!contains(&other.bytes, &told(&secret)));
    ours.close_after_copy();
}

/// In a container TMUX may be right and tmux out of sight: nobody knows then who watches.
#[test]
fn a_tmux_that_can_not_be_seen_is_no_reason_not_to_ask() {
    let home = tempfile::TempDir::new().unwrap();
    let client = command(binary(), home.path()).env("TERM", "tmux-256color");
    let mut terminal = Terminal::start(client.env("TMUX", "/run/tmux-0/default,4194304,0").env("TMUX_PANE", "%0"));
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("! Can't tell who else sees this session.");
    terminal.press("s");
    terminal.sees("[Show anyway]");
    terminal.press("<Ctrl-C>");
    terminal.sees("Close and lose it");
    terminal.press("<Tab><Enter>");
    assert!(terminal.ends().0.success());
}

/// tmux tells programs of the focus only if it is told to; GNU screen never.
#[test]
fn where_the_focus_is_not_reported_the_dialog_says_so() {
    for (setting, says) in [("off", true), ("on", false)] {
        let (_tmux, mut terminal) = Tmux::start(&format!("set -s focus-events {setting}\n"));
        terminal.sees("No access keys yet");
        terminal.create_and_show("");
        let words = "Switching windows doesn't hide the secret (tmux, as focus-events is off)";
        assert_eq!(terminal.shows(words), says, "{}", terminal.text());
    }
}
