//! The trail.

use super::{
    Database, actor, at, create, expire, history, id, insert, password, rename, session, switch, trail, username,
};
use crate::domain::{Order, Role};
use crate::server::store::{
    Actor, AdminOutcome, Change, EventKind, EventQuery, KeyInsert, NewEvent, Recorded, Refusals, Subject,
};

pub(crate) async fn events_come_in_pages_in_both_orders<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("0"), at(0)).await;
    create(&store, insert("other"), at(0)).await;
    for n in 1..7 {
        store.edit(id(&key), rename(&n.to_string()), actor("jo"), at(n)).await.unwrap();
    }
    for order in [Order::Desc, Order::Asc] {
        let (mut times, mut after) = (Vec::new(), None);
        loop {
            let page = store.events(EventQuery { order, after, ..EventQuery::of_key(id(&key), 3) }).await.unwrap();
            assert!(page.len() <= 3);
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            times.extend(page.iter().map(|event| event.at));
            assert!(times.len() <= 7, "no event comes twice");
        }
        if order == Order::Desc {
            times.reverse();
        }
        assert_eq!(times, (0..7).map(at).collect::<Vec<_>>());
    }
    assert!(history(&store, "PK------------------", 3).await.is_empty());
}

pub(crate) async fn what_is_edited_has_its_old_and_its_new_value<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let new = KeyInsert { expires_at: Some(at(500)), ..insert("Backup") };
    let key = create(&store, new, at(0)).await;
    let change = Change { switched_off: Some(true), ..rename("restore") };
    store.edit(id(&key), change, actor("mo"), at(1)).await.unwrap();
    store.edit(id(&key), expire(None), actor("mo"), at(2)).await.unwrap();
    store.edit(id(&key), switch(false), actor("mo"), at(3)).await.unwrap();
    // A secret that was typed into the wrong field.
    let secret = format!("sk_{}", "a1B2".repeat(13));
    store.edit(id(&key), rename(&secret), actor("mo"), at(4)).await.unwrap();
    store.edit(id(&key), switch(true), actor("mo"), at(5)).await.unwrap();
    store.delete(id(&key), None, actor("lin"), at(6)).await.unwrap();
    let (end, from) = ("2030-03-17T17:55:00Z", "192.0.2.1");
    let all = trail(&store, EventQuery::of_key(id(&key), 100)).await;
    assert_eq!(
        all,
        [
            format!("deleted key lin {from} label:[redacted]>- status:inactive>-"),
            format!("edited key mo {from} deactivated status:active>inactive"),
            format!("edited key mo {from} label label:restore>[redacted]"),
            format!("edited key mo {from} activated status:inactive>active"),
            format!("edited key mo {from} expires_at expires_at:{end}>-"),
            format!("edited key mo {from} label, deactivated label:Backup>restore status:active>inactive"),
            format!("created key jo {from} label:->Backup expires_at:->{end}"),
        ]
    );
}

pub(crate) async fn events_have_the_labels_of_their_keys<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = [create(&store, insert("old"), at(0)).await, create(&store, insert("gone"), at(0)).await];
    let unnamed = create(&store, insert(""), at(0)).await;
    store.edit(id(&keys[0]), rename("new"), actor("jo"), at(1)).await.unwrap();
    store.edit(id(&keys[1]), rename("gone for good"), actor("jo"), at(1)).await.unwrap();
    for key in [&keys[1], &unnamed] {
        store.delete(id(key), None, actor("jo"), at(2)).await.unwrap();
    }
    store.add_administrator(&username("mo"), Role::Auditor, "hash", actor("root"), at(3)).await.unwrap();
    let events = store.events(EventQuery { limit: 100, ..EventQuery::default() }).await.unwrap();
    let labels: Vec<_> = events.iter().map(|event| event.label.as_str()).collect();
    assert_eq!(labels, ["", "", "gone for good", "gone for good", "new", "", "gone for good", "new"]);
    assert_eq!(events[2].kind, "deleted");
    let of_one = store.events(EventQuery::of_key(id(&keys[1]), 1)).await.unwrap();
    assert_eq!(of_one[0].label, "gone for good");
}

