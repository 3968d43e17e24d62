//! One key: what it is, and what happened to it.

use crate::domain::key::fields;
use crate::domain::key::fields::FieldValue;
use crate::domain::{AccessKey, Dates, USAGE_DAYS, UsageSpan};
use crate::operations::access::Access as _;
use crate::operations::format::{in_words, local_time, tab_separated};
use crate::operations::keys::activity::usage;
use crate::operations::keys::rotate;
use crate::operations::prompts::input;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::keys::history;
use crate::plain::keys::list::{key, which};
use crate::plain::session::Session;

/// Cells of a text of the server's in a line: more than any of the contract's texts.
const CELLS: usize = 400;

/// Shows a key with its events.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    facts(session, &key);
    history::newest(session, &key.id).await
}

/// Says a key as tab-separated text.
pub(crate) async fn row(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    session.console.say_row(&tab_separated(&key));
    Ok(())
}

/// Tells how often a key was used in the last days, or in as many as are named behind it.
pub(crate) async fn usage(session: &mut Session, rest: &str) -> Flow<()> {
    let (key, days) = match rest.split_once(char::is_whitespace) {
        Some((key, days)) => (key, input::usage_days(days.trim()).map_err(|why| Interrupt::words(&why))?),
        None => (rest, USAGE_DAYS),
    };
    let id = which(session, key).await?;
    let usage = session.call(async |client| client.usage(&id, days).await).await?;
    for (title, text) in usage::facts(&usage, Dates::Iso) {
        session.console.say(format!("{title}: {text}"));
    }
    let of = if days == 1 { "day".to_owned() } else { format!("{days} days") };
    let each = match usage.span {
        UsageSpan::Hour => "hour",
        UsageSpan::Day => "day",
    };
    let strip = usage::strip(&usage.series());
    session.console.say(format!("Last {of}, one character per {each}: {strip}"));
    Ok(())
}

/// Says what is known of a key.
pub(crate) fn facts(session: &mut Session, key: &AccessKey) {
    for field in fields::rows() {
        let value = (field.value)(key);
        let value = value.missing().map_or_else(|| in_words(value, CELLS), str::to_owned);
        let behind = field.behind().map(|(word, other)| (word, in_words((other.value)(key), CELLS)));
        let behind = behind.filter(|(_, text)| !text.is_empty()).map(|(word, text)| format!(" {word} {text}"));
        session.console.say(format!("{}: {value}{}", field.title, behind.unwrap_or_default()));
        if let (FieldValue::Status(_), Some(at)) = ((field.value)(key), key.reactivates_at) {
            session.console.say(format!("{}: {}", fields::AGAIN, local_time(at)));
        }
    }
    for (title, text) in rotate::facts(key, local_time) {
        session.console.say(format!("{title}: {text}"));
    }
}
