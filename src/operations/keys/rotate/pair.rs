//! The two keys of a rotation that is under way: how they are, and its end.

use chrono::{DateTime, Utc};

use super::{Advice, advise};
use crate::client::{Changed, EndedRotation, Event, EventScope, EventsRequest, RotationEnd, TrailFilter};
use crate::domain::{AccessKey, KeyId, Rotation, Status};
use crate::operations::access::Access;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{relative, time};
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
        Self::find(access, id, now).await?.ok_or_else(|| not_rotating(id).into())
    }

    /// The same; none if the key is in no rotation that is under way.
    pub(crate) async fn find(access: &mut impl Access, id: &KeyId, now: DateTime<Utc>) -> Flow<Option<Self>> {
        let key = access.call(async |client| client.key(id).await).await?;
        let Some(rotation) = &key.rotation else { return Ok(None) };
        let other = access.call(async |client| client.key(rotation.other()).await).await?;
        let (old, new) = if matches!(rotation, Rotation::ReplacedBy(_)) { (key, other) } else { (other, key) };
        let client = access.client().await?;
        let advice = access.prompter().wait(advise(&client, &old, &new, now)).await?;
        Ok(Some(Self { old, new, advice }))
    }

    /// How it is, in sentences; `time` says when.
    pub(crate) fn sentences(&self, now: DateTime<Utc>, time: impl Fn(DateTime<Utc>) -> String) -> Vec<String> {
        let id = |key: &AccessKey| key.id.to_display(KeyId::MAX_CHARS);
        let ends = match (self.old.status, self.old.expires_at) {
            (Status::Inactive, _) => " The old key is deactivated.".to_owned(),
            (_, Some(end)) => format!(" The old key works until {} ({}).", time(end), relative(end, now)),
            _ => String::new(),
        };
        let new = match self.new.last_used_at {
            Some(last) => format!("The new key was used {}.", relative(last, now)),
            None => "The new key was not used yet, so the rotation can still be undone.".to_owned(),
        };
        vec![format!("{} replaces {}.{ends}", id(&self.new), id(&self.old)), new, self.advice.words.clone()]
    }
}

/// A key that is in no rotation.
fn not_rotating(id: &KeyId) -> Failure {
    Failure::new(Exit::Conflict, format!("{} is not being rotated.", id.to_display(KeyId::MAX_CHARS)))
}

/// The keys of the last rotation of a key which is in none, and how it ended in a sentence, if that is how it shall end; else
/// why it can't.
pub(crate) async fn ended_before(
    access: &mut impl Access,
    id: &KeyId,
    end: RotationEnd,
) -> Flow<(EndedRotation, String)> {
    let Some(event) = last_event(access, id).await? else { return Err(not_rotating(id).into()) };
    let (was, words) = match event.kind.raw_for_api() {
        UNDONE => (RotationEnd::Undo, format!("This rotation was undone {}.", time(event.at))),
        FINISHED => (RotationEnd::Finish, format!("This rotation was finished {}.", time(event.at))),
        _ => (RotationEnd::Finish, "This rotation is over: its overlap has ended.".to_owned()),
    };
    let [old, new] = [event.key, event.detail].map(|id| id.and_then(|id| KeyId::parse(id.raw_for_api()).ok()));
    let (Some(old), Some(new), true) = (old, new, was == end) else {
        return Err(not_rotating(id).next(words).into());
    };
    let old = access.call(async |client| client.key(&old).await).await?;
    if end == RotationEnd::Finish && old.status == Status::Active {
        // It kept its end when the new key was deleted, or was given another end since.
        let words = format!("The old key {} still works.", old.id.to_display(KeyId::MAX_CHARS));
        return Err(not_rotating(id).next(words).into());
    }
    let new = access.try_call(async |client| client.key(&new).await).await?.ok();
    Ok((EndedRotation { old, new }, words))
}

const UNDONE: &str = "rotation_undone";
const FINISHED: &str = "rotation_finished";
/// How many rotations of other keys are looked through for one by its new key.
const LATEST: usize = 1000;

/// The last event of the last rotation of a key, which is an event of the old key with the new one's ID.
async fn last_event(access: &mut impl Access, id: &KeyId) -> Flow<Option<Event>> {
    let kinds = ["rotated", FINISHED, UNDONE].map(str::to_owned).to_vec();
    let of_old = TrailFilter { key: Some(id.clone()), kinds, ..TrailFilter::default() };
    let of_any = TrailFilter { key: None, ..of_old.clone() };
    for (filter, limit) in [(of_old, 1), (of_any, LATEST)] {
        let is_old = filter.key.is_some();
        let request = EventsRequest { of: EventScope::Trail(filter), cursor: None };
        let page = access.call(async |client| client.events(&request, limit).await).await?;
        let is_new = |event: &Event| event.detail.as_ref().is_some_and(|new| new.raw_for_api() == id.raw_for_api());
        if let Some(event) = page.events.into_iter().find(|event| is_old || is_new(event)) {
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// What undoing a rotation does.
pub(crate) const UNDOES: &str =
    "The new key is deleted: programs that have its secret can't use it. The old key expires as it did before.";
/// Asked before it.
pub(crate) const UNDO_NOW: &str = "Undo the rotation?";

/// Whether the old key may be ended: if nothing seems to need it, or a person says so.
pub(crate) async fn finish_anyway(prompter: &mut impl Prompter, advice: &Advice) -> Flow<bool> {
    Ok(advice.is_safe == Some(true) || prompter.confirm("Finish anyway?").await?)
}

/// Ends the rotation of a key as it was read.
pub(crate) async fn end(access: &mut impl Access, key: &AccessKey, end: RotationEnd) -> Flow<Changed<EndedRotation>> {
    access.call(async |client| client.end_rotation(&key.id, end, key.revision).await).await
}
