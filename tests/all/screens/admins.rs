//! Administrators, their sessions, and the emergency brake.

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::{AdminEntry, AdminList, ApiError, Reply, Request, SessionEntry};
use latchkey::domain::Untrusted;

use super::servers::{signed_in, team};
use super::stage::{SIZES, Stage, at_sizes, noon, server, some_keys};

/// A usual terminal, a small pane, a large window, and a screen of its own.
const ALL: [(u16, u16); 4] = [(80, 24), (50, 14), (120, 40), (200, 60)];

fn admin(name: &str, role: &str, days: i64, signed_in_minutes: Option<i64>) -> AdminEntry {
    AdminEntry {
        username: Untrusted::new(name),
        role: Untrusted::new(role),
        created_at: noon() - TimeDelta::days(days),
        last_sign_in_at: signed_in_minutes.map(|minutes| noon() - TimeDelta::minutes(minutes)),
    }
}

fn session(id: &str, name: &str, role: &str, from: &str, minutes: i64) -> SessionEntry {
    SessionEntry {
        id: Untrusted::new(id),
        username: Untrusted::new(name),
        role: Untrusted::new(role),
        created_at: noon() - TimeDelta::minutes(minutes),
        last_seen_at: noon() - TimeDelta::minutes(minutes / 10),
        ends_at: noon() + TimeDelta::minutes(60 - minutes / 10),
        from: Untrusted::new(from),
        current: id == "this",
    }
}

fn admins() -> Vec<AdminEntry> {
    vec![
        admin("audit", "auditor", 700, None),
        admin("evil\u{1b}]52;c;UFdO\u{7}\u{202e}gpj", "boss\u{9d}0;t\u{9c}", 3, Some(1)),
        admin("jo", "superuser", 400, Some(30)),
        admin("jo\u{200b}", "superuser", 400, Some(60 * 24 * 40)),
        admin("marek.nowak+oncall@it.example.com", "administrator", 40, Some(60 * 5)),
    ]
}

fn sessions() -> Vec<SessionEntry> {
    vec![
        session("this", "jo", "superuser", "203.0.113.9", 30),
        session("2", "jo", "superuser", "2001:db8:1234:5678:9abc:def0:1234:5678", 300),
        session("3", "marek.nowak+oncall@it.example.com", "administrator", "192.0.2.17", 42),
        session("4", "evil\u{1b}[2J", "boss", "\u{202e}1.0.0.127", 3),
    ]
}

/// The page of a superuser, after a script; what it asks about administrators and sessions is answered.
fn after(size: (u16, u16), profile: &str, script: &str) -> Stage {
    let mut stage = Stage::with(size, some_keys(), 5);
    let mut here = team(profile);
    here.who = Some(signed_in("superuser"));
    stage.reply(Reply::Connected(Ok(here)));
    for press in script.split('|') {
        stage.press(press);
        match stage.asked.take() {
            Some(Request::Admins) => {
                stage.reply(Reply::Admins(Ok(AdminList { administrators: admins(), sessions: sessions() })));
            }
            Some(Request::Sessions) => stage.reply(Reply::Sessions(Ok(sessions()))),
            other => stage.asked = other,
        }
    }
    stage
}

fn pictures(sizes: &[(u16, u16)], script: &str) -> String {
    at_sizes(sizes, |size| after(size, "team", script))
}

#[test]
fn administrators() {
    assert_snapshot!(pictures(&ALL, "A|<Down><Down>"));
}

#[test]
fn administrators_small() {
    assert_snapshot!(pictures(&SIZES[1..], "A|G"));
}

#[test]
fn administrators_loading_and_failed() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        let mut here = team("team");
        here.who = Some(signed_in("superuser"));
        stage.reply(Reply::Connected(Ok(here)));
        stage.press("A");
        assert!(stage.picture().contains("Loading administrators…"));
        let words = Untrusted::new("Only superusers can do this");
        stage.reply(Reply::Admins(Err(ApiError::NotAllowed(words))));
        stage
    }));
}

#[test]
fn administrators_of_the_embedded_server() {
    assert_snapshot!(at_sizes(&[(80, 24), (50, 14), (40, 10)], |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.reply(Reply::Connected(Ok(server("local", "embedded server"))));
        stage.press("A");
        stage.reply(Reply::Admins(Ok(AdminList::default())));
        stage
    }));
}

#[test]
fn sessions_of_the_embedded_server() {
    assert_snapshot!(at_sizes(&SIZES, |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("W");
        stage.reply(Reply::Sessions(Ok(Vec::new())));
        stage
    }));
}

#[test]
fn add() {
    assert_snapshot!(pictures(&[(80, 24), (50, 14), (40, 10)], "A|aana<Enter><Right>"));
}

#[test]
fn add_with_a_short_password() {
    assert_snapshot!(pictures(&[(80, 24), (50, 14), (40, 10)], "A|aana<Enter><Enter>short<Enter>short<Enter>"));
}

#[test]
fn own_role() {
    assert_snapshot!(pictures(&[(80, 24), (50, 14), (40, 10)], "A|<Down><Down>e<Right><Enter>"));
}

#[test]
fn password_of_another() {
    assert_snapshot!(pictures(&SIZES, "A|Gp another<Space>one<Tab>"));
}

#[test]
fn remove() {
    assert_snapshot!(pictures(&[(80, 24), (50, 14), (40, 10)], "A|Gd marek.nowak"));
}

#[test]
fn remove_refused() {
    assert_snapshot!(at_sizes(&[(80, 24), (40, 10)], |size| {
        let mut stage = after(size, "prod", "A|<Down><Down>d jo<Space>prod<Enter>");
        let Some(Request::ChangeAdmin(change)) = stage.asked.take() else { panic!("nothing was asked for") };
        let words = Untrusted::new("jo is the last superuser");
        stage.reply(Reply::AdminChanged(change, Err(ApiError::Conflict(409, words))));
        stage
    }));
}

#[test]
fn everyones_sessions() {
    assert_snapshot!(pictures(&ALL, "W|<Down>"));
}

#[test]
fn sessions_of_one() {
    assert_snapshot!(pictures(&SIZES, "A|<Down><Down><Enter>|"));
}

#[test]
fn end_one() {
    assert_snapshot!(pictures(&[(80, 24), (50, 14), (40, 10)], "W|<Down><Down>d"));
}

#[test]
fn end_all_elsewhere() {
    assert_snapshot!(pictures(&SIZES, "W|D<Tab>"));
}

#[test]
fn revoke_tokens_in_production() {
    assert_snapshot!(at_sizes(&ALL, |size| after(size, "prod", "X|revoke<Space>pr")));
}

#[test]
fn revoke_everything() {
    assert_snapshot!(pictures(&[(80, 24), (50, 14), (40, 10)], "X|<Tab><Tab>revoke"));
}

#[test]
fn a_name_of_the_server_is_no_mark() {
    let picture = after((80, 24), "team", "A|").picture();
    assert_eq!(picture.matches("(you)").count(), 1, "{picture}");
}
