//! Bytes of the terminal to events, so that nothing but a press becomes a press: on the page and at hidden prompts.
//!
//! A terminal answers questions late, and sends reports that were not asked for. crossterm 0.29 takes such
//! text for presses, and an unknown CSI report wedges its parser (crossterm#1104). This state
//! machine, after ECMA-48 and xterm's ctlseqs, swallows every string (OSC, DCS, APC, PM, SOS) and
//! every CSI that is not a press, and gives crossterm's own event types.

mod keys;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers};

use crate::domain::Background;

pub use keys::NOT_UTF8;
use keys::{control, csi_press, press, ss3_press};

/// Turns bytes into events, however they are cut into reads.
#[derive(Default)]
pub struct Decoder {
    state: DecoderState,
    /// Parameters of a CSI or SS3, or the bytes of one UTF-8 character.
    held: Vec<u8>,
    /// Whether an Esc came before, as Alt sends it.
    alt: bool,
    pasted: Vec<u8>,
    /// How many pastes have ended.
    pastes: usize,
    /// The cursor's column, counted from 1, as reported last.
    column: Option<u32>,
    awaited: Awaited,
    /// A string as far as it is the answer about the background; empty if it is another.
    answer: Vec<u8>,
    /// The background, as reported last.
    background: Option<Background>,
    /// A paste has just ended, or so it said.
    after_paste: bool,
    /// What came since: presses, unless the text itself held the code that ends a paste.
    late: VecDeque<Event>,
}

/// Whether the terminal was asked something: a slow link may cut an answer anywhere, behind its Esc too.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Awaited {
    #[default]
    Nothing,
    Answer,
    /// An Esc was given up as a press, and nothing has come since.
    Rest,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum DecoderState {
    #[default]
    Ground,
    Utf8,
    Escape,
    /// An Esc and a byte from Space to `/`, which another byte ends (ECMA-35): `ESC ( B`.
    Designation,
    /// Two of them: Alt and Esc, or Alt and a key that has a sequence (`PuTTY`, Terminal.app).
    EscapeEscape,
    Csi,
    /// The Linux console's function keys: `CSI [ A`.
    CsiBracket,
    Ss3,
    /// A mouse report as X10 and xterm's highlighting write it; holds how many characters are still to come.
    Mouse(u8),
    /// Bytes that are not UTF-8, and what comes with them.
    NotUtf8,
    /// A paste that seemed to end, with presses behind it, and then to begin again: its text holds both codes.
    Forged,
    /// Inside OSC, DCS, APC, PM or SOS.
    Text,
    TextEscape,
    Paste,
}

/// Longer than any parameter list of a press; what is longer is swallowed to its end.
const MAX_PARAMETERS: usize = 64;
/// How long to wait for the rest of what can't be typed, such as `ESC [ ? 6`: a slow link may cut an answer.
const STALL: Duration = Duration::from_secs(5);
/// More than any field takes.
const MAX_PASTE: usize = 64 << 10;
/// How long what follows a paste is held back. A terminal sends a paste in one piece; a slow link may cut it.
pub(crate) const AFTER_PASTE: Duration = Duration::from_millis(200);
/// How the terminal begins to say its background, after an Esc: as it was asked.
const ANSWER: &[u8] = b"]11;";
const PASTE_END: &[u8] = b"\x1b[201~";

impl Decoder {
    /// Takes bytes as they were read.
    pub fn feed(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) {
        for &byte in bytes {
            if self.after_paste {
                let mut late = std::mem::take(&mut self.late);
                self.take(byte, &mut late);
                self.late = late;
            } else {
                self.take(byte, events);
            }
        }
    }

    /// Whether a paste has just ended. What follows at once is held back until [`give_up`](Self::give_up): a text
    /// that holds `ESC [ 201 ~` would press keys otherwise.
    pub const fn is_after_paste(&self) -> bool {
        self.after_paste
    }

    /// How many pastes have ended.
    pub const fn pastes(&self) -> usize {
        self.pastes
    }

    /// Takes the cursor's column, counted from 1, if it was reported.
    pub const fn take_column(&mut self) -> Option<u32> {
        self.column.take()
    }

