//! Keys, one at a time.

use chrono::TimeDelta;

use super::lists::found;
use super::{
    Database, actor, at, conditions, create, done, expire, history, id, insert, label, labels, rename, switch, whole,
};
use crate::domain::{Order, SealedSecret, Sort, Status};
use crate::server::store::{Change, ChangeOutcome, CreateOutcome, KeyInsert, NewEvent, Recorded, Use};

pub(crate) async fn a_key_is_created_edited_and_deleted<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    assert!(store.encrypted_sample().await.unwrap().is_none());
    let new = KeyInsert { expires_at: Some(at(500)), ..insert("Backup") };
    let key = create(&store, new.clone(), at(0)).await;
    assert_eq!((id(&key), label(&key).as_str(), key.status), (new.id.raw_for_api(), "Backup", Status::Active));
    assert_eq!((key.created_at, key.created_by.raw_for_api()), (at(0), "jo"));
    assert_eq!((key.expires_at, key.last_used_at, &key.last_used_from), (Some(at(500)), None, &None));
    assert_eq!(store.key(id(&key), at(1)).await.unwrap().as_ref(), Some(&key));
    assert_eq!(store.encrypted_sample().await.unwrap(), Some((id(&key).to_owned(), new.encrypted.clone())));
    let secrets = store.secrets(0, 10).await.unwrap();
    assert_eq!((secrets.len(), secrets[0].id.as_str(), &secrets[0].encrypted), (1, id(&key), &new.encrypted));
    assert!(store.secrets(secrets[0].seq, 10).await.unwrap().is_empty());

    let change = Change { switched_off: Some(true), ..rename("restore") };
    let edited = done(store.edit(id(&key), change, actor("mo"), at(2)).await.unwrap());
    assert_eq!((label(&edited).as_str(), edited.status), ("restore", Status::Inactive));
    assert_eq!(edited.expires_at, Some(at(500)), "the rest is as it was");
    let edited = done(store.edit(id(&key), expire(None), actor("mo"), at(3)).await.unwrap());
    assert_eq!(edited.expires_at, None);
    let edited = done(store.edit(id(&key), switch(false), actor("mo"), at(4)).await.unwrap());
    assert_eq!(edited.status, Status::Active);

    done(store.delete(id(&key), None, actor("lin"), at(5)).await.unwrap());
    assert_eq!(store.delete(id(&key), None, actor("lin"), at(6)).await.unwrap(), ChangeOutcome::Missing);
    assert_eq!(store.key(id(&key), at(6)).await.unwrap(), None);
    assert_eq!(store.edit(id(&key), rename("x"), actor("mo"), at(6)).await.unwrap(), ChangeOutcome::Missing);
    assert_eq!(store.list(whole(Sort::CreatedAt, Order::Desc), at(6)).await.unwrap().total, Some(0));
    assert!(store.encrypted_sample().await.unwrap().is_none(), "the secret is deleted too");

    let events = history(&store, id(&key), 100).await;
    let events: Vec<_> = events
        .iter()
        .map(|event| (event.kind.as_str(), event.by.as_deref(), event.at, event.detail.as_deref()))
        .collect();
    assert_eq!(
        events,
        [
            ("deleted", Some("lin"), at(5), None),
            ("edited", Some("mo"), at(4), Some("activated")),
            ("edited", Some("mo"), at(3), Some("expires_at")),
            ("edited", Some("mo"), at(2), Some("label, deactivated")),
            ("created", Some("jo"), at(0), None),
        ]
    );
}

pub(crate) async fn an_edit_that_changes_nothing_is_no_event<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, KeyInsert { expires_at: Some(at(500)), ..insert("one") }, at(0)).await;
    for change in [Change::default(), rename("one"), switch(false), expire(Some(at(500)))] {
        assert_eq!(done(store.edit(id(&key), change, actor("mo"), at(1)).await.unwrap()), key);
    }
    assert_eq!(history(&store, id(&key), 100).await.len(), 1);
    store.edit(id(&key), rename("One"), actor("mo"), at(2)).await.unwrap();
    assert_eq!(history(&store, id(&key), 100).await.len(), 2, "case counts in a label");
}

