//! A terminal that echoes nothing and interprets nothing: for as long as a secret is typed, and never longer. While the
//! program is still, the terminal is as it was before.

use std::fs::{File, OpenOptions};
use std::io;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::platform::process::signal_guard::SignalGuard;
use crate::platform::surroundings::{can_resume, is_in_foreground};

/// What is told through the pipe: to stop for a while, and that we go on.
const STOP: u8 = b's';
const CONTINUED: u8 = b'c';

/// The terminal that is silent now.
static SILENT: Mutex<Option<Silent>> = Mutex::new(None);

struct Silent {
    terminal: File,
    before: Termios,
    /// Whether it is so again, since we make way for the shell.
    is_lifted: bool,
    /// Tells what signals say to who reads.
    tell: PipeWriter,
}

impl Silent {
    /// Puts the terminal back as it was. What was typed until now is dropped: also what has not come as far as to the
    /// terminal's modes, and would be shown by them. On Linux, a poll that finds nothing brings it there.
    fn lift(&self) -> io::Result<()> {
        tcflush(&self.terminal, QueueSelector::IFlush)?;
        let _ = poll(&mut [PollFd::new(&self.terminal, PollFlags::IN)], Some(&Timespec::default()));
        Ok(tcsetattr(&self.terminal, OptionalActions::Flush, &self.before)?)
    }
}

/// Silence on a terminal, until dropped or until a signal ends the program.
pub(crate) struct Silence {
    /// The terminal, which no read waits for: only here is waited, where signals are heard too.
    input: File,
    silent: Termios,
    told: PipeReader,
    // With it the pipe never ends: what a signal ends is ended by who holds it off.
    _open: PipeWriter,
}

/// What there is to do at a silent terminal.
pub(crate) enum WaitOutcome {
    /// Something was typed.
    Typed(Zeroizing<[u8; 1]>),
    /// Nothing was typed for as long as was to be waited.
    Quiet,
    /// A signal asks this process to stop for a while.
    Stop,
    /// We stood still, and the terminal may show what is typed.
    Continued,
}

impl Silence {
    /// Silences a terminal. In the background this waits until it is in front.
    pub(crate) fn begin(terminal: &File) -> io::Result<Self> {
        static WATCHED: Once = Once::new();
        let before = tcgetattr(terminal)?;
        tcsetattr(terminal, OptionalActions::Now, &before)?; // waits with the terminal as it is, and nothing reading
        WATCHED.call_once(watch);
        let mut silent = before.clone();
        // Without ISIG, Ctrl-C is a byte.
        silent.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        let at_once = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
        let input = OpenOptions::new().read(true).custom_flags(at_once).open("/dev/tty")?;
        let (told, tell) = io::pipe()?;
        let silence = Self { input, silent, told, _open: tell.try_clone()? };
        *lock() = Some(Silent { terminal: terminal.try_clone()?, before, is_lifted: false, tell });
        tcsetattr(terminal, OptionalActions::Flush, &silence.silent)?;
        Ok(silence)
    }

    /// Waits for what is next; for typing no longer than this.
    pub(crate) fn wait(&mut self, patience: Option<Duration>) -> io::Result<WaitOutcome> {
        let patience = patience.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        loop {
            let mut ready = [PollFd::new(&self.told, PollFlags::IN), PollFd::new(&self.input, PollFlags::IN)];
            match poll(&mut ready, patience.as_ref()) {
                Err(Errno::INTR) => continue,
                Ok(0) => return Ok(WaitOutcome::Quiet),
                done => done?,
            };
            if !ready[0].revents().is_empty() {
                return Ok(if self.word()? == STOP { WaitOutcome::Stop } else { WaitOutcome::Continued });
            }
            if is_broken() {
                return Ok(WaitOutcome::Continued);
            }
            let mut byte = Zeroizing::new([0; 1]);
            match self.input.read(byte.as_mut_slice()) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                done => return done.map(|_| WaitOutcome::Typed(byte)),
            }
        }
    }

    /// Stops the whole job, the terminal as it was before, until a shell resumes it. Does nothing if no shell
    /// could; returns whether it stopped.
    pub(crate) fn make_way(&mut self) -> io::Result<bool> {
        if !can_resume() {
            return Ok(false);
        }
        if let Some(silent) = lock().as_mut() {
            silent.lift()?;
            silent.is_lifted = true;
        }
        kill_current_process_group(Signal::STOP)?;
        while self.word()? != CONTINUED {}
        Ok(true)
    }

    /// Silences the terminal again; says whether it is silent. In the background we stop, as who reads there.
    pub(crate) fn again(&self) -> io::Result<bool> {
        let mut silent = lock();
        let Some(silent) = silent.as_mut() else { return Ok(false) };
        if !is_in_foreground() {
            kill_current_process_group(Signal::TTIN)?;
            return Ok(false);
        }
        // What was typed before was seen, and is dropped.
        tcsetattr(&silent.terminal, OptionalActions::Flush, &self.silent)?;
        silent.is_lifted = false;
        Ok(true)
    }

    fn word(&mut self) -> io::Result<u8> {
        let mut word = [0];
        self.told.read_exact(&mut word)?;
        Ok(word[0])
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        end();
    }
}

/// Puts the terminal back as it was, if it is silent, and ours: in the background it is the shell's.
pub fn end() {
    if let Some(silent) = lock().take().filter(|silent| !silent.is_lifted && is_in_foreground()) {
        let _ = silent.lift();
    }
}

fn lock() -> MutexGuard<'static, Option<Silent>> {
    SILENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a shell had the terminal since it was silenced, as after a SIGSTOP, which no process is told of in advance.
fn is_broken() -> bool {
    lock().as_ref().is_some_and(|silent| {
        let shows = |modes: Termios| modes.local_modes.intersects(LocalModes::ECHO | LocalModes::ICANON);
        silent.is_lifted || !is_in_foreground() || tcgetattr(&silent.terminal).is_ok_and(shows)
    })
}

/// Starts to listen for the signals that end a program or stop it; listens when this returns. From then on none of them
/// does so by itself, so it is done here for the rest of the program's life.
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
    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
    let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let _ = ready.send(());
    loop {
        // In this order: a shell that ends a stopped job sends two signals.
        let kind = tokio::select! {
            biased;
            _ = terminate.recv() => SignalKind::terminate(),
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = quit.recv() => SignalKind::quit(),
            _ = hangup.recv() => SignalKind::hangup(),
            _ = continued.recv() => { tell(CONTINUED); continue }
            _ = stop.recv() => { tell(STOP); continue }
        };
        end();
        // Who holds signals off ends the program himself when a secret is safe.
        if !SignalGuard::is_in_force() {
            std::process::exit(128 + kind.as_raw_value()); // as a shell tells of a signal
        }
    }
}

/// Tells the reader at the silent terminal. Without a reader, a stop needs no preparation.
fn tell(word: u8) {
    if let Some(silent) = lock().as_mut() {
        let _ = silent.tell.write_all(&[word]);
    } else if word == STOP && can_resume() {
        let _ = kill_current_process_group(Signal::STOP);
    }
}
