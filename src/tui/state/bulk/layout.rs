//! What of the confirmation of an act on many keys has room, on a screen of which size.

use chrono::{DateTime, Utc};
use unicode_width::UnicodeWidthStr;

use super::{BulkConfirm, BulkFocus};
use crate::operations::format::grouped;
use crate::operations::keys::bulk;
use crate::operations::keys::bulk::{Survey, SurveyedKey};
use crate::tui::keymap::Action;
use crate::tui::state::CallState;
use crate::tui::wrap::wrap;

/// Columns of the dialog where the keys need no more, and where they need many.
const WIDTH: u16 = 72;
const WIDEST: u16 = 110;
/// Inside a dialog narrower than this there are no blanks beside the border, and columns are short.
const NARROW: u16 = 60;
/// Inside one of so many there is room for whole IDs of any kind.
const WIDE: u16 = 100;
/// A screen of so many rows leaves some around the dialog.
const TALL: u16 = 20;
const MARGIN: u16 = 2;
/// Rows of keys that come before what is only told.
const LEAST_KEYS: u16 = 3;
/// The most blank rows between the parts.
const GAPS: u16 = 4;
/// Keys that are measured for the width of the columns.
const MEASURED: usize = 200;
/// Cells of a reason, of an ID and of an owner, where there is little room and much.
const REASON: (usize, usize, usize) = (21, 24, 36);
const ID: (usize, usize, usize) = (11, 20, 32);
const OWNER: usize = 24;
const LABEL: usize = 60;
/// Cells of a last use, with the title of its column.
const USED: usize = 12;
/// The label keeps so many cells beside an owner, and is hidden below the other.
const LABEL_BESIDE_OWNER: usize = 20;
const LEAST_LABEL: usize = 4;

/// What has room in the dialog.
#[derive(Debug)]
pub struct ConfirmLayout {
    pub width: u16,
    pub height: u16,
    /// What is told about all keys, a row for each.
    pub findings: Vec<String>,
    /// What it means; none without the room.
    pub meaning: Option<String>,
    pub columns: KeyColumns,
    /// Whether the columns have titles.
    pub has_titles: bool,
    /// Rows for the keys, of which the last may say how many more there are.
    pub key_rows: usize,
    /// Blank rows that the parts may have between them.
    pub gaps: u16,
}

/// Cells of each column; none of one that isn't shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyColumns {
    /// Whether keys are marked that are better left out.
    pub has_marks: bool,
    pub reason: usize,
    pub id: usize,
    pub label: usize,
    pub owner: usize,
    pub used: usize,
    /// Blanks between two.
    pub gap: usize,
}

/// The keys on screen, and how many there are above and below.
pub struct ShownKeys<'a> {
    pub keys: Vec<&'a SurveyedKey>,
    /// How many more there are, in words; empty if these are all.
    pub more: String,
}

impl KeyColumns {
    /// What the keys need.
    fn wanted(survey: &Survey) -> Self {
        let mut wanted = Self { has_marks: survey.warned > 0, used: USED, gap: 2, ..Self::default() };
        for surveyed in survey.keys().take(MEASURED) {
            let key = &surveyed.key;
            let owner = key.owner.as_ref().map_or(0, crate::domain::Untrusted::identity_width);
            wanted.reason = wanted.reason.max(bulk::reasons(surveyed, survey.now).width());
            wanted.id = wanted.id.max(key.id.width());
            wanted.label = wanted.label.max(key.label.identity_width().min(LABEL));
            wanted.owner = wanted.owner.max(owner);
        }
        wanted
    }

    /// Cells altogether.
    fn width(self) -> usize {
        let columns = [self.reason, self.id, self.label, self.owner, self.used];
        let taken = columns.into_iter().filter(|cells| *cells > 0).map(|cells| cells + self.gap).sum::<usize>();
        (taken + if self.has_marks { 2 } else { 0 }).saturating_sub(self.gap)
    }

    /// What of it fits into so many cells: the reason and the ID come first.
    fn fitting(self, cells: u16) -> Self {
        let is_narrow = cells < NARROW;
        let of = |(narrow, usual, wide)| match cells {
            ..NARROW => narrow,
            NARROW..WIDE => usual,
            _ => wide,
        };
        let mut fitting = Self {
            reason: self.reason.min(of(REASON)),
            id: self.id.min(of(ID)),
            used: if is_narrow { 0 } else { USED },
            gap: if is_narrow { 1 } else { 2 },
            label: 0,
            owner: 0,
            ..self
        };
        let left = |fitting: Self| usize::from(cells).saturating_sub(fitting.width());
        let beside = self.label.min(LABEL_BESIDE_OWNER) + fitting.gap;
        let room = left(fitting).saturating_sub(beside + fitting.gap);
        if !is_narrow && room >= self.owner.min(8) {
            fitting.owner = self.owner.min(OWNER).min(room);
        }
        let room = left(fitting).saturating_sub(fitting.gap);
        fitting.label = if room < LEAST_LABEL { 0 } else { self.label.min(room) };
        fitting
    }
}

