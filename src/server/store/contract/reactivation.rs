//! Keys that are switched off for a while.

use chrono::{DateTime, TimeDelta, Utc};

use super::lists::found;
use super::revocations::{issue, revoked};
use super::{
    Database, actor, at, changed, conditions, create, done, expire, history, id, in_force, insert, rename, switch,
    whole,
};
use crate::domain::{AccessKey, Order, Sort, Status};
use crate::server::store::{
    Change, ChangeOutcome, ExpiryChange, KeyInsert, PageQuery, RotationInsert, Store, StoredEvent,
};

/// Switches a key off until `until`.
fn off_until(until: DateTime<Utc>) -> Change {
    Change { reactivates_at: Some(until), ..switch(true) }
}

async fn deactivate(store: &Store, key: &AccessKey, until: DateTime<Utc>, now: DateTime<Utc>) -> AccessKey {
    done(store.edit(id(key), off_until(until), actor("mo"), now).await.unwrap())
}

async fn shown(store: &Store, key: &AccessKey, now: DateTime<Utc>) -> AccessKey {
    store.key(id(key), now).await.unwrap().unwrap()
}

/// What an exchange is told.
async fn accepted(store: &Store, key: &AccessKey, now: DateTime<Utc>) -> bool {
    store.credential(id(key), now).await.unwrap().unwrap().status == Status::Active
}

/// The kinds, actors and changes of a key's events, the newest first.
async fn told(store: &Store, key: &AccessKey) -> Vec<String> {
    let events = history(store, id(key), 100).await;
    let words = |event: &StoredEvent| {
        let changes: Vec<_> = event.changes.iter().map(changed).collect();
        format!("{} {} {}", event.kind, event.by.as_deref().unwrap_or("-"), changes.join(" "))
    };
    events.iter().map(words).collect()
}

/// The labels of the keys that have a status.
async fn of_status(store: &Store, status: Status, now: DateTime<Utc>) -> Vec<String> {
    let query = PageQuery { conditions: conditions("", Some(status)), ..whole(Sort::Label, Order::Asc) };
    super::labels(&store.list(query, now).await.unwrap())
}

pub(crate) async fn a_key_is_off_for_a_while_and_not_a_millisecond_longer<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    let before = issue(&store, id(&key), at(1)).await;
    let off = deactivate(&store, &key, at(900), at(2)).await;
    in_force(&store).await;
    assert_eq!((off.status, off.reactivates_at, off.revision), (Status::Inactive, Some(at(900)), Some(2)));
    let early = at(900) - TimeDelta::milliseconds(1);
    assert!(!accepted(&store, &key, early).await && accepted(&store, &key, at(900)).await);
    assert_eq!(shown(&store, &key, early).await, off);
    let on = AccessKey { status: Status::Active, reactivates_at: None, revision: Some(3), ..off };
    assert_eq!(shown(&store, &key, at(900)).await, on, "by the clock alone");
    assert_eq!(history(&store, id(&key), 100).await.len(), 2, "nothing was stored for it");
    assert!(revoked(&[&store], id(&key), before, at(901)), "tokens from before stay revoked");
    let after = issue(&store, id(&key), at(901)).await;
    assert!(!revoked(&[&store], id(&key), after, at(901)));

    store.reactivate(early).await.unwrap();
    assert_eq!(history(&store, id(&key), 100).await.len(), 2);
    store.reactivate(at(903)).await.unwrap();
    assert_eq!(shown(&store, &key, at(904)).await, on, "as it was read before");
    assert_eq!(
        told(&store, &key).await,
        [
            "reactivated - status:inactive>active reactivates_at:2030-03-17T18:01:40Z>-",
            "edited mo status:active>inactive reactivates_at:->2030-03-17T18:01:40Z",
            "created jo label:->one",
        ]
    );
    assert_eq!(history(&store, id(&key), 1).await[0].at, at(900), "when it was due");
    assert!(!revoked(&[&store], id(&key), after, at(905)));
}

