//! The last two rows: what happened and where one is; what can be pressed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::when;
use super::widgets::{line, line_right, paragraph};
use crate::domain::{Identity, Status};
use crate::operations::actions::ActionId;
use crate::operations::format::grouped;
use crate::tui::keymap;
use crate::tui::keymap::{Action, Binding, Mode};
use crate::tui::state::{
    AdminFocus, AdminFormKind, AdminStep, BulkFocus, BulkFormFocus, BulkStage, ClockReading, DetailsPane, Dialog,
    ExitState, ExportFocus, Focus, HmacFocus, MouseUse, Panes, PasswordFocus, SaveFocus, SignInFocus, State, Step,
    Window,
};
use crate::tui::theme;

/// Draws the notice, and the place in the list.
pub(crate) fn draw_status(frame: &mut Buffer, area: Rect, state: &State, now: ClockReading) {
    let width = usize::from(area.width);
    let is_screen = state.dialog.as_ref().is_some_and(Dialog::is_screen);
    let trouble = state.list.trouble.as_ref().filter(|_| state.list.window.is_some() && !is_screen);
    let (text, style) = match (&state.notice, trouble) {
        _ if (state.exit != ExitState::No || state.suspending) && state.creating => {
            let words = "Waiting for the new key before quitting; its secret is shown only once.";
            (words.to_owned(), theme::WARNING)
        }
        (Some(notice), _) => (notice.text.clone(), if notice.is_error { theme::ERROR } else { Style::new() }),
        // Said above.
        (None, Some(trouble)) if trouble.error.needs_sign_in() => (String::new(), Style::new()),
        (None, Some(trouble)) => (trouble.error.to_string(), theme::ERROR),
        (None, None) if state.dialog.is_none() && !state.list.marks.is_empty() => (marked(state, width), theme::QUIET),
        (None, None) => {
            let who = state.server.as_ref().and_then(|server| server.who.as_ref());
            (who.map(|who| who_is_here(who, width)).unwrap_or_default(), theme::QUIET)
        }
    };
    let cells = text.width() + 1;
    let words = Rect { x: area.x + 1, width: area.width - 1, ..area };
    // What goes with the next press may take a row of the page until then.
    if cells > width && state.notice.is_some() && (state.dialog.is_none() || is_screen) {
        let words = Rect { y: area.y - u16::from(!stands_last(state)), height: 2, ..words };
        Clear.render(Rect { x: area.x, width: area.width, ..words }, frame);
        paragraph(frame, words, &text, style);
        return;
    }
    // What is under way is worth more than a sentence, and that more than the place in the list.
    if let Some(waiting) = state.waiting.and_then(|waiting| waiting.in_words(now)) {
        let taken = line_right(frame, area, Line::styled(format!(" {waiting} "), theme::WARNING));
        return line(frame, Rect { width: words.width.saturating_sub(taken), ..words }, Line::styled(text, style));
    }
    let place = match place(state) {
        (Some(at), Some(total)) => format!("{} of {} ", grouped(at), grouped(total)),
        (Some(at), None) => format!("{} ", grouped(at)),
        _ => String::new(),
    };
    if cells + place.len() < width {
        line_right(frame, area, place);
    }
    line(frame, words, Line::styled(text, style));
}

/// The number of the selected row, and how many there are, as far as that is known.
fn place(state: &State) -> (Option<u64>, Option<u64>) {
    match screen_rows(state) {
        Some((_, 0)) => (None, None),
        Some((selected, count)) => {
            let has_more = matches!(&state.dialog, Some(Dialog::History(screen)) if screen.has_more());
            (Some(selected as u64 + 1), (!has_more).then_some(count as u64))
        }
        None => (state.list.position(), state.list.total),
    }
}

/// The selected row of a screen that is a list, and how many there are.
fn screen_rows(state: &State) -> Option<(usize, usize)> {
    match &state.dialog {
        Some(Dialog::Admins(screen)) => Some((screen.rows.selected, screen.rows.len())),
        Some(Dialog::Sessions(screen)) => Some((screen.rows.selected, screen.rows.len())),
        Some(Dialog::History(screen)) => Some((screen.rows.selected, screen.rows.len())),
        Some(Dialog::Overview(_)) => Some((0, 0)), // bars are not rows
        _ => None,
    }
}

/// Whether the selected row is on the row above: it stays in sight, and the hints make way.
fn stands_last(state: &State) -> bool {
    let panes = state.panes();
    if let Some((selected, _)) = screen_rows(state) {
        let list = Panes::new(state.size.0, state.size.1, false).list;
        // Below events, the selected one is told.
        let is_last = !matches!(state.dialog, Some(Dialog::History(_))) || Panes::event_rows(list) == 0;
        return is_last && selected + 1 >= usize::from(list);
    }
    let lists = matches!(panes.details, DetailsPane::None | DetailsPane::Beside(_));
    lists && state.list.window.is_some() && state.list.selected + 1 >= state.list.top + usize::from(panes.list)
}

