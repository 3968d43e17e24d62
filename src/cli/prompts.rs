//! Questions of commands, on the terminal that they were started from; what they say besides the result is on standard
//! error.

use std::io;
use std::io::Write as _;

use secrecy::SecretString;

use crate::client::Connection;
use crate::domain::Untrusted;
use crate::operations::access::Access;
use crate::operations::failure::{Exit, Failure};
use crate::operations::prompts::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompts::prompter::Prompter;
use crate::platform::process::signal_guard::SignalGuard;
use crate::platform::prompt;
use crate::platform::secret_input::SecretInputError;

const INTERRUPT: i32 = rustix::process::Signal::INT.as_raw();

/// A conversation of a command.
pub(crate) struct Prompts {
    guard: SignalGuard,
    is_guarded: bool,
}

impl Prompts {
    /// Signals end the program at once, as they do by default.
    pub(crate) fn new() -> Self {
        Self { guard: SignalGuard::none(), is_guarded: false }
    }

    /// From now on a signal ends the conversation and not the program, so that a secret can be kept first.
    pub(crate) fn guarded() -> Self {
        Self { guard: SignalGuard::new(), is_guarded: true }
    }

    async fn blocking<T: Send + 'static>(&mut self, ask: impl FnOnce() -> io::Result<T> + Send + 'static) -> Flow<T> {
        let answer = self.wait(tokio::task::spawn_blocking(ask)).await?;
        answer.map_err(io::Error::other).flatten().map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Stop::Left.into(),
            io::ErrorKind::Interrupted => Stop::Signal(INTERRUPT).into(),
            // Nothing was done, and another option would have given the answer.
            _ if !prompt::is_possible() => Interrupt::Failed(SecretInputError::Prompt(error).into()),
            _ => Interrupt::Failed(Failure::new(Exit::Mistake, format!("Can't ask on the terminal: {error}."))),
        })
    }
}

impl Prompter for Prompts {
    fn is_interactive(&self) -> bool {
        prompt::is_possible()
    }

    fn say(&mut self, text: impl AsRef<str>) {
        // Standard error may be gone with the terminal: that is no reason to fail.
        let _ = writeln!(io::stderr(), "{}", Untrusted::new(text.as_ref()).to_display(usize::MAX));
    }

    fn say_credential(&mut self, text: &str) -> Flow<()> {
        // To the terminal itself: standard error may be a log.
        prompt::show(text).map_err(|error| Interrupt::words(&format!("can't write to the terminal: {error}")))
    }

    async fn ask(&mut self, question: impl AsRef<str>) -> Flow<String> {
        let question = question.as_ref().to_owned();
        Ok(self.blocking(move || prompt::line(&question)).await?.trim().to_owned())
    }

    async fn ask_hidden(&mut self, question: impl AsRef<str>) -> Flow<SecretString> {
        let question = question.as_ref().to_owned();
        self.blocking(move || prompt::hidden(&question)).await
    }

    async fn flush(&mut self) -> Flow<()> {
        Ok(())
    }

    fn guard(&mut self) -> &mut SignalGuard {
        &mut self.guard
    }

    fn hold_signals(&mut self) {
        if !self.is_guarded {
            *self = Self::guarded();
        }
    }

    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Flow<T> {
        tokio::select! {
            biased;
            () = self.guard.signal() => Err(Stop::Signal(self.guard.number().unwrap_or(INTERRUPT)).into()),
            done = work => Ok(done),
        }
    }
}

/// What a command works with.
pub(crate) struct CommandAccess {
    pub(crate) prompts: Prompts,
    pub(crate) connection: Connection,
}

impl CommandAccess {
    /// Works on the server, until the work is done or a signal comes. A session that was begun for it is ended then.
    pub(crate) async fn work<T>(
        mut self,
        work: impl AsyncFnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let done = self.prompts.wait(work(&self.connection)).await.map_err(Failure::from).flatten();
        self.connection.end_session().await;
        done
    }
}

impl Access for CommandAccess {
    type Prompter = Prompts;

    fn prompter(&mut self) -> &mut Prompts {
        &mut self.prompts
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }
}
