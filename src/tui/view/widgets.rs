//! Small things that every panel draws.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Padding, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::{Untrusted, is_printable_ascii};
use crate::tui::field::Field;
use crate::tui::theme;
pub(crate) use crate::tui::wrap::wrap;
use crate::tui::wrap::{squeezed, within};

/// Draws a line into the first row of an area; a mark says if there is more of it than fits.
pub(crate) fn line<'a>(frame: &mut Buffer, area: Rect, text: impl Into<Line<'a>>) {
    draw_line(frame, area, &text.into());
}

fn draw_line(frame: &mut Buffer, area: Rect, text: &Line) {
    if area.is_empty() {
        return;
    }
    let (mut x, mut cells) = (area.x, 0);
    for span in text {
        let room = usize::from(area.right() - x);
        x = put(frame, x, area.y, &span.content, room, text.style.patch(span.style));
        cells += width(&span.content);
    }
    let blanks = text.spans.last().map_or(0, |span| span.content.len() - span.content.trim_end_matches(' ').len());
    if cells - blanks > usize::from(area.width) {
        let last = area.right() - 1;
        let style = frame[(last, area.y)].style();
        // A wide character does not stay by half.
        if last > area.x && frame[(last - 1, area.y)].symbol().width() > 1 {
            frame.set_stringn(last - 1, area.y, " ", 1, style);
        }
        frame.set_stringn(last, area.y, theme::CUT, 1, style);
    }
}

/// Writes a text into the cells of a row, at most `room` of them; gives the column behind it.
#[expect(clippy::disallowed_methods, reason = "one printable ASCII character a cell needs no gate")]
fn put(frame: &mut Buffer, x: u16, y: u16, text: &str, room: usize, style: Style) -> u16 {
    if !is_printable_ascii(text) {
        return frame.set_stringn(x, y, text, room, style).0;
    }
    // Nearly all text: finding the graphemes in it and their widths would be most of the time that a frame takes.
    let room = usize::from(frame.area.right().saturating_sub(x)).min(room).min(text.len());
    let from = usize::from(y - frame.area.y) * usize::from(frame.area.width) + usize::from(x - frame.area.x);
    for (cell, at) in frame.content.iter_mut().skip(from).take(room).zip(0..) {
        cell.set_symbol(&text[at..=at]).set_style(style);
    }
    x + u16::try_from(room).unwrap_or(0)
}

/// How many cells a text takes.
fn width(text: &str) -> usize {
    if is_printable_ascii(text) { text.len() } else { text.width() }
}

/// Draws a line at the right end of an area's first row; gives how wide it is.
pub(crate) fn line_right<'a>(frame: &mut Buffer, area: Rect, text: impl Into<Line<'a>>) -> u16 {
    let text = text.into();
    let width = u16::try_from(text.width()).unwrap_or(u16::MAX).min(area.width);
    line(frame, Rect { x: area.right() - width, width, ..area }, text);
    width
}

/// Takes the first row off an area.
pub(crate) const fn next_row(area: &mut Rect) -> Rect {
    let row = Rect { height: if area.height > 0 { 1 } else { 0 }, ..*area };
    area.y += row.height;
    area.height -= row.height;
    row
}

/// Draws wrapped text; gives the rows below it. Where there are too few rows, long words lose their middles, and a mark
/// says if that is not enough.
pub(crate) fn paragraph(frame: &mut Buffer, mut area: Rect, text: &str, style: Style) -> Rect {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let mut lines = wrap(text, width);
    if lines.len() > height {
        // Lines of their own are given up too.
        let words: Vec<String> = text.split([' ', '\n']).map(|word| squeezed(word, width)).collect();
        lines = wrap(&words.join(" "), width);
    }
    if lines.len() > height
        && let Some(last) = height.checked_sub(1).and_then(|at| lines.get_mut(at))
    {
        last.truncate(within(last.graphemes(true), width.saturating_sub(1)));
        last.push_str(theme::CUT);
    }
    for words in lines.iter().take(height) {
        let row = next_row(&mut area);
        frame.set_stringn(row.x, row.y, words, width, style);
    }
    area
}

