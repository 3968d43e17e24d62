//! Steps two and three of the contract's part A, as any client of Passportal takes them. No session is sent.

use chrono::{DateTime, Utc};
use reqwest::header::{CONNECTION, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::{Answer, Client, SECRET_BODY_LIMIT};
use crate::client::ApiError;
use crate::domain::{AccessToken, Content, Grant, HmacToken, KeyId, Untrusted, Verdict};

/// What an exchange came to, and what the server's clock said.
#[derive(Debug)]
pub struct Exchanged {
    /// The access token, or why there is none.
    pub result: Result<Grant, ApiError>,
    /// The `Date` of the answer (RFC 9110, section 6.6.1), in whole seconds.
    pub server_time: Option<DateTime<Utc>>,
}

impl Client {
    /// Exchanges an HMAC token for an access token.
    pub async fn exchange(&self, id: &KeyId, token: &HmacToken, content: &Content) -> Exchanged {
        let response = match self.send_exchange(id, token, content).await {
            Ok(response) => response,
            Err(error) => return Exchanged { result: Err(error), server_time: None },
        };
        match Answer::of(response, SECRET_BODY_LIMIT).await {
            Ok(answer) => {
                let result = answer.grant().map_err(|error| match error {
                    ApiError::NotSignedIn(words) => ApiError::PairRefused(words), // an exchange needs no session
                    error => error,
                });
                Exchanged { result, server_time: answer.date() }
            }
            Err(error) => Exchanged { result: Err(error), server_time: None },
        }
    }

    async fn send_exchange(&self, id: &KeyId, token: &HmacToken, content: &Content) -> Result<Response, ApiError> {
        let key = HeaderValue::from_str(id.raw_for_api()).map_err(|_| {
            ApiError::Refused(400, Untrusted::new("this Access key ID has characters that are not allowed in a header"))
        })?;
        let request = self
            .anyone(Method::POST, &["auth", "client_token"])
            .header("x-key", key)
            .header("x-hash", sensitive(token.expose())?)
            .header(CONNECTION, "close") // its buffers held a token: they go with it
            .json(&json!({ "scope": "docs_api", "content": content.as_str() }));
        self.send(request).await
    }

    /// Asks whether an access token is good.
    pub async fn verify(&self, token: &AccessToken) -> Result<Verdict, ApiError> {
        let request = self
            .anyone(Method::GET, &["auth", "verify"])
            .header("x-access-token", sensitive(token.expose())?)
            .header(CONNECTION, "close");
        let response = self.send(request).await?;
        match response.status() {
            StatusCode::NO_CONTENT => {
                let id = response.headers().get("x-access-key-id").and_then(|id| id.to_str().ok());
                let id = id.and_then(|id| KeyId::parse(id).ok());
                id.map(Verdict::Good).ok_or(ApiError::Garbled(204, "it has no x-access-key-id"))
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(Verdict::NotOffered),
            _ => match Answer::of(response, SECRET_BODY_LIMIT).await?.refusal() {
                ApiError::NotSignedIn(words) => Ok(Verdict::Refused(words)),
                error => Err(error),
            },
        }
    }
}

/// A header that is never printed.
fn sensitive(text: &str) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        ApiError::Refused(400, Untrusted::new("this token has characters that are not allowed in a header"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}
