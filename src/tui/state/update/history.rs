//! The history of a key, and what administrators and keys did.

use secrecy::SecretString;

use crate::client::{ApiError, EventsRequest, Request, TrailPage};
use crate::operations::actions::ActionId;
use crate::platform::clipboard::report::What;
use crate::tui::keymap::Action;
use crate::tui::state::{Dialog, Effect, HistoryKey, HistoryScreen, Panes, State};

impl State {
    /// Opens the history of the selected key, or that of everything.
    pub(crate) fn open_history(&mut self, id: ActionId) -> Option<Effect> {
        let key = match id {
            ActionId::History => {
                let Some(key) = self.list.selected_key() else {
                    self.say("No key selected. H shows what happened to deleted keys.");
                    return None;
                };
                Some(HistoryKey { id: key.id.clone(), label: key.label.clone() })
            }
            _ => None,
        };
        Some(self.show_history(key, None))
    }

    fn show_history(&mut self, key: Option<HistoryKey>, back: Option<Box<HistoryScreen>>) -> Effect {
        let (screen, request) = HistoryScreen::open(key, back);
        self.dialog = Some(Dialog::History(Box::new(screen)));
        Request::Events(request).into()
    }

    pub(crate) fn act_in_history(&mut self, action: Action) -> Option<Effect> {
        let height = self.history_height();
        let Some(Dialog::History(screen)) = &mut self.dialog else { return None };
        let ask = |request| Some(Request::Events(request).into());
        if screen.typed.is_some() {
            match action {
                Action::Submit => return screen.apply_filter().and_then(ask),
                Action::Cancel => screen.typed = None,
                _ => {
                    screen.rows.go(action, height);
                    return screen.load_more(height).and_then(ask);
                }
            }
            return None;
        }
        if !screen.offers(action) {
            // `h` in the history of a key closes it again.
            return if action == Action::Do(ActionId::History) && screen.key.is_some() {
                self.close_history()
            } else {
                None
            };
        }
        match action {
            Action::Cancel => match screen.ask_less() {
                Some(request) => return ask(request),
                None => return self.close_history(),
            },
            Action::Do(ActionId::Events) => return self.close_history(),
            Action::Do(ActionId::List) => {
                let request = screen.refresh();
                return ask(request);
            }
            Action::Do(ActionId::FilterStatus) => {
                let request = screen.ask_next_question();
                return ask(request);
            }
            Action::Do(ActionId::Filter) => screen.open_filter(),
            Action::Do(ActionId::History) => {
                let key = screen.selected_key()?;
                let Some(Dialog::History(back)) = self.dialog.take() else { return None };
                return Some(self.show_history(Some(key), Some(back)));
            }
            Action::Do(ActionId::CopyId) => {
                let id = screen.selected_key()?.id;
                return Some(Effect::Copy(What::Id, SecretString::from(id.raw_for_api())));
            }
            _ => {
                screen.rows.go(action, height);
                return screen.load_more(height).and_then(ask);
            }
        }
        None
    }

    fn close_history(&mut self) -> Option<Effect> {
        let Some(Dialog::History(screen)) = self.dialog.take() else { return None };
        self.dialog = screen.back.map(Dialog::History);
        None
    }

    pub(crate) fn on_events(&mut self, request: &EventsRequest, read: Result<TrailPage, ApiError>) -> Option<Effect> {
        if let Ok(page) = &read {
            self.on_events_of_conflict(request, &page.events);
            self.on_events_of_key(request, &page.events);
        }
        let height = self.history_height();
        let Some(Dialog::History(screen)) = &mut self.dialog else { return None };
        // The answer may be for the screen below.
        let mut open = Some(&mut **screen);
        let screen = loop {
            let screen = open?;
            if screen.awaits(request) {
                break screen;
            }
            open = screen.back.as_deref_mut();
        };
        match screen.on_read(request, read) {
            Ok(()) => screen.load_more(height).map(|request| Request::Events(request).into()),
            Err(error) => {
                self.complain(error.to_string());
                None
            }
        }
    }

    /// Rows of events on the screen.
    fn history_height(&self) -> usize {
        let list = Panes::new(self.size.0, self.size.1, None).list;
        usize::from(list.saturating_sub(Panes::event_rows(list)))
    }
}
