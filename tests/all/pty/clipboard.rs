//! Where a copy goes, outside of tmux and of a desktop: the terminal, GNU screen, mosh, and where none can go.

use std::process::Command as Process;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pty_process::blocking::Command;
use tempfile::TempDir;

use super::inside::shell_named;
use super::life::started;
use crate::support::mosh;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains, count, latchkey};
use crate::support::wait;

/// The code that puts this on a terminal's clipboard.
pub fn code(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes()
}

#[test]
fn over_ssh_a_display_is_left_alone_unless_it_is_wished_for() {
    let home = TempDir::new().unwrap();
    let display = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    display.set_nonblocking(true).unwrap();
    let number = i32::from(display.local_addr().unwrap().port()) - 6000;
    let session = |command: Command| command.env("SSH_CONNECTION", "x").env("DISPLAY", format!("127.0.0.1:{number}"));
    let mut terminal = Terminal::start(session(latchkey(home.path())));
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.sees("Copy uses your terminal's clipboard (OSC 52), if the terminal supports it.");
    terminal.press("c");
    terminal.gets(&code(&secret));
    assert_eq!(count(&terminal.bytes, b"\x1b]52;"), 1);
    assert_eq!(display.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nothing has connected");
    terminal.close_after_copy();
    terminal.press("q");
    assert!(terminal.ends().0.success());
    let mut wished = Terminal::start(session(latchkey(home.path())).arg("--clipboard=x11"));
    wished.sees("1 key");
    wished.press("c<Enter><Enter>");
    wished.sees("Copy uses the clipboard of the X display, if it responds.");
}

#[test]
fn a_terminal_that_would_print_the_code_never_gets_it() {
    for term in ["vt100", "linux"] {
        let home = TempDir::new().unwrap();
        let mut terminal = Terminal::start(latchkey(home.path()).env("TERM", term));
        terminal.sees("No access keys yet");
        terminal.press("c<Enter><Enter>");
        terminal.sees(&format!("No clipboard available: a {term} terminal doesn't support a"));
        // It has no second screen either.
        terminal.press("s");
        terminal.sees("[Show anyway]");
        terminal.press("<Enter>c");
        terminal.sees("Secret access key not copied");
        terminal.press("x");
        terminal.sees("Clipboard not overwritten");
        assert_eq!(count(&terminal.bytes, b"]52;"), 0, "{term}");
    }
}

#[test]
fn it_can_be_switched_off_by_the_settings_and_on_again_for_one_run() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".config/latchkey");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "clipboard = \"off\"\n").unwrap();
    let mut terminal = started(home.path());
    terminal.press("c<Enter><Enter>");
    terminal.sees("No clipboard available: it is turned off");
    terminal.press("c");
    terminal.sees("Secret access key not copied: it is turned off");
    assert_eq!(count(&terminal.bytes, b"]52;"), 0);
    let mut terminal = Terminal::start(latchkey(home.path()).arg("--clipboard=osc52"));
    terminal.sees("1 key");
    terminal.press("y");
    terminal.gets(b"\x1b]52;c;");
}

/// GNU screen with the program in it.
fn in_screen(home: &TempDir) -> Terminal {
    let folder = home.path().join("screens");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let words = format!("{}; echo ended with $?; read _", binary());
    let screen = command("screen", home.path()).env("SCREENDIR", &folder);
    Terminal::start(screen.args(["-q", "-U", "-c", "/dev/null", "-S", "test", "sh", "-c", &words]))
}

/// What GNU screen has on its screen and in its scrollback, when the program has ended.
fn hardcopy(home: &TempDir) -> String {
    let file = home.path().join("hardcopy");
    let told = Process::new("screen")
        .env("SCREENDIR", home.path().join("screens"))
        .args(["-S", "test", "-X", "hardcopy", "-h"])
        .arg(&file)
        .status();
    assert!(told.unwrap().success());
    let mut text = String::new();
    // It is written bit by bit.
    wait::until("the end of the hardcopy", || {
        text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        text.contains("ended with 0")
    });
    text
}

