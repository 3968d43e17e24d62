//! The list of keys: a window onto the server's pages, a selection, and what is being awaited.

mod answers;
mod count;
mod marks;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::{ClockReading, Window};
use crate::client::{ApiError, Cursor, ListRequest, Request};
use crate::domain::{AccessKey, Filter, KeyId, KeyQuery, Lifetimes};
use crate::operations::keys::bulk::counted;
use crate::operations::keys::list;
use crate::tui::keymap::Action;

pub use marks::Marks;

/// The list's state. Rows count from the first loaded one.
#[derive(Debug, Default)]
pub struct List {
    /// What is shown, in which order.
    pub query: KeyQuery,
    /// What the rows on screen were asked for: while an answer is awaited, not what is asked for now.
    pub shown: KeyQuery,
    /// The loaded rows; none before the first answer.
    pub window: Option<Window>,
    /// How many keys match, once it is known.
    pub total: Option<u64>,
    pub selected: usize,
    /// Keys that are to be changed together.
    pub marks: Marks,
    /// The first row on screen.
    pub top: usize,
    /// How far the server's clock is ahead of ours.
    pub ahead: TimeDelta,
    /// What the server allows as the expiry of keys.
    pub lifetimes: Lifetimes,
    /// Rows on screen; kept up to date by the app.
    pub height: usize,
    /// Whether the rows show how each key was used on the last days.
    pub uses: bool,
    /// The server doesn't say that with its lists.
    lacks_uses: bool,
    /// When the rows were read.
    pub as_of: Option<ClockReading>,
    /// Why the rows are not up to date.
    pub trouble: Option<LoadFailure>,
    awaited: Option<(ListRequest, Purpose)>,
    /// A selected key that newer ones pushed off its page: it is selected again when its page comes.
    pushed_off: Option<KeyId>,
    /// The filter whose total is awaited.
    counting: Option<Filter>,
    digits: Option<count::Digits>,
    /// Said when marks are gone that were not taken away by a press for it.
    unmarked: Option<String>,
    /// A move that rows have to be loaded for, and how often it is still to be made.
    steps: Option<(Action, usize)>,
}

/// Why the server could not be asked.
#[derive(Debug)]
pub struct LoadFailure {
    pub error: ApiError,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// When it is tried again by itself; never if that would not help.
    pub retry_at: Option<ClockReading>,
    tries: u32,
    /// The list on screen is not the one that was asked for.
    reopen: bool,
}

/// What an awaited page is for.
#[derive(Clone, Debug)]
enum Purpose {
    /// Show this page; select this key if it is there.
    Open(Option<KeyId>),
    /// It joins the window.
    Extend,
    /// It takes the place of its older self.
    Refresh,
    /// Show this page if this key, which was refreshed away, is there.
    Follow(KeyId),
}

/// Rows read by themselves after this long. Calm: a wake-up a minute.
const REFRESH: Duration = Duration::from_secs(60);
/// How long after a key is due to be active again the server is asked: both have rounded their times.
const SETTLED: Duration = Duration::from_secs(1);
/// More is loaded when the selection comes this near to an end of the window.
const AHEAD: usize = 60;

impl List {
    pub fn selected_key(&self) -> Option<&AccessKey> {
        self.window.as_ref()?.get(self.selected)
    }

    /// Whether a text is a part of the ID of a loaded key.
    pub fn has_id_with(&self, text: &str) -> bool {
        self.window.iter().flat_map(|window| window.rows_from(0)).any(|key| key.id.raw_for_api().contains(text))
    }

    /// Whether an answer is awaited.
    pub const fn is_loading(&self) -> bool {
        self.awaited.is_some()
    }

    /// Whether the rows on screen are of another list than the one that was asked for.
    pub(crate) fn are_rows_old(&self) -> bool {
        self.window.is_some() && self.query != self.shown
    }

    /// Whether rows that are on screen are read again.
    pub(crate) const fn is_refreshing(&self) -> bool {
        matches!(self.awaited, Some((_, Purpose::Refresh)))
    }

