//! Replacing a key by a new one, which works beside it for a while.

mod advice;
mod overlap;
mod pair;
mod told;

pub(crate) use crate::client::RotationEnd;
pub(crate) use advice::{ADVICE_DAYS, Advice, advise};
pub(crate) use overlap::overlap_after;
pub use overlap::{Overlap, overlap};
pub(crate) use pair::{Pair, UNDO_NOW, UNDOES, end, ended_before, finish_anyway};
pub(crate) use told::{LATE_USE, late_use, other};

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::{CreateAttempt, NewKey, Replaced};
use crate::domain::{AccessKey, KeyId, Rotation, Status, Texts};
use crate::operations::format::relative;
use crate::operations::messages::minute;

/// A key that was used since then is in use.
const IN_USE: TimeDelta = TimeDelta::hours(24);
/// A key that was not used for that long may need no successor.
const UNUSED: TimeDelta = TimeDelta::days(90);
/// A new key that ends so soon is told of.
const SHORT_LIVED: TimeDelta = TimeDelta::days(30);

/// Why a key can't be rotated, in a sentence; none if it can.
pub(crate) fn refusal(key: &AccessKey) -> Option<String> {
    match (&key.rotation, key.status) {
        (Some(Rotation::ReplacedBy(new)), _) => Some(format!(
            "This key is being rotated, and {} replaces it. Finish or undo that rotation first.",
            new.to_display(KeyId::MAX_CHARS)
        )),
        (Some(Rotation::Replaces(old)), _) => Some(format!(
            "This key replaces {}, and that rotation is under way. Finish or undo it first.",
            old.to_display(KeyId::MAX_CHARS)
        )),
        (None, Status::Expired) => Some("This key has expired; only an active key can be rotated.".to_owned()),
        (None, Status::Inactive) => {
            Some("This key is inactive; only an active key can be rotated. Activate it first.".to_owned())
        }
        (None, Status::Active) => None,
    }
}

/// What differs in the new key from the old one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Differences {
    pub(crate) texts: Texts,
    /// An expiry of its own: `Some(None)` is never.
    #[expect(clippy::option_option, reason = "as the old one, never and a time are three things")]
    pub(crate) expires_at: Option<Option<DateTime<Utc>>>,
}

/// The key that replaces another one as it was read.
pub(crate) fn successor(old: &AccessKey, overlap_seconds: u32, differences: Differences) -> NewKey {
    let Differences { texts, expires_at } = differences;
    let (revision, keeps_expiry) = (old.revision, expires_at.is_none());
    let replaces = Replaced { id: old.id.clone(), revision, overlap_seconds, keeps_expiry };
    let expires_at = expires_at.unwrap_or(old.expires_at);
    NewKey { attempt: CreateAttempt::random(), texts, expires_at, replaces: Some(replaces) }
}

/// When the old key ends, if the rotation begins at a time.
pub(crate) fn old_ends_at(old: &AccessKey, new: &NewKey, begins: DateTime<Utc>) -> DateTime<Utc> {
    let overlap = new.replaces.as_ref().map_or(0, |replaced| replaced.overlap_seconds);
    let ends = begins + TimeDelta::seconds(overlap.into());
    old.expires_at.map_or(ends, |end| end.min(ends))
}

/// What speaks for another look before a key is rotated, in sentences.
pub(crate) fn warnings(old: &AccessKey, new: &NewKey, now: DateTime<Utc>) -> Vec<String> {
    let mut all = Vec::new();
    let ends = old_ends_at(old, new, now);
    match old.last_used_at {
        Some(last) if ends <= now && now - last < IN_USE => all.push(format!(
            "The old key was used {} and ends at once: programs that use it fail until they have the new one.",
            relative(last, now)
        )),
        Some(last) if now - last >= UNUSED => all.push(format!(
            "The old key was used last {}: perhaps no program needs a new one, and it can be deleted.",
            relative(last, now)
        )),
        None if now - old.created_at >= UNUSED => {
            all.push(
                "The old key was never used: perhaps no program needs a new one, and it can be deleted.".to_owned(),
            );
        }
        _ => {}
    }
    if let Some(end) = old.expires_at.filter(|end| *end <= ends && *end > now)
        && new.replaces.as_ref().is_some_and(|replaced| replaced.overlap_seconds > 0)
    {
        all.push(format!("The old key expires {}, before the overlap ends.", minute(end)));
    }
    if let Some(end) = new.expires_at.filter(|end| *end - now < SHORT_LIVED) {
        all.push(format!("The new key expires {}, {}.", relative(end, now), minute(end)));
    }
    all
}