pub(crate) async fn a_repeated_create_gives_the_same_key<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let new = KeyInsert { expires_at: Some(at(10)), ..insert("one") };
    let key = create(&store, new.clone(), at(0)).await;
    let again = KeyInsert { id: insert("").id, ..new.clone() };
    assert_eq!(store.create(again.clone(), at(1)).await.unwrap(), CreateOutcome::Replayed(key.clone(), None));
    let late = store.create(again.clone(), at(10)).await.unwrap();
    assert!(matches!(late, CreateOutcome::Replayed(late, None) if late.id == key.id && late.status == Status::Expired));
    let other = KeyInsert { fingerprint: [8; 32], ..again.clone() };
    assert_eq!(store.create(other, at(1)).await.unwrap(), CreateOutcome::Other);
    let past = KeyInsert { expires_at: Some(at(10)), ..insert("past") };
    assert_eq!(store.create(past.clone(), at(10)).await.unwrap(), CreateOutcome::Past);
    assert_eq!(store.key(past.id.raw_for_api(), at(10)).await.unwrap(), None);
    create(&store, past, at(9)).await; // a refused create is not remembered
    store.delete(id(&key), None, actor("jo"), at(11)).await.unwrap();
    assert_eq!(store.create(again, at(12)).await.unwrap(), CreateOutcome::Gone);
}

pub(crate) async fn a_create_is_repeated_for_a_day_and_by_its_administrator<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let new = insert("one");
    create(&store, new.clone(), at(0)).await;
    let again = || {
        let KeyInsert { id, digest, .. } = insert("");
        KeyInsert { id, digest, ..new.clone() }
    };
    create(&store, KeyInsert { actor: actor("mo"), ..again() }, at(1)).await;
    let day = TimeDelta::hours(24).num_seconds();
    assert!(matches!(store.create(again(), at(day)).await.unwrap(), CreateOutcome::Replayed(..)));
    create(&store, again(), at(day + 1)).await;
}

pub(crate) async fn a_sealed_secret_is_given_again_until_it_has_arrived_or_for_ten_minutes<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let sealed = Some(SealedSecret(vec![1, 2, 3]));
    let new = || KeyInsert { sealed: sealed.clone(), ..insert("one") };
    let again = async |new: &KeyInsert, seconds| {
        let other = KeyInsert { id: insert("").id, sealed: Some(SealedSecret(vec![4])), ..new.clone() };
        match store.create(other, at(seconds)).await.unwrap() {
            CreateOutcome::Replayed(key, sealed) if key.id == new.id => sealed,
            other => panic!("{other:?}"),
        }
    };
    let [late, arrived, deleted, plain] = [new(), new(), new(), insert("plain")];
    for new in [&late, &arrived, &deleted, &plain] {
        create(&store, new.clone(), at(0)).await;
    }
    assert_eq!(again(&plain, 1).await, None);
    assert_eq!(again(&arrived, 1).await, sealed, "that of the first call");
    let other = database.open().await;
    assert!(!other.delivered(arrived.id.raw_for_api(), "mo").await.unwrap(), "of another administrator");
    assert_eq!(again(&arrived, 2).await, sealed);
    assert!(other.delivered(arrived.id.raw_for_api(), "jo").await.unwrap());
    assert_eq!(again(&arrived, 2).await, None);
    assert!(!store.delivered(arrived.id.raw_for_api(), "jo").await.unwrap());

    store.forget_undelivered(at(599)).await.unwrap();
    assert_eq!(again(&late, 599).await, sealed);
    assert_eq!(again(&late, 600).await, None, "before anything has deleted it");
    store.forget_undelivered(at(600)).await.unwrap();
    assert_eq!(again(&late, 1).await, None);
    let recent = new();
    create(&store, recent.clone(), at(600)).await;
    store.delete(recent.id.raw_for_api(), None, actor("jo"), at(601)).await.unwrap();
    assert!(!store.delivered(recent.id.raw_for_api(), "jo").await.unwrap(), "nothing is kept of a deleted key");
}

