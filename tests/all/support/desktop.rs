//! A desktop: a real X server without a screen, and its clipboard.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// An X server.
pub struct Desktop {
    server: Child,
    pub display: String,
}

impl Desktop {
    pub fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-ac"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("xvfb is installed");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { server, display: format!(":{}", number.trim()) }
    }

    /// What is on the clipboard.
    pub fn holds(&self) -> String {
        let output = self.xclip("-o").stdin(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is selected with the mouse: PRIMARY.
    pub fn selects(&self) -> String {
        let output = self.selection("-o", "primary").stdin(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn xclip(&self, what: &str) -> Command {
        self.selection(what, "clipboard")
    }

    fn selection(&self, what: &str, name: &str) -> Command {
        let mut command = Command::new("xclip");
        command.args([what, "-selection", name]).env("DISPLAY", &self.display).stderr(Stdio::null());
        command
    }

    /// Another program copies something.
    pub fn copies(&self, text: &str) {
        let mut child = self.xclip("-i").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        child.wait().unwrap();
        assert_eq!(self.holds(), text);
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
