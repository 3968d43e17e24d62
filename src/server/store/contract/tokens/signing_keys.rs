//! Which keys access tokens are signed with, on every handle.

use crate::server::store::contract::{Database, actor, at, in_force, trail};
use crate::server::store::{EventQuery, Issued, NewSigningKey, Store};

/// A signing key that nothing else uses.
fn signing_key(id: &str, ends_others: bool) -> NewSigningKey {
    NewSigningKey { id: id.to_owned(), encrypted: id.as_bytes().to_vec(), encrypted_by: String::new(), ends_others }
}

/// The IDs of the signing keys that a store knows.
fn signing_keys(store: &Store) -> Vec<String> {
    store.signing_keys().unwrap().iter().map(|key| key.id.clone()).collect()
}

/// Which of these signing keys have good tokens.
fn signers<'a>(store: &Store, ids: &[&'a str]) -> Vec<&'a str> {
    let (generation, of_all) = (0, store.issuing().unwrap().of_all);
    let is_good = |id: &&str| !store.is_revoked(Issued { key: "K", generation, of_all, signed_by: id }, at(0)).unwrap();
    ids.iter().copied().filter(is_good).collect()
}

pub(crate) async fn a_signing_key_is_replaced_and_the_one_before_ends_an_hour_later<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    assert_eq!((signing_keys(&one), one.issuing().unwrap().signed_by.id.as_str()), (vec![String::new()], ""));
    assert_eq!(one.issuing().unwrap().signed_by.encrypted, None);
    one.add_signing_key(signing_key("a", false), actor("jo"), at(1)).await.unwrap();
    in_force(&one).await;
    for store in [&one, &other] {
        assert_eq!(signing_keys(store), ["", "a"]);
        assert_eq!(signers(store, &["", "a", "b"]), ["", "a"]);
    }
    let events = trail(&other, EventQuery::default()).await;
    assert_eq!(events, ["signing_key_rotated server jo 192.0.2.1 new key a"]);
    other.forget_revocations(at(2)).await.unwrap();
    assert_eq!(signing_keys(&database.open().await), ["", "a"], "tokens of the first one are still good");

    database.age_signing_keys(1).await;
    let later = database.open().await;
    assert_eq!(later.issuing().unwrap().signed_by.encrypted.as_deref(), Some(b"a".as_slice()));
    assert_eq!(signers(&later, &["", "a"]), ["", "a"]);
    database.age_signing_keys(1).await;
    let later = database.open().await;
    assert_eq!(signers(&later, &["", "a"]), ["a"]);
    later.forget_revocations(at(3)).await.unwrap();
    assert_eq!(signing_keys(&database.open().await), ["a"]);
    later.forget_revocations(at(4)).await.unwrap();
    assert_eq!(signing_keys(&database.open().await), ["a"], "the newest is kept for ever");
}

pub(crate) async fn a_signing_key_is_replaced_at_once<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    one.add_signing_key(signing_key("a", false), actor("jo"), at(1)).await.unwrap();
    other.add_signing_key(signing_key("b", true), actor("jo"), at(2)).await.unwrap();
    in_force(&one).await;
    for store in [&one, &other, &database.open().await] {
        assert_eq!(signers(store, &["", "a", "b"]), ["b"]);
        assert_eq!(store.issuing().unwrap().signed_by.id, "b");
    }
    let events = trail(&one, EventQuery::default()).await;
    assert_eq!(events[..1], ["signing_key_rotated server jo 192.0.2.1 new key b; no other is accepted any more"]);
}
