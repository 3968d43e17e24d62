//! The test of a key: how far it is, and what was found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{copied_words, draw_copied};
use crate::domain::Untrusted;
use crate::domain::diagnosis::{Finding, FindingKind};
use crate::tui::state::{ClockReading, TestButton, TestStep};
use crate::tui::theme;
use crate::tui::view::widgets::{button_rows, line, next_row, popup, rows, wrap};

/// A mark, and words beside it.
struct Point {
    mark: &'static str,
    words: String,
    style: Style,
}

pub(crate) fn draw(frame: &mut Buffer, area: Rect, step: &TestStep, now: ClockReading) {
    let title = if step.test.is_doctor() { "Doctor" } else { "Test key" };
    let mut rest = popup(frame, area, 78, 19, title);
    let roomy = rest.height > 12;
    if roomy {
        draw_subject(frame, &mut rest, step);
    }
    // The buttons stand below, whatever the words above need.
    let mut below = if rest.width < 50 { 2 } else { 1 } + 2 * u16::from(roomy);
    if let Some((what, report)) = step.copied.as_ref().filter(|_| !roomy) {
        below += rows(&copied_words(*what, report, rest.width), rest.width).min(2);
    }
    rest.height = rest.height.saturating_sub(below);
    let below = Rect { y: rest.bottom(), height: below, ..rest };
    rest.height -= u16::from(roomy);
    draw_points(frame, rest, &points(step, now), step.scroll);
    let names: Vec<&str> = step.buttons().iter().map(|button| name(*button)).collect();
    let focused = step.buttons().iter().position(|button| *button == step.focus);
    let left = button_rows(frame, below, &names, focused);
    if let Some(copied) = &step.copied {
        draw_copied(frame, left, copied);
    }
}

fn draw_subject(frame: &mut Buffer, rest: &mut Rect, step: &TestStep) {
    let room = usize::from(rest.width).saturating_sub(15);
    let server = Untrusted::new(&step.test.server.name).to_display(room);
    for (name, text) in [("Access key ID", step.test.id.to_display(room)), ("Server", server)] {
        let spans = vec![Span::styled(format!("{name:<15}"), theme::QUIET), Span::raw(text)];
        line(frame, next_row(rest), Line::from(spans));
    }
    next_row(rest);
}

const fn name(button: TestButton) -> &'static str {
    match button {
        TestButton::Copy => "Copy access token",
        TestButton::Again => "Test again",
        TestButton::Back => "Back",
    }
}

/// Draws what fits from row `top` on; says how many rows are below.
fn draw_points(frame: &mut Buffer, mut area: Rect, points: &[Point], top: usize) {
    let width = usize::from(area.width).saturating_sub(2);
    let rows: Vec<Line> = points
        .iter()
        .flat_map(|point| {
            let marks = std::iter::once(point.mark).chain(std::iter::repeat(" "));
            marks.zip(wrap(&point.words, width)).map(|(mark, words)| {
                Line::from(vec![Span::styled(format!("{mark} "), point.style), Span::styled(words, point.style)])
            })
        })
        .collect();
    let height = usize::from(area.height);
    let top = top.min(rows.len().saturating_sub(height));
    let below = rows.len().saturating_sub(top + height);
    for row in rows.into_iter().skip(top).take(height) {
        let place = next_row(&mut area);
        let last = area.height == 0 && below > 0;
        let more = || Line::styled(format!("{} {} more rows", theme::BELOW, below + 1), theme::QUIET);
        line(frame, place, if last { more() } else { row });
    }
}

fn points(step: &TestStep, now: ClockReading) -> Vec<Point> {
    step.test.findings(now.utc).into_iter().flat_map(found).collect()
}

fn found(finding: Finding) -> impl Iterator<Item = Point> {
    let (done, failed, waits) = theme::STEPS;
    let (mark, style) = match finding.kind {
        FindingKind::Running => (waits, Style::new()),
        FindingKind::Passed => (done, theme::GOOD),
        FindingKind::Failed => (failed, theme::ERROR),
        FindingKind::Fault => ("!", theme::WARNING),
        FindingKind::Note => (" ", Style::new()),
    };
    let next = Some(finding.next).filter(|next| !next.is_empty());
    let next = next.map(|words| Point { mark: theme::NEXT, words, style: Style::new() });
    std::iter::once(Point { mark, words: finding.what, style }).chain(next)
}
