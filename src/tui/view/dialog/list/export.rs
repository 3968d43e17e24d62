//! The dialog that exports the list, or the report on an act on many keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use crate::operations::keys::bulk::counted;
use crate::operations::messages::keys_read;
use crate::operations::output::ExportForm;
use crate::tui::state::{ExportDialog, ExportFocus, ExportOf, ExportStage};
use crate::tui::theme;
use crate::tui::view::widgets::{CANCEL, buttons, choices, field, line, next_row, paragraph, popup, rows};

const NAME: u16 = 9;
/// Rows where there is room for all: the form, both ways out with their buttons, gaps and two lines that explain.
const ROWS: u16 = 10;

pub(crate) fn draw(frame: &mut Buffer, area: Rect, dialog: &ExportDialog) -> Option<Position> {
    let title = match (dialog.of, &dialog.report, dialog.total) {
        (ExportOf::Report, Some(report), _) => format!("Export the report on {}", counted(report.len() as u64)),
        (_, _, Some(total)) => format!("Export {}", counted(total)),
        (_, _, None) => "Export keys".to_owned(),
    };
    let lines = ROWS + u16::from(dialog.report.is_some()) + u16::from(dialog.has_columns());
    let mut rest = popup(frame, area, 72, lines + 3, &title);
    let roomy = rest.height >= lines;
    let named = |frame: &mut Buffer, row: Rect, name: &'static str| {
        line(frame, row, Span::styled(name, theme::QUIET));
        Rect { x: row.x + NAME, width: row.width.saturating_sub(NAME), ..row }
    };
    if let Some(report) = &dialog.report {
        let place = named(frame, next_row(&mut rest), "What");
        let words = format!("report on {}", counted(report.len() as u64));
        let texts = [("listed keys", "keys"), (words.as_str(), "report")];
        choices(frame, place, &texts, usize::from(dialog.of == ExportOf::Report), dialog.focus == ExportFocus::What);
    }
    let place = named(frame, next_row(&mut rest), "Form");
    let forms = ExportForm::ALL.map(|form| (form.name(), form.name()));
    let chosen = ExportForm::ALL.iter().position(|form| *form == dialog.form).unwrap_or(0);
    choices(frame, place, &forms, chosen, dialog.focus == ExportFocus::Form);
    if dialog.has_columns() {
        let place = named(frame, next_row(&mut rest), "Columns");
        let texts = [("as in the list", "list"), ("all", "all")];
        choices(frame, place, &texts, usize::from(dialog.takes_all), dialog.focus == ExportFocus::Columns);
    }
    if roomy {
        next_row(&mut rest);
    }
    let fields = [
        ("New file", "Write file", &dialog.file, ExportFocus::File, ExportFocus::Write),
        ("Command", "Run command", &dialog.command, ExportFocus::Command, ExportFocus::Run),
    ];
    let mut cursor = None;
    for (name, button, typed, at, go) in fields {
        let place = named(frame, next_row(&mut rest), name);
        cursor = cursor.or(field(frame, place, typed, dialog.focus == at));
        if roomy {
            let row = Rect { x: place.x, width: place.width, ..next_row(&mut rest) };
            buttons(frame, row, &[button], (dialog.focus == go).then_some(0));
        }
    }
    if roomy {
        next_row(&mut rest);
    }
    let row = next_row(&mut rest);
    let back = if dialog.is_running() { "Esc to stop" } else { CANCEL };
    if roomy || dialog.is_running() {
        buttons(frame, row, &[back], (dialog.focus == ExportFocus::Cancel).then_some(0));
    } else {
        let stops = [ExportFocus::Write, ExportFocus::Run, ExportFocus::Cancel];
        buttons(frame, row, &["Write file", "Run command", back], stops.iter().position(|stop| *stop == dialog.focus));
    }
    let (words, style) = match &dialog.stage {
        ExportStage::Ready if dialog.focus == ExportFocus::Command => {
            ("Receives it on standard input.".to_owned(), theme::QUIET)
        }
        ExportStage::Ready if dialog.of == ExportOf::Report => {
            ("Readable only by you (0600); never overwrites.".to_owned(), theme::QUIET)
        }
        ExportStage::Ready => (
            "Readable only by you (0600); never overwrites. The trail records exports as CSV or JSON.".to_owned(),
            theme::QUIET,
        ),
        ExportStage::Reading(reading) => (keys_read(reading.list.rows, dialog.total), theme::WARNING),
        ExportStage::Writing(_) => ("Writing…".to_owned(), theme::WARNING),
        ExportStage::Stopping => ("Stopping…".to_owned(), theme::WARNING),
        ExportStage::Failed(words) => (words.clone(), theme::ERROR),
    };
    if roomy && rest.height > rows(&words, rest.width) {
        next_row(&mut rest);
    }
    paragraph(frame, rest, &words, style);
    cursor.filter(|_| !dialog.is_running())
}
