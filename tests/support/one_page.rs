//! The page, and a server of three keys that answers at once, in memory: for input by the million.

use std::time::Instant;

use chrono::{DateTime, Utc};
use crossterm::event::{Event, KeyCode};
use latchkey::client::{ApiError, Creation, Cursor, Exchanged, ListRequest, Page, Reply, Request, Server, Target};
use latchkey::domain::{AccessKey, Charset, CursorToken, KeyId, Profile, SecretKey, Status, Untrusted, Verdict};
use latchkey::platform::terminal_kind::TerminalKind;
use latchkey::tui::screen::Screen;
use latchkey::tui::state::{ClockReading, Dialog, Effect, State};
use latchkey::tui::view;
use zeroize::Zeroizing;

use crate::written::strange;

/// Sizes of the terminal, in columns and rows.
pub const SIZES: [(u16, u16); 8] = [(80, 24), (40, 10), (100, 30), (1, 1), (41, 11), (60, 16), (10, 40), (79, 23)];

/// The page, and a server that answers at once.
pub struct OnePage {
    pub state: State,
    screen: Screen,
    pub now: ClockReading,
    charset: Charset,
    pub asked: ListRequest,
    secret: u8,
    pub turn: usize,
    pub left: bool,
}

impl OnePage {
    pub fn new(first: u8) -> Self {
        let size = SIZES[usize::from(first) % SIZES.len()];
        let (state, effect) = State::new(size);
        let Effect::Send(Request::List(asked)) = effect else { panic!("the first thing is a list") };
        let utc: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let now = ClockReading { at: Instant::now(), utc };
        let charset = if first & 128 == 0 { Charset::Utf8 } else { Charset::Ascii };
        let screen = Screen::new(size.0, size.1, TerminalKind { charset, colours: first & 8 != 0 });
        let mut page = Self { state, screen, now, charset, asked: asked.clone(), secret: 0, turn: 0, left: false };
        page.state.begin(vec![profile(first), profile(first ^ 16)], "");
        let server = Server { profile: profile(first), target: Target::Socket("/run/api.sock".into()), who: None };
        for reply in [Reply::Connected(Ok(server)), Reply::Listed(asked.clone(), Ok(keys(&asked)))] {
            let effect = page.state.on_reply(reply, now);
            page.perform(effect, None);
        }
        page
    }

    pub fn take(&mut self, event: Event) {
        // Looked at before, for what it means depends on what was open.
        let deletes = matches!(&self.state.dialog, Some(Dialog::Delete(dialog)) if dialog.is_confirmed());
        let creates = matches!(&self.state.dialog, Some(Dialog::Create(_)));
        let is_enter = event.as_key_event().is_some_and(|key| key.code == KeyCode::Enter);
        if let Event::Resize(width, height) = event {
            self.screen.resize(width, height);
        }
        let effect = self.state.on_input(event, self.now);
        match &effect {
            Some(Effect::Send(Request::Delete(_))) => assert!(deletes && is_enter, "deleted without its confirmation"),
            Some(Effect::Send(Request::Create(_))) => assert!(creates && is_enter, "created without its dialog"),
            _ => {}
        }
        self.perform(effect, None);
    }

    /// Makes an effect happen, and its answer, and what follows from that; not for ever.
    pub fn perform(&mut self, effect: Option<Effect>, after: Option<usize>) {
        let depth = after.unwrap_or(0);
        let reply = match effect {
            Some(Effect::Send(request)) => self.answer(request),
            Some(Effect::Quit(_)) => return self.left = true,
            _ => None,
        };
        if let Some(reply) = reply.filter(|_| depth < 8) {
            let effect = self.state.on_reply(reply, self.now);
            self.perform(effect, Some(depth + 1));
        }
    }

    fn answer(&mut self, request: Request) -> Option<Reply> {
        Some(match request {
            Request::List(list) => {
                self.asked = list.clone();
                let page = keys(&list);
                Reply::Listed(list, Ok(page))
            }
            Request::Count(filter) => Reply::Counted(filter, Ok(3)),
            Request::Create(_) => {
                self.secret = self.secret.wrapping_add(1);
                let secret = SecretKey::from_random(&Zeroizing::new([self.secret; 32]));
                Reply::Created(Ok(Creation::New(key(0), secret)))
            }
            Request::Edit(id, _) => Reply::Edited(id, Ok(key(1))),
            Request::Delete(id) => Reply::Deleted(id, Ok(())),
            Request::Look(attempt, _) => Reply::Looked(attempt, Ok(key(2))),
            Request::Exchange(attempt, _) => {
                Reply::Exchanged(attempt, Exchanged { result: Err(ApiError::Verification), server_time: None })
            }
            Request::Verify(attempt, ..) => Reply::Verified(attempt, Ok(Verdict::NotOffered)),
            Request::SignIn(_) => Reply::SignedIn(Err(ApiError::NotSignedIn(Untrusted::new("no")))),
            Request::GiveUp => return None,
            Request::SignOut => Reply::SignedOut(Ok(())),
            Request::Connect(_) => {
                let server = Server { profile: profile(0), target: Target::Socket("/x".into()), who: None };
                Reply::Connected(Ok(server))
            }
        })
    }

    pub fn draw(&mut self) {
        let mut out = Vec::new();
        let (state, now) = (&self.state, self.now);
        self.screen.draw(&mut out, |frame| view::draw(frame, state, now));
        assert_eq!(strange(&out), [""; 0]);
        assert!(self.charset == Charset::Utf8 || out.is_ascii(), "{:?} in ASCII", String::from_utf8_lossy(&out));
    }
}

fn profile(bits: u8) -> Profile {
    Profile {
        name: if bits & 16 == 0 { "local" } else { "team" }.to_owned(),
        server: "keys.example.com".to_owned(),
        username: None,
        signs_in: false,
        production: bits & 32 != 0,
        read_only: bits & 64 != 0,
    }
}

/// Three keys; the end of each ID is easy to type.
fn keys(list: &ListRequest) -> Page {
    let after = (list.place == Cursor::Start).then(|| CursorToken("\u{1b}]52;c;eA==\u{7}".to_owned()));
    Page { keys: (0..3).map(key).collect(), before: None, after, total: Some(6) }
}

fn key(number: usize) -> AccessKey {
    let labels =
        ["nightly", "\u{1b}]52;c;UFdO\u{7}\u{202e}gpj\u{9d}0;t\u{9c}", "a\u{301}\u{301}\u{301}\u{301}東京\n\u{e0041}"];
    AccessKey {
        id: KeyId::parse(["PK7QW3N5ZJ0V4T8M0000", "PK0ZAHJZ12345678dddd", "\u{202e}\u{1b}[2Jaaaa"][number]).unwrap(),
        label: Untrusted::new(labels[number]),
        status: [Status::Active, Status::Inactive, Status::Expired][number],
        created_at: DateTime::UNIX_EPOCH,
        created_by: Untrusted::new(labels[2 - number]),
        expires_at: None,
        last_used_at: None,
        last_used_from: Some(Untrusted::new(labels[number])),
    }
}
