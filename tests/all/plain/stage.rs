//! A user's home, and a conversation with the program there.

use std::fs;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use latchkey::domain::key::fields;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use tempfile::TempDir;

use crate::support::child_env::child_env;
use crate::support::served::PATIENCE;

pub const COMMAND: &str = "Command (help lists them): ";
/// In place of an answer: there is nothing to answer.
pub const HEARD: &str = "\0";
pub const SECRET: &str = "Secret access key (1 to 6, Enter lists them): ";

pub struct Home(pub TempDir);

impl Home {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        fs::read_to_string(path).unwrap()
    }

    /// Settings, with the server of `base` as the profile that is worked with.
    pub fn settings(&self, text: &str) {
        fs::create_dir_all(self.path(".config/latchkey")).unwrap();
        fs::write(self.path(".config/latchkey/config.toml"), text).unwrap();
    }

    /// The secrets that found no other place.
    pub fn kept(&self) -> Vec<PathBuf> {
        let Ok(names) = fs::read_dir(self.path(".local/state/latchkey")) else { return Vec::new() };
        let paths = names.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("secret-of-")).collect()
    }

    /// The program on a terminal without abilities, in this home.
    pub fn command(&self) -> Command {
        let command = Command::new(env!("CARGO_BIN_EXE_latchkey")).env_clear().envs(child_env(self.0.path()));
        let command = command.env("TERM", "dumb").env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.current_dir(self.0.path())
    }

    pub fn talk(&self) -> Talk {
        Talk::start(self.command())
    }

    /// A command without the page; gives its standard output.
    pub fn run(&self, args: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(args).env("HOME", self.0.path()).env("TZ", "UTC").stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// How many keys there are.
    pub fn keys(&self) -> usize {
        self.run(&["keys", "list", "--output", "csv"]).lines().count() - 1
    }

    /// A new key's ID.
    pub fn create(&self, label: &str) -> String {
        let out = self.run(&["keys", "create", "--label", label, "--pipe-to", "cat >/dev/null", "--output", "json"]);
        let out: serde_json::Value = serde_json::from_str(&out).unwrap();
        out["key"]["id"].as_str().unwrap().to_owned()
    }
}

/// A conversation on a terminal.
pub struct Talk {
    pty: Option<Pty>,
    child: Child,
    output: Receiver<Vec<u8>>,
    /// The thread that reads, and what ends it when dropped.
    reading: Option<(PipeWriter, JoinHandle<()>)>,
    /// All that was said, and what the terminal echoed.
    bytes: Vec<u8>,
    /// How much of it was heard.
    heard: usize,
    /// Whether a row of tab-separated text was asked for.
    pub may_tab: bool,
}

impl Talk {
    pub fn start(command: Command) -> Self {
        let (pty, pts) = open().unwrap();
        let child = command.spawn(pts).unwrap();
        let mut reader = fs::File::from(pty.as_fd().try_clone_to_owned().unwrap());
        let (sender, output) = channel();
        let (stop, stopped) = std::io::pipe().unwrap();
        let reading = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let mut ready = [PollFd::new(&reader, PollFlags::IN), PollFd::new(&stop, PollFlags::IN)];
                poll(&mut ready, None).unwrap();
                if !ready[1].revents().is_empty() {
                    break;
                }
                match reader.read(&mut chunk) {
                    Ok(n @ 1..) if sender.send(chunk[..n].to_vec()).is_ok() => {}
                    _ => break, // EIO: the program has ended
                }
            }
        });
        let reading = Some((stopped, reading));
        Self { pty: Some(pty), child, output, reading, bytes: Vec::new(), heard: 0, may_tab: false }
    }

    /// Waits for these words, after what was heard before; gives all up to them.
    #[track_caller]
    pub fn says(&mut self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let new = &self.bytes[self.heard..];
            if let Some(at) = new.windows(words.len()).position(|window| window == words.as_bytes()) {
                let heard = String::from_utf8_lossy(&new[..at + words.len()]).into_owned();
                self.heard += at + words.len();
                return heard;
            }
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(why) => panic!("{why}: “{words}” is not said after:\n{}", String::from_utf8_lossy(&self.bytes)),
            }
        }
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        self.send(format!("{line}\r").as_bytes());
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.pty.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Waits for each question, and answers it; what is no question is only heard.
    #[track_caller]
    pub fn answers(&mut self, dialog: &[(&str, &str)]) {
        for (question, answer) in dialog {
            self.says(question);
            if *answer != HEARD {
                self.types(answer);
            }
        }
    }

    /// Answers the questions for the texts of a key: the label, and nothing to the others.
    #[track_caller]
    pub fn writes(&mut self, label: &str) {
        for (field, _) in fields::written() {
            self.says(&format!("{} (", field.title));
            self.types(if field.name == "label" { label } else { "" });
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn echoes(&self) -> bool {
        tcgetattr(self.pty.as_ref().unwrap().as_fd()).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until the terminal does not show what is typed.
    pub fn hides(&self) {
        let until = Instant::now() + PATIENCE;
        while self.echoes() {
            assert!(Instant::now() < until, "what is typed is shown");
            std::thread::yield_now();
        }
    }

    /// Quits at the next command; gives all that was said.
    #[track_caller]
    pub fn quits(mut self) -> String {
        self.says(COMMAND);
        self.types("quit");
        let (status, text) = self.ends();
        assert_eq!(status.code(), Some(0), "{text}");
        text
    }

    /// Hangs up: every copy of the line is closed. Waits for the end.
    pub fn hangs_up(mut self) -> ExitStatus {
        let (stop, reading) = self.reading.take().unwrap();
        drop(stop);
        reading.join().unwrap();
        self.pty = None;
        self.child.wait().unwrap()
    }

    /// Waits for the end. Nothing of what was said was for a screen, and the terminal is as it was.
    #[track_caller]
    pub fn ends(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        assert!(self.echoes(), "the terminal no longer shows what is typed");
        while let Ok(chunk) = self.output.recv_timeout(PATIENCE) {
            self.take(&chunk);
        }
        (status, String::from_utf8(std::mem::take(&mut self.bytes)).unwrap())
    }

    fn take(&mut self, chunk: &[u8]) {
        for byte in chunk {
            let may_be = *byte >= b' ' || b"\r\n".contains(byte) || *byte == b'\t' && self.may_tab;
            assert!(may_be, "a control byte {byte:#x}");
        }
        self.bytes.extend_from_slice(chunk);
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