/// How many keys are marked, and what can be done with them; in few words where there is little room.
fn marked(state: &State, width: usize) -> String {
    let list = &state.list;
    let count = list.marks.count(list.total).map_or_else(|| "All".to_owned(), grouped);
    match (width < 60, list.marks.has_range()) {
        (false, true) => format!("{count} marked: a, e and d act on them. V ends the range."),
        (false, false) => format!("{count} marked: a, e and d act on them. Esc unmarks them."),
        (true, true) => format!("{count} marked. V ends the range."),
        (true, false) => format!("{count} marked. Esc unmarks."),
    }
}

/// Who is signed in, and how long; in few words if these do not fit.
fn who_is_here(who: &Identity, width: usize) -> String {
    let (name, role) = (who.username.to_display(40), who.role.to_display(20));
    let whole = format!("{name} ({role}), session ends {}", when::hour(who.expires_at));
    if whole.width() < width { whole } else { format!("{name} ({role})") }
}

/// Draws what can be pressed now, as far as it fits.
pub(crate) fn draw_hints(frame: &mut Buffer, area: Rect, state: &State) {
    let width = |(press, hint): &(&str, &str)| press.chars().count() + hint.chars().count() + 3;
    let permissions = state.permissions();
    let is_empty = state.list.window.as_ref().is_some_and(Window::is_empty) && state.list.query.filter.is_empty();
    let has_rows = !is_empty || state.mode() != Mode::List;
    let has_row = match state.mode() {
        Mode::List => state.list.selected_key().is_some(),
        Mode::Admins | Mode::Sessions | Mode::History => screen_rows(state).is_some_and(|(_, count)| count > 0),
        _ => true,
    };
    let offered = keymap::hints(state.mode())
        .filter(|binding| binding.action.is_offered(permissions) && (has_row || !binding.action.needs_row()))
        .filter(|binding| has_rows || !arranges(binding.action))
        .filter(|binding| is_of_use(binding.action, state))
        .filter(|binding| !matches!(&state.dialog, Some(Dialog::History(screen)) if !screen.offers(binding.action)));
    let (hints, worth): (Vec<(&str, &str)>, Vec<Worth>) =
        offered.map(|binding| ((binding.press, hint(&binding, state)), worth(&binding, state.mode()))).unzip();
    let mut room = usize::from(area.width) + 1; // the two blanks behind the last one may fall off
    let mut fits = vec![false; hints.len()];
    let mut by_worth: Vec<usize> = (0..hints.len()).collect();
    by_worth.sort_by_key(|at| worth[*at]);
    for at in by_worth {
        if let (Some(fit @ false), Some(hint)) = (fits.get_mut(at), hints.get(at))
            && width(hint) <= room
        {
            *fit = true;
            room = room.saturating_sub(width(hint));
        }
    }
    let mut spans = vec![Span::raw(" ")];
    for ((press, hint), _) in hints.into_iter().zip(fits).filter(|(_, fits)| *fits) {
        spans.push(Span::styled(press, theme::PRESS));
        spans.push(Span::styled(format!(" {hint}  "), theme::QUIET));
    }
    line(frame, area, Line::from(spans));
}

/// What a hint is worth where there isn't room for all: the way out and the most used presses stay longest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    WayOut,
    Most,
    Some,
    Spare,
}

fn worth(binding: &Binding, mode: Mode) -> Worth {
    match (mode, binding.action) {
        (Mode::List, Action::Do(ActionId::Help | ActionId::Quit))
        | (Mode::Reveal, Action::KeyHelp)
        | (Mode::Admins | Mode::Sessions | Mode::History | Mode::Overview | Mode::Profiles, Action::Cancel) => {
            Worth::WayOut
        }
        (Mode::List, Action::Do(ActionId::Show | ActionId::Filter)) => Worth::Most,
        (_, Action::KeyHelp) => Worth::Spare,
        _ if binding.is_spare => Worth::Spare,
        _ => Worth::Some,
    }
}

/// Whether it only filters or sorts what is in the list.
const fn arranges(action: Action) -> bool {
    use ActionId::{Filter, FilterStatus, ReverseSort, Sort};
    matches!(action, Action::Do(Filter | FilterStatus | ReverseSort | Sort))
}

/// Whether a press would do something now.
fn is_of_use(action: Action, state: &State) -> bool {
    match action {
        Action::Do(ActionId::Undo) => state.undo.is_some(),
        Action::Do(ActionId::SignOut) => state.server.as_ref().is_some_and(|server| server.who.is_some()),
        _ => true,
    }
}

