//! The suite that every engine passes: what [`Store`] promises.
//!
//! An engine implements [`Database`] in its tests, and has the whole suite with `contract!(ItsDatabase);`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Actor, AdminOutcome, Change, CreateOutcome, Digest, EventKind, EventQuery, ExpiryChange, FieldChange, Issued,
    KeyInsert, KeyPage, Keyset, NewEvent, NewSession, PageQuery, PasswordChange, Refusals, RevokeAll, SessionId, Store,
    StoredEvent, Subject, Use,
};
use crate::domain::key::fields::{self, named};
use crate::domain::{
    AccessKey, Filter, InForce, KeyFormat, KeyId, KeyQuery, Order, Role, Sort, Status, Texts, fold, words,
};
use crate::server::auth::username::Username;

/// A database of its own for each test.
pub(crate) trait Database {
    /// Creates an empty one.
    async fn create() -> Self;
    /// Opens it, as another process would.
    async fn open(&self) -> Store;
}

/// The suite, as tests.
macro_rules! contract {
    ($database:ty) => {
        $crate::server::store::contract::tests! { $database:
            a_key_is_created_edited_and_deleted
            an_edit_that_changes_nothing_is_no_event
            a_repeated_create_gives_the_same_key
            a_create_is_repeated_for_a_day_and_by_its_administrator
            every_list_is_sorted
            pages_stay_right_while_keys_change
            a_page_can_be_left_in_both_directions
            totals_are_exact_and_only_on_request
            a_search_finds_what_a_look_at_each_key_finds
            words_are_searched_in_all_texts_together
            the_status_follows_the_time_that_is_passed_in
            a_deactivation_starts_a_new_generation
            a_revocation_is_known_to_every_handle
            an_expiry_that_passed_revokes_for_good
            all_tokens_are_revoked_at_once
            the_latest_use_counts
            events_come_in_pages_in_both_orders
            what_is_edited_has_its_old_and_its_new_value
            the_trail_is_filtered
            what_is_done_to_administrators_is_in_the_trail
            refused_sign_ins_are_counted_by_name_and_forgotten
            refusals_are_counted_and_the_newest_kept
            old_uses_are_forgotten_and_what_administrators_did_is_not
            administrators_are_added_and_the_last_one_stays
            a_session_ends_by_time_and_by_hand
            a_session_needs_the_password_as_it_is_now
            a_new_password_needs_the_old_one_and_ends_the_other_sessions
            sessions_are_listed_and_ended_by_id
            sessions_are_revoked_at_once
            networks_are_known_after_a_sign_in
            every_handle_sees_every_change
            writers_at_the_same_time_lose_and_double_nothing
            a_dropped_call_is_done_or_not_and_blocks_nothing
        }
    };
}

macro_rules! tests {
    ($database:ty: $($test:ident)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                $crate::server::store::contract::$test::<$database>().await;
            }
        )*
    };
}

pub(crate) use {contract, tests};

/// The time of a test, in seconds after its start.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000 + seconds, 0).unwrap()
}

fn actor(name: &str) -> Actor {
    Actor { name: name.to_owned(), address: "192.0.2.1".to_owned() }
}

/// A key that nothing else has asked for.
fn insert(label: &str) -> KeyInsert {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 28];
    for (digit, byte) in random.iter_mut().take(18).enumerate() {
        // Scattered, so that the order of IDs is not that of creation.
        *byte = (n.wrapping_mul(0x9e37_79b9) >> (digit % 6 * 5)).to_le_bytes()[0] & 31;
    }
    KeyInsert {
        id: KeyId::from_random(&random, KeyFormat::Prefixed),
        texts: texts(label),
        expires_at: None,
        encrypted: n.to_be_bytes().to_vec(),
        actor: actor("jo"),
        idempotency_key: n.to_string(),
        fingerprint: [7; 32],
    }
}

async fn create(store: &Store, new: KeyInsert, now: DateTime<Utc>) -> AccessKey {
    match store.create(new, now).await.unwrap() {
        CreateOutcome::Fresh(key) => key,
        other => panic!("{other:?}"),
    }
}

fn texts(label: &str) -> Texts {
    let mut texts = Texts::default();
    texts.set(named("label").unwrap(), label).unwrap();
    texts
}

fn rename(label: &str) -> Change {
    Change { texts: texts(label), ..Change::default() }
}

fn switch(off: bool) -> Change {
    Change { switched_off: Some(off), ..Change::default() }
}

fn expire(end: Option<DateTime<Utc>>) -> Change {
    Change { expires_at: Some(end.map_or(ExpiryChange::Never, ExpiryChange::At)), ..Change::default() }
}

fn id(key: &AccessKey) -> &str {
    key.id.raw_for_api()
}

fn label(key: &AccessKey) -> String {
    key.label.raw_for_api().to_owned()
}

fn whole(sort: Sort, order: Order) -> PageQuery {
    let filter = Filter { text: String::new(), status: None };
    PageQuery { query: KeyQuery { sort, order, filter }, after: None, limit: 1000, total: true }
}

fn labels(page: &KeyPage) -> Vec<String> {
    page.keys.iter().map(|row| label(&row.key)).collect()
}

/// The newest events of a key.
async fn history(store: &Store, id: &str, limit: usize) -> Vec<StoredEvent> {
    store.events(EventQuery::of_key(id, limit)).await.unwrap()
}

/// The words of kinds, by and from of events.
async fn trail(store: &Store, query: EventQuery) -> Vec<String> {
    let events = store.events(EventQuery { limit: 100, ..query }).await.unwrap();
    let words = |event: &StoredEvent| {
        let about = match &event.about {
            Subject::Key(_) => "key",
            Subject::Administrator(name) => name,
            Subject::Server => "server",
        };
        let changes: Vec<_> = event.changes.iter().map(changed).collect();
        let said = [event.detail.clone().unwrap_or_default(), changes.join(" ")].join(" ");
        let (by, from) = (event.by.as_deref().unwrap_or("-"), event.from.as_deref().unwrap_or("-"));
        format!("{} {about} {by} {from} {}", event.kind, said.trim()).trim().to_owned()
    };
    events.iter().map(words).collect()
}