#[test]
fn gnu_screen_passes_a_secret_on_and_is_not_given_what_it_would_print() {
    let home = TempDir::new().unwrap();
    let mut terminal = in_screen(&home);
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Copy uses your terminal's clipboard through GNU screen");
    terminal.press("s");
    terminal.sees("[Show anyway]");
    terminal.press("<Tab><Enter>");
    terminal.sees("hidden in");
    let secret = terminal.word("sk_");
    terminal.press("c");
    terminal.gets(&code(&secret));
    terminal.sees("sent through GNU screen");
    // 481 bytes and more: what screen would put on the screen is not sent.
    terminal.press("h<Ctrl-U>");
    terminal.send(&[b'A'; 600]);
    terminal.press("<Enter>");
    terminal.sees("[Copy content]");
    terminal.press("<Tab><Enter>");
    terminal.sees("Content not copied: it has 600 bytes, and 480 are the most that get through.");
    terminal.press("<Esc>");
    terminal.sees("[Save]");
    terminal.press("<Tab><Tab><Tab><Tab>"); // back to Close: the focus was left on HMAC token
    assert!(!contains(&terminal.bytes, b"QUFBQUFB"));
    terminal.press("<Ctrl-C>");
    terminal.sees("[I've saved it]");
    terminal.press("<Tab><Enter>");
    terminal.sees("ended with 0");
    let kept = hardcopy(&home);
    assert!(!kept.contains(&secret) && !kept.contains("QUFB"), "{kept}");
    terminal.press("<Enter>");
    terminal.ends();
}

#[test]
fn mosh_carries_a_copy_to_the_terminal() {
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start(mosh::client(home.path(), &[binary()]));
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.sees("Copy uses your terminal's clipboard through mosh");
    terminal.press("c");
    terminal.gets(&code(&secret));
    terminal.sees("sent through mosh");
    terminal.close_after_copy();
    terminal.press("q");
    terminal.ends();
}

#[test]
fn a_tmux_on_a_mosh_line_is_known_to_be_blocked() {
    let home = TempDir::new().unwrap();
    let mosh = shell_named(home.path(), "mosh-server");
    let words = format!("tmux -f /dev/null new-session -s test {}; tmux kill-server", binary());
    let command = command(mosh.to_str().unwrap(), home.path()).env("TMUX_TMPDIR", home.path());
    let mut terminal = Terminal::start(command.args(["-c", &words]));
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("No clipboard available: mosh blocks what tmux sends");
    terminal.press("c");
    terminal.sees("not copied: mosh blocks");
    assert_eq!(count(&terminal.bytes, b"]52;"), 0);
    terminal.press("<Ctrl-C>");
    terminal.sees("Close and lose it");
    terminal.press("<Tab><Enter>");
    terminal.ends();
}

/// tmux 3.4 keeps the target of a code that it passes on, and mosh takes no other than `c`. Debian 12 has 3.3a.
#[test]
fn only_a_newer_tmux_with_set_clipboard_on_gets_through_a_real_mosh() {
    let home = TempDir::new().unwrap();
    let settings = home.path().join("tmux.conf");
    std::fs::write(&settings, "set -s set-clipboard on\n").unwrap();
    let (settings, socket) = (settings.to_str().unwrap(), home.path().join("tmux.sock"));
    let run = ["tmux", "-S", socket.to_str().unwrap(), "-f", settings, "new-session", binary()];
    let mut terminal = Terminal::start(mosh::client(home.path(), &run));
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    if is_tmux_at_least(3, 4) {
        terminal.sees("if tmux and the terminal allow it");
        terminal.press("c");
        terminal.gets(&code(&secret));
        terminal.sees("Secret access key sent");
        terminal.close_after_copy();
    } else {
        terminal.sees("mosh blocks what tmux sends");
        terminal.press("c");
        terminal.sees("not copied: mosh blocks");
        assert_eq!(count(&terminal.bytes, b"]52;"), 0);
        terminal.close();
    }
    terminal.press("q");
    terminal.ends();
}

/// By `tmux -V`, as in “tmux 3.3a”.
fn is_tmux_at_least(major: u32, minor: u32) -> bool {
    let said = String::from_utf8(std::process::Command::new("tmux").arg("-V").output().unwrap().stdout).unwrap();
    let numbers: Vec<u32> = said.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    (numbers[0], numbers[1]) >= (major, minor)
}
