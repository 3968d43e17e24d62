//! The confirmation of an act on many keys: which keys, what is unusual about them, what it means, and what confirms it.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::domain::{Dates, Untrusted};
use crate::operations::format::grouped;
use crate::operations::keys::bulk;
use crate::operations::keys::bulk::{BulkAct, Survey, SurveyedKey, counted};
use crate::tui::state::{BulkConfirm, BulkFocus, KeyColumns};
use crate::tui::theme;
use crate::tui::view::dialog::draw_call;
use crate::tui::view::when;
use crate::tui::view::widgets::{
    NARROW, button_rows, choices, field, in_border, line, mark_here, next_row, paragraph, popup,
};

pub(super) fn draw(frame: &mut Buffer, area: Rect, confirm: &BulkConfirm, now: DateTime<Utc>) -> Option<Position> {
    let survey = &confirm.survey;
    let act = confirm.act_at(now);
    let layout = confirm.layout((area.width, area.height + 1), now);
    let title = format!("{} {}", act.verb(), counted(survey.todo(confirm.leave_out)));
    let inside = popup(frame, area, layout.width, layout.height, &title);
    let mut rest = inside;
    let mut gaps = layout.gaps;
    for words in &layout.findings {
        let style = if words.starts_with('!') { theme::WARNING } else { Style::new() };
        line(frame, next_row(&mut rest), Line::styled(words.clone(), style));
    }
    let mut gap = |rest: &mut Rect| {
        if gaps > 0 {
            gaps -= 1;
            next_row(rest);
        }
    };
    if !layout.findings.is_empty() {
        gap(&mut rest);
    }
    if layout.key_rows > 0 {
        draw_keys(frame, &mut rest, confirm, layout.columns, layout.has_titles, layout.key_rows);
        gap(&mut rest);
    }
    match &layout.meaning {
        Some(meaning) => {
            rest = paragraph(frame, rest, meaning, Style::new());
            gap(&mut rest);
        }
        None if act == BulkAct::Delete => in_border(frame, inside, "This can't be undone"),
        None => {}
    }
    let is_asked = rest.y;
    let cursor = draw_asked(frame, &mut rest, confirm);
    if rest.y > is_asked {
        gap(&mut rest);
    }
    let names = confirm.button_names(now);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let focused = confirm.buttons().into_iter().position(|button| button == confirm.focus);
    let rest = button_rows(frame, rest, &names, focused);
    draw_call(frame, rest, &confirm.call, "");
    cursor
}

/// For how long, whether some are left out, and what is typed; each if it is asked.
fn draw_asked(frame: &mut Buffer, rest: &mut Rect, confirm: &BulkConfirm) -> Option<Position> {
    let for_how_long = confirm.choices();
    if !for_how_long.is_empty() {
        let row = next_row(rest);
        line(frame, row, "For");
        let place = Rect { x: row.x + 4, width: row.width.saturating_sub(4), ..row };
        let words: Vec<_> = for_how_long.iter().map(|choice| (choice.words(), choice.words())).collect();
        choices(frame, place, &words, confirm.choice, confirm.focus == BulkFocus::For);
    }
    if confirm.survey.warned > 0 {
        let mark = if confirm.leave_out { "[x]" } else { "[ ]" };
        let text = format!("{mark} Leave out the {} marked !", grouped(confirm.survey.warned));
        let row = next_row(rest);
        let is_focused = confirm.focus == BulkFocus::LeaveOut;
        if is_focused {
            mark_here(frame, row);
        }
        line(frame, row, Span::styled(text, if is_focused { theme::FOCUS } else { Style::new() }));
    }
    let confirmation = confirm.confirmation().filter(|_| confirm.has_work())?;
    let row = next_row(rest);
    let ask = if row.width < NARROW { confirmation.short_question() } else { confirmation.question() };
    let length = u16::try_from(confirmation.phrase().width()).unwrap_or(4).saturating_add(1).min(row.width / 2);
    let at = u16::try_from(ask.width()).unwrap_or(0).min(row.width.saturating_sub(length));
    line(frame, Rect { width: at, ..row }, ask);
    let place = Rect { x: row.x + at, width: length.min(row.width - at), ..row };
    field(frame, place, &confirm.typed, confirm.focus == BulkFocus::Typed)
}

/// The keys, those with something unusual first.
fn draw_keys(
    frame: &mut Buffer,
    rest: &mut Rect,
    confirm: &BulkConfirm,
    columns: KeyColumns,
    has_titles: bool,
    rows: usize,
) {
    if has_titles {
        let titles = ["Reason", "Access key ID", "Label", "Owner", "Last used"].map(str::to_owned);
        line(
            frame,
            next_row(rest),
            Line::styled(format!("{}{}", mark(columns, " "), cells(columns, titles)), theme::QUIET),
        );
    }
    let shown = confirm.shown(rows);
    for surveyed in shown.keys {
        let is_left_out = confirm.leave_out && surveyed.is_warned();
        let style = if is_left_out { theme::QUIET } else { Style::new() };
        line(
            frame,
            next_row(rest),
            Line::styled("", style).spans(key_spans(&confirm.survey, surveyed, columns, is_left_out)),
        );
    }
    if !shown.more.is_empty() {
        line(frame, next_row(rest), Line::styled(shown.more, theme::QUIET));
    }
}

fn key_spans(survey: &Survey, surveyed: &SurveyedKey, columns: KeyColumns, is_left_out: bool) -> Vec<Span<'static>> {
    let key = &surveyed.key;
    let is_warned = surveyed.is_warned();
    let reasons = Untrusted::new(&bulk::reasons(surveyed, survey.now)).to_display(columns.reason);
    let owner = key.owner.as_ref().map(|owner| owner.identity(columns.owner)).unwrap_or_default();
    let used = when::last_used(key.last_used_at, survey.now, Dates::Relative);
    let texts = [reasons, key.id.shortened(columns.id), key.label.identity(columns.label), owner, used];
    let text = cells(columns, texts);
    // The reason is what is seen first.
    let style = if is_warned && !is_left_out { theme::WARNING } else { Style::new() };
    let at = text.char_indices().scan(0, |taken, (at, c)| {
        *taken += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        Some((at + c.len_utf8(), *taken))
    });
    let end = at.take_while(|(_, taken)| *taken <= columns.reason).last().map_or(0, |(at, _)| at);
    let (reason, others) = text.split_at(end);
    vec![
        Span::styled(format!("{}{reason}", mark(columns, if is_warned { "!" } else { " " })), style),
        Span::raw(others.to_owned()),
    ]
}

fn mark(columns: KeyColumns, mark: &str) -> String {
    if columns.has_marks { format!("{mark} ") } else { String::new() }
}

/// A row of the columns; the last uses end below each other.
fn cells(columns: KeyColumns, [reason, id, label, owner, used]: [String; 5]) -> String {
    let wide = [(reason, columns.reason), (id, columns.id), (label, columns.label), (owner, columns.owner)];
    let mut row = String::new();
    for (text, cells) in wide.into_iter().filter(|(_, cells)| *cells > 0) {
        let blanks = cells.saturating_sub(text.width()) + columns.gap;
        row.push_str(&text);
        row.push_str(&" ".repeat(blanks));
    }
    if columns.used > 0 {
        row.push_str(&" ".repeat(columns.used.saturating_sub(used.width())));
        row.push_str(&used);
    }
    row.trim_end().to_owned()
}
