//! The chooser of profiles.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::domain::{Profile, Untrusted};
use crate::operations::messages;
use crate::tui::state::{ClockReading, ProfileState, ProfilesDialog, State};
use crate::tui::theme;
use crate::tui::view::when;
use crate::tui::view::widgets::{NARROW, field, line, mark_here, mark_row, next_row, paragraph, popup, rows};
use crate::tui::wrap::squeezed;

/// Columns of the dialog at least, of its frame with the blanks inside, of pointer and number, and between two columns.
const WIDTH: u16 = 64;
const FRAME: usize = 4;
const BEFORE: usize = 5;
const GAP: usize = 2;
/// A dialog with fewer rows inside than this has none to spare, and so many for what is said below the list.
const LOW: u16 = 9;
const LOW_NOTE: u16 = 2;
/// Behind the name of a profile with real keys, where there is no room for the word.
const PRODUCTION: &str = " !";
/// What columns may be narrowed to where there isn't room for all that they hold: the first of these that fits. One of no
/// cells is left out; the selected row is told whole below.
const NARROWED: [[usize; 4]; 4] =
    [[14, 14, usize::MAX, usize::MAX], [14, 0, usize::MAX, usize::MAX], [12, 0, 14, usize::MAX], [8, 0, 0, 10]];
const NAME: usize = 0;
const PLACE: usize = 1;
const WHO: usize = 2;
const STATE: usize = 3;

/// The texts of a row, in the order of the columns.
type Texts = [String; 4];

pub(crate) fn draw(
    frame: &mut Buffer,
    area: Rect,
    dialog: &ProfilesDialog,
    state: &State,
    now: ClockReading,
) -> Option<Position> {
    // Those that are not found count too: nothing moves while one types.
    let texts: Vec<Texts> =
        dialog.profiles.iter().map(|profile| texts(profile, &state.profile_state(profile), now)).collect();
    let wanted = [NAME, PLACE, WHO, STATE].map(|at| texts.iter().map(|text| text[at].width()).max().unwrap_or(0));
    let room = usize::from(area.width).saturating_sub(FRAME + BEFORE);
    let is_marked = dialog.profiles.iter().any(|profile| profile.production);
    let widths = fit(wanted, if is_marked { PRODUCTION.len() } else { 0 }, room);
    let selected = dialog.found().nth(dialog.selected).map(|(at, _)| at);
    let footnote = match selected {
        None => "No matching profiles. Esc clears the search.".to_owned(),
        Some(at) if widths != wanted => {
            let parts: Vec<_> = texts[at].iter().filter(|text| !text.is_empty()).map(String::as_str).collect();
            parts.join(&format!(" {} ", theme::BETWEEN))
        }
        Some(_) if dialog.profiles.len() == 1 => {
            "Add servers to config.toml (latchkey doctor shows its path); see assets/guide/profiles.md.".to_owned()
        }
        Some(_) => String::new(),
    };
    let width = to_cells(total(wanted) + FRAME + BEFORE).max(WIDTH).min(area.width);
    let inside = width.saturating_sub(if width < NARROW { 2 } else { 4 });
    let noted = if footnote.is_empty() { 0 } else { rows(&footnote, inside) + 1 };
    let height = to_cells(dialog.profiles.len()).saturating_add(4 + noted);
    let title = match &dialog.current {
        Some(name) => format!(
            "Profiles (current: {})",
            Untrusted::new(name).to_display(usize::from(width).saturating_sub(24).min(32))
        ),
        None => "Profiles".to_owned(),
    };
    let mut rest = popup(frame, area, width, height, &title);
    let is_low = rest.height < LOW.min(height - 2);
    let search = next_row(&mut rest);
    line(frame, search, Span::styled("Search: ", theme::QUIET));
    let cursor =
        field(frame, Rect { x: search.x + 8, width: search.width.saturating_sub(8), ..search }, &dialog.typed, true);
    if !is_low {
        next_row(&mut rest);
    }
    let noted = if is_low { noted.min(LOW_NOTE) } else { noted };
    let listed = usize::from(rest.height.saturating_sub(noted).max(1));
    let top = (dialog.selected + 1).saturating_sub(listed);
    for (at, profile) in dialog.found().skip(top).take(listed) {
        let row = next_row(&mut rest);
        let number = if at < 9 && !dialog.is_searched() { (at + 1).to_string() } else { " ".to_owned() };
        let is_marked = selected == Some(at);
        let pointer = if is_marked { theme::POINTER } else { "  " };
        let mut spans = vec![Span::raw(pointer), Span::styled(format!("{number}  "), theme::PRESS)];
        for (column, (text, width)) in texts[at].iter().zip(widths).enumerate().filter(|(_, (_, width))| *width > 0) {
            // What has no room of its own takes that of an empty column behind it.
            let is_alone = |column: usize| column == PLACE && texts[at][WHO].is_empty() && widths[WHO] > 0;
            let width = match column {
                PLACE if is_alone(PLACE) => width + GAP + widths[WHO],
                WHO if widths[PLACE] > 0 && is_alone(PLACE) => continue,
                _ => width,
            };
            let mark = if column == NAME && widths[WHO] == 0 && profile.production { PRODUCTION } else { "" };
            let text = format!("{}{mark}", squeezed(text, width.saturating_sub(mark.len()).max(1)));
            let blanks = " ".repeat(width.saturating_sub(text.width()) + GAP);
            let is_loud = profile.production && matches!(column, NAME | WHO);
            let look = if is_loud { theme::WARNING } else { Style::new() };
            spans.push(Span::styled(format!("{text}{blanks}"), look));
        }
        line(frame, row, Line::from(spans));
        mark_row(frame, row);
        if is_marked {
            frame.set_style(row, theme::SELECTED);
            mark_here(frame, row);
        }
    }
    if rest.height > noted.saturating_sub(1) && !is_low {
        next_row(&mut rest);
    }
    paragraph(frame, rest, &footnote, theme::QUIET);
    cursor
}

