//! The thread that has the desktop's clipboard. Its text is lost when the handle drops, so it lives as long as the program.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use arboard::{Clipboard, SetExtLinux};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// What it is asked to do.
pub(crate) enum ClipboardJob {
    /// Put this on the clipboard.
    Set {
        text: Zeroizing<String>,
        /// Whether it is a credential: then no clipboard manager should remember it, and it goes again by itself.
        secret: bool,
        /// Takes the answer.
        done: oneshot::Sender<Result<(), arboard::Error>>,
    },
    /// Take it off again, if it is still there.
    Clear {
        /// Takes whether it was.
        done: oneshot::Sender<bool>,
    },
}

/// The handle, and what it holds of ours.
#[derive(Default)]
struct ClipboardOwner {
    clipboard: Option<Clipboard>,
    /// The digest of the credential on it, and until when it may be there. The credential itself is not kept here.
    held: Option<([u8; 32], Instant)>,
}

/// Serves until the last handle is gone; then clears what is left.
pub(crate) fn keep(orders: &Receiver<ClipboardJob>, hold: Duration) {
    let mut keeper = ClipboardOwner::default();
    loop {
        let order = match &keeper.held {
            Some((_, until)) => orders.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(ClipboardJob::Set { text, secret, done }) => {
                let set = keeper.set(&text, secret);
                if set.is_ok() {
                    keeper.held = secret.then(|| (digest(text.as_bytes()), Instant::now() + hold));
                }
                drop(text);
                let _ = done.send(set);
            }
            Ok(ClipboardJob::Clear { done }) => drop(done.send(keeper.clear())),
            Err(RecvTimeoutError::Timeout) => drop(keeper.clear()),
            Err(RecvTimeoutError::Disconnected) => {
                keeper.clear();
                break;
            }
        }
    }
}

impl ClipboardOwner {
    fn set(&mut self, text: &str, secret: bool) -> Result<(), arboard::Error> {
        let clipboard = match &mut self.clipboard {
            Some(clipboard) => clipboard,
            empty => empty.insert(Clipboard::new()?),
        };
        let set = clipboard.set();
        if secret { set.exclude_from_history().text(text) } else { set.text(text) }
    }

    /// Clears the clipboard if it holds what came from here: something else may have been copied since.
    fn clear(&mut self) -> bool {
        let (Some((ours, _)), Some(clipboard)) = (self.held.take(), &mut self.clipboard) else { return false };
        let there = clipboard.get_text().map(Zeroizing::new);
        let is_ours = there.is_ok_and(|text| bool::from(digest(text.as_bytes()).ct_eq(&ours)));
        is_ours && clipboard.clear().is_ok()
    }
}

fn digest(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}
