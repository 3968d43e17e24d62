//! After *Close* nothing in the process's memory is a secret or a token.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use latchkey::server::Role;
use tempfile::TempDir;

use crate::support::authority::{ALWAYS, Authority};
use crate::support::memory::{Wanted, forgets, knows, may_look};
use crate::support::served::{Served, data};
use crate::support::server::{PASSWORD, add_administrator};
use crate::support::terminal::{Terminal, latchkey};

/// What was copied last, as the terminal got it.
fn copied(terminal: &mut Terminal) -> String {
    terminal.sees("ent to your terminal");
    let bytes = String::from_utf8_lossy(&terminal.bytes).into_owned();
    let code = bytes.rsplit("\x1b]52;c;").next().unwrap().split('\x07').next().unwrap();
    String::from_utf8(STANDARD.decode(code).unwrap()).unwrap()
}

/// Everything that the dialog of a new key can do, then *Close*; nothing of it may be left.
fn use_a_secret(terminal: &mut Terminal) -> Vec<Wanted> {
    let secret = terminal.create_and_show("forgotten");
    let mut wanted = vec![Wanted::text("the secret", &secret)];
    knows(terminal.pid(), &wanted, &["piece", "drawn"]);
    terminal.press("c");
    assert_eq!(copied(terminal), secret);
    terminal.press("s");
    terminal.loses("hidden in");
    terminal.press("h");
    terminal.sees("HMAC token");
    terminal.press("<Enter>");
    terminal.sees("Copy token");
    terminal.press("<Enter>");
    let token = copied(terminal);
    assert_eq!(token.len(), 64);
    wanted.push(Wanted::text("the HMAC token", &token));
    terminal.press("<Esc>");
    terminal.sees("[Test key]");
    terminal.press("t");
    terminal.sees("The server accepts the token");
    terminal.press("<BackTab><BackTab><Enter>");
    let token = copied(terminal);
    assert!(token.starts_with("eyJ"), "{token}");
    // The first part of a token is the same for all of them, and no secret.
    wanted.push(Wanted::text("the access token", token.split_once('.').unwrap().1));
    terminal.press("<Esc>");
    terminal.sees("[Test key]");
    terminal.goes_to_close();
    terminal.press("<Enter>");
    terminal.sees("[I've saved it]");
    terminal.press("<Tab><Enter>");
    terminal.sees("is ready to use");
    wanted
}

#[test]
fn the_page_with_its_own_server() {
    if !may_look() {
        return;
    }
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()));
    terminal.sees("No access keys yet");
    for _ in 0..2 {
        let wanted = use_a_secret(&mut terminal);
        forgets(terminal.pid(), &wanted);
    }
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

/// The page on a server of many: neither of the two may know anything afterwards.
fn on_a_team_server(authority: &Authority, arguments: &[&str]) {
    let home = Arc::new(TempDir::new().unwrap());
    add_administrator(&data(&home), "jo", Role::Administrator);
    let server = Served::on(Arc::clone(&home), arguments);
    let is_tls = server.base.starts_with("https");
    let ca = if is_tls { format!("ca_file = \"{}\"\n", authority.file().display()) } else { String::new() };
    let settings = format!("[profiles.team]\nbase_url = \"{}\"\nusername = \"jo\"\n{ca}", server.base);
    let config = home.path().join("config.toml");
    std::fs::write(&config, settings).unwrap();
    let mut page = Terminal::start(latchkey(home.path()).args(["--profile", "team", "--config"]).arg(&config));
    page.sees("Sign in to");
    page.press(&PASSWORD.replace(' ', "<Space>"));
    page.press("<Enter>");
    page.sees("Signed in as jo");
    let mut wanted = vec![Wanted::text("the password", PASSWORD)];
    for _ in 0..2 {
        wanted.extend(use_a_secret(&mut page));
        forgets(page.pid(), &wanted);
        forgets(server.pid(), &wanted);
    }
    page.press("q");
    assert!(page.ends().0.success());
    forgets(server.pid(), &wanted);
}

#[test]
fn the_page_and_a_server_over_loopback() {
    if may_look() {
        on_a_team_server(&Authority::new("latchkey test"), &[]);
    }
}

#[test]
fn the_page_and_a_server_over_tls() {
    if may_look() {
        let authority = Authority::new("latchkey test");
        let (cert, key) = authority.sign(&["localhost"], ALWAYS);
        on_a_team_server(&authority, &["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
    }
}
