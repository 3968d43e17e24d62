//! Counts of uses and refusals, and of access tokens.

use chrono::{DateTime, Utc};

use super::{Database, at, create, id, insert, switch};
use crate::domain::UsageSpan;
use crate::server::store::{
    ChangeOutcome, HourCount, IssuedTokens, Recorded, Store, StoredUsage, UsageQuery, hour, minute,
};

/// An hour of these tests: their start is in the middle of one.
const HOUR: i64 = 3600;

fn count(key: &str, second: i64, address: &str, uses: u64, refusals: u64) -> HourCount {
    let time = at(second);
    let (used_at, refused_at) = ((uses > 0).then_some(time), (refusals > 0).then_some(time));
    HourCount {
        key: key.to_owned(),
        hour: hour(time),
        address: address.to_owned(),
        uses,
        refusals,
        used_at,
        refused_at,
    }
}

async fn record(store: &Store, counts: Vec<HourCount>) {
    store.record(Recorded { counts, ..Recorded::default() }).await.unwrap();
}

async fn usage(store: &Store, key: &str, first: DateTime<Utc>, span: UsageSpan) -> StoredUsage {
    let first = hour(first).div_euclid(span.hours()) * span.hours();
    store.usage(UsageQuery { key: key.to_owned(), first, span, issued_after: at(0) }).await.unwrap()
}

fn counts(usage: &StoredUsage) -> Vec<(i64, u64, u64)> {
    let in_hours = |at: DateTime<Utc>| hour(at) - hour(super::at(0));
    usage.counts.iter().map(|count| (in_hours(count.at), count.uses, count.refusals)).collect()
}

fn addresses(usage: &StoredUsage) -> Vec<(String, u64, u64)> {
    usage.addresses.iter().map(|one| (one.address.raw_for_api().to_owned(), one.uses, one.refusals)).collect()
}

pub(crate) async fn the_uses_of_many_keys_are_given_by_the_day<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let day = 24 * HOUR;
    let all = vec![
        count("one", 0, "a", 2, 1),
        count("one", 0, "b", 3, 0),
        count("one", -2 * day, "a", 7, 0),
        count("one", -3 * day, "a", 100, 0),
        count("two", -day, "a", 0, 9),
        count("two", -day, "b", 1, 0),
    ];
    record(&store, all).await;
    let ids = ["two", "none", "one"].map(str::to_owned).to_vec();
    let uses = store.daily_uses(ids, at(0), 3).await.unwrap();
    assert_eq!(uses, [[0, 1, 0], [0, 0, 0], [7, 0, 5]].map(Box::from));
    assert_eq!(store.daily_uses(Vec::new(), at(0), 3).await.unwrap(), []);
}

pub(crate) async fn uses_and_refusals_are_added_up_by_the_hour<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    record(&store, vec![count("one", 0, "a", 2, 1), count("one", 0, "b", 0, 5), count("two", 0, "a", 100, 0)]).await;
    record(&store, vec![count("one", 60, "a", 3, 0), count("one", HOUR, "a", 7, 0)]).await;
    let all = usage(&store, "one", at(0), UsageSpan::Hour).await;
    assert_eq!(counts(&all), [(0, 5, 6), (1, 7, 0)]);
    assert_eq!(addresses(&all), [("a".to_owned(), 12, 1), ("b".to_owned(), 0, 5)]);
    assert_eq!((all.addresses[0].used_at, all.addresses[0].refused_at), (Some(at(HOUR)), Some(at(0))));
    assert_eq!((all.address_count, all.has_more_addresses), (1, false), "b was only refused");
    assert_eq!(counts(&usage(&store, "one", at(HOUR), UsageSpan::Hour).await), [(1, 7, 0)]);
    let days = usage(&store, "one", at(0), UsageSpan::Day).await;
    assert_eq!(days.counts.iter().map(|count| (count.uses, count.refusals)).collect::<Vec<_>>(), [(12, 6)]);
    assert_eq!(days.counts[0].at.timestamp() % (24 * HOUR), 0);
    assert_eq!(usage(&store, "three", at(0), UsageSpan::Hour).await, StoredUsage::default());
}

