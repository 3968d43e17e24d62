//! How a command ends: exit codes, and the one line that says what went wrong.

use std::io;
use std::io::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::format::Format;
use crate::client::ApiError;
use crate::client::session_file::SessionFileError;
use crate::config::{ConfigError, Overrides};
use crate::domain::Untrusted;
use crate::platform::secret_input::SecretInputError;

/// An exit code. Part of what scripts rely on: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// What was asked is done.
    Done = 0,
    /// A mistake of the program, or something that no other code means.
    Mistake = 1,
    /// The command line, or something typed, was not understood; nothing was done.
    Usage = 2,
    /// Not signed in, or not allowed.
    Denied = 3,
    /// There is no such key.
    NotFound = 4,
    /// The server has something else under this name, or a key whose secret was lost on the way.
    Conflict = 5,
    /// The server or the way to it failed.
    Unreachable = 6,
    /// A key, a secret or a token is not good.
    NotGood = 7,
    /// A key was made, and its secret did not reach its destination.
    Undelivered = 8,
    /// Too many attempts: nothing is tried until some time has passed.
    Throttled = 9,
    /// A scan has found secrets or tokens of keys.
    Found = 10,
    /// Nothing failed: something is due.
    Due = 11,
    /// The user said no.
    Cancelled = 130,
}

/// The exit codes as the help and the manual page tell them.
pub const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  internal or other error
    2  invalid command line; nothing was done
    3  not signed in, or not allowed
    4  no such key
    5  conflict, or the key was created but its secret was lost on the way
    6  server or network error; for the embedded server also one of its data folder
    7  invalid key, secret or token
    8  the key was created but its secret could not be delivered; the message says where it is
    9  too many attempts; wait, then try again
   10  a scan has found secrets or tokens
   11  latchkey due: something is due
  130  cancelled; after a signal, 128 plus its number: 129, 131 or 143";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what was asked, and what to do next. Never holds a secret.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// What happened, in a sentence. Empty: nothing needs to be said.
    pub message: String,
    /// What to do next, in a sentence.
    pub next: Option<String>,
    /// The command that helps, in a sentence; not said where commands of a shell are of no use.
    command: Option<String>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Whether it leaves a new secret nowhere.
    pub(crate) is_lost: bool,
    /// The seconds to wait before it is tried again, if the server says how many.
    retry_after: Option<u64>,
}

impl Failure {
    /// What happened, in a sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            next: None,
            command: None,
            signal: None,
            is_lost: false,
            retry_after: None,
        }
    }

    /// A signal came.
    pub fn of_signal(number: i32) -> Self {
        Self { signal: Some(number), ..Self::new(Exit::Cancelled, "Cancelled.") }
    }

    /// Marks it as one that leaves a new secret nowhere.
    #[must_use]
    pub(crate) fn lost(self) -> Self {
        Self { is_lost: true, ..self }
    }

    /// Something typed that is not understood.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Says what to do next, in a sentence.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// Says which command of a shell helps, in a sentence that takes the place of the other hint on the command line.
    #[must_use]
    pub fn command(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }

    /// Says its commands as they are to be typed for the same server.
    #[must_use]
    pub fn at(self, overrides: &Overrides) -> Self {
        let spell = |text: Option<String>| text.map(|text| overrides.spell(&text));
        Self { next: spell(self.next), command: spell(self.command), ..self }
    }

    /// What happened and what to do next, for a conversation.
    pub fn sentences(&self) -> String {
        self.next.as_ref().map_or(self.message.clone(), |next| format!("{} {next}", self.message))
    }

    /// Standard output did not take the result. A reader that has seen enough (`| head`) is no failure.
    pub fn of_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, "");
        }
        Self::new(Exit::Mistake, format!("Can't write the result: {error}."))
    }

    /// Writes it to standard error in one line, and gives the exit code.
    pub fn report(&self, format: Format) -> Exit {
        if self.message.is_empty() {
            return self.exit;
        }
        // File names and the system's words may hold anything: through the gate with them.
        let line = |text: &str| Untrusted::new(text.trim()).to_display(MESSAGE_CELLS);
        let (message, next) =
            (line(&self.message), self.command.as_ref().or(self.next.as_ref()).map(|text| line(text)));
        let text = if format == Format::Json {
            let mut error = json!({ "code": self.exit, "exit": self.exit as u8, "message": message, "next": next });
            if let Some(seconds) = self.retry_after {
                error["retry_after"] = seconds.into();
            }
            json!({ "error": error }).to_string()
        } else {
            let end = if message.ends_with(['.', '!', '?', ':']) { "" } else { "." };
            next.map_or(format!("latchkey: {message}"), |next| format!("latchkey: {message}{end} {next}"))
        };
        // Standard error may be gone with the terminal: that is no reason to fail again.
        let _ = writeln!(io::stderr(), "{text}");
        self.exit
    }
}

/// Longer than any sentence of ours with a path of 4,096 bytes (`PATH_MAX`) in it.
const MESSAGE_CELLS: usize = 5000;

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::from(&error)
    }
}

impl From<&ApiError> for Failure {
    fn from(error: &ApiError) -> Self {
        let (exit, command) = match error {
            ApiError::NotSignedIn(_) => (Exit::Denied, Some("Sign in with: latchkey login --remember")),
            ApiError::Verification | ApiError::PairRefused(_) => (Exit::NotGood, None),
            ApiError::NotAllowed(_) | ApiError::WrongCredentials => (Exit::Denied, None),
            ApiError::CreatedGone => (Exit::NotFound, None),
            ApiError::NotFound(_) => (Exit::NotFound, Some("See the keys with: latchkey keys list")),
            ApiError::Conflict(..) | ApiError::Changed(_) | ApiError::NotRotated(_) => (Exit::Conflict, None),
            ApiError::Refused(400, _)
            | ApiError::BadSearch(_)
            | ApiError::NotFiltered(_)
            | ApiError::NotSorted(_)
            | ApiError::NoCounts
            | ApiError::NoReactivation
            | ApiError::NoHandovers
            | ApiError::NoUsage
            | ApiError::NoIdentify
            | ApiError::NoRotation => (Exit::Usage, None),
            ApiError::Refused(..) | ApiError::Passportal | ApiError::NotCounted => (Exit::Mistake, None),
            ApiError::TooMany { .. } => (Exit::Throttled, None),
            ApiError::NotStarted(_) => (Exit::Unreachable, None),
            ApiError::Unreachable(_)
            | ApiError::Transport(_)
            | ApiError::NoSignIn
            | ApiError::Server { .. }
            | ApiError::WebPage(..)
            | ApiError::SentElsewhere(..)
            | ApiError::Garbled(..) => (Exit::Unreachable, Some("See what is wrong with: latchkey doctor")),
        };
        let retry_after = match error {
            ApiError::TooMany { retry_after, .. } | ApiError::Server { retry_after, .. } => *retry_after,
            _ => None,
        };
        Self { command: command.map(str::to_owned), retry_after, ..Self::new(exit, error.to_string()) }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<SecretInputError> for Failure {
    fn from(error: SecretInputError) -> Self {
        if let SecretInputError::Prompt(error) = &error
            && matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof)
        {
            return Self::new(Exit::Cancelled, "Cancelled.");
        }
        Self::usage(error.to_string())
    }
}

impl From<SessionFileError> for Failure {
    fn from(error: SessionFileError) -> Self {
        Self::new(Exit::Denied, error.to_string())
    }
}

impl From<color_eyre::Report> for Failure {
    fn from(report: color_eyre::Report) -> Self {
        Self::new(Exit::Mistake, format!("{report:#}"))
    }
}
