//! The screen of events: the history of a key, or everything that administrators and keys did.

use crate::client::{ApiError, Event, EventScope, EventsRequest, TrailPage};
use crate::domain::{Filter, KeyId, Untrusted, sentence};
use crate::operations::actions::ActionId;
use crate::operations::keys::activity::history::{EventQuestion, QUESTIONS};
use crate::tui::field::Field;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::Rows;

/// The longest filter.
const MOST_FILTER: usize = 200;

#[derive(Debug)]
pub struct HistoryScreen {
    /// The key that it is about; everything if none.
    pub key: Option<HistoryKey>,
    pub rows: Rows<Event>,
    /// Where older events begin; none if all are here.
    next: Option<String>,
    /// What was asked and is not answered yet.
    awaited: Option<EventsRequest>,
    /// Which of the ready questions is asked.
    pub question: usize,
    /// The filter, as it was typed.
    pub filter: String,
    /// The filter while it is typed.
    pub typed: Option<Field>,
    /// What was entered and is no filter, and why.
    wrong: Option<(String, String)>,
    /// The filter, understood.
    asked: EventQuestion,
    /// The screen that it was opened from.
    pub back: Option<Box<HistoryScreen>>,
}

/// A key whose history is shown.
#[derive(Clone, Debug)]
pub struct HistoryKey {
    pub id: KeyId,
    /// Empty if it is not known.
    pub label: Untrusted,
}

impl HistoryScreen {
    /// The screen, and what it asks first.
    pub fn open(key: Option<HistoryKey>, back: Option<Box<Self>>) -> (Self, EventsRequest) {
        let mut screen = Self {
            key,
            rows: Rows::default(),
            next: None,
            awaited: None,
            question: 0,
            filter: String::new(),
            typed: None,
            wrong: None,
            asked: EventQuestion::default(),
            back,
        };
        let request = screen.refresh();
        (screen, request)
    }

    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        if self.typed.is_some() { Mode::Filter } else { Mode::History }
    }

    /// Whether an action means something in it now.
    pub fn offers(&self, action: Action) -> bool {
        match action {
            Action::Do(ActionId::Filter | ActionId::FilterStatus) => self.key.is_none(),
            Action::Do(ActionId::History) => self.key.is_none() && self.selected_key().is_some(),
            Action::Do(ActionId::CopyId) => self.selected_key().is_some(),
            _ => true,
        }
    }

    /// The key that the selected event is about.
    pub fn selected_key(&self) -> Option<HistoryKey> {
        let event = self.rows.selected()?;
        let id = match (&event.key, &self.key) {
            (Some(id), _) => KeyId::parse(id.raw_for_api()).ok()?,
            (None, key) => key.as_ref()?.id.clone(),
        };
        // From an older server the label is in what created, renamed or deleted it.
        let change = event.changes.iter().find(|change| change.field.raw_for_api() == "label");
        let label = change.and_then(|change| change.new.as_ref().or(change.old.as_ref()));
        let label = event.label.as_ref().or(label);
        Some(HistoryKey { id, label: label.cloned().unwrap_or_default() })
    }

    /// Whether older events are not here yet.
    pub const fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// Whether this answer is awaited here.
    pub fn awaits(&self, request: &EventsRequest) -> bool {
        self.awaited.as_ref() == Some(request)
    }

    /// Asks for the newest events.
    pub fn refresh(&mut self) -> EventsRequest {
        self.ask(None)
    }

    /// Shows what is asked by another question or filter, from the newest on.
    fn restart(&mut self) -> EventsRequest {
        (self.rows, self.next) = (Rows::default(), None);
        self.refresh()
    }

    /// Asks the next of the ready questions.
    pub fn ask_next_question(&mut self) -> EventsRequest {
        self.question = (self.question + 1) % QUESTIONS.len();
        self.restart()
    }

    /// Asks without the filter, or without the ready question if there is no filter; none if there is neither.
    pub fn ask_less(&mut self) -> Option<EventsRequest> {
        if !self.filter.is_empty() {
            (self.filter, self.asked) = (String::new(), EventQuestion::default());
        } else if self.question != 0 {
            self.question = 0;
        } else {
            return None;
        }
        Some(self.restart())
    }

    /// Begins with the filter as it is.
    pub fn open_filter(&mut self) {
        (self.typed, self.wrong) = (Some(Field::new(&self.filter, MOST_FILTER)), None);
    }

    /// Asks what is typed, unless something is wrong with it. What may be a secret is taken away.
    pub fn apply_filter(&mut self) -> Option<EventsRequest> {
        let text = self.typed.as_ref()?.text().trim().to_owned();
        match EventQuestion::parse(&text) {
            Ok(question) => self.asked = question,
            Err(why) => {
                if Filter::check(&text).is_err() {
                    self.typed = Some(Field::new("", MOST_FILTER));
                }
                let text = self.typed.as_ref()?.text().to_owned();
                self.wrong = Some((text, sentence(&why)));
                return None;
            }
        }
        (self.filter, self.typed) = (text, None);
        Some(self.restart())
    }

    /// Why the filter that was entered is none, until it is changed.
    pub fn wrong(&self) -> Option<&str> {
        let typed = self.typed.as_ref()?.text();
        self.wrong.as_ref().filter(|(text, _)| text == typed).map(|(_, why)| why.as_str())
    }

    /// What may be wrong with the filter, where no event is found.
    pub fn doubt(&self) -> Option<String> {
        self.asked.doubt()
    }

    /// Older events, if the selection comes near the end of what is here.
    pub fn load_more(&mut self, height: usize) -> Option<EventsRequest> {
        let is_near = self.rows.selected + 2 * height >= self.rows.len();
        let next = self.next.clone().filter(|_| is_near && self.awaited.is_none())?;
        Some(self.ask(Some(next)))
    }

    /// Takes a page. Gives why older events could not be read; the newest ones' failure is shown in place of rows.
    pub fn on_read(&mut self, request: &EventsRequest, read: Result<TrailPage, ApiError>) -> Result<(), ApiError> {
        self.awaited = None;
        let page = match read {
            Err(error) if request.cursor.is_some() => return Err(error),
            Err(error) => {
                self.rows.failure = Some(error);
                return Ok(());
            }
            Ok(page) => page,
        };
        self.next = page.next_cursor;
        let events = page.events.into_iter().filter(|event| self.asked.shows(event));
        match &mut self.rows.entries {
            Some(entries) if request.cursor.is_some() => entries.extend(events),
            _ => {
                let events = events.collect();
                self.rows.on_read(Ok(events), |one, other| one == other);
            }
        }
        Ok(())
    }

    fn ask(&mut self, cursor: Option<String>) -> EventsRequest {
        let of = match &self.key {
            Some(key) => EventScope::Key(key.id.clone()),
            None => self.asked.clone().of_kinds(QUESTIONS[self.question].1).scope(),
        };
        let request = EventsRequest { of, cursor };
        self.awaited = Some(request.clone());
        request
    }
}
