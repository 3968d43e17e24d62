//! The overview: a screen of bars.

use crate::client::{ApiError, Request};
use crate::domain::{Filter, Untrusted};
use crate::operations::actions::ActionId;
use crate::operations::keys::overview;
use crate::operations::keys::overview::{Bar, Chart, FrequentOwners};
use crate::tui::keymap::Action;
use crate::tui::state::{Dialog, Effect, Panes, State};

/// The charts, how many keys each bar has, and the selected one. Bars are counted through all charts.
#[derive(Debug)]
pub struct OverviewScreen {
    pub charts: Vec<Chart>,
    pub selected: usize,
    /// None before the answer; in it, none where the server did not count in time.
    pub counts: Option<Result<Vec<Option<u64>>, ApiError>>,
}

impl OverviewScreen {
    fn bars(&self) -> impl Iterator<Item = &Bar> {
        self.charts.iter().flat_map(|chart| &chart.bars)
    }

    pub(crate) fn filters(&self) -> Vec<Filter> {
        self.bars().map(|bar| bar.filter.clone()).collect()
    }
}

impl State {
    pub(crate) fn open_overview(&mut self) -> Effect {
        let charts = overview::charts(&FrequentOwners::default());
        self.dialog = Some(Dialog::Overview(Box::new(OverviewScreen { charts, selected: 0, counts: None })));
        Request::FrequentOwners(FrequentOwners::MOST).into()
    }

    /// Draws the bars of these owners, and has all bars counted.
    pub(crate) fn on_frequent_owners(&mut self, answer: Result<Vec<Untrusted>, ApiError>) -> Option<Effect> {
        let Some(Dialog::Overview(screen)) = &mut self.dialog else { return None };
        let keys = self.list.window.iter().flat_map(|window| window.rows_from(0));
        screen.charts = overview::charts(&FrequentOwners::new(answer, keys));
        screen.selected = screen.selected.min(screen.bars().count().saturating_sub(1));
        Some(Request::Counts(screen.filters()).into())
    }

    pub(crate) fn act_in_overview(&mut self, action: Action) -> Option<Effect> {
        let page = usize::from(Panes::new(self.size.0, self.size.1, None).list).max(1);
        let Some(Dialog::Overview(screen)) = &mut self.dialog else { return None };
        let last = screen.bars().count().saturating_sub(1);
        match action {
            Action::Do(ActionId::List) => return Some(Request::FrequentOwners(FrequentOwners::MOST).into()),
            Action::Cancel => self.dialog = None,
            Action::Submit => {
                let filter = screen.bars().nth(screen.selected)?.filter.clone();
                self.dialog = None;
                return self.show_keys(filter);
            }
            Action::Up => screen.selected = screen.selected.saturating_sub(1),
            Action::Down => screen.selected = (screen.selected + 1).min(last),
            Action::PageUp => screen.selected = screen.selected.saturating_sub(page),
            Action::PageDown => screen.selected = (screen.selected + page).min(last),
            Action::Home => screen.selected = 0,
            Action::End => screen.selected = last,
            _ => {}
        }
        None
    }
}