pub(crate) async fn the_status_follows_the_time_that_is_passed_in<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let ends = create(&store, KeyInsert { expires_at: Some(at(100)), ..insert("ends") }, at(0)).await;
    let off = create(&store, KeyInsert { expires_at: Some(at(100)), ..insert("off") }, at(0)).await;
    create(&store, insert("stays"), at(0)).await;
    store.edit(id(&off), switch(true), actor("jo"), at(1)).await.unwrap();
    let with = async |status, now| {
        let mut request = whole(Sort::Label, Order::Asc);
        request.conditions = conditions("", Some(status));
        let page = store.list(request, now).await.unwrap();
        assert!(page.keys.iter().all(|row| row.key.status == status));
        labels(&page)
    };
    // To and fro: a clock may be set back.
    for now in [at(99), at(100), at(99), at(1000)] {
        let is_over = now >= at(100);
        let expected = if is_over { Status::Expired } else { Status::Active };
        assert_eq!(store.key(id(&ends), now).await.unwrap().unwrap().status, expected);
        assert_eq!(store.credential(id(&ends), now).await.unwrap().unwrap().status, expected);
        assert_eq!(with(Status::Active, now).await, if is_over { vec!["stays"] } else { vec!["ends", "stays"] });
        assert_eq!(with(Status::Inactive, now).await, if is_over { vec![] } else { vec!["off"] });
        assert_eq!(with(Status::Expired, now).await, if is_over { vec!["ends", "off"] } else { vec![] });
    }
    let longer = done(store.edit(id(&ends), expire(Some(at(2000))), actor("jo"), at(1000)).await.unwrap());
    assert_eq!(longer.status, Status::Active);
    assert_eq!(with(Status::Active, at(1000)).await, ["ends", "stays"]);
}

pub(crate) async fn the_latest_use_counts<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    let used = |seconds, from: &str| vec![(id(&key).to_owned(), Use { at: at(seconds), from: from.to_owned() })];
    let event = NewEvent::used(id(&key), Some("192.0.2.9"), at(5));
    store.record(Recorded { uses: used(20, "late"), events: vec![event], ..Recorded::default() }).await.unwrap();
    store.record(Recorded { uses: used(10, "early"), ..Recorded::default() }).await.unwrap(); // by a server that is slower
    let shown = store.key(id(&key), at(30)).await.unwrap().unwrap();
    assert_eq!(shown.last_used_at, Some(at(20)));
    assert_eq!(shown.last_used_from.unwrap().raw_for_api(), "late");
    store.record(Recorded { uses: used(400 * 86_400, "a clock that is ahead"), ..Recorded::default() }).await.unwrap();
    store.record(Recorded { uses: used(25, "in time"), ..Recorded::default() }).await.unwrap();
    assert_eq!(store.key(id(&key), at(30)).await.unwrap().unwrap().last_used_at, Some(at(25)));
    let events = history(&store, id(&key), 1).await;
    assert_eq!((events[0].kind.as_str(), events[0].detail.as_deref(), events[0].count), ("used", None, 1));
    assert_eq!((events[0].at, events[0].by.as_deref(), events[0].from.as_deref()), (at(5), None, Some("192.0.2.9")));
    let unknown = vec![("PK------------------".to_owned(), Use { at: at(30), from: "x".to_owned() })];
    store.record(Recorded { uses: unknown, ..Recorded::default() }).await.unwrap();
}

