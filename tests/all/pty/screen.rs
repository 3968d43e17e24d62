//! The real binary in a real GNU screen, which by default has no alternate screen.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains};

/// A GNU screen of our own, with its usual configuration.
struct Screen {
    home: TempDir,
}

impl Screen {
    fn start() -> (Self, Terminal) {
        let screen = Self { home: TempDir::new().unwrap() };
        std::fs::write(screen.home.path().join(".screenrc"), "startup_message off\n").unwrap();
        let program = format!("{}; echo ended with $?; read _", binary());
        let client = command("screen", screen.home.path())
            .env("SCREENDIR", screen.sockets())
            .args(["-U", "-S", "test", "sh", "-c", &program]);
        (screen, Terminal::start(client))
    }

    /// Only its owner may look into it, or screen refuses it.
    fn sockets(&self) -> std::path::PathBuf {
        let folder = self.home.path().join("sockets");
        let _ = std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&folder);
        folder
    }

    fn tell(&self, arguments: &[&str]) {
        assert!(self.command(arguments).output().unwrap().status.success(), "{arguments:?}");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut screen = Command::new("screen");
        screen.env("SCREENDIR", self.sockets()).env("HOME", self.home.path()).args(["-S", "test"]).args(arguments);
        screen
    }

    /// What the window shows, with its scrollback.
    fn history(&self) -> String {
        let file: &Path = &self.home.path().join("hardcopy");
        self.tell(&["-X", "hardcopy", "-h", file.to_str().unwrap()]);
        // It answers a question when it has done what it was told before.
        self.tell(&["-Q", "number"]);
        let text = std::fs::read(file).unwrap();
        std::fs::remove_file(file).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.command(&["-X", "quit"]).output(); // a test may be failing already
    }
}

#[test]
fn nothing_stays_behind_in_gnu_screen() {
    let (screen, mut terminal) = Screen::start();
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show_all_the_same("");
    assert!(screen.history().contains(&secret));
    terminal.press("s");
    terminal.loses("hidden in");
    let history = screen.history();
    assert!(history.contains("Access key created") && !history.contains(&secret), "after hiding:\n{history}");
    terminal.press("s");
    terminal.sees("hidden in");
    terminal.press("<Ctrl-C>");
    terminal.sees("ended with 0");
    let history = screen.history();
    assert!(history.contains("ended with 0") && !history.contains(&secret), "after the end:\n{history}");
}

/// The terminal of someone else who looks on gets no copy.
#[test]
fn a_second_display_is_told_of_and_gets_no_copy() {
    let (screen, mut ours) = Screen::start();
    ours.sees("No access keys yet");
    let client = command("screen", screen.home.path()).env("SCREENDIR", screen.sockets()).args(["-x", "test"]);
    let mut other = Terminal::start(client);
    other.sees("No access keys yet");
    ours.press("c<Enter><Enter>");
    ours.sees("Access key created");
    ours.sees("GNU screen would send the copy to all of them");
    ours.press("s");
    ours.sees("! This session is open in 2 terminals.");
    ours.sees("[Show anyway]");
    ours.press("<Esc>");
    ours.loses("[Show anyway]");
    ours.press("c");
    ours.sees("not copied: this session is open in 2 terminals");
    assert!(!contains(&ours.bytes, b"\x1b]52;") && !contains(&other.bytes, b"\x1b]52;"));
}

/// STY of a screen that the program is not in, as an editor takes it along.
#[test]
fn a_stale_sty_is_not_believed() {
    let (screen, mut inside) = Screen::start();
    inside.sees("No access keys yet");
    let socket = std::fs::read_dir(screen.sockets()).unwrap().next().unwrap().unwrap().file_name();
    let home = TempDir::new().unwrap();
    let mut page = Terminal::start(command(binary(), home.path()).env("STY", socket).env("TERM", "xterm"));
    page.sees("No access keys yet");
    page.press("c<Enter><Enter>");
    page.sees("Copy uses your terminal's clipboard (OSC 52)");
}

/// It never tells a program of the focus.
#[test]
fn the_dialog_says_that_gnu_screen_does_not_report_the_focus() {
    let (_screen, mut terminal) = Screen::start();
    terminal.sees("No access keys yet");
    terminal.create_and_show_all_the_same("");
    terminal.sees("Switching windows doesn't hide the secret (GNU screen): it stays for 30 s, or until you hide it.");
}
