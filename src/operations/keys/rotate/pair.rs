//! The two keys of a rotation that is under way: how they are, and its end.

use chrono::{DateTime, Utc};

use super::{Advice, advise};
use crate::client::{Changed, EndedRotation, RotationEnd};
use crate::domain::{AccessKey, KeyId, Rotation};
use crate::operations::access::Access;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{local_time, relative};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;

/// Both keys, and whether the old one can end.
pub(crate) struct Pair {
    pub(crate) old: AccessKey,
    pub(crate) new: AccessKey,
    pub(crate) advice: Advice,
}

impl Pair {
    /// Reads the pair of which a key is one.
    pub(crate) async fn read(access: &mut impl Access, id: &KeyId, now: DateTime<Utc>) -> Flow<Self> {
        let key = access.call(async |client| client.key(id).await).await?;
        let Some(rotation) = &key.rotation else { return Err(not_rotating(&key).into()) };
        let other = access.call(async |client| client.key(rotation.other()).await).await?;
        let (old, new) = if matches!(rotation, Rotation::ReplacedBy(_)) { (key, other) } else { (other, key) };
        let client = access.client().await?;
        let advice = access.prompter().wait(advise(&client, &old, now)).await?;
        Ok(Self { old, new, advice })
    }

    /// How it is, in sentences.
    pub(crate) fn sentences(&self, now: DateTime<Utc>) -> Vec<String> {
        let id = |key: &AccessKey| key.id.to_display(KeyId::MAX_CHARS);
        let ends = self.old.expires_at.map_or_else(String::new, |end| {
            format!(" The old key works until {} ({}).", local_time(end), relative(end, now))
        });
        let new = match self.new.last_used_at {
            Some(last) => format!("The new key was used {}.", relative(last, now)),
            None => "The new key was not used yet, so the rotation can still be undone.".to_owned(),
        };
        vec![format!("{} replaces {}.{ends}", id(&self.new), id(&self.old)), new, self.advice.words.clone()]
    }
}

/// A key that is in no rotation.
fn not_rotating(key: &AccessKey) -> Failure {
    Failure::new(Exit::Conflict, format!("{} is not being rotated.", key.id.to_display(KeyId::MAX_CHARS)))
}

/// Whether the old key may be ended: if nothing seems to need it, or a person says so.
pub(crate) async fn finish_anyway(prompter: &mut impl Prompter, advice: &Advice) -> Flow<bool> {
    Ok(advice.is_safe == Some(true) || prompter.confirm("Finish anyway?").await?)
}

/// Ends the rotation of a key as it was read.
pub(crate) async fn end(access: &mut impl Access, key: &AccessKey, end: RotationEnd) -> Flow<Changed<EndedRotation>> {
    access.call(async |client| client.end_rotation(&key.id, end, key.revision).await).await
}
