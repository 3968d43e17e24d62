//! The step that brings a secret to a file or a command, as it is on screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::ui::app::{SaveFocus, SaveStep, Saving};
use crate::ui::field::Field;
use crate::ui::theme;
use crate::ui::view::pieces::{buttons, field, line, next_row, paragraph, popup};

const NAME: u16 = 9;

pub(super) fn draw(frame: &mut Buffer, area: Rect, step: &SaveStep) -> Option<Position> {
    let inside = popup(frame, area, 78, 16, "Save the secret");
    let mut rest = inside;
    let roomy = rest.height > 10;
    if roomy {
        let words =
            "It goes to its place without passing this terminal: no recorder and no second pair of eyes sees it.";
        rest = paragraph(frame, rest, words, Style::new());
        next_row(&mut rest);
    }
    let file =
        draw_row(frame, &mut rest, step, ("New file", "Write file"), (&step.file, SaveFocus::File, SaveFocus::Write));
    if roomy {
        next_row(&mut rest);
    }
    let command = draw_row(
        frame,
        &mut rest,
        step,
        ("Command", "Run command"),
        (&step.command, SaveFocus::Command, SaveFocus::Run),
    );
    if roomy {
        next_row(&mut rest);
    }
    let back = if step.is_running() { "Esc stops it" } else { "Back" };
    buttons(frame, next_row(&mut rest), &[back], (step.focus == SaveFocus::Back).then_some(0));
    let (words, style) = match &step.state {
        Saving::Ready if step.focus == SaveFocus::Command => {
            ("It reads the secret from its standard input, such as: pass insert -m NAME", theme::QUIET)
        }
        Saving::Ready => ("Mode 0600, nothing is overwritten. Or /dev/fd/3, opened by latchkey 3>FILE", theme::QUIET),
        Saving::Running => ("Under way.", theme::WARNING),
        Saving::Stopping => ("Stopping it.", theme::WARNING),
        Saving::Failed(words) => (words.as_str(), theme::ERROR),
    };
    paragraph(frame, rest, words, style);
    file.or(command).filter(|_| !step.is_running())
}

/// Draws a field with its name, and its button beside or below it; gives the cursor's place.
fn draw_row(
    frame: &mut Buffer,
    rest: &mut Rect,
    step: &SaveStep,
    (name, button): (&str, &str),
    (typed, at, go): (&Field, SaveFocus, SaveFocus),
) -> Option<Position> {
    let row = next_row(rest);
    line(frame, row, Span::styled(name, theme::QUIET));
    let place = Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row };
    let cursor = field(frame, place, typed, step.focus == at);
    buttons(
        frame,
        Rect { x: place.x, width: place.width, ..next_row(rest) },
        &[button],
        (step.focus == go).then_some(0),
    );
    cursor
}
