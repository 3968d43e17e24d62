//! Tasks that run beside the event loop: looking at the surroundings, copies, deliveries, settings.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::machine::Machine;
use crate::config::{NewSetting, SettingsFile};
use crate::operations::deliver::{NotSaved, SaveContent, SaveKind, WRITING_INTERRUPTED};
use crate::platform::clipboard::Copied;
use crate::platform::clipboard::report::What;
use crate::platform::surroundings::Surroundings;
use crate::tui::state::{SaveResult, SaveTarget};

/// At the end of the program, a copy that is nearly done gets this long.
const FAREWELL: Duration = Duration::from_millis(500);

/// The tasks that are running.
pub(crate) struct BackgroundTasks<M> {
    machine: M,
    running: JoinSet<TaskResult>,
    /// Written to by one task after the other.
    settings: Arc<Mutex<SettingsFile>>,
    /// Stops the delivery, if one is running.
    stop: Option<oneshot::Sender<()>>,
}

/// What a task came to.
pub(crate) enum TaskResult {
    /// The surroundings are known.
    Looked(Surroundings),
    /// A copy was made, or is to be written to the terminal.
    Copied(Copied),
    /// tmux keeps a copied text no longer.
    Forgotten,
    /// What was done to a setting, and whether it was written.
    Kept(String, Result<(), String>),
    /// Whether a new secret can go where it is to go.
    Tried(Result<(), NotSaved>),
    /// A secret or a list was delivered, or not.
    Delivered(SaveKind, SaveResult),
}

impl<M: Machine> BackgroundTasks<M> {
    pub(crate) fn new(machine: M, settings: SettingsFile) -> Self {
        Self { machine, running: JoinSet::new(), settings: Arc::new(Mutex::new(settings)), stop: None }
    }

    pub(crate) fn look(&mut self) {
        let machine = self.machine.clone();
        self.running.spawn(async move { TaskResult::Looked(machine.look().await) });
    }

    pub(crate) fn copy(&mut self, what: What, text: &str) {
        let (machine, text) = (self.machine.clone(), Zeroizing::new(text.to_owned()));
        self.running.spawn(async move { TaskResult::Copied(machine.copy(what, text).await) });
    }

    pub(crate) fn overwrite(&mut self) {
        let machine = self.machine.clone();
        self.running.spawn(async move { TaskResult::Copied(machine.overwrite().await) });
    }

    /// Makes tmux delete what was written through it.
    pub(crate) fn forget(&mut self, text: Zeroizing<String>) {
        let machine = self.machine.clone();
        self.running.spawn(async move {
            machine.forget(text).await;
            TaskResult::Forgotten
        });
    }

    /// Writes a setting, after those before it. Waits for the disk elsewhere.
    pub(crate) fn keep(&mut self, setting: NewSetting, done: String) {
        let settings = Arc::clone(&self.settings);
        self.running.spawn(async move {
            let file = settings.lock_owned().await;
            let written = tokio::task::spawn_blocking(move || file.write(&setting).map_err(|error| error.to_string()));
            let kept = written.await.unwrap_or_else(|_| Err(WRITING_INTERRUPTED.to_owned()));
            TaskResult::Kept(done, kept)
        });
    }

    pub(crate) fn attempt(&mut self, to: SaveTarget) {
        let machine = self.machine.clone();
        self.running.spawn(async move { TaskResult::Tried(machine.attempt(to).await) });
    }

    pub(crate) fn deliver(&mut self, to: SaveTarget, content: SaveContent) {
        let (stop, stopped) = oneshot::channel();
        self.stop = Some(stop);
        let (machine, kind) = (self.machine.clone(), content.kind());
        // A task of its own: the end of the page must not cut a secret or a list off on its way.
        let delivery = tokio::spawn(async move { machine.deliver(to, content, stopped).await });
        self.running.spawn(async move {
            let broke_off = || Err(NotSaved::new(WRITING_INTERRUPTED));
            TaskResult::Delivered(kind, delivery.await.unwrap_or_else(|_| broke_off()))
        });
    }

    pub(crate) fn stop_delivery(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// How many are running.
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    /// Waits for the next result; forever if nothing is running. Cancel safe.
    pub(crate) async fn next(&mut self) -> TaskResult {
        loop {
            match self.running.join_next().await {
                Some(Ok(result)) => return result,
                // The panic hook has reported it.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Ends everything, and takes back what can be taken back.
    pub(crate) async fn end(mut self) {
        // A command that has the secret goes on: it has a session of its own.
        let _ = timeout(FAREWELL, async { while self.running.join_next().await.is_some() {} }).await;
        self.running.shutdown().await;
        self.machine.end().await;
    }
}
