//! Bytes of the terminal to events, so that nothing but a press becomes a press.
//!
//! A terminal answers questions late, and sends reports nobody asked for. crossterm 0.29 takes such
//! text for presses, and an unknown CSI report wedges its parser (crossterm#1104). This state
//! machine, after ECMA-48 and xterm's ctlseqs, swallows every string (OSC, DCS, APC, PM, SOS) and
//! every CSI that is not a press, and gives crossterm's own event types.

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// Turns bytes into events, however they are cut into reads.
#[derive(Default)]
pub struct Decoder {
    state: State,
    /// Parameters of a CSI, or the bytes of one UTF-8 character.
    held: Vec<u8>,
    pasted: Vec<u8>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum State {
    #[default]
    Ground,
    Utf8,
    Escape,
    Csi,
    /// The Linux console's function keys: `CSI [ A`.
    CsiBracket,
    Ss3,
    /// Inside OSC, DCS, APC, PM or SOS.
    Text,
    TextEscape,
    Paste,
}

/// Longer than any parameter list of a press; what is longer is swallowed to its end.
const MAX_PARAMETERS: usize = 64;
/// More than any field takes.
const MAX_PASTE: usize = 64 << 10;
const PASTE_END: &[u8] = b"\x1b[201~";

impl Decoder {
    /// Takes bytes as they were read.
    pub fn feed(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) {
        for &byte in bytes {
            self.take(byte, events);
        }
    }

    /// How long to wait for more before [`give_up`](Self::give_up); none if nothing is open.
    ///
    /// 100 ms tells Esc from a sequence, as in most programs. A string or a paste is given a second
    /// of silence, since the parts of a late answer come apart on a slow link.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground => None,
            State::Escape => Some(Duration::from_millis(100)),
            State::Utf8 | State::Csi | State::CsiBracket | State::Ss3 => Some(Duration::from_millis(250)),
            State::Text | State::TextEscape | State::Paste => Some(Duration::from_secs(1)),
        }
    }

    /// Ends what is open: a lone Esc was the key, an unfinished sequence was noise.
    pub fn give_up(&mut self, events: &mut VecDeque<Event>) {
        match self.state {
            State::Escape => events.push_back(press(KeyCode::Esc, KeyModifiers::NONE)),
            State::Paste => self.end_paste(events),
            _ => {}
        }
        self.enter(State::Ground);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.held.clear();
    }

    fn take(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match self.state {
            State::Ground => self.ground(byte, events),
            State::Utf8 => self.utf8(byte, events),
            State::Escape => self.escape(byte, events),
            State::Csi => self.csi(byte, events),
            State::CsiBracket => self.enter(State::Ground),
            State::Ss3 => {
                self.enter(State::Ground);
                events.extend(cursor_key(byte).map(|code| press(code, KeyModifiers::NONE)));
            }
            State::Text => match byte {
                0x07 | 0x18 | 0x1a | 0x9c => self.enter(State::Ground),
                0x1b => self.state = State::TextEscape,
                _ => {}
            },
            State::TextEscape => match byte {
                b'\\' => self.enter(State::Ground),
                0x1b => {}
                // Not a terminator: the string was cut off, and another sequence begins.
                _ => {
                    self.enter(State::Escape);
                    self.escape(byte, events);
                }
            },
            State::Paste => self.paste(byte, events),
        }
    }

    fn ground(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        let code = match byte {
            0x1b => return self.enter(State::Escape),
            // The 8-bit forms of SS3, DCS, SOS, CSI, OSC, PM and APC.
            0x8f => return self.enter(State::Ss3),
            0x9b => return self.enter(State::Csi),
            0x90 | 0x98 | 0x9d..=0x9f => return self.enter(State::Text),
            0xc2..=0xf4 => {
                self.enter(State::Utf8);
                return self.held.push(byte);
            }
            b'\r' | b'\n' => KeyCode::Enter,
            b'\t' => KeyCode::Tab,
            0x08 | 0x7f => KeyCode::Backspace,
            0x01..=0x1a => {
                let letter = char::from(byte - 1 + b'a');
                return events.push_back(press(KeyCode::Char(letter), KeyModifiers::CONTROL));
            }
            b' '..=b'~' => KeyCode::Char(char::from(byte)),
            _ => return,
        };
        events.push_back(press(code, KeyModifiers::NONE));
    }

    fn utf8(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        if !(0x80..=0xbf).contains(&byte) {
            self.enter(State::Ground);
            return self.take(byte, events);
        }
        self.held.push(byte);
        let whole = match self.held[0] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        if self.held.len() == whole {
            let text = std::str::from_utf8(&self.held).ok().and_then(|s| s.chars().next());
            events.extend(text.filter(|c| !c.is_control()).map(|c| press(KeyCode::Char(c), KeyModifiers::NONE)));
            self.enter(State::Ground);
        }
    }

    fn escape(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            b'[' => self.enter(State::Csi),
            b'O' => self.enter(State::Ss3),
            b']' | b'P' | b'X' | b'^' | b'_' => self.enter(State::Text),
            0x1b => events.push_back(press(KeyCode::Esc, KeyModifiers::NONE)),
            // ESC and intermediate bytes: a charset report or the like; its final byte is not a press.
            b' '..=b'/' => {}
            _ => {
                self.enter(State::Ground);
                if byte.is_ascii_graphic() {
                    events.push_back(press(KeyCode::Char(char::from(byte)), KeyModifiers::ALT));
                } else {
                    // Esc and Enter, pressed fast or arriving together.
                    events.push_back(press(KeyCode::Esc, KeyModifiers::NONE));
                    self.ground(byte, events);
                }
            }
        }
    }

    fn csi(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            b' '..=b'?' if self.held.len() < MAX_PARAMETERS => {
                self.held.push(byte);
            }
            b'[' if self.held.is_empty() => self.state = State::CsiBracket,
            b'@'..=b'~' => {
                let parameters = std::mem::take(&mut self.held);
                self.enter(State::Ground);
                match (parameters.as_slice(), byte) {
                    (b"200", b'~') => self.enter(State::Paste),
                    (b"", b'I') => events.push_back(Event::FocusGained),
                    (b"", b'O') => events.push_back(Event::FocusLost),
                    (b"", b'Z') => events.push_back(press(KeyCode::BackTab, KeyModifiers::SHIFT)),
                    (parameters, end) => events.extend(csi_press(parameters, end)),
                }
            }
            0x1b => self.enter(State::Escape),
            0x18 | 0x1a => self.enter(State::Ground),
            _ => {}
        }
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
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.pasted)).into_owned();
        self.enter(State::Ground);
        events.push_back(Event::Paste(text));
    }
}