fn changed(change: &FieldChange) -> String {
    let value = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}:{}>{}", change.field, value(&change.old), value(&change.new))
}

/// The labels of the keys that are found by `text`, sorted by label.
async fn found(store: &Store, text: &str, now: DateTime<Utc>) -> Vec<String> {
    let mut request = whole(Sort::Label, Order::Asc);
    text.clone_into(&mut request.query.filter.text);
    let page = store.list(request, now).await.unwrap();
    assert_eq!(page.total, Some(page.keys.len() as u64));
    labels(&page)
}

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
    let edited = store.edit(id(&key), change, actor("mo"), at(2)).await.unwrap().unwrap();
    assert_eq!((label(&edited).as_str(), edited.status), ("restore", Status::Inactive));
    assert_eq!(edited.expires_at, Some(at(500)), "the rest is as it was");
    let edited = store.edit(id(&key), expire(None), actor("mo"), at(3)).await.unwrap().unwrap();
    assert_eq!(edited.expires_at, None);
    let edited = store.edit(id(&key), switch(false), actor("mo"), at(4)).await.unwrap().unwrap();
    assert_eq!(edited.status, Status::Active);

    assert!(store.delete(id(&key), actor("lin"), at(5)).await.unwrap());
    assert!(!store.delete(id(&key), actor("lin"), at(6)).await.unwrap());
    assert_eq!(store.key(id(&key), at(6)).await.unwrap(), None);
    assert_eq!(store.edit(id(&key), rename("x"), actor("mo"), at(6)).await.unwrap(), None);
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
        assert_eq!(store.edit(id(&key), change, actor("mo"), at(1)).await.unwrap().as_ref(), Some(&key));
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
    assert_eq!(store.create(again.clone(), at(1)).await.unwrap(), CreateOutcome::Replayed(key.clone()));
    let late = store.create(again.clone(), at(10)).await.unwrap();
    assert!(matches!(late, CreateOutcome::Replayed(late) if late.id == key.id && late.status == Status::Expired));
    let other = KeyInsert { fingerprint: [8; 32], ..again.clone() };
    assert_eq!(store.create(other, at(1)).await.unwrap(), CreateOutcome::Other);
    let past = KeyInsert { expires_at: Some(at(10)), ..insert("past") };
    assert_eq!(store.create(past.clone(), at(10)).await.unwrap(), CreateOutcome::Past);
    assert_eq!(store.key(past.id.raw_for_api(), at(10)).await.unwrap(), None);
    create(&store, past, at(9)).await; // a refused create is not remembered
    store.delete(id(&key), actor("jo"), at(11)).await.unwrap();
    assert_eq!(store.create(again, at(12)).await.unwrap(), CreateOutcome::Gone);
}

pub(crate) async fn a_create_is_repeated_for_a_day_and_by_its_administrator<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let new = insert("one");
    create(&store, new.clone(), at(0)).await;
    let again = || KeyInsert { id: insert("").id, ..new.clone() };
    create(&store, KeyInsert { actor: actor("mo"), ..again() }, at(1)).await;
    let day = TimeDelta::hours(24).num_seconds();
    assert!(matches!(store.create(again(), at(day)).await.unwrap(), CreateOutcome::Replayed(_)));
    create(&store, again(), at(day + 1)).await;
}

/// Keys that have equal and different values in every column; gives what was created, in order of creation.
async fn mixed(store: &Store) -> Vec<AccessKey> {
    const WORDS: [&str; 6] = ["alpha", "Beta", "ÄRGER", "ärger", "", "東京"];
    let mut keys = Vec::new();
    for n in 0..24_i64 {
        let mut new = KeyInsert { expires_at: (n % 5 == 0).then(|| at(100)), ..insert("") };
        for (place, (field, _)) in fields::written().enumerate() {
            let word = usize::try_from(n).unwrap() * (2 * place + 1) / (place + 1) % WORDS.len();
            new.texts.set(field, WORDS[word]).unwrap();
        }
        let key = create(store, new, at(n)).await;
        if n % 4 == 0 {
            store.edit(id(&key), switch(true), actor("jo"), at(30)).await.unwrap();
        }
        if n % 3 == 0 {
            let last = Use { at: at(40 + n % 2), from: "198.51.100.7".to_owned() };
            store.record(vec![(id(&key).to_owned(), last)], Vec::new(), Vec::new()).await.unwrap();
        }
        keys.push(store.key(id(&key), at(200)).await.unwrap().unwrap());
    }
    keys
}

/// Keys in the order of a list, of those in their order of creation.
fn sorted(mut keys: Vec<AccessKey>, sort: Sort, order: Order) -> Vec<AccessKey> {
    match sort {
        Sort::CreatedAt => {}
        Sort::LastUsedAt => keys.sort_by_key(|key| key.last_used_at),
        Sort::Status => keys.sort_by_key(|key| Status::ALL.iter().position(|status| *status == key.status)),
        Sort::Id => keys.sort_by_key(|key| id(key).to_owned()),
        text => keys.sort_by_key(|key| fold(named(text.as_str()).unwrap().raw_text(key))),
    }
    if order == Order::Desc {
        keys.reverse();
    }
    keys
}

