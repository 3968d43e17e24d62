//! The dialogs.

mod admins;
mod bulk;
mod form;
pub(crate) mod guard;
mod question;
pub(crate) mod servers;
mod step;
mod token;
mod views;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::reveal;
use super::widgets::{field, line, next_row, paragraph, popup};
use crate::tui::state::{CallState, ClockReading, Dialog, HELP_WIDTH, HelpDialog, HelpLine, PRESS, State};
use crate::tui::theme;

/// Draws a dialog on top of the page; gives the cursor's place if something is being typed.
pub(crate) fn draw(
    frame: &mut Buffer,
    area: Rect,
    dialog: &Dialog,
    state: &State,
    now: ClockReading,
) -> Option<Position> {
    // The footer stays readable: it says what can be pressed.
    let area = Rect { height: area.height - 1, ..area };
    match dialog {
        Dialog::Token(dialog) => token::draw(frame, area, dialog, now),
        Dialog::Profiles(dialog) => {
            servers::draw_profiles(frame, area, dialog);
            None
        }
        Dialog::Views(dialog) => {
            views::draw(frame, area, dialog);
            None
        }
        Dialog::Password(dialog) => servers::draw_password(frame, area, dialog),
        Dialog::Admins(screen) => admins::draw_step(frame, area, screen.step.as_ref()?),
        Dialog::Sessions(screen) => {
            admins::draw_end(frame, area, screen.question.as_ref()?);
            None
        }
        Dialog::Revoke(dialog) => admins::draw_revoke(frame, area, dialog),
        Dialog::Create(dialog) => form::draw_create(frame, area, dialog, state, now),
        Dialog::Edit(dialog) => form::draw_edit(frame, area, dialog, now),
        Dialog::Delete(dialog) => question::draw_delete(frame, area, dialog, now),
        Dialog::Bulk(dialog) => bulk::draw(frame, area, dialog, state.list.ahead, now),
        Dialog::Switch(dialog, switch) => question::draw_switch(frame, area, dialog, *switch, now),
        Dialog::LeftOver(dialog) => question::draw_left_over(frame, area, dialog),
        Dialog::Lost(dialog) => question::draw_lost(frame, area, dialog),
        Dialog::Reveal(dialog) => match &dialog.step {
            Some(step) if !dialog.asking => step::draw(frame, area, step, now),
            _ => {
                reveal::draw(frame, area, dialog, state.surroundings.as_ref(), now);
                None
            }
        },
        Dialog::History(_) | Dialog::Overview(_) => None,
        Dialog::Help(help) => draw_help(frame, area, help, state),
    }
}

/// Draws what became of a call, in the rows that are left.
fn draw_call(frame: &mut Buffer, area: Rect, call: &CallState, waiting: &str) {
    match call {
        CallState::None => {}
        CallState::Sent => {
            paragraph(frame, area, waiting, theme::WARNING);
        }
        CallState::Failed(words) | CallState::Invalid(words) => {
            paragraph(frame, area, words, theme::ERROR);
        }
    }
}

fn draw_help(frame: &mut Buffer, area: Rect, help: &HelpDialog, state: &State) -> Option<Position> {
    let lines = state.help_lines();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let mut inside = popup(frame, area, HELP_WIDTH, rows, "Help");
    let search = next_row(&mut inside);
    line(frame, search, Span::styled("Search: ", theme::QUIET));
    let cursor =
        field(frame, Rect { x: search.x + 8, width: search.width.saturating_sub(8), ..search }, &help.typed, true);
    next_row(&mut inside);
    let top = help.top.min(lines.len().saturating_sub(usize::from(inside.height)));
    let rest = lines.len().saturating_sub(top + usize::from(inside.height));
    for text in lines.into_iter().skip(top).take(usize::from(inside.height)) {
        let row = next_row(&mut inside);
        if inside.height == 0 && rest > 0 && !matches!(text, HelpLine::Entry { is_selected: true, .. }) {
            line(frame, row, Span::styled(format!("{} {} more lines", theme::BELOW, rest + 1), theme::QUIET));
            break;
        }
        match text {
            HelpLine::Topic(title) => line(frame, row, Span::styled(title, theme::TITLE)),
            HelpLine::Words(words) => line(frame, row, Span::styled(words, theme::QUIET)),
            HelpLine::Entry { press, words, is_selected } => {
                let press = Span::styled(format!("{press:<PRESS$}"), theme::PRESS);
                line(frame, row, Line::from(vec![press, Span::raw(words)]));
                if is_selected {
                    frame.set_style(row, theme::SELECTED);
                }
            }
        }
    }
    cursor
}
