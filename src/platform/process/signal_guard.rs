//! Signals that wait until a secret is safe.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end the program: they are told here.
pub struct SignalGuard {
    heard: watch::Receiver<Option<i32>>,
    // With it the channel never closes, even if no signal can be held.
    _open: watch::Sender<Option<i32>>,
}

static IN_FORCE: AtomicBool = AtomicBool::new(false);

impl SignalGuard {
    /// Whether any are delayed: then nothing else ends the program on them.
    pub fn is_in_force() -> bool {
        IN_FORCE.load(Ordering::Relaxed)
    }

    /// Holds them off, for the rest of the program's life.
    pub fn new() -> Self {
        IN_FORCE.store(true, Ordering::Relaxed);
        let (tell, heard) = watch::channel(None);
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()] {
            if let Ok(mut signal) = signal(kind) {
                let tell = tell.clone();
                tokio::spawn(async move {
                    if signal.recv().await.is_some() {
                        tell.send_if_modified(|first| {
                            let is_first = first.is_none();
                            *first = first.or(Some(kind.as_raw_value()));
                            is_first
                        });
                    }
                });
            }
        }
        Self { heard, _open: tell }
    }

    /// Holds nothing off, and hears of no signal.
    pub fn none() -> Self {
        let (tell, heard) = watch::channel(None);
        Self { heard, _open: tell }
    }

    /// Whether one came.
    pub fn is_heard(&self) -> bool {
        self.number().is_some()
    }

    /// The number of the first that came.
    pub fn number(&self) -> Option<i32> {
        *self.heard.borrow()
    }

    /// Waits for the first one. Cancel safe; at once if it has come.
    pub async fn signal(&mut self) {
        if self.heard.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