pub(crate) async fn every_list_is_sorted<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = mixed(&store).await;
    for sort in Sort::ALL {
        for order in [Order::Asc, Order::Desc] {
            for status in [None, Some(Status::Active), Some(Status::Expired), Some(Status::Inactive)] {
                let expected: Vec<_> = sorted(keys.clone(), sort, order)
                    .into_iter()
                    .filter(|key| status.is_none_or(|status| key.status == status))
                    .collect();
                assert!(expected.len() > 1);
                let mut request = whole(sort, order);
                request.query.filter.status = status;
                request.limit = 5;
                let mut seen = Vec::new();
                loop {
                    let page = store.list(request.clone(), at(200)).await.unwrap();
                    assert_eq!(page.total, Some(expected.len() as u64));
                    assert!(page.keys.len() <= 5);
                    request.after = page.keys.last().map(|row| row.place.clone());
                    seen.extend(page.keys.into_iter().map(|row| row.key));
                    assert!(seen.len() <= expected.len(), "no key comes twice");
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{sort:?} {order:?} {status:?}");
            }
        }
    }
}

pub(crate) async fn pages_stay_right_while_keys_change<D: Database>() {
    for sort in Sort::ALL {
        for order in [Order::Asc, Order::Desc] {
            let database = D::create().await;
            let store = database.open().await;
            let mut left = mixed(&store).await;
            let (mut request, mut seen, mut round) = (PageQuery { limit: 4, ..whole(sort, order) }, Vec::new(), 0);
            loop {
                let page = store.list(request.clone(), at(200)).await.unwrap();
                request.after = page.keys.last().map(|row| row.place.clone());
                seen.extend(page.keys.iter().map(|row| id(&row.key).to_owned()));
                if !page.more {
                    break;
                }
                // One is created, the one at the cursor and another are deleted, and a third one is renamed.
                if round < 6 {
                    create(&store, insert("in between"), at(200)).await;
                    for gone in [seen.last().unwrap().clone(), id(&left[(round * 7) % left.len()]).to_owned()] {
                        store.delete(&gone, actor("jo"), at(200)).await.unwrap();
                        left.retain(|key| id(key) != gone);
                    }
                    let renamed = left.remove((round * 5) % left.len());
                    store.edit(id(&renamed), rename("zz"), actor("jo"), at(200)).await.unwrap();
                }
                round += 1;
            }
            assert!(round > 2);
            let left: Vec<_> = sorted(left, sort, order).iter().map(|key| id(key).to_owned()).collect();
            let seen: Vec<_> = seen.into_iter().filter(|id| left.contains(id)).collect();
            assert_eq!(seen, left, "{sort:?} {order:?}: whoever stays as it was is listed once and in order");
        }
    }
}

pub(crate) async fn a_page_can_be_left_in_both_directions<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    mixed(&store).await;
    for sort in Sort::ALL {
        let first = store.list(PageQuery { limit: 6, ..whole(sort, Order::Asc) }, at(200)).await.unwrap();
        let turn = |place: &Keyset, order| PageQuery { limit: 6, after: Some(place.clone()), ..whole(sort, order) };
        let second = store.list(turn(&first.keys[5].place, Order::Asc), at(200)).await.unwrap();
        let mut back = store.list(turn(&second.keys[0].place, Order::Desc), at(200)).await.unwrap();
        back.keys.reverse();
        let ids = |page: &KeyPage| page.keys.iter().map(|row| id(&row.key).to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(&back), ids(&first), "{sort:?}");
    }
}

pub(crate) async fn totals_are_exact_and_only_on_request<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = mixed(&store).await;
    for status in [None, Some(Status::Active), Some(Status::Expired), Some(Status::Inactive)] {
        for text in ["", "a", "är", "ärg", "nothing"] {
            let matches = |key: &&AccessKey| {
                status.is_none_or(|status| key.status == status)
                    && (fold(id(key)).contains(&fold(text))
                        || fields::written().any(|(field, _)| fold(field.raw_text(key)).contains(&fold(text))))
            };
            let total = keys.iter().filter(matches).count() as u64;
            let mut request = PageQuery { limit: 2, ..whole(Sort::Label, Order::Asc) };
            request.query.filter = Filter { text: text.to_owned(), status };
            let page = store.list(request.clone(), at(200)).await.unwrap();
            assert_eq!((page.total, page.more), (Some(total), total > 2), "{text:?} {status:?}");
            let page = store.list(PageQuery { total: false, ..request }, at(200)).await.unwrap();
            assert_eq!(page.total, None);
        }
    }
}

pub(crate) async fn a_search_finds_what_a_look_at_each_key_finds<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let texts =
        ["Grafana – Zürich", "ÜBERWACHUNG", "Straße", "İstanbul", "ΣΊΣΥΦΟΣ", "監視システム", "100% \"sure\" a_b*", ""];
    let mut keys = Vec::new();
    for text in texts {
        keys.push(create(&store, insert(text), at(0)).await);
    }
    let some_id = id(&keys[2]).to_owned();
    let needles = [
        "ZÜRICH",
        "überw",
        "straße",
        "STANBUL",
        "σίσυφος",
        "システム",
        "監",
        "0%",
        "\"sure\"",
        "_b*",
        " – ",
        "a",
        "ü",
        "PK",
        "pk",
        &some_id,
        &some_id[5..12],
        "%%",
        "a__",
        "OR",
        "grafana AND",
        "'; DROP TABLE keys; --",
        "( ) ^",
    ];
    for needle in needles {
        let mut expected: Vec<_> = keys
            .iter()
            .filter(|key| words(needle).all(|word| fold(&label(key)).contains(&word) || fold(id(key)).contains(&word)))
            .map(label)
            .collect();
        expected.sort_by_key(|label| fold(label));
        assert_eq!(found(&store, needle, at(1)).await, expected, "{needle:?}");
    }
    store.edit(id(&keys[0]), rename("Prometheus"), actor("jo"), at(2)).await.unwrap();
    store.delete(id(&keys[1]), actor("jo"), at(2)).await.unwrap();
    assert_eq!(found(&store, "grafana", at(3)).await, [""; 0]);
    assert_eq!(found(&store, "METHEUS", at(3)).await, ["Prometheus"]);
    assert_eq!(found(&store, "wach", at(3)).await, [""; 0]);
}

