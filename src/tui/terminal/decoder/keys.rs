//! Sequences that are presses, after xterm's ctlseqs and the Linux console.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

pub(crate) fn press(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

pub(crate) fn cursor_key(end: u8) -> Option<KeyCode> {
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
pub(crate) fn csi_press(parameters: &[u8], end: u8) -> Option<Event> {
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