pub(crate) async fn lists_and_counts_have_keys_that_are_active_again<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    // Letters that no ID has.
    for (label, until) in [("i", Some(100)), ("l", Some(200)), ("o", None)] {
        let key = create(&store, insert(label), at(0)).await;
        let change = Change { reactivates_at: until.map(at), ..switch(true) };
        done(store.edit(id(&key), change, actor("mo"), at(1)).await.unwrap());
    }
    create(&store, insert("u"), at(0)).await;
    for (now, active, inactive) in [(99, "u", "ilo"), (100, "iu", "lo"), (300, "ilu", "o")] {
        assert_eq!(of_status(&store, Status::Active, at(now)).await.concat(), active, "{now}");
        assert_eq!(of_status(&store, Status::Inactive, at(now)).await.concat(), inactive, "{now}");
        let counts = [Status::Active, Status::Inactive].map(|status| conditions("", Some(status)));
        let counts = store.count(counts.to_vec(), at(now)).await.unwrap();
        assert_eq!(counts, [Some(active.len() as u64), Some(inactive.len() as u64)], "{now}");
    }
    assert_eq!(found(&store, "i", at(301)).await, ["i"]);
}

pub(crate) async fn after_a_restart_one_of_many_activates_a_key<D: Database>() {
    let database = D::create().await;
    let first = database.open().await;
    let keys = [create(&first, insert("a"), at(0)).await, create(&first, insert("b"), at(0)).await];
    for key in &keys {
        deactivate(&first, key, at(60), at(1)).await;
    }
    first.close().await;
    drop(first);
    let (one, two, three) = (database.open().await, database.open().await, database.open().await);
    assert!(!accepted(&one, &keys[0], at(59)).await && accepted(&one, &keys[0], at(70)).await);
    let (a, b, c) = tokio::join!(
        one.reactivate(at(70)),
        two.reactivate(at(70)),
        three.list(whole(Sort::Label, Order::Asc), at(70))
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    one.reactivate(at(71)).await.unwrap();
    for key in &keys {
        let events = history(&two, id(key), 100).await;
        assert_eq!(events.iter().filter(|event| event.kind == "reactivated").count(), 1);
        assert_eq!((shown(&two, key, at(72)).await.revision, events[0].at), (Some(3), at(60)));
    }
    let late = create(&one, insert("late"), at(80)).await;
    deactivate(&one, &late, at(200), at(81)).await;
    one.reactivate(at(200_000)).await.unwrap();
    assert_eq!(history(&one, id(&late), 1).await[0].at, at(200_000), "when it was stored: readers look there");
}

pub(crate) async fn a_deactivation_for_a_while_is_extended_ended_and_made_for_good<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    deactivate(&store, &key, at(100), at(1)).await;
    let generation = async || store.credential(id(&key), at(9)).await.unwrap().unwrap().generation;
    let first = generation().await;
    assert_eq!(deactivate(&store, &key, at(100), at(2)).await.revision, Some(2), "the same again is no change");
    let longer = deactivate(&store, &key, at(200), at(3)).await;
    assert_eq!((longer.reactivates_at, longer.revision, generation().await), (Some(at(200)), Some(3), first));
    assert!(!accepted(&store, &key, at(199)).await && accepted(&store, &key, at(200)).await);
    let named = done(store.edit(id(&key), rename("two"), actor("mo"), at(4)).await.unwrap());
    assert_eq!(named.reactivates_at, Some(at(200)), "the rest is as it was");
    let for_good = done(store.edit(id(&key), switch(true), actor("mo"), at(5)).await.unwrap());
    assert_eq!((for_good.status, for_good.reactivates_at), (Status::Inactive, None));
    assert!(!accepted(&store, &key, at(100_000)).await);
    deactivate(&store, &key, at(300), at(6)).await;
    let on = done(store.edit(id(&key), switch(false), actor("mo"), at(7)).await.unwrap());
    assert_eq!((on.status, on.reactivates_at), (Status::Active, None));
    store.reactivate(at(400)).await.unwrap();
    let time = |seconds| at(seconds).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!(
        told(&store, &key).await,
        [
            format!("edited mo status:inactive>active reactivates_at:{}>-", time(300)),
            format!("edited mo reactivates_at:->{}", time(300)),
            format!("edited mo reactivates_at:{}>-", time(200)),
            "edited mo label:one>two".to_owned(),
            format!("edited mo reactivates_at:{}>{}", time(100), time(200)),
            format!("edited mo status:active>inactive reactivates_at:->{}", time(100)),
            "created jo label:->one".to_owned(),
        ]
    );
    let expired = done(store.edit(id(&key), expire(Some(at(500))), actor("mo"), at(410)).await.unwrap());
    deactivate(&store, &expired, at(600), at(411)).await;
    store.reactivate(at(700)).await.unwrap();
    assert_eq!(shown(&store, &key, at(701)).await.status, Status::Expired);
    assert_eq!(of_status(&store, Status::Expired, at(701)).await, ["two"]);
}