pub(crate) async fn a_change_for_another_revision_is_refused<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    assert_eq!(key.revision, Some(1));
    let with = |revision, change| Change { revision: Some(revision), ..change };
    let edited = done(store.edit(id(&key), with(1, rename("two")), actor("jo"), at(1)).await.unwrap());
    assert_eq!((edited.revision, label(&edited).as_str()), (Some(2), "two"));
    for stale in [0, 1, 3, u64::MAX] {
        let change = with(stale, switch(true));
        let outcome = store.edit(id(&key), change, actor("mo"), at(2)).await.unwrap();
        assert_eq!(outcome, ChangeOutcome::changed(edited.clone()), "{stale}");
        let outcome = store.delete(id(&key), Some(stale), actor("mo"), at(2)).await.unwrap();
        assert_eq!(outcome, ChangeOutcome::changed(edited.clone()), "{stale}");
    }
    // What changes nothing is no change, and a use is none either.
    let same = done(store.edit(id(&key), with(2, rename("two")), actor("jo"), at(3)).await.unwrap());
    let used = Use { at: at(4), from: "198.51.100.7".to_owned() };
    store.record(Recorded { uses: vec![(id(&key).to_owned(), used)], ..Recorded::default() }).await.unwrap();
    assert_eq!((same.revision, store.key(id(&key), at(5)).await.unwrap().unwrap().revision), (Some(2), Some(2)));
    for (change, revision) in [(switch(true), 3), (expire(Some(at(100))), 4), (rename("three"), 5)] {
        let edited = done(store.edit(id(&key), change, actor("jo"), at(6)).await.unwrap());
        assert_eq!(edited.revision, Some(revision), "without one, the last word counts");
    }
    assert_eq!(history(&store, id(&key), 100).await.len(), 5, "what is refused is no event");
    done(store.delete(id(&key), Some(5), actor("jo"), at(7)).await.unwrap());
    let gone = store.edit(id(&key), with(5, rename("x")), actor("jo"), at(8)).await.unwrap();
    assert_eq!(gone, ChangeOutcome::Missing);
    assert_eq!(store.delete(id(&key), Some(5), actor("jo"), at(8)).await.unwrap(), ChangeOutcome::Missing);
}

pub(crate) async fn of_changes_at_the_same_time_for_one_revision_one_is_made<D: Database>() {
    let database = D::create().await;
    let (one, two) = (database.open().await, database.open().await);
    let key = create(&one, insert("old"), at(0)).await;
    let change = |label| Change { revision: Some(1), ..rename(label) };
    let (a, b) = tokio::join!(
        one.edit(id(&key), change("a"), actor("jo"), at(1)),
        two.edit(id(&key), change("b"), actor("mo"), at(1))
    );
    let made = [a.unwrap(), b.unwrap()].into_iter().filter(|outcome| matches!(outcome, ChangeOutcome::Done(_)));
    assert_eq!(made.count(), 1);
    assert_eq!(one.key(id(&key), at(2)).await.unwrap().unwrap().revision, Some(2));
}

pub(crate) async fn what_is_looked_for_by_a_null_character_is_not_there<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    create(&store, insert("one"), at(0)).await;
    for text in ["\0", "PK\0", "a\0b"] {
        assert_eq!(store.key(text, at(1)).await.unwrap(), None);
        assert!(store.credential(text, at(1)).await.unwrap().is_none());
        assert_eq!(store.edit(text, rename("x"), actor("jo"), at(1)).await.unwrap(), ChangeOutcome::Missing);
        assert_eq!(store.delete(text, None, actor("jo"), at(1)).await.unwrap(), ChangeOutcome::Missing);
        assert!(store.account(text, "192.0.2.1").await.unwrap().password.is_none());
        assert!(store.sessions(Some(text), at(1)).await.unwrap().is_empty());
        assert!(history(&store, text, 9).await.is_empty());
        assert_eq!(found(&store, text, at(1)).await, [""; 0]);
    }
}