pub(crate) async fn words_are_searched_in_all_texts_together<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let with = |label: &str, owner: &str, note: &str| {
        let mut new = insert(label);
        for (name, text) in [("owner", owner), ("note", note)] {
            new.texts.set(named(name).unwrap(), text).unwrap();
        }
        new
    };
    create(&store, with("Backup Zürich – prod", "ops", "Büro"), at(0)).await;
    create(&store, with("Zu\u{308}rich backup", "Bu\u{308}ro", ""), at(0)).await;
    create(&store, with("backup Berlin", "ops", ""), at(0)).await;
    let two = ["Backup Zürich – prod", "Zu\u{308}rich backup"];
    for needle in ["backup zurich", "ZURICH  BACKUP", "büro zu", "bu\u{308}ro", "ｚｕｒ up", "zürich"] {
        let mut found = found(&store, needle, at(1)).await;
        found.sort();
        assert_eq!(found, two, "{needle:?}");
    }
    assert_eq!(found(&store, "ops zurich", at(1)).await, [two[0]]);
    assert_eq!(found(&store, "- prod", at(1)).await, [two[0]]);
    assert_eq!(found(&store, "backup zurich berlin", at(1)).await, [""; 0]);
    assert_eq!(found(&store, " \u{a0} ", at(1)).await.len(), 3, "no word");
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
        request.query.filter.status = Some(status);
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
    let longer = store.edit(id(&ends), expire(Some(at(2000))), actor("jo"), at(1000)).await.unwrap().unwrap();
    assert_eq!(longer.status, Status::Active);
    assert_eq!(with(Status::Active, at(1000)).await, ["ends", "stays"]);
}

pub(crate) async fn a_deactivation_starts_a_new_generation<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let new = KeyInsert { expires_at: Some(at(500)), ..insert("one") };
    let key = create(&store, new.clone(), at(0)).await;
    let generation = async || store.credential(id(&key), at(9)).await.unwrap().unwrap().generation;
    let first = generation().await;
    store.edit(id(&key), rename("two"), actor("jo"), at(1)).await.unwrap();
    assert_eq!(generation().await, first);
    store.edit(id(&key), switch(true), actor("jo"), at(2)).await.unwrap();
    let second = generation().await;
    assert!(second > first);
    store.edit(id(&key), switch(false), actor("jo"), at(3)).await.unwrap();
    assert_eq!(generation().await, second, "what was revoked stays revoked");

    let credential = store.credential(id(&key), at(9)).await.unwrap().unwrap();
    assert_eq!((credential.encrypted, credential.expires_at), (new.encrypted, Some(at(500))));
    for unknown in ["", "A", "PK", "PK------------------", "zzzz", &id(&key)[..19], &format!("{}0", id(&key))] {
        assert!(store.credential(unknown, at(9)).await.unwrap().is_none(), "{unknown:?}");
    }
    store.delete(id(&key), actor("jo"), at(10)).await.unwrap();
    assert!(store.credential(id(&key), at(10)).await.unwrap().is_none());
}

/// A token that is issued now.
async fn issue(store: &Store, id: &str, now: DateTime<Utc>) -> (i64, i64) {
    let generation = store.credential(id, now).await.unwrap().unwrap().generation;
    (generation, store.token_generation().unwrap())
}

/// Waits until what was revoked is revoked everywhere: by all servers, and at once.
async fn in_force(store: &Store) {
    let InForce { silent, .. } = store.in_force().await.unwrap();
    assert_eq!(silent, 0);
}

/// Whether the token is revoked, of which every handle must say the same.
fn revoked(handles: &[&Store], id: &str, (generation, of_all): (i64, i64), now: DateTime<Utc>) -> bool {
    let each: Vec<bool> =
        handles.iter().map(|store| store.is_revoked(Issued { key: id, generation, of_all }, now).unwrap()).collect();
    assert!(each.iter().all(|one| *one == each[0]), "{each:?}");
    each[0]
}

pub(crate) async fn a_revocation_is_known_to_every_handle<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    let (key, kept) = (create(&one, insert("one"), at(0)).await, create(&one, insert("two"), at(0)).await);
    let handles = [&one, &other];
    let (before, of_kept) = (issue(&one, id(&key), at(1)).await, issue(&one, id(&kept), at(1)).await);
    assert!(!revoked(&handles, id(&key), before, at(1)));

    one.edit(id(&key), rename("other"), actor("mo"), at(2)).await.unwrap();
    in_force(&one).await;
    assert!(!revoked(&handles, id(&key), before, at(2)), "another label revokes nothing");
    one.edit(id(&key), switch(true), actor("mo"), at(3)).await.unwrap();
    in_force(&one).await;
    assert!(revoked(&handles, id(&key), before, at(3)));
    other.edit(id(&key), switch(false), actor("mo"), at(4)).await.unwrap();
    in_force(&other).await;
    assert!(revoked(&handles, id(&key), before, at(4)), "what was revoked stays revoked");
    let again = issue(&other, id(&key), at(5)).await;
    assert!(!revoked(&handles, id(&key), again, at(5)));

    other.edit(id(&key), expire(Some(at(100))), actor("mo"), at(6)).await.unwrap();
    in_force(&other).await;
    assert!(!revoked(&handles, id(&key), again, at(99)) && revoked(&handles, id(&key), again, at(100)));
    other.edit(id(&key), expire(None), actor("mo"), at(7)).await.unwrap();
    in_force(&other).await;
    assert!(!revoked(&handles, id(&key), again, at(100)));

    assert!(one.delete(id(&key), actor("mo"), at(8)).await.unwrap());
    in_force(&one).await;
    assert!(revoked(&handles, id(&key), again, at(8)));
    assert!(!revoked(&handles, id(&kept), of_kept, at(8)));
    let late = database.open().await;
    assert!(revoked(&[&one, &late], id(&key), again, at(8)), "who starts later knows it too");
    for store in handles {
        store.forget_revocations(Utc::now()).await.unwrap();
    }
    assert!(revoked(&[&one, &other, &late], id(&key), again, at(8)), "what is new is not forgotten");
}

