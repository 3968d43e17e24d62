//! Messages for the webhook.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Database, actor, at, create, done, id, insert, label, switch};
use crate::domain::AccessKey;
use crate::server::store::webhook::{CLAIM, KEPT};
use crate::server::store::{Change, ClaimedMessage, EXPIRES_SOON, ExpiryChange, KeyInsert, NewMessage, Settled, Store};

fn message(key: &AccessKey, kind: &'static str, at: DateTime<Utc>) -> NewMessage {
    let (id, key_id) = (format!("msg_{}_{kind}_{}", id(key), at.timestamp()), id(key).to_owned());
    NewMessage { id, kind, key_id, at, body: format!("about {}", label(key)) }
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
    let change = Change { reactivates_at: Some(at(9_000)), ..switch(true) };
    done(store.edit(id(&off), change, actor("mo"), at(1)).await.unwrap());
    let new = async || {
        let mut labels: Vec<_> = store.due(at(2), at(1_000), 9, true).await.unwrap().iter().map(label).collect();
        labels.sort();
        labels
    };
    assert_eq!(new().await, ["off", "soon"]);
    store.add_messages(vec![message(&soon, EXPIRES_SOON, at(100))], at(2)).await.unwrap();
    assert_eq!(new().await, ["off"]);
    assert_eq!(store.due(at(2), at(1_000), 9, false).await.unwrap().len(), 2);
    let change = Change { expires_at: Some(ExpiryChange::At(at(200))), ..Change::default() };
    done(store.edit(id(&soon), change, actor("mo"), at(3)).await.unwrap());
    assert_eq!(new().await, ["off", "soon"], "another expiry is another message");
    let claimed = claim(&store, 9, at(4)).await.remove(0);
    let key = store.key(&claimed.key_id, at(4)).await.unwrap().unwrap();
    assert_eq!((id(&key), claimed.at), (id(&soon), at(100)));
    assert!(claimed.is_outdated(&key) && !claimed.is_outdated(&soon));
    assert!(!ClaimedMessage { kind: "alarm".to_owned(), ..claimed }.is_outdated(&key));
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
