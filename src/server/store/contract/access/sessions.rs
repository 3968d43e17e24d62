//! Sessions.

use crate::domain::Role;
use crate::server::store::contract::{Database, actor, at, in_force, password, session, trail, username};
use crate::server::store::{Digest, EventKind, EventQuery, NewSession, RevokeAll, SessionId};

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
    let of_all = other.issuing().unwrap().of_all;
    assert_eq!(revoke(true, false).await, 0);
    assert!(other.session([1; 32], at(2)).await.unwrap().is_some());
    assert!(other.issuing().unwrap().of_all > of_all);
    assert_eq!(revoke(true, true).await, 2);
    assert!(other.session([1; 32], at(2)).await.unwrap().is_none());
    let of_all = other.issuing().unwrap().of_all;
    assert_eq!(revoke(false, true).await, 0);
    assert_eq!(other.issuing().unwrap().of_all, of_all);
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
