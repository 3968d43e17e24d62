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
        Self::start_at(configuration, 24, 80)
    }

    fn start_at(configuration: &str, rows: u16, columns: u16) -> (Self, Terminal) {
        let program = format!("{}; echo ended with $?; read _", env!("CARGO_BIN_EXE_latchkey"));
        Self::run(configuration, rows, columns, &program)
    }

    fn run(configuration: &str, rows: u16, columns: u16, program: &str) -> (Self, Terminal) {
        let tmux = Self { home: TempDir::new().unwrap() };
        let configuration_file = tmux.home.path().join("tmux.conf");
        std::fs::write(&configuration_file, configuration).unwrap();
        let client = command("tmux", tmux.home.path())
            .env("TMUX_TMPDIR", tmux.home.path())
            .arg("-f")
            .arg(configuration_file)
            .args(["new-session", "-s", "test", program]);
        (tmux, Terminal::start_at(client, rows, columns))
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

/// T6: blanks are drawn over a secret before anything is cleared, so hiding, a stop and a quit leave nothing.
#[test]
fn without_an_alternate_screen_nothing_stays_after_hiding_either() {
    let shell = "PS1='shell> ' bash --norc --noprofile --noediting -i";
    let (tmux, mut terminal) = Tmux::run("set -g alternate-screen off\n", 24, 80, shell);
    let history = || tmux.ask(&["capture-pane", "-p", "-S", "-", "-t", "test"]);
    terminal.sees("shell> ");
    terminal.send(concat!(env!("CARGO_BIN_EXE_latchkey"), "\n").as_bytes());
    terminal.sees("There is no access key yet.");
    let secret = terminal.create_and_show("");
    assert!(history().contains(&secret));
    terminal.press("s");
    terminal.loses("hides in");
    assert!(!history().contains(&secret), "after hiding:\n{}", history());
    terminal.press("s");
    terminal.sees("hides in");
    terminal.press("<Ctrl-Z>");
    terminal.sees("Stopped");
    assert!(!history().contains(&secret), "after a stop:\n{}", history());
    terminal.send(b"fg\n");
    terminal.sees("Show key");
    terminal.press("s");
    terminal.sees("hides in");
    terminal.send(b"\x03"); // quit, from anywhere
    terminal.sees("shell> ");
    terminal.loses("Access key created");
    assert!(!history().contains(&secret), "after the end:\n{}", history());
}

/// T5: the shell in the pane gets its screen back, and `fg` the program.
#[test]
fn ctrl_z_in_a_pane() {
    let (tmux, mut terminal) = Tmux::run("", 24, 80, "PS1='shell> ' bash --norc --noprofile --noediting -i");
    let alternate = || tmux.ask(&["display", "-p", "-t", "test", "#{alternate_on}"]).trim().to_owned();
    terminal.sees("shell> ");
    terminal.send(concat!(env!("CARGO_BIN_EXE_latchkey"), "\n").as_bytes());
    terminal.sees("There is no access key yet.");
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

/// T16: wider than the screen, it is still one line to whoever selects it, and no other character comes with it.
#[test]
fn on_a_narrow_screen_a_secret_is_one_line() {
    let (tmux, mut terminal) = Tmux::start_at("", 12, 40);
    terminal.sees("There is no access key yet.");
    terminal.press("c<Enter>");
    terminal.sees("Access key created");
    terminal.press("s");
    terminal.sees("hides in");
    let pane = tmux.ask(&["capture-pane", "-p", "-J", "-t", "test"]);
    let line = pane.lines().find(|line| line.starts_with("sk_")).unwrap_or_else(|| panic!("{pane}"));
    assert_eq!(line.len(), 52, "{pane}");
    terminal.press("c");
    terminal.gets(format!(";{}\x07", STANDARD.encode(line)).as_bytes());
}

/// T18: no program that is started on the way takes a press from this one.
#[test]
fn a_copy_takes_no_press() {
    let (_tmux, mut terminal) = Tmux::start("");
    terminal.sees("There is no access key yet.");
    let secret = terminal.create_and_show("");
    for _ in 0..8 {
        terminal.send(b"cs"); // copied by a tmux of its own, while this is typed
        terminal.loses(&secret);
        terminal.send(b"cs");
        terminal.sees(&secret);
    }
    terminal.sees("sent through tmux");
}
