//! Choosing the columns of the list.

use crate::config::{NewSetting, SettingValue};
use crate::domain::key::fields::{Columns, FIELDS};
use crate::tui::keymap::Action;
use crate::tui::state::{Dialog, Effect, State};

/// Every column in the order that it is to have, and the selected one.
#[derive(Debug)]
pub struct ColumnsDialog {
    /// The columns as they were.
    before: Columns,
    /// Their indices in [`FIELDS`], and whether each is shown.
    pub entries: Vec<(usize, bool)>,
    pub selected: usize,
    /// Whether nothing is chosen: the list has those that fit.
    pub is_automatic: bool,
}

impl ColumnsDialog {
    fn new(columns: &Columns) -> Self {
        let shown = columns.indices().iter().map(|&index| (index, true));
        let others = Columns::default();
        let hidden = others.indices().iter().filter(|index| !columns.indices().contains(index));
        let entries = shown.chain(hidden.map(|&index| (index, false))).collect();
        Self { before: columns.clone(), entries, selected: 0, is_automatic: !columns.are_chosen() }
    }

    /// The columns that are chosen.
    fn columns(&self) -> Columns {
        if self.is_automatic {
            return Columns::default();
        }
        Columns::chosen(self.entries.iter().filter(|(_, is_shown)| *is_shown).map(|(index, _)| *index).collect())
    }

    fn change(&mut self, action: Action) {
        let last = self.entries.len().saturating_sub(1);
        match action {
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Down => self.selected = (self.selected + 1).min(last),
            Action::Home => self.selected = 0,
            Action::End => self.selected = last,
            Action::MarkAll => {
                (self.entries, self.is_automatic) = (Self::new(&Columns::default()).entries, true);
            }
            Action::Mark => {
                let shown = self.entries.iter().filter(|(_, is_shown)| *is_shown).count();
                if let Some((_, is_shown)) = self.entries.get_mut(self.selected)
                    && (!*is_shown || shown > 1)
                {
                    *is_shown = !*is_shown;
                    self.is_automatic = false;
                }
            }
            Action::Left | Action::Right => {
                let to = if action == Action::Left { self.selected.saturating_sub(1) } else { self.selected + 1 };
                if to != self.selected && to <= last {
                    self.entries.swap(self.selected, to);
                    (self.selected, self.is_automatic) = (to, false);
                }
            }
            _ => {}
        }
    }
}

impl State {
    pub(crate) fn open_columns(&mut self) {
        self.dialog = Some(Dialog::Columns(Box::new(ColumnsDialog::new(&self.columns))));
    }

    /// The list behind the dialog has the columns as they are chosen.
    pub(crate) fn act_in_columns(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Columns(dialog)) = &mut self.dialog else { return None };
        match action {
            Action::Cancel => {
                self.columns = dialog.before.clone();
                self.dialog = None;
            }
            Action::Submit => {
                let (columns, has_changed) = (dialog.columns(), dialog.columns() != dialog.before);
                self.dialog = None;
                self.columns = columns;
                return has_changed.then(|| Effect::Keep(setting(&self.columns), "Columns changed.".to_owned()));
            }
            _ => {
                dialog.change(action);
                self.columns = dialog.columns();
                return self.fit_list();
            }
        }
        None
    }
}

fn setting(columns: &Columns) -> NewSetting {
    let names = columns.indices().iter().map(|&index| FIELDS[index].name.to_owned()).collect();
    let value = columns.are_chosen().then_some(SettingValue::Texts(names));
    NewSetting { section: None, name: "columns".to_owned(), value }
}
