//! The filter while it is typed. It goes into a URL: no secret may.

use crate::domain::{Filter, Search, SearchError, sentence};
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::{DetailsPane, Effect, State};

/// A filter of this length finds any label.
const MAX_FILTER: usize = 128;

impl State {
    /// Takes an intent while the filter is typed.
    pub(crate) fn act_in_filter(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Submit => match Search::parse(self.filter.as_ref()?.text()) {
                Ok(_) => self.filter = None,
                // Else said in place of the rows.
                Err(error) if self.panes().details == DetailsPane::Instead => {
                    self.complain(sentence(&error.to_string()));
                }
                Err(_) => {}
            },
            Action::Cancel => {
                self.filter = Some(Field::default());
                let effect = self.apply_filter();
                self.filter = None;
                return effect;
            }
            _ => return self.list.go(action).map(Effect::from),
        }
        None
    }

    /// Begins with the filter as it is.
    pub(crate) fn open_filter(&mut self) {
        let text = &self.list.query.filter.text;
        self.filter = Some(Field::new(text, MAX_FILTER.max(text.chars().count()))); // that of a view may be longer
    }

    /// Asks for what is typed, if it may be sent.
    pub(crate) fn apply_filter(&mut self) -> Option<Effect> {
        let mut query = self.list.query.clone();
        let text = self.filter.as_ref()?.text();
        if let Err(why) = self.check_filter(text) {
            self.open_filter(); // as it was: what comes next of a secret is refused too
            self.complain(sentence(why));
            return None;
        }
        if self.filter_error().is_some() {
            return None; // the list stays as it was, and is not shown
        }
        text.clone_into(&mut query.filter.text);
        self.list.change(query).map(Effect::from)
    }

    /// Why what is typed is no filter yet.
    pub(crate) fn filter_error(&self) -> Option<SearchError> {
        Search::parse(self.filter.as_ref()?.text()).err()
    }

    /// Takes pasted text, which is looked at by itself too: behind what was typed it may not look like a secret any more.
    pub(crate) fn paste_into_filter(&mut self, text: &str) -> Option<Effect> {
        self.filter.as_ref()?;
        if let Err(why) = self.check_filter(text) {
            self.complain(sentence(why));
            return None;
        }
        self.filter.as_mut()?.paste(text);
        self.apply_filter()
    }

    /// Refuses a secret. So many hex digits may be one, unless they are a part of an ID that is listed.
    fn check_filter(&self, text: &str) -> Result<(), &'static str> {
        Filter::check(text).or_else(|why| if self.list.has_id_with(text.trim()) { Ok(()) } else { Err(why) })
    }
}
