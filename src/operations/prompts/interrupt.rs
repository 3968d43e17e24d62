//! Why an operation ended before its result: it failed, or the conversation has ended.

use crate::client::ApiError;
use crate::domain::sentence;

use crate::operations::failure::{Exit, Failure};

/// The result of an operation that talks to a person.
pub(crate) type Flow<T> = Result<T, Interrupt>;

/// Why an operation has no result.
#[derive(Debug)]
pub(crate) enum Interrupt {
    /// It failed. In a conversation the user may go on with something else.
    Failed(Failure),
    /// The conversation is over.
    Stop(Stop),
}

/// Why a conversation is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The user left, or the input has ended.
    Left,
    /// A signal came; holds its number.
    Signal(i32),
    /// The output is closed: nothing that is said can be read any more.
    Gone,
}

impl Interrupt {
    /// A failure that no exit code is about, in whole sentences.
    pub(crate) fn failed(sentences: impl Into<String>) -> Self {
        Self::Failed(Failure::new(Exit::Mistake, sentences))
    }

    /// The same, in words for the middle of a sentence.
    pub(crate) fn words(words: &str) -> Self {
        Self::failed(sentence(words))
    }
}

impl From<Stop> for Interrupt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<ApiError> for Interrupt {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Interrupt {
    fn from(failure: Failure) -> Self {
        if failure.exit == Exit::Cancelled { Self::Stop(Stop::Left) } else { Self::Failed(failure) }
    }
}

/// How a command ends: a conversation that is over cancels it.
impl From<Interrupt> for Failure {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Failed(failure) => failure,
            Interrupt::Stop(Stop::Left) => Self::new(Exit::Cancelled, "Cancelled: no answer."),
            Interrupt::Stop(Stop::Signal(number)) => Self::of_signal(number),
            Interrupt::Stop(Stop::Gone) => Self::new(Exit::Cancelled, ""),
        }
    }
}
