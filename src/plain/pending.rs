//! Creates that an earlier run left over: told, and finished if that is asked for.

use chrono::Utc;

use super::create;
use super::session::Session;
use crate::client::PendingCreate;
use crate::domain::Untrusted;
use crate::operations::interrupt::Flow;
use crate::operations::pending::PendingCreates;
use crate::operations::prompter::Prompter as _;

/// Cells of a label in a sentence.
const LABEL_CELLS: usize = 100;

/// Says what was left over at this server, once it is known whose it would be. What can no longer be finished is told
/// once. None of it is ours before it is asked for: another latchkey may finish it.
pub(crate) fn tell(session: &mut Session) {
    session.has_left_over = false;
    let Some((profile, username)) = session.whose().filter(|_| session.only_looks().is_none()) else { return };
    let mut pending_creates = PendingCreates::of(&session.config);
    for PendingCreate { new, at, repeatable } in pending_creates.left(&profile, username.as_deref(), Utc::now()) {
        let at = super::show::time(at);
        let label = match new.label.as_str() {
            "" => "without a label".to_owned(),
            label => format!("labelled “{}”", Untrusted::new(label).to_display(LABEL_CELLS)),
        };
        session
            .console
            .say(format!("latchkey ended at {at} while it created a key {label}. {}", what_next(repeatable)));
        session.has_left_over |= repeatable;
        if !repeatable {
            pending_creates.resolve(&new.idempotency_key);
        }
    }
}

const fn what_next(repeatable: bool) -> &'static str {
    if repeatable {
        "The command finish asks the server for it again."
    } else {
        "If that key is in the list, its secret is lost: delete it."
    }
}

/// Asks the server again for the oldest, under the same name.
pub(crate) async fn finish(session: &mut Session) -> Flow<()> {
    let rescue = session.rescue()?;
    let mut pending_creates = PendingCreates::of(&session.config);
    let (profile, username) = session.whose().unwrap_or_default();
    let left = pending_creates.left(&profile, username.as_deref(), Utc::now());
    let Some(oldest) = left.into_iter().find(|left| left.repeatable) else {
        session.has_left_over = false;
        session.console.say("There is no create to finish.");
        return Ok(());
    };
    let finished = create::send_and_tell(session, &oldest.new, &mut pending_creates, &rescue).await;
    drop(pending_creates); // what else was left over can be found again
    if finished.is_ok() {
        tell(session);
    }
    finished
}
