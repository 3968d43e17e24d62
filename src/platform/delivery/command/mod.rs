//! A command that takes a secret or a list on its standard input.

mod output;
mod program;

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::Sender;
use tokio::process::Child;

use super::NotSaved;
use crate::platform::process::harden::user_umask;
pub use output::CommandOutput;
use output::Outputs;

/// The shell that POSIX promises.
const SHELL: &str = "/bin/sh";
/// A command that was told to end and has not after this long is killed, or left behind where it has our terminal.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command for `sh -c` whose grammar is right and whose first word was found.
pub struct PipeCommand(String);

/// What becomes of the words of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// They go to our standard error: our standard output has room for the result only. The terminal stays the command's.
    Aloud,
    /// They are kept, and the command has no terminal: neither ours nor any other.
    Kept,
}

impl From<io::Error> for NotSaved {
    fn from(error: io::Error) -> Self {
        Self::new(format!("can't run the command: {error}"))
    }
}

impl PipeCommand {
    /// Tries as much of a command as can be tried without running it: the shell, the grammar (`sh -n`), and whether the
    /// first word is something to run (`command -v`), if it is a plain word.
    pub fn find(command: &str) -> Result<Self, NotSaved> {
        if command.trim().is_empty() {
            return Err(NotSaved::refused(
                "no command was given",
                "Enter one that reads standard input, such as pass insert -m NAME or sort.",
            ));
        }
        let status = |args: &[&str]| {
            let quiet = || Stdio::null();
            let run = Command::new(SHELL).args(args).stdin(quiet()).stdout(quiet()).stderr(quiet()).status();
            run.map_err(|error| NotSaved::refused(format!("can't run {SHELL}: {error}"), "Write to a file instead."))
        };
        if !status(&["-n", "-c", command])?.success() {
            return Err(NotSaved::refused("the command is not valid sh syntax", "A quote or bracket may be missing."));
        }
        if let Some(word) = program::first(command)
            && !status(&["-c", "command -v -- \"$1\"", "sh", word])?.success()
        {
            let next = "Check its name, that it is installed, and that it is executable.";
            return Err(NotSaved::refused(format!("command not found: {word}"), next));
        }
        Ok(Self(command.to_owned()))
    }

    /// The command as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Runs it with `text` as its standard input, and waits for its end, or until `stop` says that it shall be ended. It has
    /// read all of it, and ended well, or this is an error. Output with `secret` in it is not kept.
    pub async fn give(
        &self,
        text: &[u8],
        secret: Option<&str>,
        mode: OutputMode,
        stop: impl Future<Output = ()>,
    ) -> Result<CommandOutput, NotSaved> {
        let (input, ours) = io::pipe()?;
        // We keep the pipe's other end too: what is left in it at the end was not read.
        let kept = input.try_clone()?;
        let mut ours = Sender::from_owned_fd(OwnedFd::from(ours))?;
        let mut child = self.spawn(input, mode)?;
        let mut outputs = Outputs::of(&mut child);
        let running = async {
            // What a pipe can't hold waits for the command to read it: its end is the end of that too.
            let writing = async move { ours.write_all(text).await };
            tokio::select! {
                status = child.wait() => status.map(|status| (status, false)),
                written = writing => child.wait().await.map(|status| (status, written.is_ok())),
            }
        };
        let ended = tokio::select! {
            ended = running => Ok(ended),
            () = stop => Err("the command was interrupted".to_owned()),
            // A command whose output isn't read blocks, and stops reading its input.
            never = async { outputs.read().await; pending::<Infallible>().await } => match never {},
        };
        if ended.is_err() {
            end(&mut child, mode).await;
        }
        let said = outputs.end(secret).await;
        let failed = match ended {
            Err(why) => why,
            Ok(ended) => match ended? {
                (status, _) if !status.success() => format!("the command failed ({status})"),
                (_, true) if matches!(rustix::io::ioctl_fionread(kept.as_fd()), Ok(0)) => return Ok(said),
                _ => "the command ended without reading all of its input".to_owned(),
            },
        };
        Err(NotSaved { output: said.words, ..NotSaved::new(failed) })
    }

    fn spawn(&self, input: io::PipeReader, mode: OutputMode) -> io::Result<Child> {
        let mut command = tokio::process::Command::new(SHELL);
        command.arg("-c").arg(&self.0).stdin(input);
        match mode {
            OutputMode::Aloud => command.stdout(io::stderr().as_fd().try_clone_to_owned()?),
            OutputMode::Kept => command.stdout(Stdio::piped()).stderr(Stdio::piped()),
        };
        prepared(&mut command, mode == OutputMode::Kept);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LATCHKEY_") {
                command.env_remove(name);
            }
        }
        command.spawn()
    }
}

/// Gives a command the user's mask for new files in place of ours, and if it is `apart` a session of its own: there it can't
/// write to our terminal, nor read from it.
#[expect(unsafe_code, reason = "neither can be changed safely in a process that is about to start")]
fn prepared(command: &mut tokio::process::Command, apart: bool) {
    let mask = user_umask();
    // SAFETY: between fork and exec only what is async-signal-safe may be called; umask(2) and setsid(2) are
    // (signal-safety(7)), and rustix calls nothing else.
    unsafe {
        command.pre_exec(move || {
            rustix::process::umask(mask);
            if apart {
                rustix::process::setsid()?;
            }
            Ok(())
        });
    }
}

