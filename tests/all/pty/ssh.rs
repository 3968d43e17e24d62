//! Behind a real sshd on loopback: what a jump host's users have.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::clipboard::code;
use crate::support::files;
use crate::support::not_tested::not_tested;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, count};
use crate::support::wait;

/// An sshd of our own, for our own user and by a key of our own.
struct Sshd {
    home: TempDir,
    port: u16,
    child: Child,
}

impl Sshd {
    /// None where we are not root: an sshd of anybody else gives no terminal, since it cannot give that to its user.
    fn start() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            not_tested("only the sshd of root gives a terminal");
            return None;
        }
        let home = TempDir::new().unwrap();
        let folder = home.path();
        for name in ["host", "user"] {
            let mut keygen = Command::new("ssh-keygen");
            let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(name)).status();
            assert!(made.expect("ssh-keygen is installed").success());
        }
        fs::copy(folder.join("user.pub"), folder.join("authorized")).unwrap();
        // As root it wants this folder; a system's own sshd makes it.
        fs::create_dir_all("/run/sshd").unwrap();
        fs::set_permissions("/run/sshd", Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.display();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized\n\
             StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        );
        fs::write(folder.join("sshd_config"), settings).unwrap();
        let mut child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(folder.join("sshd_config"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("sshd is installed");
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens = said.by_ref().map_while(Result::ok).any(|line| line.contains("Server listening on"));
        assert!(listens, "sshd does not listen");
        // Read on, or sshd would stop at a full pipe.
        std::thread::spawn(move || said.for_each(drop));
        Some(Self { home, port, child })
    }

    /// A terminal with these words of a shell run at the other end.
    fn run(&self, words: &str) -> Terminal {
        let key = self.home.path().join("user");
        let ssh = command("ssh", self.home.path()).args(["-tt", "-F", "none", "-o", "StrictHostKeyChecking=no"]);
        let ssh = ssh.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i"]).arg(key);
        Terminal::start(ssh.args(["-p", &self.port.to_string(), "127.0.0.1", words]))
    }

    /// A terminal with the program at the other end, its home ours; and its process.
    fn latchkey(&self) -> (Terminal, u32) {
        let home = self.home.path().display();
        let words = format!("echo process $$.; exec env HOME={home} LANG=C.UTF-8 {}", binary());
        let mut terminal = self.run(&words);
        terminal.waits_for("the process's number", |terminal| number(&terminal.bytes).is_some());
        let process = number(&terminal.bytes).unwrap();
        terminal.sees("API Keys Management");
        (terminal, process)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number between "process " and the dot.
fn number(bytes: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(bytes);
    let (_, rest) = text.split_once("process ")?;
    rest.split_once('.')?.0.parse().ok()
}

/// What has ended has no command line, also where no one collects it (a container's first process may not).
fn waits_for_end_of(process: u32) {
    wait::until("the end of the process", || {
        std::fs::read(format!("/proc/{process}/cmdline")).map_or(true, |words| words.is_empty())
    });
}

#[test]
fn a_secret_reaches_the_users_own_terminal_and_the_end_is_clean() {
    let Some(sshd) = Sshd::start() else { return };
    let (mut terminal, process) = sshd.latchkey();
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    terminal.sees("Copy uses your terminal's clipboard (OSC 52)");
    terminal.press("c");
    terminal.gets(&code(&secret));
    assert_eq!(count(&terminal.bytes, b"\x1b]52;"), 1);
    terminal.close_after_copy();
    terminal.press("q");
    let (status, terminal) = terminal.ends();
    assert!(status.success());
    assert!(!terminal.text().contains(&secret));
    waits_for_end_of(process);
}

#[test]
fn a_line_that_drops_costs_nothing() {
    let Some(sshd) = Sshd::start() else { return };
    let (mut terminal, process) = sshd.latchkey();
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("kept");
    let id = terminal.word("PK");
    // The client is gone without a word, as with a closed lid.
    terminal.signal(rustix::process::Signal::KILL);
    waits_for_end_of(process);
    drop(terminal);
    // The key is there, and its secret can be had; of that nothing is, in no file.
    let (mut terminal, process) = sshd.latchkey();
    terminal.sees(&id);
    terminal.sees("Unfinished key creation");
    terminal.press("<Enter>");
    terminal.sees("Access key created");
    terminal.press("s");
    terminal.sees(&secret);
    terminal.close();
    terminal.press("q");
    assert!(terminal.ends().0.success());
    waits_for_end_of(process);
    files::lack(sshd.home.path(), &secret);
}
