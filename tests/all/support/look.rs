//! How a terminal shows the app: its bytes, read back by an emulator, with marks for colours and attributes.

use latchkey::platform::terminal_kind::TerminalKind;
use latchkey::tui::screen::Screen;
use latchkey::tui::state::{ClockReading, State};
use latchkey::tui::view;

use crate::support::mask::mask_times;

/// The bytes of the first frame, in a terminal of this kind.
pub fn bytes(state: &State, now: ClockReading, kind: TerminalKind) -> Vec<u8> {
    let mut out = Vec::new();
    Screen::new(state.size.0, state.size.1, kind).draw(&mut out, |frame, rows| view::draw(frame, rows, state, now));
    out
}

/// The picture of these bytes. Below each row that has more than plain text stand marks: `b` bold, `d` dim, `u`
/// underlined, `r` reversed, `B` bold and reversed, `U` underlined and reversed, `R` red, `M` magenta, `#` white on red, `?` anything else.
pub fn look(bytes: &[u8], size: (u16, u16)) -> String {
    let mut terminal = vt100::Parser::new(size.1.try_into().unwrap(), size.0.try_into().unwrap(), 0);
    terminal.process(bytes);
    let screen = terminal.screen();
    let mut text = String::new();
    for y in 0..size.1 {
        let row = screen.rows(0, size.0).nth(usize::from(y)).unwrap();
        let marks: String = (0..size.0).map(|x| screen.cell(y, x).map_or(' ', mark)).collect();
        text.push_str(row.trim_end());
        text.push('\n');
        if !marks.trim().is_empty() {
            text.push_str(marks.trim_end());
            text.push('\n');
        }
    }
    mask_times(&text)
}

/// Whether a cell looks selected or focused.
pub fn is_bar(cell: &vt100::Cell) -> bool {
    cell.inverse() || cell.bgcolor() != vt100::Color::Default
}

fn mark(cell: &vt100::Cell) -> char {
    if cell.is_wide_continuation() {
        return ' ';
    }
    let attributes = (cell.bold(), cell.dim(), cell.underline(), cell.inverse());
    match (cell.fgcolor(), cell.bgcolor(), attributes) {
        (vt100::Color::Default, vt100::Color::Default, (false, false, false, false)) => ' ',
        (vt100::Color::Default, vt100::Color::Default, (true, false, false, false)) => 'b',
        (vt100::Color::Default, vt100::Color::Default, (false, true, false, false)) => 'd',
        (vt100::Color::Default, vt100::Color::Default, (false, false, true, false)) => 'u',
        (vt100::Color::Default, vt100::Color::Default, (false, false, false, true)) => 'r',
        (vt100::Color::Default, vt100::Color::Default, (true, false, false, true)) => 'B',
        (vt100::Color::Default, vt100::Color::Default, (false, false, true, true)) => 'U',
        (vt100::Color::Idx(1), vt100::Color::Default, (false, false, false, false)) => 'R',
        (vt100::Color::Idx(5), vt100::Color::Default, (false, false, false, false)) => 'M',
        (vt100::Color::Idx(15), vt100::Color::Idx(1), (true, false, false, false)) => '#',
        _ => '?',
    }
}
