//! What the terminal shows after any presses, replies and hours is what drawing the whole page would show.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

use super::*;
use crate::client::{Creation, Cursor, ListRequest, Page, Reply, Request};
use crate::domain::key::fields::Columns;
use crate::domain::{AccessKey, CursorToken, KeyFormat, KeyId, Lifetimes, SecretKey, Status, Untrusted};
use crate::platform::surroundings::Surroundings;
use crate::tui::state::{ClockReading, DetailsPane, Effect, ExitState, QUIET, State};
use crate::tui::view;

const LABELS: [&str; 4] = ["billing export", "東京 nightly", "\u{1b}]52;c;UFdO\u{7}\u{202e}gpj", ""];
const SIZES: [(u16, u16); 6] = [(80, 24), (200, 40), (40, 10), (60, 16), (200, 30), (9, 3)];
const PAGE: usize = 100;

/// A page, a terminal that shows it by what changes, and a server that answers at once.
struct Shown {
    state: State,
    now: ClockReading,
    keys: Vec<AccessKey>,
    screen: Screen,
    terminal: vt100::Parser,
    seed: u32,
    frames: usize,
    kept: usize,
    kept_beside: usize,
    scrolled: usize,
    covered: usize,
}

impl Shown {
    fn new(seed: u32) -> Self {
        let utc = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let now = ClockReading { at: Instant::now(), utc };
        let (state, first) = State::new(SIZES[0], Columns::default());
        let mut shown = Self {
            state,
            now,
            keys: (0..350).map(|n| key(n, now)).collect(),
            screen: Screen::new(80, 24, TerminalKind::RICH),
            terminal: vt100::Parser::default(),
            seed,
            frames: 0,
            kept: 0,
            kept_beside: 0,
            scrolled: 0,
            covered: 0,
        };
        shown.perform(Some(first));
        shown
    }

