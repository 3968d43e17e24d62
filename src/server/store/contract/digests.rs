//! Whose secret is this?

use super::{Database, actor, at, create, digest, done, id, insert, rename};
use crate::server::store::{Digested, KeyInsert, MasterKeys, Reencrypted, SecretDigest, SecretOwner, Store};

/// The ID of the key that a secret with one of these digests belongs to.
async fn owner(store: &Store, digests: &[SecretDigest]) -> Option<String> {
    match store.secret_owner(digests.to_vec(), at(9)).await.unwrap() {
        SecretOwner::Key(key) => Some(id(&key).to_owned()),
        SecretOwner::Nobody => None,
        SecretOwner::Unknown => panic!("all digests are made"),
    }
}

pub(crate) async fn a_secret_finds_its_key_as_long_as_there_is_one<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    assert_eq!(owner(&one, &[digest(b"none")]).await, None);
    let (first, second) = (insert("first"), insert("second"));
    let (of_first, of_second) = (first.digest, second.digest);
    let first = create(&one, first, at(0)).await;
    let second = create(&other, second, at(1)).await;
    for store in [&one, &other] {
        assert_eq!(owner(store, &[of_first]).await.as_deref(), Some(id(&first)));
        assert_eq!(owner(store, &[digest(b"none"), of_second]).await.as_deref(), Some(id(&second)));
        assert_eq!(owner(store, &[digest(b"none")]).await, None);
        assert!(store.without_digest(0, 10).await.unwrap().is_empty());
    }
    let renamed = done(other.edit(id(&first), rename("renamed"), actor("jo"), at(2)).await.unwrap());
    let found = one.secret_owner(vec![of_first], at(9)).await.unwrap();
    assert_eq!(found, SecretOwner::Key(Box::new(renamed)), "the whole key as it is");
    done(one.delete(id(&first), None, actor("jo"), at(3)).await.unwrap());
    assert_eq!(owner(&other, &[of_first]).await, None);
    assert_eq!(owner(&other, &[of_second]).await.as_deref(), Some(id(&second)));
}

pub(crate) async fn what_is_not_digested_yet_is_told_and_made_once<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let news: Vec<KeyInsert> = ["a", "b", "c"].map(insert).to_vec();
    for new in &news {
        create(&store, new.clone(), at(0)).await;
    }
    database.forget_digests().await;
    let unknown = |digests: &[SecretDigest]| store.secret_owner(digests.to_vec(), at(1));
    assert_eq!(unknown(&[news[0].digest]).await.unwrap(), SecretOwner::Unknown, "which may be that of a key");
    let missing = store.without_digest(0, 2).await.unwrap();
    let ids: Vec<&str> = missing.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, [news[0].id.raw_for_api(), news[1].id.raw_for_api()]);
    assert_eq!(missing[0].encrypted, news[0].encrypted);
    let last = store.without_digest(missing[1].seq, 10).await.unwrap();
    assert_eq!((last.len(), last[0].id.as_str()), (1, news[2].id.raw_for_api()));

    let made = |n: usize, encrypted: &[u8], digest| {
        let seq = missing.iter().chain(&last).nth(n).unwrap().seq;
        Digested { seq, encrypted: encrypted.to_vec(), digest: Some(digest) }
    };
    let other = digest(b"other");
    store.add_digests(vec![made(0, &news[0].encrypted, news[0].digest), made(1, b"other", other)]).await.unwrap();
    let left = store.without_digest(0, 10).await.unwrap();
    assert_eq!(left.len(), 2, "a secret that was encrypted anew meanwhile has no digest of what it was");
    store.add_digests(vec![made(0, &news[0].encrypted, other)]).await.unwrap();
    let found = unknown(&[news[0].digest]).await.unwrap();
    assert!(matches!(found, SecretOwner::Key(key) if key.id == news[0].id), "one that is made stays");
    assert_eq!(unknown(&[other]).await.unwrap(), SecretOwner::Unknown);
    let rest = [made(1, &news[1].encrypted, news[1].digest), made(2, &news[2].encrypted, news[2].digest)];
    store.add_digests(rest.to_vec()).await.unwrap();
    assert_eq!(owner(&store, &[other]).await, None);
    assert_eq!(owner(&store, &[news[2].digest]).await.as_deref(), Some(news[2].id.raw_for_api()));
}

pub(crate) async fn secrets_that_nothing_opens_are_tried_once<D: Database>() {
    let database = D::create().await;
    let store = database.open().await;
    let news: Vec<KeyInsert> = ["a", "b", "c"].map(insert).to_vec();
    for new in &news {
        create(&store, new.clone(), at(0)).await;
    }
    database.forget_digests().await;
    let missing = store.without_digest(0, 10).await.unwrap();
    let tried = missing.into_iter().zip(&news).enumerate().map(|(n, (one, new))| Digested {
        seq: one.seq,
        encrypted: one.encrypted,
        digest: (n == 1).then_some(new.digest),
    });
    store.add_digests(tried.collect()).await.unwrap();
    assert!(store.without_digest(0, 10).await.unwrap().is_empty());
    assert_eq!(owner(&store, &[news[0].digest, [0; 16]]).await, None);
    assert_eq!(owner(&store, &[news[1].digest]).await.as_deref(), Some(news[1].id.raw_for_api()));
}

pub(crate) async fn a_master_key_that_is_replaced_replaces_the_digests<D: Database>() {
    let database = D::create().await;
    let (one, other) = (database.open().await, database.open().await);
    let (first, second) = (insert("first"), insert("second"));
    create(&one, first.clone(), at(0)).await;
    create(&one, second.clone(), at(0)).await;
    let keys = MasterKeys { current: Some("new".to_owned()), old: Some("old".to_owned()) };
    one.begin_master_key(keys, b"sealed".to_vec(), actor("jo"), at(1)).await.unwrap();
    let stored = one.secrets(0, 10).await.unwrap();
    let anew = |n: usize, old: &[u8], digest| Reencrypted {
        seq: stored[n].seq,
        old: old.to_vec(),
        new: vec![9, u8::try_from(n).unwrap()],
        digest,
    };
    let (new, late) = (digest(b"new"), digest(b"late"));
    one.reencrypt("new".into(), vec![anew(0, &first.encrypted, new)]).await.unwrap();
    // Until all are done, servers look for both.
    assert_eq!(owner(&other, &[first.digest, new]).await.as_deref(), Some(first.id.raw_for_api()));
    assert_eq!(owner(&other, &[second.digest, digest(b"x")]).await.as_deref(), Some(second.id.raw_for_api()));
    assert_eq!(owner(&other, &[first.digest]).await, None);
    other.reencrypt("new".into(), vec![anew(0, &first.encrypted, late)]).await.unwrap();
    assert_eq!(owner(&one, &[late]).await, None, "that had been done before");
    assert_eq!(owner(&one, &[new]).await.as_deref(), Some(first.id.raw_for_api()));

    // One whose digest was not made yet has that of its new master key.
    database.forget_digests().await;
    let made = Digested { seq: stored[1].seq, encrypted: second.encrypted.clone(), digest: Some(second.digest) };
    one.reencrypt("new".into(), vec![anew(1, &second.encrypted, late)]).await.unwrap();
    other.add_digests(vec![made]).await.unwrap();
    assert_eq!(owner(&other, &[late]).await.as_deref(), Some(second.id.raw_for_api()));
}
