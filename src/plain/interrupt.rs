//! Why something did not come to its end.

use crate::client::ApiError;
use crate::domain::sentence;
use crate::operations::failure::{Exit, Failure};
use crate::platform::delivery::Refusal;

/// What a turn comes to.
pub(crate) type Flow<T> = Result<T, Interrupt>;

/// Why a turn came to nothing.
#[derive(Debug)]
pub(crate) enum Interrupt {
    /// It did not work, in sentences; what comes next is up to the user.
    Failed(String),
    /// There is nobody to go on with.
    Stop(Stop),
}

/// Why the whole is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The user leaves, or the input has ended.
    Left,
    /// A signal came; holds its number.
    Signal(i32),
    /// Nobody reads what is said any more.
    Gone,
}

impl Interrupt {
    /// It did not work, in words for the middle of a sentence.
    pub(crate) fn words(words: &str) -> Self {
        Self::Failed(sentence(words))
    }
}

impl From<Stop> for Interrupt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<ApiError> for Interrupt {
    fn from(error: ApiError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Failure> for Interrupt {
    fn from(failure: Failure) -> Self {
        if failure.exit == Exit::Cancelled {
            return Self::Stop(Stop::Left);
        }
        Self::Failed(failure.next.map_or(failure.message.clone(), |next| format!("{} {next}", failure.message)))
    }
}

impl From<Refusal> for Interrupt {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(format!("{} {}", sentence(&refusal.what), refusal.next))
    }
}