pub(crate) async fn the_trail_is_filtered<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = [create(&store, insert(""), at(10)).await, create(&store, insert(""), at(20)).await];
    store.add_administrator(&username("mo"), Role::Auditor, "hash", actor("root"), at(30)).await.unwrap();
    store.delete(id(&keys[0]), None, actor("mo"), at(40)).await.unwrap();
    store
        .record(Recorded { events: vec![NewEvent::used(id(&keys[1]), None, at(15))], ..Recorded::default() })
        .await
        .unwrap();
    let all = EventQuery { limit: 100, ..EventQuery::default() };
    let kinds = async |query: EventQuery| {
        let events = store.events(query).await.unwrap();
        events.iter().map(|event| event.kind.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(kinds(all.clone()).await, "used deleted admin_added created created");
    assert_eq!(
        kinds(EventQuery { order: Order::Asc, ..all.clone() }).await,
        "created created admin_added deleted used"
    );
    assert_eq!(kinds(EventQuery::of_key(id(&keys[0]), 9)).await, "deleted created");
    assert_eq!(kinds(EventQuery { by: Some("mo".to_owned()), ..all.clone() }).await, "deleted");
    assert_eq!(kinds(EventQuery { administrator: Some("mo".to_owned()), ..all.clone() }).await, "admin_added");
    let of = |kinds: &[EventKind]| EventQuery { kinds: kinds.to_vec(), ..all.clone() };
    assert_eq!(kinds(of(&[EventKind::Created])).await, "created created");
    assert_eq!(kinds(of(&[EventKind::Used, EventKind::Deleted])).await, "used deleted");
    assert_eq!(kinds(of(&[EventKind::Edited])).await, "");
    let since = |seconds| EventQuery { since: Some(at(seconds)), ..all.clone() };
    assert_eq!(kinds(since(15)).await, "used deleted admin_added created", "stored later than it happened");
    assert_eq!(kinds(since(16)).await, "deleted admin_added created");
    assert_eq!(kinds(since(100_000)).await, "");
    let both = EventQuery { by: Some("jo".to_owned()), kinds: vec![EventKind::Created], ..since(20) };
    assert_eq!(kinds(both).await, "created");
    let about: Vec<_> = store.events(all.clone()).await.unwrap().into_iter().map(|event| event.about).collect();
    assert_eq!(about[1], Subject::Key(id(&keys[0]).to_owned()), "a deleted key is named");
}

pub(crate) async fn what_is_done_to_administrators_is_in_the_trail<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let by = |name: &str| Actor { name: name.to_owned(), address: "local".to_owned() };
    assert!(store.add_administrator(&username("jo"), Role::Superuser, "hash", by("root"), at(0)).await.unwrap());
    assert!(!store.add_administrator(&username("jo"), Role::Auditor, "hash", by("root"), at(1)).await.unwrap());
    store.begin_session(session(1, "jo"), at(2)).await.unwrap();
    store.add_administrator(&username("mo"), Role::Auditor, "hash", actor("jo"), at(3)).await.unwrap();
    let role = async |name: &str, role| store.set_role(&username(name), role, false, actor("jo"), at(4)).await.unwrap();
    assert_eq!(role("mo", Role::Administrator).await, AdminOutcome::Done);
    assert_eq!(role("mo", Role::Administrator).await, AdminOutcome::Done, "and no event");
    assert_eq!(role("nobody", Role::Administrator).await, AdminOutcome::Unknown);
    assert_eq!(role("jo", Role::Auditor).await, AdminOutcome::Last(Role::Superuser));
    assert!(!store.set_password(password("nobody", None, None), actor("jo"), at(5)).await.unwrap());
    assert!(store.set_password(password("mo", None, None), actor("jo"), at(5)).await.unwrap());
    let removed = store.remove_administrator(&username("mo"), false, actor("jo"), at(6)).await.unwrap();
    assert_eq!(removed, AdminOutcome::Done);
    store.end_session([1; 32], actor("jo"), at(7)).await.unwrap();
    store.end_session([1; 32], actor("jo"), at(8)).await.unwrap(); // has ended
    assert_eq!(
        trail(&store, EventQuery::default()).await,
        [
            "signed_out jo jo 192.0.2.1",
            "admin_removed mo jo 192.0.2.1 role:administrator>-",
            "password_changed mo jo 192.0.2.1",
            "role_changed mo jo 192.0.2.1 role:auditor>administrator",
            "admin_added mo jo 192.0.2.1 role:->auditor",
            "signed_in jo jo 192.0.2.1",
            "admin_added jo root local role:->superuser",
        ]
    );
}

