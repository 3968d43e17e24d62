//! Many handles at once, as many servers have them.

use std::time::Duration;

use super::lists::found;
use super::lists::mixed;
use super::{Database, actor, at, conditions, create, history, id, insert, session, switch, username, whole};
use crate::domain::{Order, Role, Sort, Status};
use crate::server::store::{CreateOutcome, KeyInsert};

pub(crate) async fn every_handle_sees_every_change<D: Database>() {
    let database = D::create().await;
    let (one, two) = (database.open().await, database.open().await);
    let new = insert("one");
    let key = create(&one, new.clone(), at(0)).await;
    assert_eq!(two.key(id(&key), at(0)).await.unwrap().as_ref(), Some(&key));
    assert_eq!(two.create(new, at(1)).await.unwrap(), CreateOutcome::Replayed(key.clone(), None));
    one.add_administrator(&username("jo"), Role::Superuser, "hash", actor("root"), at(0)).await.unwrap();
    two.begin_session(session(1, "jo"), at(0)).await.unwrap();
    assert!(one.session([1; 32], at(0)).await.unwrap().is_some());
    two.edit(id(&key), switch(true), actor("jo"), at(2)).await.unwrap();
    assert_eq!(one.credential(id(&key), at(2)).await.unwrap().unwrap().status, Status::Inactive);
    two.delete(id(&key), None, actor("jo"), at(3)).await.unwrap();
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
            CreateOutcome::Replayed(key, _) => ids.push(key.id),
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
        request.conditions = conditions("no key has this", None);
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
