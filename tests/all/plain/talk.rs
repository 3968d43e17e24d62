//! A conversation with the program in plain lines.

use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use latchkey::domain::key::fields;
use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::home::Home;
use crate::support::reader::Reader;
use crate::support::terminal;
use crate::support::wait::{self, PATIENCE};

pub const COMMAND: &str = "Command (help lists them): ";
/// In place of an answer: there is nothing to answer.
pub const HEARD: &str = "\0";
pub const SECRET: &str = "Secret access key (1 to 8, Enter lists them): ";

/// The program on a terminal without abilities.
pub fn latchkey(home: &Home) -> Command {
    terminal::latchkey(home.0.path()).env("TERM", "dumb").current_dir(home.0.path())
}

/// A conversation on a terminal.
pub struct Talk {
    pty: Option<Pty>,
    child: Child,
    output: Receiver<Vec<u8>>,
    reading: Option<Reader>,
    /// All that was said, and what the terminal echoed.
    bytes: Vec<u8>,
    /// How much of it was heard.
    heard: usize,
    /// Whether a row of tab-separated text was asked for.
    pub may_tab: bool,
}

impl Talk {
    pub fn at(home: &Home) -> Self {
        Self::start(latchkey(home))
    }

    pub fn start(command: Command) -> Self {
        let (pty, pts) = open().unwrap();
        let child = command.spawn(pts).unwrap();
        let (reading, output) = Reader::start(&pty);
        Self { pty: Some(pty), child, output, reading: Some(reading), bytes: Vec::new(), heard: 0, may_tab: false }
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
        wait::until("a hidden question", || !self.echoes());
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
        self.reading.take().unwrap().stop();
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
