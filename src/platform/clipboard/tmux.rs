//! Through tmux: `load-buffer -w` makes the server hand the text to a client's terminal, whatever
//! `set-clipboard` says (tmux(1); off, external and on were tried with 3.3a). The buffer is deleted at once.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use subtle::ConstantTimeEq;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval, timeout};
use zeroize::Zeroizing;

use super::report::CopyReport;
use crate::platform::surroundings::ClipboardRoute;

/// A tmux server that does not answer in this time is stuck.
const PATIENCE: Duration = Duration::from_secs(2);
/// At the end of the program it gets less.
const LAST_PATIENCE: Duration = Duration::from_millis(500);
/// So often, and so many times, is looked whether the server has made a buffer of what we wrote: 2 s.
const LOOKS: (Duration, usize) = (Duration::from_millis(50), 40);

/// The buffer that hands a text over. It exists for a moment only.
#[derive(Clone, Default)]
pub(crate) struct Buffer {
    /// Whether it may exist.
    is_there: Arc<AtomicBool>,
}

impl Buffer {
    /// Hands a text to the terminal of one client, which is this way.
    pub(crate) async fn copy(&self, text: &str, client: Option<&str>, way: ClipboardRoute) -> CopyReport {
        let failed = |reason: &str| CopyReport::Failed { reason: reason.to_owned() };
        let Some(client) = client else { return failed("no terminal is attached to this tmux session.") };
        let name = name();
        self.is_there.store(true, Ordering::SeqCst);
        let load = ["load-buffer", "-w", "-t", client, "-b", &name, "-"];
        let loaded = timeout(PATIENCE, run(&load, text)).await;
        // Whatever came of it: half a copy is one too.
        let is_gone = self.delete(PATIENCE).await;
        match loaded {
            Err(_) => failed("tmux does not answer."),
            Ok(Err(())) => failed("tmux refused it."),
            Ok(Ok(())) if !is_gone => {
                failed(&format!("tmux copied it, but also kept it in its buffer {name}: delete that buffer."))
            }
            Ok(Ok(())) => CopyReport::Sent(way),
        }
    }

    /// Deletes it if it may be there, as the last thing that the program does.
    pub(crate) async fn end(&self) {
        if self.is_there.load(Ordering::SeqCst) {
            self.delete(LAST_PATIENCE).await;
        }
    }

    async fn delete(&self, patience: Duration) -> bool {
        let is_gone = matches!(timeout(patience, run(&["delete-buffer", "-b", &name()], "")).await, Ok(Ok(())));
        if is_gone {
            self.is_there.store(false, Ordering::SeqCst);
        }
        is_gone
    }
}

/// A name that is not in use.
fn name() -> String {
    format!("latchkey-{}", std::process::id())
}

/// Deletes the buffer that tmux makes of an OSC 52 where `set-clipboard` is on: the newest, if it holds this text.
pub(crate) async fn forget(text: &str) {
    let mut ticks = interval(LOOKS.0);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..LOOKS.1 {
        ticks.tick().await;
        let Some(newest) = newest().await else { continue };
        let Some(held) = ask(&["show-buffer", "-b", &newest]).await else { continue };
        if bool::from(held.as_slice().ct_eq(text.as_bytes())) {
            let _ = timeout(PATIENCE, run(&["delete-buffer", "-b", &newest], "")).await;
            return;
        }
    }
}

async fn newest() -> Option<String> {
    let names = ask(&["list-buffers", "-F", "#{buffer_name}"]).await?;
    let names = String::from_utf8_lossy(&names);
    names.lines().next().map(str::to_owned)
}

async fn ask(arguments: &[&str]) -> Option<Zeroizing<Vec<u8>>> {
    let output = timeout(PATIENCE, tmux(arguments).stdin(Stdio::null()).output()).await.ok()?.ok()?;
    Some(Zeroizing::new(output.stdout))
}

/// Runs tmux with a text on its standard input: never in its arguments, which everyone can read.
async fn run(arguments: &[&str], input: &str) -> Result<(), ()> {
    let mut child = tmux(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(drop)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await.map_err(drop)?;
        drop(stdin);
    }
    let status = child.wait().await.map_err(drop)?;
    status.success().then_some(()).ok_or(())
}

fn tmux(arguments: &[&str]) -> Command {
    let mut command = Command::new("tmux");
    command.args(arguments).stderr(Stdio::null()).kill_on_drop(true);
    command
}