    /// What an answer is awaited for, in a word; none if it only adds rows out of sight.
    pub(crate) fn awaited_for(&self) -> Option<&'static str> {
        match &self.awaited.as_ref()?.1 {
            _ if self.trouble.is_some() => Some("Trying again"),
            Purpose::Extend => None,
            Purpose::Open(_) if self.window.is_none() => Some("Loading"),
            Purpose::Refresh | Purpose::Follow(_) => Some("Refreshing"),
            Purpose::Open(_) if self.query == self.shown => Some("Refreshing"),
            Purpose::Open(_) if self.query.filter == self.shown.filter => Some("Sorting"),
            Purpose::Open(_) => Some("Filtering"),
        }
    }

    /// The selected row's number in the whole list, from 1, if known.
    pub fn position(&self) -> Option<u64> {
        let window = self.window.as_ref()?;
        (!window.is_empty()).then_some(())?;
        window.above.map(|above| above + self.selected as u64 + 1)
    }

    /// Reads the list around a key, and selects it; from its beginning if it isn't there.
    pub fn open(&mut self, select: Option<KeyId>) -> Request {
        self.ask(select.clone().map_or(Cursor::Start, Cursor::Around), Purpose::Open(select))
    }

    /// Selects a key, wherever it is; without the filter, if it is not among the rows at hand.
    pub(crate) fn go_to(&mut self, id: KeyId) -> Option<Request> {
        self.marks.end_range();
        let is_shown = !matches!(self.awaited, Some((_, Purpose::Open(_)))); // else another list is on its way
        if let Some(row) = self.window.as_ref().filter(|_| is_shown).and_then(|window| window.find(&id)) {
            self.selected = row;
            self.follow();
            return self.load_more();
        }
        if !self.query.filter.is_empty() {
            self.change_view(&Filter::default());
            self.query.filter = Filter::default();
        }
        Some(self.open(Some(id)))
    }

    /// Shows another list: another sort, order or filter. The selected key stays selected if it is in it.
    pub fn change(&mut self, query: KeyQuery) -> Option<Request> {
        if query == self.query {
            return None;
        }
        if query.filter != self.query.filter {
            self.change_view(&query.filter);
        }
        self.marks.end_range();
        self.query = query;
        Some(self.reopen())
    }

    fn change_view(&mut self, filter: &Filter) {
        let count = self.marks.count(self.total);
        if self.marks.change_view(filter) {
            self.say_unmarked(count);
        }
        (self.total, self.counting) = (None, None);
    }

    fn say_unmarked(&mut self, count: Option<u64>) {
        let keys = count.map_or_else(|| "The keys".to_owned(), counted);
        let are = if count == Some(1) { "is" } else { "are" };
        self.unmarked = Some(format!("{keys} {are} no longer marked: * marks the keys of one view."));
    }

    /// That marks are gone, said once.
    pub(crate) const fn take_unmarked(&mut self) -> Option<String> {
        self.unmarked.take()
    }

    /// Reads again what is on screen.
    pub fn refresh(&mut self) -> Request {
        let reopen = self.are_rows_old() || self.trouble.as_ref().is_some_and(|trouble| trouble.reopen);
        match self.window.as_ref().and_then(|w| w.place_of(self.selected)) {
            Some(place) if !reopen => self.ask(place, Purpose::Refresh),
            _ => self.reopen(),
        }
    }

    /// Reads the list around the selected key.
    fn reopen(&mut self) -> Request {
        let selected = self.selected_key().map(|key| key.id.clone());
        self.open(selected)
    }

    /// Moves the selection; asks for more rows when it comes near the end of those at hand.
    pub fn go(&mut self, action: Action) -> Option<Request> {
        let window = self.window.as_ref()?;
        let (last, page) = (window.len().saturating_sub(1), self.height.max(1));
        if action == Action::Home && matches!(self.awaited, Some((_, Purpose::Open(_)))) {
            self.marks.end_range();
            return Some(self.open(None)); // the list that is on its way is to be shown from its beginning too
        }
        let before = self.selected;
        match action {
            // A range can't go over rows that are not read.
            Action::Home if window.before().is_some() => {
                self.marks.end_range();
                return Some(self.open(None));
            }
            Action::End if window.after().is_some() => {
                self.marks.end_range();
                return Some(self.ask(Cursor::End, Purpose::Open(None)));
            }
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Down => self.selected = (self.selected + 1).min(last),
            Action::PageUp => {
                self.top = self.top.saturating_sub(page);
                self.selected = self.selected.saturating_sub(page);
            }
            Action::PageDown => {
                self.top = (self.top + page).min((last + 1).saturating_sub(page));
                self.selected = (self.selected + page).min(last);
            }
            Action::HalfUp => {
                self.top = self.top.saturating_sub(page / 2);
                self.selected = self.selected.saturating_sub(page.div_ceil(2));
            }
            Action::HalfDown => {
                self.top = (self.top + page / 2).min((last + 1).saturating_sub(page));
                self.selected = (self.selected + page.div_ceil(2)).min(last);
            }
            Action::Home => self.selected = 0,
            Action::End => self.selected = last,
            _ => return None,
        }
        self.follow();
        if let Some(window) = &self.window {
            self.marks.follow(window, before, self.selected);
        }
        self.load_more()
    }

    /// Marks or unmarks the selected key and goes to the next; begins or ends a range; marks all that match.
    pub(crate) fn mark(&mut self, action: Action) -> Option<Request> {
        let key = self.window.as_ref()?.get(self.selected)?;
        match action {
            Action::Mark => {
                self.marks.end_range();
                self.marks.toggle(key);
                return self.go(Action::Down);
            }
            Action::MarkRange if self.marks.has_range() => self.marks.end_range(),
            Action::MarkRange => self.marks.begin_range(key),
            _ => {
                let elsewhere = self.marks.elsewhere();
                self.marks.toggle_all(&self.query.filter);
                if elsewhere > 0 {
                    self.say_unmarked(Some(elsewhere));
                }
            }
        }
        None
    }

    /// Takes the range or the marks away, one layer each time. False if there are none.
    pub(crate) fn unmark(&mut self) -> bool {
        if self.marks.has_range() {
            self.marks.end_range();
        } else if self.marks.is_empty() {
            return false;
        } else {
            self.marks.clear();
        }
        true
    }

    /// Sets how many rows are on screen, and whether they show uses.
    pub fn resize(&mut self, height: usize, uses: bool) -> Option<Request> {
        let had_uses = std::mem::replace(&mut self.uses, uses);
        self.height = height;
        self.follow();
        if uses && !had_uses && !self.lacks_uses && self.window.is_some() {
            return Some(self.reopen());
        }
        self.load_more()
    }

    /// Takes note that a key was used just now, which the server's answers say some seconds later.
    pub(crate) fn note_use(&mut self, id: &KeyId, now: ClockReading) {
        if let Some(window) = &mut self.window
            && let Some(key) = window.find(id).and_then(|row| window.get(row)).cloned()
        {
            window.update(AccessKey { last_used_at: Some(now.utc), last_used_from: None, ..key });
        }
    }

    /// Takes a key out; the selection stays where the eye is.
    pub fn remove(&mut self, id: &KeyId) -> Option<Request> {
        self.take_out(id)?;
        if self.window.as_ref().is_some_and(|w| w.is_empty() && (w.before().is_some() || w.after().is_some())) {
            return Some(self.open(None));
        }
        self.load_more()
    }

    /// The same, and nothing is read in its place.
    pub(crate) fn take_out(&mut self, id: &KeyId) -> Option<()> {
        let Some(row) = self.window.as_mut().and_then(|window| window.remove(id)) else {
            self.marks.forget(id);
            return None;
        };
        self.marks.forget_deleted(id);
        self.total = self.total.map(|total| total.saturating_sub(1));
        if row < self.selected {
            self.selected -= 1;
        }
        self.follow();
        Some(())
    }

    /// Reads again what is on screen, and how many keys there are.
    pub(crate) fn recount(&mut self) -> Request {
        self.marks.hold(self.total);
        (self.total, self.counting) = (None, None);
        self.refresh()
    }

    /// When something is to be done by itself: a retry or a refresh.
    pub fn next_wake(&self) -> Option<Instant> {
        if self.awaited.is_some() {
            return None;
        }
        match &self.trouble {
            Some(trouble) => trouble.retry_at.map(|retry| retry.at),
            None => {
                self.as_of.map(|as_of| as_of.at + self.next_reactivation(as_of).map_or(REFRESH, |at| at.min(REFRESH)))
            }
        }
    }

    /// How long after the rows were read one of those on screen becomes active again by itself.
    fn next_reactivation(&self, as_of: ClockReading) -> Option<Duration> {
        let window = self.window.as_ref()?;
        let shown = (self.top..self.top + self.height).filter_map(|row| window.get(row)?.reactivates_at);
        let read_at = as_of.utc + self.ahead;
        // Until the server says so too; what it says to be due already is left to the next refresh.
        shown
            .filter_map(|at| (at - read_at).to_std().ok().filter(|left| !left.is_zero()))
            .min()
            .map(|left| left + SETTLED)
    }

    /// Does what is due.
    pub fn on_time(&mut self, now: ClockReading) -> Option<Request> {
        (self.next_wake()? <= now.at).then(|| self.refresh())
    }

    /// Whether the rows are older than `age`.
    pub fn is_older_than(&self, age: Duration, now: ClockReading) -> bool {
        self.as_of.is_some_and(|as_of| now.at.duration_since(as_of.at) > age)
    }

    fn ask(&mut self, place: Cursor, purpose: Purpose) -> Request {
        let request = list::request(&self.query, place, self.uses && !self.lacks_uses);
        self.awaited = Some((request.clone(), purpose));
        Request::List(request)
    }

    /// Keeps the selection on screen. It moves by half a page, so that a held key redraws few rows.
    fn follow(&mut self) {
        let Some(window) = &self.window else { return };
        let (last, height) = (window.len().saturating_sub(1), self.height.max(1));
        self.selected = self.selected.min(last);
        if self.selected < self.top {
            self.top = (self.selected + 1).saturating_sub(height.div_ceil(2));
        } else if self.selected >= self.top + height {
            self.top = self.selected - height / 2;
        }
        self.top = self.top.min((last + 1).saturating_sub(height));
    }

    fn load_more(&mut self) -> Option<Request> {
        let window = self.window.as_ref()?;
        if self.awaited.is_some() || self.trouble.is_some() {
            return None;
        }
        let ahead = AHEAD.max(2 * self.height);
        let place = match (window.after(), window.before()) {
            (Some(after), _) if self.selected + ahead > window.len() => Cursor::After(after.clone()),
            (_, Some(before)) if self.selected < ahead => Cursor::Before(before.clone()),
            _ => return None,
        };
        Some(self.ask(place, Purpose::Extend))
    }
}
