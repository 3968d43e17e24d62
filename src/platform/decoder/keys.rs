//! Sequences that are presses, after xterm's ctlseqs, kitty's keyboard protocol, `urxvt(7)`, st's `config.h` and
//! `console_codes(4)`.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Input that is not UTF-8, as a terminal that is set to another encoding sends it.
pub const NOT_UTF8: KeyCode = KeyCode::Null;

pub(crate) fn press(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

/// A control character as the key that sends it.
pub(crate) const fn control(byte: u8) -> Option<(KeyCode, KeyModifiers)> {
    Some(match byte {
        b'\r' | b'\n' => (KeyCode::Enter, KeyModifiers::NONE),
        b'\t' => (KeyCode::Tab, KeyModifiers::NONE),
        0x08 | 0x7f => (KeyCode::Backspace, KeyModifiers::NONE),
        0x01..=0x1a => (KeyCode::Char((byte - 1 + b'a') as char), KeyModifiers::CONTROL),
        _ => return None,
    })
}

const fn cursor_key(end: u8) -> Option<KeyCode> {
    Some(match end {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// What follows SS3: cursor and function keys, the keypad in application mode, and urxvt's Ctrl and arrow. Old xterms
/// write modifiers as parameters.
pub(crate) fn ss3_press(parameters: &[u8], end: u8) -> Option<Event> {
    let mut modifiers = match Parameters::parse(parameters)?.0.last() {
        Some(last) => modifiers_of(last.first)?,
        None => KeyModifiers::NONE,
    };
    let code = match end {
        b'a'..=b'd' => {
            modifiers |= KeyModifiers::CONTROL;
            cursor_key(end.to_ascii_uppercase())?
        }
        b'R' => KeyCode::F(3),
        b'M' => KeyCode::Enter,
        b'I' => KeyCode::Tab,
        b' ' => KeyCode::Char(' '),
        b'X' => KeyCode::Char('='),
        // The keys of the numeric keypad are those of ASCII, 64 higher.
        b'j'..=b'y' => KeyCode::Char(char::from(end - 64)),
        _ => cursor_key(end)?,
    };
    Some(press(code, modifiers))
}

/// A press in CSI form; everything else with these brackets is a report and not a press.
pub(crate) fn csi_press(parameters: &[u8], end: u8) -> Option<Event> {
    let Parameters(numbers) = Parameters::parse(parameters)?;
    let number = |at: usize| numbers.get(at).map_or(1, |parameter| parameter.first);
    let second = numbers.get(1);
    // kitty's protocol: 1 is a press, 2 a repetition, 3 a release.
    if second.is_some_and(|parameter| parameter.second == Some(3)) {
        return None;
    }
    let mut modifiers = modifiers_of(number(1))?;
    let code = match end {
        b'u' => return character(&numbers, modifiers, number(1)),
        b'~' if number(0) == 27 && numbers.len() == 3 => {
            let code = Parameter { first: number(2), second: None };
            return character(&[code], modifiers, number(1));
        }
        _ if numbers.len() > 2 => return None,
        b'~' => tilde_key(number(0))?,
        // urxvt's ways to write Shift, Ctrl, and both.
        b'$' | b'^' | b'@' if numbers.len() == 1 => {
            modifiers.set(KeyModifiers::SHIFT, end != b'^');
            modifiers.set(KeyModifiers::CONTROL, end != b'$');
            tilde_key(number(0))?
        }
        b'a'..=b'd' if numbers.is_empty() => {
            modifiers |= KeyModifiers::SHIFT;
            cursor_key(end.to_ascii_uppercase())?
        }
        b'Z' if number(0) == 1 => {
            modifiers |= KeyModifiers::SHIFT;
            KeyCode::BackTab
        }
        // st's Delete, and its Home, End and Delete with Shift or Ctrl.
        b'P' if numbers.is_empty() => KeyCode::Delete,
        b'J' | b'K' if numbers.len() < 2 => {
            let (code, modifier) = match (number(0), end) {
                (1, b'J') => (KeyCode::End, KeyModifiers::CONTROL),
                (1, _) => (KeyCode::End, KeyModifiers::SHIFT),
                (2, b'J') => (KeyCode::Home, KeyModifiers::SHIFT),
                (2, _) => (KeyCode::Delete, KeyModifiers::SHIFT),
                _ => return None,
            };
            modifiers |= modifier;
            code
        }
        _ if number(0) == 1 => cursor_key(end)?,
        _ => return None,
    };
    Some(press(code, modifiers))
}

/// A click of the first button or a turn of the wheel, as xterm's SGR mode (1006) reports it. Releases, other buttons, and
/// what has Shift, Alt or Ctrl with it, which terminals use themselves, mean nothing.
pub(crate) fn mouse(parameters: &[u8], end: u8) -> Option<Event> {
    let Parameters(numbers) = Parameters::parse(parameters)?;
    let [button, column, row] = numbers.as_slice() else { return None };
    let kind = match (button.first, end) {
        (0, b'M') => MouseEventKind::Down(MouseButton::Left),
        (64, b'M') => MouseEventKind::ScrollUp,
        (65, b'M') => MouseEventKind::ScrollDown,
        _ => return None,
    };
    let cell = |parameter: &Parameter| u16::try_from(parameter.first).ok()?.checked_sub(1);
    Some(Event::Mouse(MouseEvent { kind, column: cell(column)?, row: cell(row)?, modifiers: KeyModifiers::NONE }))
}

/// The column of a cursor position report (CPR).
pub(crate) fn reported_column(parameters: &[u8]) -> Option<u32> {
    let Parameters(numbers) = Parameters::parse(parameters)?;
    numbers.get(1).filter(|_| numbers.len() == 2).map(|column| column.first)
}

fn tilde_key(number: u32) -> Option<KeyCode> {
    let number = u8::try_from(number).ok()?;
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23 | 24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

/// A key by its character's code point, as kitty's protocol and xterm's modifyOtherKeys write it. `lock` is the
/// parameter of the modifiers, which tells Caps Lock too.
fn character(numbers: &[Parameter], mut modifiers: KeyModifiers, lock: u32) -> Option<Event> {
    let key = numbers.first()?;
    let code = match key.first {
        9 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        27 => KeyCode::Esc,
        57_414 => KeyCode::Enter, // of the keypad, as all that follow
        57_417 | 57_418 => [KeyCode::Left, KeyCode::Right][(key.first - 57_417) as usize],
        57_419 | 57_420 => [KeyCode::Up, KeyCode::Down][(key.first - 57_419) as usize],
        57_421 | 57_422 => [KeyCode::PageUp, KeyCode::PageDown][(key.first - 57_421) as usize],
        57_423 | 57_424 => [KeyCode::Home, KeyCode::End][(key.first - 57_423) as usize],
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        57_399..=57_416 => KeyCode::Char(b"0123456789./*-+\r=,"[(key.first - 57_399) as usize].into()),
        8 | 9 | 13 | 127 => control(u8::try_from(key.first).ok()?)?.0,
        // Other control characters are written as their letters, with a modifier. The private use area holds keys that are
        // no characters, such as Shift itself.
        0..=31 | 57_344..=63_743 => return None,
        point => {
            let letter = char::from_u32(point).filter(|c| !c.is_control())?;
            let is_text = modifiers.difference(KeyModifiers::SHIFT).is_empty();
            let shifted = modifiers.contains(KeyModifiers::SHIFT) != (lock.saturating_sub(1) & CAPS_LOCK != 0);
            let other = key.second.and_then(char::from_u32).filter(|c| !c.is_control());
            match (other, is_text && shifted) {
                (Some(other), true) if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::Char(other),
                (_, true) => KeyCode::Char(letter.to_uppercase().next().unwrap_or(letter)),
                (_, false) if is_text => KeyCode::Char(letter),
                (_, false) => KeyCode::Char(letter.to_lowercase().next().unwrap_or(letter)),
            }
        }
    };
    if matches!(code, KeyCode::Char(_)) {
        modifiers.remove(KeyModifiers::SHIFT);
    }
    Some(press(code, modifiers))
}

const CAPS_LOCK: u32 = 64;
const NUM_LOCK: u32 = 128;

/// xterm's and kitty's modifier parameter: 1 and a bit each for Shift, Alt, Control, others, Caps Lock and Num Lock.
/// None with a modifier that no key here has.
fn modifiers_of(parameter: u32) -> Option<KeyModifiers> {
    let bits = parameter.checked_sub(1)? & !(CAPS_LOCK | NUM_LOCK);
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, bits & 1 != 0);
    modifiers.set(KeyModifiers::ALT, bits & 2 != 0);
    modifiers.set(KeyModifiers::CONTROL, bits & 4 != 0);
    (bits < 8).then_some(modifiers)
}

/// Numbers between semicolons. One that is not written is 1.
struct Parameters(Vec<Parameter>);

/// A number, and the one behind its colon.
#[derive(Clone, Copy)]
struct Parameter {
    first: u32,
    second: Option<u32>,
}

impl Parameters {
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self(Vec::new()));
        }
        let number = |part: &str| if part.is_empty() { Some(1) } else { part.parse().ok() };
        let parameter = |part: &str| {
            let mut parts = part.split(':');
            let first = number(parts.next()?)?;
            let second = parts.next().filter(|part| !part.is_empty()).and_then(number);
            Some(Parameter { first, second })
        };
        // `+7` is a number to the standard library, and none to a terminal.
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('+'))?;
        Some(Self(text.split(';').map(parameter).collect::<Option<_>>()?))
    }
}
