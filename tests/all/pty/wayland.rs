//! A Wayland desktop's clipboard: a real compositor without a screen.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::terminal::{Terminal, latchkey};

/// A sway whose only output is in memory.
struct Desktop {
    compositor: Child,
    display: String,
    runtime: TempDir,
}

/// No one's user and group ID, on Debian: sway does not run as root.
const NOBODY: u32 = 65534;

impl Desktop {
    fn start() -> Self {
        let runtime = TempDir::new().unwrap();
        let settings = runtime.path().join("settings");
        std::fs::write(&settings, "exec echo $WAYLAND_DISPLAY\n").unwrap();
        std::fs::set_permissions(&settings, Permissions::from_mode(0o644)).unwrap();
        let mut sway = if rustix::process::geteuid().is_root() {
            chown(runtime.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            let mut setpriv = Command::new("setpriv");
            setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sway"]);
            setpriv
        } else {
            Command::new("sway")
        };
        let own = [("WLR_BACKENDS", "headless"), ("WLR_RENDERER", "pixman"), ("WLR_LIBINPUT_NO_DEVICES", "1")];
        sway.arg("-c").arg(&settings).envs(own).env("XDG_RUNTIME_DIR", runtime.path()).env("HOME", runtime.path());
        sway.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        let mut compositor = sway.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("sway is installed");
        let mut display = String::new();
        BufReader::new(compositor.stdout.take().unwrap()).read_line(&mut display).unwrap();
        Self { compositor, display: display.trim().to_owned(), runtime }
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("WAYLAND_DISPLAY", &self.display).env("XDG_RUNTIME_DIR", self.runtime.path());
        command.stderr(Stdio::null());
        command
    }

    /// What is on the clipboard; nothing if no one has put anything there.
    fn holds(&self) -> String {
        let output = self.tool("wl-paste").arg("--no-newline").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Another program copies something.
    fn copies(&self, text: &str) {
        let mut child = self.tool("wl-copy").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait().unwrap();
        assert_eq!(self.holds(), text);
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.compositor.kill();
        let _ = self.compositor.wait();
    }
}

#[test]
fn a_secret_is_on_the_desktop_for_a_while_unless_it_was_replaced() {
    let (desktop, home) = (Desktop::start(), TempDir::new().unwrap());
    let folder = home.path().join(".config/latchkey");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "clipboard_seconds = 2\n").unwrap();
    let program = latchkey(home.path()).env("WAYLAND_DISPLAY", &desktop.display);
    let mut terminal = Terminal::start(program.env("XDG_RUNTIME_DIR", desktop.runtime.path()));
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.press("c");
    terminal.sees("Secret access key copied. It is removed from the clipboard in 2 s");
    assert_eq!(desktop.holds(), secret);
    let kinds = desktop.tool("wl-paste").arg("--list-types").output().unwrap();
    let kinds = String::from_utf8(kinds.stdout).unwrap();
    assert!(kinds.contains("x-kde-passwordManagerHint"), "a history is asked to leave it out: {kinds}");
    let copied = Instant::now();
    while !desktop.holds().is_empty() {
        assert!(copied.elapsed() < Duration::from_secs(20), "it stays");
    }
    terminal.press("c");
    while desktop.holds() != secret {
        assert!(copied.elapsed() < Duration::from_secs(40), "it is not copied again");
    }
    desktop.copies("something else");
    terminal.close();
    terminal.press("q");
    assert!(terminal.ends().0.success());
    assert_eq!(desktop.holds(), "something else");
}
