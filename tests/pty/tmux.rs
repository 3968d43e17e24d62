//! The real binary in a real tmux, whose client sits in a pseudo-terminal.

use std::process::Command;

use crate::terminal::{Terminal, command, contains};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// A tmux server of our own, with our own configuration.
struct Tmux {
    home: TempDir,
}

impl Tmux {
    fn start(configuration: &str) -> (Self, Terminal) {
        let tmux = Self { home: TempDir::new().unwrap() };
        let configuration_file = tmux.home.path().join("tmux.conf");
        std::fs::write(&configuration_file, configuration).unwrap();
        let program = format!("{}; echo ended with $?; read _", env!("CARGO_BIN_EXE_latchkey"));
        let client = command("tmux", tmux.home.path())
            .env("TMUX_TMPDIR", tmux.home.path())
            .arg("-f")
            .arg(configuration_file)
            .args(["new-session", "-s", "test", &program]);
        (tmux, Terminal::start(client))
    }

    fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .env("TMUX_TMPDIR", self.home.path())
            .env_remove("TMUX")
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

#[test]
fn a_secret_reaches_the_outer_terminal_and_stays_nowhere_else() {
    for setting in ["off", "external", "on"] {
        let (tmux, mut terminal) = Tmux::start(&format!("set -s set-clipboard {setting}\n"));
        terminal.sees("There is no access key yet.");
        let secret = terminal.create_and_show("in<Space>tmux");
        // T16: alone on its line, so that a selection is exactly the value.
        let pane = tmux.ask(&["capture-pane", "-p", "-t", "test"]);
        assert!(pane.lines().any(|line| line == secret), "{pane}");
        terminal.press("c");
        terminal.gets(format!(";{}\x07", STANDARD.encode(&secret)).as_bytes());
        terminal.sees("sent through tmux");
        assert_eq!(tmux.ask(&["list-buffers"]), "", "set-clipboard {setting}");
        terminal.close();
        terminal.press("q");
        terminal.sees("ended with 0");
        assert_eq!(tmux.ask(&["display", "-p", "-t", "test", "#{alternate_on}"]).trim(), "0");
        let history = tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
        assert!(!history.contains(&secret) && !history.contains("sk_"), "{history}");
    }
}

#[test]
fn without_an_alternate_screen_nothing_stays_behind() {
    let (tmux, mut terminal) = Tmux::start("set -g alternate-screen off\n");
    terminal.sees("There is no access key yet.");
    let secret = terminal.create_and_show("");
    terminal.close();
    terminal.press("q");
    terminal.sees("ended with 0");
    let history = tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
    assert!(!contains(history.as_bytes(), secret.as_bytes()), "{history}");
}
