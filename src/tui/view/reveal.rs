//! The dialog that shows a new key and, when asked, its secret.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr as _;

use super::widgets::{NARROW, button_rows, buttons, in_border, line, next_row, paragraph, popup, rows};
use crate::domain::KeyId;
use crate::operations::keys::rotate;
use crate::operations::messages::{CREATED, LOSE_IT, NOT_CONFIRMED, NOT_SAVED, SAVE_NOW};
use crate::platform::surroundings::{Surroundings, Warning};
use crate::tui::state::{ClockReading, Fate, News, Reveal, RevealButton, SHOWN_FOR};
use crate::tui::theme;

/// Rows for what there is to say, at least and at most: few enough to leave little empty, and seldom others after a copy.
const WORDS: (u16, u16) = (5, 7);
const ID_TITLE: &str = "Access key ID (public)  ";

pub(crate) fn draw(frame: &mut Buffer, area: Rect, reveal: &Reveal, around: Option<&Surroundings>, now: ClockReading) {
    let tall = area.height >= 16;
    let id = reveal.key.id.to_display(128);
    // An ID in hex has rows of its own, if there is room.
    let width = area.width.min(78).saturating_sub(4);
    let fits = ID_TITLE.len() + reveal.key.id.width() <= usize::from(width);
    let id_below = if fits || !tall { 0 } else { rows(&id, width) };
    let replaces = |(old, _): &(KeyId, DateTime<Utc>)| format!("Replaces {}", old.to_display(40));
    let what = reveal.replaces.as_ref().map_or_else(|| CREATED.to_owned(), replaces);
    let room = usize::from(width).saturating_sub(what.width() + 4);
    let label = reveal.key.label.to_display(room);
    let title = if label.is_empty() { what } else { format!("{what}: {label}") };
    let narrow = area.width < NARROW + 4;
    let words = Words::new(reveal, around, narrow);
    let said = words.all_rows(width).clamp(WORDS.0, WORDS.1);
    let begun = reveal.replaces.as_ref().map(|(old, until)| rotate::begun(old, *until, now.utc)).unwrap_or_default();
    let of_begun = if begun.is_empty() || area.height < 14 + said { 0 } else { rows(&begun, width) };
    let inside = popup(frame, area, 78, if tall { 12 + of_begun + said + id_below } else { 12 }, &title);
    let mut rest = inside;
    if tall {
        rest = paragraph(frame, rest, SAVE_NOW, Style::new());
        if of_begun > 0 {
            rest = paragraph(frame, rest, &begun, Style::new());
        }
        next_row(&mut rest);
    } else {
        in_border(frame, inside, "Can't be shown again after closing");
    }
    // While there is much to say, the ID can be read in the list alone.
    let is_tiny = inside.height < 8;
    if !is_tiny || reveal.shown_until.is_none() || words.rows(inside.width) < 2 {
        let name = if narrow && id_below == 0 { "ID " } else { ID_TITLE };
        if id_below > 0 {
            line(frame, next_row(&mut rest), Line::styled(name, theme::QUIET));
            rest = paragraph(frame, rest, &id, Style::new());
        } else {
            line(frame, next_row(&mut rest), Line::from(vec![Span::styled(name, theme::QUIET), Span::raw(id)]));
        }
    }
    if tall {
        next_row(&mut rest);
    }
    let length = reveal.secret.expose().graphemes(true).count();
    let name = format!("Secret access key ({length}{})", if narrow { "" } else { " characters" });
    let mut row = next_row(&mut rest);
    let above = Line::from(vec![Span::styled(&name, theme::QUIET), Span::raw(countdown(reveal, now)), Span::raw(" ")]);
    let written = u16::try_from(above.width()).unwrap_or(row.width);
    line(frame, row, above);
    if is_tiny && reveal.shown_until.is_none() {
        let taken = u16::try_from(name.len() + 1).unwrap_or(0).min(row.width);
        (row.x, row.width) = (row.x + taken, row.width - taken);
        draw_secret(frame, area, row, reveal);
    } else {
        if reveal.shown_until.is_some() {
            rule(frame, inside, Rect { x: row.x + written, width: row.width.saturating_sub(written), ..row });
        }
        rest = draw_secret(frame, area, rest, reveal);
    }
    if tall {
        let row = next_row(&mut rest);
        if reveal.shown_until.is_some() {
            rule(frame, inside, Rect { x: inside.x.saturating_sub(1), ..row });
        }
    }
    if reveal.asking {
        draw_asking(frame, rest, reveal);
        return;
    }
    let show = if reveal.shown_until.is_some() { "Hide key" } else { "Show key" };
    let copy = if narrow { "Copy" } else { "Copy to clipboard" };
    let focused = RevealButton::ALL.iter().position(|button| *button == reveal.focus);
    let next = if narrow { "Next" } else { "Next key" };
    let names = [show, copy, "Copy both", "Save", "Hand over", "HMAC token", "Test key", next, "Close"];
    let mut rest = button_rows(frame, rest, &names, focused);
    if tall {
        next_row(&mut rest);
    }
    words.draw(frame, rest);
}

/// What happened last; before anything did, who would see the secret, and where a copy would go.
struct Words {
    warnings: Vec<String>,
    last: (String, Style),
    /// Whether the last is what counts.
    is_news: bool,
    /// That it isn't hidden when the window loses the focus.
    stays: Option<String>,
}

