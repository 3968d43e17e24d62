//! Creates that an earlier run left over: told, and finished if that is asked for.

use chrono::Utc;

use super::create;
use super::session::Session;
use crate::operations::access::Access as _;
use crate::operations::interrupt::Flow;
use crate::operations::pending::PendingCreates;
use crate::operations::permissions::ReadOnly;
use crate::operations::prompter::Prompter as _;

/// Says what was left over at this server, once it is known whose it would be. It stays free for another latchkey to
/// finish until the user asks for it here.
pub(crate) fn tell(session: &mut Session) {
    let owner = session.owner().filter(|_| ReadOnly::of(&session.server).is_none());
    let mut journal = PendingCreates::of(&session.config);
    session.has_left_over = owner.is_some_and(|owner| {
        journal.tell(&owner, Utc::now(), "The command finish finishes it.", |text| session.console.say(text))
    });
}

/// Asks the server again for the oldest, under the same name.
pub(crate) async fn finish(session: &mut Session) -> Flow<()> {
    let mut journal = PendingCreates::of(&session.config);
    let left = session.owner().map(|owner| journal.left(&owner, Utc::now())).unwrap_or_default();
    let Some(oldest) = left.into_iter().find(|left| left.repeatable) else {
        session.has_left_over = false;
        session.console.say("There is no unfinished key creation.");
        return Ok(());
    };
    let finished = create::send_and_tell(session, &oldest.new, &mut journal).await;
    drop(journal); // what else was left over can be found again
    if finished.is_ok() {
        tell(session);
    }
    finished
}
