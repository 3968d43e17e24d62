//! Replacing a key by a new one.

use reqwest::Method;

use super::{Answer, BODY_LIMIT, Changed, Client, if_match, in_force};
use crate::client::wire::{WireEndedRotation, WireKey};
use crate::client::{ApiError, Creation, EndedRotation, NewKey, Replaced, RotationEnd};
use crate::domain::KeyId;

/// How a refusal to rotate begins that is about the key as it is (HTTP contract, part B). Another 409 is about the
/// attempt.
const ABOUT_KEY: &str = "This key is ";

impl Client {
    /// Makes a key in place of another one, which works beside it for a while. Every server that has this call seals.
    ///
    /// # Errors
    ///
    /// [`ApiError::NoRotation`] of a server without it, and [`ApiError::NotRotated`] if the key can't be rotated as it is.
    pub(super) async fn rotate(&self, old: &Replaced, new: &NewKey) -> Result<Creation, ApiError> {
        let call = self.call(Method::POST, &["keys", old.id.raw_for_api(), "rotate"]);
        let call = if_match(call, old.revision);
        self.send_new(call, new, new.attempt.seal_key.as_ref()).await.map_err(not_rotated)
    }

    /// Ends a rotation that is under way; the ID is that of either key, which must have this revision if one is given.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotRotated`] if there is no rotation to be ended so: a new key that was used is not taken back.
    pub async fn end_rotation(
        &self,
        id: &KeyId,
        end: RotationEnd,
        revision: Option<u64>,
    ) -> Result<Changed<EndedRotation>, ApiError> {
        let id = id.raw_for_api();
        let call = match end {
            RotationEnd::Finish => self.call(Method::POST, &["keys", id, "rotation", "finish"]),
            RotationEnd::Undo => self.call(Method::DELETE, &["keys", id, "rotation"]),
        };
        let response = self.send(if_match(call, revision)).await?;
        let in_force = in_force(&response);
        let answer = Answer::of(response, BODY_LIMIT).await?;
        let ended: WireEndedRotation = answer.read().map_err(|error| match error {
            ApiError::Conflict(_, words) => ApiError::NotRotated(words),
            error => not_rotated(error),
        })?;
        let new = ended.key.map(WireKey::into_key).transpose()?;
        Ok(Changed { result: EndedRotation { old: ended.replaced.into_key()?, new }, in_force })
    }
}

fn not_rotated(error: ApiError) -> ApiError {
    match error {
        // What was not found is the path, unless the words say that it is the key.
        ApiError::NotFound(words) if !words.raw_for_api().to_lowercase().contains("key") => ApiError::NoRotation,
        ApiError::Refused(405, _) => ApiError::NoRotation,
        ApiError::Conflict(409, words) if words.raw_for_api().starts_with(ABOUT_KEY) => ApiError::NotRotated(words),
        error => error,
    }
}
