//! Administrators, their passwords and networks.

use chrono::TimeDelta;

use crate::domain::Role;
use crate::server::store::contract::{Database, actor, at, password, session, username};
use crate::server::store::{AdminOutcome, NewSession};

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
