//! Places to run the real binary in: tmux servers of our own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::executable;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command};
use crate::support::wait;
use crate::support::xterm::Xterm;

/// A tmux server of our own, with our own configuration.
pub struct Tmux {
    pub home: TempDir,
}

impl Tmux {
    /// A server whose one session runs the program.
    pub fn start(configuration: &str) -> (Self, Terminal) {
        Self::running(configuration, "LATCHKEY")
    }

    /// A server whose one session runs this; LATCHKEY stands for the program.
    pub fn running(configuration: &str, words: &str) -> (Self, Terminal) {
        let tmux = Self { home: TempDir::new().unwrap() };
        let client = tmux.client("xterm-256color", configuration, words);
        (tmux, client)
    }

    /// A server whose client is on a terminal of this name.
    pub fn on(term: &str, configuration: &str) -> (Self, Terminal) {
        let tmux = Self { home: TempDir::new().unwrap() };
        let client = tmux.client(term, configuration, "LATCHKEY");
        (tmux, client)
    }

    /// A server whose session runs the program with a tmux that treats one of its commands as a `case` of sh says.
    pub fn wrapped(case: &str) -> (Self, Terminal) {
        let tmux = Self { home: TempDir::new().unwrap() };
        let folder = tmux.home.path().join("bin");
        std::fs::create_dir(&folder).unwrap();
        let real = Command::new("sh").args(["-c", "command -v tmux"]).output().unwrap();
        let real = String::from_utf8(real.stdout).unwrap();
        let text = format!(
            "#!/bin/sh\ncd \"${{0%/*}}\"\nREAL={}\ncase $1 in\n{case}\nesac\nexec \"$REAL\" \"$@\"\n",
            real.trim()
        );
        executable::script(&folder.join("tmux"), &text);
        let words = format!("PATH={}:$PATH LATCHKEY", folder.display());
        let client = tmux.client("xterm-256color", "", &words);
        (tmux, client)
    }

    /// A server whose one session runs the program in the window of an xterm.
    pub fn in_window(xterm: &Xterm) -> (Self, Terminal) {
        let tmux = Self { home: TempDir::new().unwrap() };
        let client = xterm.run(tmux.client_of("xterm-256color", "", "LATCHKEY"));
        (tmux, client)
    }

    fn client(&self, term: &str, configuration: &str, words: &str) -> Terminal {
        Terminal::start(self.client_of(term, configuration, words))
    }

    fn client_of(&self, term: &str, configuration: &str, words: &str) -> pty_process::blocking::Command {
        let file = self.home.path().join("tmux.conf");
        std::fs::write(&file, configuration).unwrap();
        let words = format!("{}; echo ended with $?; read _", words.replace("LATCHKEY", binary()));
        let client = command("tmux", self.home.path()).env("TERM", term).env("TMUX_TMPDIR", self.home.path());
        client.arg("-f").arg(file).args(["new-session", "-s", "test", &words])
    }

    /// Another terminal on the same session.
    pub fn attach(&self) -> Terminal {
        let client = command("tmux", self.home.path()).env("TMUX_TMPDIR", self.home.path());
        Terminal::start(client.args(["attach-session", "-t", "test"]))
    }

    /// Asks the server.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .env("TMUX_TMPDIR", self.home.path())
            .env_remove("TMUX")
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits for a file in the home, while the terminal is used.
    pub fn waits_for(&self, name: &str, terminal: &mut Terminal) -> PathBuf {
        let path = self.home.path().join(name);
        wait::until(name, || {
            terminal.resize(24, 80);
            path.exists()
        });
        path
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        for server in ["inner", "default"] {
            self.ask(&["-L", server, "kill-server"]);
        }
    }
}

/// A shell under another name, as which it is seen in the list of processes.
pub fn shell_named(home: &Path, name: &str) -> PathBuf {
    let path = home.join(name);
    std::os::unix::fs::symlink("/bin/sh", &path).unwrap();
    path
}
