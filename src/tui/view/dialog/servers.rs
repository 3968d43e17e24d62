//! Dialogs about which server, and who signs in there.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw_call;
use crate::domain::{Profile, Untrusted};
use crate::tui::state::{PasswordDialog, PasswordFocus, ProfilesDialog, SignInDialog, SignInFocus, State};
use crate::tui::theme;
use crate::tui::view::widgets::{buttons, field, keep_last_row, line, mark_here, mark_row, next_row, paragraph, popup};

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
        format!("Sign in to {}", Untrusted::new(place).to_display(usize::from(area.width.min(64)).saturating_sub(16)));
    let mut inside = popup(frame, area, 64, 10, &title);
    let kept = keep_last_row(&mut inside);
    let mut rest = if inside.height > 3 { paragraph(frame, inside, dialog.why, Style::new()) } else { inside };
    if rest.height > 4 {
        next_row(&mut rest);
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
    buttons(frame, row, &["Sign in", "Cancel"], focused);
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
    buttons(frame, row, &["Change", "Cancel"], focused);
    draw_call(frame, rest, &dialog.call, "Changing your password…");
    cursor
}

pub(crate) fn draw_profiles(frame: &mut Buffer, area: Rect, dialog: &ProfilesDialog) {
    let rows = u16::try_from(dialog.profiles.len()).unwrap_or(u16::MAX).saturating_add(4);
    let mut rest = popup(frame, area, 72, rows.max(7), "Profiles");
    let height = usize::from(rest.height.saturating_sub(2)).max(1);
    let top = (dialog.selected + 1).saturating_sub(height);
    for (at, profile) in dialog.profiles.iter().enumerate().skip(top).take(height) {
        let marked = at == dialog.selected;
        let pointer = Span::raw(if marked { theme::POINTER } else { "  " });
        let current = dialog.current.as_ref() == Some(&profile.name);
        let row = next_row(&mut rest);
        let mut spans = vec![pointer];
        spans.extend(describe(profile, current, usize::from(row.width).saturating_sub(2)));
        line(frame, row, Line::from(spans));
        mark_row(frame, row);
        if marked {
            frame.set_style(row, theme::SELECTED);
            mark_here(frame, row);
        }
    }
    if dialog.profiles.len() == 1 {
        next_row(&mut rest);
        let words = "Add servers to config.toml (latchkey doctor shows its path); see assets/guide/profiles.md.";
        paragraph(frame, rest, words, theme::QUIET);
    }
}

fn describe(profile: &Profile, current: bool, room: usize) -> Vec<Span<'static>> {
    let names = if room < 60 { 10 } else { 20 };
    let name = Untrusted::new(&profile.name).to_display(names);
    let marks = profile.marks(current);
    let marks = if marks.is_empty() { String::new() } else { format!("  ({})", marks.join(", ")) };
    let left = room.saturating_sub(names + 2 + marks.chars().count());
    let style = if profile.production { theme::WARNING } else { Style::new() };
    vec![
        Span::styled(format!("{name:<names$}  "), style),
        Span::raw(Untrusted::new(&profile.server).to_display(left)),
        Span::styled(marks, theme::QUIET),
    ]
}
