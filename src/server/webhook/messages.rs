//! What is sent: reminders of what is due, and alarms.

use chrono::{DateTime, DurationRound as _, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::key::due::Due;
use crate::domain::{AccessKey, DUE_DAYS};
use crate::server::http::response::wire;
use crate::server::store::{
    HANDOVER_EXPIRED, HandoverState, NewMessage, OPENED_AGAIN, OPENED_AGAIN_EVERY, Store, StoreError, StoredHandover,
    TRIED_TOO_OFTEN, USED_LATE, USED_LATE_EVERY, reminder,
};

/// Of a message that tries the settings.
const TEST: &str = "test";

/// The most reminders of each kind that are made at once.
const AT_ONCE: usize = 500;

/// Stores a reminder of everything that has become due.
pub(super) async fn remind(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let due = store.due(now, now + TimeDelta::days(DUE_DAYS.into()), AT_ONCE, true).await?;
    let new = due.iter().filter_map(Due::of_key).filter_map(|due| of_due(&due, now)).collect();
    store.add_messages(new, now).await?;
    Ok(())
}

/// Stores an alarm for everything wrong that has happened.
pub(super) async fn alarm(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (used, handovers) = store.alarms(now).await?;
    let mut new: Vec<NewMessage> = used.iter().filter_map(|key| used_late(key, now)).collect();
    new.extend(handovers.iter().filter_map(|handover| of_handover(handover, now)));
    store.add_messages(new, now).await?;
    Ok(())
}

fn of_due(due: &Due<'_>, now: DateTime<Utc>) -> Option<NewMessage> {
    let at = due.at?;
    let data = json!({ "at": wire::time(at), "key": wire::KeyBody::from(due.key) });
    Some(message(reminder(due.reason), due.key.id.raw_for_api(), at, &data, now))
}

fn used_late(key: &AccessKey, now: DateTime<Utc>) -> Option<NewMessage> {
    let at = key.late_use_at?;
    let data = json!({ "at": wire::time(at), "key": wire::KeyBody::from(key) });
    Some(message(USED_LATE, key.id.raw_for_api(), at.duration_trunc(USED_LATE_EVERY).ok()?, &data, now))
}

fn of_handover(handover: &StoredHandover, now: DateTime<Utc>) -> Option<NewMessage> {
    let (kind, at, from, told) = match handover.state(now) {
        HandoverState::TriedTooOften => (TRIED_TOO_OFTEN, handover.ended_at?, &handover.ended_from, handover.ended_at?),
        HandoverState::Expired => (HANDOVER_EXPIRED, handover.until, &None, handover.until),
        _ => {
            let at = handover.again_at?;
            (OPENED_AGAIN, at, &handover.again_from, at.duration_trunc(OPENED_AGAIN_EVERY).ok()?)
        }
    };
    let data = json!({
        "at": wire::time(at),
        "key_id": handover.key_id,
        "label": handover.label,
        "handover_id": handover.id,
        "created_by": handover.created_by,
        "from": from,
    });
    Some(message(kind, &handover.key_id, told, &data, now))
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
