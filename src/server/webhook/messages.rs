//! What is sent: reminders of what is due, and alarms.

use chrono::{DateTime, DurationRound as _, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::key::due::{Due, Reason};
use crate::domain::{AccessKey, DUE_DAYS};
use crate::server::http::response::wire;
use crate::server::store::{
    DEACTIVATION_ENDS, EXPIRES_SOON, NewMessage, ROTATION_WAITS, Store, StoreError, StoredHandover,
};

/// A key was used after the rotation that replaced it: somebody still has its secret.
const USED_LATE: &str = "key.used_after_rotation";
/// A secret that was handed over was asked for again, by somebody else.
const OPENED_AGAIN: &str = "handover.opened_again";
/// Of a message that tries the settings.
const TEST: &str = "test";

/// The most reminders of each kind that are made at once.
const AT_ONCE: usize = 500;
/// How often a key that is still used is told.
const USED_LATE_EVERY: TimeDelta = TimeDelta::days(1);
/// How often hand-overs of one key that are opened again are told.
const OPENED_AGAIN_EVERY: TimeDelta = TimeDelta::hours(1);

/// Stores a message about everything that is new.
pub(super) async fn make(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let due = store.due(now, now + TimeDelta::days(DUE_DAYS.into()), AT_ONCE, true).await?;
    let (used, opened) = store.alarms(now).await?;
    let mut new: Vec<NewMessage> = due.iter().filter_map(Due::of_key).map(|due| reminder(&due, now)).collect();
    new.extend(used.iter().filter_map(|key| used_late(key, now)));
    new.extend(opened.iter().filter_map(|handover| opened_again(handover, now)));
    store.add_messages(new, now).await?;
    Ok(())
}

fn reminder(due: &Due<'_>, now: DateTime<Utc>) -> NewMessage {
    let kind = match due.reason {
        Reason::Expires => EXPIRES_SOON,
        Reason::Rotation => ROTATION_WAITS,
        Reason::Reactivates => DEACTIVATION_ENDS,
    };
    let data = json!({ "at": wire::time(due.at), "key": wire::KeyBody::from(due.key) });
    message(kind, due.key.id.raw_for_api(), due.at, &data, now)
}

fn used_late(key: &AccessKey, now: DateTime<Utc>) -> Option<NewMessage> {
    let at = key.late_use_at?;
    let data = json!({ "at": wire::time(at), "key": wire::KeyBody::from(key) });
    Some(message(USED_LATE, key.id.raw_for_api(), at.duration_trunc(USED_LATE_EVERY).ok()?, &data, now))
}

fn opened_again(handover: &StoredHandover, now: DateTime<Utc>) -> Option<NewMessage> {
    let at = handover.again_at?;
    let data = json!({
        "at": wire::time(at),
        "key_id": handover.key_id,
        "label": handover.label,
        "handover_id": handover.id,
        "created_by": handover.created_by,
        "from": handover.again_from,
    });
    Some(message(OPENED_AGAIN, &handover.key_id, at.duration_trunc(OPENED_AGAIN_EVERY).ok()?, &data, now))
}

/// A message that is sent to try the settings: its ID and its body.
pub(super) fn test(now: DateTime<Utc>) -> (String, String) {
    let id = id(TEST, "", now);
    (id, body(TEST, &json!({ "server_version": env!("CARGO_PKG_VERSION") }), now))
}

fn message(kind: &'static str, key_id: &str, at: DateTime<Utc>, data: &Value, now: DateTime<Utc>) -> NewMessage {
    NewMessage { id: id(kind, key_id, at), kind, key_id: key_id.to_owned(), at, body: body(kind, data, now) }
}

fn body(kind: &str, data: &Value, now: DateTime<Utc>) -> String {
    json!({ "type": kind, "timestamp": wire::time(now.trunc_subsecs(0)), "data": data }).to_string()
}

/// The same for the same, also after a restored backup, so that receivers know what they have.
fn id(kind: &str, key_id: &str, at: DateTime<Utc>) -> String {
    let digest = Sha256::digest(format!("{kind} {key_id} {}", at.timestamp_millis()));
    format!("msg_{}", base16ct::lower::encode_string(&digest[..16]))
}
