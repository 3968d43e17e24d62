//! Steps two and three, as they are on screen.

use chrono::Utc;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::doctor::Finding;
use crate::model::{Grant, Untrusted, Verdict};
use crate::ui::app::{CopyReport, HmacFocus, HmacStep, Moment, Step, TestButton, TestStep, Testing, What};
use crate::ui::theme;
use crate::ui::view::pieces::{button_rows, field, line, next_row, paragraph, popup};
use crate::ui::view::when;

pub(super) fn draw(frame: &mut Buffer, area: Rect, step: &Step, now: Moment) -> Option<Position> {
    match step {
        Step::Hmac(step) => draw_hmac(frame, area, step, now),
        Step::Test(step) => {
            draw_test(frame, area, step, now);
            None
        }
    }
}

fn draw_hmac(frame: &mut Buffer, area: Rect, step: &HmacStep, now: Moment) -> Option<Position> {
    let inside = popup(frame, area, 78, 15, "HMAC token");
    let mut rest = inside;
    let roomy = rest.height > 10;
    if roomy {
        let words = "HMAC-SHA256 of the content, with the Secret access key as the key. The content is no secret.";
        rest = paragraph(frame, rest, words, Style::new());
        next_row(&mut rest);
    }
    let row = next_row(&mut rest);
    line(frame, row, Span::styled("Content", theme::QUIET));
    let place = Rect { x: row.x + 9, width: row.width.saturating_sub(9), ..row };
    let cursor = field(frame, place, &step.content, step.focus == HmacFocus::Content);
    if roomy {
        next_row(&mut rest);
    }
    if let Some(made) = &step.made {
        let left = step.seconds_left(now).unwrap_or(0);
        line(
            frame,
            next_row(&mut rest),
            Span::styled(format!("HMAC token, a credential; hides in {left} s"), theme::QUIET),
        );
        let width = usize::from(rest.width).clamp(1, 64);
        for part in made.token.expose().as_bytes().chunks(width) {
            line(frame, next_row(&mut rest), Span::styled(String::from_utf8_lossy(part), theme::SECRET));
        }
        if roomy {
            next_row(&mut rest);
        }
    }
    let names: Vec<&str> = step.stops().iter().filter_map(|stop| hmac_button(*stop)).collect();
    let focused = step.stops().iter().position(|stop| *stop == step.focus).and_then(|at| at.checked_sub(1));
    rest = button_rows(frame, rest, &names, focused);
    match (&step.wrong, &step.copied) {
        (Some(words), _) => drop(paragraph(frame, rest, words, theme::ERROR)),
        (None, Some(copied)) => draw_copied(frame, rest, copied),
        (None, None) => {}
    }
    cursor
}

const fn hmac_button(stop: HmacFocus) -> Option<&'static str> {
    match stop {
        HmacFocus::Content => None,
        HmacFocus::Make => Some("Make HMAC token"),
        HmacFocus::CopyToken => Some("Copy token"),
        HmacFocus::CopyContent => Some("Copy content"),
        HmacFocus::CopyRequest => Some("Copy as curl"),
        HmacFocus::Back => Some("Back"),
    }
}

fn draw_test(frame: &mut Buffer, area: Rect, step: &TestStep, now: Moment) {
    let title = if step.is_doctor() { "Doctor" } else { "Test key" };
    let inside = popup(frame, area, 78, 19, title);
    let mut rest = inside;
    let roomy = rest.height > 10;
    let width = usize::from(rest.width);
    if roomy {
        let server = Untrusted::new(&step.pair.home.name).label(width.saturating_sub(15));
        for (name, text) in [("Access key ID", step.pair.id.label(width.saturating_sub(15))), ("Server", server)] {
            let row = next_row(&mut rest);
            line(frame, row, Line::from(vec![Span::styled(format!("{name:<15}"), theme::QUIET), Span::raw(text)]));
        }
        next_row(&mut rest);
    }
    // The buttons stand below, whatever the words above need.
    let rows = if width < 50 { 2 } else { 1 };
    let below = Rect {
        y: rest.bottom().saturating_sub(rows + 2 * u16::from(roomy)),
        height: rows + 2 * u16::from(roomy),
        ..rest
    };
    rest.height = rest.height.saturating_sub(below.height + u16::from(roomy));
    draw_progress(frame, rest, step, now);
    let names: Vec<&str> = step.buttons().iter().map(|button| test_button(*button)).collect();
    let focused = step.buttons().iter().position(|button| *button == step.focus);
    let left = button_rows(frame, below, &names, focused);
    if let Some(copied) = &step.copied {
        draw_copied(frame, left, copied);
    }
}

