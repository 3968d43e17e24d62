//! Messages for the webhook. One is stored once for each key, kind and time: its row waits to be sent, and is then the mark
//! that it was. A server claims a message for a time and tries to send it; if it ends meanwhile, another one does.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::AccessKey;
use crate::domain::key::due::{Due, Reason};
use crate::server::store::handovers::MOST_TRIES;

/// A key expires.
pub(crate) const EXPIRES_SOON: &str = "key.expires_soon";
/// A key is being replaced, and ends.
pub(crate) const ROTATION_WAITS: &str = "rotation.waiting";
/// A key becomes active again.
pub(crate) const DEACTIVATION_ENDS: &str = "deactivation.ends_soon";
/// A key was used after the rotation that replaced it: someone still has its secret.
pub(crate) const USED_LATE: &str = "key.used_after_rotation";
/// A secret that was handed over was asked for again, by someone else.
pub(crate) const OPENED_AGAIN: &str = "handover.opened_again";

/// The secret that was handed over was deleted: a wrong code or PIN was given too often.
pub(crate) const TRIED_TOO_OFTEN: &str = "handover.tried_too_often";
/// Nobody has opened a secret that was handed over.
pub(crate) const HANDOVER_EXPIRED: &str = "handover.expired";

/// How long before it a deactivation's end is told.
const DEACTIVATION_LEAD: TimeDelta = TimeDelta::days(1);
/// How often a key that is still used is told.
pub(crate) const USED_LATE_EVERY: TimeDelta = TimeDelta::days(1);
/// How often hand-overs of one key that are opened again are told.
pub(crate) const OPENED_AGAIN_EVERY: TimeDelta = TimeDelta::hours(1);

/// What happens once to a hand-over is told by its time.
const ONCE: TimeDelta = TimeDelta::milliseconds(1);

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

impl NewMessage {
    /// When it is sent first, in milliseconds: alarms before all reminders that wait.
    pub(super) fn first_try(&self, now: DateTime<Utc>) -> i64 {
        if is_reminder(self.kind) { now.timestamp_millis() } else { 0 }
    }
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
    /// Whether it reminds of what is over, or of what is no longer due of this key: it was changed since.
    pub(crate) fn is_outdated(&self, key: &AccessKey, now: DateTime<Utc>) -> bool {
        let due = Due::of_key(key).and_then(|due| Some((reminder(due.reason), due.at?)));
        is_reminder(&self.kind) && (self.at <= now || due != Some((self.kind.as_str(), self.at)))
    }
}

/// The kind of a reminder of this.
pub(crate) const fn reminder(reason: Reason) -> &'static str {
    match reason {
        Reason::Expires => EXPIRES_SOON,
        Reason::Rotation => ROTATION_WAITS,
        Reason::Reactivates => DEACTIVATION_ENDS,
    }
}

fn is_reminder(kind: &str) -> bool {
    [EXPIRES_SOON, ROTATION_WAITS, DEACTIVATION_ENDS].contains(&kind)
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
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

/// Conditions for SQL, each for a key that is due: that a reminder is to be made now, of its expiry, of its reactivation, of
/// its rotation. Nothing unless `only_new`. `now` is how the parameter for the time is written.
pub(super) fn new(only_new: bool, now: &str) -> [String; 3] {
    if !only_new {
        return Default::default();
    }
    let condition = |at: &str, kind: &str| {
        format!(
            "AND NOT EXISTS (SELECT 1 FROM webhook_messages m
                             WHERE m.key_id = keys.id AND m.at = keys.{at} AND m.kind = {kind})"
        )
    };
    // A key that is being replaced expires when its rotation ends.
    let expires = format!(
        "CASE WHEN keys.replaced_by IS NOT NULL AND keys.rotates_until > {now} THEN '{ROTATION_WAITS}'
              ELSE '{EXPIRES_SOON}' END"
    );
    let reactivates = condition("reactivates_at", &format!("'{DEACTIVATION_ENDS}'"));
    [
        condition("expires_at", &expires),
        format!("AND reactivates_at < {now} + {} {reactivates}", DEACTIVATION_LEAD.num_milliseconds()),
        "AND FALSE".to_owned(),
    ]
}

/// A condition for SQL: a hand-over with which something went wrong between two times, of which no message tells.
pub(super) fn handover_alarms(since: &str, now: &str) -> String {
    let new = |kind, at: &str, every| {
        let not_told = not_told(kind, "handovers.key_id", &format!("handovers.{at}"), every);
        format!("{at} > {since} AND {not_told}")
    };
    format!(
        "(({}) OR (tries >= {MOST_TRIES} AND {}) OR (opened_at IS NULL AND ended_at IS NULL AND until <= {now} AND {}))",
        new(OPENED_AGAIN, "again_at", OPENED_AGAIN_EVERY),
        new(TRIED_TOO_OFTEN, "ended_at", ONCE),
        new(HANDOVER_EXPIRED, "until", ONCE),
    )
}

/// A condition for SQL: no message of this kind tells what happened at `at` to the key `key_id`, at its time rounded down.
pub(super) fn not_told(kind: &str, key_id: &str, at: &str, every: TimeDelta) -> String {
    let every = every.num_milliseconds();
    format!(
        "NOT EXISTS (SELECT 1 FROM webhook_messages m
                     WHERE m.key_id = {key_id} AND m.kind = '{kind}' AND m.at = {at} - {at} % {every})"
    )
}
