//! A server for many, to sign in to.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use latchkey::client::{Client, Connection, Server, Target};
use latchkey::domain::{BaseUrl, KeyFormat, Lifetimes};
use latchkey::server::auth::passwords;
use latchkey::server::auth::username::Username;
use latchkey::server::net::limits::Limits;
use latchkey::server::net::listen_addr::ListenAddr;
use latchkey::server::team::{HttpServer, Setup};
use latchkey::server::{DataFolder, KEEP_EVENTS, Role, StoreAccess};
use secrecy::SecretString;
use tempfile::TempDir;

use super::Bench;
use crate::support::bench::{Opened, server_named};
use crate::support::server::root;

pub const PASSWORD: &str = "correct-horse-battery-staple";

/// A server for many with jo, who may change keys, and au, who may not.
async fn team(folder: &Path) -> (HttpServer, BaseUrl) {
    let store = DataFolder::open(folder, StoreAccess::Create).await.unwrap().store;
    for (name, role) in [("jo", Role::Administrator), ("au", Role::Auditor)] {
        let hash = passwords::hash(&SecretString::from(PASSWORD)).unwrap();
        let name = Username::parse(name).unwrap();
        assert!(store.add_administrator(&name, role, &hash, root(), chrono::Utc::now()).await.unwrap());
    }
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let team = HttpServer::start(Setup {
        master_key: None,
        database: None,
        data: folder.to_owned(),
        listen: vec![ListenAddr::Tcp(any)],
        socket_mode: 0o600,
        tls: None,
        behind_proxy: false,
        trusted_proxies: Vec::new(),
        key_format: KeyFormat::default(),
        lifetimes: Lifetimes::default(),
        log: None,
        metrics: Vec::new(),
        logs_verifies: false,
        limits: Limits::default(),
        keep_events: KEEP_EVENTS,
        webhook: None,
    });
    let team = team.await.unwrap();
    let base = base_of(&team);
    (team, base)
}

pub fn base_of(team: &HttpServer) -> BaseUrl {
    let ListenAddr::Tcp(address) = &team.listens[0] else { panic!("it listens on an address") };
    BaseUrl::parse(&format!("http://{address}")).unwrap().0
}

/// Every profile is this server's, but for one that has none; its name says what else it is.
pub fn profiles(base: BaseUrl) -> impl FnMut(Option<String>) -> Opened + Send + 'static {
    move |name: Option<String>| {
        let name = name.unwrap_or_else(|| "team".to_owned());
        let base = if name == "gone" { BaseUrl::parse("http://127.0.0.1:1").unwrap().0 } else { base.clone() };
        let target = Target::Url(base.clone());
        let mut server = Server { target, ..server_named(&name) };
        server.profile.signs_in = true;
        base.host_for_screen().clone_into(&mut server.profile.server);
        server.profile.production = name == "prod";
        server.profile.read_only = name == "look";
        let client = Client::connect(&latchkey::client::ConnectionSettings::new(server.target.clone()), None).unwrap();
        std::future::ready(Ok(Connection::new(client, server)))
    }
}

pub async fn bench(folder: &TempDir) -> (Bench, HttpServer) {
    let (team, base) = team(folder.path()).await;
    let mut bench = Bench::with(TempDir::new().unwrap(), profiles(base.clone()));
    let all = ["team", "prod", "look", "gone"].map(|name| {
        let mut profile = server_named(name).profile;
        profile.production = name == "prod";
        profile.read_only = name == "look";
        profile
    });
    bench.state_mut().begin(all.to_vec(), "");
    bench.settle().await;
    (bench, team)
}

pub async fn sign_in(bench: &mut Bench, name: &str) {
    bench.type_keys(&format!("{name}<Enter>{PASSWORD}<Enter>")).await;
    bench.sees(&format!("Signed in as {name}"));
}

/// The database, to end sessions as time would.
pub fn end_sessions(folder: &TempDir) {
    let database: PathBuf = folder.path().join("keys.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    assert!(connection.execute("DELETE FROM sessions", []).unwrap() > 0);
}

pub fn sessions(folder: &TempDir) -> i64 {
    let connection = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    connection.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
}

/// How many administrators have ever signed in.
pub fn sign_ins(folder: &TempDir) -> i64 {
    let connection = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
    let sql = "SELECT count(*) FROM administrators WHERE last_sign_in_at IS NOT NULL";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}
