//! What happened: to a key, and everything that administrators and keys did.

use crate::client::{EventScope, EventsRequest, TrailPage};
use crate::domain::KeyId;
use crate::operations::access::Access as _;
use crate::operations::keys::activity::history;
use crate::operations::keys::activity::history::EventQuestion;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::keys::list::which;
use crate::plain::session::Session;

/// Events a page: what a reader can take in at once, and less than a terminal of 24 lines.
const PAGE: usize = 20;
/// What follows the command to hear of older events.
const MORE: &str = "more";

/// Tells what happened to a key, which may be deleted, newest first.
pub(crate) async fn of_key(session: &mut Session, rest: &str) -> Flow<()> {
    if rest.eq_ignore_ascii_case(MORE) {
        return older(session).await;
    }
    let id = which(session, rest).await?;
    page(session, EventQuestion::default(), EventsRequest { of: EventScope::Key(id), cursor: None }).await
}

/// The newest events of a key, after what else is told of it.
pub(crate) async fn newest(session: &mut Session, id: &KeyId) -> Flow<()> {
    page(session, EventQuestion::default(), EventsRequest { of: EventScope::Key(id.clone()), cursor: None }).await
}

/// Tells what administrators and keys did, newest first.
pub(crate) async fn all(session: &mut Session, rest: &str) -> Flow<()> {
    if rest.eq_ignore_ascii_case(MORE) {
        return older(session).await;
    }
    let question = EventQuestion::parse(rest).map_err(|why| Interrupt::words(&why))?;
    let next = EventsRequest { of: question.scope(), cursor: None };
    page(session, question, next).await
}

async fn older(session: &mut Session) -> Flow<()> {
    let Some((question, next)) = session.listing.events.take() else {
        session.console.say("There are no older events.");
        return Ok(());
    };
    page(session, question, next).await
}

async fn page(session: &mut Session, question: EventQuestion, mut request: EventsRequest) -> Flow<()> {
    let is_first = request.cursor.is_none();
    loop {
        let page = session.call(async |client| client.events(&request, PAGE).await).await?;
        let TrailPage { events, next_cursor, .. } = page;
        let is_about_known = matches!(request.of, EventScope::Key(_));
        let mut told = 0;
        for event in events.iter().filter(|event| question.shows(event)) {
            session.console.say(format!("Event: {}", history::in_line(event, is_about_known)));
            told += 1;
        }
        request.cursor = next_cursor;
        if told == 0 && request.cursor.is_some() {
            continue;
        }
        if told == 0 && is_first {
            session.console.say("There are no such events.");
            if let Some(doubt) = question.doubt() {
                session.console.say(doubt);
            }
        }
        if request.cursor.is_some() {
            let word = if is_about_known { "history" } else { "events" };
            session.console.say(format!("There are older events: {word} {MORE} tells them."));
            session.listing.events = Some((question, request));
        } else {
            session.listing.events = None;
        }
        return Ok(());
    }
}
