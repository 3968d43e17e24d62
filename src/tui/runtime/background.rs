//! What is under way outside the screen's own thread of thought: looking around, copies, deliveries.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::delivery::deliver;
use crate::domain;
use crate::domain::{SecretKey, Untrusted};
use crate::platform::clipboard::report::What;
use crate::platform::clipboard::{Clipboard, Copied};
use crate::platform::surroundings::{Surroundings, look};
use crate::tui::state::{SaveResult, SaveTarget};

/// At the end of the program, a copy that is nearly done is waited for so long.
const FAREWELL: Duration = Duration::from_millis(500);

/// All that is under way.
pub(crate) struct BackgroundTasks {
    wish: domain::ClipboardChoice,
    clipboard: Clipboard,
    running: JoinSet<Option<TaskResult>>,
    /// Stops the delivery, if one is under way.
    stop: Option<oneshot::Sender<()>>,
}

/// What is done.
pub(crate) enum TaskResult {
    /// It was looked around.
    Looked(Surroundings),
    /// A copy was made, or is to be written.
    Copied(Copied),
    /// A secret was delivered, or not.
    Delivered(SaveResult),
}

impl BackgroundTasks {
    pub(crate) fn new(wish: domain::ClipboardChoice, hold: Duration) -> Self {
        Self { wish, clipboard: Clipboard::new(wish, hold), running: JoinSet::new(), stop: None }
    }

    pub(crate) fn look(&mut self) {
        let wish = self.wish;
        self.running.spawn(async move { Some(TaskResult::Looked(look(wish).await)) });
    }

    pub(crate) fn copy(&mut self, what: What, text: &str) {
        let (clipboard, text) = (self.clipboard.clone(), Zeroizing::new(text.to_owned()));
        self.running.spawn(async move { Some(TaskResult::Copied(clipboard.copy(what, text).await)) });
    }

    pub(crate) fn overwrite(&mut self) {
        let clipboard = self.clipboard.clone();
        self.running.spawn(async move { Some(TaskResult::Copied(clipboard.overwrite().await)) });
    }

    /// Makes tmux forget what was written through it.
    pub(crate) fn forget(&mut self, text: Zeroizing<String>) {
        self.running.spawn(async move {
            Clipboard::forget(text).await;
            None
        });
    }

    pub(crate) fn deliver(&mut self, to: SaveTarget, secret: SecretKey) {
        let (stop, stopped) = oneshot::channel();
        self.stop = Some(stop);
        // On its own: the end of the screen does not part a secret from its destination.
        let delivering = tokio::spawn(deliver(to, secret, stopped));
        self.running.spawn(async move {
            let broke_off = || Err(("the delivery broke off".to_owned(), Untrusted::default()));
            Some(TaskResult::Delivered(delivering.await.unwrap_or_else(|_| broke_off())))
        });
    }

    pub(crate) fn stop_delivery(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits for the next one that is done. Cancel safe; never if nothing is under way.
    pub(crate) async fn next(&mut self) -> TaskResult {
        loop {
            match self.running.join_next().await {
                Some(Ok(Some(done))) => return done,
                // One that broke off has been told by the hook for panics.
                Some(Ok(None) | Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Ends everything, and takes back what can be taken back.
    pub(crate) async fn end(mut self) {
        // A command that has the secret goes on: it has a session of its own.
        let _ = timeout(FAREWELL, async { while self.running.join_next().await.is_some() {} }).await;
        self.running.shutdown().await;
        self.clipboard.end().await;
    }
}