/// What there is to know of a key's rotation, each with its title; `time` says when.
pub(crate) fn facts(key: &AccessKey, time: impl Fn(DateTime<Utc>) -> String) -> Vec<(&'static str, String)> {
    let id = |id: &KeyId| id.to_display(KeyId::MAX_CHARS);
    let other = key.rotation.as_ref().map(|rotation| match rotation {
        Rotation::Replaces(old) => ("Replaces", id(old)),
        Rotation::ReplacedBy(new) => ("Replaced by", id(new)),
    });
    let late = key.late_use_at.map(|at| ("Used after rotation", time(at)));
    other.into_iter().chain(late).collect()
}

/// What was begun, in sentences.
pub(crate) fn begun(old: &KeyId, ends: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let old = old.to_display(KeyId::MAX_CHARS);
    if ends <= now {
        return format!("The old key {old} has ended: requests with it are refused.");
    }
    format!("The old key {old} works until {} ({}).", minute(ends), relative(ends, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2027-01-31T12:00:00Z".parse().unwrap()
    }

    fn key() -> AccessKey {
        AccessKey::new(KeyId::parse("PK1").unwrap(), now() - TimeDelta::days(100))
    }

    #[test]
    fn only_an_active_key_outside_a_rotation_is_rotated() {
        let other = KeyId::parse("PK2").unwrap();
        assert_eq!(refusal(&key()), None);
        for (key, words) in [
            (AccessKey { status: Status::Inactive, ..key() }, "is inactive"),
            (AccessKey { status: Status::Expired, ..key() }, "has expired"),
            (AccessKey { rotation: Some(Rotation::ReplacedBy(other.clone())), ..key() }, "PK2 replaces it"),
            (AccessKey { rotation: Some(Rotation::Replaces(other)), ..key() }, "replaces PK2"),
        ] {
            assert!(refusal(&key).unwrap().contains(words), "{key:?}");
        }
    }

    #[test]
    fn a_successor_is_like_its_predecessor_but_for_what_is_given() {
        let old = AccessKey { revision: Some(7), expires_at: Some(now()), ..key() };
        let new = successor(&old, 60, Differences::default());
        let replaced = new.replaces.unwrap();
        assert_eq!((replaced.revision, replaced.overlap_seconds, replaced.keeps_expiry), (Some(7), 60, true));
        let new = successor(&old, 0, Differences { expires_at: Some(None), ..Differences::default() });
        assert_eq!((new.expires_at, new.replaces.unwrap().keeps_expiry), (None, false));
    }

    #[test]
    fn what_is_unusual_is_told() {
        let said =
            |old: &AccessKey, overlap: u32| warnings(old, &successor(old, overlap, Differences::default()), now());
        let ago = |days: i64| Some(now() - TimeDelta::days(days));
        assert_eq!(said(&AccessKey { last_used_at: ago(1), ..key() }, 3600), [""; 0]);
        let used = AccessKey { last_used_at: Some(now() - TimeDelta::minutes(4)), ..key() };
        assert!(said(&used, 0)[0].starts_with("The old key was used 4 min ago and ends at once"));
        assert!(said(&key(), 3600)[0].starts_with("The old key was never used"));
        assert!(said(&AccessKey { last_used_at: ago(91), ..key() }, 3600)[0].contains("was used last 3 months ago"));
        let ends = AccessKey { expires_at: Some(now() + TimeDelta::hours(1)), last_used_at: ago(1), ..key() };
        let both = said(&ends, 7200);
        assert!(
            both[0].contains("before the overlap ends") && both[1].starts_with("The new key expires in 1 h"),
            "{both:?}"
        );
    }
}
