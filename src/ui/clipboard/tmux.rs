//! Through tmux: `load-buffer -w` makes the server hand the text to a client's terminal, whatever
//! `set-clipboard` says (tmux(1); off, external and on were tried with 3.3a). The buffer is deleted at once.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::ui::app::{CopyReport, Way};

/// A tmux server that does not answer in this time is stuck.
const PATIENCE: Duration = Duration::from_secs(3);

/// A client of the session: who pressed, most likely.
struct Client {
    tty: String,
    takes_clipboard: bool,
}

/// Hands a text to the terminal of the client that was active last.
pub(super) async fn copy(text: Zeroizing<String>) -> CopyReport {
    match tokio::time::timeout(PATIENCE, hand_over(&text)).await {
        Ok(Ok(())) => CopyReport::Sent(Way::Tmux),
        Ok(Err(reason)) => CopyReport::Failed { reason },
        Err(_) => CopyReport::Failed { reason: "tmux does not answer.".into() },
    }
}

async fn hand_over(text: &str) -> Result<(), String> {
    let client = active_client().await?;
    if !client.takes_clipboard {
        return Err("your terminal, as tmux sees it, takes no clipboard.".into());
    }
    let buffer = format!("latchkey-{}", std::process::id());
    let loaded = run(&["load-buffer", "-w", "-t", &client.tty, "-b", &buffer, "-"], text).await;
    let deleted = run(&["delete-buffer", "-b", &buffer], "").await;
    loaded.map_err(|()| "tmux refused it (load-buffer -w needs tmux 3.2).".to_owned())?;
    deleted.map_err(|()| format!("tmux has it, but also in its buffer {buffer}: delete that."))?;
    Ok(())
}

async fn active_client() -> Result<Client, String> {
    let pane = std::env::var("TMUX_PANE").unwrap_or_default();
    let output = tmux(&["list-clients", "-t", &pane, "-F", "#{client_activity} #{client_tty} #{client_termfeatures}"])
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| format!("tmux cannot be run: {error}."))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let client = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let activity: u64 = words.next()?.parse().ok()?;
            let tty = words.next()?.to_owned();
            let takes_clipboard = words.next().is_some_and(|f| f.split(',').any(|f| f == "clipboard"));
            Some((activity, Client { tty, takes_clipboard }))
        })
        .max_by_key(|(activity, _)| *activity);
    client.map(|(_, client)| client).ok_or_else(|| "no terminal is attached to this tmux session.".to_owned())
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