    /// Says whether an answer is to come: what follows an Esc that seemed to be a press may be its rest then.
    pub const fn expect(&mut self, expects: bool) {
        self.awaited = if expects { Awaited::Answer } else { Awaited::Nothing };
    }

    /// Takes the terminal's background, if it was reported.
    pub const fn take_background(&mut self) -> Option<Background> {
        self.background.take()
    }

    /// Whether a paste has begun and not ended.
    pub const fn is_pasting(&self) -> bool {
        matches!(self.state, DecoderState::Paste | DecoderState::Forged)
    }

    /// How long to wait for more before [`give_up`](Self::give_up); none if nothing is open.
    ///
    /// 100 ms tells Esc from a sequence, as in most programs. A string, or a sequence with parameters, is given five seconds
    /// of silence, since the parts of a late answer come apart on a slow link; a paste half a minute: terminals end every
    /// one, so that what follows a stall of the link is text.
    pub fn patience(&self) -> Option<Duration> {
        match self.state {
            DecoderState::Ground if self.after_paste => Some(AFTER_PASTE),
            DecoderState::Ground => None,
            DecoderState::Escape | DecoderState::EscapeEscape | DecoderState::Designation | DecoderState::NotUtf8 => {
                Some(Duration::from_millis(100))
            }
            DecoderState::Csi if !self.held.is_empty() || self.awaited != Awaited::Nothing => Some(STALL),
            DecoderState::Ss3 if !self.held.is_empty() => Some(STALL),
            DecoderState::Utf8
            | DecoderState::Csi
            | DecoderState::CsiBracket
            | DecoderState::Ss3
            | DecoderState::Mouse(_) => Some(Duration::from_millis(250)),
            // Alt and `]`, unless something follows.
            DecoderState::Text if self.held.is_empty() && self.awaited == Awaited::Nothing => {
                Some(Duration::from_millis(250))
            }
            DecoderState::Text | DecoderState::TextEscape => Some(STALL),
            DecoderState::Forged => Some(Duration::from_secs(1)),
            DecoderState::Paste => Some(Duration::from_secs(30)),
        }
    }

    /// Ends what is open: a lone Esc was the key, an unfinished sequence was noise.
    pub fn give_up(&mut self, events: &mut VecDeque<Event>) {
        self.after_paste = false;
        events.append(&mut self.late);
        match self.state {
            DecoderState::Escape | DecoderState::EscapeEscape => {
                events.push_back(press(KeyCode::Esc, KeyModifiers::NONE));
                if self.awaited == Awaited::Answer {
                    self.awaited = Awaited::Rest;
                }
            }
            DecoderState::Utf8 => events.push_back(press(NOT_UTF8, KeyModifiers::NONE)),
            DecoderState::Paste => {
                self.end_paste(events);
                self.after_paste = false;
            }
            _ => {}
        }
        self.enter(DecoderState::Ground);
    }

    fn enter(&mut self, state: DecoderState) {
        self.state = state;
        self.held.clear();
        self.alt &= state != DecoderState::Ground;
    }

    /// Ends a sequence with the press that it was, if it was one.
    fn end(&mut self, event: Option<Event>, events: &mut VecDeque<Event>) {
        let alt = self.alt;
        self.enter(DecoderState::Ground);
        events.extend(event.map(|event| match event {
            Event::Key(key) if alt => press(key.code, key.modifiers | KeyModifiers::ALT),
            event => event,
        }));
    }

    /// Takes no more until there is silence, and says why.
    fn refuse(&mut self, events: &mut VecDeque<Event>) {
        self.enter(DecoderState::NotUtf8);
        self.alt = false;
        events.push_back(press(NOT_UTF8, KeyModifiers::NONE));
    }

