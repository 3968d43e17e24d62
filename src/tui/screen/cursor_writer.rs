//! Where the terminal writes next, and how it looks there.

use std::io::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::palette;
use super::palette::{CellStyle, PLAIN};
use crate::domain::{Charset, SECOND_CELL};
use crate::platform::terminal_kind::TerminalKind;
use crate::tui::theme;

/// The terminal's cursor and graphic rendition, as far as they are known.
pub(crate) struct CursorWriter {
    at: Option<(u16, u16)>,
    style: CellStyle,
    kind: TerminalKind,
}

/// A gap of unchanged cells up to this wide is written again: a cursor move is as long.
const SHORT_GAP: u16 = 4;
/// A base and three combining marks of four bytes each: more is no text, and no terminal's business.
const MAX_BYTES: usize = 16;

impl CursorWriter {
    pub(crate) const fn new(kind: TerminalKind) -> Self {
        Self { at: None, style: PLAIN, kind }
    }

    /// Whether characters of ambiguous width take two cells.
    pub(crate) fn is_wide(&self) -> bool {
        self.kind.charset == Charset::Wide
    }

    /// The terminal is of this kind from now on.
    pub(crate) const fn set_kind(&mut self, kind: TerminalKind) {
        self.kind = kind;
    }

    /// The terminal's state is unknown; the caller resets the rendition.
    pub(crate) const fn forget(&mut self) {
        self.at = None;
        self.style = PLAIN;
    }

    /// Goes to a cell by the shortest way.
    pub(crate) fn go(&mut self, out: &mut Vec<u8>, x: u16, y: u16) {
        // Writing into a Vec cannot fail.
        let _ = match self.at {
            Some(at) if at == (x, y) => Ok(()),
            Some((_, row)) if x == 0 && row == y => out.write_all(b"\r"),
            Some((_, row)) if x == 0 && row + 1 == y => out.write_all(b"\r\n"),
            Some((column, row)) if column == x && row + 1 == y => out.write_all(b"\n"),
            Some((column, row)) if row == y && column < x && x - column == 1 => out.write_all(b"\x1b[C"),
            Some((column, row)) if row == y && column < x => write!(out, "\x1b[{}C", x - column),
            Some((column, row)) if row == y && column - x <= 3 => {
                out.write_all(&b"\x08\x08\x08"[..usize::from(column - x)])
            }
            _ if x == 0 && y == 0 => out.write_all(b"\x1b[H"),
            _ if x == 0 => write!(out, "\x1b[{}H", y + 1),
            _ => write!(out, "\x1b[{};{}H", y + 1, x + 1),
        };
        self.at = Some((x, y));
    }

    /// Goes to a changed cell; over a short gap by writing what is there. Cells before `drawn` are not in the frame.
    pub(crate) fn reach(&mut self, out: &mut Vec<u8>, frame: &Buffer, drawn: u16, x: u16, y: u16) {
        if let Some((column, row)) = self.at
            && row == y
            && (drawn..x).contains(&column)
            && x - column <= SHORT_GAP
            && (column..x).all(|c| is_printable(frame[(c, y)].symbol()) && self.style_of(frame, c, y) == self.style)
        {
            for c in column..x {
                out.extend_from_slice(frame[(c, y)].symbol().as_bytes());
            }
            self.at = Some((x, y));
        }
        self.go(out, x, y);
    }