pub(crate) async fn an_expiry_that_passed_revokes_for_good<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    let before = issue(&store, id(&key), at(1)).await;
    store.edit(id(&key), expire(Some(at(10))), actor("mo"), at(2)).await.unwrap();
    in_force(&store).await;
    assert!(revoked(&[&store], id(&key), before, at(20)));
    store.edit(id(&key), expire(None), actor("mo"), at(20)).await.unwrap();
    in_force(&store).await;
    assert!(revoked(&[&store], id(&key), before, at(21)), "tokens from before do not come back");
    let after = issue(&store, id(&key), at(21)).await;
    assert!(!revoked(&[&store], id(&key), after, at(21)));
}

pub(crate) async fn all_tokens_are_revoked_at_once<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    let key = create(&one, insert("one"), at(0)).await;
    let mut before = issue(&one, id(&key), at(1)).await;
    for seconds in [2, 2, 1] {
        let what = RevokeAll { tokens: true, sessions: false };
        assert_eq!(one.revoke(what, actor("jo"), at(seconds)).await.unwrap(), 0);
        in_force(&one).await;
        assert!(revoked(&[&one, &other], id(&key), before, at(3)), "also at the same time, and with a clock set back");
        before = issue(&other, id(&key), at(3)).await;
        assert!(!revoked(&[&one, &other], id(&key), before, at(3)));
    }
}

pub(crate) async fn the_latest_use_counts<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert("one"), at(0)).await;
    let used = |seconds, from: &str| vec![(id(&key).to_owned(), Use { at: at(seconds), from: from.to_owned() })];
    let event = NewEvent::used(id(&key), Some("192.0.2.9"), at(5));
    store.record(used(20, "late"), vec![event], Vec::new()).await.unwrap();
    store.record(used(10, "early"), Vec::new(), Vec::new()).await.unwrap(); // by a server that is slower
    let shown = store.key(id(&key), at(30)).await.unwrap().unwrap();
    assert_eq!(shown.last_used_at, Some(at(20)));
    assert_eq!(shown.last_used_from.unwrap().raw_for_api(), "late");
    store.record(used(400 * 86_400, "a clock that is ahead"), Vec::new(), Vec::new()).await.unwrap();
    store.record(used(25, "in time"), Vec::new(), Vec::new()).await.unwrap();
    assert_eq!(store.key(id(&key), at(30)).await.unwrap().unwrap().last_used_at, Some(at(25)));
    let events = history(&store, id(&key), 1).await;
    assert_eq!((events[0].kind.as_str(), events[0].detail.as_deref(), events[0].count), ("used", None, 1));
    assert_eq!((events[0].at, events[0].by.as_deref(), events[0].from.as_deref()), (at(5), None, Some("192.0.2.9")));
    let unknown = vec![("PK------------------".to_owned(), Use { at: at(30), from: "x".to_owned() })];
    store.record(unknown, Vec::new(), Vec::new()).await.unwrap();
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
    store.record(Vec::new(), Vec::new(), refusals(60, Some("2001:db8::/64"), Some("2001:db8::1"))).await.unwrap();
    assert_eq!(newest(1).await, refused(Some("2001:db8::1"), 2));
    store.record(Vec::new(), Vec::new(), refusals(70, Some("2001:db8::/64"), Some("2001:db8::1"))).await.unwrap();
    assert_eq!(newest(1).await, refused(Some("2001:db8::1"), 4));
    store.record(Vec::new(), Vec::new(), refusals(70, Some("2001:db8::/64"), Some("2001:db8::2"))).await.unwrap();
    assert_eq!(newest(1).await, refused(Some("2001:db8::/64"), 6));
    store.record(Vec::new(), Vec::new(), refusals(70, None, None)).await.unwrap();
    store.record(Vec::new(), Vec::new(), refusals(70, None, None)).await.unwrap();
    assert_eq!(newest(1).await, refused(None, 4));
    let len = async || history(&store, id(&key), 5_000).await.len();
    assert_eq!(len().await, 4);
    for from in (0..1_100).step_by(100) {
        let more = (from..from + 100).flat_map(|n| refusals(120 + 60 * n, Some("192.0.2.1"), Some("192.0.2.1")));
        store.record(Vec::new(), Vec::new(), more.collect()).await.unwrap();
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
    store.record(Vec::new(), used.collect(), Vec::new()).await.unwrap();
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
    store.delete(id(&key), actor("lin"), at(6)).await.unwrap();
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

pub(crate) async fn the_trail_is_filtered<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = [create(&store, insert(""), at(10)).await, create(&store, insert(""), at(20)).await];
    store.add_administrator(&username("mo"), Role::Auditor, "hash", actor("root"), at(30)).await.unwrap();
    store.delete(id(&keys[0]), actor("mo"), at(40)).await.unwrap();
    store.record(Vec::new(), vec![NewEvent::used(id(&keys[1]), None, at(15))], Vec::new()).await.unwrap();
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
        store.record(Vec::new(), Vec::new(), vec![refusals]).await.unwrap();
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

fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

pub(crate) async fn administrators_are_added_and_the_last_one_stays<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    for (name, role) in [("mo", Role::Administrator), ("jo", Role::Superuser), ("au", Role::Auditor)] {
        assert!(store.add_administrator(&username(name), role, "hash", actor("root"), at(1)).await.unwrap());
        assert!(
            !store.add_administrator(&username(name), Role::Superuser, "other", actor("root"), at(2)).await.unwrap()
        );
    }
    let all = store.administrators().await.unwrap();
    let shown: Vec<_> = all.iter().map(|one| (one.username.as_str(), one.role, one.last_sign_in_at)).collect();
    assert_eq!(shown, [("au", Role::Auditor, None), ("jo", Role::Superuser, None), ("mo", Role::Administrator, None)]);
    assert!(all.iter().all(|one| one.created_at == at(1)));

    let remove = async |name: &str, even_last| {
        store.remove_administrator(&username(name), even_last, actor("root"), at(3)).await.unwrap()
    };
    let role = async |name: &str, role, even_last| {
        store.set_role(&username(name), role, even_last, actor("root"), at(3)).await.unwrap()
    };
    assert_eq!(remove("nobody", false).await, AdminOutcome::Unknown);
    assert_eq!(remove("jo", false).await, AdminOutcome::Last(Role::Superuser), "no one could manage administrators");
    assert_eq!(role("jo", Role::Administrator, false).await, AdminOutcome::Last(Role::Superuser));
    assert_eq!(role("jo", Role::Administrator, true).await, AdminOutcome::Done);
    assert_eq!(remove("jo", false).await, AdminOutcome::Done);
    assert_eq!(remove("mo", false).await, AdminOutcome::Last(Role::Administrator), "an auditor may not manage keys");
    assert_eq!(role("mo", Role::Auditor, false).await, AdminOutcome::Last(Role::Administrator));
    assert_eq!(role("mo", Role::Superuser, false).await, AdminOutcome::Done);
    assert_eq!(remove("mo", false).await, AdminOutcome::Last(Role::Administrator));
    assert_eq!(remove("au", false).await, AdminOutcome::Done);
    assert_eq!(remove("mo", true).await, AdminOutcome::Done);
    assert!(store.administrators().await.unwrap().is_empty());
}

