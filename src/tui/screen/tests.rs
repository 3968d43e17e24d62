//! The bytes, read back by a terminal emulator, must show the frame.

use ratatui::style::Style;

use super::*;
use crate::platform::terminal_kind::ColourDepth;

/// A terminal beside a screen; after every frame both must show the same.
struct Pair {
    terminal: vt100::Parser,
    screen: Screen,
    bytes: usize,
}

impl Pair {
    fn new(width: u16, height: u16) -> Self {
        let size = |n: u16| std::num::NonZeroU16::new(n).unwrap();
        Self {
            terminal: vt100::Parser::new(size(height), size(width), 0),
            screen: Screen::new(width, height, TerminalKind::RICH),
            bytes: 0,
        }
    }

    fn frame(&mut self, rows: &[String], style: Style) {
        let mut out = Vec::new();
        self.screen.draw(&mut out, |frame, cache| {
            for (y, row) in (0..).zip(rows) {
                let style = if y % 3 == 0 { style } else { Style::new() };
                if !cache.keeps(y, frame.area.width, &(row, style)) {
                    frame.set_string(0, y, row, style);
                }
            }
            Cursor::default()
        });
        self.bytes = out.len();
        self.terminal.process(&out);
        for (y, row) in rows.iter().enumerate() {
            let y = u16::try_from(y).unwrap();
            let shown = self.terminal.screen().rows(0, 200).nth(usize::from(y)).unwrap();
            assert_eq!(shown.trim_end(), row.trim_end(), "row {y} of {rows:?}");
            let cell = self.terminal.screen().cell(y, 0).unwrap();
            // A blank may keep any colour: it looks the same.
            if !row.is_empty() && !row.starts_with(' ') {
                let coloured = y % 3 == 0 && style.fg.is_some();
                assert_eq!(cell.fgcolor() != vt100::Color::Default, coloured, "colour of row {y}");
            }
        }
    }
}

fn keys(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|n| format!("PK{:018x}  label {n}", n * 7_919_777)).collect()
}

#[test]
fn frames_arrive_whatever_stood_there() {
    let mut pair = Pair::new(60, 20);
    let red = crate::tui::theme::ERROR;
    pair.frame(&keys(0, 20), Style::new());
    pair.frame(&keys(9, 20), red);
    pair.frame(&keys(4, 20), Style::new());
    pair.frame(&["東京 wide".into(), "e\u{301}".into(), "x".repeat(60), String::new()], red);
    pair.frame(&keys(4, 20), red);
    pair.frame(&vec![String::new(); 20], Style::new());
}

#[test]
fn an_unchanged_frame_costs_nothing() {
    let mut pair = Pair::new(60, 20);
    pair.frame(&keys(0, 20), Style::new());
    pair.frame(&keys(0, 20), Style::new());
    assert_eq!(pair.bytes, 0);
}

#[test]
fn scrolled_rows_are_moved_by_the_terminal() {
    let mut pair = Pair::new(60, 20);
    pair.frame(&keys(0, 20), Style::new());
    let whole = pair.bytes;
    for from in [9, 0, 19, 1, 0] {
        pair.frame(&keys(from, 20), Style::new());
    }
    pair.frame(&keys(3, 20), Style::new());
    assert!(pair.bytes < whole / 4, "{} of {whole}", pair.bytes);
}

#[test]
fn random_frames_arrive() {
    let mut pair = Pair::new(24, 9);
    let mut seed = 7_u32;
    let mut next = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    let mut rows = keys(0, 9);
    for _ in 0..500 {
        match next(4) {
            0 => rows.rotate_left(next(5) as usize),
            1 => {
                rows[next(9) as usize] =
                    ["東京 ab 都", "ü", "東", "a東b京c", "   gap   gap"][next(5) as usize].to_owned();
            }
            2 => rows[next(9) as usize] = keys(next(99) as usize, 1).remove(0).chars().take(24).collect(),
            _ => rows[3..].rotate_right(next(3) as usize),
        }
        for row in &mut rows {
            *row = row.chars().take(24).collect();
        }
        let style = if next(2) == 0 { Style::new() } else { crate::tui::theme::ERROR };
        pair.frame(&rows, style);
    }
}

/// The bytes that a screen of this kind writes for these rows.
fn bytes(kind: TerminalKind, rows: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    Screen::new(24, 4, kind).draw(&mut out, |frame, _| {
        for (y, row) in rows.iter().enumerate() {
            frame.set_string(0, u16::try_from(y).unwrap(), row, crate::tui::theme::ERROR);
        }
        Cursor::default()
    });
    out
}

#[test]
fn ascii_is_as_wide_and_nothing_else() {
    let ascii = TerminalKind { charset: crate::domain::Charset::Ascii, ..TerminalKind::RICH };
    let out = bytes(ascii, &["┌─ × “a” …", "▶ ● ○ ✓", "é東京x"]);
    assert!(out.is_ascii(), "{}", String::from_utf8_lossy(&out));
    let mut terminal = vt100::Parser::new(4.try_into().unwrap(), 24.try_into().unwrap(), 0);
    terminal.process(&out);
    let rows: Vec<String> = terminal.screen().rows(0, 24).collect();
    assert_eq!(rows[..3], ["+- x \"a\" ~", "> * o +", "?????x"]);
}

#[test]
fn colours_are_the_basic_ones_or_none() {
    let out = bytes(TerminalKind::RICH, &["red"]);
    assert!(String::from_utf8_lossy(&out).contains("\x1b[31mred"), "{}", String::from_utf8_lossy(&out));
    let out = bytes(TerminalKind { colours: ColourDepth::Mono, ..TerminalKind::RICH }, &["red"]);
    assert!(!String::from_utf8_lossy(&out).contains("31"), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn rows_that_stand_alone_are_broken_by_the_terminal() {
    let mut screen = Screen::new(8, 4, TerminalKind::RICH);
    let mut terminal = vt100::Parser::new(4.try_into().unwrap(), 8.try_into().unwrap(), 0);
    // Whole, then as a change of what was there, then with the row above as it was.
    for second in ["second", "2nd", "two"] {
        let mut out = Vec::new();
        screen.draw(&mut out, |frame, _| {
            frame.set_string(0, 1, "abcdefgh", Style::new());
            frame.set_string(0, 2, second, Style::new());
            frame.set_style(Rect::new(0, 1, 1, 2), Style::new().add_modifier(theme::ALONE));
            Cursor::default()
        });
        terminal.process(&out);
        let rows: Vec<String> = terminal.screen().rows(0, 8).collect();
        assert_eq!(rows, ["", "abcdefgh", second, ""]);
        assert!(terminal.screen().row_wrapped(1), "{second}: {}", String::from_utf8_lossy(&out));
    }
}

#[test]
#[should_panic(expected = "not for a terminal")]
fn a_control_character_in_a_cell_is_a_mistake() {
    Screen::new(4, 1, TerminalKind::RICH).draw(&mut Vec::new(), |frame, _| {
        #[expect(clippy::disallowed_methods, reason = "this is the mistake that the pen must catch")]
        frame[(0, 0)].set_symbol("\u{1b}]");
        Cursor::default()
    });
}

#[test]
#[should_panic(expected = "not for a terminal")]
fn a_cell_of_endless_marks_is_a_mistake() {
    Screen::new(4, 1, TerminalKind::RICH).draw(&mut Vec::new(), |frame, _| {
        frame.set_string(0, 0, format!("a{}", "\u{301}".repeat(9)), Style::new());
        Cursor::default()
    });
}
