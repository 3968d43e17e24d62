//! The dialogs.

mod admins;
mod bulk;
mod danger;
mod expiry;
mod form;
pub(crate) mod guard;
pub(crate) mod help;
mod identify;
mod list;
mod profiles;
mod question;
mod rotation;
pub(crate) mod servers;
mod step;
mod token;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::reveal;
use super::widgets::{paragraph, whole};
use crate::tui::state::{CallState, ClockReading, Dialog, State};
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
    let cursor = draw_inside(frame, area, dialog, state, now);
    danger::mark(frame, area, dialog, state);
    cursor
}

fn draw_inside(frame: &mut Buffer, area: Rect, dialog: &Dialog, state: &State, now: ClockReading) -> Option<Position> {
    match dialog {
        Dialog::Token(dialog) => token::draw(frame, area, dialog, now),
        Dialog::Profiles(dialog) => profiles::draw(frame, area, dialog, state, now),
        Dialog::Views(dialog) => list::views::draw(frame, area, dialog),
        Dialog::Columns(dialog) => {
            list::columns::draw(frame, area, dialog, state, now);
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
        Dialog::Export(dialog) => list::export::draw(frame, area, dialog),
        Dialog::Identify(dialog) => identify::draw(frame, area, dialog, now),
        Dialog::Edit(dialog) => form::draw_edit(frame, area, dialog, now),
        Dialog::Delete(dialog) => question::draw_delete(frame, area, dialog, now),
        Dialog::Bulk(dialog) => bulk::draw(frame, area, dialog, state.list.ahead, now),
        Dialog::Rotate(dialog) => rotation::draw_rotate(frame, area, dialog, state, now),
        Dialog::Rotation(dialog) => rotation::draw_rotation(frame, area, dialog, state.dates, now),
        Dialog::Switch(dialog, switch) => question::draw_switch(frame, area, dialog, *switch, now),
        Dialog::LeftOver(dialog) => question::draw_left_over(frame, area, dialog),
        Dialog::HandOver(dialog) => {
            question::draw_hand_over(frame, area, dialog, state.dates, now);
            None
        }
        Dialog::Lost(dialog) => question::draw_lost(frame, area, dialog),
        Dialog::Reveal(dialog) => match &dialog.step {
            Some(step) if !dialog.asking => step::draw(frame, area, step, now),
            _ => {
                reveal::draw(frame, area, dialog, state.surroundings.as_ref(), now);
                None
            }
        },
        Dialog::History(_) | Dialog::Overview(_) => None,
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
            whole(frame, area, words, theme::ERROR);
        }
    }
}
