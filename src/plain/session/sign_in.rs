//! Signing in and out. A session that was begun here is known nowhere else, and ends with the run.

use super::Session;
use crate::client::{ApiError, Client};
use crate::domain::{DUE_DAYS, Profile};
use crate::operations::account::sign_in::{ask_credentials, begin};
use crate::operations::format::local_time;
use crate::operations::handover::{alarm, alarms, identity};
use crate::operations::keys::due;
use crate::operations::messages;
use crate::operations::permissions::why_no_sign_out;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;

/// The most alarms that are said at the start.
const MOST_ALARMS: usize = 3;

impl Session {
    /// A client that may ask about keys. Asks for name and password where a session is needed and there is none.
    pub(in crate::plain) async fn signed_in(&mut self) -> Flow<Client> {
        while self.connection.needs_sign_in()? {
            self.sign_in().await?;
        }
        Ok(self.connection.client.clone())
    }

    /// The session has ended, and its client is of no use.
    pub(in crate::plain) fn forget_session(&mut self) {
        if self.take_session_end() {
            self.console.say(messages::SESSION_EXPIRED);
        }
    }

    /// The same, where the user has ended it. Returns whether there was one.
    pub(in crate::plain) fn take_session_end(&mut self) -> bool {
        let Some(who) = self.connection.forget_session() else { return false };
        let likely = who.username.raw_for_api().to_owned(); // the same person
        self.connection.server.profile.username = Some(likely);
        true
    }

    /// Asks once. A wrong password is a message, and nothing typed gives up.
    async fn sign_in(&mut self) -> Flow<()> {
        let Profile { server, username, .. } = self.connection.server.profile.clone();
        self.console.wait(self.connection.client.find()).await??; // before a password is typed
        let credentials = ask_credentials(&mut self.console, &server, username).await?;
        match begin(&mut self.console, &mut self.connection, &credentials).await? {
            Ok(_) => {
                self.say_who();
                self.tell_due().await?;
            }
            Err(error @ ApiError::WrongCredentials) => self.console.say(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Says what needs attention soon, if anything. What is wrong with the server is said by the command that follows.
    pub(super) async fn tell_due(&mut self) -> Flow<()> {
        let shown_by = |view: &str| format!("view {view}");
        let asked = self.console.wait(self.connection.client.due(DUE_DAYS)).await?;
        if let Some(words) = asked.ok().and_then(|keys| due::summary(&due::all(&keys), DUE_DAYS, &shown_by)) {
            self.console.say(words);
        }
        let asked = self.console.wait(self.connection.client.handovers()).await?.unwrap_or_default();
        let alarms = alarms(&asked);
        for (_, _, one) in alarms.iter().take(MOST_ALARMS) {
            self.console.say(alarm(one, &identity(one), local_time).unwrap_or_default());
        }
        match alarms.len().saturating_sub(MOST_ALARMS) {
            0 if alarms.is_empty() => {}
            0 => self.console.say("The command hand-overs acknowledges alarms."),
            1 => self.console.say("1 more alarm: the command hand-overs lists them."),
            more => self.console.say(format!("{more} more alarms: the command hand-overs lists them.")),
        }
        Ok(())
    }

    /// Ends the session, here in any case.
    pub(in crate::plain) async fn sign_out(&mut self) -> Flow<()> {
        if let Some(why) = why_no_sign_out(&self.connection.server) {
            self.console.say(why);
            return Ok(());
        }
        let ended = self.console.wait(self.connection.sign_out()).await?;
        self.listing = super::Listing::default();
        self.console.say(match ended {
            Ok(()) => "Signed out.".to_owned(),
            Err(error) => messages::not_told(&error),
        });
        Ok(())
    }
}
