//! Steps two and three of the contract's part A, as any client of Passportal takes them. No session is sent.

use chrono::{DateTime, Utc};
use reqwest::header::{CONNECTION, DATE, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::{Client, SECRET_BODY_LIMIT, read, refusal};
use crate::api::ApiError;
use crate::api::wire::WireGrant;
use crate::model::{AccessToken, Content, Grant, HmacToken, KeyId, Untrusted, Verdict};

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
        let server_time = date(&response);
        let result = read::<WireGrant>(response, SECRET_BODY_LIMIT).await.and_then(WireGrant::into_grant);
        Exchanged { result, server_time }
    }

    async fn send_exchange(&self, id: &KeyId, token: &HmacToken, content: &Content) -> Result<Response, ApiError> {
        let key = HeaderValue::from_str(id.raw_for_api()).map_err(|_| {
            ApiError::Refused(400, Untrusted::new("this Access key ID has characters that no header can hold"))
        })?;
        let request = self
            .anyone(Method::POST, &["auth", "client_token"])
            .header("x-key", key)
            .header("x-hash", sensitive(token.expose())?)
            .header(CONNECTION, "close") // its buffers held a token: they go with it
            .json(&json!({ "scope": "docs_api", "content": content.as_str() }));
        Ok(request.send().await?)
    }

    /// Asks whether an access token is good.
    pub async fn verify(&self, token: &AccessToken) -> Result<Verdict, ApiError> {
        let request = self
            .anyone(Method::GET, &["auth", "verify"])
            .header("x-access-token", sensitive(token.expose())?)
            .header(CONNECTION, "close");
        let response = request.send().await?;
        match response.status() {
            StatusCode::NO_CONTENT => {
                let id = response.headers().get("x-access-key-id").and_then(|id| id.to_str().ok());
                let id = id.and_then(|id| KeyId::parse(id).ok());
                id.map(Verdict::Good).ok_or(ApiError::Garbled(204, "it has no x-access-key-id"))
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(Verdict::NotOffered),
            _ => match refusal(response).await {
                ApiError::NotSignedIn(words) => Ok(Verdict::Refused(words)),
                error => Err(error),
            },
        }
    }
}

/// A header that is never printed.
fn sensitive(text: &str) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| ApiError::Refused(400, Untrusted::new("this token has characters that no header can hold")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An HTTP date is RFC 2822's form with `GMT` for the zone (RFC 9110, section 5.6.7).
pub(super) fn date(response: &Response) -> Option<DateTime<Utc>> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc))
}
