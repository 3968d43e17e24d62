//! What the event loop needs of the machine beside its terminal.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::domain::ClipboardChoice;
use crate::operations::deliver::{NotSaved, SaveContent, attempt, save};
use crate::platform::clipboard::report::What;
use crate::platform::clipboard::{Clipboard, Copied};
use crate::platform::delivery::OutputMode;
use crate::platform::surroundings::{Surroundings, can_resume, look};
use crate::tui::state::{ClockReading, SaveResult, SaveTarget};

/// The clock, the clipboard, and what else the page uses of the machine. Clones share what they hold.
pub trait Machine: Clone + Send + Sync + 'static {
    /// Reads the clock.
    fn now(&self) -> ClockReading;

    /// Waits until that clock has reached `at`. Cancel safe.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send;

    /// Whether a shell could continue this program after a stop.
    fn can_resume(&self) -> bool;

    /// Finds out who would see a secret, and where a copy would go.
    fn look(&self) -> impl Future<Output = Surroundings> + Send;

    /// Copies a text to the clipboard.
    fn copy(&self, what: What, text: Zeroizing<String>) -> impl Future<Output = Copied> + Send;

    /// Overwrites what was copied.
    fn overwrite(&self) -> impl Future<Output = Copied> + Send;

    /// Deletes what tmux keeps of a text that was copied through it.
    fn forget(&self, text: Zeroizing<String>) -> impl Future<Output = ()> + Send;

    /// Tries a file or a command before there is a secret for it.
    fn attempt(&self, to: SaveTarget) -> impl Future<Output = Result<(), NotSaved>> + Send;

    /// Writes a secret to a file or a command, until it is done or told to stop.
    fn deliver(
        &self,
        to: SaveTarget,
        content: SaveContent,
        stop: oneshot::Receiver<()>,
    ) -> impl Future<Output = SaveResult> + Send;

    /// Takes back what can be taken back, at the end of the program.
    fn end(&self) -> impl Future<Output = ()> + Send;
}

/// The machine that the program runs on.
#[derive(Clone)]
pub struct ThisMachine {
    choice: ClipboardChoice,
    clipboard: Clipboard,
}

impl ThisMachine {
    /// With the clipboard that the settings choose. A desktop's clipboard holds a credential for `hold`.
    #[must_use]
    pub fn new(choice: ClipboardChoice, hold: Duration) -> Self {
        Self { choice, clipboard: Clipboard::new(choice, hold) }
    }
}

impl Machine for ThisMachine {
    fn now(&self) -> ClockReading {
        ClockReading::now()
    }

    async fn sleep_until(&self, at: Instant) {
        tokio::time::sleep_until(at.into()).await;
    }

    fn can_resume(&self) -> bool {
        can_resume()
    }

    async fn look(&self) -> Surroundings {
        look(self.choice).await
    }

    async fn copy(&self, what: What, text: Zeroizing<String>) -> Copied {
        self.clipboard.clone().copy(what, text).await
    }

    async fn overwrite(&self) -> Copied {
        self.clipboard.clone().overwrite().await
    }

    async fn forget(&self, text: Zeroizing<String>) {
        Clipboard::forget(text).await;
    }

    async fn attempt(&self, to: SaveTarget) -> Result<(), NotSaved> {
        attempt(&to).await
    }

    async fn deliver(&self, to: SaveTarget, content: SaveContent, stop: oneshot::Receiver<()>) -> SaveResult {
        let stopped = async {
            if stop.await.is_err() {
                std::future::pending::<()>().await; // nothing is left that could stop it
            }
        };
        save(&to, &content, OutputMode::Kept, stopped).await
    }

    async fn end(&self) {
        self.clipboard.clone().end().await;
    }
}
