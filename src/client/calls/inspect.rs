//! Calls that only look: what happened to a key, and how the server is.

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::tls::TlsInfo;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Answer, BODY_LIMIT, Client};
use crate::client::ApiError;
use crate::client::wire::check_progress;
use crate::domain::{KeyId, Untrusted, Validity};

/// One line of a key's history.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Event {
    pub at: DateTime<Utc>,
    /// The contract's word for what happened: `created`, `used` and so on.
    pub kind: Untrusted,
    /// The administrator, where one did it.
    pub by: Option<Untrusted>,
    /// The address it was done from.
    pub from: Option<Untrusted>,
    /// What was edited, or why it was refused.
    pub detail: Option<Untrusted>,
    /// How many refusals it stands for. Servers from before tell each by itself.
    #[serde(default = "once")]
    pub count: u64,
}

const fn once() -> u64 {
    1
}

#[derive(Deserialize)]
struct WireEvents {
    events: Vec<Event>,
    next_cursor: Option<String>,
}

/// What a server says of itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Health {
    pub version: Untrusted,
    /// Its clock, in whole seconds (`Date`, RFC 9110, section 6.6.1).
    #[serde(skip)]
    pub time: Option<DateTime<Utc>>,
    /// How long its certificate is good, over TLS.
    #[serde(skip)]
    pub certificate: Option<Validity>,
}

impl Client {
    /// A page of what happened to a key, newest first, and where the next page begins. Also of a deleted key.
    pub async fn events(&self, id: &KeyId, cursor: Option<&str>) -> Result<(Vec<Event>, Option<String>), ApiError> {
        let call = self.call(Method::GET, &["keys", id.raw_for_api(), "events"]).query(&[("limit", "1000")]);
        let call = if let Some(cursor) = cursor { call.query(&[("cursor", cursor)]) } else { call };
        let page: WireEvents = Answer::of(self.send(call).await?, BODY_LIMIT).await?.read()?;
        if let Some(cursor) = cursor {
            check_progress(cursor, page.next_cursor.as_deref())?;
        }
        Ok((page.events, page.next_cursor))
    }

    /// Makes sure that there is a server, and that it is the one that its certificate names: before a password is typed
    /// for it. A server without `/health` passes.
    pub async fn find(&self) -> Result<(), ApiError> {
        match self.health().await {
            Err(error) if error.is_about_way() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Asks the server how it is. Needs no session.
    pub async fn health(&self) -> Result<Health, ApiError> {
        let response = self.send(self.anyone(Method::GET, &["health"])).await?;
        let tls = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let certificate = tls.and_then(|certificate| Validity::of(&certificate.into()));
        let answer = Answer::of(response, BODY_LIMIT).await?;
        Ok(Health { time: answer.date(), certificate, ..answer.read()? })
    }

    /// Asks the server whether its store can be written. Needs no session.
    pub async fn ready(&self) -> Result<(), ApiError> {
        let response = self.send(self.anyone(Method::GET, &["ready"])).await?;
        Answer::of(response, BODY_LIMIT).await?.read::<IgnoredAny>().map(drop)
    }
}
