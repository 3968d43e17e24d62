//! Several servers on one PostgreSQL database: the real programs, on a real PostgreSQL.

mod copy;
mod cut_off;
mod kills;
mod line;
mod master_key;
mod outages;
mod pooler;
mod rotation;
mod servers;
mod setup;
mod signing_key;
mod tls;
mod webhook;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use reqwest::Method;
use reqwest::header::HeaderMap;
use tempfile::TempDir;

use crate::support::postgres::PostgresServer;
use crate::support::served::{Served, run};
use crate::support::server::{PASSWORD, text};

/// The server that the tests share.
fn postgres() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(PostgresServer::start)
}

/// Another one for each call.
fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Creates a database without tables, and gives its name.
fn empty(postgres: &PostgresServer) -> String {
    let name = format!("latchkey{}", number());
    sql(postgres, "postgres", &format!("CREATE DATABASE {name}"));
    name
}

/// Runs statements.
fn sql(postgres: &PostgresServer, database: &str, statement: &str) {
    let file = postgres.folder().join(format!("{}.sql", number()));
    std::fs::write(&file, statement).unwrap();
    let (folder, file) = (postgres.folder().display(), file.display());
    postgres.run(&format!("psql -q -v ON_ERROR_STOP=1 -h {folder} -U latchkey -f {file} {database}"));
}

/// Creates a database with tables and the superuser `jo`.
fn with_tables(postgres: &PostgresServer) -> String {
    let (name, home) = (empty(postgres), TempDir::new().unwrap());
    let password = home.path().join("password");
    crate::support::files::write_private(&password, PASSWORD);
    let address = postgres.address(&name);
    let password = password.to_str().unwrap();
    let done = run(&home, &["db", "init", "--database", &address, "--superuser", "jo", "--password-file", password]);
    assert!(done.status.success(), "{done:?}");
    name
}

/// Servers on one database, each on its own machine, to which the master key of the first was copied.
fn servers<const N: usize>(addresses: [String; N], arguments: &[&str]) -> [Served; N] {
    let mut key = None;
    addresses.map(|address| {
        let home = Arc::new(TempDir::new().unwrap());
        let data = crate::support::served::data(&home);
        if let Some(key) = &key {
            crate::support::files::private_folder(&data);
            crate::support::files::write_private(&data.join("master.key"), key);
        }
        let mut all = vec!["--database", &address];
        all.extend(arguments);
        let served = Served::on(home, &all);
        key = Some(std::fs::read(data.join("master.key")).unwrap());
        served
    })
}

/// An access token of a new key, which every one of the servers takes.
async fn token(servers: &[&Served], session: &str) -> (String, String) {
    let (id, secret) = servers[0].create(session).await;
    let last = servers.last().unwrap();
    let answer = crate::support::server::send(last.exchange_request(&id, &secret)).await;
    let token = text(&answer.body["access_token"]);
    for server in servers {
        assert_eq!(verify(server, &token).await, 204);
    }
    (id, token)
}

/// The status of an answer about an access token.
async fn verify(server: &Served, token: &str) -> u16 {
    let call = server.anyone(Method::GET, "/auth/verify").header("x-access-token", token);
    call.send().await.unwrap().status().as_u16()
}

/// A number that the answer to a revocation says.
fn revoked(headers: &HeaderMap, name: &str) -> u64 {
    let told = headers["x-revoked"].to_str().unwrap();
    let value = told.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("{told}")).parse().unwrap()
}
