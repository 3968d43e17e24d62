//! Label and expiry, as they are typed.

use chrono::Utc;

use super::session::Session;
use crate::domain::Label;
use crate::operations::interrupt::Flow;
use crate::operations::prompter::Prompter as _;
use crate::operations::{expiry, input};

/// What is typed at the last question to leave all as it is. A label may be any word, but no end is this one.
const BACK: &str = "back";

/// What was answered about an end.
pub(crate) enum ExpiryInput {
    /// To leave all as it is.
    Back,
    /// Nothing.
    Kept,
    /// An end.
    Is(expiry::Expires),
}

/// Says, before the first question, how to leave all as it is.
pub(crate) fn tell_way_back(session: &mut Session, then: &str) {
    session.console.say(format!("To go back, answer {BACK} at Expires: {then}"));
}

/// Asks for a label until it is one; `keep` says what nothing typed means, and stands for none.
pub(crate) async fn label(session: &mut Session, keep: &str) -> Flow<Option<Label>> {
    loop {
        let typed = session.console.ask(format!("Label ({keep}): ")).await?;
        match typed.as_str() {
            "" => return Ok(None),
            "-" => return Ok(Some(Label::default())),
            text => match input::label(text) {
                Ok(label) => return Ok(Some(label)),
                Err(why) => session.console.say(format!("That is no label: {why}.")),
            },
        }
    }
}

/// Asks for an end until it is one; `keep` says what nothing typed means.
pub(crate) async fn expires(session: &mut Session, keep: &str) -> Flow<ExpiryInput> {
    let question = format!("Expires (never, 90d, 2027-01-31 or 2027-01-31 18:00; {BACK} goes back; {keep}): ");
    loop {
        let typed = session.console.ask(&question).await?;
        if typed.is_empty() {
            return Ok(ExpiryInput::Kept);
        }
        if typed.eq_ignore_ascii_case(BACK) {
            return Ok(ExpiryInput::Back);
        }
        match expiry::expires(&typed) {
            Ok(end) => {
                if let Some(at) = end.at(Utc::now()) {
                    session.console.say(format!("That is {}.", super::show::time(at)));
                }
                return Ok(ExpiryInput::Is(end));
            }
            Err(why) => session.console.say(format!("That is no end: {why}.")),
        }
    }
}
