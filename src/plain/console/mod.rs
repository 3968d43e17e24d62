//! What is said and what is asked: lines out, lines in.

mod input;
mod sanitize;

use std::io;
use std::io::IsTerminal as _;
use std::time::Duration;

use rustix::io::Errno;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::operations::prompts::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompts::prompter::Prompter;
use crate::platform::process::signal_guard::SignalGuard;
use crate::platform::{prompt, text};
use sanitize::Sanitizer;

/// A terminal that takes nothing any more is not waited for longer, at the end.
const FAREWELL: Duration = Duration::from_secs(1);
/// A person takes longer than this to read a question and answer it.
const SILENCE: Duration = Duration::from_millis(100);
const INTERRUPT: i32 = rustix::process::Signal::INT.as_raw();

pub(crate) struct Console {
    /// What waits to be written: with the next question, so that a terminal that has stopped holds up no signal.
    out: Zeroizing<Vec<u8>>,
    /// What text comes through.
    sanitizer: Sanitizer,
    /// Whether a person types the answers, and the terminal shows them.
    typed: bool,
    /// Whether a question is on the line, which has no end yet.
    is_open: bool,
    /// What every question begins with.
    mark: String,
    /// Signals, which wait until all is safe.
    guard: SignalGuard,
}

impl Console {
    /// Begins one on standard input and output.
    pub(crate) fn new() -> Self {
        let (out, mark, typed) = (Zeroizing::default(), String::new(), io::stdin().is_terminal());
        Self { out, sanitizer: Sanitizer::here(), typed, is_open: false, mark, guard: SignalGuard::new() }
    }

    /// Sets what every question begins with.
    pub(crate) fn mark(&mut self, mark: String) {
        self.mark = mark;
    }

    /// Writes the last words, if the output still takes them.
    pub(crate) async fn end(mut self) {
        if self.is_open {
            self.out.insert(0, b'\n');
        }
        let said = std::mem::take(&mut self.out);
        let written = tokio::task::spawn_blocking(move || write(&said));
        let _ = tokio::time::timeout(FAREWELL, written).await;
    }

    /// Says tab-separated text: the tabs stay.
    pub(crate) fn say_row(&mut self, row: &str) {
        let cells: Vec<String> = row.split('\t').map(|cell| self.sanitizer.line(cell)).collect();
        self.out.extend_from_slice(cells.join("\t").as_bytes());
        self.out.push(b'\n');
    }

    /// Drops what was typed ahead, until nothing comes for a moment: a terminal sends the lines of a paste as answers. A
    /// script that writes into a pipe has answered on purpose.
    pub(crate) async fn await_silence(&mut self) -> Flow<()> {
        if !self.typed {
            return Ok(());
        }
        self.flush().await?;
        self.blocking(|| input::drop_typed_ahead(SILENCE).map(Some)).await
    }

    /// What is to be written with a question.
    fn question(&mut self, question: &str) -> Zeroizing<Vec<u8>> {
        let question = self.sanitizer.line(&format!("{}{question}", self.mark));
        self.out.extend_from_slice(question.as_bytes());
        self.is_open = true;
        std::mem::take(&mut self.out)
    }

    /// Does what may wait for the terminal; none means that the input has ended.
    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> io::Result<Option<T>> + Send + 'static,
    ) -> Flow<T> {
        if self.guard.is_heard() {
            return Err(self.signal().into());
        }
        let done = tokio::select! {
            done = tokio::task::spawn_blocking(work) => done,
            () = self.guard.signal() => return Err(self.signal().into()),
        };
        match done.map_err(io::Error::other).flatten() {
            Ok(Some(answer)) => {
                if std::mem::take(&mut self.is_open) && !self.typed {
                    self.out.push(b'\n'); // no terminal has shown an answer, with its end of line
                }
                Ok(answer)
            }
            Ok(None) => Err(Stop::Left.into()),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    fn text<'a>(&self, line: &'a [u8]) -> Flow<&'a str> {
        let next = if self.typed { "; set the terminal to UTF-8" } else { "" };
        text::decode(line).map_err(|why| Interrupt::words(&format!("that was {why}{next}")))
    }

    fn trouble(&mut self, error: &io::Error) -> Interrupt {
        match error.kind() {
            _ if error.raw_os_error().is_some() => return Stop::Gone.into(),
            // The terminal passes Ctrl-C and Ctrl-D on as they are while nothing is shown.
            io::ErrorKind::Interrupted => return self.closed(Stop::Signal(INTERRUPT)),
            io::ErrorKind::UnexpectedEof => return self.closed(Stop::Left),
            _ => {}
        }
        self.is_open = false;
        Interrupt::words(&error.to_string())
    }

    /// The question has its end of line already.
    fn closed(&mut self, stop: Stop) -> Interrupt {
        self.is_open = false;
        stop.into()
    }

    fn signal(&self) -> Stop {
        Stop::Signal(self.guard.number().unwrap_or(INTERRUPT))
    }
}

impl Prompter for Console {
    fn is_interactive(&self) -> bool {
        self.typed
    }

    fn say(&mut self, text: impl AsRef<str>) {
        let text = self.sanitizer.line(text.as_ref());
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
    }

    fn say_credential(&mut self, text: &str) -> Flow<()> {
        if !self.sanitizer.shows_all_of(text) {
            return Err(Interrupt::words("it has characters that this terminal cannot show: use a file or a command"));
        }
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
        Ok(())
    }

    async fn ask(&mut self, question: impl AsRef<str>) -> Flow<String> {
        let question = self.question(question.as_ref());
        let line = self.blocking(move || write(&question).and_then(|()| input::line())).await?;
        let text = self.text(&line)?;
        Ok(text.trim().to_owned())
    }

    async fn ask_hidden(&mut self, question: impl AsRef<str>) -> Flow<SecretString> {
        if !self.typed {
            let question = self.question(question.as_ref());
            let line = self.blocking(move || write(&question).and_then(|()| input::line())).await?;
            let text = self.text(&line)?;
            return Ok(SecretString::from(text));
        }
        let (said, question) =
            (std::mem::take(&mut self.out), self.sanitizer.line(&format!("{}{}", self.mark, question.as_ref())));
        self.is_open = true;
        let typed = self.blocking(move || write(&said).and_then(|()| prompt::hidden(&question).map(Some))).await;
        prompt::end_silence(); // a signal leaves the question open: the terminal shows again what is typed
        typed
    }

    async fn flush(&mut self) -> Flow<()> {
        let said = std::mem::take(&mut self.out);
        if said.is_empty() {
            return Ok(());
        }
        self.blocking(move || write(&said).map(Some)).await
    }

    fn guard(&mut self) -> &mut SignalGuard {
        &mut self.guard
    }

    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Flow<T> {
        self.flush().await?;
        tokio::select! {
            done = work => Ok(done),
            () = self.guard.signal() => Err(self.signal().into()),
        }
    }
}

/// Straight to the system: the buffer of [`io::stdout`] would keep what it has held.
fn write(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(rustix::stdio::stdout(), bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
