//! One key: what it is, and what happened to it.

use chrono::{DateTime, Local, SecondsFormat, Utc};

use super::list::which;
use super::session::Session;
use crate::client::Event;
use crate::domain::{AccessKey, KeyId, Untrusted};
use crate::operations::access::Access as _;
use crate::operations::interrupt::Flow;
use crate::operations::prompter::Prompter as _;

/// So many events are told: the newest.
const EVENTS: usize = 20;
/// Cells of a text of the server's in a line: more than any of the contract's texts.
const CELLS: usize = 400;

/// ISO 8601, here, with the offset from UTC.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Shows a key with its events.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let id = which(session, rest).await?;
    let key = session.call(async |client| client.key(&id).await).await?;
    facts(session, &key);
    let (events, more) = session.call(async |client| client.events(&id, None).await).await?;
    for event in events.iter().take(EVENTS) {
        session.console.say(format!("Event: {}", in_a_line(event)));
    }
    if events.len() > EVENTS || more.is_some() {
        let id = id.to_display(KeyId::MAX_CHARS);
        session.console.say(format!("These are the newest {EVENTS} events. All: latchkey keys show {id} --events"));
    }
    Ok(())
}

/// Says what is known of a key.
pub(crate) fn facts(session: &mut Session, key: &AccessKey) {
    let label = if key.label.is_empty() { "(none)".to_owned() } else { key.label.to_display(CELLS) };
    let by =
        if key.created_by.is_empty() { String::new() } else { format!(" by {}", key.created_by.to_display(CELLS)) };
    let from = key.last_used_from.as_ref().map_or(String::new(), |from| format!(" from {}", from.to_display(CELLS)));
    session.console.say(format!("Access key ID: {}", key.id.to_display(KeyId::MAX_CHARS * 8)));
    session.console.say(format!("Label: {label}"));
    session.console.say(format!("Status: {}", key.status.as_str()));
    session.console.say(format!("Created: {}{by}", time(key.created_at)));
    session.console.say(format!("Last used: {}", key.last_used_at.map_or("never".to_owned(), |at| time(at) + &from)));
    session.console.say(format!("Expires: {}", key.expires_at.map_or("never".to_owned(), time)));
}

fn in_a_line(event: &Event) -> String {
    let part = |word: &str, text: &Option<Untrusted>| {
        text.as_ref().map_or(String::new(), |text| format!(", {word}{}", text.to_display(CELLS)))
    };
    let (by, from, detail) = (part("by ", &event.by), part("from ", &event.from), part("", &event.detail));
    format!("{}, {}{by}{from}{detail}", time(event.at), event.kind.to_display(CELLS))
}
