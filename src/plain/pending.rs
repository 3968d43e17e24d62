//! Creates that an earlier run left over: told, and finished if that is asked for.

use chrono::Utc;

use super::create;
use super::interrupt::Flow;
use super::session::Session;
use crate::client::PendingCreate;
use crate::domain::Untrusted;
use crate::operations::pending::PendingCreates;

/// Cells of a label in a sentence.
const LABEL_CELLS: usize = 100;

/// Says what was left over at this server, once it is known whose it would be. What can no longer be finished is told
/// once. None of it is ours before it is asked for: another latchkey may finish it.
pub(crate) fn tell(desk: &mut Session) {
    desk.has_left_over = false;
    let Some((profile, username)) = desk.whose().filter(|_| desk.only_looks().is_none()) else { return };
    let mut unfinished = PendingCreates::of(&desk.config);
    for PendingCreate { new, at, repeatable } in unfinished.left(&profile, username.as_deref(), Utc::now()) {
        let at = super::show::time(at);
        let label = match new.label.as_str() {
            "" => "without a label".to_owned(),
            label => format!("labelled “{}”", Untrusted::new(label).label(LABEL_CELLS)),
        };
        desk.talk.say(format!("latchkey ended at {at} while it created a key {label}. {}", what_next(repeatable)));
        desk.has_left_over |= repeatable;
        if !repeatable {
            unfinished.settle(&new.idempotency_key);
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
pub(crate) async fn finish(desk: &mut Session) -> Flow<()> {
    let rescue = desk.rescue()?;
    let mut unfinished = PendingCreates::of(&desk.config);
    let (profile, username) = desk.whose().unwrap_or_default();
    let left = unfinished.left(&profile, username.as_deref(), Utc::now());
    let Some(oldest) = left.into_iter().find(|left| left.repeatable) else {
        desk.has_left_over = false;
        desk.talk.say("There is no create to finish.");
        return Ok(());
    };
    let finished = create::send_and_tell(desk, &oldest.new, &mut unfinished, &rescue).await;
    drop(unfinished); // what else was left over can be found again
    if finished.is_ok() {
        tell(desk);
    }
    finished
}
