//! What holds for any bytes, whoever sent them: run by the fuzzer and, on its corpus, as a test.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crossterm::event::{Event, KeyCode};
use latchkey::api::{
    Answer, ApiError, Attempt, Creation, Exchanged, ListRequest, Page, Place, Reply, Request, Server, Target,
};
use latchkey::model::{AccessKey, Charset, Cursor, KeyId, Profile, SecretKey, Status, Untrusted, Verdict};
use latchkey::ui::app::{App, Dialog, Effect, Moment};
use latchkey::ui::screen::Screen;
use latchkey::ui::{Decoder, Kind, view};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use crate::written::strange;

/// Drawing takes a hundred times as long as a press: a frame for so many bytes.
const EACH: usize = 24;
/// More presses than this tell nothing new.
const MOST: usize = 2048;

/// Bytes as the terminal sends them, into the whole program but for the server, which answers at once.
///
/// The first byte chooses size and surroundings. `0xff` in what follows gives up an open sequence and lets time pass;
/// `0xfe` changes the size. Neither is part of any UTF-8.
pub fn input(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let mut page = OnePage::new(first);
    let mut events = VecDeque::new();
    let mut decoder = Decoder::default();
    for &byte in bytes.iter().take(MOST) {
        match byte {
            0xff => {
                decoder.give_up(&mut events);
                page.now.at += Duration::from_secs(7);
                let effect = page.app.on_time(page.now);
                page.perform(effect, None);
            }
            0xfe => events.push_back(Event::Resize(SIZES[page.turn % SIZES.len()].0, SIZES[page.turn % SIZES.len()].1)),
            byte => decoder.feed(&[byte], &mut events),
        }
        page.turn += 1;
        while let Some(event) = events.pop_front() {
            page.take(event);
        }
        if page.turn.is_multiple_of(EACH) {
            page.draw();
        }
        if page.left {
            return;
        }
    }
    page.draw();
}

/// A text of a server, through its gate.
pub fn untrusted(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let (text, cells) = (String::from_utf8_lossy(bytes), usize::from(first));
    let text = Untrusted::new(&text);
    let label = text.label(cells);
    assert!(label.width() <= cells, "{label:?} is wider than {cells}");
    assert_eq!(strange(label.as_bytes()), [""; 0], "{label:?}");
    assert!(!label.contains(['\r', '\n']));
    let lines = text.block(3, cells);
    assert!(lines.len() <= 3);
    for line in &lines {
        assert!(line.width() <= cells.max(1), "{line:?} is wider than {cells}");
        assert!(!line.contains(['\r', '\n']) && strange(line.as_bytes()).is_empty(), "{line:?}");
    }
    assert_eq!(strange(format!("{text:?}").as_bytes()), [""; 0]);
}

/// An answer of a server to any call, and what the screen makes of it.
///
/// The first byte is the call, the second chooses the status, up to the first NUL stands a header's value.
pub fn answers(bytes: &[u8]) {
    let [call, status, rest @ ..] = bytes else { return };
    let statuses = [200, 201, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503];
    let status = StatusCode::from_u16(statuses[usize::from(*status) % statuses.len()]).unwrap();
    let (value, body) =
        rest.iter().position(|byte| *byte == 0).map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 1..]));
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(value) {
        for name in ["content-type", "retry-after", "date"] {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    let answer = Answer { status, headers, body: Some(Zeroizing::new(body.to_vec())) };
    let mut page = OnePage::new(*call);
    let _ = answer.date();
    let id = KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap();
    let reply = match call % 5 {
        0 => {
            let request = page.asked.clone();
            let result = answer.page(&request.place);
            Reply::Listed(request, result)
        }
        1 => Reply::Created(answer.creation()),
        2 => Reply::Edited(id, answer.key()),
        3 => Reply::Deleted(id, Err(answer.refusal())),
        _ => Reply::Exchanged(Attempt::next(), Exchanged { result: answer.grant(), server_time: answer.date() }),
    };
    let effect = page.app.on_reply(reply, page.now);
    page.perform(effect, None);
    page.draw();
    for press in b"\rsed" {
        let mut events = VecDeque::new();
        let mut decoder = Decoder::default();
        decoder.feed(&[*press], &mut events);
        decoder.give_up(&mut events);
        for event in events {
            page.take(event);
        }
    }
    page.draw();
}

const SIZES: [(u16, u16); 8] = [(80, 24), (40, 10), (100, 30), (1, 1), (41, 11), (60, 16), (10, 40), (79, 23)];

/// The page, and a server that answers at once.
struct OnePage {
    app: App,
    screen: Screen,
    now: Moment,
    asked: ListRequest,
    secret: u8,
    turn: usize,
    left: bool,
}

impl OnePage {
    fn new(first: u8) -> Self {
        let size = SIZES[usize::from(first) % SIZES.len()];
        let (app, effect) = App::new(size);
        let Effect::Send(Request::List(asked)) = effect else { panic!("the first thing is a list") };
        let utc: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let now = Moment { at: Instant::now(), utc };
        let screen = screen(size, first & 8 != 0);
        let mut page = Self { app, screen, now, asked: asked.clone(), secret: 0, turn: 0, left: false };
        page.app.begin(vec![profile(first), profile(first ^ 16)], "");
        let server = Server { profile: profile(first), target: Target::Socket("/run/api.sock".into()), who: None };
        for reply in [Reply::Connected(Ok(server)), Reply::Listed(asked.clone(), Ok(keys(&asked)))] {
            let effect = page.app.on_reply(reply, now);
            page.perform(effect, None);
        }
        page
    }

    fn take(&mut self, event: Event) {
        // Looked at before, for what it means depends on what was open.
        let deletes = matches!(&self.app.dialog, Some(Dialog::Delete(dialog)) if dialog.is_confirmed());
        let creates = matches!(&self.app.dialog, Some(Dialog::Create(_)));
        let is_enter = event.as_key_event().is_some_and(|key| key.code == KeyCode::Enter);
        if let Event::Resize(width, height) = event {
            self.screen.resize(width, height);
        }
        let effect = self.app.on_input(event, self.now);
        match &effect {
            Some(Effect::Send(Request::Delete(_))) => assert!(deletes && is_enter, "deleted without its confirmation"),
            Some(Effect::Send(Request::Create(_))) => assert!(creates && is_enter, "created without its dialog"),
            _ => {}
        }
        self.perform(effect, None);
    }

    /// Makes an effect happen, and its answer, and what follows from that; not for ever.
    fn perform(&mut self, effect: Option<Effect>, after: Option<usize>) {
        let depth = after.unwrap_or(0);
        let reply = match effect {
            Some(Effect::Send(request)) => self.answer(request),
            Some(Effect::Quit(_)) => return self.left = true,
            _ => None,
        };
        if let Some(reply) = reply.filter(|_| depth < 8) {
            let effect = self.app.on_reply(reply, self.now);
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

    fn draw(&mut self) {
        let mut out = Vec::new();
        let (app, now) = (&self.app, self.now);
        self.screen.draw(&mut out, |frame| view::draw(frame, app, now));
        assert_eq!(strange(&out), [""; 0]);
    }
}

/// The one place that knows how a screen is made.
fn screen((width, height): (u16, u16), colours: bool) -> Screen {
    Screen::new(width, height, Kind { charset: Charset::Utf8, colours })
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
    let after = (list.place == Place::Start).then(|| Cursor("\u{1b}]52;c;eA==\u{7}".to_owned()));
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
