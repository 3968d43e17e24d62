//! Times the screen: drawing the list, and a press from its bytes to the bytes of its frame.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Instant;

use chrono::{DateTime, TimeDelta};
use criterion::{Criterion, criterion_group, criterion_main};
use latchkey::client::{Page, Reply, Request};
use latchkey::domain::key::fields::Columns;
use latchkey::domain::{AccessKey, CursorToken, KeyId, Lifetimes, Status, Untrusted};
use latchkey::platform::decoder::Decoder;
use latchkey::platform::terminal_kind::TerminalKind;
use latchkey::tui::screen::{RowCache, Screen};
use latchkey::tui::state::{ClockReading, Effect, State};
use latchkey::tui::view;

/// A page of a million keys on screen.
fn list(size: (u16, u16), now: ClockReading) -> State {
    let (mut state, first) = State::new(size, Columns::default());
    let Effect::Send(Request::List(request)) = first else { return state };
    let keys = (0..100)
        .filter_map(|n| {
            Some(AccessKey {
                label: Untrusted::new(&format!("billing export {n}")),
                status: Status::ALL[n % 3],
                created_by: Untrusted::new("jo"),
                last_used_at: Some(now.utc),
                ..AccessKey::new(
                    KeyId::parse(&format!("PK{:018}", n * 7_777_777)).ok()?,
                    now.utc - TimeDelta::try_days(i64::try_from(n).ok()?)?,
                )
            })
        })
        .collect();
    let page = Page {
        start: None,
        keys,
        before: None,
        after: Some(CursorToken("more".into())),
        total: Some(1_000_000),
        ahead: chrono::TimeDelta::zero(),
        lifetimes: Lifetimes::default(),
    };
    let _ = state.on_reply(Reply::Listed(request, Ok(page)), now);
    state
}

fn benches(criterion: &mut Criterion) {
    let utc = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
    let now = ClockReading { at: Instant::now(), utc };
    for size in [(80, 24), (200, 60)] {
        let state = list(size, now);
        let mut frame = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, size.0, size.1));
        criterion.bench_function(&format!("draw the list, {}x{}", size.0, size.1), |bencher| {
            bencher.iter(|| view::draw(black_box(&mut frame), &mut RowCache::default(), &state, now));
        });
        let mut state = list(size, now);
        let mut screen = Screen::new(size.0, size.1, TerminalKind::RICH);
        let (mut decoder, mut events, mut out) = (Decoder::default(), VecDeque::new(), Vec::new());
        let mut down = false;
        criterion.bench_function(&format!("a press to its frame, {}x{}", size.0, size.1), |bencher| {
            bencher.iter(|| {
                down = !down;
                decoder.feed(if down { b"\x1b[B" } else { b"\x1b[A" }, &mut events);
                while let Some(event) = events.pop_front() {
                    let _ = state.on_input(event, now);
                }
                out.clear();
                screen.draw(&mut out, |frame, rows| view::draw(frame, rows, &state, now));
                black_box(&out);
            });
        });
    }
}

criterion_group!(screen, benches);
criterion_main!(screen);