fn password(name: &str, old: Option<&str>, keep: Option<Digest>) -> PasswordChange {
    let (password, old) = ("new hash".to_owned(), old.map(str::to_owned));
    PasswordChange { username: username(name), password, old, keep }
}

fn session(digest: u8, name: &str) -> NewSession {
    NewSession {
        digest: [digest; 32],
        username: name.to_owned(),
        password: "hash".to_owned(),
        source: "192.0.2.1".to_owned(),
        network: "192.0.2.1".to_owned(),
    }
}

pub(crate) async fn a_session_ends_by_time_and_by_hand<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    store.add_administrator(&username("jo"), Role::Auditor, "hash", actor("root"), at(0)).await.unwrap();
    let (hour, one): (i64, Digest) = (3600, [1; 32]);
    let is_there = async |digest, now| store.session(digest, now).await.unwrap().is_some();
    assert!(!is_there(one, at(0)).await);
    assert_eq!(store.begin_session(session(1, "jo"), at(0)).await.unwrap(), Some(Role::Auditor));
    assert_eq!(store.administrators().await.unwrap()[0].last_sign_in_at, Some(at(0)));
    let known = store.session(one, at(59)).await.unwrap().unwrap();
    assert_eq!((known.username.as_str(), known.role), ("jo", Role::Auditor));
    assert!(!known.is_unseen(at(59)) && known.is_unseen(at(60)));

    assert!(
        is_there(one, at(hour - 1)).await && !is_there(one, at(hour)).await,
        "it ends after an hour without a call"
    );
    for n in 1..8 {
        store.see_session(one, at(n * hour - 1)).await.unwrap();
        assert!(is_there(one, at(n * hour)).await);
    }
    store.see_session(one, at(8 * hour - 2)).await.unwrap();
    store.see_session(one, at(7 * hour)).await.unwrap(); // by a server that is slower
    assert!(
        is_there(one, at(8 * hour - 1)).await && !is_there(one, at(8 * hour)).await,
        "and after eight at the latest"
    );

    store.begin_session(session(2, "jo"), at(10 * hour)).await.unwrap();
    store.begin_session(session(3, "jo"), at(10 * hour)).await.unwrap();
    store.end_session([2; 32], actor("jo"), at(10 * hour)).await.unwrap();
    assert!(!is_there([2; 32], at(10 * hour)).await && is_there([3; 32], at(10 * hour)).await);
    for n in 4..104 {
        store.begin_session(session(n, "jo"), at(10 * hour + i64::from(n))).await.unwrap();
    }
    assert!(!is_there([3; 32], at(10 * hour + 200)).await, "the oldest gives way to the hundredth");
    assert!(is_there([4; 32], at(10 * hour + 200)).await && is_there([103; 32], at(10 * hour + 200)).await);

    store.begin_session(session(200, "jo"), at(400 * 24 * hour)).await.unwrap();
    assert!(is_there([200; 32], at(400 * 24 * hour - 60)).await, "clocks of servers differ");
    assert!(!is_there([200; 32], at(400 * 24 * hour - 61)).await, "a clock that was ahead gives no longer session");
    store.begin_session(session(201, "jo"), at(11 * hour)).await.unwrap();
    assert!(!is_there([200; 32], at(400 * 24 * hour)).await, "and it is gone with the next sign-in");
}

