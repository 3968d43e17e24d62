//! Signals: the system's way to say that the size changed or that it is time to end.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Longer than any run: stands for "never" where a time is needed.
pub(super) const LONG: Duration = Duration::from_secs(60 * 60 * 24 * 365);
/// Whoever was told to end and has not after this long is ended. Two seconds: the answer to a create under
/// way comes sooner or not at all.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a signal says.
pub(super) enum Told {
    /// The terminal has another size.
    Resized,
    /// It is time to end.
    Stop,
}

/// The signals that the screen listens to.
pub(super) struct Signals {
    resized: Option<Signal>,
    stop: mpsc::Receiver<()>,
}

impl Signals {
    /// Listens for SIGWINCH, and for SIGHUP, SIGINT, SIGTERM and SIGQUIT in a task of its own: they are heard
    /// whatever the screen is doing.
    pub(super) fn new() -> Self {
        // One place: the first signal says it all.
        let (told, stop) = mpsc::channel(1);
        for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate(), SignalKind::quit()] {
            let told = told.clone();
            if let Ok(mut signal) = signal(kind) {
                tokio::spawn(async move {
                    signal.recv().await;
                    std::thread::spawn(move || end_after_patience(kind));
                    let _ = told.send(()).await;
                });
            }
        }
        Self { resized: signal(SignalKind::window_change()).ok(), stop }
    }

    /// Waits for the next one. Cancel safe.
    pub(super) async fn next(&mut self) -> Told {
        let resized = async {
            match &mut self.resized {
                Some(signal) => signal.recv().await,
                None => None,
            }
        };
        tokio::select! {
            Some(()) = self.stop.recv() => Told::Stop,
            Some(()) = resized => Told::Resized,
            else => std::future::pending().await,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no event to await: this is for when none comes")]
fn end_after_patience(kind: SignalKind) {
    std::thread::sleep(PATIENCE);
    super::leave_at_once();
    std::process::exit(128 + kind.as_raw_value());
}
