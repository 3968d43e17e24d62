//! The step that brings a secret to a file or a command, as it is on screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::domain::CredentialsForm;
use crate::tui::state::{SaveFocus, SaveStep, Saving};
use crate::tui::theme;
use crate::tui::view::widgets::{buttons, choices, field, line, next_row, paragraph, popup, rows};

pub(crate) fn draw(frame: &mut Buffer, area: Rect, step: &SaveStep) -> Option<Position> {
    let mut rest = popup(frame, area, 78, 18, "Save the secret");
    let roomy = rest.height > 12;
    if roomy {
        let words = "The secret goes straight to the file or command and never appears on this terminal.";
        rest = paragraph(frame, rest, words, Style::new());
        next_row(&mut rest);
    }
    let back = if step.is_running() { "Esc to stop" } else { "Back" };
    let fields = [
        (if roomy { "New file" } else { "File" }, "Write file", &step.file, SaveFocus::File, SaveFocus::Write),
        ("Command", "Run command", &step.command, SaveFocus::Command, SaveFocus::Run),
    ];
    let names = if roomy { 9 } else { 8 };
    let row = next_row(&mut rest);
    line(frame, row, Span::styled("Form", theme::QUIET));
    let place = Rect { x: row.x + names, width: row.width.saturating_sub(names), ..row };
    let forms = CredentialsForm::ALL.map(|form| (form.title(), form.title()));
    choices(frame, place, &forms, step.form as usize, step.focus == SaveFocus::Form);
    if roomy {
        next_row(&mut rest);
    }
    let mut cursor = None;
    for (name, button, typed, at, go) in fields {
        let row = next_row(&mut rest);
        line(frame, row, Span::styled(name, theme::QUIET));
        let place = Rect { x: row.x + names, width: row.width.saturating_sub(names), ..row };
        cursor = cursor.or(field(frame, place, typed, step.focus == at));
        if roomy {
            let row = Rect { x: place.x, width: place.width, ..next_row(&mut rest) };
            buttons(frame, row, &[button], (step.focus == go).then_some(0));
            next_row(&mut rest);
        }
    }
    let row = next_row(&mut rest);
    if roomy || step.is_running() {
        buttons(frame, row, &[back], (step.focus == SaveFocus::Back).then_some(0));
    } else {
        // In one row: those below are for what went wrong.
        let stops = [SaveFocus::Write, SaveFocus::Run, SaveFocus::Back];
        let focused = stops.iter().position(|stop| *stop == step.focus);
        buttons(frame, row, &["Write file", "Run command", back], focused);
    }
    let (words, style) = match &step.state {
        Saving::Ready if step.focus == SaveFocus::Form => (
            "secret: alone, with a newline. The others have the access key ID too: .env for shells, AWS as in \
             ~/.aws/credentials.",
            theme::QUIET,
        ),
        Saving::Ready if step.focus == SaveFocus::Command && step.form != CredentialsForm::Secret => {
            ("Receives this form on standard input, e.g. age -r RECIPIENT -o FILE", theme::QUIET)
        }
        Saving::Ready if step.focus == SaveFocus::Command => {
            ("Receives the secret and a newline on standard input, e.g. pass insert -m NAME", theme::QUIET)
        }
        Saving::Ready => (
            "Readable only by you (0600); never overwrites. /dev/fd/3 works if you started latchkey 3>FILE.",
            theme::QUIET,
        ),
        Saving::Running => ("Running…", theme::WARNING),
        Saving::Stopping => ("Stopping…", theme::WARNING),
        Saving::Failed(words) => (words.as_str(), theme::ERROR),
    };
    if roomy && rows(words, rest.width) < rest.height {
        next_row(&mut rest);
    }
    paragraph(frame, rest, words, style);
    cursor.filter(|_| !step.is_running())
}
