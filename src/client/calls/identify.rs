//! Whose secret or token is this?

use chrono::{DateTime, Utc};
use reqwest::header::CONNECTION;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Answer, Client, SECRET_BODY_LIMIT};
use crate::client::ApiError;
use crate::client::wire::WireKey;
use crate::domain::{AccessKey, AccessToken, Content, HmacToken, KeyId, Leak, SecretKey, Untrusted};

/// How many pairs of an ID and a content an HMAC token is compared with.
const MOST_PAIRS: usize = 32;
/// Events among which a deletion is looked for.
const NEWEST: usize = 100;

/// What to ask for.
#[derive(Clone, Debug)]
enum Clue {
    Secret(SecretKey),
    AccessToken(AccessToken),
    /// An HMAC token of the content, by the secret of the key with this ID.
    HmacToken(HmacToken, KeyId, Content),
}

/// Whose it is.
#[derive(Clone, Debug)]
pub struct Identified {
    pub owner: KeyOwner,
    /// Of an access token.
    pub token: Option<TokenStatus>,
}

/// The key that a secret or a token belongs to.
#[derive(Clone, Debug)]
pub enum KeyOwner {
    Key(Box<AccessKey>),
    /// What the history tells of a key that was deleted.
    Deleted(DeletedKey),
}

/// A key that was deleted.
#[derive(Clone, Debug)]
pub struct DeletedKey {
    pub id: KeyId,
    pub label: Untrusted,
    pub owner: Untrusted,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deleted_by: Option<Untrusted>,
}

/// Whether an access token still works.
#[derive(Clone, Debug)]
pub struct TokenStatus {
    /// `valid`, `expired` or `revoked`.
    pub status: Untrusted,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Default, Serialize)]
struct WireClue<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hmac_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

#[derive(Deserialize)]
struct WireIdentified {
    key: Option<WireKey>,
    deleted_key: Option<WireDeletedKey>,
    token: Option<WireToken>,
}

#[derive(Deserialize)]
struct WireDeletedKey {
    id: String,
    label: Untrusted,
    owner: Untrusted,
    deleted_at: Option<DateTime<Utc>>,
    deleted_by: Option<Untrusted>,
}

#[derive(Deserialize)]
struct WireToken {
    status: Untrusted,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Client {
    /// Whose each is.
    pub(crate) async fn owners(&self, leaks: &[Leak]) -> Result<Vec<Option<Identified>>, ApiError> {
        let mut owners = Vec::new();
        for leak in leaks {
            owners.push(self.owner(leak, true).await?);
        }
        Ok(owners)
    }

    /// Whose one is: none if it is that of no key, or an HMAC token that no ID and content came with.
    pub async fn owner(&self, leak: &Leak, is_last: bool) -> Result<Option<Identified>, ApiError> {
        match leak {
            Leak::Secret(secret) => self.identify(&Clue::Secret(secret.clone()), is_last).await,
            Leak::AccessToken(token) => self.identify(&Clue::AccessToken(token.clone()), is_last).await,
            Leak::KeyId(id) => self.owner_of_id(id).await,
            Leak::HmacToken(token, ids, contents) => {
                let pairs = ids.iter().flat_map(|id| contents.iter().map(move |content| (id.clone(), content.clone())));
                for (id, content) in pairs.take(MOST_PAIRS).collect::<Vec<_>>() {
                    if let Some(found) = self.identify(&Clue::HmacToken(token.clone(), id, content), true).await? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
        }
    }

    async fn owner_of_id(&self, id: &KeyId) -> Result<Option<Identified>, ApiError> {
        let owner = match self.key(id).await {
            Ok(key) => KeyOwner::Key(Box::new(key)),
            Err(ApiError::NotFound(_)) => {
                let events = self.history(id, NEWEST, None).await?.events;
                let Some(event) = events.into_iter().find(|event| event.kind.raw_for_api() == "deleted") else {
                    return Ok(None);
                };
                let old = |name: &str| {
                    let change = event.changes.iter().find(|change| change.field.raw_for_api() == name);
                    change.and_then(|change| change.old.clone()).unwrap_or_else(|| Untrusted::new(""))
                };
                let (label, owner) = (old("label"), old("owner"));
                let (deleted_at, deleted_by) = (Some(event.at), event.by.clone());
                KeyOwner::Deleted(DeletedKey { id: id.clone(), label, owner, deleted_at, deleted_by })
            }
            Err(error) => return Err(error),
        };
        Ok(Some(Identified { owner, token: None }))
    }

    /// Whose a secret or token is; none if it is that of no key. `is_last` closes the connection, whose buffers held it.
    ///
    /// # Errors
    ///
    /// [`ApiError::NoIdentify`] of a server that can't tell, [`ApiError::Server`] with a time to wait of one that can't yet.
    async fn identify(&self, clue: &Clue, is_last: bool) -> Result<Option<Identified>, ApiError> {
        let body = match clue {
            Clue::Secret(secret) => WireClue { secret: Some(secret.expose()), ..WireClue::default() },
            Clue::AccessToken(token) => WireClue { access_token: Some(token.expose()), ..WireClue::default() },
            Clue::HmacToken(token, id, content) => WireClue {
                hmac_token: Some(token.expose()),
                id: Some(id.raw_for_api()),
                content: Some(content.as_str()),
                ..WireClue::default()
            },
        };
        let mut call = self.call(Method::POST, &["keys", "identify"]).json(&body);
        if is_last {
            call = call.header(CONNECTION, "close");
        }
        let answer = Answer::of(self.send(call).await?, SECRET_BODY_LIMIT).await?;
        if answer.status == StatusCode::METHOD_NOT_ALLOWED {
            return Err(ApiError::NoIdentify);
        }
        match answer.read::<WireIdentified>() {
            Err(ApiError::NotFound(words)) if words.raw_for_api().starts_with(super::NO_PATH) => {
                Err(ApiError::NoIdentify)
            }
            Err(ApiError::NotFound(_)) => Ok(None),
            answer => answer?.into_identified().map(Some),
        }
    }
}

impl WireIdentified {
    fn into_identified(self) -> Result<Identified, ApiError> {
        let owner = match (self.key, self.deleted_key) {
            (Some(key), _) => KeyOwner::Key(Box::new(key.into_key()?)),
            (None, Some(WireDeletedKey { id, label, owner, deleted_at, deleted_by })) => {
                let id =
                    KeyId::parse(&id).map_err(|_| ApiError::Garbled(200, "the access key ID is empty or too long"))?;
                KeyOwner::Deleted(DeletedKey { id, label, owner, deleted_at, deleted_by })
            }
            (None, None) => return Err(ApiError::Garbled(200, "it names no key")),
        };
        let token =
            self.token.map(|WireToken { status, issued_at, expires_at }| TokenStatus { status, issued_at, expires_at });
        Ok(Identified { owner, token })
    }
}
