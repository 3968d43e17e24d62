//! Which server one works on, and how one gets to it.

use super::{AdminSession, ApiError, Client, ConnectionSettings, Credentials, Target};
use crate::domain::{Identity, Profile};

/// The server that one works on.
#[derive(Clone, Debug)]
pub struct Server {
    pub profile: Profile,
    /// Where it listens: for a request that is to be run elsewhere.
    pub target: Target,
    /// Who is signed in, as far as it is known.
    pub who: Option<Identity>,
}

/// Whose creates are whose: the name of an attempt is known to the server under its session alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub profile: String,
    /// Who is signed in; none where there is no sign-in.
    pub username: Option<String>,
}

impl Server {
    /// Whether this is who is signed in.
    pub fn is_signed_in_as(&self, username: &str) -> bool {
        self.who.as_ref().is_some_and(|who| who.username.raw_for_api() == username)
    }

    /// The name of the profile, if real keys are at stake there.
    pub fn production(&self) -> Option<String> {
        self.profile.production.then(|| self.profile.name.clone())
    }

    /// The profile and who is signed in there; none before sign-in, where that is needed.
    pub fn owner(&self) -> Option<Owner> {
        let username = self.who.as_ref().map(|who| who.username.raw_for_api().to_owned());
        (!self.profile.signs_in || username.is_some()).then(|| Owner { profile: self.profile.name.clone(), username })
    }
}

/// A client of a server, and what is known of the server and of the session there.
pub struct Connection {
    /// Its client; with a session if there is one.
    pub client: Client,
    /// What is known of it.
    pub server: Server,
    /// Whether the session was begun on this connection. Nothing else knows it then, so it ends with the connection.
    is_own: bool,
}

impl Connection {
    /// A connection with the session that the client has, if any; that session outlives the connection.
    pub const fn new(client: Client, server: Server) -> Self {
        Self { client, server, is_own: false }
    }

    /// A connection to a remote server. Reads the files that its settings name.
    pub(crate) fn remote(
        profile: Profile,
        settings: &ConnectionSettings,
        session: Option<&AdminSession>,
    ) -> Result<Self, ApiError> {
        let client = Client::connect(settings, session.map(|session| &session.token))?;
        let who = session.map(AdminSession::identity);
        Ok(Self::new(client, Server { profile, target: settings.target.clone(), who }))
    }

    /// Whether an administrator must sign in before keys can be asked about.
    ///
    /// # Errors
    ///
    /// It is Passportal, which has no API for keys.
    pub(crate) fn needs_sign_in(&self) -> Result<bool, ApiError> {
        if self.server.target.is_passportal() {
            return Err(ApiError::Passportal);
        }
        Ok(self.server.profile.signs_in && !self.client.has_session())
    }

    /// Signs in. Returns the session, which ends with the connection.
    pub(crate) async fn sign_in(&mut self, credentials: &Credentials) -> Result<AdminSession, ApiError> {
        let session = self.client.sign_in(&credentials.username, &credentials.password).await?;
        self.begin(&session)?;
        Ok(session)
    }

    /// Takes a session that has just begun, which ends with the connection. Returns whose it is.
    pub(crate) fn begin(&mut self, session: &AdminSession) -> Result<Identity, ApiError> {
        self.client = self.client.with_session(&session.token)?;
        self.is_own = true;
        Ok(self.server.who.insert(session.identity()).clone())
    }

    /// Forgets the session, which the server no longer knows. Returns whose it was.
    pub(crate) fn forget_session(&mut self) -> Option<Identity> {
        self.client = self.client.without_session();
        self.is_own = false;
        self.server.who.take()
    }

    /// Signs out: here in any case; the error says why the server may still know the session.
    pub(crate) async fn sign_out(&mut self) -> Result<(), ApiError> {
        let ended = self.client.sign_out().await;
        self.forget_session();
        ended
    }

    /// Ends a session that was begun on this connection. If the server doesn't answer at once, it ends by itself.
    pub(crate) async fn end_session(&mut self) {
        if std::mem::take(&mut self.is_own) {
            self.client.sign_out_on_exit().await;
        }
    }

    /// Ends another session at this server, as [`end_session`](Self::end_session) does.
    pub(crate) async fn end_other(&self, session: &AdminSession) {
        if let Ok(client) = self.client.with_session(&session.token) {
            client.sign_out_on_exit().await;
        }
    }
}
