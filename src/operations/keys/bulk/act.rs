//! What is done to each of many keys.

use chrono::{DateTime, Utc};

use crate::client::KeyChange;
use crate::domain::key::fields;
use crate::domain::{AccessKey, Texts};
use crate::operations::format::grouped;
use crate::operations::keys::activate::{NotSwitched, Switch};
use crate::operations::keys::delete::Confirmation;
use crate::operations::keys::edit;
use crate::operations::messages;

use crate::operations::keys::bulk::{Unusual, counted};

/// What is done to each of many keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::option_option, reason = "unchanged, never and a time are three things")]
pub enum BulkAct {
    Activate,
    /// Until this time; for good if there is none.
    Deactivate(Option<DateTime<Utc>>),
    Delete,
    /// Set texts and an expiry date, as far as they are given; `Some(None)` is never.
    Edit {
        texts: Texts,
        expires_at: Option<Option<DateTime<Utc>>>,
    },
    /// Take an earlier act back: each key gets what it had.
    Undo,
}

/// What an act means for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Planned {
    Change(KeyChange),
    /// It is so already.
    Already,
    /// It can't be; says why.
    Impossible(String),
}

/// What would become of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Foreseen {
    /// It would be changed; holds what is unusual about it.
    Done(String),
    Already,
    /// It would be left out; says why.
    Kept(String),
    /// It can't be changed; says why.
    Failed(String),
}

impl BulkAct {
    /// What has to be done to a key, as it was read.
    pub(crate) fn plan(&self, key: &AccessKey) -> Planned {
        let switch = |switch: Switch| match Switch::of(key, Some(switch)) {
            Ok(switch) => Planned::Change(KeyChange::Edit(key.id.clone(), switch.changes(key))),
            Err(NotSwitched::Already(_)) => Planned::Already,
            Err(why @ NotSwitched::Expired) => Planned::Impossible(why.to_string()),
        };
        match self {
            Self::Activate => switch(Switch::Activate),
            // A key that would not work again by itself stays so.
            Self::Deactivate(Some(_)) if !key.can_be_used() => Planned::Already,
            Self::Deactivate(until) => switch(Switch::Deactivate(*until)),
            Self::Delete => Planned::Change(KeyChange::Delete(key.id.clone(), key.revision)),
            Self::Edit { texts, expires_at } => match edit::changes(key, texts.clone(), *expires_at) {
                Some(changes) => Planned::Change(KeyChange::Edit(key.id.clone(), changes)),
                None => Planned::Already,
            },
            Self::Undo => Planned::Already, // what it changes was known before: no key is read for it
        }
    }

