//! Messages for the webhook.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Database, actor, at, create, done, expire, id, insert, label, switch};
use crate::domain::AccessKey;
use crate::server::store::webhook::{CLAIM, DEACTIVATION_ENDS, EXPIRES_SOON, KEPT, ROTATION_WAITS};
use crate::server::store::{
    Change, ClaimedMessage, KeyInsert, NewMessage, RotationEnd, RotationInsert, Settled, Store, USED_LATE,
};

fn message(key: &AccessKey, kind: &'static str, at: DateTime<Utc>) -> NewMessage {
    let (id, key_id) = (format!("msg_{}_{kind}_{}", id(key), at.timestamp()), id(key).to_owned());
    NewMessage { id, kind, key_id, at, body: format!("about {}", label(key)) }
}

/// Stores a message of something that happened.
pub(super) async fn tell(store: &Store, key: &AccessKey, kind: &'static str, at: DateTime<Utc>) {
    assert_eq!(store.add_messages(vec![message(key, kind, at)], at).await.unwrap(), 1);
}

/// What a reminder is made of at this time, before `until`, at most `most` of each kind.
async fn new(store: &Store, now: DateTime<Utc>, until: DateTime<Utc>, most: usize) -> Vec<String> {
    let mut labels: Vec<_> = store.due(now, until, most, true).await.unwrap().iter().map(label).collect();
    labels.sort();
    labels
}

async fn edit(store: &Store, key: &AccessKey, change: Change, now: DateTime<Utc>) {
    done(store.edit(id(key), change, actor("mo"), now).await.unwrap());
}

/// Replaces a key by one that never expires.
async fn rotate(store: &Store, old: &AccessKey, end: DateTime<Utc>, now: DateTime<Utc>) -> AccessKey {
    let rotation = RotationInsert { old: id(old).to_owned(), revision: None, ends_at: end, inherits_expiry: None };
    create(store, KeyInsert { rotation: Some(rotation), ..insert("") }, now).await
}

async fn claim(store: &Store, most: usize, now: DateTime<Utc>) -> Vec<ClaimedMessage> {
    let mut claimed = store.claim_messages(most, now).await.unwrap();
    claimed.sort_by(|one, other| one.body.cmp(&other.body));
    claimed
}

pub(crate) async fn a_message_is_made_once_and_sent_by_one_server<D: Database>() {
    let database = D::create().await;
    let (store, other) = (database.open().await, database.open().await);
    let keys = [create(&store, insert("a"), at(0)).await, create(&store, insert("b"), at(0)).await];
    let new = || keys.iter().map(|key| message(key, EXPIRES_SOON, at(100))).collect::<Vec<_>>();
    let (one, same) = tokio::join!(store.add_messages(new(), at(1)), other.add_messages(new(), at(1)));
    assert_eq!(one.unwrap() + same.unwrap(), 2);
    let (mut claimed, others) = tokio::join!(claim(&store, 1, at(2)), claim(&other, 1, at(2)));
    claimed.extend(others);
    if claimed.len() == 1 {
        claimed.extend(claim(&store, 1, at(2)).await); // the other server has skipped what this one was claiming
    }
    claimed.sort_by(|one, other| one.body.cmp(&other.body));
    let bodies: Vec<&str> = claimed.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["about a", "about b"]);
    assert!(claimed.iter().all(|message| message.tries == 1 && message.kind == EXPIRES_SOON));
    assert_eq!(claim(&other, 9, at(3)).await, []);
    store.settle_message(claimed[0].clone(), Settled::Sent, at(3)).await.unwrap();
    store.settle_message(claimed[1].clone(), Settled::Again(at(30)), at(3)).await.unwrap();
    assert_eq!(claim(&other, 9, at(29)).await, []);
    let again = claim(&other, 9, at(30)).await;
    assert_eq!(again, [ClaimedMessage { tries: 2, ..claimed[1].clone() }]);
    other.settle_message(again[0].clone(), Settled::GivenUp, at(31)).await.unwrap();
    assert_eq!(claim(&store, 9, at(90_000)).await, []);
    assert_eq!(store.add_messages(new(), at(90_000)).await.unwrap(), 0, "neither is made again");
}

pub(crate) async fn a_message_whose_server_has_ended_is_sent_by_another<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("a"), at(0)).await;
    store.add_messages(vec![message(&key, EXPIRES_SOON, at(100))], at(1)).await.unwrap();
    let lost = claim(&store, 9, at(2)).await.remove(0);
    let other = database.open().await;
    assert_eq!(claim(&other, 9, at(2) + CLAIM - TimeDelta::milliseconds(1)).await, []);
    let claimed = claim(&other, 9, at(2) + CLAIM).await.remove(0);
    assert_eq!((&claimed.id, claimed.tries), (&lost.id, 2));
    // The first one was only slow: what it says no longer counts.
    store.settle_message(lost, Settled::GivenUp, at(63)).await.unwrap();
    other.settle_message(claimed, Settled::Again(at(70)), at(63)).await.unwrap();
    assert_eq!(claim(&store, 9, at(70)).await.len(), 1);
}

