//! A terminal that echoes nothing and interprets nothing: for as long as a secret is typed, and never longer.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::deliver::Held;

/// The terminal that is silent now, and how it was before.
static SILENT: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Silence on a terminal, until dropped or until a signal ends the program.
pub(super) struct Silence(());

impl Silence {
    /// Silences a terminal.
    pub(super) fn begin(terminal: &File) -> io::Result<Self> {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(watch);
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        // Without ISIG, Ctrl-C is a byte.
        silent.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        *SILENT.lock().unwrap_or_else(PoisonError::into_inner) = Some((terminal.try_clone()?, before));
        let silence = Self(());
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(silence)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        end();
    }
}

/// Puts the terminal back as it was, if it is silent.
pub fn end() {
    if let Some((terminal, before)) = SILENT.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = tcsetattr(terminal, OptionalActions::Flush, &before);
    }
}

/// Starts to listen for the signals that end a program; listens when this returns. From then on none of them does so by
/// itself, so it is done here for the rest of the program's life.
fn watch() {
    let (ready, listening) = channel();
    let started = std::thread::Builder::new().name("signals".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(listen(ready))
    });
    if started.is_ok() {
        let _ = listening.recv();
    }
}

async fn listen(ready: Sender<()>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let _ = ready.send(());
    loop {
        let kind = tokio::select! {
            _ = terminate.recv() => SignalKind::terminate(),
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = quit.recv() => SignalKind::quit(),
            _ = hangup.recv() => SignalKind::hangup(),
        };
        end();
        // Who holds signals off ends the program himself when a secret is safe.
        if !Held::is_in_force() {
            std::process::exit(128 + kind.as_raw_value()); // as a shell tells of a signal
        }
    }
}