pub(crate) async fn a_session_needs_the_password_as_it_is_now<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    assert_eq!(store.begin_session(session(1, "jo"), at(0)).await.unwrap(), None);
    for name in ["jo", "mo"] {
        store.add_administrator(&username(name), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    }
    for (digest, name) in [(1, "jo"), (2, "jo"), (3, "mo")] {
        assert!(store.begin_session(session(digest, name), at(0)).await.unwrap().is_some());
    }
    assert!(store.set_password(password("jo", None, None), actor("root"), at(0)).await.unwrap());
    assert!(!store.set_password(password("nobody", None, None), actor("root"), at(0)).await.unwrap());
    let last = async |digest: u8| store.session([digest; 32], at(1)).await.unwrap().is_some();
    assert_eq!((last(1).await, last(2).await, last(3).await), (false, false, true));
    assert_eq!(store.begin_session(session(4, "jo"), at(1)).await.unwrap(), None);
    let new = NewSession { password: "new hash".to_owned(), ..session(4, "jo") };
    assert_eq!(store.begin_session(new, at(1)).await.unwrap(), Some(Role::Superuser));

    store.remove_administrator(&username("jo"), false, actor("root"), at(2)).await.unwrap();
    store.add_administrator(&username("jo"), Role::Superuser, "new hash", actor("root"), at(2)).await.unwrap();
    assert!(!last(4).await, "a new administrator of the same name does not bring it back");
}

pub(crate) async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    store.add_administrator(&username("jo"), Role::Auditor, "hash", actor("root"), at(0)).await.unwrap();
    for digest in [1, 2, 3] {
        store.begin_session(session(digest, "jo"), at(0)).await.unwrap();
    }
    let set = async |old: &str| {
        let change = password("jo", Some(old), Some([2; 32]));
        store.set_password(change, actor("jo"), at(1)).await.unwrap()
    };
    let is_there = async |digest: u8| store.session([digest; 32], at(2)).await.unwrap().is_some();
    assert!(!set("another hash").await);
    assert!(is_there(1).await, "nothing has changed");
    assert!(set("hash").await);
    assert_eq!((is_there(1).await, is_there(2).await, is_there(3).await), (false, true, false));
    assert!(!set("hash").await, "it is no longer the old one");
    assert_eq!(store.account("jo", "").await.unwrap().password.as_deref(), Some("new hash"));
}

pub(crate) async fn sessions_are_listed_and_ended_by_id<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    for name in ["jo", "mo"] {
        store.add_administrator(&username(name), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    }
    for (digest, name) in [(1, "jo"), (2, "mo"), (3, "jo")] {
        store.begin_session(session(digest, name), at(i64::from(digest))).await.unwrap();
    }
    let listed = async |name: Option<&str>, now| {
        let rows = store.sessions(name, now).await.unwrap();
        rows.iter().map(|row| format!("{} {}", row.username, row.id.to_text())).collect::<Vec<_>>()
    };
    let all = ["jo 0303030303030303", "mo 0202020202020202", "jo 0101010101010101"];
    assert_eq!(listed(None, at(9)).await, all);
    assert_eq!(listed(Some("jo"), at(9)).await, [all[0], all[2]]);
    let row = store.sessions(Some("mo"), at(9)).await.unwrap().remove(0);
    assert_eq!((row.role, row.created_at, row.last_seen_at), (Role::Superuser, at(2), at(2)));
    assert_eq!((row.source.as_str(), row.ends_at()), ("192.0.2.1", at(2 + 3600)));
    assert_eq!(listed(None, at(3602)).await, [all[0]], "those that have ended are not listed");

    let end = async |id: &str, name: Option<&str>| {
        store.end_session_by_id(SessionId::parse(id).unwrap(), name, actor("jo"), at(10)).await.unwrap()
    };
    assert_eq!(end("0202020202020202", Some("jo")).await, None, "it is another's");
    assert_eq!(end("0909090909090909", None).await, None);
    assert_eq!(listed(None, at(10)).await.len(), 3);
    assert_eq!(end("0202020202020202", None).await.as_deref(), Some("mo"));
    assert_eq!(end("0101010101010101", Some("jo")).await.as_deref(), Some("jo"));
    assert_eq!(listed(None, at(10)).await, [all[0]]);
    assert!(store.session([2; 32], at(10)).await.unwrap().is_none());
    let ended = EventQuery { kinds: vec![EventKind::SessionEnded], ..EventQuery::default() };
    assert_eq!(
        trail(&store, ended).await,
        ["session_ended jo jo 192.0.2.1 0101010101010101", "session_ended mo jo 192.0.2.1 0202020202020202"]
    );
}