/// Asks a command to end, and what it has started if it leads a session. One that does not is killed, unless it has our
/// terminal, where its user can see it.
async fn end(child: &mut Child, mode: OutputMode) {
    let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())) else { return };
    let _ = match mode {
        OutputMode::Aloud => kill_process(pid, Signal::TERM),
        OutputMode::Kept => kill_process_group(pid, Signal::TERM),
    };
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() && mode == OutputMode::Kept {
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = child.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_run_is_refused() {
        for (command, why) in [(" ", "no command"), ("cat | (", "not valid sh syntax"), ("/nowhere/x", "not found")] {
            let refusal = PipeCommand::find(command).err().unwrap();
            assert!(refusal.why.contains(why), "{refusal:?}");
        }
        for command in ["cat >/dev/null", "while read -r a; do :; done", "{ cat; } >&2", "exec cat"] {
            assert!(PipeCommand::find(command).is_ok(), "{command}");
        }
    }

    const SECRET: &str = "sk_0123456789";

    async fn given(command: &str) -> Result<CommandOutput, NotSaved> {
        let text = format!("ACCESS_KEY_ID=PK1\nSECRET_ACCESS_KEY={SECRET}\n");
        PipeCommand::find(command).unwrap().give(text.as_bytes(), Some(SECRET), OutputMode::Kept, pending()).await
    }

    #[tokio::test]
    async fn a_command_has_no_terminal_and_its_words_are_kept() {
        let said = given("read -r a; read -r b; echo \"$a\" >&2; (: >/dev/tty) 2>/dev/null || echo none").await;
        assert_eq!(said.unwrap().words.to_display(80), "ACCESS_KEY_ID=PK1\\nnone");
        let said = given("cat >/dev/null; echo done; printf error >&2").await.unwrap();
        assert_eq!(said.words.to_display(80), "error\\ndone", "the order is always the same");
        let said = given("cat >/dev/null; yes | head -c 100000").await.unwrap();
        assert!(!said.had_secret && said.words.width() < 5000);
    }

    #[tokio::test]
    async fn what_repeats_the_secret_is_not_shown() {
        for command in [
            "cat; yes | head -c 100000",
            "grep SECRET",
            "sed -n 's/SECRET_ACCESS_KEY=/error: bad value /p' >&2",
            "sed 1d | fold -w 9",
            "sed 1d | fold -w 1 | while read -r c; do printf %s \"$c\"; printf . >&2; done",
            "sed -n 's/SECRET_ACCESS_KEY=sk_/sk_\\\\\"/p'",
            "grep --color=always sk_",
            "head -c 1990 /dev/zero | tr '\\0' x; sed -n 's/.*=//p'",
        ] {
            let said = given(command).await.unwrap();
            assert!(said.had_secret && said.words.is_empty(), "{command}");
        }
    }

    #[tokio::test]
    async fn failures_are_told_apart() {
        for (command, why, said) in [
            ("echo no >&2; cat >/dev/null; exit 3", "exit status: 3", "no"),
            ("true", "without reading", ""),
            ("kill -9 $$", "signal: 9", ""),
        ] {
            let failed = given(command).await.err().unwrap();
            assert!(failed.why.contains(why), "{failed:?}");
            assert_eq!(failed.output.to_display(80), said);
        }
    }

    /// More than pipes hold, in either direction.
    #[tokio::test]
    async fn a_long_list_reaches_a_command_that_reads_it_and_no_other_holds_it_up() {
        let list = "PK,label\n".repeat(100_000);
        let give = async |command: &str| {
            let receiver = PipeCommand::find(command).unwrap();
            let given = receiver.give(list.as_bytes(), None, OutputMode::Kept, pending());
            tokio::time::timeout(Duration::from_secs(20), given).await.expect(command)
        };
        assert!(give("cat").await.unwrap().words.to_display(80).starts_with("PK,label\\nPK,label"));
        assert_eq!(give("wc -l").await.unwrap().words.to_display(80), "100000");
        for command in ["head -n 1", "true", "exec <&-; echo PK,label"] {
            let failed = give(command).await.err().unwrap();
            assert!(failed.why.contains("without reading"), "{failed:?}");
            assert_eq!(failed.output.is_empty(), command == "true");
        }
    }

    #[tokio::test]
    async fn one_that_waits_is_stopped_with_all_it_has_started() {
        for (text, command) in [(5, "cat >/dev/null; tail -f /dev/null | cat"), (1_000_000, "sleep 1000 | sleep 1000")]
        {
            let (started, hears) = std::io::pipe().unwrap();
            // The pipe ends when every process that has inherited it has ended.
            rustix::io::fcntl_setfd(&hears, rustix::io::FdFlags::empty()).unwrap();
            let receiver = PipeCommand::find(command).unwrap();
            let stop = async { tokio::task::yield_now().await };
            let failed = receiver.give(&vec![b'x'; text], None, OutputMode::Kept, stop).await.err().unwrap();
            assert!(failed.why.contains("interrupted"));
            drop(hears);
            let ended = tokio::task::spawn_blocking(move || std::io::Read::read(&mut &started, &mut [0]).unwrap());
            assert_eq!(tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap().unwrap(), 0);
        }
    }
}