pub(crate) async fn many_addresses_take_few_rows<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    for n in 0..40 {
        record(&store, vec![count("one", 0, &format!("192.0.2.{n}"), 1, 1), count("one", 0, "", 1, 0)]).await;
    }
    record(&store, vec![count("one", 0, "192.0.2.3", 50, 0)]).await;
    let all = usage(&store, "one", at(0), UsageSpan::Hour).await;
    assert_eq!(counts(&all), [(0, 130, 40)], "each counts");
    assert_eq!((all.address_count, all.has_more_addresses, all.addresses.len()), (10, true, 10));
    assert_eq!(addresses(&all)[0], ("192.0.2.3".to_owned(), 51, 1), "it was counted by itself from the start");
    let many = (0..30).map(|n| count("two", 0, &format!("198.51.100.{n}"), 1, 0)).collect();
    record(&store, many).await;
    let all = usage(&store, "two", at(0), UsageSpan::Hour).await;
    assert_eq!((counts(&all), all.address_count, all.has_more_addresses), (vec![(0, 30, 0)], 10, true));
    // Those with the most refusals are told beside those with the most uses.
    let mut mixed: Vec<_> = (0..9).map(|n| count("three", HOUR * n, &format!("192.0.2.{n}"), 10, 0)).collect();
    mixed.extend((0..9).map(|n| count("three", HOUR * n, &format!("203.0.113.{n}"), 0, 10)));
    record(&store, mixed).await;
    let told = usage(&store, "three", at(0), UsageSpan::Hour).await.addresses;
    assert_eq!(told.iter().map(|one| (one.uses, one.refusals)).filter(|one| *one == (10, 0)).count(), 5);
    assert_eq!(told.len(), 10);
}

pub(crate) async fn tokens_of_the_present_generation_count<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let key = create(&store, insert(""), at(0)).await;
    let issue = async |generation: i64, second: i64| {
        let time = at(second);
        let new = IssuedTokens { key: id(&key).to_owned(), generation, minute: minute(time), tokens: 2, at: time };
        store.record(Recorded { issued: vec![new], ..Recorded::default() }).await.unwrap();
    };
    let tokens = async |after: i64| {
        let (key, issued_after) = (id(&key).to_owned(), at(after));
        let query = UsageQuery { key, first: hour(at(0)), span: UsageSpan::Hour, issued_after };
        let usage = store.usage(query).await.unwrap();
        (usage.tokens, usage.last_token_at)
    };
    for second in [10, 11, 100, 200] {
        issue(0, second).await;
    }
    assert_eq!(tokens(0).await, (8, Some(at(200))));
    assert_eq!(tokens(150).await, (2, Some(at(200))), "those from before have expired");
    let changed = store.edit(id(&key), switch(true), super::actor("jo"), at(300)).await.unwrap();
    assert!(matches!(changed, ChangeOutcome::Done(_)));
    assert_eq!(tokens(0).await, (0, None), "a deactivation revokes them");
    issue(1, 301).await;
    assert_eq!(tokens(0).await, (2, Some(at(301))));
}

pub(crate) async fn old_counts_are_forgotten<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let old = (0..5).map(|n| count("one", n * HOUR, "a", 1, 0)).chain([count("one", 20 * HOUR, "a", 1, 0)]);
    record(&store, old.collect()).await;
    let new = |second: i64| {
        let at = at(second);
        IssuedTokens { key: "one".to_owned(), generation: 0, minute: minute(at), tokens: 1, at }
    };
    store.record(Recorded { issued: vec![new(0), new(91 * 86_400)], ..Recorded::default() }).await.unwrap();
    assert!(!store.forget_usage(at(3600), 3).await.unwrap());
    let now = at(91 * 86_400 + 10 * HOUR);
    assert!(store.forget_usage(now, 3).await.unwrap(), "there are more");
    assert_eq!(usage(&store, "one", at(0), UsageSpan::Hour).await.counts.len(), 3);
    assert!(!store.forget_usage(now, 3).await.unwrap());
    assert_eq!(counts(&usage(&store, "one", at(0), UsageSpan::Hour).await), [(20, 1, 0)]);
}