    fn below(&mut self, count: usize) -> usize {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.seed >> 8) as usize % count
    }

    /// Something happens.
    fn step(&mut self) {
        let effect = match self.below(20) {
            0 => {
                let time = Duration::from_secs([1, 40, 3_000, 90_000][self.below(4)]);
                self.now.at += time;
                self.now.utc += TimeDelta::from_std(time).unwrap();
                self.change_at_server();
                self.state.on_time(self.now)
            }
            1 if self.below(2) == 0 => {
                let (width, height) = SIZES[self.below(SIZES.len())];
                self.screen.resize(width, height);
                self.terminal.screen_mut().set_size(height.try_into().unwrap(), width.try_into().unwrap());
                self.state.on_input(Event::Resize(width, height), self.now)
            }
            1..=8 => self.press(KeyCode::Down),
            9..=12 => self.press(KeyCode::Up),
            13 => {
                let far = [KeyCode::PageDown, KeyCode::PageUp, KeyCode::Home, KeyCode::End];
                let code = far[self.below(4)];
                self.press(code)
            }
            14 | 15 => self.press(KeyCode::Esc),
            16 => {
                let code = [KeyCode::Enter, KeyCode::Enter, KeyCode::Tab, KeyCode::Left][self.below(4)];
                self.press(code)
            }
            _ => {
                let code = KeyCode::Char(char::from(b"abcdefghilmnoprstuvxyzABCDFHIPRSTVY/?aaaaaa"[self.below(43)]));
                self.press(code)
            }
        };
        self.draw();
        if effect.is_some() {
            self.perform(effect);
            self.draw();
        }
    }

    /// Another administrator changes a key that is on screen; the next answer shows it.
    fn change_at_server(&mut self) {
        let row = self.state.list.top + self.below(self.state.list.height.max(1));
        let id = self.state.list.window.as_ref().and_then(|window| window.get(row)).map(|key| key.id.clone());
        let (status, label) = (Status::ALL[self.below(3)], LABELS[self.below(LABELS.len())]);
        let what = self.below(2);
        for key in self.keys.iter_mut().filter(|key| Some(&key.id) == id.as_ref()) {
            if what == 0 { key.status = status } else { key.label = Untrusted::new(label) }
        }
    }

    fn press(&mut self, code: KeyCode) -> Option<Effect> {
        self.now.at += QUIET;
        self.state.on_input(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), self.now)
    }

    fn perform(&mut self, mut effect: Option<Effect>) {
        while let Some(asked) = effect.take() {
            let reply = match asked {
                Effect::Send(Request::List(list)) => {
                    let page = self.page(&list);
                    Reply::Listed(list, Ok(page))
                }
                Effect::Send(Request::Count(filter)) => Reply::Counted(filter, Ok(self.keys.len() as u64)),
                Effect::Send(Request::Create(_)) => {
                    let new = key(self.keys.len(), self.now);
                    self.keys.insert(0, new.clone());
                    let secret =
                        SecretKey::from_random(&Zeroizing::new([self.seed.to_le_bytes()[1]; 32]), KeyFormat::Prefixed);
                    Reply::Created(Ok(Creation::New(new, secret)))
                }
                Effect::Send(Request::Edit(before, changes)) => {
                    let key = self.keys.iter_mut().find(|key| key.id == before.id).unwrap();
                    key.status = changes.status.unwrap_or(key.status);
                    Reply::Edited(before, Ok(key.clone().into()))
                }
                Effect::Send(Request::Delete(before)) => {
                    self.keys.retain(|key| key.id != before.id);
                    Reply::Deleted(before, Ok(true.into()))
                }
                Effect::Quit(_) => {
                    self.state.exit = ExitState::No;
                    return;
                }
                Effect::Look => {
                    effect = self.state.on_surroundings(Surroundings::default(), self.now);
                    continue;
                }
                _ => return,
            };
            effect = self.state.on_reply(reply, self.now);
        }
    }

    fn page(&self, list: &ListRequest) -> Page {
        let at = |token: &CursorToken| token.0.parse().unwrap_or(0);
        let from: usize = match &list.place {
            Cursor::Start => 0,
            Cursor::After(token) => at(token),
            Cursor::Before(token) => at(token).saturating_sub(PAGE),
            Cursor::End => self.keys.len().saturating_sub(PAGE),
            Cursor::Around(id) => {
                let at = self.keys.iter().position(|key| key.id == *id).unwrap_or(0);
                at.saturating_sub(PAGE / 2)
            }
        };
        let keys: Vec<AccessKey> = self.keys.iter().skip(from).take(PAGE).cloned().collect();
        let to = from + keys.len();
        let token = |at: usize| CursorToken(at.to_string());
        let is_around = matches!(list.place, Cursor::Around(_));
        Page {
            start: (is_around && from > 0).then(|| token(from)),
            before: (from > 0).then(|| token(from)),
            after: (to < self.keys.len()).then(|| token(to)),
            keys,
            total: Some(self.keys.len() as u64),
            ahead: chrono::TimeDelta::zero(),
            lifetimes: Lifetimes::default(),
        }
    }

    /// Draws what changed, and compares it with the whole.
    fn draw(&mut self) {
        let (state, now) = (&self.state, self.now);
        let area = Rect::new(0, 0, state.size.0, state.size.1);
        let mut whole = Buffer::empty(area);
        let cursor = view::draw(&mut whole, &mut RowCache::default(), state, now);

        let (mut out, mut kept) = (Vec::new(), 0);
        self.screen.draw(&mut out, |frame, rows| {
            let cursor = view::draw(frame, rows, state, now);
            kept = (0..area.height).filter(|y| rows.kept(*y) > 0).count();
            cursor
        });
        self.frames += 1;
        self.kept += kept;
        if matches!(state.panes().details, DetailsPane::Beside(_)) {
            self.kept_beside += kept;
        }
        self.covered += usize::from(state.dialog.is_some());
        self.scrolled += usize::from(String::from_utf8_lossy(&out).contains("\x1b[r"));
        assert_eq!(self.screen.shown, whole, "frame {}", self.frames);
        assert_eq!(self.screen.cursor, cursor);

        self.terminal.process(&out);
        for (y, shown) in (0..area.height).zip(self.terminal.screen().rows(0, area.width)) {
            let (mut drawn, mut x) = (String::new(), 0);
            while x < area.width {
                drawn.push_str(whole[(x, y)].symbol());
                x += cells(whole[(x, y)].symbol());
            }
            assert_eq!(shown.trim_end(), drawn.trim_end(), "row {y} of frame {}", self.frames);
        }
        self.screen.wipe();
        assert!(self.screen.frame.content.iter().all(|cell| *cell == Cell::EMPTY), "frame {} is left", self.frames);
    }
}

fn key(number: usize, now: ClockReading) -> AccessKey {
    let days = i64::try_from(number).unwrap();
    AccessKey {
        label: Untrusted::new(LABELS[number % LABELS.len()]),
        status: Status::ALL[number % 3],
        last_used_at: (!number.is_multiple_of(5)).then(|| now.utc - TimeDelta::minutes(days)),
        ..AccessKey::new(
            KeyId::parse(&format!("PK{:0width$}", number * 7_777_777, width = if number % 50 == 9 { 30 } else { 18 }))
                .unwrap(),
            now.utc - TimeDelta::days(days),
        )
    }
}

#[test]
fn what_is_shown_is_what_a_whole_drawing_shows() {
    let mut shown = Shown::new(5);
    for _ in 0..1_500 {
        shown.step();
    }
    // All of it has happened: rows were kept, rows were moved by the terminal, and dialogs covered them.
    assert!(shown.kept > shown.frames, "{} rows kept in {} frames", shown.kept, shown.frames);
    assert!(shown.kept_beside > 100, "{} rows kept beside the details", shown.kept_beside);
    assert!(shown.scrolled > 5 && shown.covered > 100, "{} scrolled, {} covered", shown.scrolled, shown.covered);
}
