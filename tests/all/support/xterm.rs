//! A real xterm on a desktop. Its line is ours: what a program writes goes to the window, and what is typed and clicked in
//! the window goes to the program.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use pty_process::blocking::Command as Program;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::desktop::Desktop;
use super::terminal::Terminal;

/// The window, 80x24.
pub struct Xterm {
    pub desktop: Desktop,
    process: Child,
    /// Our end of its line.
    line: File,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Xterm {
    /// Opens the window; these are options of xterm.
    pub fn start(options: &[&str]) -> Self {
        let desktop = Desktop::start();
        let (master, line) = raw_line();
        let process = Command::new("xterm")
            .args(["-geometry", "80x24+0+0", "-xrm", "XTerm*metaSendsEscape: true", "-S/window/0"])
            .args(options)
            .env("DISPLAY", &desktop.display)
            .stdin(master)
            .stderr(Stdio::null())
            .spawn()
            .expect("xterm is installed");
        // In this mode xterm begins with the number of its window.
        let mut number = String::new();
        BufReader::with_capacity(1, &line).read_line(&mut number).unwrap();
        let xterm = Self { desktop, process, line, sent: Arc::default() };
        xterm.xdotool(&["windowmap", "--sync", &u64::from_str_radix(number.trim(), 16).unwrap().to_string()]);
        xterm.xdotool(&["mousemove", "--sync", "40", "40"]);
        xterm
    }

    /// Starts a program in the window.
    pub fn run(&self, program: Program) -> Terminal {
        let mut terminal = Terminal::start(program);
        let mut typed = terminal.show_in(self.line.try_clone().unwrap());
        let (mut line, sent) = (self.line.try_clone().unwrap(), Arc::clone(&self.sent));
        std::thread::spawn(move || {
            let mut chunk = [0; 256];
            while let Ok(n @ 1..) = line.read(&mut chunk) {
                sent.lock().unwrap().extend_from_slice(&chunk[..n]);
                if typed.write_all(&chunk[..n]).is_err() {
                    break;
                }
            }
        });
        terminal
    }

    /// Presses keys as X11 names them: `alt+BackSpace`.
    pub fn press(&self, keys: &[&str]) {
        self.xdotool(&[&["key"], keys].concat());
    }

    /// Types a text.
    pub fn types(&self, text: &str) {
        self.xdotool(&["type", text]);
    }

    /// Clicks in the middle of the window.
    pub fn click(&self) {
        self.xdotool(&["click", "1"]);
    }

    /// What the window has sent.
    pub fn sent(&self) -> Vec<u8> {
        self.sent.lock().unwrap().clone()
    }

    fn xdotool(&self, arguments: &[&str]) {
        let status = Command::new("xdotool").args(arguments).env("DISPLAY", &self.desktop.display).status();
        assert!(status.expect("xdotool is installed").success(), "{arguments:?}");
    }
}

impl Drop for Xterm {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A terminal line that changes no byte: xterm's end and ours.
fn raw_line() -> (std::os::fd::OwnedFd, File) {
    let flags = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY | rustix::pty::OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    let line = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut modes = tcgetattr(&line).unwrap();
    modes.make_raw();
    tcsetattr(&line, OptionalActions::Now, &modes).unwrap();
    (master, line)
}
