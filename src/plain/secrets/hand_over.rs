//! Handing a new secret over to someone else: by a code that opens it once.

use chrono::TimeDelta;

use crate::operations::access::Access as _;
use crate::operations::handover::{Commands, Ticket, curl_input, take_back_untold, then_confirm, ttl, why_not};
use crate::operations::messages;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::operations::tokens::pair::Pair;
use crate::plain::session::Session;

/// Asks how long the code shall be good, and says it. Returns whether the secret is handed over.
pub(super) async fn run(session: &mut Session, pair: &Pair) -> Flow<bool> {
    if let Some(why) = why_not(&pair.server.target) {
        return Err(Interrupt::failed(why));
    }
    let typed = session.console.ask("How long is the code valid? (30m, 1h, 7d; Enter for 1h): ").await?;
    let good_for = if typed.is_empty() { TimeDelta::hours(1) } else { ttl(&typed).map_err(Interrupt::words)? };
    let with_pin = session.console.confirm("With a PIN?").await?;
    let failed = || Interrupt::words("the code could not be made");
    let ticket = Ticket::draw(with_pin).map_err(|_| failed())?;
    let sealed = ticket.seal(&pair.id, &pair.secret, good_for).ok_or_else(failed)?;
    let handed = match session.call(async |client| client.hand_over(&sealed).await).await {
        Err(Interrupt::Failed(mut failure)) => {
            failure.message = format!("{} {}", failure.message, take_back_untold(session, &pair.id).await);
            return Err(Interrupt::Failed(failure));
        }
        handed => handed?,
    };
    session.console.say(messages::handed_over(handed.until));
    if let Some(Commands { receive, curl, confirm }) = Commands::of(&pair.server.target, with_pin) {
        session.console.say(messages::receive_by(&receive));
        session.console.say(format!("Or: {curl}"));
        session.console.say(format!("and type {}.", curl_input(with_pin)));
        session.console.say(then_confirm(&confirm));
        session.console.say(format!("and type {}.", curl_input(false)));
    }
    session.console.say("Code, alone on the next line:");
    session.console.say_credential(&ticket.code.expose())?;
    if let Some(pin) = ticket.pin() {
        session.console.say("PIN, to be sent another way, alone on the next line:");
        session.console.say_credential(pin)?;
    }
    session.console.flush().await?;
    Ok(true)
}
