//! A terminal for real programs: a pseudo-terminal, what is on its screen, and every byte that came.

mod line;
mod steps;

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use latchkey::tui::state::QUIET;
use pty_process::blocking::{Command, Pty, open};
use rustix::termios::{Termios, tcgetattr};

use crate::support::program::{binary, environment};
use crate::support::reader::Reader;
use crate::support::typing;
use crate::support::wait::PATIENCE;

/// A program in a terminal.
pub struct Terminal {
    pty: Option<Pty>,
    child: Child,
    pub screen: vt100::Parser,
    /// Every byte that the program wrote.
    pub bytes: Vec<u8>,
    /// The words that were waited for and seen.
    seen: Vec<String>,
    output: Receiver<Vec<u8>>,
    reading: Option<Reader>,
    before: Termios,
    /// A real terminal that shows the same.
    window: Option<File>,
    /// When something was typed last, unless that was waited for.
    sent: Option<Instant>,
    /// When the program wrote last.
    heard: Option<Instant>,
}

/// Until a press has certainly been taken, if nothing was drawn for it.
const UNANSWERED: Duration = Duration::from_secs(2);

/// The program under test, its home an empty folder.
pub fn latchkey(home: &Path) -> Command {
    command(binary(), home)
}

/// Any program, its environment ours and small.
pub fn command(program: &str, home: &Path) -> Command {
    Command::new(program)
        .env_clear()
        .envs(environment(home))
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
}

impl Terminal {
    /// Starts a program in a terminal of 80x24.
    pub fn start(command: Command) -> Self {
        Self::start_at(command, 24, 80)
    }

    /// Starts a program in a terminal of this size; 0 is what a serial line says.
    pub fn start_at(command: Command, rows: u16, columns: u16) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(rows, columns)).unwrap();
        let before = tcgetattr(pty.as_fd()).unwrap();
        let child = command.spawn(pts).unwrap();
        let (reading, output) = Reader::start(&pty);
        let size = |n, usual: u16| std::num::NonZeroU16::new(if n == 0 { usual } else { n }).unwrap();
        let screen = vt100::Parser::new(size(rows, 24), size(columns, 80), 0);
        Self {
            pty: Some(pty),
            child,
            screen,
            bytes: Vec::new(),
            seen: Vec::new(),
            output,
            reading: Some(reading),
            before,
            window: None,
            sent: None,
            heard: None,
        }
    }

    /// Lets a real terminal show what the program writes; gives what types to the program.
    pub fn show_in(&mut self, window: File) -> File {
        self.window = Some(window);
        File::from(self.pty.as_ref().unwrap().as_fd().try_clone_to_owned().unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types a script: the letters of a word at once, anything else when what was pressed before has been taken.
    pub fn press(&mut self, script: &str) {
        let mut is_word = false;
        for press in typing::presses(script) {
            let is_letter = press.len() == 1 && press[0].is_ascii_graphic() || press == b" ";
            if !(is_word && is_letter) {
                self.rests();
            }
            self.send(&press);
            is_word = is_letter;
        }
    }

    /// Takes note that something was typed in the window of a real terminal.
    pub fn is_typed_to(&mut self) {
        self.sent = Some(Instant::now());
    }

    /// Waits until the program has answered what was typed before, and for as long as a person takes to see it: what
    /// comes sooner does not count in a dialog that holds a secret.
    fn rests(&mut self) {
        let Some(sent) = self.sent.take() else { return };
        loop {
            let answered = self.heard.filter(|heard| *heard >= sent).map(|heard| heard + 2 * QUIET);
            let until = answered.unwrap_or(sent + UNANSWERED);
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Changes the size, as a user who drags a window.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.pty.as_ref().unwrap().resize(pty_process::Size::new(rows, columns)).unwrap();
        let size = |n| std::num::NonZeroU16::new(n).unwrap();
        self.screen.screen_mut().set_size(size(rows), size(columns));
    }

    /// Closes it after a copy that no one confirms, from its first button.
    pub fn close_after_copy(&mut self) {
        self.press("<BackTab><Enter>");
        self.sees("[I've saved it]");
        self.press("<Tab><Enter>");
        self.sees("is ready to use");
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.pty.as_mut().unwrap().write_all(bytes).unwrap();
        self.sent = Some(Instant::now());
    }

    /// Waits until these words are on screen, in one line or broken into several.
    #[track_caller]
    pub fn sees(&mut self, words: &str) {
        self.waits_for(&format!("“{words}”"), |terminal| terminal.shows(words));
        self.seen.push(words.to_owned());
    }

    /// Whether these words are on screen, in one line or broken into several.
    pub fn shows(&self, words: &str) -> bool {
        let text = self.text();
        text.contains(words)
            || text.replace(['│', '|'], " ").split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    }

    /// Pastes a text.
    pub fn paste(&mut self, text: &str) {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes());
    }

    /// Waits until these words are no longer on screen. They must have been seen there before: words that the program
    /// no longer has would be lost at once.
    #[track_caller]
    pub fn loses(&mut self, words: &str) {
        assert!(self.seen.iter().any(|seen| seen.contains(words)), "“{words}” was not seen before");
        self.waits_for(&format!("no “{words}”"), |terminal| !terminal.text().contains(words));
    }

    /// Waits until these bytes have been written.
    #[track_caller]
    pub fn gets(&mut self, bytes: &[u8]) {
        let shown = String::from_utf8_lossy(bytes).into_owned();
        self.waits_for(&shown, |terminal| contains(&terminal.bytes, bytes));
    }

    /// The screen's text.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// The line's modes now.
    pub fn modes(&self) -> Termios {
        tcgetattr(self.pty.as_ref().unwrap().as_fd()).unwrap()
    }

    /// Whether the alternate screen is on.
    pub fn is_alternate(&self) -> bool {
        self.screen.screen().alternate_screen()
    }

    /// The first word on screen that begins so.
    pub fn word(&mut self, start: &str) -> String {
        let text = self.text();
        let found = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').find(|word| word.starts_with(start));
        let found = found.unwrap_or_else(|| panic!("no {start}… in:\n{text}")).to_owned();
        self.seen.push(found.clone());
        found
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the program's end, and fails unless the terminal is as it was before.
    #[track_caller]
    pub fn ends(mut self) -> (ExitStatus, Self) {
        let status = self.waits_for_end();
        while let Ok(chunk) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.take(&chunk);
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left on");
        assert!(!screen.hide_cursor(), "the cursor is left hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is left on");
        let last = |code: &[u8]| self.bytes.windows(code.len()).rposition(|window| window == code);
        assert!(last(b"\x1b[?1004h") <= last(b"\x1b[?1004l"), "focus reports are left on");
        let after = tcgetattr(self.pty.as_ref().unwrap().as_fd()).unwrap();
        assert_eq!(format!("{:?}", self.before.local_modes), format!("{:?}", after.local_modes));
        assert_eq!(format!("{:?}", self.before.input_modes), format!("{:?}", after.input_modes));
        assert_eq!(format!("{:?}", self.before.output_modes), format!("{:?}", after.output_modes));
        (status, self)
    }

    /// Waits for the program's end.
    #[track_caller]
    pub fn waits_for_end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            // Output must be taken, or the program waits for us.
            match self.output.recv_timeout(Duration::from_millis(20)) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end; on screen:\n{}", self.text());
        }
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn waits_for(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !done(self) {
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{what} does not come; on screen:\n{}", self.text())
                }
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        if let Some(window) = &mut self.window {
            window.write_all(chunk).unwrap();
        }
        self.heard = Some(Instant::now());
        self.screen.process(chunk);
        self.bytes.extend_from_slice(chunk);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}
