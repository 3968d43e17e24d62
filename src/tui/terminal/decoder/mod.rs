//! Bytes of the terminal to events, so that nothing but a press becomes a press.
//!
//! A terminal answers questions late, and sends reports no one asked for. crossterm 0.29 takes such
//! text for presses, and an unknown CSI report wedges its parser (crossterm#1104). This state
//! machine, after ECMA-48 and xterm's ctlseqs, swallows every string (OSC, DCS, APC, PM, SOS) and
//! every CSI that is not a press, and gives crossterm's own event types.

mod keys;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers};

use keys::{csi_press, cursor_key, press};

/// Turns bytes into events, however they are cut into reads.
#[derive(Default)]
pub struct Decoder {
    state: DecoderState,
    /// Parameters of a CSI, or the bytes of one UTF-8 character.
    held: Vec<u8>,
    pasted: Vec<u8>,
    /// A paste has just ended, or so it said.
    after_paste: bool,
    /// What came since: presses, unless the text itself held the code that ends a paste.
    late: VecDeque<Event>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum DecoderState {
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
/// How long what follows a paste is held back. A terminal sends a paste in one piece; a slow link may cut it.
pub(crate) const AFTER_PASTE: Duration = Duration::from_millis(200);
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

    /// Whether a paste has begun and not ended.
    pub fn is_pasting(&self) -> bool {
        self.state == DecoderState::Paste
    }

    /// How long to wait for more before [`give_up`](Self::give_up); none if nothing is open.
    ///
    /// 100 ms tells Esc from a sequence, as in most programs. A string is given a second of silence, since the parts of
    /// a late answer come apart on a slow link; a paste half a minute: terminals end every one, so that what follows a
    /// stall of the link is text.
    pub fn patience(&self) -> Option<Duration> {
        match self.state {
            DecoderState::Ground if self.after_paste => Some(AFTER_PASTE),
            DecoderState::Ground => None,
            DecoderState::Escape => Some(Duration::from_millis(100)),
            DecoderState::Utf8 | DecoderState::Csi | DecoderState::CsiBracket | DecoderState::Ss3 => {
                Some(Duration::from_millis(250))
            }
            DecoderState::Text | DecoderState::TextEscape => Some(Duration::from_secs(1)),
            DecoderState::Paste => Some(Duration::from_secs(30)),
        }
    }

    /// Ends what is open: a lone Esc was the key, an unfinished sequence was noise.
    pub fn give_up(&mut self, events: &mut VecDeque<Event>) {
        self.after_paste = false;
        events.append(&mut self.late);
        match self.state {
            DecoderState::Escape => events.push_back(press(KeyCode::Esc, KeyModifiers::NONE)),
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
    }

    fn take(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match self.state {
            DecoderState::Ground => self.ground(byte, events),
            DecoderState::Utf8 => self.utf8(byte, events),
            DecoderState::Escape => self.escape(byte, events),
            DecoderState::Csi => self.csi(byte, events),
            DecoderState::CsiBracket => self.enter(DecoderState::Ground),
            DecoderState::Ss3 => {
                self.enter(DecoderState::Ground);
                events.extend(cursor_key(byte).map(|code| press(code, KeyModifiers::NONE)));
            }
            DecoderState::Text => match byte {
                0x07 | 0x18 | 0x1a | 0x9c => self.enter(DecoderState::Ground),
                0x1b => self.state = DecoderState::TextEscape,
                _ => {}
            },
            DecoderState::TextEscape => match byte {
                b'\\' => self.enter(DecoderState::Ground),
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
        let code = match byte {
            0x1b => return self.enter(DecoderState::Escape),
            // The 8-bit forms of SS3, DCS, SOS, CSI, OSC, PM and APC.
            0x8f => return self.enter(DecoderState::Ss3),
            0x9b => return self.enter(DecoderState::Csi),
            0x90 | 0x98 | 0x9d..=0x9f => return self.enter(DecoderState::Text),
            0xc2..=0xf4 => {
                self.enter(DecoderState::Utf8);
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
            self.enter(DecoderState::Ground);
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
            self.enter(DecoderState::Ground);
        }
    }

    fn escape(&mut self, byte: u8, events: &mut VecDeque<Event>) {
        match byte {
            b'[' => self.enter(DecoderState::Csi),
            b'O' => self.enter(DecoderState::Ss3),
            b']' | b'P' | b'X' | b'^' | b'_' => self.enter(DecoderState::Text),
            0x1b => events.push_back(press(KeyCode::Esc, KeyModifiers::NONE)),
            // ESC and intermediate bytes: a charset report or the like; its final byte is not a press.
            b' '..=b'/' => {}
            _ => {
                self.enter(DecoderState::Ground);
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
            b'[' if self.held.is_empty() => self.state = DecoderState::CsiBracket,
            b'@'..=b'~' => {
                let parameters = std::mem::take(&mut self.held);
                self.enter(DecoderState::Ground);
                match (parameters.as_slice(), byte) {
                    (b"200", b'~') => self.enter(DecoderState::Paste),
                    // The real end of a paste that seemed to be over: what came since was a part of it.
                    (b"201", b'~') if self.after_paste => events.clear(),
                    (b"", b'I') => events.push_back(Event::FocusGained),
                    (b"", b'O') => events.push_back(Event::FocusLost),
                    (b"", b'Z') => events.push_back(press(KeyCode::BackTab, KeyModifiers::SHIFT)),
                    (parameters, end) => events.extend(csi_press(parameters, end)),
                }
            }
            0x1b => self.enter(DecoderState::Escape),
            0x18 | 0x1a => self.enter(DecoderState::Ground),
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
        self.enter(DecoderState::Ground);
        self.after_paste = true;
        events.push_back(Event::Paste(text));
    }
}
