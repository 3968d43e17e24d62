//! What holds for any bytes, whoever sent them: run by the fuzzer and, on its corpus, as a test.

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{Event, KeyCode};
use latchkey::client::{Answer, Attempt, CreateAttempt, Exchanged, Reply};
use latchkey::domain::{AccessKey, KeyId, Untrusted};
use latchkey::platform::decoder::Decoder;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use crate::support::one_page::{OnePage, SIZES};
use crate::support::written::strange;

/// Drawing takes a hundred times as long as a press: a frame for so many bytes.
const EACH: usize = 24;
/// More presses than this tell nothing new.
const MOST: usize = 2048;

/// Bytes as the terminal sends them, into the whole program but for the server, which answers at once.
///
/// The first byte chooses size and surroundings, ASCII alone among them. `0xff` in what follows gives up an open sequence and lets time pass;
/// `0xfe` changes the size; after `0xfd` presses come at once, and after another at leisure. None is part of any UTF-8.
pub fn input(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let mut page = OnePage::new(first);
    let mut events = VecDeque::new();
    let mut decoder = Decoder::default();
    for &byte in bytes.iter().take(MOST) {
        match byte {
            0xff => {
                decoder.give_up(&mut events);
                page.pass(Duration::from_secs(7));
            }
            0xfe => events.push_back(Event::Resize(SIZES[page.turn % SIZES.len()].0, SIZES[page.turn % SIZES.len()].1)),
            0xfd => page.is_hasty = !page.is_hasty,
            byte => decoder.feed(&[byte], &mut events),
        }
        page.turn += 1;
        while let Some(event) = events.pop_front() {
            // In a debug build these panic on purpose.
            if matches!(event.as_key_event().map(|key| key.code), Some(KeyCode::F(11 | 12))) {
                continue;
            }
            page.take(event);
            if page.has_left() {
                return;
            }
        }
        if page.turn.is_multiple_of(EACH) {
            page.draw();
        }
    }
    page.draw();
}

/// Bytes as the terminal sends them, through the decoder alone: however they are cut into reads, the events are the same.
///
/// The first byte says how long the reads are; `0xff` in what follows is a silence, after which what is open is given up.
pub fn decoder(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let events = |length: usize| {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        for said in bytes.split(|byte| *byte == 0xff) {
            said.chunks(length).for_each(|read| decoder.feed(read, &mut events));
            decoder.give_up(&mut events);
            assert!(decoder.patience().is_none() && !decoder.is_after_paste(), "a silence ends everything");
        }
        events
    };
    let one_by_one = events(1);
    assert_eq!(one_by_one, events(usize::from(first).max(2)));
    // An Esc and a key at most for each byte, and a silence may end in one.
    assert!(one_by_one.len() <= 2 * (bytes.len() + 1));
    for event in one_by_one {
        if let Event::Key(key) = event
            && let KeyCode::Char(c) = key.code
        {
            assert!(!c.is_control(), "{c:?} is no key");
        }
    }
}

/// A text of a server, through its gate.
pub fn untrusted(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let (text, cells) = (String::from_utf8_lossy(bytes), usize::from(first));
    let text = Untrusted::new(&text);
    let label = text.to_display(cells);
    assert!(label.width() <= cells, "{label:?} is wider than {cells}");
    assert_eq!(strange(label.as_bytes()), [""; 0], "{label:?}");
    assert!(!label.contains(['\r', '\n']));
    assert_eq!(strange(format!("{text:?}").as_bytes()), [""; 0]);
}

/// An answer of a server to any call, and what the screen makes of it.
///
/// The first byte is the call, the second chooses the status, up to the first NUL is a header's value.
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
    let url = "http://localhost/api/v2/keys".parse().unwrap();
    let answer = Answer { status, headers, url, body: Some(Zeroizing::new(body.to_vec())) };
    let mut page = OnePage::new(*call);
    let _ = answer.date();
    let id = KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap();
    let before = Box::new(AccessKey::new(id, chrono::DateTime::UNIX_EPOCH));
    let reply = match call % 5 {
        0 => {
            let request = page.asked.clone();
            let result = answer.page(&request.place);
            Reply::Listed(request, result)
        }
        1 => Reply::Created(answer.creation(CreateAttempt::random().seal_key.as_ref())),
        2 => Reply::Edited(before, answer.key().map(Into::into)),
        3 => Reply::Deleted(before, Err(answer.refusal())),
        _ => Reply::Exchanged(Attempt::next(), Exchanged { result: answer.grant(), server_time: answer.date() }),
    };
    page.reply(reply);
    page.draw();
    for press in b"\rsed" {
        let mut events = VecDeque::new();
        let mut decoder = Decoder::default();
        decoder.feed(&[*press], &mut events);
        decoder.give_up(&mut events);
        for event in events {
            page.take(event);
            if page.has_left() {
                return;
            }
        }
    }
    page.draw();
}