    fn take(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match self.state {
            DecoderState::Ground => self.ground(byte, events),
            DecoderState::Utf8 => self.utf8(byte, events),
            DecoderState::Escape => self.escape(byte, events),
            DecoderState::Csi => self.csi(byte, events),
            DecoderState::EscapeEscape => match byte {
                b'[' | b'O' => {
                    self.alt = true;
                    self.escape(byte, events);
                }
                0x1b => events.push_back(press(KeyCode::Esc, KeyModifiers::NONE)),
                // Esc, and Alt with another key.
                _ => self.escape(byte, events),
            },
            DecoderState::CsiBracket => {
                let code = byte.checked_sub(b'A').filter(|n| *n < 5).map(|n| KeyCode::F(n + 1));
                self.end(code.map(|code| press(code, KeyModifiers::NONE)), events);
            }
            DecoderState::Ss3 => match byte {
                b'0'..=b'9' | b';' if self.held.len() < MAX_PARAMETERS => self.held.push(byte),
                0x1b => self.enter(DecoderState::Escape),
                _ => {
                    let parameters = std::mem::take(&mut self.held);
                    self.end(ss3_press(&parameters, byte), events);
                }
            },
            // A coordinate is one byte, and may be any from a blank on; in UTF-8 mode it may be two.
            DecoderState::Mouse(_) if (0x80..=0xbf).contains(&byte) && !self.held.is_empty() => self.held.clear(),
            // No part of a report is a control character.
            DecoderState::Mouse(left) if left == 0 || byte < b' ' => {
                self.enter(DecoderState::Ground);
                self.take(byte, events);
            }
            DecoderState::Mouse(left) => {
                self.held.clear();
                self.held.extend(Some(byte).filter(|byte| (0xc2..=0xdf).contains(byte)));
                self.state = DecoderState::Mouse(left - 1);
            }
            DecoderState::NotUtf8 | DecoderState::Forged => {}
            DecoderState::Text => match byte {
                // Not 0x9c, the 8-bit terminator: it is a part of characters in UTF-8, such as U+201C and U+00DC.
                0x07 => self.end_text(),
                0x18 | 0x1a => self.enter(DecoderState::Ground),
                0x1b => self.state = DecoderState::TextEscape,
                // No string contains Ctrl-C: the user wants to leave.
                0x03 => {
                    self.enter(DecoderState::Ground);
                    self.ground(byte, events);
                }
                _ => self.text(byte),
            },
            DecoderState::Designation => match byte {
                b' '..=b'/' => {}
                b'0'..=b'~' => self.enter(DecoderState::Ground),
                _ => {
                    self.enter(DecoderState::Ground);
                    self.ground(byte, events);
                }
            },
            DecoderState::TextEscape => match byte {
                b'\\' => self.end_text(),
                0x1b => {}
                // Not a terminator: the string was cut off, and another sequence begins.
                _ => {
                    self.enter(DecoderState::Escape);
                    self.escape(byte, events);
                }
            },
            DecoderState::Paste => self.paste(byte, events),
        }
    }

    fn ground(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        let is_rest = self.awaited == Awaited::Rest;
        if is_rest {
            self.awaited = Awaited::Answer;
        }
        match byte {
            b'[' | b']' if is_rest => self.escape(byte, events),
            0x1b => self.enter(DecoderState::Escape),
            0xc2..=0xf4 => {
                self.state = DecoderState::Utf8;
                self.held.clear();
                self.held.push(byte);
            }
            0x80.. => self.refuse(events),
            b' '..=b'~' => self.end(Some(press(KeyCode::Char(char::from(byte)), KeyModifiers::NONE)), events),
            _ => self.end(control(byte).map(|(code, modifiers)| press(code, modifiers)), events),
        }
    }

    fn utf8(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        if !(0x80..=0xbf).contains(&byte) {
            return self.refuse(events);
        }
        self.held.push(byte);
        let whole = match self.held[0] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        if self.held.len() == whole {
            match std::str::from_utf8(&self.held).ok().and_then(|s| s.chars().next()) {
                Some(c) => {
                    let event = Some(press(KeyCode::Char(c), KeyModifiers::NONE)).filter(|_| !c.is_control());
                    self.end(event, events);
                }
                None => self.refuse(events),
            }
        }
    }