/// Draws what has to be read whole in the rows that are left in a dialog; where they are too few, it takes those above
/// too, until the next press.
pub(crate) fn whole(frame: &mut Buffer, mut area: Rect, text: &str, style: Style) -> Rect {
    let is_border = |y: u16| frame[(area.x, y)].symbol() == theme::BORDER.horizontal_top;
    while area.height < rows(text, area.width) && area.y > 0 && !is_border(area.y - 1) {
        (area.y, area.height) = (area.y - 1, area.height + 1);
    }
    Clear.render(area, frame);
    paragraph(frame, area, text, style)
}

/// How many rows a text takes.
pub(crate) fn rows(text: &str, width: u16) -> u16 {
    u16::try_from(wrap(text, usize::from(width)).len()).unwrap_or(u16::MAX)
}

/// A dialog narrower than this has no room to spare.
pub(crate) const NARROW: u16 = 60;

/// Takes the last row off a small area, for buttons: the words above them may be too many.
pub(crate) const fn keep_last_row(area: &mut Rect) -> Option<Rect> {
    if area.height == 0 || area.height >= 8 {
        return None;
    }
    area.height -= 1;
    Some(Rect { y: area.y + area.height, height: 1, ..*area })
}

/// Clears a place in the middle, draws a border with a title, and gives the space inside.
pub(crate) fn popup(frame: &mut Buffer, area: Rect, width: u16, height: u16, title: &str) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    Clear.render(place, frame);
    // A wide character that reaches into it from the left would take the border with it.
    if let Some(x) = place.x.checked_sub(1) {
        for y in place.y..place.bottom() {
            if frame[(x, y)].symbol().width() > 1 {
                let style = frame[(x, y)].style();
                frame.set_stringn(x, y, " ", 1, style);
            }
        }
    }
    for cell in &mut frame.content {
        cell.modifier.remove(theme::HERE); // what is below has no focus any more
    }
    let block = Block::bordered()
        .border_set(theme::BORDER)
        .border_style(theme::LINE)
        .title(Line::styled(format!(" {title} "), theme::TITLE))
        .padding(Padding::horizontal(u16::from(width >= NARROW)));
    let inside = block.inner(place);
    block.render(place, frame);
    inside
}

/// Says something in the lower border of a dialog, where every row inside is taken.
pub(crate) fn in_border(frame: &mut Buffer, inside: Rect, words: &str) {
    let row = Rect { x: inside.x + 1, y: inside.bottom(), width: inside.width.saturating_sub(1), height: 1 };
    line(frame, row, format!(" {words} "));
}

/// Draws a field; gives the cursor's place if it is focused. Marks say where its text goes on.
pub(crate) fn field(frame: &mut Buffer, area: Rect, field: &Field, focused: bool) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let width = usize::from(area.width);
    let seen = |text: &str| {
        let masked = field.is_masked();
        if masked { theme::DOT.repeat(text.chars().count()) } else { Untrusted::new(text).to_display(usize::MAX) }
    };
    let text = seen(field.text());
    let cursor = if focused { seen(field.before_cursor()).width() } else { 0 };
    let marked = width > 4; // a smaller one shows four characters, and the text has no more
    let behind = usize::from(marked && cursor + 1 < text.width());
    let scroll = (cursor + 1 + behind).saturating_sub(width);
    let goes_on = marked && text.width() > scroll + width;
    let (from, to) = (scroll + usize::from(marked && scroll > 0), scroll + width - usize::from(goes_on));
    let style = if focused { theme::FOCUS } else { theme::COLUMN };
    frame.set_style(Rect { height: 1, ..area }, style);
    let shown = if focused && field.is_selected() { style.add_modifier(Modifier::UNDERLINED) } else { style };
    let (left, right) = theme::cut();
    for (is, at, mark) in [(from > scroll, 0, left), (goes_on, area.width - 1, right)] {
        if is {
            frame.set_stringn(area.x + at, area.y, mark, 1, style);
        }
    }
    let mut at = 0;
    for grapheme in text.graphemes(true) {
        let cells = grapheme.width();
        if at >= from && at + cells <= to {
            let x = area.x + u16::try_from(at - scroll).unwrap_or(0);
            frame.set_stringn(x, area.y, grapheme, cells, shown);
        }
        at += cells;
    }
    focused.then(|| Position::new(area.x + u16::try_from(cursor - scroll).unwrap_or(0).min(area.width - 1), area.y))
}

