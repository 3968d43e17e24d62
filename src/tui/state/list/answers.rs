//! What the list makes of the server's answers.

use std::time::Duration;

use super::{List, LoadFailure, Purpose};
use crate::client::{ApiError, Cursor, ListRequest, Page, Request};
use crate::domain::{Filter, KeyId};
use crate::tui::state::{ClockReading, Window};

impl List {
    /// Takes a page.
    pub fn on_listed(
        &mut self,
        request: &ListRequest,
        result: Result<Page, ApiError>,
        now: ClockReading,
    ) -> Option<Request> {
        let (_, purpose) = self.awaited.take_if(|(awaited, _)| awaited == request)?;
        let page = match result {
            Ok(page) => page,
            Err(error) => {
                self.on_trouble(error, &purpose, now);
                return None;
            }
        };
        (self.trouble, self.ahead, self.lifetimes) = (None, page.ahead, page.lifetimes);
        if let Some(total) = page.total {
            self.set_total(total);
        }
        self.lacks_uses |= request.uses && page.keys.first().is_some_and(|key| key.daily_uses.is_none());
        let place = page.place(&request.place);
        match purpose {
            Purpose::Open(select) => self.show(&place, page, select.as_ref()),
            Purpose::Follow(id) if page.keys.iter().any(|key| key.id == id) => {
                self.show(&place, page, Some(&id));
            }
            Purpose::Follow(_) => {} // it was deleted, or doesn't match any more
            Purpose::Extend => {
                if let Some(moved) = self.extend(request, page) {
                    return Some(self.ask(Cursor::Around(moved.clone()), Purpose::Follow(moved)));
                }
            }
            Purpose::Refresh => {
                let selected = self.selected_key().map(|key| key.id.clone());
                self.as_of = Some(now);
                let Some(gone) = self.window.as_mut().and_then(|w| w.replace(&request.place, page)) else {
                    return Some(self.reopen());
                };
                (self.top, self.selected) = (self.top.saturating_sub(gone), self.selected.saturating_sub(gone));
                if let Some(moved) = selected
                    && !self.reselect(Some(&moved))
                {
                    let Some(after) = self.window.as_ref().and_then(Window::after).cloned() else {
                        return Some(self.ask(Cursor::Around(moved.clone()), Purpose::Follow(moved)));
                    };
                    self.pushed_off = Some(moved);
                    return Some(self.ask(Cursor::After(after), Purpose::Extend));
                }
            }
        }
        if self.as_of.is_none() || matches!(request.place, Cursor::Start | Cursor::Around(_)) {
            self.as_of = Some(now);
        }
        if self.window.as_ref().is_some_and(Window::is_empty) && place != Cursor::Start {
            return Some(self.open(None)); // all that stood here is gone
        }
        if let Some(window) = &self.window {
            self.marks.see(window);
        }
        self.follow();
        self.place_end();
        self.walk().or_else(|| self.load_more()).or_else(|| self.missing_total())
    }

    /// Takes a total, if the server gave one. Without it the list works too.
    pub fn on_counted(&mut self, filter: &Filter, total: Option<u64>) {
        self.counting.take_if(|counting| counting == filter);
        let Some(total) = total else { return };
        if *filter == self.query.filter {
            self.set_total(total);
            self.place_end();
        }
    }

    /// All marked keys were read: there may be others than when they were marked.
    pub(crate) fn on_marked_read(&mut self, count: u64) {
        if let Some(total) = self.marks.total_for(count) {
            self.set_total(total);
        }
    }

    fn set_total(&mut self, total: u64) {
        self.total = Some(total);
        self.marks.on_total(total);
    }

    /// Where the loaded rows are in the whole list, if they reach its end and that wasn't known yet.
    fn place_end(&mut self) {
        if let (Some(total), Some(window)) = (self.total, &mut self.window)
            && window.above.is_none()
            && window.after().is_none()
        {
            window.above = Some(total.saturating_sub(window.len() as u64));
        }
    }

    fn show(&mut self, place: &Cursor, page: Page, select: Option<&KeyId>) {
        let window = Window::new(place.clone(), page);
        self.shown.clone_from(&self.query);
        if *place == Cursor::Start && window.after().is_none() {
            self.set_total(window.len() as u64);
        }
        let row = select.and_then(|id| window.find(id)).unwrap_or(0);
        (self.top, self.selected) = match place {
            Cursor::End => (window.len().saturating_sub(self.height), window.len().saturating_sub(1)),
            Cursor::Start => (0, row),
            // It stays at the same height of the screen.
            _ => ((self.top + row).saturating_sub(self.selected), row),
        };
        self.window = Some(window);
    }

    /// Adds a page; gives a key that was looked for in it and isn't there.
    fn extend(&mut self, request: &ListRequest, page: Page) -> Option<KeyId> {
        let window = self.window.as_mut()?;
        if matches!(request.place, Cursor::Before(_)) {
            let more = window.push_above(request.place.clone(), page);
            (self.top, self.selected) = (self.top + more, self.selected + more);
            None
        } else {
            let gone = window.push_below(request.place.clone(), page);
            (self.top, self.selected) = (self.top.saturating_sub(gone), self.selected.saturating_sub(gone));
            let pushed_off = self.pushed_off.take();
            pushed_off.filter(|id| !self.reselect(Some(id)))
        }
    }

    /// Puts the selection on a key, at the same height of the screen. False if it is not in the window.
    fn reselect(&mut self, id: Option<&KeyId>) -> bool {
        let row = id.zip(self.window.as_ref()).and_then(|(id, window)| window.find(id));
        if let Some(row) = row {
            self.top = (self.top + row).saturating_sub(self.selected);
            self.selected = row;
        }
        row.is_some()
    }

    fn on_trouble(&mut self, error: ApiError, purpose: &Purpose, now: ClockReading) {
        self.steps = None;
        let old = self.trouble.as_ref();
        let tries = old.map_or(0, |t| t.tries) + 1;
        let pause = Duration::from_secs(1 << tries.min(5).saturating_sub(1)); // 1, 2, 4, 8, 16 s
        let retry_at = error.is_passing().then(|| now.after(pause));
        let reopen = matches!(purpose, Purpose::Open(_)) || old.is_some_and(|t| t.reopen);
        self.trouble = Some(LoadFailure { error, at: now.utc, retry_at, tries, reopen });
    }

    fn missing_total(&mut self) -> Option<Request> {
        let filter = &self.query.filter;
        if self.total.is_some() || self.counting.as_ref() == Some(filter) {
            return None;
        }
        self.counting = Some(filter.clone());
        Some(Request::Count(filter.clone()))
    }
}
