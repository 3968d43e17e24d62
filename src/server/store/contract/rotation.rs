//! Rotating a key.

use chrono::{DateTime, DurationRound as _, Utc};

use super::webhook::tell;
use super::{Database, actor, at, create, done, expire, history, id, insert, label, switch};
use crate::domain::{AccessKey, Lifetimes, Rotation, Status};
use crate::server::store::{
    CreateOutcome, HourCount, KeyInsert, Recorded, Refusals, RotationEnd, RotationInsert, RotationRefusal, Store,
    Subject, USED_AFTER_ROTATION, USED_LATE, USED_LATE_EVERY, Use, hour,
};

/// Replaces a key at 10, which ends at 100.
fn replacing(old: &AccessKey) -> KeyInsert {
    let rotation = RotationInsert {
        old: id(old).to_owned(),
        revision: old.revision,
        ends_at: at(100),
        inherits_expiry: Some(Lifetimes::default()),
    };
    KeyInsert { rotation: Some(rotation), texts: crate::domain::Texts::default(), ..insert("") }
}

/// Both keys of a rotation that began at 10.
async fn pair(store: &Store, old: KeyInsert) -> (AccessKey, AccessKey) {
    let old = create(store, old, at(0)).await;
    let new = create(store, replacing(&old), at(10)).await;
    (key(store, &old, at(10)).await, new)
}

async fn key(store: &Store, key: &AccessKey, now: DateTime<Utc>) -> AccessKey {
    store.key(id(key), now).await.unwrap().unwrap()
}

async fn kinds(store: &Store, of: &AccessKey) -> Vec<String> {
    history(store, id(of), 100).await.into_iter().map(|event| event.kind).collect()
}

fn ids(keys: Result<Vec<AccessKey>, RotationRefusal>) -> Vec<String> {
    keys.unwrap().iter().map(|key| id(key).to_owned()).collect()
}

pub(crate) async fn a_key_is_replaced_and_the_old_one_ends_by_itself<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let (old, new) = pair(&store, KeyInsert { expires_at: Some(at(1000)), ..insert("Backup") }).await;
    assert_eq!((label(&new).as_str(), new.expires_at, new.status), ("Backup", Some(at(1000)), Status::Active));
    assert_eq!(new.rotation, Some(Rotation::Replaces(old.id.clone())));
    assert_eq!((old.status, old.expires_at), (Status::Active, Some(at(100))));
    assert_eq!(old.rotation, Some(Rotation::ReplacedBy(new.id.clone())));
    assert_eq!(kinds(&store, &old).await, ["rotated", "created"]);
    assert_eq!(kinds(&store, &new).await, ["created"]);
    // By the clock alone, to and fro, and in another process.
    for (now, is_over) in [(at(99), false), (at(100), true), (at(99), false)] {
        let other = database.open().await;
        let shown = key(&other, &old, now).await;
        assert_eq!((shown.status == Status::Expired, shown.rotation.is_none()), (is_over, is_over));
        assert_eq!(key(&other, &new, now).await.rotation.is_none(), is_over);
        let credential = other.credential(id(&old), now).await.unwrap().unwrap();
        assert_eq!((credential.status == Status::Expired, credential.is_replaced), (is_over, true));
    }
    // Then the new one can be replaced itself.
    create(&store, replacing(&key(&store, &new, at(100)).await), at(100)).await;
}

pub(crate) async fn the_old_key_never_ends_later_than_by_itself<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let (old, new) = pair(&store, KeyInsert { expires_at: Some(at(50)), ..insert("") }).await;
    assert_eq!((old.expires_at, new.expires_at), (Some(at(50)), Some(at(50))));
    assert!(key(&store, &new, at(49)).await.rotation.is_some());
    assert!(key(&store, &new, at(50)).await.rotation.is_none());
}

pub(crate) async fn a_rotation_is_finished_by_either_key<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    for of_new in [false, true] {
        let (old, new) = pair(&store, insert("one")).await;
        let stale = store.end_rotation(id(&old), Some(1), RotationEnd::Finish, actor("mo"), at(20)).await.unwrap();
        assert!(matches!(stale, Err(RotationRefusal::Changed(key)) if key.id == old.id));
        let by = if of_new { &new } else { &old };
        let finished = store.end_rotation(id(by), by.revision, RotationEnd::Finish, actor("mo"), at(20)).await.unwrap();
        assert_eq!(ids(finished), [id(&old), id(&new)]);
        let [old_now, new_now] = [key(&store, &old, at(20)).await, key(&store, &new, at(20)).await];
        assert_eq!((old_now.status, old_now.expires_at, old_now.rotation), (Status::Expired, Some(at(20)), None));
        assert_eq!((new_now.status, new_now.rotation), (Status::Active, None));
        assert!(store.credential(id(&old), at(20)).await.unwrap().unwrap().is_replaced);
        let events = history(&store, id(&old), 1).await;
        assert_eq!((events[0].kind.as_str(), events[0].detail.as_deref()), ("rotation_finished", Some(id(&new))));
        let again = store.end_rotation(id(&old), None, RotationEnd::Finish, actor("mo"), at(21)).await.unwrap();
        assert_eq!(again, Err(RotationRefusal::NotRotating));
    }
    assert_eq!(
        store.end_rotation("PK0", None, RotationEnd::Finish, actor("mo"), at(9)).await.unwrap(),
        Err(RotationRefusal::Missing)
    );
}

