//! Finding out what is wrong.

pub mod environment;
pub(crate) mod key;
mod surroundings;

use crate::client::ApiError;
use crate::domain::diagnosis::Finding;
use crate::domain::sentence;
use crate::operations::failure::{Exit, Failure};

/// Something that the program knows of its surroundings: a name and a value.
pub type Fact = (&'static str, String);

/// What was found, and how bad it is.
pub(crate) struct Diagnosis {
    pub(crate) findings: Vec<Finding>,
    pub(crate) exit: Exit,
}

/// The next step where the server cannot be asked. Other commands would name this one.
const WAY: &str = "Check the server's address, whether it is running, and the network in between.";

impl Diagnosis {
    /// What came before any call.
    pub(crate) fn of(failure: &Failure) -> Self {
        let next = failure.next.as_deref().unwrap_or("Correct it, then try again.");
        Self { findings: vec![Finding::fault(failure.message.clone(), next)], exit: failure.exit }
    }

    /// What a call came to. Most errors say themselves what to do.
    pub(crate) fn of_call(error: &ApiError) -> Self {
        let Failure { exit, message, .. } = Failure::from(error);
        // Where an error knows what to do, it says so after what happened.
        let (what, next) = message.split_once(". ").map_or((message.as_str(), None), |(what, next)| (what, Some(next)));
        let next = next.unwrap_or(match error {
            ApiError::Unreachable(_) => WAY,
            ApiError::Server { .. } => "Look for the reason in the server's log.",
            ApiError::Garbled(..) => "Check the base URL, and what is in front of the server.",
            _ => "Correct it, then try again.",
        });
        Self { findings: vec![Finding::fault(sentence(what), next)], exit }
    }
}