impl BulkConfirm {
    /// The names of the buttons.
    pub fn button_names(&self, now: DateTime<Utc>) -> Vec<String> {
        let act = self.act_at(now);
        let name = |button| match button {
            BulkFocus::Instead => "Deactivate instead".to_owned(),
            BulkFocus::Submit => format!("{} {}", act.verb(), grouped(self.survey.todo(self.leave_out))),
            _ => "Cancel".to_owned(),
        };
        self.buttons().into_iter().map(name).collect()
    }

    /// What has room on a screen of this size, whose last row is not the dialog's.
    pub fn layout(&self, size: (u16, u16), now: DateTime<Utc>) -> ConfirmLayout {
        let survey = &self.survey;
        let columns = KeyColumns::wanted(survey);
        let area = (size.0, size.1.saturating_sub(1));
        let wanted = u16::try_from(columns.width()).unwrap_or(WIDEST).saturating_add(4);
        let width = wanted.clamp(WIDTH, WIDEST).min(if area.0 < 80 { area.0 } else { area.0 - MARGIN });
        let inner = width.saturating_sub(if width < NARROW { 2 } else { 4 });
        let rows = |text: &str| u16::try_from(wrap(text, usize::from(inner)).len()).unwrap_or(u16::MAX);
        let most = area.1.saturating_sub(if area.1 >= TALL { MARGIN } else { 0 }).saturating_sub(2);

        // What is asked, the buttons and an error keep their rows.
        let cells: usize = self.button_names(now).iter().map(|name| name.width() + 3).sum();
        let buttons = 1 + u16::from(cells > usize::from(inner) + 1);
        let call = match &self.call {
            CallState::Failed(words) | CallState::Invalid(words) => rows(words),
            CallState::None | CallState::Sent => 0,
        };
        let asked = u16::from(survey.warned > 0)
            + u16::from(!self.choices().is_empty())
            + u16::from(self.has_work() && self.confirmation().is_some());
        let mut left = most.saturating_sub(buttons + call + asked);

        let listed = survey.keys().count() as u64;
        let all = if listed == 0 { 0 } else { u16::try_from(survey.all()).unwrap_or(u16::MAX) };
        let least = all.min(LEAST_KEYS);
        let mut take = |rows: u16, keeps: u16| {
            let has_room = left >= rows + keeps;
            left -= if has_room { rows } else { 0 };
            has_room
        };
        let meaning = if self.has_work() {
            survey.meaning(&self.act_at(now), self.leave_out)
        } else {
            "There is nothing to do.".to_owned()
        };
        let meaning = Some(meaning).filter(|meaning| take(rows(meaning), least));
        let mut findings = bulk::findings(survey, self.leave_out);
        // The keys say themselves what is unusual about them.
        let told = u16::try_from(findings.len()).unwrap_or(u16::MAX);
        if !take(told, all.min(LEAST_KEYS + 2)) {
            findings.truncate(usize::from(take(1, least)));
        }
        let has_titles = all > 0 && width >= NARROW && take(1, all.min(LEAST_KEYS + 1));
        let parts = [!findings.is_empty(), all > 0, meaning.is_some(), asked > 0];
        let parts = u16::try_from(parts.into_iter().filter(|part| *part).count()).unwrap_or(0);
        let gaps = parts.min(GAPS).min(left.saturating_sub(all.min(LEAST_KEYS + 2)));
        let key_rows = all.min(left - gaps);
        let told = u16::try_from(findings.len()).unwrap_or(0) + meaning.as_deref().map_or(0, rows);
        let height = told + gaps + u16::from(has_titles) + key_rows + asked + buttons + call + 2;
        let (columns, key_rows) = (columns.fitting(inner), usize::from(key_rows));
        ConfirmLayout { width, height, findings, meaning, columns, has_titles, key_rows, gaps }
    }

    /// The keys on screen, in so many rows.
    pub fn shown(&self, rows: usize) -> ShownKeys<'_> {
        let (listed, all) = (self.survey.keys().count(), self.survey.all());
        if listed as u64 == all && listed <= rows {
            return ShownKeys { keys: self.survey.keys().collect(), more: String::new() };
        }
        let rows = rows.saturating_sub(1);
        let top = self.top.min(listed.saturating_sub(rows));
        let keys: Vec<_> = self.survey.keys().skip(top).take(rows).collect();
        let below = all.saturating_sub((top + keys.len()) as u64);
        let more = match (top, below) {
            (0, below) => format!("… and {} more (PgDn)", grouped(below)),
            (above, 0) => format!("… {} above (PgUp)", grouped(above as u64)),
            (above, below) => format!("… {} above, {} more", grouped(above as u64), grouped(below)),
        };
        ShownKeys { keys, more }
    }

    /// Shows the next keys, or those before.
    pub(crate) fn scroll(&mut self, action: Action, size: (u16, u16)) {
        let rows = self.layout(size, self.survey.now).key_rows.saturating_sub(1).max(1);
        let last = self.survey.keys().count().saturating_sub(rows);
        self.top = if action == Action::PageUp {
            self.top.min(last).saturating_sub(rows)
        } else {
            (self.top + rows).min(last)
        };
    }

    /// Whether there are more keys than rows.
    pub(crate) fn can_scroll(&self, size: (u16, u16)) -> bool {
        self.survey.keys().count() > self.layout(size, self.survey.now).key_rows
    }
}
