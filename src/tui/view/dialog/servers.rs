//! Dialogs about which server, and who signs in there.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw_call;
use super::form::more_rows;
use crate::domain::Untrusted;
use crate::tui::state::{PasswordDialog, PasswordFocus, SignInDialog, SignInFocus, State};
use crate::tui::theme;
use crate::tui::view::widgets::{CANCEL, buttons, field, keep_last_row, line, next_row, paragraph, popup};

/// Columns of a field's name.
const NAME: u16 = 11;

pub(in crate::tui::view) fn draw_sign_in(
    frame: &mut Buffer,
    area: Rect,
    dialog: &SignInDialog,
    state: &State,
) -> Option<Position> {
    let area = Rect { height: area.height - 1, ..area };
    let place = state.server.as_ref().map_or("", |server| server.profile.server.as_str());
    let title =
        format!("Sign in to {}", Untrusted::new(place).to_display(usize::from(area.width.min(72)).saturating_sub(16)));
    let mut inside = popup(frame, area, 72, 11 + more_rows(&dialog.call), &title);
    let kept = keep_last_row(&mut inside);
    let mut rest = if inside.height > 3 { paragraph(frame, inside, dialog.why, Style::new()) } else { inside };
    if rest.height > 4 {
        next_row(&mut rest);
    }
    if let Some(server) = &state.server
        && server.profile.name != place
        && rest.height > 4
    {
        let row = next_row(&mut rest);
        line(frame, row, Span::styled("Profile", theme::QUIET));
        let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
        let mut words = vec![Span::raw(Untrusted::new(&server.profile.name).to_display(32))];
        if server.profile.production {
            words.extend([Span::raw("  "), Span::styled(" PRODUCTION ", theme::LOUD)]);
        }
        line(frame, place, Line::from(words));
    }
    let typing = !dialog.call.is_sent();
    let mut cursor = None;
    for (name, typed, focus) in
        [("User name", &dialog.username, SignInFocus::Username), ("Password", &dialog.password, SignInFocus::Password)]
    {
        let row = next_row(&mut rest);
        line(frame, row, Span::styled(name, theme::QUIET));
        let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
        cursor = cursor.or(field(frame, place, typed, typing && dialog.focus == focus));
    }
    if kept.is_none() && rest.height > 2 {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let focused = match dialog.focus {
        SignInFocus::Submit => Some(0),
        SignInFocus::Cancel => Some(1),
        _ => None,
    };
    buttons(frame, row, &["Sign in", CANCEL], focused);
    draw_call(frame, rest, &dialog.call, "Signing in.");
    cursor
}

/// Columns of the name of a password.
const PASSWORD_NAME: u16 = 14;

pub(crate) fn draw_password(frame: &mut Buffer, area: Rect, dialog: &PasswordDialog) -> Option<Position> {
    let mut inside = popup(frame, area, 64, 11, "Change your password");
    let kept = keep_last_row(&mut inside);
    let mut rest = if inside.height > 5 {
        paragraph(frame, inside, "Your other sessions will end.", theme::QUIET)
    } else {
        inside
    };
    if rest.height > 5 {
        next_row(&mut rest);
    }
    let typing = !dialog.call.is_sent();
    let mut cursor = None;
    for (name, typed, focus) in [
        ("Old password", &dialog.old, PasswordFocus::Old),
        ("New password", &dialog.new, PasswordFocus::New),
        ("Repeat it", &dialog.again, PasswordFocus::Again),
    ] {
        let row = next_row(&mut rest);
        line(frame, row, Span::styled(name, theme::QUIET));
        let place = Rect { x: row.x + PASSWORD_NAME, width: row.width.saturating_sub(PASSWORD_NAME), ..row };
        cursor = cursor.or(field(frame, place, typed, typing && dialog.focus == focus));
    }
    if kept.is_none() && rest.height > 2 {
        next_row(&mut rest);
    }
    let row = kept.unwrap_or_else(|| next_row(&mut rest));
    let focused = match dialog.focus {
        PasswordFocus::Submit => Some(0),
        PasswordFocus::Cancel => Some(1),
        _ => None,
    };
    buttons(frame, row, &["Change", CANCEL], focused);
    draw_call(frame, rest, &dialog.call, "Changing your password…");
    cursor
}
