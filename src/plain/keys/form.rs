//! Texts and expiry of a key, as they are typed.

use chrono::{DateTime, Utc};

use crate::domain::key::fields;
use crate::domain::key::fields::KeyField;
use crate::domain::{Lifetimes, Texts};
use crate::operations::access::Access as _;
use crate::operations::format::local_time;
use crate::operations::keys::expiry;
use crate::operations::prompts::input;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::{BACK, Prompter as _};
use crate::plain::session::Session;

/// What was answered about an end.
pub(crate) enum ExpiryInput {
    /// To leave all as it is.
    Back,
    /// Nothing.
    Kept,
    /// An end; none is never.
    Is(Option<DateTime<Utc>>),
}

/// Says, before the first question, how to leave all as it is.
pub(crate) fn tell_way_back(session: &mut Session, then: &str) {
    session.console.say(format!("To go back, answer {BACK} at any question: {then}"));
}

/// Asks for each text until it is allowed; `keep` says what nothing typed means, and `-` means none. None to leave all
/// as it is. A text that is the word for that begins with a capital letter.
pub(crate) async fn texts(session: &mut Session, keep: &str) -> Flow<Option<Texts>> {
    some_texts(session, keep, fields::written().map(|(field, _)| field)).await
}

/// The same for some fields.
pub(crate) async fn some_texts(
    session: &mut Session,
    keep: &str,
    fields: impl Iterator<Item = &'static KeyField>,
) -> Flow<Option<Texts>> {
    let mut texts = Texts::default();
    for field in fields {
        let question = format!("{} ({keep}): ", field.title);
        loop {
            let typed = session.console.ask(&question).await?;
            let text = match typed.as_str() {
                "" => break,
                BACK => return Ok(None),
                "-" => "",
                text => text,
            };
            match input::set_text(&mut texts, field, text) {
                Ok(()) => break,
                Err(why) => session.console.say(format!("Invalid {}: {why}.", field.name)),
            }
        }
    }
    Ok(Some(texts))
}

/// What the server allows as the expiry of keys.
pub(crate) async fn lifetimes(session: &mut Session) -> Flow<Lifetimes> {
    session.call(async |client| client.lifetimes().await).await
}

/// Asks for an end until it is one; `keep` says what nothing typed means.
pub(crate) async fn expires(session: &mut Session, keep: &str, limits: Lifetimes) -> Flow<ExpiryInput> {
    let limit = limits.limit_words().map_or_else(String::new, |limit| format!("{limit}; "));
    let question = format!("Expires (never, 90d, 2027-01-31 or 2027-01-31 18:00; {limit}{BACK} goes back; {keep}): ");
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
                let now = session.connection.client.server_time().await;
                let at = end.at(now);
                if !limits.allows(at, now) {
                    let limit = limits.limit_words().unwrap_or_default();
                    session.console.say(format!("Invalid expiry: {limit}."));
                    continue;
                }
                if let Some(at) = at {
                    session.console.say(format!("That is {}.", local_time(at)));
                }
                return Ok(ExpiryInput::Is(at));
            }
            Err(why) => session.console.say(format!("Invalid expiry: {why}.")),
        }
    }
}
