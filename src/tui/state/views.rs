//! Choosing a view.

use crate::client::{ApiError, Request};
use crate::domain::{Filter, KeyQuery, View};
use crate::operations::views;
use crate::tui::keymap::Action;
use crate::tui::state::{Dialog, Effect, State};

/// The views, how many keys each has, and the selected one.
#[derive(Debug)]
pub struct ViewsDialog {
    pub views: Vec<View>,
    /// The number of the one that the list shows; none if it shows something else.
    pub current: Option<usize>,
    pub selected: usize,
    /// None before the answer; in it, none where the server did not count in time.
    pub counts: Option<Result<Vec<Option<u64>>, ApiError>>,
}

impl ViewsDialog {
    fn filters(&self) -> Vec<Filter> {
        self.views.iter().map(views::filter).collect()
    }
}

impl State {
    /// The views that are offered.
    pub(crate) fn offered_views(&self) -> Vec<View> {
        views::offered(self.server.as_ref(), &self.views)
    }

    pub(crate) fn open_views(&mut self) -> Effect {
        let all = self.offered_views();
        let filter = &self.list.query.filter;
        let shown = views::shown(&all, filter).map(|view| view.name.clone());
        let current =
            if filter.is_empty() { Some(0) } else { all.iter().position(|view| Some(&view.name) == shown.as_ref()) };
        let dialog = ViewsDialog { views: all, current, selected: current.unwrap_or(0), counts: None };
        let counted = Request::Counts(dialog.filters());
        self.dialog = Some(Dialog::Views(Box::new(dialog)));
        counted.into()
    }

    pub(crate) fn act_in_views(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Views(dialog)) = &mut self.dialog else { return None };
        let last = dialog.views.len().saturating_sub(1);
        let opened = match action {
            Action::Submit => dialog.selected,
            Action::OpenView(at) if at <= last => at,
            Action::OpenView(_) => return None,
            Action::Cancel => {
                self.dialog = None;
                return None;
            }
            _ => {
                dialog.selected = match action {
                    Action::Up => dialog.selected.saturating_sub(1),
                    Action::Down => (dialog.selected + 1).min(last),
                    Action::Home => 0,
                    Action::End => last,
                    _ => dialog.selected,
                };
                return None;
            }
        };
        let filter = views::filter(dialog.views.get(opened)?);
        self.dialog = None;
        self.show_keys(filter)
    }

    /// Lists what a filter finds.
    pub(crate) fn show_keys(&mut self, filter: Filter) -> Option<Effect> {
        let query = KeyQuery { filter, ..self.list.query.clone() };
        self.list.change(query).map(Effect::from)
    }

    /// Takes how many keys some filters find, if what is open asked for it.
    pub(crate) fn on_counts(&mut self, filters: &[Filter], counts: Result<Vec<Option<u64>>, ApiError>) {
        match &mut self.dialog {
            Some(Dialog::Views(dialog)) if dialog.filters() == filters => dialog.counts = Some(counts),
            Some(Dialog::Overview(screen)) if screen.filters() == filters => screen.counts = Some(counts),
            _ => {}
        }
    }
}
