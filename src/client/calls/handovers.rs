//! Secrets that are handed over.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::CONNECTION;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, BODY_LIMIT, Client, SECRET_BODY_LIMIT};
use crate::client::ApiError;
use crate::domain::{HandoverCode, HandoverKeys, KeyId, SecretKey, Untrusted};

/// A secret to hand over: encrypted with a code, of which the server gets digests only.
#[derive(Clone, Debug)]
pub struct NewHandover {
    pub key_id: KeyId,
    lookup: [u8; 32],
    proof: [u8; 32],
    sealed: Vec<u8>,
    has_pin: bool,
    seconds: u32,
}

impl NewHandover {
    /// What the server finds it by: the SHA-256 of the first characters of its code.
    pub const fn lookup(&self) -> [u8; 32] {
        self.lookup
    }

    /// Encrypts a secret. With a PIN it takes about 20 ms.
    pub fn new(
        code: &HandoverCode,
        pin: Option<&str>,
        key_id: &KeyId,
        secret: &SecretKey,
        seconds: u32,
    ) -> Option<Self> {
        let keys = code.keys(pin)?;
        let (lookup, proof) = (code.lookup_digest(), keys.proof_digest());
        let sealed = keys.seal(secret, key_id)?;
        Some(Self { key_id: key_id.clone(), lookup, proof, sealed, has_pin: pin.is_some(), seconds })
    }
}

/// A secret that is handed over, as administrators see it.
#[derive(Clone, Debug, Deserialize)]
pub struct Handover {
    pub id: Untrusted,
    pub key_id: Untrusted,
    /// The key's label; empty of a server that doesn't tell.
    #[serde(default)]
    pub label: Untrusted,
    /// The contract's word: `waiting`, `opened`, `confirmed`, `taken_back`, `tried_too_often` or `expired`.
    pub state: Untrusted,
    pub has_pin: bool,
    pub created_by: Untrusted,
    pub created_at: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
    pub opened_from: Option<Untrusted>,
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When someone else tried to open it.
    pub opened_again_at: Option<DateTime<Utc>>,
    pub opened_again_from: Option<Untrusted>,
    /// How often a wrong code or PIN was given; `None` of a server that doesn't tell what follows.
    pub wrong_tries: Option<u32>,
    /// When it was taken back or tried too often.
    pub ended_at: Option<DateTime<Utc>>,
    /// From where it was tried too often.
    pub ended_from: Option<Untrusted>,
    /// When an administrator has read that nobody received it.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// What an administrator does about a secret that is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoverEnd {
    /// It hasn't been opened, and no longer can be.
    TakeBack,
    /// They have read that someone tried to open it again, or that nobody received it. The time is that of the last attempt they have read of; without it, whatever attempts there were.
    Acknowledge(Option<DateTime<Utc>>),
}

#[derive(Deserialize)]
struct WireHandover {
    handover: Handover,
}

#[derive(Deserialize)]
struct WireHandovers {
    handovers: Vec<Handover>,
}

#[derive(Deserialize)]
struct WireOpened {
    key_id: String,
    sealed: String,
}

impl Client {
    /// Hands a secret over.
    ///
    /// # Errors
    ///
    /// [`ApiError::NoHandovers`] of an older server.
    pub async fn hand_over(&self, new: &NewHandover) -> Result<Handover, ApiError> {
        let body = json!({
            "key_id": new.key_id.raw_for_api(),
            "lookup": URL_SAFE_NO_PAD.encode(new.lookup),
            "proof": URL_SAFE_NO_PAD.encode(new.proof),
            "sealed": URL_SAFE_NO_PAD.encode(&new.sealed),
            "has_pin": new.has_pin,
            "ttl_seconds": new.seconds,
        });
        let response = self.send(self.call(Method::POST, &["handovers"]).json(&body)).await?;
        Ok(Answer::of(response, BODY_LIMIT).await?.read::<WireHandover>().map_err(unknown_path)?.handover)
    }

    /// The secrets that are handed over, and those that were in the last days.
    ///
    /// # Errors
    ///
    /// [`ApiError::NoHandovers`] of an older server.
    pub async fn handovers(&self) -> Result<Vec<Handover>, ApiError> {
        let response = self.send(self.call(Method::GET, &["handovers"])).await?;
        Ok(Answer::of(response, BODY_LIMIT).await?.read::<WireHandovers>().map_err(unknown_path)?.handovers)
    }

    /// Takes back a secret that hasn't been opened, or acknowledges that someone else tried to.
    pub async fn settle_handover(&self, id: &Untrusted, how: HandoverEnd) -> Result<(), ApiError> {
        let path = ["handovers", id.raw_for_api(), "alarm"];
        let call = match how {
            HandoverEnd::TakeBack => self.call(Method::DELETE, &path[..2]),
            HandoverEnd::Acknowledge(None) => self.call(Method::DELETE, &path),
            HandoverEnd::Acknowledge(Some(at)) => self.call(Method::DELETE, &path).query(&[("at", at)]),
        };
        self.change(call).await.map_err(|error| match error {
            // It is no attempt that is repeated.
            ApiError::Conflict(status, words) => ApiError::Refused(status, words),
            error => unknown_path(error),
        })
    }

    /// Opens a secret that is handed over, without a session: the ciphertext, and of which key. The server never gets the
    /// whole code. May be repeated with the same `opener`.
    pub async fn open_handover(
        &self,
        keys: &HandoverKeys,
        with_pin: bool,
        opener: &str,
    ) -> Result<(KeyId, Vec<u8>), ApiError> {
        let proof = keys.proof();
        let body = json!({ "lookup": keys.lookup(), "proof": *proof, "with_pin": with_pin, "opener": opener });
        let call = self.anyone(Method::POST, &["handovers", "open"]).header(CONNECTION, "close").json(&body);
        let read = Answer::of(self.send(call).await?, SECRET_BODY_LIMIT).await?.read::<WireOpened>();
        let WireOpened { key_id, sealed } = read.map_err(unknown_path)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok().zip(KeyId::parse(&key_id).ok());
        sealed.map(|(sealed, id)| (id, sealed)).ok_or(ApiError::Garbled(200, "it has no sealed secret"))
    }

    /// Says that it has arrived: the server deletes it.
    pub async fn confirm_handover(&self, keys: &HandoverKeys, opener: &str) -> Result<(), ApiError> {
        let body = json!({ "lookup": keys.lookup(), "opener": opener });
        self.change(self.anyone(Method::POST, &["handovers", "confirm"]).json(&body)).await
    }
}

/// An older server has no such path.
fn unknown_path(error: ApiError) -> ApiError {
    match error {
        ApiError::NotFound(words) if words.raw_for_api().starts_with("This path") => ApiError::NoHandovers,
        error => error,
    }
}
