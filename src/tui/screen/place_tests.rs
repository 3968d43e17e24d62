//! Who works where, at the top of the page and in the window's title.

use std::time::Instant;

use chrono::DateTime;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::RowCache;
use crate::client::{Server, Target};
use crate::domain::key::fields::Columns;
use crate::domain::{Identity, Profile, Untrusted};
use crate::tui::state::{ClockReading, State};
use crate::tui::view;

fn at(name: &str, host: &str, username: &str) -> State {
    let profile = Profile {
        name: name.to_owned(),
        server: host.to_owned(),
        folder: None,
        username: None,
        signs_in: true,
        production: true,
        read_only: false,
    };
    let (username, role) = (Untrusted::new(username), Untrusted::new("superuser"));
    let who = Some(Identity { username, role, expires_at: DateTime::UNIX_EPOCH });
    let (mut state, _) = State::new((80, 24), Columns::default());
    state.server = Some(Server { profile, target: Target::Socket("s".into()), who });
    state
}

/// The first row of the page.
fn first_row(state: &mut State, size: (u16, u16)) -> String {
    state.size = size;
    let mut frame = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    let now = ClockReading { at: Instant::now(), utc: DateTime::UNIX_EPOCH };
    view::draw(&mut frame, &mut RowCache::new(size.1), state, now);
    (0..size.0).map(|x| frame[(x, 0)].symbol()).collect()
}

#[test]
fn who_it_is_stays_where_there_is_little_room() {
    let mut state = at("team", "keys.example.com", "jo");
    for (size, row) in [
        ((80, 24), "Settings › API Keys PRODUCTION jo (superuser) · team · keys.example.com"),
        ((70, 16), "API Keys PRODUCTION jo (superuser) · team · keys.example.com"),
        ((60, 16), "PRODUCTION jo (superuser) · team · keys.example.com"),
        ((50, 14), "API Keys PRODUCTION jo (superuser) · team"),
        ((40, 10), "PRODUCTION jo (superuser) · team"),
    ] {
        let shown = first_row(&mut state, size);
        assert_eq!(shown.split_whitespace().collect::<Vec<_>>().join(" "), row, "{size:?}");
    }
    let mut long = at(&"eu-west-".repeat(6), &"keys.example.com".repeat(9), "maximiliane.mustermann");
    for width in 40..200 {
        for height in [10, 14, 24] {
            let row = first_row(&mut long, (width, height));
            assert!(row.contains("PRODUCTION  max") && row.contains(" (superuser) "), "{width}: {row}");
        }
    }
    let row = first_row(&mut long, (80, 24));
    assert!(row.contains("maximiliane.mustermann (superuser) · eu-w…"), "{row}");
}

#[test]
fn the_title_says_who_works_where() {
    assert_eq!(view::title(&State::new((80, 24), Columns::default()).0), "latchkey");
    let state = at("team", "keys.example.com", "jo");
    assert_eq!(view::title(&state), "latchkey: team · jo (superuser) · keys.example.com");
    let hostile = "a\u{1b}]0;x\u{7}\u{9c}\r\n\u{202e}".repeat(40);
    let title = view::title(&at(&hostile, &hostile, &hostile));
    assert!(title.starts_with("latchkey: a^[]0;x^G") && !title.contains(char::is_control), "{title}");
    assert!(title.len() < 200 && !title.contains('\u{202e}'), "{title}");
}