impl Words {
    fn new(reveal: &Reveal, around: Option<&Surroundings>, narrow: bool) -> Self {
        let warnings = around.map_or(&[][..], |around| &around.warnings);
        let warnings = if narrow && !warnings.is_empty() {
            vec![warnings.iter().map(Warning::brief).collect::<Vec<_>>().join(" ")]
        } else {
            warnings.iter().map(Warning::sentence).collect()
        };
        let last = match (&reveal.news, around) {
            (Some(News::Copied(what, report)), _) => (
                if narrow { report.brief(*what) } else { report.sentence(*what) },
                if report.is_failure() { theme::ERROR } else { Style::new() },
            ),
            (Some(News::Delivered(words)), _) => {
                (words.clone(), if reveal.fate == Fate::Kept { theme::GOOD } else { theme::WARNING })
            }
            (Some(News::Refused(words)), _) => ((*words).to_owned(), theme::WARNING),
            (None, Some(around)) => (
                if narrow { around.brief() } else { around.sentence() },
                if around.way.is_err() { theme::WARNING } else { theme::QUIET },
            ),
            (None, None) => (String::new(), Style::new()),
        };
        let warnings = warnings.into_iter().map(|words| format!("! {words}")).collect();
        let focus = around.and_then(|around| around.focus);
        let stays = focus.map(|why| if narrow { STAYS_BRIEF.to_owned() } else { stays(why) });
        Self { warnings, last, is_news: reveal.news.is_some(), stays }
    }

    fn rows(&self, width: u16) -> u16 {
        let warnings: u16 = self.warnings.iter().map(|words| rows(words, width)).sum();
        warnings + rows(&self.last.0, width)
    }

    fn all_rows(&self, width: u16) -> u16 {
        self.rows(width) + self.stays.as_ref().map_or(0, |words| rows(words, width))
    }

    /// What has just happened goes before what was known already.
    fn draw(&self, frame: &mut Buffer, mut rest: Rect) {
        if !self.is_news || self.rows(rest.width) <= rest.height {
            for words in &self.warnings {
                rest = paragraph(frame, rest, words, theme::WARNING);
            }
        }
        rest = paragraph(frame, rest, &self.last.0, self.last.1);
        if let Some(words) = self.stays.as_ref().filter(|words| rows(words, rest.width) <= rest.height) {
            paragraph(frame, rest, words, theme::QUIET);
        }
    }
}

/// Where the terminal doesn't report that, the time alone hides a secret.
fn stays(why: &str) -> String {
    let seconds = SHOWN_FOR.as_secs();
    format!("Switching windows doesn't hide the secret ({why}): it stays for {seconds} s, or until you hide it.")
}

const STAYS_BRIEF: &str = "Switching windows doesn't hide the secret.";

fn countdown(reveal: &Reveal, now: ClockReading) -> String {
    reveal.seconds_left(now).map_or_else(String::new, |seconds| format!("  hidden in {seconds} s"))
}

/// Draws a line from a place to the right border of the dialog. The secret breaks out of its frame between two of them.
fn rule(frame: &mut Buffer, inside: Rect, from: Rect) {
    let end = inside.right() + u16::from(inside.width >= NARROW - 4);
    let cells = usize::from(end.saturating_sub(from.x));
    let row = Rect { width: end.saturating_sub(from.x), ..from };
    line(frame, row, Span::styled(theme::RULE.repeat(cells), theme::LINE));
}

/// Draws dots, or the secret alone on rows of the screen's whole width, so that a mouse selects just that. It
/// goes straight from its box into the cells: no copy is made on the way.
fn draw_secret(frame: &mut Buffer, area: Rect, mut rest: Rect, reveal: &Reveal) -> Rect {
    let secret = reveal.secret.expose();
    if reveal.shown_until.is_none() {
        let mut dots = secret.graphemes(true).count();
        // As many rows as it takes when it is shown: what is below stays where it is.
        for _ in 0..dots.div_ceil(usize::from(area.width)) {
            let row = next_row(&mut rest);
            let shown = dots.min(usize::from(row.width));
            line(frame, row, theme::DOT.repeat(shown));
            dots -= shown;
        }
        return rest;
    }
    let width = usize::from(area.width);
    let mut graphemes = secret.graphemes(true).filter(|g| !g.chars().any(char::is_control)).peekable();
    while graphemes.peek().is_some() && rest.height > 0 {
        let row = next_row(&mut rest);
        let whole = Rect { x: 0, width: area.width, ..row };
        Clear.render(whole, frame);
        let mut x = 0;
        while x < width
            && let Some(grapheme) = graphemes.next()
        {
            frame.set_stringn(u16::try_from(x).unwrap_or(0), row.y, grapheme, 2, theme::SECRET);
            x += 1;
        }
        frame.set_style(Rect { width: 1, ..whole }, Style::new().add_modifier(theme::ALONE));
    }
    rest
}

fn draw_asking(frame: &mut Buffer, area: Rect, reveal: &Reveal) {
    let unsaved = format!("{NOT_SAVED} {LOSE_IT}");
    let (words, close) = match reveal.fate {
        Fate::Sent => (NOT_CONFIRMED, "I've saved it"),
        _ => (unsaved.as_str(), "Close and lose it"),
    };
    let mut rest = paragraph(frame, area, words, theme::WARNING);
    let focused = usize::from(reveal.focus == RevealButton::Close);
    buttons(frame, next_row(&mut rest), &["Go back", close], Some(focused));
}