    /// Writes a cell; gives its width.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, frame: &Buffer, x: u16, y: u16) -> u16 {
        let symbol = frame[(x, y)].symbol();
        let is_pair = is_second(frame, x + 1, y) && !is_second(frame, x, y);
        let symbol = if is_printable(symbol) { symbol } else { self.to_charset(symbol, is_pair) };
        let style = self.style_of(frame, x, y);
        // A blank looks the same in any colour.
        if symbol != " "
            || style.bg != self.style.bg
            || !(style.modifier | self.style.modifier).difference(Modifier::BOLD).is_empty()
        {
            self.set(out, style);
        }
        out.extend_from_slice(symbol.as_bytes());
        let width = if is_pair && !is_printable(symbol) { 2 } else { super::cells(symbol) };
        // Behind the last column the place of the cursor differs between terminals.
        self.at = (x + width < frame.area.width).then_some((x + width, y));
        width
    }

    /// Goes to the start of a row that goes on from the one above, by letting the terminal wrap there: it then knows
    /// the two as one line. Sets autowrap (DECAWM), which every terminal starts with.
    pub(crate) fn flow(&mut self, out: &mut Vec<u8>, frame: &Buffer, y: u16) {
        let (last, above) = (frame.area.width.saturating_sub(1), y.saturating_sub(1));
        self.go(out, last, above);
        out.extend_from_slice(b"\x1b[?7h");
        self.write(out, frame, last, above);
        self.at = Some((0, y));
    }

    /// What is written for a symbol that is not ASCII. Everything is escaped before it is drawn: a control character
    /// here, or a cell of endless marks, is a mistake of ours.
    fn to_charset<'a>(&self, symbol: &'a str, is_pair: bool) -> &'a str {
        let sound = symbol.len() <= MAX_BYTES && !symbol.chars().any(char::is_control);
        debug_assert!(sound, "not for a terminal: {symbol:?}");
        match self.kind.charset {
            _ if !sound || symbol.is_empty() => "?",
            Charset::Utf8 => symbol,
            // Half of a character that takes two cells; the other was cut off.
            Charset::Wide if symbol.starts_with(SECOND_CELL) => " ",
            Charset::Wide if is_pair || !symbol.chars().any(|c| Charset::Wide.widens(c)) => symbol,
            Charset::Wide => theme::in_ascii(symbol).unwrap_or("?"),
            Charset::Ascii => theme::in_ascii(symbol).unwrap_or(if super::cells(symbol) == 2 { "??" } else { "?" }),
        }
    }

    /// Resets the rendition if it is not plain.
    pub(crate) fn plain(&mut self, out: &mut Vec<u8>) {
        self.set(out, PLAIN);
    }

    /// Sets where the terminal's cursor is after a code that moved it.
    pub(crate) const fn moved(&mut self, x: u16, y: u16) {
        self.at = Some((x, y));
    }

    fn style_of(&self, frame: &Buffer, x: u16, y: u16) -> CellStyle {
        palette::style(self.kind, &frame[(x, y)])
    }

    fn set(&mut self, out: &mut Vec<u8>, style: CellStyle) {
        if style == self.style {
            return;
        }
        let removed = !self.style.modifier.difference(style.modifier).is_empty();
        let from = if removed || style == PLAIN { PLAIN } else { self.style };
        let mut codes: Vec<String> = Vec::new();
        for (modifier, code) in
            [(Modifier::BOLD, 1_u8), (Modifier::DIM, 2), (Modifier::UNDERLINED, 4), (Modifier::REVERSED, 7)]
        {
            if style.modifier.difference(from.modifier).contains(modifier) {
                codes.push(code.to_string());
            }
        }
        if style.fg != from.fg {
            codes.push(style.fg.parameters(30));
        }
        if style.bg != from.bg {
            codes.push(style.bg.parameters(40));
        }
        let reset = if from == PLAIN && self.style != PLAIN && !codes.is_empty() { "0;" } else { "" };
        let _ = write!(out, "\x1b[{reset}{}m", codes.join(";"));
        self.style = style;
    }
}

/// Whether a cell is the second one of a character of ambiguous width.
fn is_second(frame: &Buffer, x: u16, y: u16) -> bool {
    x < frame.area.width && frame[(x, y)].symbol().starts_with(SECOND_CELL)
}

/// Whether a symbol is one printable character of ASCII, as nearly all are.
fn is_printable(symbol: &str) -> bool {
    matches!(symbol.as_bytes(), [b' '..=b'~'])
}
