//! The master key is replaced, on every handle.

use crate::server::store::contract::{Database, actor, at, create, digest, id, insert, trail};
use crate::server::store::{CreateOutcome, EventQuery, KeyInsert, MasterKeys, NewSigningKey, Reencrypted, StoreError};

fn keys(current: &str, old: Option<&str>) -> MasterKeys {
    MasterKeys { current: Some(current.to_owned()), old: old.map(str::to_owned) }
}

pub(crate) async fn a_master_key_is_replaced_and_nothing_is_stored_with_the_old_one<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    assert_eq!(one.master_keys().await.unwrap(), MasterKeys::default());
    let key = create(&one, insert("one"), at(0)).await;
    let begun = one.begin_master_key(keys("new", Some("old")), b"sealed".to_vec(), actor("jo"), at(1)).await.unwrap();
    assert!(begun.is_empty(), "{begun:?}");
    assert_eq!(other.master_keys().await.unwrap(), keys("new", Some("old")));
    let again = other.begin_master_key(keys("new", Some("old")), b"sealed".to_vec(), actor("jo"), at(2)).await;
    assert!(again.unwrap().is_empty(), "what has begun goes on");
    let third = other.begin_master_key(keys("third", Some("new")), b"sealed".to_vec(), actor("jo"), at(2)).await;
    assert!(matches!(third, Err(StoreError::OtherMasterKey)), "one after the other");

    for store in [&one, &other] {
        assert!(matches!(store.create(insert("late"), at(3)).await, Err(StoreError::OtherMasterKey)));
        let late = NewSigningKey { id: "a".into(), encrypted: vec![1], encrypted_by: "old".into(), ends_others: false };
        assert!(matches!(store.add_signing_key(late, actor("jo"), at(3)).await, Err(StoreError::OtherMasterKey)));
    }
    let new = KeyInsert { encrypted_by: "new".to_owned(), ..insert("new") };
    assert!(matches!(other.create(new, at(3)).await, Ok(CreateOutcome::Fresh(_))));

    let stored = one.secrets(0, 10).await.unwrap();
    assert_eq!(stored.len(), 2);
    let (seq, old) = (stored[0].seq, stored[0].encrypted.clone());
    let change =
        |old: &[u8], new: &[u8]| vec![Reencrypted { seq, old: old.to_vec(), new: new.to_vec(), digest: digest(new) }];
    one.reencrypt("new".into(), change(&old, b"anew")).await.unwrap();
    one.reencrypt("new".into(), change(&old, b"twice")).await.unwrap();
    assert_eq!(other.credential(id(&key), at(4)).await.unwrap().unwrap().encrypted, b"anew");
    one.reencrypt_signing_key("new".into(), String::new(), b"half".to_vec()).await.unwrap();
    assert_eq!(other.stored_signing_keys().await.unwrap()[0].encrypted.as_deref(), Some(b"half".as_slice()));
    // A rotation that stood still while others ended: nothing that is encrypted with its key is stored.
    let late = one.reencrypt("other".into(), change(b"anew", b"lost")).await;
    assert!(matches!(late, Err(StoreError::OtherMasterKey)));
    let late = one.reencrypt_signing_key("other".into(), String::new(), b"lost".to_vec()).await;
    assert!(matches!(late, Err(StoreError::OtherMasterKey)));
    assert!(matches!(one.end_master_key("other".into(), actor("jo"), at(5)).await, Err(StoreError::OtherMasterKey)));
    assert_eq!(other.credential(id(&key), at(4)).await.unwrap().unwrap().encrypted, b"anew");
    one.end_master_key("new".into(), actor("jo"), at(5)).await.unwrap();
    assert_eq!(other.master_keys().await.unwrap(), keys("new", None));
    let kinds = vec![crate::server::store::EventKind::MasterKeyRotated];
    let events = trail(&other, EventQuery { kinds, ..EventQuery::default() }).await;
    assert_eq!(
        events,
        [
            "master_key_rotated server jo 192.0.2.1 nothing needs the old key any more",
            "master_key_rotated server jo 192.0.2.1 begun: new key new"
        ]
    );
}