pub(crate) async fn what_is_due_is_stored_before_a_change<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let (key, gone) = (create(&store, insert("one"), at(0)).await, create(&store, insert("two"), at(0)).await);
    for key in [&key, &gone] {
        deactivate(&store, key, at(100), at(1)).await;
    }
    let between = issue(&store, id(&key), at(150)).await;
    let seen = shown(&store, &key, at(150)).await.revision;
    let again = Change { revision: seen, ..off_until(at(300)) };
    let off = done(store.edit(id(&key), again, actor("jo"), at(151)).await.unwrap());
    in_force(&store).await;
    assert_eq!((off.revision, off.reactivates_at), (Some(4), Some(at(300))));
    assert!(revoked(&[&store], id(&key), between, at(152)), "tokens of the time in between");
    let kinds = history(&store, id(&key), 100).await.into_iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(kinds, ["edited", "reactivated", "edited", "created"]);
    let stale = Change { revision: seen, ..rename("x") };
    assert_eq!(
        store.edit(id(&key), stale, actor("jo"), at(400)).await.unwrap(),
        ChangeOutcome::changed(shown(&store, &key, at(400)).await)
    );

    let outcome = store.delete(id(&gone), Some(2), actor("jo"), at(150)).await.unwrap();
    assert!(matches!(outcome, ChangeOutcome::Changed(now) if now.status == Status::Active && now.revision == Some(3)));
    done(store.delete(id(&gone), Some(3), actor("jo"), at(151)).await.unwrap());
    let kinds = history(&store, id(&gone), 100).await.into_iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(kinds, ["deleted", "reactivated", "edited", "created"]);
}

pub(crate) async fn what_needs_attention_is_found<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    for (label, end) in
        [("soon", Some(100)), ("later", Some(10_000)), ("never", None), ("off", Some(100)), ("ended", Some(5))]
    {
        create(&store, KeyInsert { expires_at: end.map(at), ..insert(label) }, at(0)).await;
    }
    let all = store.list(whole(Sort::Label, Order::Asc), at(1)).await.unwrap().keys;
    let of = |name: &str| all.iter().find(|row| super::label(&row.key) == name).unwrap().key.clone();
    done(store.edit(id(&of("off")), switch(true), actor("mo"), at(2)).await.unwrap());
    deactivate(&store, &of("never"), at(9_000), at(2)).await;
    let due = async |now, until| {
        let mut labels: Vec<String> =
            store.due(at(now), at(until), 10, false).await.unwrap().iter().map(super::label).collect();
        labels.sort();
        labels
    };
    assert_eq!(due(10, 1_000).await, ["never", "soon"]);
    assert_eq!(due(10, 20_000).await, ["later", "never", "soon"]);
    assert_eq!(due(9_500, 9_600).await, [""; 0], "it is active again");
    assert_eq!(due(9_500, 20_000).await, ["later"]);
    // A rotation needs attention until it is over, also if the old key has no end of its own or is off.
    let rotation =
        RotationInsert { old: id(&of("never")).to_owned(), revision: None, ends_at: at(30_000), inherits_expiry: None };
    create(&store, KeyInsert { rotation: Some(rotation), ..insert("new") }, at(9_600)).await;
    assert_eq!(due(9_700, 9_800).await, ["never"]);
    let endless = Change { expires_at: Some(ExpiryChange::Never), ..rename("never") };
    done(store.edit(id(&of("never")), endless, actor("mo"), at(9_700)).await.unwrap());
    assert_eq!(due(9_800, 9_900).await, ["never"]);
    done(store.edit(id(&of("never")), switch(true), actor("mo"), at(9_800)).await.unwrap());
    assert_eq!(due(9_900, 9_901).await, ["never"]);
    assert!(store.due(at(9_900), at(9_901), 10, true).await.unwrap().is_empty(), "no reminder without a time");
}
