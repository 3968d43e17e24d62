//! One key: what it is, and what happened to it.

use super::list::key;
use super::session::Session;
use crate::client::Event;
use crate::domain::key::fields;
use crate::domain::{AccessKey, KeyId, Untrusted};
use crate::operations::access::Access as _;
use crate::operations::format::{in_words, local_time, tab_separated};
use crate::operations::interrupt::Flow;
use crate::operations::prompter::Prompter as _;

/// So many events are told: the newest.
const EVENTS: usize = 20;
/// Cells of a text of the server's in a line: more than any of the contract's texts.
const CELLS: usize = 400;

/// Shows a key with its events.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    facts(session, &key);
    let (events, more) = session.call(async |client| client.events(&key.id, None).await).await?;
    for event in events.iter().take(EVENTS) {
        session.console.say(format!("Event: {}", in_a_line(event)));
    }
    if events.len() > EVENTS || more.is_some() {
        let id = key.id.to_display(KeyId::MAX_CHARS);
        session
            .console
            .say(format!("Only the newest {EVENTS} events are shown. For all: latchkey keys show {id} --events"));
    }
    Ok(())
}

/// Says a key as tab-separated text.
pub(crate) async fn row(session: &mut Session, rest: &str) -> Flow<()> {
    let key = key(session, rest).await?;
    session.console.say_row(&tab_separated(&key));
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
    }
}

fn in_a_line(event: &Event) -> String {
    let part = |word: &str, text: &Option<Untrusted>| {
        text.as_ref().map_or(String::new(), |text| format!(", {word}{}", text.to_display(CELLS)))
    };
    let (by, from, detail) = (part("by ", &event.by), part("from ", &event.from), part("", &event.detail));
    let times = if event.count > 1 { format!(", {} times", event.count) } else { String::new() };
    format!("{}, {}{by}{from}{detail}{times}", local_time(event.at), event.kind.to_display(CELLS))
}
