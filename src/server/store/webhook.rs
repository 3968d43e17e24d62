//! Messages for the webhook. One is stored once for each key, kind and time: its row waits to be sent, and is then the mark
//! that it was. A server claims a message for a time and tries to send it; if it ends meanwhile, another one does.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::AccessKey;

/// A key expires.
pub(crate) const EXPIRES_SOON: &str = "key.expires_soon";
/// A key is being replaced, and waits to be out of use.
pub(crate) const ROTATION_WAITS: &str = "rotation.waiting";
/// A key becomes active again.
pub(crate) const DEACTIVATION_ENDS: &str = "deactivation.ends_soon";

/// How long a server may take to send what it has claimed.
pub(crate) const CLAIM: TimeDelta = TimeDelta::minutes(1);
/// How long after the time that it is about a message is kept. A time before is never looked for again.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(7);
/// How long after it a use of a key that was replaced is still told.
pub(crate) const TOLD: TimeDelta = TimeDelta::days(1);
/// The most keys, and hand-overs, that are looked for at once.
pub(crate) const AT_ONCE: usize = 500;

/// A message to be sent.
#[derive(Clone, Debug)]
pub(crate) struct NewMessage {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) key_id: String,
    /// The time that it is about.
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: String,
}

/// A message that this server may send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimedMessage {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) key_id: String,
    /// The time that it is about.
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: String,
    /// With this one.
    pub(crate) tries: i64,
}

impl ClaimedMessage {
    /// Whether it reminds of a time that this key no longer has: it was edited since.
    pub(crate) fn is_outdated(&self, key: &AccessKey) -> bool {
        let is_reminder = [EXPIRES_SOON, ROTATION_WAITS, DEACTIVATION_ENDS].contains(&self.kind.as_str());
        is_reminder && ![key.expires_at, key.reactivates_at].contains(&Some(self.at))
    }
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Or need not be sent any more.
    Sent,
    /// It is tried again at this time.
    Again(DateTime<Utc>),
    GivenUp,
}

impl Settled {
    /// What is stored as the next try and as the time when it was given up, in milliseconds.
    pub(super) fn times(self, now: DateTime<Utc>) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Sent => (None, None),
            Self::Again(next) => (Some(next.timestamp_millis()), None),
            Self::GivenUp => (None, Some(now.timestamp_millis())),
        }
    }
}

/// Conditions for SQL, each for a key that is due: no message tells that it expires, that it becomes active again, or that
/// its rotation waits. Nothing unless `only_new`.
pub(super) fn new(only_new: bool) -> [String; 3] {
    if !only_new {
        return Default::default();
    }
    let condition = |at: &str, kinds: &str| {
        format!(
            "AND NOT EXISTS (SELECT 1 FROM webhook_messages m
                             WHERE m.key_id = keys.id AND m.at = keys.{at} AND m.kind IN ({kinds}))"
        )
    };
    let one = |kind| format!("'{kind}'");
    // A key that is being replaced expires too.
    let expires = format!("'{EXPIRES_SOON}', '{ROTATION_WAITS}'");
    [
        condition("expires_at", &expires),
        condition("reactivates_at", &one(DEACTIVATION_ENDS)),
        condition("expires_at", &one(ROTATION_WAITS)),
    ]
}
