//! The test of a key: how far it is, and what was found.

use chrono::Utc;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{copied_words, draw_copied};
use crate::domain::diagnosis::Finding;
use crate::domain::{Grant, Untrusted, Verdict};
use crate::tui::state::{ClockReading, TestButton, TestStep, Testing};
use crate::tui::theme;
use crate::tui::view::when;
use crate::tui::view::widgets::{button_rows, line, next_row, popup, rows, wrap};

/// A mark, and words beside it.
struct Point {
    mark: &'static str,
    words: String,
    style: Style,
}

pub(crate) fn draw(frame: &mut Buffer, area: Rect, step: &TestStep, now: ClockReading) {
    let title = if step.is_doctor() { "Doctor" } else { "Test key" };
    let mut rest = popup(frame, area, 78, 19, title);
    let roomy = rest.height > 10;
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
    let server = Untrusted::new(&step.pair.home.name).to_display(room);
    for (name, text) in [("Access key ID", step.pair.id.to_display(room)), ("Server", server)] {
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
    let (done, failed, waits) = theme::STEPS;
    let point = |mark, words: &str, style| Point { mark, words: words.to_owned(), style };
    let plain = Style::new();
    match &step.state {
        Testing::Exchanging => vec![point(waits, "Exchanging the HMAC token for an access token.", plain)],
        Testing::Looking => vec![point(waits, "The exchange was refused; looking at the key.", theme::WARNING)],
        Testing::Verifying(grant) => vec![
            point(done, "The exchange gave an access token.", theme::GOOD),
            end(grant, now),
            point(waits, "Asking the server whether the token is good.", plain),
        ],
        Testing::Works { grant, verdict, findings } => {
            let mut points = vec![point(done, "The exchange gave an access token.", theme::GOOD), end(grant, now)];
            points.push(said(verdict, step));
            if findings.is_empty() && step.is_doctor() {
                let words = "This ID and secret work from here: so the other program sends something else. Give its \
                             HMAC token, and Doctor looks at it.";
                points.push(point(" ", words, plain));
            }
            points.extend(findings.iter().flat_map(found));
            points
        }
        Testing::Fails { error, findings } => {
            let mut points = vec![point(failed, "The exchange gave no access token.", theme::ERROR)];
            points.push(point(" ", error, theme::ERROR));
            points.extend(findings.iter().flat_map(found));
            points
        }
    }
}

/// When the token expires, in local words and in UTC.
fn end(grant: &Grant, now: ClockReading) -> Point {
    let utc = grant.expires_at.with_timezone(&Utc).format("%Y-%m-%d %H:%M:%S UTC");
    let (relative, local) = (when::relative(grant.expires_at, now.utc), when::absolute(grant.expires_at));
    let verb = if grant.expires_at <= now.utc { "It expired" } else { "It expires" };
    let words = if local.ends_with("+00:00") {
        format!("{verb} {relative}: {utc}.")
    } else {
        format!("{verb} {relative}: {local}, which is {utc}.")
    };
    Point { mark: " ", words, style: Style::new() }
}

/// What the server says of the token.
fn said(verdict: &Result<Verdict, String>, step: &TestStep) -> Point {
    let (done, failed, _) = theme::STEPS;
    let (mark, words, style) = match verdict {
        Ok(Verdict::Good(id)) if *id == step.pair.id => {
            (done, "The server accepts the token: it is this key's.".to_owned(), theme::GOOD)
        }
        Ok(Verdict::Good(id)) => (
            failed,
            format!("The server accepts the token, but says it is of key {}.", id.to_display(60)),
            theme::WARNING,
        ),
        Ok(Verdict::Refused(words)) => {
            (failed, format!("The server refuses the token: {}", words.to_display(120)), theme::ERROR)
        }
        Ok(Verdict::NotOffered) => {
            (" ", "This server has no call that tells whether a token is good.".to_owned(), theme::QUIET)
        }
        Err(words) => (failed, format!("Whether it is good is not known: {words}"), theme::WARNING),
    };
    Point { mark, words, style }
}

fn found(finding: &Finding) -> [Point; 2] {
    let (mark, style) = if finding.is_fault { ("!", theme::WARNING) } else { (" ", Style::new()) };
    [
        Point { mark, words: finding.what.clone(), style },
        Point { mark: theme::NEXT, words: finding.next.clone(), style: Style::new() },
    ]
}
