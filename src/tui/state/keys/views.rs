//! Choosing a view.

use crate::client::{ApiError, Request};
use crate::config::{NewSetting, SettingValue};
use crate::domain::{Filter, KeyQuery, Search, View, sentence};
use crate::operations::keys::views;
use crate::tui::field::Field;
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
    /// The name for a new view of what the list shows, while it is typed; and what is wrong with it.
    pub naming: Option<(Field, Option<String>)>,
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
        let dialog = ViewsDialog { views: all, current, selected: current.unwrap_or(0), counts: None, naming: None };
        let counted = Request::Counts(dialog.filters());
        self.dialog = Some(Dialog::Views(Box::new(dialog)));
        counted.into()
    }

    pub(crate) fn act_in_views(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Views(dialog)) = &mut self.dialog else { return None };
        if dialog.naming.is_some() {
            return self.act_in_naming(action);
        }
        let last = dialog.views.len().saturating_sub(1);
        let opened = match action {
            Action::Submit => dialog.selected,
            Action::Choose(at) if at <= last => at,
            Action::Choose(_) => return None,
            Action::SaveTo if search_of(&self.list.query.filter).is_none() => {
                self.say("The list shows all keys: filter it first (/ or f), then save that as a view.");
                return None;
            }
            Action::SaveTo => {
                dialog.naming = Some((Field::new("", View::MOST_NAME), None));
                return None;
            }
            Action::RemoveView => return self.remove_view(),
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
        let view = dialog.views.get(opened)?;
        let mut query = KeyQuery { filter: views::filter(view), ..self.list.query.clone() };
        let order = (query.sort, query.order);
        // Until another order is chosen, that of before the view comes back.
        let before =
            self.order_before_view.take().filter(|[_, of_view]| *of_view == order).map_or(order, |[before, _]| before);
        (query.sort, query.order) = match views::sort(view) {
            Some(sort) => {
                let of_view = (sort, sort.natural_order());
                self.order_before_view = Some([before, of_view]);
                of_view
            }
            None => before,
        };
        self.dialog = None;
        self.list.change(query).map(Effect::from)
    }

    fn act_in_naming(&mut self, action: Action) -> Option<Effect> {
        let search = search_of(&self.list.query.filter)?;
        let Some(Dialog::Views(dialog)) = &mut self.dialog else { return None };
        let (typed, wrong) = dialog.naming.as_mut()?;
        match action {
            Action::Cancel => dialog.naming = None,
            Action::Submit => {
                let name = typed.text().trim().to_owned();
                if let Err(why) = View::check_name(&name, &self.views) {
                    *wrong = Some(sentence(&why));
                    return None;
                }
                self.views.push(View::own(&name, &search));
                self.dialog = None;
                let value = Some(SettingValue::Text(search));
                let done = format!("View “{name}” added.");
                return Some(Effect::Keep(NewSetting { section: Some("views"), name, value }, done));
            }
            _ => {}
        }
        None
    }

    /// Removes the selected view, if it is one of the user's own.
    fn remove_view(&mut self) -> Option<Effect> {
        let Some(Dialog::Views(dialog)) = &mut self.dialog else { return None };
        let name = dialog.views.get(dialog.selected)?.name.clone();
        if !self.views.iter().any(|view| view.name == name) {
            self.say("This view is built in. Only views of your own can be deleted.");
            return None;
        }
        if !self.is_pressed_again(Action::RemoveView) {
            self.say(format!("Delete the view “{name}”? Press d again."));
            return None;
        }
        let Some(Dialog::Views(dialog)) = &mut self.dialog else { return None };
        self.views.retain(|view| view.name != name);
        dialog.views.remove(dialog.selected);
        if let Some(Ok(counts)) = &mut dialog.counts
            && dialog.selected < counts.len()
        {
            counts.remove(dialog.selected);
        }
        dialog.current = dialog.current.filter(|current| *current != dialog.selected);
        dialog.selected = dialog.selected.min(dialog.views.len().saturating_sub(1));
        let done = format!("View “{name}” deleted.");
        Some(Effect::Keep(NewSetting { section: Some("views"), name, value: None }, done))
    }

    /// Lists what a filter finds.
    pub(crate) fn show_keys(&mut self, filter: Filter) -> Option<Effect> {
        let query = KeyQuery { filter, ..self.list.query.clone() };
        self.list.change(query).map(Effect::from)
    }

    /// Takes how many keys some filters find, if what is open asked for it.
    pub(crate) fn on_counts(&mut self, filters: &[Filter], counts: Result<Vec<Option<u64>>, ApiError>) {
        self.on_expiring(filters, &counts);
        match &mut self.dialog {
            Some(Dialog::Views(dialog)) if dialog.filters() == filters => dialog.counts = Some(counts),
            Some(Dialog::Overview(screen)) if screen.filters() == filters => screen.counts = Some(counts),
            _ => {}
        }
    }
}

/// A filter as the search of a view; none if it finds all keys.
fn search_of(filter: &Filter) -> Option<String> {
    if filter.is_empty() {
        return None;
    }
    match filter.status {
        None => Some(filter.text.clone()),
        status => Some(Search::parse(&filter.text).ok()?.and_status(status).to_string()),
    }
}