fn texts(profile: &Profile, known: &ProfileState, now: ClockReading) -> Texts {
    let shown = |text: &str| Untrusted::new(text).to_display(64);
    let mut who: Vec<_> = profile.marks(false).into_iter().map(str::to_owned).collect();
    let state = match known {
        ProfileState::Embedded => "embedded".to_owned(),
        ProfileState::NotOpened => "not opened yet".to_owned(),
        ProfileState::NotSignedIn => "not signed in".to_owned(),
        ProfileState::SignedIn(identity) if identity.expires_at <= now.utc => "session expired".to_owned(),
        ProfileState::SignedIn(identity) => {
            who.push(messages::identity(&identity.username, &identity.role));
            format!("until {}", when::hour(identity.expires_at))
        }
        ProfileState::NoAnswer(at) => format!("! no answer at {}", when::hour(*at)),
    };
    [shown(&profile.name), shown(profile.place()), who.join(", "), state]
}

/// Narrows columns until they fit, the widest first. Names have a mark of so many cells where it isn't said otherwise
/// whose keys are real.
fn fit(wanted: [usize; 4], mark: usize, room: usize) -> [usize; 4] {
    let mut widths = wanted;
    for least in NARROWED {
        widths = [NAME, PLACE, WHO, STATE].map(|at| if least[at] == 0 { 0 } else { wanted[at] });
        if least[WHO] == 0 {
            widths[NAME] += mark;
        }
        let widest =
            |widths: [usize; 4]| (0..4).rev().filter(|at| widths[*at] > least[*at]).max_by_key(|at| widths[*at]);
        while total(widths) > room
            && let Some(at) = widest(widths)
        {
            widths[at] -= 1;
        }
        if total(widths) <= room {
            break;
        }
    }
    widths
}

/// Cells of columns, with those between them.
fn total(widths: [usize; 4]) -> usize {
    let cells: usize = widths.iter().filter(|width| **width > 0).map(|width| width + GAP).sum();
    cells.saturating_sub(GAP)
}

fn to_cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
