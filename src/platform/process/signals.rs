//! Signals: the system's way to say that the size changed, that it is time to stop for a while, or to end.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Longer than any run: "never" where a time is needed.
pub(crate) const LONG: Duration = Duration::from_secs(60 * 60 * 24 * 365);
/// A program that was told to end and has not after this long is ended. Two seconds: the answer to a create under
/// way comes sooner or not at all.
const PATIENCE: Duration = Duration::from_secs(2);
const SIGTSTP: i32 = rustix::process::Signal::TSTP.as_raw();
const SIGCONT: i32 = rustix::process::Signal::CONT.as_raw();

/// Makes a write beyond the limit of a file's size (`ulimit -f`) an error like that of a full disk, where the system would
/// end the program. Needs a runtime.
pub(crate) fn survive_file_size_limit() -> std::io::Result<()> {
    // The handler stays when its listener is dropped.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// What a signal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalEvent {
    /// The terminal has another size.
    Resized,
    /// Stop, until the user continues it.
    Suspend,
    /// We were stopped, and go on.
    Continued,
    /// It is time to end: by this signal.
    End(i32),
}

/// The signals that the screen listens to.
pub struct Signals {
    resized: Option<Signal>,
    suspend: Option<Signal>,
    continued: Option<Signal>,
    /// What came through a channel: the signals that end the program, and in tests all of them.
    sent: mpsc::Receiver<SignalEvent>,
}

impl Signals {
    /// Listens for SIGWINCH, SIGTSTP and SIGCONT, and for SIGHUP, SIGINT, SIGTERM and SIGQUIT in tasks of their own:
    /// they are heard whatever the screen is doing. Comes before the terminal is entered, so that none finds it
    /// entered with nothing listening.
    pub fn new() -> Self {
        // One place: the first signal says it all.
        let (sender, sent) = mpsc::channel(1);
        for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate(), SignalKind::quit()] {
            let sender = sender.clone();
            if let Ok(mut signal) = signal(kind) {
                tokio::spawn(async move {
                    signal.recv().await;
                    std::thread::spawn(move || end_after_patience(kind));
                    let _ = sender.send(SignalEvent::End(kind.as_raw_value())).await;
                });
            }
        }
        let listen = |kind| signal(kind).ok();
        Self {
            resized: listen(SignalKind::window_change()),
            suspend: listen(SignalKind::from_raw(SIGTSTP)),
            continued: listen(SignalKind::from_raw(SIGCONT)),
            sent,
        }
    }

    /// Signals that are sent through a channel instead, for a loop in memory.
    pub fn in_memory() -> (mpsc::Sender<SignalEvent>, Self) {
        let (sender, sent) = mpsc::channel(16);
        (sender, Self { resized: None, suspend: None, continued: None, sent })
    }

    /// Waits for the next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> SignalEvent {
        tokio::select! {
            biased;
            Some(event) = self.sent.recv() => event,
            () = heard(&mut self.continued) => SignalEvent::Continued,
            () = heard(&mut self.suspend) => SignalEvent::Suspend,
            () = heard(&mut self.resized) => SignalEvent::Resized,
        }
    }

    /// Waits until we go on after a stop: with [`SignalEvent::Continued`], or [`SignalEvent::End`] if that was said
    /// meanwhile.
    pub(crate) async fn go_on(&mut self) -> SignalEvent {
        tokio::select! {
            biased;
            Some(event) = self.sent.recv() => return event,
            () = heard(&mut self.continued) => {}
        }
        // A shell that ends a stopped job sends two signals: let the task that heard the other one say so.
        tokio::task::yield_now().await;
        self.sent.try_recv().unwrap_or(SignalEvent::Continued)
    }
}

impl Default for Signals {
    fn default() -> Self {
        Self::new()
    }
}

async fn heard(signal: &mut Option<Signal>) {
    let said = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if said.is_none() {
        std::future::pending::<()>().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no event to await: this is for when none comes")]
fn end_after_patience(kind: SignalKind) {
    std::thread::sleep(PATIENCE);
    crate::platform::raw_mode::leave_at_once();
    std::process::exit(128 + kind.as_raw_value());
}
