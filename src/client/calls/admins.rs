//! Administrators, their passwords and sessions, the emergency brake, and the server's signing key.

use chrono::{DateTime, Utc};
use reqwest::header::CONNECTION;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Answer, BODY_LIMIT, Changed, Client, SECRET_BODY_LIMIT, in_force};
use crate::client::ApiError;
use crate::domain::{Role, Untrusted};

/// An administrator, as a superuser sees them.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct AdminEntry {
    pub username: Untrusted,
    /// The contract's word: `superuser`, `administrator` or `auditor`.
    pub role: Untrusted,
    pub created_at: DateTime<Utc>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// A session that has not ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct SessionEntry {
    /// Names it; no token.
    pub id: Untrusted,
    pub username: Untrusted,
    pub role: Untrusted,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends if no call comes.
    pub ends_at: DateTime<Utc>,
    pub from: Untrusted,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The administrators of a server, and who of them is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminList {
    pub administrators: Vec<AdminEntry>,
    pub sessions: Vec<SessionEntry>,
}

/// What a superuser changes about the administrators.
#[derive(Clone, Debug)]
pub struct AdminChange {
    pub username: String,
    pub kind: AdminChangeKind,
}

/// The change of one administrator. Passwords are never printed.
#[derive(Clone, Debug)]
pub enum AdminChangeKind {
    /// Fails with [`ApiError::Conflict`] if the name is taken.
    Add(Role, SecretString),
    /// Fails with [`ApiError::Conflict`] for the last who can manage keys or administrators, unless `even_last`.
    Role { role: Role, even_last: bool },
    /// The password of another administrator, which ends their sessions.
    Password(SecretString),
    /// Fails with [`ApiError::Conflict`] for the last who can manage keys or administrators, unless `even_last`.
    Remove { even_last: bool },
}

/// What to revoke at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RevokeRequest {
    pub tokens: bool,
    pub sessions: bool,
}

/// A new signing key of the server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct NewSigningKey {
    /// Names it; no secret.
    pub signing_key_id: Untrusted,
    /// When the access tokens of the key before are no longer accepted; `None` if they aren't now.
    pub old_accepted_until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct WireAdmins {
    admins: Vec<AdminEntry>,
}

#[derive(Deserialize)]
struct WireSessions {
    sessions: Vec<SessionEntry>,
}

#[derive(Deserialize)]
struct WireRevoked {
    sessions_ended: u64,
}

#[derive(Serialize)]
struct WireRotation {
    end_old: bool,
}

#[derive(Serialize)]
struct WireNewAdmin<'a> {
    username: &'a str,
    password: &'a str,
    role: &'static str,
}

#[derive(Serialize)]
struct WireReset<'a> {
    password: &'a str,
}

#[derive(Serialize)]
struct WireRole {
    role: &'static str,
    even_last: bool,
}

#[derive(Serialize)]
struct WireNewPassword<'a> {
    old_password: &'a str,
    new_password: &'a str,
}

impl Client {
    /// All administrators, by name.
    pub async fn administrators(&self) -> Result<Vec<AdminEntry>, ApiError> {
        let answer = Answer::of(self.send(self.call(Method::GET, &["admins"])).await?, BODY_LIMIT).await?;
        Ok(answer.read::<WireAdmins>()?.admins)
    }

    /// All administrators by name, and everyone's sessions.
    pub async fn admin_list(&self) -> Result<AdminList, ApiError> {
        Ok(AdminList { administrators: self.administrators().await?, sessions: self.sessions().await? })
    }

    /// Adds, changes or removes an administrator.
    pub async fn change_administrator(&self, change: &AdminChange) -> Result<(), ApiError> {
        let username = change.username.as_str();
        let one = |method| self.call(method, &["admins", username]);
        let call = match &change.kind {
            AdminChangeKind::Add(role, password) => {
                let new = WireNewAdmin { username, password: password.expose_secret(), role: role.as_str() };
                self.call(Method::POST, &["admins"]).json(&new)
            }
            AdminChangeKind::Role { role, even_last } => {
                one(Method::PATCH).json(&WireRole { role: role.as_str(), even_last: *even_last })
            }
            AdminChangeKind::Password(password) => {
                one(Method::PATCH).json(&WireReset { password: password.expose_secret() })
            }
            AdminChangeKind::Remove { even_last } => one(Method::DELETE).query(&[("even_last", even_last)]),
        };
        self.change(call).await
    }

    /// Changes one's own password. The other sessions end.
    pub async fn change_password(&self, old: &SecretString, new: &SecretString) -> Result<(), ApiError> {
        let new = WireNewPassword { old_password: old.expose_secret(), new_password: new.expose_secret() };
        self.change(self.call(Method::PUT, &["auth", "password"]).json(&new)).await
    }

    /// One's own sessions; for superusers everyone's. The latest first.
    pub async fn sessions(&self) -> Result<Vec<SessionEntry>, ApiError> {
        let answer = Answer::of(self.send(self.call(Method::GET, &["sessions"])).await?, BODY_LIMIT).await?;
        Ok(answer.read::<WireSessions>()?.sessions)
    }

    /// Ends the session with this ID.
    pub async fn end_session(&self, id: &str) -> Result<(), ApiError> {
        self.change(self.call(Method::DELETE, &["sessions", id])).await
    }

    /// Ends sessions in turn. Gives how many were ended: one that has ended already is passed over.
    pub async fn end_sessions(&self, ids: &[Untrusted]) -> Result<usize, ApiError> {
        let mut ended = 0;
        for id in ids {
            match self.end_session(id.raw_for_api()).await {
                Ok(()) => ended += 1,
                Err(ApiError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    /// Revokes all access tokens, all sessions, or both. Gives how many sessions have ended, and where the tokens are
    /// refused by now.
    pub async fn revoke(&self, what: RevokeRequest) -> Result<Changed<u64>, ApiError> {
        let response = self.send(self.call(Method::POST, &["revoke"]).json(&what)).await?;
        let in_force = in_force(&response);
        Ok(Changed { result: Answer::of(response, BODY_LIMIT).await?.read::<WireRevoked>()?.sessions_ended, in_force })
    }

    /// Has the server sign access tokens with a new key. Those of the key before are accepted until they have expired, or
    /// no longer.
    pub async fn rotate_signing_key(&self, end_old: bool) -> Result<Changed<NewSigningKey>, ApiError> {
        let call = self.call(Method::POST, &["signing_key"]).json(&WireRotation { end_old });
        let response = self.send(call).await?;
        let in_force = in_force(&response);
        Ok(Changed { result: Answer::of(response, BODY_LIMIT).await?.read()?, in_force })
    }

    /// Makes a call of which only the success counts.
    pub(super) async fn change(&self, call: RequestBuilder) -> Result<(), ApiError> {
        // The buffers of the connection may have held a password: they go with it.
        let response = self.send(call.header(CONNECTION, "close")).await?;
        match response.status() {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            _ => Err(Answer::of(response, SECRET_BODY_LIMIT).await?.refusal()),
        }
    }
}
