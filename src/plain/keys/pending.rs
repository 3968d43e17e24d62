//! Finishing a key creation that an earlier run did not complete.

use chrono::Utc;

use crate::operations::access::Access as _;
use crate::operations::keys::create::nothing_unfinished;
use crate::operations::keys::pending::PendingCreates;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::keys::create;
use crate::plain::session::Session;

/// Asks the server again for the first of them, under the same name.
pub(crate) async fn finish(session: &mut Session) -> Flow<()> {
    let mut journal = PendingCreates::of(&session.config);
    let owner = session.owner();
    let Some(new) = journal.next(owner.as_ref(), Utc::now(), |text| session.console.say(text)) else {
        session.console.say(nothing_unfinished(&journal, owner.as_ref()).message);
        return Ok(());
    };
    let finished = create::send_and_tell(session, &new, &mut journal).await;
    drop(journal); // what else was left over can be found again
    if finished.is_ok() {
        session.tell_pending();
    }
    finished
}
