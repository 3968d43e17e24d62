//! Finding out what is wrong.

pub mod environment;
pub(crate) mod key;
mod surroundings;

use crate::domain::diagnosis::Finding;
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
    pub(crate) fn of(failure: &Failure) -> Self {
        let next = match &failure.next {
            _ if failure.exit == Exit::Unreachable => WAY,
            Some(next) => next,
            None => "Correct it, then try again.",
        };
        Self { findings: vec![Finding::fault(failure.message.clone(), next)], exit: failure.exit }
    }
}
