//! The real page on a real server for many, over TLS: signing in, a key tested, and a session that ends with the run.

use std::fs;
use std::sync::Arc;

use latchkey::server::Role;
use tempfile::TempDir;

use super::tls::{certificate, path, start};
use crate::support::files;
use crate::support::served::Served;
use crate::support::server::{PASSWORD, add_administrator};
use crate::support::terminal::{self, Terminal, contains};

/// The password of a new administrator.
const NEW: &str = "another-good-password";

/// The number of sessions at the server.
fn sessions(home: &TempDir) -> i64 {
    let connection = rusqlite::Connection::open(crate::support::served::data(home).join("keys.db")).unwrap();
    connection.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
}

fn open(server: &Served) -> Terminal {
    let home = &server.home;
    let settings = format!(
        "default_profile = \"team\"\n[profiles.team]\nbase_url = \"{}\"\nca_file = \"cert.pem\"\nusername = \"jo\"\nproduction = true\n",
        server.base
    );
    fs::write(path(home, "config.toml"), settings).unwrap();
    let config = path(home, "config.toml");
    Terminal::start(terminal::latchkey(home.path()).arg("--config").arg(config))
}

fn sign_in(page: &mut Terminal) {
    page.sees("Sign in to");
    page.press(&PASSWORD.replace(' ', "<Space>"));
    page.press("<Enter>");
    page.sees("Signed in as jo");
}

#[test]
fn from_sign_in_to_leaving() {
    let home = Arc::new(TempDir::new().unwrap());
    let certificate = certificate(&home);
    add_administrator(&crate::support::served::data(&home), "jo", Role::Administrator);
    let server = start(&home, &certificate, &[]);
    let mut page = open(&server);
    page.sees("PRODUCTION");
    sign_in(&mut page);
    assert_eq!(sessions(&home), 1);
    let secret = page.create_and_show("team");
    page.press("s");
    page.loses("hidden in");
    page.press("t");
    page.sees("The server accepts the token");
    page.press("<Esc>");
    page.sees("[Test key]");
    page.close();
    page.press("q");
    let (status, page) = page.ends();
    assert!(status.success());
    assert_eq!(sessions(&home), 0, "nobody else knows it, so it is ended");
    assert!(!contains(&page.bytes, PASSWORD.as_bytes()));
    files::lack(home.path(), &secret);
    files::lack(home.path(), PASSWORD);
    server.stop();
}

#[test]
fn a_superuser_manages_administrators_and_pulls_the_brake() {
    let home = Arc::new(TempDir::new().unwrap());
    let certificate = certificate(&home);
    let data = crate::support::served::data(&home);
    add_administrator(&data, "jo", Role::Superuser);
    add_administrator(&data, "mo", Role::Administrator);
    let server = start(&home, &certificate, &[]);
    let mut page = open(&server);
    sign_in(&mut page);
    page.press("A");
    page.sees("jo (you)");
    page.press("a");
    page.sees("Add administrator");
    page.press(&format!("ana<Enter><Enter>{NEW}<Enter>{NEW}"));
    page.sees("•••••");
    page.press("<Enter>");
    page.sees("Added ana as administrator.");
    page.press("<Down><Down>");
    page.sees("3 of 3");
    page.press("d");
    page.sees("All sessions of mo end");
    page.press("mo<Space>team<Enter>");
    page.sees("Removed mo and ended all of their sessions.");
    page.press("g<Down>d");
    page.sees("jo is you. You will be signed out");
    page.press("jo<Space>team<Enter>");
    page.sees("jo is the last superuser. Nothing was changed.");
    page.press("<Esc><Esc>X");
    page.sees("Emergency: revoke");
    page.press("<Tab><Tab>");
    page.sees("1 session of 1 administrator ends at once, yours too.");
    page.press("revoke<Space>team<Enter>");
    page.sees("1 session was ended.");
    page.sees("Sign in to");
    assert_eq!(sessions(&home), 0);
    sign_in(&mut page);
    page.press("W");
    page.sees("jo (this session)");
    page.press("<Esc>q");
    let (status, page) = page.ends();
    assert!(status.success());
    for password in [PASSWORD, NEW] {
        assert!(!contains(&page.bytes, password.as_bytes()));
        files::lack(home.path(), password);
    }
    let connection = rusqlite::Connection::open(data.join("keys.db")).unwrap();
    let sql = "SELECT count(*) FROM events WHERE by = 'jo' AND kind = ?";
    for kind in ["admin_added", "admin_removed", "tokens_revoked", "sessions_revoked"] {
        let count: i64 = connection.query_row(sql, [kind], |row| row.get(0)).unwrap();
        assert_eq!(count, 1, "{kind}");
    }
    server.stop();
}