    /// What it is called on a button.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Deactivate(_) => "Deactivate",
            Self::Delete => "Delete",
            Self::Edit { .. } => "Change",
            Self::Undo => "Undo",
        }
    }

    /// The same within a line.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate(_) => "deactivate",
            Self::Delete => "delete",
            Self::Edit { .. } => "change",
            Self::Undo => "undo",
        }
    }

    /// The title while it is under way.
    pub const fn running(&self) -> &'static str {
        match self {
            Self::Activate => "Activating",
            Self::Deactivate(_) => "Deactivating",
            Self::Delete => "Deleting",
            Self::Edit { .. } => "Changing",
            Self::Undo => "Undoing",
        }
    }

    /// What was done, for a count and for the result of one key: a promise to scripts.
    pub const fn done(&self) -> &'static str {
        match self {
            Self::Activate => "activated",
            Self::Deactivate(_) => "deactivated",
            Self::Delete => "deleted",
            Self::Edit { .. } => "edited",
            Self::Undo => "undone",
        }
    }

    /// What was done to so many keys, for the sum: of an edit what was set.
    pub(super) fn done_to(&self, count: u64) -> String {
        let Self::Edit { texts, expires_at } = self else { return format!("{} {}", grouped(count), self.done()) };
        if count == 0 {
            return format!("0 {}", self.done());
        }
        let is_one = count == 1;
        let expiry = expires_at.map(|end| match end {
            Some(end) => {
                let day = end.with_timezone(&chrono::Local).format("%Y-%m-%d");
                format!(" now {} on {day}", if is_one { "expires" } else { "expire" })
            }
            None => format!(" no longer {}", if is_one { "expires" } else { "expire" }),
        });
        let mut parts: Vec<String> = expiry.into_iter().collect();
        for (name, text) in texts.iter() {
            let title = fields::named(name).map_or(name, |field| field.title).to_lowercase();
            let text = crate::domain::Untrusted::new(text).to_display(40);
            let is = if text.is_empty() { format!("no {title} any more") } else { format!("{title} is now {text}") };
            parts.push(if parts.is_empty() { format!(": {is}") } else { format!(" {is}") });
        }
        format!("{}{}", counted(count), parts.join(","))
    }

    /// What a key is that needs no change.
    pub const fn already(&self) -> &'static str {
        match self {
            Self::Activate => "already active",
            Self::Deactivate(_) => "already inactive",
            Self::Delete => "already deleted",
            Self::Edit { .. } => "already so",
            Self::Undo => "already as before",
        }
    }

    /// What is said when it was not done.
    pub const fn undone(&self) -> &'static str {
        if matches!(self, Self::Delete) { messages::NOTHING_DELETED } else { messages::NOTHING_CHANGED }
    }

    /// What would become of a key.
    pub(crate) fn foresee(&self, key: &AccessKey, leave_out: bool, now: DateTime<Utc>) -> Foreseen {
        match self.plan(key) {
            Planned::Already => Foreseen::Already,
            Planned::Impossible(why) => Foreseen::Failed(why),
            Planned::Change(_) => {
                let unusual: Vec<Unusual> = Unusual::of(self, key, now).collect();
                let words = unusual.iter().map(|what| what.clause()).collect::<Vec<_>>().join(", ");
                let is_left_out = leave_out && unusual.iter().any(|what| what.is_warning());
                if is_left_out { Foreseen::Kept(words) } else { Foreseen::Done(words) }
            }
        }
    }

    /// What it means for so many keys, in a sentence or two.
    pub fn consequence(&self, count: u64) -> String {
        let (these, them) = if count == 1 { ("this key", "it") } else { ("these keys", "them") };
        let (the_keys_work, themselves) =
            if count == 1 { ("The key works", "itself") } else { ("The keys work", "themselves") };
        match self {
            Self::Activate => format!("{the_keys_work} again immediately. Access tokens from before stay refused."),
            Self::Deactivate(None) => format!(
                "Requests with {these}, and with access tokens made from {them}, fail immediately. You can reactivate \
                 {them} at any time."
            ),
            Self::Deactivate(Some(until)) => format!(
                "Requests with {these}, and with access tokens made from {them}, fail immediately. {the_keys_work} \
                 again by {themselves} at {}.",
                messages::minute(*until)
            ),
            Self::Delete => format!("Requests with {these} will fail immediately. This can't be undone."),
            Self::Edit { texts, expires_at } => {
                let mut parts: Vec<String> = texts
                    .iter()
                    .map(|(name, text)| {
                        let title = fields::named(name).map_or(name, |field| field.title).to_lowercase();
                        let text = crate::domain::Untrusted::new(text).to_display(60);
                        if text.is_empty() { format!("no {title}") } else { format!("{title} “{text}”") }
                    })
                    .collect();
                if let Some(end) = expires_at {
                    parts.push(match end {
                        None => "no expiry date".to_owned(),
                        Some(end) => {
                            format!("expiry date {}", end.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M"))
                        }
                    });
                }
                format!("{} key gets {}.", if count == 1 { "The" } else { "Each" }, parts.join(", "))
            }
            Self::Undo => format!("{} key gets back what it had.", if count == 1 { "The" } else { "Each" }),
        }
    }

    /// What has to be typed to confirm it; none if a yes is enough. What can't be undone is typed; so is what stops
    /// keys that are in use, or may stop any in production. To take something back is not made harder than it was.
    pub fn confirmation(&self, count: u64, stops_used_keys: bool, production: Option<String>) -> Option<Confirmation> {
        let is_typed = match self {
            Self::Delete => true,
            Self::Deactivate(_) => stops_used_keys || production.is_some(),
            Self::Undo | Self::Activate | Self::Edit { .. } => false,
        };
        let word = format!("{} {count}", self.word());
        is_typed.then(|| Confirmation::of_name(&word, production))
    }
}
