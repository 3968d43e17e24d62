//! Lists: their order, pages, totals and searches.

use chrono::{DateTime, Utc};

use super::{Database, actor, at, conditions, create, id, insert, labels, rename, switch, whole};
use crate::domain::key::fields::{self, named};
use crate::domain::{AccessKey, Lifetimes, Order, Sort, Status, Texts, fold};
use crate::server::store::{
    Change, HourCount, KeyInsert, KeyPage, Keyset, PageQuery, Recorded, RotationInsert, Store, Use, hour,
};

/// Keys that have equal and different values in every column; gives what was created, in order of creation.
pub(super) async fn mixed(store: &Store) -> Vec<AccessKey> {
    const WORDS: [&str; 6] = ["alpha", "Beta", "ÄRGER", "ärger", "", "東京"];
    let mut keys = Vec::new();
    for n in 0..24_i64 {
        let mut new = KeyInsert { expires_at: (n % 5 == 0).then(|| at(100)), ..insert("") };
        new.actor = actor(["jo", "Mia", "mia", "jon"][usize::try_from(n % 4).unwrap()]);
        for (place, (field, _)) in fields::written().enumerate() {
            let word = usize::try_from(n).unwrap() * (2 * place + 1) / (place + 1) % WORDS.len();
            new.texts.set(field, WORDS[word]).unwrap();
        }
        let key = create(store, new, at(n)).await;
        if n % 4 == 0 {
            let reactivates_at = (n % 8 == 0).then(|| at(250 + n));
            let off = Change { reactivates_at, ..switch(true) };
            store.edit(id(&key), off, actor("jo"), at(30)).await.unwrap();
        }
        if n % 3 == 0 {
            let last = Use { at: at(40 + n % 2), from: "198.51.100.7".to_owned() };
            store.record(Recorded { uses: vec![(id(&key).to_owned(), last)], ..Recorded::default() }).await.unwrap();
        }
        if n % 5 < 2 {
            let (key, time) = (id(&key).to_owned(), at(50 + n));
            let address = "203.0.113.9".to_owned();
            let (used_at, refused_at) = (None, Some(time));
            let count = HourCount { key, hour: hour(time), address, uses: 0, refusals: 1, used_at, refused_at };
            store.record(Recorded { counts: vec![count], ..Recorded::default() }).await.unwrap();
        }
        keys.push(key);
    }
    let old = id(&keys[21]).to_owned();
    let rotation =
        RotationInsert { old, revision: None, ends_at: at(300), inherits_expiry: Some(Lifetimes::default()) };
    let new = KeyInsert { rotation: Some(rotation), texts: Texts::default(), ..insert("") };
    keys.push(create(store, new, at(50)).await);
    for key in &mut keys {
        *key = store.key(id(key), at(200)).await.unwrap().unwrap();
    }
    keys
}

/// Keys in the order of a list, of those in their order of creation.
pub(super) fn sorted(mut keys: Vec<AccessKey>, sort: Sort, order: Order) -> Vec<AccessKey> {
    match sort {
        Sort::CreatedAt => {}
        Sort::LastUsedAt => keys.sort_by_key(|key| key.last_used_at),
        Sort::Status => keys.sort_by_key(|key| Status::ALL.iter().position(|status| *status == key.status)),
        Sort::Id => keys.sort_by_key(|key| id(key).to_owned()),
        Sort::CreatedBy => keys.sort_by_key(|key| key.created_by.raw_for_api().to_owned()),
        Sort::ExpiresAt => keys.sort_by_key(|key| key.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        text => keys.sort_by_key(|key| fold(named(text.as_str()).unwrap().raw_text(key))),
    }
    if order == Order::Desc {
        keys.reverse();
    }
    keys
}

/// The labels of the keys that are found by `text`, sorted by label.
pub(super) async fn found(store: &Store, text: &str, now: DateTime<Utc>) -> Vec<String> {
    let mut request = whole(Sort::Label, Order::Asc);
    request.conditions = conditions(text, None);
    let page = store.list(request, now).await.unwrap();
    assert_eq!(page.total, Some(page.keys.len() as u64));
    labels(&page)
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
                request.conditions = conditions("", status);
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
                        store.delete(&gone, None, actor("jo"), at(200)).await.unwrap();
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
            assert_eq!(seen, left, "{sort:?} {order:?}: a key that didn't change is listed once and in order");
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

pub(crate) async fn a_page_is_read_around_a_key_of_the_list<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let keys = mixed(&store).await;
    let ids = |page: &KeyPage| page.keys.iter().map(|row| id(&row.key).to_owned()).collect::<Vec<_>>();
    for (sort, order, text, status) in Sort::ALL.into_iter().flat_map(|sort| {
        [(sort, Order::Asc, "", None), (sort, Order::Desc, "", Some(Status::Active)), (sort, Order::Desc, "a", None)]
    }) {
        let mut request = PageQuery { total: false, ..whole(sort, order) };
        request.conditions = conditions(text, status);
        let all = ids(&store.list(request.clone(), at(200)).await.unwrap());
        assert!(all.len() > 7, "{sort:?}");
        request.limit = 5;
        for (row, middle) in all.iter().enumerate() {
            let (page, start) = store.list_around(request.clone(), middle, at(200)).await.unwrap();
            let first = row.saturating_sub(2);
            let last = (first + 5).min(all.len());
            assert_eq!(ids(&page), all[first..last], "{sort:?} {order:?} {text:?} around {row}");
            assert_eq!((start.is_some(), page.more), (first > 0, last < all.len()));
            // It can be read again from where it begins.
            let again = PageQuery { after: start, ..request.clone() };
            assert_eq!(ids(&store.list(again, at(200)).await.unwrap()), ids(&page));
        }
        let missing = keys.iter().map(id).find(|id| !all.iter().any(|one| one == id)).unwrap_or("PK0");
        let (page, start) = store.list_around(request, missing, at(200)).await.unwrap();
        assert_eq!((ids(&page), start), (all[..5].to_vec(), None));
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
            request.conditions = conditions(text, status);
            let page = store.list(request.clone(), at(200)).await.unwrap();
            assert_eq!((page.total, page.more), (Some(total), total > 2), "{text:?} {status:?}");
            let page = store.list(PageQuery { total: false, ..request }, at(200)).await.unwrap();
            assert_eq!(page.total, None);
        }
    }
}

pub(crate) async fn the_most_frequent_owners_are_counted_however_they_are_spelled<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    assert_eq!(store.frequent_owners(3).await.unwrap(), Some(vec![]));
    for (n, owner) in ["Ops", "", "billing", "öps", "Zürich", "", "", "ÖPS", "zurich", "ci"].into_iter().enumerate()
    {
        let mut new = insert("");
        new.texts.set(named("owner").unwrap(), owner).unwrap();
        create(&store, new, at(i64::try_from(n).unwrap())).await;
    }
    let all: Vec<_> = told(&store, 10).await;
    assert_eq!(all, ["ÖPS 3", "zurich 2", "billing 1", "ci 1"]);
    for most in 1..4 {
        assert_eq!(told(&store, most).await, all[..most]);
    }
}

async fn told(store: &Store, most: usize) -> Vec<String> {
    let mut counted = None;
    while counted.is_none() {
        counted = store.frequent_owners(most).await.unwrap();
    }
    counted.unwrap().into_iter().map(|count| format!("{} {}", count.owner, count.keys)).collect()
}
