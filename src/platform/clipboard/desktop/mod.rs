//! The desktop's clipboard, by arboard: X11 or Wayland, on this machine or where DISPLAY leads.
//!
//! A thread of its own has the handle: a display that accepts and never answers (a stalled `ssh -X`) holds up that
//! thread only.

mod keeper;

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::report::CopyReport;
use keeper::ClipboardJob;

/// A display that does not answer is given up after this long.
const PATIENCE: Duration = Duration::from_secs(2);
/// At the end of the program it gets less.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

/// The way to the thread, once there is one.
#[derive(Clone)]
pub(crate) struct Desktop {
    keeper: Arc<Mutex<Option<mpsc::Sender<ClipboardJob>>>>,
    /// How long it may hold a credential.
    hold: Duration,
}

impl Desktop {
    pub(crate) fn new(hold: Duration) -> Self {
        Self { keeper: Arc::default(), hold }
    }

    /// Copies. What is secret is taken off again after a while, if it is still there then.
    pub(crate) async fn copy(&self, text: Zeroizing<String>, secret: bool) -> CopyReport {
        let failed = |reason: String| CopyReport::Failed { reason };
        let (done, answer) = oneshot::channel();
        if let Err(error) = self.start().and_then(|keeper| {
            keeper.send(ClipboardJob::Set { text, secret, done }).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
        }) {
            return failed(format!("no thread could be started: {error}."));
        }
        match timeout(PATIENCE, answer).await {
            Ok(Ok(Ok(()))) if secret => CopyReport::Held(Some(self.hold)),
            Ok(Ok(Ok(()))) => CopyReport::Held(None),
            Ok(Ok(Err(error))) => failed(format!("the desktop's clipboard cannot be reached ({error}).")),
            _ => failed("the display does not answer.".into()),
        }
    }

    /// Takes what came from here off the clipboard, if it is still there; whether it was. None if nothing was copied
    /// this way.
    pub(crate) async fn clear(&self) -> Option<bool> {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let (done, answer) = oneshot::channel();
        keeper.send(ClipboardJob::Clear { done }).ok()?;
        timeout(PATIENCE, answer).await.ok()?.ok()
    }

    /// The same at the end of the program, with less patience.
    pub(crate) async fn end(&self) {
        let _ = timeout(LAST_PATIENCE, self.clear()).await;
    }

    fn start(&self) -> std::io::Result<mpsc::Sender<ClipboardJob>> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = &*keeper {
            return Ok(keeper.clone());
        }
        let (send, orders) = mpsc::channel();
        let hold = self.hold;
        std::thread::Builder::new().name("clipboard".into()).spawn(move || keeper::keep(&orders, hold))?;
        Ok(keeper.insert(send).clone())
    }
}
