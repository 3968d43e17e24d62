//! What is revoked, on every handle.

use chrono::{DateTime, Utc};

use crate::server::store::contract::{Database, actor, at, create, done, expire, id, in_force, insert, rename, switch};
use crate::server::store::{Issued, KeyInsert, RevokeAll, Store};

/// A token that is issued now.
pub(crate) async fn issue(store: &Store, id: &str, now: DateTime<Utc>) -> (i64, i64) {
    let generation = store.credential(id, now).await.unwrap().unwrap().generation;
    (generation, store.issuing().unwrap().of_all)
}

/// Whether the token is revoked, of which every handle must say the same.
pub(crate) fn revoked(handles: &[&Store], id: &str, (generation, of_all): (i64, i64), now: DateTime<Utc>) -> bool {
    let each: Vec<bool> = handles
        .iter()
        .map(|store| store.is_revoked(Issued { key: id, generation, of_all, signed_by: "" }, now).unwrap())
        .collect();
    assert!(each.iter().all(|one| *one == each[0]), "{each:?}");
    each[0]
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
    store.delete(id(&key), None, actor("jo"), at(10)).await.unwrap();
    assert!(store.credential(id(&key), at(10)).await.unwrap().is_none());
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

    done(one.delete(id(&key), None, actor("mo"), at(8)).await.unwrap());
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
