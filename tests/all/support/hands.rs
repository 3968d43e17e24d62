//! Hands for tests without a terminal: a key script, read by the program's own decoder.

use std::collections::VecDeque;

use crossterm::event::Event;
use latchkey::platform::decoder::Decoder;

use crate::support::typing;

/// The events of a script, each press alone in time.
pub fn events(script: &str) -> VecDeque<Event> {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    for press in typing::presses(script) {
        decoder.feed(&press, &mut events);
        decoder.give_up(&mut events);
    }
    events
}

/// The events of bytes that come in one read, and of silence.
pub fn of_bytes(bytes: &[u8]) -> VecDeque<Event> {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    decoder.feed(bytes, &mut events);
    decoder.give_up(&mut events);
    events
}