pub(crate) async fn a_rotation_is_undone_while_the_new_key_is_unused<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let (old, new) = pair(&store, KeyInsert { expires_at: Some(at(1000)), ..insert("one") }).await;
    assert_eq!(
        ids(store.end_rotation(id(&new), None, RotationEnd::Undo, actor("mo"), at(20)).await.unwrap()),
        [id(&old)]
    );
    let back = key(&store, &old, at(20)).await;
    assert_eq!((back.status, back.expires_at, back.rotation), (Status::Active, Some(at(1000)), None));
    assert!(!store.credential(id(&old), at(20)).await.unwrap().unwrap().is_replaced);
    assert_eq!(store.key(id(&new), at(20)).await.unwrap(), None);
    let used = |second| Use { at: at(second), from: "192.0.2.9".to_owned() };
    assert!(!store.first_use(id(&new), used(20)).await.unwrap(), "an exchange at that moment is refused");
    assert_eq!(kinds(&store, &old).await, ["rotation_undone", "rotated", "created"]);
    assert_eq!(kinds(&store, &new).await, ["deleted", "created"]);

    let (old, new) = pair(&store, insert("two")).await;
    let credential = async |key: &AccessKey, now| store.credential(id(key), now).await.unwrap().unwrap();
    for (key, now, is_unused) in [(&new, at(14), true), (&old, at(14), false), (&new, at(100), false)] {
        assert_eq!(credential(key, now).await.is_unused_successor, is_unused);
    }
    assert!(store.first_use(id(&new), used(15)).await.unwrap());
    assert!(store.first_use(id(&new), used(14)).await.unwrap(), "another exchange at that moment");
    assert_eq!(key(&store, &new, at(15)).await.last_used_at, Some(at(15)));
    let refused = store.end_rotation(id(&old), None, RotationEnd::Undo, actor("mo"), at(20)).await.unwrap();
    assert_eq!(refused, Err(RotationRefusal::Used));
    assert!(!credential(&new, at(20)).await.is_unused_successor);
    assert_eq!(key(&store, &old, at(20)).await.rotation, Some(Rotation::ReplacedBy(new.id.clone())));
}

pub(crate) async fn only_an_active_key_outside_a_rotation_is_replaced<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let refused = async |old: &AccessKey, now| match store.create(replacing(old), now).await.unwrap() {
        CreateOutcome::NotRotated(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    let (old, new) = pair(&store, insert("one")).await;
    assert_eq!(refused(&old, at(11)).await, RotationRefusal::UnderWay);
    assert_eq!(refused(&new, at(11)).await, RotationRefusal::UnderWay);
    assert_eq!(refused(&old, at(100)).await, RotationRefusal::NotActive(Status::Expired));
    let off = create(&store, insert("off"), at(0)).await;
    let off = done(store.edit(id(&off), switch(true), actor("jo"), at(1)).await.unwrap());
    assert_eq!(refused(&off, at(2)).await, RotationRefusal::NotActive(Status::Inactive));
    let stale = AccessKey { revision: Some(1), ..off.clone() };
    assert_eq!(refused(&stale, at(2)).await, RotationRefusal::Changed(Box::new(off.clone())));
    store.delete(id(&off), None, actor("jo"), at(3)).await.unwrap();
    assert_eq!(refused(&off, at(4)).await, RotationRefusal::Missing);
    // What was refused is not remembered: the same request may be made again.
    let other = create(&store, insert("other"), at(0)).await;
    let request = replacing(&other);
    let early = KeyInsert { rotation: replacing(&off).rotation, ..request.clone() };
    assert!(matches!(store.create(early, at(5)).await.unwrap(), CreateOutcome::NotRotated(_)));
    let made = create(&store, request.clone(), at(5)).await;
    let again = KeyInsert { id: insert("").id, ..request };
    assert!(matches!(store.create(again, at(6)).await.unwrap(), CreateOutcome::Replayed(key, _) if key.id == made.id));
}

pub(crate) async fn of_two_rotations_at_once_one_is_made<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    let old = create(&one, insert("one"), at(0)).await;
    let outcomes = tokio::join!(one.create(replacing(&old), at(10)), other.create(replacing(&old), at(10)));
    let made = [outcomes.0.unwrap(), outcomes.1.unwrap()];
    assert_eq!(made.iter().filter(|made| matches!(made, CreateOutcome::Fresh(_))).count(), 1, "{made:?}");
}