fn press(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn cursor_key(end: u8) -> Option<KeyCode> {
    Some(match end {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F(1),
        _ => return None,
    })
}

/// A press in CSI form; everything else with these brackets is a report and not a press.
fn csi_press(parameters: &[u8], end: u8) -> Option<Event> {
    let mut numbers = parameters.split(|&b| b == b';').map(|part| match part {
        b"" => Some(1),
        part => std::str::from_utf8(part).ok()?.parse::<u16>().ok(),
    });
    let first = numbers.next()??;
    let modifiers = match numbers.next() {
        None => KeyModifiers::NONE,
        Some(bits) => modifiers(bits?)?,
    };
    if numbers.next().is_some() {
        return None;
    }
    let code = match end {
        b'~' => match first {
            1 | 7 => KeyCode::Home,
            2 => KeyCode::Insert,
            3 => KeyCode::Delete,
            4 | 8 => KeyCode::End,
            5 => KeyCode::PageUp,
            6 => KeyCode::PageDown,
            11 => KeyCode::F(1),
            15 => KeyCode::F(5),
            23 => KeyCode::F(11),
            24 => KeyCode::F(12),
            _ => return None,
        },
        b'A' | b'B' | b'C' | b'D' | b'H' | b'F' if first == 1 => cursor_key(end)?,
        _ => return None,
    };
    Some(press(code, modifiers))
}

/// xterm's modifier parameter: 1 and a bit each for Shift, Alt and Control.
fn modifiers(parameter: u16) -> Option<KeyModifiers> {
    let bits = parameter.checked_sub(1).filter(|bits| *bits < 8)?;
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, bits & 1 != 0);
    modifiers.set(KeyModifiers::ALT, bits & 2 != 0);
    modifiers.set(KeyModifiers::CONTROL, bits & 4 != 0);
    Some(modifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Vec<Event> {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.feed(bytes, &mut events);
        // The same, cut into single bytes, must give the same.
        let (mut single, mut again) = (Decoder::default(), VecDeque::new());
        bytes.iter().for_each(|b| single.feed(&[*b], &mut again));
        assert_eq!(events, again);
        events.into()
    }

    fn keys(bytes: &[u8]) -> Vec<KeyCode> {
        decode(bytes).into_iter().filter_map(|e| e.as_key_event().map(|k| k.code)).collect()
    }

    #[test]
    fn presses() {
        use KeyCode::{BackTab, Backspace, Char, Delete, Down, End, Enter, Home, PageDown, PageUp, Tab, Up};
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[H\x1b[4~"), [Up, Down, Home, End]);
        assert_eq!(keys(b"\x1b[5~\x1b[6~\x1b[3~\x1b[Z"), [PageUp, PageDown, Delete, BackTab]);
        assert_eq!(
            keys("a\té€🔑\r\x7f".as_bytes()),
            [Char('a'), Tab, Char('é'), Char('€'), Char('🔑'), Enter, Backspace]
        );
        assert_eq!(decode(b"\x03"), [press(Char('c'), KeyModifiers::CONTROL)]);
        assert_eq!(decode(b"\x1b[1;5A"), [press(Up, KeyModifiers::CONTROL)]);
    }

    #[test]
    fn late_answers_are_not_presses() {
        for answer in [
            &b"\x1b[?2026;2$y"[..],
            b"\x1b[?997;1n",
            b"\x1b[>1;4600;0c",
            b"\x1b[24;80R",
            b"\x1b]52;c;QUJD\x07",
            b"\x1b]11;rgb:dddd/dddd/dddd\x1b\\",
            b"\x1bP>|qdDy\x1b\\",
            b"\x1b_Gi=1;OK\x1b\\",
            b"\x9b?1;2c",
            b"\x1b[97;5u",
        ] {
            let mut bytes = answer.to_vec();
            bytes.push(b'q');
            assert_eq!(keys(&bytes), [KeyCode::Char('q')], "{:?}", String::from_utf8_lossy(answer));
        }
    }

    #[test]
    fn escape_is_a_key_only_when_nothing_follows() {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.feed(b"\x1b", &mut events);
        assert!(events.is_empty() && decoder.patience().is_some());
        decoder.give_up(&mut events);
        assert_eq!(events.pop_front(), Some(press(KeyCode::Esc, KeyModifiers::NONE)));
        assert_eq!(decoder.patience(), None);
    }

    #[test]
    fn a_paste_is_one_event_and_ends_even_without_its_end() {
        assert_eq!(decode(b"\x1b[200~d\ny\nq\x1b[A\x1b[201~j").first(), Some(&Event::Paste("d\ny\nq\x1b[A".into())));
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.feed(b"\x1b[200~abc", &mut events);
        decoder.give_up(&mut events);
        decoder.feed(b"q", &mut events);
        assert_eq!(events.len(), 2);
        decoder.feed(b"\x1b[200~", &mut events);
        decoder.feed(&vec![b'x'; 3 * MAX_PASTE], &mut events);
        decoder.feed(PASTE_END, &mut events);
        assert!(matches!(events.back(), Some(Event::Paste(text)) if text.len() == MAX_PASTE));
    }

    #[test]
    fn noise_never_panics_and_never_wedges() {
        let mut seed = 1_u32;
        for _ in 0..2000 {
            let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
            let noise: Vec<u8> = (0..64)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let alphabet = b"\x1b[]PO_\\;?~AZ0129\x07\x9b\xc3\xa9\xff q";
                    alphabet[(seed >> 16) as usize % alphabet.len()]
                })
                .collect();
            decoder.feed(&noise, &mut events);
            decoder.give_up(&mut events);
            events.clear();
            decoder.feed(b"q", &mut events);
            assert_eq!(events.len(), 1, "{noise:?}");
        }
    }
}
