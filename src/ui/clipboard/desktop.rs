//! The desktop's clipboard, by arboard: X11 or Wayland, on this machine.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use arboard::{Clipboard, SetExtLinux};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::ui::app::CopyReport;

/// A display that accepts and never answers (a stalled `ssh -X`) is given up after this long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The handle, once there is one. Its text is lost when it drops, so it lives as long as the program.
#[derive(Clone, Default)]
pub(super) struct Desktop {
    handle: Arc<Mutex<Option<Clipboard>>>,
}

impl Desktop {
    /// Begins to copy, on a thread of its own: the display may never answer.
    pub(super) fn copy(&self, text: Zeroizing<String>, secret: bool) -> JoinHandle<CopyReport> {
        let (done, answer) = mpsc::channel();
        let desktop = self.clone();
        let started = std::thread::Builder::new()
            .name("clipboard".into())
            .spawn(move || drop(done.send(desktop.set(&text, secret))));
        tokio::task::spawn_blocking(move || {
            let failed = |reason: String| CopyReport::Failed { reason };
            if let Err(error) = started {
                return failed(format!("no thread could be started: {error}."));
            }
            match answer.recv_timeout(PATIENCE) {
                Ok(Ok(())) => CopyReport::Held,
                Ok(Err(error)) => failed(format!("the desktop's clipboard cannot be reached ({error}).")),
                Err(_) => failed("the display does not answer.".into()),
            }
        })
    }

    fn set(&self, text: &str, secret: bool) -> Result<(), arboard::Error> {
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let clipboard = match &mut *handle {
            Some(clipboard) => clipboard,
            empty => empty.insert(Clipboard::new()?),
        };
        let set = clipboard.set();
        if secret { set.exclude_from_history().text(text) } else { set.text(text) }
    }
}
