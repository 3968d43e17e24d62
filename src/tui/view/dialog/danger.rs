//! The frame of a dialog that changes something: whose keys are at stake, and whether anything is lost for good.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::domain::Untrusted;
use crate::operations::keys::bulk::BulkAct;
use crate::tui::state::{AdminStep, BulkStage, Dialog, State};
use crate::tui::theme;
use crate::tui::wrap::squeezed;

/// The least cells for the name of a profile.
const LEAST: usize = 4;

/// Whether a dialog changes something at the server, and whether that takes something away for good.
fn change(dialog: &Dialog) -> Option<bool> {
    match dialog {
        Dialog::Create(_) | Dialog::Edit(_) | Dialog::Rotate(_) | Dialog::Rotation(_) | Dialog::Switch(..) => {
            Some(false)
        }
        Dialog::Delete(_) | Dialog::Revoke(_) => Some(true),
        Dialog::Bulk(dialog) => Some(match &dialog.stage {
            BulkStage::Confirm(confirm) => matches!(confirm.survey.act, BulkAct::Delete),
            _ => false,
        }),
        Dialog::Admins(screen) => screen.step.as_ref().map(|step| matches!(step, AdminStep::Remove(_))),
        Dialog::Sessions(screen) => screen.question.as_ref().map(|_| true),
        _ => None,
    }
}

/// Says it in the frame that has just been drawn: by its colour, and in words where real keys are at stake.
pub(super) fn mark(frame: &mut Buffer, area: Rect, dialog: &Dialog, state: &State) {
    let (Some(is_destructive), Some(place)) = (change(dialog), framed(frame, area)) else { return };
    if is_destructive {
        for at in place.positions() {
            let is_edge = at.y == place.y || at.y + 1 == place.bottom() || at.x == place.x || at.x + 1 == place.right();
            if is_edge {
                frame[at].set_style(Style::new().fg(theme::ERROR.fg.unwrap_or_default()));
            }
        }
    }
    let profile = state.server.as_ref().map(|server| &server.profile).filter(|profile| profile.production);
    let Some(profile) = profile else { return };
    let is_line = |x: &u16| frame[(*x, place.y)].symbol() == theme::BORDER.horizontal_top;
    let room = (place.x..place.right() - 1).rev().take_while(is_line).count().saturating_sub(1);
    let name = Untrusted::new(&profile.name).to_display(usize::MAX);
    let about = " PRODUCTION  ".width();
    let words = match room.checked_sub(about) {
        Some(left) if name.width() <= left || left >= LEAST => format!(" PRODUCTION {} ", squeezed(&name, left)),
        _ if room >= about => " PRODUCTION ".to_owned(),
        _ => return,
    };
    let x = place.right() - 1 - u16::try_from(words.width()).unwrap_or(0);
    frame.set_stringn(x, place.y, &words, room, theme::LOUD);
}

/// Where the frame of a dialog is, in the middle of the area: what is behind it has another colour.
fn framed(frame: &Buffer, area: Rect) -> Option<Rect> {
    let is = |at: Position, symbol: &str| frame[at].symbol() == symbol && frame[at].style().fg == theme::LINE.fg;
    let first = area.positions().find(|at| is(*at, theme::BORDER.top_left))?;
    let last = area.positions().filter(|at| is(*at, theme::BORDER.bottom_right)).last()?;
    (last.x > first.x && last.y > first.y)
        .then(|| Rect::new(first.x, first.y, last.x - first.x + 1, last.y - first.y + 1))
}
