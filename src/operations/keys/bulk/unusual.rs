//! What is unusual about a key that is one of many.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{AccessKey, Status, Untrusted, capitalized, fold};
use crate::operations::format::relative;
use crate::operations::keys::bulk::BulkAct;
use crate::operations::messages::minute;

/// A reason to look at a key before it is changed together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusual {
    /// It works, and was used lately.
    Used,
    /// Its label or note says that it must stay.
    Protected,
    /// It would expire earlier than it does now.
    Shortened,
    /// It has expired, and would work again.
    Revived,
    /// Another owner would be replaced.
    Owned,
    /// It has no owner.
    Ownerless,
    /// It has expired, and so can't be activated.
    Expired,
    /// It is deactivated for a while, which gets another end.
    Paused,
}

/// A key that was used in this time is most likely in use.
const LATELY: TimeDelta = TimeDelta::days(7);

/// Cells of an owner in a reason.
const OWNER_CELLS: usize = 20;

/// What must not be done, as labels and notes say it: folded, with blanks for dashes.
const FORBIDS: [&str; 6] = ["do not ", "don't ", "dont ", "never ", "must not ", "not to be "];
const VERBS: [&str; 9] =
    ["delete", "remove", "deactivate", "disable", "revoke", "touch", "change", "switch off", "turn off"];
/// The same in other languages.
const ELSEWHERE: [&str; 10] = [
    "nicht loschen",
    "nicht loeschen",
    "ne pas supprimer",
    "no borrar",
    "no eliminar",
    "non eliminare",
    "nie usuwac",
    "не удалять",
    "削除禁止",
    "请勿删除",
];

impl Unusual {
    /// Every one, in the order in which they are told.
    pub const ALL: [Self; 8] = [
        Self::Used,
        Self::Protected,
        Self::Shortened,
        Self::Revived,
        Self::Owned,
        Self::Ownerless,
        Self::Expired,
        Self::Paused,
    ];

    /// What is unusual about a key to which this is done.
    pub(crate) fn of(act: &BulkAct, key: &AccessKey, now: DateTime<Utc>) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |one| one.is_so(act, key, now))
    }

    fn is_so(self, act: &BulkAct, key: &AccessKey, now: DateTime<Utc>) -> bool {
        let stops = matches!(act, BulkAct::Delete | BulkAct::Deactivate(_));
        let (owner, end) = match act {
            BulkAct::Edit { texts, expires_at } => (texts.get("owner"), *expires_at),
            _ => (None, None),
        };
        let has_no_owner = key.owner.as_ref().is_some_and(crate::domain::Untrusted::is_empty);
        match self {
            Self::Used => stops && key.status == Status::Active && key.last_used_at.is_some_and(|at| now - at < LATELY),
            Self::Protected => stops && is_protected(key),
            Self::Shortened => matches!(end, Some(Some(new)) if key.expires_at.is_none_or(|old| new < old)),
            Self::Revived => key.status == Status::Expired && end.is_some_and(|new| new.is_none_or(|new| new > now)),
            Self::Owned => {
                let other =
                    |new: &str| key.owner.as_ref().is_some_and(|old| !old.is_empty() && old.raw_for_api() != new);
                owner.is_some_and(other)
            }
            Self::Ownerless => has_no_owner && owner.is_none(),
            Self::Expired => *act == BulkAct::Activate && key.status == Status::Expired,
            Self::Paused => {
                let ends = key.status == Status::Inactive && key.reactivates_at.is_some();
                ends && matches!(act, BulkAct::Deactivate(_))
            }
        }
    }

    /// That a key's label or note says that it must stay, in a sentence.
    pub(crate) fn protection(key: &AccessKey) -> Option<String> {
        is_protected(key).then(|| format!("! {}.", capitalized(Self::Protected.clause())))
    }

    /// Whether a key is better left out for it; the others only tell what is there.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::Used | Self::Protected | Self::Shortened | Self::Revived | Self::Owned)
    }

    /// So many keys, within a line.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Used => "used in the last 7 days",
            Self::Protected => "with a label or note like “do not delete”",
            Self::Shortened => "that would expire earlier than they do now",
            Self::Revived => "expired, which would work again",
            Self::Owned => "with another owner",
            Self::Ownerless => "without an owner",
            Self::Expired => "expired, which can't be activated",
            Self::Paused => "already deactivated for a while, whose end would change",
        }
    }

    /// One key, as a clause.
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Used => "it was used in the last 7 days",
            Self::Protected => "its label or note says something like “do not delete”",
            Self::Shortened => "it would expire earlier than now",
            Self::Revived => "it has expired and would work again",
            Self::Owned => "it has another owner",
            Self::Ownerless => "it has no owner",
            Self::Expired => "it has expired and can't be activated",
            Self::Paused => "it is deactivated for a while already",
        }
    }

    /// The same in a column of reasons.
    pub(crate) fn reason(self, key: &AccessKey, now: DateTime<Utc>) -> String {
        match self {
            Self::Used => key.last_used_at.map_or_else(String::new, |at| format!("used {}", relative(at, now))),
            Self::Protected if says_to_stay(&key.label) => "label says to keep it".to_owned(),
            Self::Protected => "note says to keep it".to_owned(),
            Self::Shortened => "would expire earlier".to_owned(),
            Self::Revived => "would work again".to_owned(),
            Self::Owned => {
                let owner = key.owner.as_ref().map(|owner| owner.to_display(OWNER_CELLS)).unwrap_or_default();
                format!("owner {owner}")
            }
            Self::Ownerless => "no owner".to_owned(),
            Self::Expired => "expired".to_owned(),
            Self::Paused => key.reactivates_at.map(|at| format!("until {}", minute(at))).unwrap_or_default(),
        }
    }
}

