//! Writes a secret to a file or a command: beside the event loop, and never through the terminal.

use std::path::PathBuf;

use tokio::sync::oneshot;

use crate::domain::{SecretKey, Untrusted};
use crate::platform::delivery::{OutputMode, PipeCommand, line, to_path};
use crate::platform::home::expand_home;
use crate::tui::state::{SaveResult, SaveTarget};

/// Delivers, until it is done or told to stop.
pub(crate) async fn deliver(to: SaveTarget, secret: SecretKey, stop: oneshot::Receiver<()>) -> SaveResult {
    let nothing = |why| (why, Untrusted::default());
    match to {
        SaveTarget::File(path) => {
            let written = tokio::task::spawn_blocking(move || to_path(&expanded(&path), &line(&secret))).await;
            match written {
                Ok(Ok(_)) => Ok(Untrusted::default()),
                Ok(Err(refusal)) => Err(nothing(refusal.what)),
                Err(_) => Err(nothing("the write broke off".to_owned())),
            }
        }
        SaveTarget::Command(command) => {
            let found = tokio::task::spawn_blocking(move || PipeCommand::find(&command)).await;
            let receiver = match found {
                Ok(Ok(receiver)) => receiver,
                Ok(Err(refusal)) => return Err(nothing(format!("{}. {}", refusal.what, refusal.next))),
                Err(_) => return Err(nothing("the command cannot be tried".to_owned())),
            };
            let stopped = async {
                if stop.await.is_err() {
                    std::future::pending::<()>().await; // nobody is left who could
                }
            };
            match receiver.give(&line(&secret), OutputMode::Kept, stopped).await {
                Ok(said) if said.had_secret => Ok(Untrusted::new("(the secret: not shown)")),
                Ok(said) => Ok(said.words),
                Err(failed) => Err((failed.why, failed.said)),
            }
        }
    }
}

/// A path as a shell would read it.
fn expanded(typed: &str) -> PathBuf {
    std::env::home_dir().map_or_else(|| PathBuf::from(typed), |home| expand_home(typed, &home))
}
