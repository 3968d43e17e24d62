//! What needs attention soon.

use crate::client::{ApiError, Handover};
use crate::domain::DUE_DAYS;
use crate::operations::access::Access as _;
use crate::operations::format::local_time;
use crate::operations::handover::{alarm, alarms, identity};
use crate::operations::keys::due;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::session::Session;

/// Lists what is due within a week, or as many days as are named.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let days = if rest.is_empty() { DUE_DAYS } else { due::within(rest).map_err(|why| Interrupt::words(&why))? };
    let keys = session.call(async |client| client.due(days).await).await?;
    let handovers = hand_overs(session).await?;
    let now = session.connection.client.server_time().await;
    let all = due::all(&keys);
    for due in &all {
        session.console.say(format!("{}.", due.in_line(now, local_time)));
    }
    let alarms = alarms(&handovers);
    for (_, _, one) in &alarms {
        session.console.say(alarm(one, &identity(one), local_time).unwrap_or_default());
    }
    if all.is_empty() && alarms.is_empty() {
        session.console.say(format!("Nothing is due {}.", due::within_days(days)));
    }
    Ok(())
}

/// What was handed over; nothing on an older server.
async fn hand_overs(session: &mut Session) -> Flow<Vec<Handover>> {
    session
        .call(async |client| match client.handovers().await {
            Err(ApiError::NoHandovers) => Ok(Vec::new()),
            read => read,
        })
        .await
}
