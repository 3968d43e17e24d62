//! Job control, what stays behind and what can be selected, in a real tmux.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::inside::Tmux;
use crate::support::program::binary;
use crate::support::terminal::Terminal;

const SHELL: &str = "PS1='shell> ' bash --norc --noprofile --noediting -i";

/// The program as the job of a shell in a pane.
fn in_a_shell(configuration: &str) -> (Tmux, Terminal) {
    let (tmux, mut terminal) = Tmux::running(configuration, SHELL);
    terminal.sees("shell> ");
    terminal.send(format!("{}\n", binary()).as_bytes());
    terminal.sees("No access keys yet");
    (tmux, terminal)
}

/// Blanks are drawn over a secret before anything is cleared, so hiding, a stop and a quit leave nothing.
#[test]
fn without_an_alternate_screen_nothing_stays_after_hiding_either() {
    let (tmux, mut terminal) = in_a_shell("set -g alternate-screen off\n");
    let history = || tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
    let secret = terminal.create_and_show_all_the_same("");
    assert!(history().contains(&secret));
    terminal.press("s");
    terminal.loses("hidden in");
    assert!(!history().contains(&secret), "after hiding:\n{}", history());
    terminal.press("s");
    terminal.sees("hidden in");
    terminal.press("<Ctrl-Z>");
    terminal.sees("Stopped");
    assert!(!history().contains(&secret), "after a stop:\n{}", history());
    terminal.send(b"fg\n");
    terminal.sees("Show key");
    terminal.press("s");
    terminal.sees("hidden in");
    terminal.send(b"\x03"); // quit, from anywhere
    terminal.sees("shell> ");
    terminal.loses("Access key created");
    assert!(!history().contains(&secret), "after the end:\n{}", history());
}

/// The shell in the pane gets its screen back, and `fg` the program.
#[test]
fn ctrl_z_in_a_pane() {
    let (tmux, mut terminal) = in_a_shell("");
    let alternate = || tmux.ask(&["display", "-p", "-t", "test", "#{alternate_on}"]).trim().to_owned();
    let secret = terminal.create_and_show("");
    assert_eq!(alternate(), "1");
    terminal.press("<Ctrl-Z>");
    terminal.sees("Stopped");
    assert_eq!(alternate(), "0");
    let history = tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
    assert!(!history.contains(&secret), "{history}");
    terminal.send(b"fg\n");
    terminal.sees("Show key");
    assert_eq!(alternate(), "1");
    let pane = tmux.ask(&["capture-pane", "-p", "-t", "test"]);
    assert!(pane.contains("Access key created") && !pane.contains(&secret), "{pane}");
}

/// Wider than the screen, it is still one line to whoever selects it, and no other character comes with it.
#[test]
fn on_a_narrow_screen_a_secret_is_one_line() {
    let (tmux, mut terminal) = Tmux::start("");
    terminal.sees("No access keys yet");
    terminal.sees("Settings");
    terminal.resize(12, 40);
    terminal.sees("? help");
    terminal.loses("Settings");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    terminal.press("s");
    terminal.sees("hidden in");
    let pane = tmux.ask(&["capture-pane", "-p", "-J", "-t", "test"]);
    let line = pane.lines().find(|line| line.starts_with("sk_")).unwrap_or_else(|| panic!("{pane}"));
    assert_eq!(line.len(), 52, "{pane}");
    terminal.press("c");
    terminal.gets(format!(";{}\x07", STANDARD.encode(line)).as_bytes());
}

/// No program that is started on the way takes a press from this one.
#[test]
fn a_copy_takes_no_press() {
    let (_tmux, mut terminal) = Tmux::start("");
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    for _ in 0..8 {
        terminal.press("c"); // copied by a tmux of its own, while this is typed
        terminal.press("s");
        terminal.loses(&secret);
        terminal.press("c");
        terminal.press("s");
        terminal.sees(&secret);
    }
    terminal.press("c"); // showing and hiding take the word of a copy away
    terminal.sees("sent through tmux");
}
