//! Signals that wait until a secret is safe.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// From now on SIGINT, SIGTERM and SIGHUP do not end the program: they are told here.
pub struct Held {
    heard: watch::Receiver<bool>,
    // With it the channel never closes, even if no signal can be held.
    _open: watch::Sender<bool>,
}

impl Held {
    /// Holds them off, for the rest of the program's life.
    pub fn new() -> Self {
        let (tell, heard) = watch::channel(false);
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            if let Ok(mut signal) = signal(kind) {
                let tell = tell.clone();
                tokio::spawn(async move {
                    if signal.recv().await.is_some() {
                        let _ = tell.send(true);
                    }
                });
            }
        }
        Self { heard, _open: tell }
    }

    /// Whether one came.
    pub fn is_heard(&self) -> bool {
        *self.heard.borrow()
    }

    /// Waits for the first one. Cancel safe; at once if it has come.
    pub async fn signal(&mut self) {
        if self.heard.wait_for(|heard| *heard).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
