//! Sessions that are recorded: it is said before a secret is shown or copied, and a way past the recorder is offered.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::inside::{Tmux, shell_named};
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains, latchkey};

/// The program is warned of a recorder before it shows or copies anything.
#[track_caller]
fn is_warned(terminal: &mut Terminal, by: &str) {
    let warning = format!("! This session appears to be recorded ({by}).");
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    terminal.sees(&warning);
    for (press, button) in [("s", "[Show anyway]"), ("c", "[Copy anyway]")] {
        terminal.press(press);
        terminal.sees(button);
        assert!(terminal.shows(&warning));
        terminal.press("<Enter>");
        terminal.loses(button);
    }
    assert!(!contains(&terminal.bytes, b"]52;") && !contains(&terminal.bytes, b"sk_"));
}

#[test]
fn script_sees_neither_the_secret_nor_its_base64_when_it_is_saved() {
    let home = TempDir::new().unwrap();
    let transcript = home.path().join("ts");
    let script = command("script", home.path()).args(["-q", "-c", binary()]).arg(&transcript);
    let mut terminal = Terminal::start(script);
    is_warned(&mut terminal, "script");
    let id = terminal.word("PK");
    terminal.press("w");
    terminal.sees("Save the secret");
    terminal.press("<Enter>");
    terminal.sees(&format!("Saved to ~/{id}.secret (readable only by you)."));
    let file = home.path().join(format!("{id}.secret"));
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(secret.starts_with("sk_") && secret.len() == 53 && secret.ends_with('\n'));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    // It is kept: no question. The focus is on Close already.
    terminal.press("<Enter>");
    terminal.sees("is ready to use");
    terminal.press("q");
    assert!(terminal.ends().0.success());
    let recorded = std::fs::read(&transcript).unwrap();
    assert!(contains(&recorded, b"ready to use"));
    assert!(!contains(&recorded, secret.trim_end().as_bytes()));
    assert!(!contains(&recorded, STANDARD.encode(secret.trim_end()).as_bytes()));
}

#[test]
fn a_pane_that_is_piped_away_is_known_even_if_that_begins_later() {
    let (tmux, mut terminal) = Tmux::start("");
    terminal.sees("No access keys yet");
    let piped = tmux.home.path().join("piped");
    tmux.ask(&["pipe-pane", "-O", "-t", "test", &format!("cat >{}", piped.display())]);
    is_warned(&mut terminal, "tmux pipe-pane");
    let (tmux, mut terminal) = Tmux::start("");
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Copy uses your terminal's clipboard through tmux");
    assert!(!terminal.shows("recorded"));
    tmux.ask(&["pipe-pane", "-O", "-t", "test", "cat >/dev/null"]);
    terminal.press("s");
    terminal.sees("! This session appears to be recorded (tmux pipe-pane).");
    terminal.sees("[Show anyway]");
    assert!(!contains(&terminal.bytes, b"sk_"));
}

#[test]
fn recorders_among_the_ancestors_are_known_by_their_names() {
    for (name, seen) in [("tlog-rec-session", "tlog-rec-sessio"), ("asciinema", "asciinema")] {
        let home = TempDir::new().unwrap();
        let recorder = shell_named(home.path(), name);
        let words = format!("{}; true", binary());
        let mut terminal = Terminal::start(command(recorder.to_str().unwrap(), home.path()).args(["-c", &words]));
        is_warned(&mut terminal, seen);
    }
}

#[test]
fn a_recorder_on_the_line_of_the_tmux_client_is_known() {
    let home = TempDir::new().unwrap();
    let words = format!("tmux -f /dev/null new-session -s test {}; tmux kill-server", binary());
    let script = command("script", home.path()).env("TMUX_TMPDIR", home.path());
    let mut terminal = Terminal::start(script.args(["-q", "-c", &words, "/dev/null"]));
    is_warned(&mut terminal, "script");
    terminal.press("<Ctrl-C>");
    terminal.sees("Close and lose it");
    terminal.press("<Tab><Enter>");
    terminal.ends();
}

#[test]
fn recorders_leave_their_variables() {
    for (variable, by) in [("ASCIINEMA_REC", "asciinema"), ("SSH_TELEPORT_USER", "Teleport")] {
        let home = TempDir::new().unwrap();
        let mut terminal = Terminal::start(latchkey(home.path()).env(variable, "1"));
        is_warned(&mut terminal, by);
    }
    // No one records: nothing is said, and nothing asked.
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()));
    terminal.sees("No access keys yet");
    terminal.create_and_show("");
    assert!(!terminal.shows("recorded"));
}