/// A binding's word, as it is for the selected key or in the open dialog.
pub(crate) fn hint(binding: &Binding, state: &State) -> &'static str {
    match binding.action {
        Action::Do(ActionId::Switch) => match state.list.selected_key() {
            // As wide as "deactivate": the hints behind it stay where they are while the selection moves.
            Some(key) if key.status != Status::Active => "activate  ",
            _ => binding.hint,
        },
        Action::Do(ActionId::Mouse) if state.mouse == MouseUse::On => "mouse off",
        Action::Do(ActionId::Show) if state.panes().details != DetailsPane::None => "hide",
        Action::Next if matches!(state.dialog, Some(Dialog::Revoke(_))) => "choose",
        Action::Submit | Action::Cancel => {
            let is_submit = binding.action == Action::Submit;
            dialog_hint(state, is_submit).unwrap_or(binding.hint)
        }
        _ => binding.hint,
    }
}

/// What Enter does in the open dialog, and what Esc does, where that is not what they do in most.
fn dialog_hint(state: &State, is_submit: bool) -> Option<&'static str> {
    let pick = |submit, cancel| Some(if is_submit { submit } else { cancel });
    if let Some(dialog) = state.signing_in() {
        let submit = match dialog.focus {
            SignInFocus::Username => "next",
            SignInFocus::Cancel => "cancel",
            SignInFocus::Password | SignInFocus::Submit => "sign in",
        };
        return pick(submit, "cancel");
    }
    if state.guarding().is_some() {
        return None;
    }
    match state.dialog.as_ref()? {
        Dialog::Create(dialog) => pick(if dialog.form.focus == Focus::Cancel { "cancel" } else { "create" }, "cancel"),
        Dialog::Password(dialog) => {
            let submit = match dialog.focus {
                PasswordFocus::Old | PasswordFocus::New => "next",
                PasswordFocus::Again | PasswordFocus::Submit => "change",
                PasswordFocus::Cancel => "cancel",
            };
            pick(submit, "cancel")
        }
        Dialog::Admins(screen) => {
            let Some(AdminStep::Form(form)) = &screen.step else { return None };
            let submit = match (form.focus, form.kind) {
                (AdminFocus::Cancel, _) => "cancel",
                (AdminFocus::Username | AdminFocus::New, _) | (AdminFocus::Role, AdminFormKind::Add) => "next",
                (_, AdminFormKind::Add) => "add",
                (AdminFocus::Role, _) if form.is_own => "next",
                (_, AdminFormKind::Role) => "save",
                (_, AdminFormKind::Password) => "change",
            };
            pick(submit, "cancel")
        }
        Dialog::Profiles(dialog) => pick("switch", if dialog.is_searched() { "clear" } else { "back" }),
        Dialog::History(_) => pick("apply", if state.mode() == Mode::Filter { "cancel" } else { "back" }),
        Dialog::Bulk(dialog) => match &dialog.stage {
            BulkStage::Form(form) => {
                pick(if form.focus == BulkFormFocus::Cancel { "cancel" } else { "continue" }, "cancel")
            }
            BulkStage::Confirm(confirm) => {
                let submit = match confirm.focus {
                    BulkFocus::LeaveOut => "toggle",
                    BulkFocus::Cancel => "cancel",
                    _ => "confirm",
                };
                pick(submit, "cancel")
            }
            BulkStage::Run(progress) if progress.has_ended => pick("close", "close"),
            BulkStage::Run(_) => pick("", "stop after this key"),
            BulkStage::Survey(..) => pick("", "cancel"),
            BulkStage::NotRead(_) => pick("close", "close"),
        },
        Dialog::Revoke(dialog) => pick(if dialog.is_confirmed() { "revoke" } else { "confirm" }, "cancel"),
        Dialog::Export(dialog) => {
            let submit = match dialog.focus {
                _ if dialog.is_running() => return pick("", "stop"),
                ExportFocus::Form | ExportFocus::Columns => "next",
                ExportFocus::File | ExportFocus::Write => "write file",
                ExportFocus::Command | ExportFocus::Run => "run command",
                ExportFocus::Cancel => "cancel",
            };
            pick(submit, "cancel")
        }
        Dialog::Edit(dialog) => pick(if dialog.form.focus == Focus::Cancel { "cancel" } else { "save" }, "cancel"),
        Dialog::Token(token) => match &token.step {
            Some(step) => step_hint(step, is_submit),
            None => pick(if token.is_typing() { "next" } else { "select" }, "close"),
        },
        Dialog::Reveal(reveal) if !reveal.asking => step_hint(reveal.step.as_ref()?, is_submit),
        _ => None,
    }
}

fn step_hint(step: &Step, is_submit: bool) -> Option<&'static str> {
    let submit = match step {
        Step::Save(step) if step.is_running() => return if is_submit { None } else { Some("stop") },
        Step::Save(step) => match step.focus {
            SaveFocus::Form => "next",
            SaveFocus::File | SaveFocus::Write => "write file",
            SaveFocus::Command | SaveFocus::Run => "run command",
            SaveFocus::Back => "back",
        },
        Step::Hmac(step) => match step.focus {
            HmacFocus::Content | HmacFocus::Make => "generate",
            HmacFocus::Back => "back",
            _ => "copy",
        },
        Step::Test(_) => "select",
    };
    Some(if is_submit { submit } else { "back" })
}