fn is_protected(key: &AccessKey) -> bool {
    [Some(&key.label), key.note.as_ref()].into_iter().flatten().any(says_to_stay)
}

fn says_to_stay(text: &Untrusted) -> bool {
    let text = fold(text.raw_for_api()).replace('’', "'").replace(['-', '_'], " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let forbids = |word: &str| {
        text.match_indices(word).any(|(at, _)| {
            let rest = &text[at + word.len()..];
            VERBS.iter().any(|verb| rest.starts_with(verb) || rest.starts_with(&format!("be {verb}")))
        })
    };
    FORBIDS.into_iter().any(forbids) || ELSEWHERE.into_iter().any(|words| text.contains(&fold(words)))
}

#[cfg(test)]
mod tests {
    use crate::domain::{KeyId, Texts};
    use crate::operations::keys::bulk::unusual::*;

    fn key(label: &str) -> AccessKey {
        let id = KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap();
        AccessKey { label: Untrusted::new(label), owner: Some(Untrusted::new("ops")), ..AccessKey::new(id, now()) }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn labels_that_say_no() {
        for label in [
            "DO NOT DELETE",
            "billing (don’t remove!)",
            "do-not-touch",
            "Do_Not_Disable until May",
            "must not be deleted",
            "NICHT LÖSCHEN",
            "削除禁止 監視",
            "never delete",
        ] {
            assert!(says_to_stay(&Untrusted::new(label)), "{label}");
        }
        for label in ["", "delete me", "do nothing", "never used", "don't know", "touch", "nicht"] {
            assert!(!says_to_stay(&Untrusted::new(label)), "{label}");
        }
        let note = AccessKey { note: Some(Untrusted::new("ask Marek, do not delete")), ..key("") };
        let reason = |key: &AccessKey| Unusual::Protected.reason(key, now());
        assert!(Unusual::Protected.is_so(&BulkAct::Delete, &note, now()));
        assert_eq!(
            [note, key("keep: do not delete")].map(|key| reason(&key)),
            ["note says to keep it", "label says to keep it"]
        );
    }

    #[test]
    fn each_act_has_its_own_doubts() {
        let edit = |owner: Option<&str>, days: Option<i64>| {
            let mut texts = Texts::default();
            if let Some(owner) = owner {
                texts.set(crate::domain::key::fields::named("owner").unwrap(), owner).unwrap();
            }
            BulkAct::Edit { texts, expires_at: days.map(|days| Some(now() + TimeDelta::days(days))) }
        };
        let of = |act: &BulkAct, key: &AccessKey| Unusual::of(act, key, now()).collect::<Vec<_>>();
        let used = AccessKey { last_used_at: Some(now() - TimeDelta::days(6)), ..key("do not delete") };
        assert_eq!(of(&BulkAct::Delete, &used), [Unusual::Used, Unusual::Protected]);
        assert_eq!(of(&BulkAct::Activate, &used), []);
        let stale = AccessKey { last_used_at: Some(now() - TimeDelta::days(7)), ..key("") };
        assert_eq!(of(&BulkAct::Deactivate(None), &stale), []);
        assert_eq!(
            of(&BulkAct::Deactivate(None), &AccessKey { status: Status::Inactive, ..used }),
            [Unusual::Protected]
        );
        let unowned = AccessKey { owner: Some(Untrusted::default()), ..key("") };
        assert_eq!(of(&BulkAct::Delete, &unowned), [Unusual::Ownerless]);
        assert_eq!(of(&edit(Some("mia"), None), &unowned), []);
        assert_eq!(of(&edit(Some("mia"), None), &key("")), [Unusual::Owned]);
        assert_eq!(of(&BulkAct::Delete, &AccessKey { owner: None, ..key("") }), [], "this server keeps no owners");
        assert_eq!(of(&edit(None, Some(90)), &key("")), [Unusual::Shortened], "it never expired");
        let ended = AccessKey { status: Status::Expired, expires_at: Some(now() - TimeDelta::days(1)), ..key("") };
        assert_eq!(of(&edit(None, Some(90)), &ended), [Unusual::Revived]);
        assert_eq!(of(&BulkAct::Activate, &ended), [Unusual::Expired]);
    }
}