pub(crate) async fn sessions_are_revoked_at_once<D: Database>() {
    let database = D::create().await;
    let (store, other) = (database.open().await, database.open().await);
    store.add_administrator(&username("jo"), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    for digest in [1, 2] {
        store.begin_session(session(digest, "jo"), at(0)).await.unwrap();
    }
    let revoke = async |tokens, sessions| {
        let ended = store.revoke(RevokeAll { tokens, sessions }, actor("jo"), at(2)).await.unwrap();
        in_force(&store).await;
        ended
    };
    let of_all = other.token_generation().unwrap();
    assert_eq!(revoke(true, false).await, 0);
    assert!(other.session([1; 32], at(2)).await.unwrap().is_some());
    assert!(other.token_generation().unwrap() > of_all);
    assert_eq!(revoke(true, true).await, 2);
    assert!(other.session([1; 32], at(2)).await.unwrap().is_none());
    let of_all = other.token_generation().unwrap();
    assert_eq!(revoke(false, true).await, 0);
    assert_eq!(other.token_generation().unwrap(), of_all);
    let kinds = vec![EventKind::TokensRevoked, EventKind::SessionsRevoked];
    assert_eq!(
        trail(&store, EventQuery { kinds, ..EventQuery::default() }).await,
        [
            "sessions_revoked server jo 192.0.2.1",
            "sessions_revoked server jo 192.0.2.1",
            "tokens_revoked server jo 192.0.2.1",
            "tokens_revoked server jo 192.0.2.1",
        ]
    );
}

pub(crate) async fn networks_are_known_after_a_sign_in<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    for name in ["jo", "mo"] {
        store.add_administrator(&username(name), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    }
    let account = async |name: &str, network: &str| {
        let account = store.account(name, network).await.unwrap();
        (account.password, account.is_known_network)
    };
    let hash = || Some("hash".to_owned());
    assert_eq!(account("nobody", "192.0.2.1").await, (None, false));
    assert_eq!(account("jo", "192.0.2.1").await, (hash(), false));
    store.begin_session(session(1, "jo"), at(0)).await.unwrap();
    assert_eq!(account("jo", "192.0.2.1").await, (hash(), true));
    assert_eq!(account("jo", "192.0.2.2").await, (hash(), false));
    assert_eq!(account("mo", "192.0.2.1").await, (hash(), false));
    let elsewhere = |n: u8| NewSession { network: format!("198.51.100.{n}"), ..session(n, "jo") };
    for n in 2..51 {
        store.begin_session(elsewhere(n), at(i64::from(n))).await.unwrap();
    }
    assert!(account("jo", "192.0.2.1").await.1);
    store.begin_session(elsewhere(51), at(51)).await.unwrap();
    assert!(!account("jo", "192.0.2.1").await.1, "the fifty-first network replaces the oldest");
    store.begin_session(session(52, "jo"), at(51 + TimeDelta::days(90).num_seconds())).await.unwrap();
    assert!(!account("jo", "198.51.100.51").await.1, "and each is forgotten after 90 days");
    store.begin_session(elsewhere(53), at(400 * 86_400)).await.unwrap();
    store.begin_session(session(54, "jo"), at(52 + TimeDelta::days(90).num_seconds())).await.unwrap();
    assert!(!account("jo", "198.51.100.53").await.1, "as is one that a wrong clock stored");
    assert!(account("jo", "192.0.2.1").await.1);
}

pub(crate) async fn every_handle_sees_every_change<D: Database>() {
    let database = D::create().await;
    let (one, two) = (database.open().await, database.open().await);
    let new = insert("one");
    let key = create(&one, new.clone(), at(0)).await;
    assert_eq!(two.key(id(&key), at(0)).await.unwrap().as_ref(), Some(&key));
    assert_eq!(two.create(new, at(1)).await.unwrap(), CreateOutcome::Replayed(key.clone()));
    one.add_administrator(&username("jo"), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    two.begin_session(session(1, "jo"), at(0)).await.unwrap();
    assert!(one.session([1; 32], at(0)).await.unwrap().is_some());
    two.edit(id(&key), switch(true), actor("jo"), at(2)).await.unwrap();
    assert_eq!(one.credential(id(&key), at(2)).await.unwrap().unwrap().status, Status::Inactive);
    two.delete(id(&key), actor("jo"), at(3)).await.unwrap();
    assert!(one.credential(id(&key), at(3)).await.unwrap().is_none());
    drop((one, two));
    assert_eq!(database.open().await.administrators().await.unwrap().len(), 1);
}

pub(crate) async fn writers_at_the_same_time_lose_and_double_nothing<D: Database>() {
    let database = D::create().await;
    let (one, two) = (database.open().await, database.open().await);
    let same = insert("same");
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..12_i64 {
        let store = if n % 2 == 0 { one.clone() } else { two.clone() };
        let (mine, same) = (insert("mine"), KeyInsert { id: insert("").id, ..same.clone() });
        writers.spawn(async move {
            let mine = create(&store, mine, at(0)).await;
            store.edit(id(&mine), switch(true), actor("jo"), at(1)).await.unwrap();
            store.create(same, at(0)).await.unwrap()
        });
    }
    let (mut fresh, mut ids) = (0, Vec::new());
    while let Some(outcome) = writers.join_next().await {
        match outcome.unwrap() {
            CreateOutcome::Fresh(key) => {
                fresh += 1;
                ids.push(key.id);
            }
            CreateOutcome::Replayed(key) => ids.push(key.id),
            other => panic!("{other:?}"),
        }
    }
    ids.dedup();
    assert_eq!((fresh, ids.len()), (1, 1), "one key was created, and everyone was told of it");
    let page = one.list(whole(Sort::CreatedAt, Order::Asc), at(2)).await.unwrap();
    assert_eq!((page.keys.len(), page.total), (13, Some(13)));
    assert_eq!(page.keys.iter().filter(|row| row.key.status == Status::Inactive).count(), 12);
}

pub(crate) async fn a_dropped_call_is_done_or_not_and_blocks_nothing<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    mixed(&store).await;
    let mut dropped = Vec::new();
    for _ in 0..100 {
        let mut request = whole(Sort::Label, Order::Asc);
        "no key has this".clone_into(&mut request.query.filter.text);
        let new = insert("dropped");
        dropped.push(new.id.clone());
        tokio::select! {
            biased;
            _ = store.list(request, at(200)) => {}
            _ = store.create(new, at(200)) => {}
            () = std::future::ready(()) => {}
        }
    }
    let patience = Duration::from_secs(60);
    let last = tokio::time::timeout(patience, create(&store, insert("last"), at(201))).await.unwrap();
    assert_eq!(store.key(id(&last), at(201)).await.unwrap().as_ref(), Some(&last));
    let page = store.list(whole(Sort::CreatedAt, Order::Asc), at(201)).await.unwrap();
    assert_eq!(page.total, Some(page.keys.len() as u64));
    for id in dropped {
        // An abandoned create may still complete; a key that exists is complete.
        if store.key(id.raw_for_api(), at(201)).await.unwrap().is_some() {
            assert!(history(&store, id.raw_for_api(), 9).await.len() == 1);
            assert!(store.credential(id.raw_for_api(), at(201)).await.unwrap().is_some());
            assert!(found(&store, id.raw_for_api(), at(201)).await.len() == 1);
        }
    }
}