const fn test_button(button: TestButton) -> &'static str {
    match button {
        TestButton::Copy => "Copy access token",
        TestButton::Again => "Test again",
        TestButton::Back => "Back",
    }
}

fn draw_progress(frame: &mut Buffer, mut rest: Rect, step: &TestStep, now: Moment) {
    let (done, failed, waits) = theme::STEPS;
    let exchanged = match &step.state {
        Testing::Exchanging => (waits, "Exchanging the HMAC token for an access token…", Style::new()),
        Testing::Looking => (waits, "The exchange was refused; looking at the key…", theme::WARNING),
        Testing::Verifying(_) | Testing::Works { .. } => (done, "The exchange gave an access token.", theme::GOOD),
        Testing::Fails { .. } => (failed, "The exchange gave no access token.", theme::ERROR),
    };
    rest = marked(frame, rest, exchanged.0, exchanged.1, exchanged.2);
    match &step.state {
        Testing::Exchanging | Testing::Looking => {}
        Testing::Verifying(grant) => {
            rest = draw_end(frame, rest, grant, now);
            marked(frame, rest, waits, "Asking the server whether the token is good…", Style::new());
        }
        Testing::Works { grant, verdict, findings } => {
            rest = draw_end(frame, rest, grant, now);
            rest = draw_verdict(frame, rest, verdict, step);
            let quiet = findings.is_empty() && step.is_doctor();
            let words = "This ID and secret work from here: so the other program sends something else. Give its HMAC \
                         token, and Doctor looks at it.";
            rest = if quiet { paragraph(frame, rest, words, Style::new()) } else { rest };
            draw_findings(frame, rest, findings);
        }
        Testing::Fails { error, findings } => {
            rest = marked(frame, rest, " ", error, theme::ERROR);
            draw_findings(frame, rest, findings);
        }
    }
}

/// When the token expires, in local words and in UTC.
fn draw_end(frame: &mut Buffer, rest: Rect, grant: &Grant, now: Moment) -> Rect {
    let utc = grant.expires_at.with_timezone(&Utc).format("%Y-%m-%d %H:%M:%S UTC");
    let (relative, local) = (when::relative(grant.expires_at, now.utc), when::absolute(grant.expires_at));
    let words = if local.ends_with("+00:00") {
        format!("It expires {relative}: {utc}.")
    } else {
        format!("It expires {relative}: {local}, which is {utc}.")
    };
    marked(frame, rest, " ", &words, Style::new())
}

fn draw_verdict(frame: &mut Buffer, rest: Rect, verdict: &Result<Verdict, String>, step: &TestStep) -> Rect {
    let (done, failed, _) = theme::STEPS;
    match verdict {
        Ok(Verdict::Good(id)) if *id == step.pair.id => {
            marked(frame, rest, done, "The server accepts the token: it is this key's.", theme::GOOD)
        }
        Ok(Verdict::Good(id)) => {
            let words = format!("The server accepts the token, but says it is of key {}.", id.label(60));
            marked(frame, rest, failed, &words, theme::WARNING)
        }
        Ok(Verdict::Refused(words)) => {
            let words = format!("The server refuses the token: {}", words.label(120));
            marked(frame, rest, failed, &words, theme::ERROR)
        }
        Ok(Verdict::NotOffered) => {
            marked(frame, rest, " ", "This server has no call that tells whether a token is good.", theme::QUIET)
        }
        Err(words) => marked(frame, rest, failed, &format!("Whether it is good is not known: {words}"), theme::WARNING),
    }
}

fn draw_findings(frame: &mut Buffer, mut rest: Rect, findings: &[Finding]) {
    for finding in findings {
        let style = if finding.is_fault { theme::WARNING } else { Style::new() };
        rest = marked(frame, rest, if finding.is_fault { "!" } else { " " }, &finding.what, style);
        rest = marked(frame, rest, theme::NEXT, &finding.next, Style::new());
    }
}

/// A mark, and words beside it in as many rows as they take.
fn marked(frame: &mut Buffer, area: Rect, mark: &str, words: &str, style: Style) -> Rect {
    if area.height > 0 {
        line(frame, Rect { width: 1, ..area }, Span::styled(mark.to_owned(), style));
    }
    let below = paragraph(frame, Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area }, words, style);
    Rect { x: area.x, width: area.width, ..below }
}

fn draw_copied(frame: &mut Buffer, rest: Rect, (what, report): &(What, CopyReport)) {
    let style = if matches!(report, CopyReport::Failed { .. }) { theme::ERROR } else { Style::new() };
    paragraph(frame, rest, &report.sentence(*what), style);
}
