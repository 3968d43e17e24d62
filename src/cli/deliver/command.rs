//! A command that takes a secret on its standard input.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::Held;
use crate::cli::exit::{Exit, Failure};

/// The shell that POSIX promises.
const SHELL: &str = "/bin/sh";
/// A command that was told to end and has not after this long is left behind.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command for `sh -c` whose grammar is right and whose first word was found.
pub struct Receiver(String);

impl Receiver {
    /// Tries as much of a command as can be tried without running it: the shell, the grammar (`sh -n`), and whether the
    /// first word is something to run (`command -v`), if it is a plain word.
    pub fn find(command: &str) -> Result<Self, Failure> {
        let no_key = |what: &str| Failure::usage(format!("{what}. No key was made."));
        if command.trim().is_empty() {
            return Err(no_key("--pipe-to names no command"));
        }
        let status = |args: &[&str]| {
            let quiet = || Stdio::null();
            let run = Command::new(SHELL).args(args).stdin(quiet()).stdout(quiet()).stderr(quiet()).status();
            run.map_err(|error| {
                Failure::new(Exit::Mistake, format!("{SHELL} cannot be run: {error}. No key was made."))
            })
        };
        if !status(&["-n", "-c", command])?.success() {
            return Err(no_key("The command of --pipe-to is not right for sh: a quote or a bracket may be missing"));
        }
        if let Some(word) = first_word(command)
            && !status(&["-c", "command -v -- \"$1\"", "sh", word])?.success()
        {
            return Err(no_key(&format!("The command {word} of --pipe-to is not found"))
                .next("Check its name, that it is installed and that it may be executed."));
        }
        Ok(Self(command.to_owned()))
    }

    /// Runs it with `line` as its standard input, and waits for its end. It has read the whole line, and ended well, or this
    /// is an error in words.
    ///
    /// What it writes to its standard output goes to our standard error: ours has room for the result only.
    pub async fn give(&self, line: &[u8], held: &mut Held) -> Result<(), String> {
        let failed = |error: io::Error| format!("the command cannot be run: {error}");
        let (input, mut ours) = io::pipe().map_err(failed)?;
        // We keep the pipe's other end too: what is left in it at the end was not read.
        let kept = input.try_clone().map_err(failed)?;
        let mut child = self.spawn(input).map_err(failed)?;
        ours.write_all(line).map_err(failed)?; // far smaller than a pipe's 64 KiB (pipe(7)): never waits
        drop(ours);
        let status = tokio::select! {
            status = child.wait() => status.map_err(failed)?,
            () = held.signal() => {
                end(&mut child).await;
                return Err("the command was interrupted".to_owned());
            }
        };
        if !status.success() {
            return Err(format!("the command failed ({status})"));
        }
        match rustix::io::ioctl_fionread(kept.as_fd()) {
            Ok(1..) => Err("the command ended without reading the secret".to_owned()),
            _ => Ok(()),
        }
    }

    fn spawn(&self, input: io::PipeReader) -> io::Result<tokio::process::Child> {
        let mut command = tokio::process::Command::new(SHELL);
        command.arg("-c").arg(&self.0).stdin(input).stdout(io::stderr().as_fd().try_clone_to_owned()?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LATCHKEY_") {
                command.env_remove(name);
            }
        }
        command.spawn()
    }
}

/// Asks a command to end. One that does not is left behind.
async fn end(child: &mut tokio::process::Child) {
    if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let _ = tokio::time::timeout(PATIENCE, child.wait()).await;
}

/// The word that will be run, if it can be told without being a shell: settings of variables before it are skipped.
fn first_word(command: &str) -> Option<&str> {
    let is_setting = |word: &&str| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let word = command.split_whitespace().find(|word| !is_setting(word))?;
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || "/._-+:@,%".contains(c));
    // A variable's value with a quote in it may hold blanks, so that this is no word at all.
    (is_plain && !command[..command.find(word)?].contains(['"', '\'', '\\', '$', '`', '('])).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_runs_is_found_if_it_can_be_told() {
        for (command, word) in [
            ("pass insert -m a/b", Some("pass")),
            ("  A=1 B= /usr/bin/env x", Some("/usr/bin/env")),
            ("cat>file", None),
            ("\"my command\" x", None),
            ("A=\"b c\" d", None),
            ("$CMD", None),
            ("{ cat; }", None),
            ("A=1", None),
        ] {
            assert_eq!(first_word(command), word, "{command}");
        }
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        for (command, why) in [(" ", "names no command"), ("cat | (", "not right for sh"), ("/nowhere/x", "not found")]
        {
            let failure = Receiver::find(command).err().unwrap();
            assert!(failure.message.contains(why) && failure.message.contains("No key was made"), "{failure:?}");
            assert_eq!(failure.exit, Exit::Usage);
        }
        for command in ["cat >/dev/null", "while read -r a; do :; done", "{ cat; } >&2", "exec cat"] {
            assert!(Receiver::find(command).is_ok(), "{command}");
        }
    }
}