pub(crate) async fn what_is_due_is_new_until_there_is_a_message<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let soon = create(&store, KeyInsert { expires_at: Some(at(100)), ..insert("soon") }, at(0)).await;
    let off = create(&store, insert("off"), at(0)).await;
    edit(&store, &off, Change { reactivates_at: Some(at(9_000)), ..switch(true) }, at(1)).await;
    let new = async || new(&store, at(2), at(1_000), 9).await;
    assert_eq!(new().await, ["off", "soon"]);
    store.add_messages(vec![message(&soon, EXPIRES_SOON, at(100))], at(2)).await.unwrap();
    assert_eq!(new().await, ["off"]);
    assert_eq!(store.due(at(2), at(1_000), 9, false).await.unwrap().len(), 2);
    edit(&store, &soon, expire(Some(at(200))), at(3)).await;
    assert_eq!(new().await, ["off", "soon"], "another expiry is another message");
    let claimed = claim(&store, 9, at(4)).await.remove(0);
    let key = store.key(&claimed.key_id, at(4)).await.unwrap().unwrap();
    assert_eq!((id(&key), claimed.at), (id(&soon), at(100)));
    assert!(claimed.is_outdated(&key, at(4)) && !claimed.is_outdated(&soon, at(4)));
    assert!(claimed.is_outdated(&soon, at(100)), "it has expired");
    assert!(!ClaimedMessage { kind: "alarm".to_owned(), ..claimed.clone() }.is_outdated(&key, at(4)));
    // It was not sent: when the edit is undone, it is made again.
    store.add_messages(vec![message(&soon, EXPIRES_SOON, at(200))], at(4)).await.unwrap();
    store.drop_message(ClaimedMessage { tries: 2, ..claimed.clone() }).await.unwrap();
    edit(&store, &soon, expire(Some(at(100))), at(5)).await;
    assert_eq!(new().await, ["off"], "another server has claimed it since");
    store.drop_message(claimed).await.unwrap();
    assert_eq!(new().await, ["off", "soon"]);
}

pub(crate) async fn a_key_that_is_replaced_is_told_before_its_end_and_after_an_undo<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let old = create(&store, KeyInsert { expires_at: Some(at(1_000)), ..insert("old") }, at(0)).await;
    rotate(&store, &old, at(5_000), at(10)).await;
    assert_eq!(new(&store, at(11), at(1_000), 9).await, [""; 0], "its end is not near");
    assert_eq!(new(&store, at(11), at(1_001), 9).await, ["old"]);
    tell(&store, &old, ROTATION_WAITS, at(1_000)).await;
    assert_eq!(new(&store, at(12), at(2_000), 9).await, [""; 0]);
    let claimed = claim(&store, 9, at(1_000)).await.remove(0);
    let rotating = store.key(id(&old), at(12)).await.unwrap().unwrap();
    assert!(!claimed.is_outdated(&rotating, at(12)));
    store.end_rotation(id(&old), None, RotationEnd::Undo, actor("mo"), at(13)).await.unwrap().unwrap();
    let back = store.key(id(&old), at(13)).await.unwrap().unwrap();
    assert_eq!(back.expires_at, Some(at(1_000)));
    assert!(claimed.is_outdated(&back, at(13)), "no rotation waits any more");
    assert_eq!(new(&store, at(14), at(2_000), 9).await, ["old"], "it expires, as before");
    tell(&store, &old, EXPIRES_SOON, at(1_000)).await;
    assert_eq!(new(&store, at(15), at(2_000), 9).await, [""; 0]);
}

pub(crate) async fn a_deactivation_is_told_a_day_before_its_end<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let until = at(300_000);
    let off = async |label: &str, end, until| {
        let key = create(&store, KeyInsert { expires_at: end, ..insert(label) }, at(0)).await;
        edit(&store, &key, Change { reactivates_at: Some(until), ..switch(true) }, at(1)).await;
        key
    };
    let key = off("off", None, until).await;
    // Of these no reminder can be sent: they take no other one's place.
    off("expired meanwhile", Some(at(50)), at(290_000)).await;
    for (label, change) in [("no longer active", switch(true)), ("no longer ends", expire(None))] {
        let old = create(&store, insert(label), at(0)).await;
        rotate(&store, &old, at(250_000), at(1)).await;
        edit(&store, &old, change, at(2)).await;
    }
    let before = until - TimeDelta::days(1);
    assert_eq!(new(&store, before, at(300_000), 1).await, [""; 0]);
    assert_eq!(new(&store, before + TimeDelta::milliseconds(1), at(300_000), 1).await, ["off"]);
    let mut all: Vec<_> = store.due(at(60), at(100), 9, false).await.unwrap().iter().map(label).collect();
    all.sort();
    assert_eq!(all, ["no longer active", "no longer ends", "off"], "who asks is told of rotations without a time too");
    tell(&store, &key, DEACTIVATION_ENDS, until).await;
    assert_eq!(new(&store, at(299_000), at(300_000), 1).await, [""; 0]);
}

pub(crate) async fn an_alarm_is_sent_before_reminders_that_wait<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("a"), at(0)).await;
    tell(&store, &key, EXPIRES_SOON, at(1)).await;
    tell(&store, &key, USED_LATE, at(2)).await;
    let mut kinds = Vec::new();
    for _ in 0..2 {
        kinds.extend(claim(&store, 1, at(3)).await.into_iter().map(|message| message.kind));
    }
    assert_eq!(kinds, [USED_LATE, EXPIRES_SOON]);
}

pub(crate) async fn messages_go_with_their_key_and_after_some_days<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let [kept, deleted] = [create(&store, insert("a"), at(0)).await, create(&store, insert("b"), at(0)).await];
    let of = |key: &AccessKey| message(key, EXPIRES_SOON, at(100));
    assert_eq!(store.add_messages(vec![of(&kept), of(&deleted)], at(1)).await.unwrap(), 2);
    done(store.delete(id(&deleted), None, actor("mo"), at(2)).await.unwrap());
    assert_eq!(store.add_messages(vec![of(&deleted)], at(2)).await.unwrap(), 0);
    store.forget_messages(at(100) + KEPT).await.unwrap();
    let claimed = claim(&store, 9, at(3)).await;
    assert_eq!(claimed.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["about a"]);
    store.forget_messages(at(101) + KEPT).await.unwrap();
    assert_eq!(store.add_messages(vec![of(&kept)], at(4)).await.unwrap(), 1);
}