    fn escape(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            b'[' => self.enter(DecoderState::Csi),
            b'O' => self.enter(DecoderState::Ss3),
            b']' | b'P' | b'X' | b'^' | b'_' => {
                self.enter(DecoderState::Text);
                self.answer = ANSWER.iter().copied().filter(|begin| *begin == byte).collect();
            }
            0x1b => self.enter(DecoderState::EscapeEscape),
            b' '..=b'/' => self.enter(DecoderState::Designation),
            // Alt and a key without a sequence of its own.
            _ => {
                self.enter(DecoderState::Ground);
                self.alt = true;
                self.ground(byte, events);
            }
        }
    }

    fn csi(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            // urxvt's Shift and a key. A report has more before its dollar sign.
            b'$' if !self.held.is_empty() && self.held.iter().all(u8::is_ascii_digit) => {
                let parameters = std::mem::take(&mut self.held);
                self.end(csi_press(&parameters, byte), events);
            }
            b' '..=b'?' if self.held.len() < MAX_PARAMETERS => {
                self.held.push(byte);
            }
            b'[' if self.held.is_empty() => self.state = DecoderState::CsiBracket,
            b'M' if self.held.is_empty() => self.enter(DecoderState::Mouse(3)),
            b't' if self.held.is_empty() => self.enter(DecoderState::Mouse(2)),
            b'T' if self.held.is_empty() => self.enter(DecoderState::Mouse(6)),
            b'@'..=b'~' => {
                let parameters = std::mem::take(&mut self.held);
                let event = match (parameters.as_slice(), byte) {
                    (b"200", b'~') if self.after_paste && events.iter().any(|event| event.as_key_event().is_some()) => {
                        events.clear();
                        return self.enter(DecoderState::Forged);
                    }
                    (b"200", b'~') => return self.enter(DecoderState::Paste),
                    // The real end of a paste that seemed to be over: what came since was a part of it.
                    (b"201", b'~') if self.after_paste => {
                        events.clear();
                        None
                    }
                    (parameters, b'R') => {
                        self.column = keys::reported_column(parameters).or(self.column);
                        None
                    }
                    (b"", b'I') => Some(Event::FocusGained),
                    (b"", b'O') => Some(Event::FocusLost),
                    (parameters, b'M' | b'm') if parameters.starts_with(b"<") => keys::mouse(&parameters[1..], byte),
                    (parameters, end) => csi_press(parameters, end),
                };
                self.end(event, events);
            }
            0x1b => self.enter(DecoderState::Escape),
            0x18 | 0x1a => self.enter(DecoderState::Ground),
            _ => {}
        }
    }

    /// A string's byte. Nothing of it is kept unless it is the answer about the background.
    fn text(&mut self, byte: u8) {
        if self.held.is_empty() {
            self.held.push(byte);
        }
        match self.answer.len() {
            0 => {}
            at if ANSWER.get(at).is_none_or(|expected| *expected == byte) && at < MAX_PARAMETERS => {
                self.answer.push(byte);
            }
            _ => self.answer.clear(),
        }
    }

    fn end_text(&mut self) {
        let colour = self.answer.strip_prefix(ANSWER).and_then(Background::of_colour);
        self.background = colour.or(self.background);
        self.answer.clear();
        self.enter(DecoderState::Ground);
    }

    fn paste(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        if self.pasted.len() < MAX_PASTE + PASTE_END.len() {
            self.pasted.push(byte);
        } else {
            // Keep the tail, so that the end is still found.
            self.pasted.remove(MAX_PASTE);
            self.pasted.push(byte);
        }
        if self.pasted.ends_with(PASTE_END) {
            self.pasted.truncate(self.pasted.len() - PASTE_END.len());
            self.end_paste(events);
        }
    }

    fn end_paste(&mut self, events: &mut VecDeque<Event>) {
        let mut bytes = std::mem::take(&mut self.pasted);
        if let Err(error) = std::str::from_utf8(&bytes)
            && error.error_len().is_none()
        {
            bytes.truncate(error.valid_up_to()); // cut within a character
        }
        let event = String::from_utf8(bytes).map_or_else(|_| press(NOT_UTF8, KeyModifiers::NONE), Event::Paste);
        self.enter(DecoderState::Ground);
        self.after_paste = true;
        self.pastes = self.pastes.wrapping_add(1);
        events.push_back(event);
    }
}