pub(crate) async fn refused_sign_ins_are_counted_by_name_and_forgotten<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    store.add_administrator(&username("jo"), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    let refuse = async |about: Subject, second: i64, why: &'static str| {
        let (network, from) = (Some("192.0.2.0".to_owned()), Some("192.0.2.7".to_owned()));
        let refusals = Refusals { about, network, from, why, at: at(second), count: 3 };
        store.record(Recorded { refusals: vec![refusals], ..Recorded::default() }).await.unwrap();
    };
    let jo = || Subject::Administrator("jo".to_owned());
    for second in [60, 61] {
        refuse(jo(), second, "wrong password").await;
        refuse(Subject::Server, second, "unknown name").await;
    }
    refuse(Subject::Administrator("mo".to_owned()), 62, "wrong password").await;
    let query = EventQuery { kinds: vec![EventKind::SignInRefused], limit: 10, ..EventQuery::default() };
    let counts: Vec<_> = store.events(query.clone()).await.unwrap().iter().map(|event| event.count).collect();
    assert_eq!(counts, [3, 6, 6]);
    assert_eq!(
        trail(&store, query.clone()).await,
        [
            "sign_in_refused mo - 192.0.2.7 wrong password",
            "sign_in_refused server - 192.0.2.7 unknown name",
            "sign_in_refused jo - 192.0.2.7 wrong password",
        ]
    );
    for n in 0..1_010 {
        refuse(jo(), 120 + 60 * n, "wrong password").await;
    }
    let all = EventQuery { limit: 5_000, ..query };
    assert_eq!(store.events(all.clone()).await.unwrap().len(), 1_002, "the newest of jo, and those of others");
    assert!(!store.forget_events(at(100_000), 5_000).await.unwrap());
    assert!(store.events(all).await.unwrap().is_empty());
    assert_eq!(trail(&store, EventQuery::default()).await.len(), 1, "what was done to administrators is kept");
}

pub(crate) async fn refusals_are_counted_and_the_newest_kept<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    store.edit(id(&key), rename("two"), actor("jo"), at(1)).await.unwrap();
    let refusals = |second: i64, network: Option<&str>, from: Option<&str>| {
        let (network, from) = (network.map(str::to_owned), from.map(str::to_owned));
        vec![Refusals {
            about: Subject::Key(id(&key).to_owned()),
            network,
            from,
            why: "wrong hash",
            at: at(second),
            count: 2,
        }]
    };
    let newest = async |n: usize| {
        let events = history(&store, id(&key), n).await;
        let event = events.into_iter().next().unwrap();
        (event.kind, event.from, event.detail, event.count)
    };
    let refused = |from: Option<&str>, count| {
        ("refused".to_owned(), from.map(str::to_owned), Some("wrong hash".to_owned()), count)
    };
    store
        .record(Recorded { refusals: refusals(60, Some("2001:db8::/64"), Some("2001:db8::1")), ..Recorded::default() })
        .await
        .unwrap();
    assert_eq!(newest(1).await, refused(Some("2001:db8::1"), 2));
    store
        .record(Recorded { refusals: refusals(70, Some("2001:db8::/64"), Some("2001:db8::1")), ..Recorded::default() })
        .await
        .unwrap();
    assert_eq!(newest(1).await, refused(Some("2001:db8::1"), 4));
    store
        .record(Recorded { refusals: refusals(70, Some("2001:db8::/64"), Some("2001:db8::2")), ..Recorded::default() })
        .await
        .unwrap();
    assert_eq!(newest(1).await, refused(Some("2001:db8::/64"), 6));
    store.record(Recorded { refusals: refusals(70, None, None), ..Recorded::default() }).await.unwrap();
    store.record(Recorded { refusals: refusals(70, None, None), ..Recorded::default() }).await.unwrap();
    assert_eq!(newest(1).await, refused(None, 4));
    let len = async || history(&store, id(&key), 5_000).await.len();
    assert_eq!(len().await, 4);
    for from in (0..1_100).step_by(100) {
        let more = (from..from + 100).flat_map(|n| refusals(120 + 60 * n, Some("192.0.2.1"), Some("192.0.2.1")));
        store.record(Recorded { refusals: more.collect(), ..Recorded::default() }).await.unwrap();
    }
    assert_eq!(len().await, 1_002, "and what jo did");
    let events = history(&store, id(&key), 5_000).await;
    assert_eq!((events[1_000].kind.as_str(), events[1_001].kind.as_str()), ("edited", "created"));
    assert_eq!(events[0].at, at(120 + 60 * 1_099));
}

pub(crate) async fn old_uses_are_forgotten_and_what_administrators_did_is_not<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    store.edit(id(&key), rename("two"), actor("jo"), at(1)).await.unwrap();
    let used = (2..12).map(|n| NewEvent::used(id(&key), None, at(n)));
    store.record(Recorded { events: used.collect(), ..Recorded::default() }).await.unwrap();
    let len = async || history(&store, id(&key), 100).await.len();
    assert!(!store.forget_events(at(2), 4).await.unwrap());
    assert_eq!(len().await, 12);
    assert!(store.forget_events(at(10), 4).await.unwrap(), "there are more");
    assert_eq!(len().await, 8);
    assert!(store.forget_events(at(10), 4).await.unwrap());
    assert!(!store.forget_events(at(10), 4).await.unwrap());
    let left = history(&store, id(&key), 100).await;
    let kinds: Vec<_> = left.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["used", "used", "edited", "created"]);
}
