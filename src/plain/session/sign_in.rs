//! Signing in and out. A session that was begun here is known to nobody else, and ends with the run.

use super::Session;
use crate::client::{AdminSession, ApiError, Client, Credentials};
use crate::domain::Identity;
use crate::operations::interrupt::Flow;
use crate::operations::messages;
use crate::operations::prompter::Prompter as _;
use crate::operations::sign_in::ask_credentials;

impl Session {
    /// A client that may ask about keys. Asks for name and password if nobody is signed in where one must be.
    pub(in crate::plain) async fn signed_in(&mut self) -> Flow<Client> {
        if self.server.target.is_passportal() {
            return Err(ApiError::Passportal.into());
        }
        while self.server.profile.signs_in && !self.client.has_session() {
            self.sign_in().await?;
        }
        Ok(self.client.clone())
    }

    /// The session has ended, and its client is of no use.
    pub(in crate::plain) fn forget_session(&mut self) {
        self.client = self.client.without_session();
        self.signed_in_here = false;
        if let Some(who) = self.server.who.take() {
            self.server.profile.username = Some(who.username.raw_for_api().to_owned()); // likely the same person
            self.console.say(messages::SESSION_EXPIRED);
        }
    }

    /// Asks once. A wrong password is a message, and nothing typed gives up.
    async fn sign_in(&mut self) -> Flow<()> {
        let server = self.server_name();
        let known = self.server.profile.username.clone();
        let Credentials { username, password } = ask_credentials(&mut self.console, &server, known).await?;
        match self.console.wait(self.client.sign_in(&username, &password)).await? {
            Ok(session) => self.begin(session),
            Err(error @ ApiError::WrongCredentials) => {
                self.console.say(error.to_string());
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn begin(&mut self, session: AdminSession) -> Flow<()> {
        self.client = self.client.with_session(&session.token)?;
        self.signed_in_here = true;
        let AdminSession { username, role, expires_at, .. } = session;
        self.server.who = Some(Identity { username, role, expires_at });
        self.say_who();
        Ok(())
    }

    /// Ends the session, here in any case.
    pub(in crate::plain) async fn sign_out(&mut self) -> Flow<()> {
        if !self.server.profile.signs_in {
            self.console.say(messages::NO_SIGN_IN);
            return Ok(());
        }
        if !self.client.has_session() {
            self.console.say(messages::NOT_SIGNED_IN);
            return Ok(());
        }
        let ended = self.console.wait(self.client.sign_out()).await?;
        (self.client, self.signed_in_here, self.server.who) = (self.client.without_session(), false, None);
        self.listing = super::Listing::default();
        match ended {
            Ok(()) => self.console.say("Signed out."),
            Err(error) => {
                self.console.say(messages::not_told(&error));
            }
        }
        Ok(())
    }

    /// Ends the session that this run has begun.
    pub(crate) async fn end_session(&mut self) {
        if std::mem::take(&mut self.signed_in_here) {
            self.client.sign_out_on_exit().await;
        }
    }
}