/// Draws buttons in as many rows as they need; gives the rows below.
pub(crate) fn button_rows(frame: &mut Buffer, mut area: Rect, names: &[&str], focused: Option<usize>) -> Rect {
    let (mut from, mut width) = (0, 0);
    for (at, name) in names.iter().enumerate() {
        let cells = name.chars().count() + 2;
        if at > from && width + 1 + cells > usize::from(area.width) {
            buttons(frame, next_row(&mut area), &names[from..at], focused.and_then(|focus| focus.checked_sub(from)));
            (from, width) = (at, 0);
        }
        width += cells + usize::from(at > from);
    }
    buttons(frame, next_row(&mut area), &names[from..], focused.and_then(|focus| focus.checked_sub(from)));
    area
}

/// The name of the button that leaves a dialog as Esc does.
pub(crate) const CANCEL: &str = "Cancel";

/// A button, as it is drawn.
pub(crate) fn button(name: &str) -> String {
    format!("[{name}]")
}

/// Draws buttons side by side, the focused one reversed.
pub(crate) fn buttons(frame: &mut Buffer, area: Rect, names: &[&str], focused: Option<usize>) {
    if area.height == 0 {
        return;
    }
    let mut x = area.x;
    for (at, name) in names.iter().enumerate() {
        let style = if focused == Some(at) { theme::FOCUS } else { Style::new() };
        let left = area.right().saturating_sub(x);
        if focused == Some(at) {
            mark_here(frame, Rect { x, ..area });
        }
        let begin = x;
        (x, _) = frame.set_stringn(x, area.y, button(name), usize::from(left), style);
        let cells = Rect { x: begin, width: x - begin, height: 1, ..area };
        frame.set_style(cells, Style::new().add_modifier(theme::BUTTON));
        x += 1;
    }
}

/// Draws the buttons below a field that keeps the focus: a click on the second one is its Enter.
pub(crate) fn field_buttons(frame: &mut Buffer, area: Rect, verb: &str) {
    buttons(frame, area, &[CANCEL, verb], None);
    let before = u16::try_from(button(CANCEL).len() + 1).unwrap_or(0).min(area.width);
    if area.height > 0 {
        mark_here(frame, Rect { x: area.x + before, width: area.width - before, ..area });
    }
}

/// Draws a row of choices, each in its words or, where there is less room, in shorter ones; the chosen one is marked.
pub(crate) fn choices(
    frame: &mut Buffer,
    place: Rect,
    texts: &[(impl AsRef<str>, impl AsRef<str>)],
    chosen: usize,
    is_focused: bool,
) {
    let (mark, other) = theme::CHOSEN;
    let form = |at: usize, is_wide: bool| match (is_wide, at == chosen) {
        (true, is_chosen) => format!("{} {}", if is_chosen { mark } else { other }, texts[at].0.as_ref()),
        (false, true) => format!("[{}]", texts[at].1.as_ref()),
        (false, false) => texts[at].1.as_ref().to_owned(),
    };
    let forms = [(true, "  "), (true, " "), (false, " ")].into_iter();
    let forms = forms.map(|(is_wide, gap)| ((0..texts.len()).map(|at| form(at, is_wide)).collect::<Vec<_>>(), gap));
    let mut fitting = forms.filter(|(texts, gap)| texts.join(gap).width() <= usize::from(place.width));
    let (shown, gap, at) = fitting
        .next()
        .map_or_else(|| (vec![form(chosen, false), "← →".to_owned()], " ", 0), |(shown, gap)| (shown, gap, chosen));
    let mut x = place.x;
    for (n, text) in shown.iter().enumerate() {
        let here = Rect { x, width: place.right().saturating_sub(x), ..place };
        let is_here = n == at && is_focused;
        if is_here {
            mark_here(frame, here);
        }
        line(frame, here, Line::styled(text.as_str(), if is_here { theme::FOCUS } else { Style::new() }));
        x += u16::try_from(text.width() + gap.len()).unwrap_or(0);
    }
}

/// Marks the first cell of an area as the place where the focus is.
pub(crate) fn mark_here(frame: &mut Buffer, area: Rect) {
    frame.set_style(
        Rect { width: 1, height: 1, ..area }.intersection(frame.area),
        Style::new().add_modifier(theme::HERE),
    );
}

/// Marks the first cell of an area as a row that can be selected.
pub(crate) fn mark_row(frame: &mut Buffer, area: Rect) {
    frame.set_style(
        Rect { width: 1, height: 1, ..area }.intersection(frame.area),
        Style::new().add_modifier(theme::ROW),
    );
}
