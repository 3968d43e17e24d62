//! Servers behind a pooler that lends a connection for one transaction at a time.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use super::{postgres, revoked, servers, sql, token, verify, with_tables};
use crate::support::pooler::pooled;
use crate::support::served::{Served, run};
use crate::support::server::send;

#[tokio::test]
async fn behind_a_pooler_of_transactions_everything_works_and_nothing_is_prepared_by_name() {
    let database = with_tables(postgres());
    // From now on its connections log every statement, and how it was sent.
    sql(postgres(), "postgres", &format!("ALTER DATABASE {database} SET log_min_duration_statement = 0"));
    let address = pooled(postgres(), &database);
    let done = run(&TempDir::new().unwrap(), &["db", "migrate", "--database", &address]);
    assert!(done.status.success(), "{done:?}");

    let all = servers([address.clone(), address.clone(), address.clone()], &[]);
    let session = all[0].session("jo").await;
    for n in [0, 4, 8] {
        let life = |n| life_of_a_key(&all, n, &session);
        tokio::join!(life(n), life(n + 1), life(n + 2), life(n + 3));
    }
    assert_eq!(all[1].get(&session, "/keys").await.body["total"], 12);
    let done = run(&all[2].home, &["db", "check", "--database", &address]);
    assert!(done.status.success(), "{done:?}");

    let log = postgres().log();
    assert!(log.contains("execute <unnamed>: "), "statements are logged");
    let named: Vec<_> = log.lines().filter(|line| line.contains("ms  parse s") || line.contains("execute s")).collect();
    assert_eq!(named, Vec::<&str>::new(), "a pooler may lend another connection, which doesn't know that name");
}

/// Creates two keys, uses, edits and finds one, and deletes the other: each on another of the servers.
async fn life_of_a_key(servers: &[Served], n: usize, session: &str) {
    let server = |step: usize| &servers[(n + step) % servers.len()];
    let each: Vec<_> = servers.iter().collect();
    let (kept, good) = token(&each, session).await;
    let (gone, dead) = token(&each, session).await;

    let label = format!("number{n:02}x");
    let edit = server(0).anyone(Method::PATCH, &format!("/keys/{kept}")).json(&json!({ "label": label }));
    let edited = send(edit.bearer_auth(session)).await;
    assert_eq!(edited.body["key"]["label"], label, "{edited:?}");
    let found = server(1).get(session, &format!("/keys?q={label}")).await;
    assert_eq!((&found.body["total"], &found.body["keys"][0]["id"]), (&json!(1), &json!(kept)));

    let delete = server(2).anyone(Method::DELETE, &format!("/keys/{gone}")).bearer_auth(session).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!((revoked(delete.headers(), "servers"), revoked(delete.headers(), "silent")), (servers.len() as u64, 0));
    for server in servers {
        assert_eq!((verify(server, &dead).await, verify(server, &good).await), (401, 204));
    }
}