pub(crate) async fn a_rotation_follows_what_is_done_to_its_keys<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let (old, new) = pair(&store, insert("one")).await;
    done(store.edit(id(&old), expire(Some(at(500))), actor("jo"), at(20)).await.unwrap());
    assert!(key(&store, &new, at(499)).await.rotation.is_some(), "the overlap is longer");
    assert!(key(&store, &new, at(500)).await.rotation.is_none());
    done(store.delete(id(&old), None, actor("jo"), at(30)).await.unwrap());
    assert_eq!(key(&store, &new, at(30)).await.rotation, None);

    // The new key was never used: the old one ends as it did before, which may be never.
    for before in [None, Some(at(1000))] {
        let (old, new) = pair(&store, KeyInsert { expires_at: before, ..insert("two") }).await;
        done(store.delete(id(&new), None, actor("mo"), at(30)).await.unwrap());
        let left = key(&store, &old, at(30)).await;
        assert_eq!((left.rotation, left.expires_at), (None, before));
        assert!(!store.credential(id(&old), at(30)).await.unwrap().unwrap().is_replaced);
        assert_eq!(kinds(&store, &old).await, ["rotation_undone", "rotated", "created"]);
        let event = &history(&store, id(&old), 1).await[0];
        assert_eq!((event.detail.as_deref(), event.changes.len()), (Some(id(&new)), 1), "its expiry");
        assert_eq!(kinds(&store, &new).await, ["deleted", "created"]);
    }

    let (old, new) = pair(&store, insert("three")).await;
    let credential = async |key: &AccessKey, now| store.credential(id(key), now).await.unwrap().unwrap();
    for (key, now, is_unused) in [(&new, at(14), true), (&old, at(14), false), (&new, at(100), false)] {
        assert_eq!(credential(key, now).await.is_unused_successor, is_unused);
    }
    let used = Use { at: at(15), from: "192.0.2.9".to_owned() };
    store.record(Recorded { uses: vec![(id(&new).to_owned(), used)], ..Recorded::default() }).await.unwrap();
    done(store.delete(id(&new), None, actor("jo"), at(30)).await.unwrap());
    let left = key(&store, &old, at(30)).await;
    assert_eq!((left.rotation, left.expires_at), (None, Some(at(100))), "it ends as it was said");
    assert_eq!(kinds(&store, &old).await, ["rotated", "created"]);
}

pub(crate) async fn the_last_refusal_and_a_late_use_are_kept<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let (old, _) = pair(&store, insert("one")).await;
    let refused = |seconds, why: &'static str, from: &str| {
        let (key, time, address) = (id(&old).to_owned(), at(seconds), from.to_owned());
        let (hour, refused_at) = (hour(time), Some(time));
        Recorded {
            refusals: vec![Refusals {
                about: Subject::Key(key.clone()),
                network: Some(address.clone()),
                from: Some(address.clone()),
                why,
                at: time,
                count: 1,
            }],
            counts: vec![HourCount { key, hour, address, uses: 0, refusals: 1, used_at: None, refused_at }],
            ..Recorded::default()
        }
    };
    store.record(refused(120, "wrong hash", "192.0.2.1")).await.unwrap();
    let shown = key(&store, &old, at(130)).await;
    assert_eq!((shown.refused_at, shown.late_use_at), (Some(at(120)), None));
    store.record(refused(140, USED_AFTER_ROTATION, "192.0.2.7")).await.unwrap();
    store.record(refused(110, "wrong hash", "192.0.2.1")).await.unwrap(); // by a server that is slower
    let shown = key(&store, &old, at(150)).await;
    assert_eq!((shown.refused_at, shown.late_use_at), (Some(at(140)), Some(at(140))));
    assert_eq!(shown.refused_from.unwrap().raw_for_api(), "192.0.2.7");
    for (seconds, count) in [(150, 1), (140 + 86_399, 1), (140 + 86_400, 0)] {
        let (late, _) = store.alarms(at(seconds)).await.unwrap();
        assert_eq!(late.len(), count, "a day long it is told");
    }
    let day = |seconds| at(seconds).duration_trunc(USED_LATE_EVERY).unwrap();
    tell(&store, &old, USED_LATE, day(140)).await;
    assert_eq!(store.alarms(at(150)).await.unwrap().0, [], "it was told");
    store.record(refused(140 + 86_400, USED_AFTER_ROTATION, "192.0.2.7")).await.unwrap();
    let (late, _) = store.alarms(at(150 + 86_400)).await.unwrap();
    assert_eq!(late.iter().map(id).collect::<Vec<_>>(), [id(&old)], "another day is another message");
}
