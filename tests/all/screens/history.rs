//! The history of a key, and all events.

use chrono::TimeDelta;
use insta::assert_snapshot;
use latchkey::client::{ApiError, Event, FieldChange, Reply, Request, TrailPage};
use latchkey::domain::Untrusted;

use super::stage::{Stage, at_sizes, noon, some_keys};

/// A usual terminal, a small pane, a large window, and a screen of its own.
const ALL: [(u16, u16); 4] = [(80, 24), (50, 14), (120, 40), (200, 60)];

fn event(minutes: i64, kind: &str, by: &str, changes: &[(&str, &str, &str)]) -> Event {
    let text = |text: &str| Some(Untrusted::new(text)).filter(|text| !text.is_empty());
    let changes = changes.iter().map(|(field, old, new)| FieldChange {
        field: Untrusted::new(field),
        old: text(old),
        new: text(new),
    });
    Event {
        at: noon() - TimeDelta::minutes(minutes),
        kind: Untrusted::new(kind),
        key: text("PK7QW3N5ZJ0V4T8M2XHC"),
        label: text("nightly backup"),
        admin: None,
        by: text(by),
        from: text(if by.is_empty() { "203.0.113.9" } else { "192.0.2.17" }),
        detail: None,
        changes: changes.collect(),
        count: 1,
    }
}

fn events() -> Vec<Event> {
    let ticket = "vault kv/backup/prod; rotate with Marek, ticket OPS-4711";
    let (new, old) = ("2027-12-31T12:00:00Z", "2026-12-09T12:00:00Z");
    vec![
        Event { count: 14, detail: Some(Untrusted::new("wrong hash")), ..event(3, "refused", "", &[]) },
        event(30, "edited", "marek.nowak+oncall@it.example.com", &[("status", "active", "inactive")]),
        event(63, "used", "", &[]),
        event(60 * 26, "edited", "jo", &[("expires_at", old, new), ("label", "CI runner – lab", "nightly backup")]),
        event(60 * 24 * 3, "edited", "evil\u{1b}[2J", &[("note", "\u{202e}gpj", ticket)]),
        event(60 * 24 * 40, "created", "jo", &[("label", "", "CI runner – lab"), ("expires_at", "", old)]),
    ]
}

fn everything() -> Vec<Event> {
    let mut all = events();
    let gone = [("label", "billing export", ""), ("owner", "finance", ""), ("status", "inactive", "")];
    let deleted = event(45, "deleted", "jo", &gone);
    let [key, label] = ["PKV4T8M2XHC7QW3N5ZJ0", "billing export"].map(|text| Some(Untrusted::new(text)));
    all.insert(2, Event { key, label, ..deleted });
    let role = event(50, "role_changed", "su", &[("role", "auditor", "superuser")]);
    all.insert(3, Event { key: None, label: None, admin: Some(Untrusted::new("mia")), ..role });
    all
}

/// The page after a script; what it asks about events is answered.
fn after(size: (u16, u16), script: &str) -> Stage {
    let mut stage = Stage::with(size, some_keys(), 5);
    for press in script.split('|') {
        stage.press(press);
        if let Some(Request::Events(request)) = stage.asked.take() {
            let is_one = matches!(request.of, latchkey::client::EventScope::Key(_));
            let events = if is_one { events() } else { everything() };
            let next_cursor = (!is_one).then(|| "more".to_owned());
            stage.reply(Reply::Events(request, Ok(TrailPage { events, next_cursor, newest_cursor: None })));
        }
    }
    stage
}

#[test]
fn history_of_a_key() {
    assert_snapshot!(at_sizes(&ALL, |size| after(size, "h|<Down><Down><Down>")));
}

#[test]
fn history_at_the_smallest() {
    assert_snapshot!(at_sizes(&[(40, 10), (60, 16)], |size| after(size, "h|<Down>")));
}

#[test]
fn all_events() {
    assert_snapshot!(at_sizes(&ALL, |size| after(size, "H|<Down><Down>")));
}

#[test]
fn all_events_filtered() {
    assert_snapshot!(at_sizes(&ALL[..2], |size| after(size, "H|f|f|/jo<Space>7d<Enter>")));
}

#[test]
fn filter_of_events() {
    assert_snapshot!(at_sizes(&ALL[..2], |size| after(size, "H|/")));
}

#[test]
fn events_that_can_not_be_read() {
    assert_snapshot!(at_sizes(&[(80, 24), (40, 10)], |size| {
        let mut stage = Stage::with(size, some_keys(), 5);
        stage.press("H");
        assert!(stage.picture().contains("Loading events…"));
        let Some(Request::Events(request)) = stage.asked.take() else { panic!("nothing was asked for") };
        stage.reply(Reply::Events(request, Err(ApiError::NotFound(Untrusted::new("not found\u{1b}[2J")))));
        stage
    }));
}
