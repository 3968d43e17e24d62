//! A real mosh on loopback.

use std::path::Path;
use std::process::Command as Process;

use pty_process::blocking::Command;

use crate::support::program::environment;
use crate::support::terminal::command;

/// Starts a server that runs this, in a home of its own; gives the client that shows it.
pub fn client(home: &Path, run: &[&str]) -> Command {
    let output = Process::new("mosh-server")
        .env_clear()
        .envs(environment(home))
        .envs([("LANG", "C.UTF-8"), ("TERM", "xterm-256color")])
        .args(["new", "-i", "127.0.0.1", "-p", "61000:61999", "--"])
        .args(run)
        .output()
        .expect("mosh is installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = text.split("MOSH CONNECT ").nth(1).expect("it has started").split_whitespace().collect();
    command("mosh-client", home).env("MOSH_KEY", words[1]).args(["127.0.0.1", words[0]])
}
