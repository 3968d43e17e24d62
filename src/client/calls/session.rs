//! Signing in and out.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::CONNECTION;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Answer, Client, SECRET_BODY_LIMIT, bearer};
use crate::client::ApiError;
use crate::domain::{Identity, Untrusted};

/// An administrator's session: who it is, and until when at the latest.
#[derive(Clone)]
pub struct AdminSession {
    /// What goes with every call. A secret.
    pub token: SecretString,
    /// When it ends by this machine's clock, used or not.
    pub expires_at: DateTime<Utc>,
    /// Whose it is, as the server writes the name.
    pub username: Untrusted,
    /// What they may do, in the server's word.
    pub role: Untrusted,
}

#[derive(Serialize)]
struct WireCredentials<'a> {
    username: &'a str,
    password: &'a str,
}

#[derive(Deserialize)]
struct WireSession {
    session_token: SecretString,
    /// Missing from older servers.
    #[serde(default)]
    device_token: Option<SecretString>,
    expires_at: DateTime<Utc>,
    username: String,
    #[serde(default)]
    role: String,
}

/// Where a server looks for the device token.
const DEVICE_TOKEN: &str = "x-device-token";

/// How long the end of a session is waited for when the program leaves. A link that is gone must not keep the user.
pub(crate) const FAREWELL: Duration = Duration::from_secs(1);

impl AdminSession {
    /// Whose it is.
    pub(crate) fn identity(&self) -> Identity {
        Identity { username: self.username.clone(), role: self.role.clone(), expires_at: self.expires_at }
    }
}

impl Client {
    /// Signs an administrator in. The answer is all that is left of it: `self` stays as it is.
    pub async fn sign_in(&self, username: &str, password: &SecretString) -> Result<AdminSession, ApiError> {
        let credentials = WireCredentials { username, password: password.expose_secret() };
        let mut call = self
            .anyone(Method::POST, &["auth", "session"])
            .header(CONNECTION, "close") // its buffers held a password: they go with it
            .json(&credentials);
        if let Some(token) = self.devices.as_ref().and_then(|devices| devices.load(username)) {
            call = call.header(DEVICE_TOKEN, token.expose_secret());
        }
        let answer = Answer::of(self.send(call).await?, SECRET_BODY_LIMIT).await?.read::<WireSession>();
        let wire = answer.map_err(|error| match error {
            // Here the code 1000 is about a password, not about an access key.
            ApiError::Verification => ApiError::WrongCredentials,
            ApiError::NotFound(_) => ApiError::NoSignIn,
            other => other,
        })?;
        bearer(&wire.session_token)
            .map_err(|_| ApiError::Garbled(200, "its session token has characters that are not allowed in a header"))?;
        if let (Some(devices), Some(token)) = (&self.devices, &wire.device_token) {
            devices.store(username, token);
        }
        Ok(AdminSession {
            token: wire.session_token,
            expires_at: wire.expires_at - self.clock.ahead(),
            username: Untrusted::new(&wire.username),
            role: Untrusted::new(&wire.role),
        })
    }

    /// Ends this client's session when the program leaves: if the server doesn't answer at once, the session ends by
    /// itself.
    pub(crate) async fn sign_out_on_exit(&self) {
        let _ = tokio::time::timeout(FAREWELL, self.sign_out()).await;
    }

    /// Ends this client's session. One that has ended already counts as ended.
    pub async fn sign_out(&self) -> Result<(), ApiError> {
        let response = self.send(self.call(Method::DELETE, &["auth", "session"])).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(()),
            _ => match Answer::of(response, SECRET_BODY_LIMIT).await?.refusal() {
                ApiError::NotSignedIn(_) => Ok(()),
                error => Err(error),
            },
        }
    }
}

impl fmt::Debug for AdminSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminSession({:?}, …)", self.username)
    }
}
