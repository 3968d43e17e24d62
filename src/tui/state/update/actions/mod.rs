//! Intents: what the user wants done, in the list and in each dialog.

mod reveal;

use secrecy::SecretString;

use crate::client::{NewKey, Request};
use crate::config::{NewSetting, SettingValue};
use crate::domain::{Dates, Filter, KeyQuery, Sort, Status};
use crate::operations::actions;
use crate::operations::actions::ActionId;
use crate::operations::format;
use crate::operations::keys::activate::Switch;
use crate::operations::keys::activity::usage::LAST_DAY;
use crate::operations::keys::due::due_soon;
use crate::operations::messages;
use crate::operations::permissions::why_not_superuser;
use crate::platform::clipboard::report::What;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::input::text_input::TextInput as _;
use crate::tui::state::{
    CallState, ClockReading, CreateDialog, DeleteDialog, DeleteFocus, Dialog, EditDialog, Effect, Focus, HelpDialog,
    KeyForm, MouseUse, PendingAction, Question, State, StepOutcome, TokenDialog,
};

impl State {
    pub(crate) fn act_in_list(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let digits = self.list.take_digits(now.at);
        match action {
            Action::Do(id) => self.act(id, now),
            Action::Mark | Action::MarkRange | Action::MarkAll if self.refuses_old_rows() => None,
            Action::Mark | Action::MarkRange | Action::MarkAll => {
                // Marks are for changes.
                if let Some(why) = self.read_only() {
                    self.say(why.to_string());
                    return None;
                }
                self.list.mark(action).map(Effect::from)
            }
            Action::MoreDetails | Action::LessDetails => {
                self.scroll_details(if action == Action::MoreDetails { 1 } else { -1 });
                None
            }
            Action::Cancel if self.list.unmark() => None,
            Action::Cancel if self.details == Some(true) => self.toggle_details(),
            Action::Cancel => self.list.change(with_less_filter(&self.list.query)).map(Effect::from),
            Action::Choose(digit) => {
                self.list.add_digit(digits, digit, now.at);
                None
            }
            Action::SortBy(column) => {
                self.list.add_digit(digits, column + 1, now.at);
                if self.list.marks.has_range() {
                    return None; // sorted, it would be a range of other keys
                }
                self.list.change(sorted_by(&self.list.query, column)).map(Effect::from)
            }
            _ => self.list.go_counted(action, digits).map(Effect::from),
        }
    }

    fn act(&mut self, id: ActionId, now: ClockReading) -> Option<Effect> {
        if actions::needs_superuser(id)
            && let Some(why) = self.server.as_ref().and_then(why_not_superuser)
        {
            self.say(why);
            return None;
        }
        if actions::changes_keys(id)
            && let Some(why) = self.read_only()
        {
            self.say(why.to_string());
            return None;
        }
        if actions::changes_keys(id) && actions::needs_key(id) && self.refuses_old_rows() {
            return None;
        }
        match id {
            ActionId::Create => return Some(self.open_create()),
            ActionId::Delete | ActionId::Edit | ActionId::Switch if !self.list.marks.is_empty() => {
                return self.open_bulk(id);
            }
            ActionId::Delete | ActionId::Edit | ActionId::Switch => return self.open_for_selected(id),
            ActionId::Rotate if !self.list.marks.is_empty() => {
                self.say("R rotates one key: drop the marks with Esc first. For many: latchkey keys rotate --search.");
            }
            ActionId::Rotate => return self.open_rotation(),
            ActionId::Undo => return self.begin_undo(),
            ActionId::CopyId => {
                let id = self.list.selected_key()?.id.raw_for_api();
                return Some(Effect::Copy(What::Id, SecretString::from(id)));
            }
            ActionId::Row => {
                let row = format::tab_separated(self.list.selected_key()?);
                return Some(Effect::Copy(What::Row, SecretString::from(row)));
            }
            ActionId::ClearClipboard => return Some(Effect::Overwrite),
            ActionId::Tokens => {
                self.accepted.clear();
                let id = self.list.selected_key().map(|key| key.id.clone());
                self.dialog = Some(Dialog::Token(Box::new(TokenDialog::new(id.as_ref(), self.key_server()))));
            }
            ActionId::Export => self.open_export(),
            ActionId::Identify => self.open_identify(),
            ActionId::Finish => self.ask_about_later(now.utc),
            ActionId::HandOvers => self.open_hand_over(),
            ActionId::Profiles => self.open_profiles(),
            ActionId::Views => return Some(self.open_views()),
            ActionId::Overview => return Some(self.open_overview()),
            ActionId::SignOut => return self.ask_to_sign_out(),
            ActionId::Password => self.open_password(),
            ActionId::Admins | ActionId::Sessions | ActionId::Revoke => return self.open_administration(id),
            ActionId::History | ActionId::Events => return self.open_history(id),
            ActionId::Theme => return self.change_theme(),
            ActionId::Dates => return Some(self.change_dates()),
            ActionId::Columns => self.open_columns(),
            ActionId::Mouse => return Some(self.switch_mouse()),
            ActionId::Help => self.help = Some(HelpDialog::new(Mode::List)),
            ActionId::Filter => self.open_filter(),
            ActionId::List => return Some(self.list.refresh().into()),
            ActionId::Show => return self.toggle_details(),
            ActionId::Sort | ActionId::ReverseSort | ActionId::FilterStatus => {
                let query = changed_query(&self.list.query, id);
                return self.list.change(query).map(Effect::from);
            }
            // Quit is done everywhere, not only here; the others are of plain mode.
            ActionId::Quit
            | ActionId::Activate
            | ActionId::Deactivate
            | ActionId::Next
            | ActionId::Doctor
            | ActionId::All
            | ActionId::Usage => {}
            ActionId::Due => {
                let query = KeyQuery { filter: due_soon(), ..self.list.query.clone() };
                let (sort, order) = (Sort::ExpiresAt, Sort::ExpiresAt.natural_order());
                return self.list.change(KeyQuery { sort, order, ..query }).map(Effect::from);
            }
        }
        None
    }

    fn change_theme(&mut self) -> Option<Effect> {
        let Some(theme) = self.theme else {
            self.say("No colors here: NO_COLOR is set or this terminal has none.");
            return None;
        };
        let theme = theme.next();
        self.theme = Some(theme);
        let value = SettingValue::Text(theme.as_str().to_owned());
        Some(keep("theme", value, format!("Theme: {}.", theme.as_str())))
    }

    fn change_dates(&mut self) -> Effect {
        self.dates = self.dates.next();
        let how = match self.dates {
            Dates::Relative => "relative",
            Dates::Iso => "local dates",
            Dates::Utc => "dates in UTC",
        };
        keep("dates", SettingValue::Text(self.dates.as_str().to_owned()), format!("Times: {how}."))
    }

    fn switch_mouse(&mut self) -> Effect {
        let (mouse, words) = match self.mouse {
            MouseUse::Off => (MouseUse::On, "Mouse on: click, double-click, wheel. Press m to select text again."),
            MouseUse::On => (MouseUse::Off, "Mouse off: the terminal selects text again."),
        };
        self.mouse = mouse;
        keep("mouse", SettingValue::Bool(mouse == MouseUse::On), words.to_owned())
    }

    fn toggle_details(&mut self) -> Option<Effect> {
        let shows = self.shows_details();
        if !shows && self.list.window.is_some() && self.list.selected_key().is_none() {
            self.say(NO_KEY);
            return None;
        }
        self.details = Some(!shows);
        self.fit_list()
    }

    fn scroll_details(&mut self, pages: i32) {
        match self.list.selected_key() {
            Some(key) if self.shows_details() => {
                let page = self.details_page(&key.id).saturating_add(pages);
                self.scrolled = Some((key.id.clone(), page));
            }
            _ => self.say("J and K scroll the details: open them with Enter."),
        }
    }

    /// Says that rows which were asked for before are not acted on, if these are on the screen.
    fn refuses_old_rows(&mut self) -> bool {
        let are_old = self.list.are_rows_old();
        if are_old {
            let why = if self.list.is_loading() { OLD_ROWS } else { OLD_ROWS_STAY };
            self.say(why);
        }
        are_old
    }

    /// While the key is named, it is looked who will see its secret.
    pub(super) fn open_create(&mut self) -> Effect {
        self.dialog = Some(Dialog::Create(CreateDialog::new(KeyForm::empty(self.list.lifetimes, self.list.ahead))));
        self.accepted.clear();
        Effect::Look
    }

    /// What stops a key is asked for its use meanwhile; no confirmation waits for the answer.
    fn open_for_selected(&mut self, action: ActionId) -> Option<Effect> {
        let Some(key) = self.list.selected_key().cloned() else {
            self.say(NO_KEY);
            return None;
        };
        let id = key.id.clone();
        self.dialog = Some(match action {
            ActionId::Delete => Dialog::Delete(DeleteDialog::new(key, self.production())),
            ActionId::Edit => {
                let form = KeyForm::of(&key, self.list.lifetimes, self.list.ahead);
                Dialog::Edit(EditDialog { key, form, call: CallState::None })
            }
            _ => match Switch::of(&key, None) {
                Ok(switch) => Dialog::Switch(Question::new(key), switch),
                Err(why) => {
                    self.say(format!("{why} Press e to set a new expiry date."));
                    return None;
                }
            },
        });
        let stops = matches!(self.dialog, Some(Dialog::Delete(_) | Dialog::Switch(_, Switch::Deactivate(_))));
        (stops && self.usage.is_known()).then(|| Request::Usage(id, LAST_DAY).into())
    }

    pub(crate) fn act_in_dialog(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        match self.dialog.as_mut()? {
            Dialog::Create(dialog) if dialog.call.is_sent() => None,
            Dialog::Edit(EditDialog { call: CallState::Sent, .. })
            | Dialog::Delete(DeleteDialog { call: CallState::Sent, .. })
            | Dialog::Switch(Question { call: CallState::Sent, .. }, _) => {
                // Nothing is lost by going on: the answer will be told wherever it comes.
                if action == Action::Cancel {
                    self.dialog = None;
                }
                None
            }
            Dialog::Create(_) => self.act_in_create(action, now),
            Dialog::Edit(_) => self.act_in_edit(action, now),
            Dialog::Delete(_) => self.act_in_delete(action),
            Dialog::Switch(..) | Dialog::Lost(_) => self.act_in_question(action, now),
            Dialog::HandOver(_) => self.act_in_hand_over(action),
            Dialog::LeftOver(_) => self.act_in_left_over(action, now.utc),
            Dialog::Reveal(_) => self.act_in_reveal(action, now),
            Dialog::Rotate(_) => self.act_in_rotate(action, now),
            Dialog::Rotation(_) => self.act_in_rotation(action, now),
            Dialog::Token(token) => match token.act(action) {
                StepOutcome::Stay(effect) => effect,
                StepOutcome::Show => Some(self.hold(PendingAction::Show)),
                StepOutcome::Back => {
                    self.dialog = None;
                    None
                }
            },
            Dialog::Export(_) => self.act_in_export(action),
            Dialog::Identify(_) => self.act_in_identify(action),
            Dialog::Profiles(_) => self.act_in_profiles(action),
            Dialog::Views(_) => self.act_in_views(action),
            Dialog::Columns(_) => self.act_in_columns(action),
            Dialog::Overview(_) => self.act_in_overview(action),
            Dialog::Password(_) => self.act_in_password(action),
            Dialog::Admins(_) => self.act_in_admins(action),
            Dialog::Bulk(dialog) if matches!(action, Action::PageUp | Action::PageDown) => {
                dialog.scroll(action, self.size);
                None
            }
            Dialog::Bulk(dialog) => {
                let outcome = dialog.act(action, now);
                self.on_bulk(outcome, now)
            }
            Dialog::Sessions(_) => self.act_in_sessions(action),
            Dialog::Revoke(_) => self.act_in_revoke(action),
            Dialog::History(_) => self.act_in_history(action),
        }
    }

    fn act_in_create(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Create(dialog)) = &mut self.dialog else { return None };
        match action {
            Action::Cancel => self.close_form(),
            Action::Submit if dialog.form.focus == Focus::Cancel => self.close_form(),
            Action::Submit if dialog.ask_for_label() => {}
            Action::Submit => match dialog.form.read(dialog.attempt.time(now.utc)) {
                Err(words) => dialog.call = CallState::Invalid(words),
                Ok((texts, expires_at)) => {
                    dialog.call = CallState::Sent;
                    let attempt = dialog.attempt.attempt.clone();
                    let new = NewKey { attempt, texts, expires_at, replaces: None };
                    dialog.attempt.on_sent(&new, now.utc);
                    return Some(self.send(new));
                }
            },
            _ => dialog.form.go(action),
        }
        None
    }

    fn act_in_edit(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let Some(Dialog::Edit(dialog)) = &mut self.dialog else { return None };
        match action {
            Action::Cancel => self.close_unchanged(),
            Action::Submit if dialog.form.focus == Focus::Cancel => self.close_unchanged(),
            Action::Submit => {
                let changes = match dialog.form.changes(&dialog.key, now.utc) {
                    Ok(changes) => changes,
                    Err(words) => {
                        dialog.call = CallState::Invalid(words);
                        return None;
                    }
                };
                let Some(changes) = changes else {
                    self.close_unchanged();
                    return None;
                };
                dialog.call = CallState::Sent;
                return Some(Request::Edit(Box::new(dialog.key.clone()), changes).into());
            }
            _ => dialog.form.go(action),
        }
        None
    }

    fn close_unchanged(&mut self) {
        self.dialog = None;
        self.say(messages::NOTHING_CHANGED);
    }

    fn act_in_delete(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Delete(dialog)) = &mut self.dialog else { return None };
        match (action, dialog.focus) {
            (Action::Cancel, _) | (Action::Submit, DeleteFocus::Cancel) => {
                self.dialog = None;
                self.say(messages::NOTHING_DELETED);
            }
            (Action::Submit, DeleteFocus::Instead) => {
                let question = Question { impact: dialog.impact.take(), ..Question::new(dialog.key.clone()) };
                self.dialog = Some(Dialog::Switch(question, Switch::Deactivate(None)));
            }
            (Action::Submit, _) if dialog.is_confirmed() => {
                dialog.call = CallState::Sent;
                return Some(Request::Delete(Box::new(dialog.key.clone())).into());
            }
            (Action::Submit, _) => {
                dialog.call = CallState::Invalid(dialog.confirmation.refusal(dialog.typed.text()));
                dialog.focus = DeleteFocus::Typed;
            }
            _ => dialog.go(action),
        }
        None
    }

    fn act_in_question(&mut self, action: Action, now: ClockReading) -> Option<Effect> {
        let now = now.utc + self.list.ahead;
        if let Some(Dialog::Switch(question, switch)) = &mut self.dialog {
            let choices = question.choices(*switch);
            let chosen = match action {
                // To choose by a press is to mean it: the button is next.
                Action::Choose(number) if (1..=choices.len()).contains(&number) => {
                    question.yes = true;
                    number - 1
                }
                Action::Down => (question.choice + 1).min(choices.len().saturating_sub(1)),
                Action::Up => question.choice.saturating_sub(1),
                _ => question.choice,
            };
            if let Some(choice) = choices.get(chosen) {
                (question.choice, *switch) = (chosen, choice.switch(now)); // from the moment of the last press
            }
        }
        let Some(Dialog::Switch(question, _) | Dialog::Lost(question)) = &mut self.dialog else { return None };
        match action {
            Action::Next | Action::Previous => question.yes = !question.yes,
            Action::Submit if question.yes => return self.answer_yes(),
            Action::Submit | Action::Cancel => {
                let changes = matches!(self.dialog, Some(Dialog::Switch(..)));
                self.dialog = None;
                if changes {
                    self.say(messages::NOTHING_CHANGED);
                }
            }
            _ => {}
        }
        None
    }

    fn answer_yes(&mut self) -> Option<Effect> {
        match &mut self.dialog {
            Some(Dialog::Switch(question, switch)) => {
                question.call = CallState::Sent;
                let changes = switch.changes(&question.key);
                Some(Request::Edit(Box::new(question.key.clone()), changes).into())
            }
            Some(Dialog::Lost(question)) => {
                let key = question.key.clone();
                if key.rotation.is_some() {
                    return self.open_rotation_of(key); // where it can be undone
                }
                self.dialog = Some(Dialog::Delete(DeleteDialog::new(key, self.production())));
                None
            }
            _ => None,
        }
    }
}

const OLD_ROWS: &str = "Wait until the new list is there.";
const OLD_ROWS_STAY: &str = "These keys are of the list before. Press r to load the new one.";
const NO_KEY: &str = "No key selected. Press c to create one.";

/// Without the text, or without the status if there is no text: one layer each time.
fn with_less_filter(old: &KeyQuery) -> KeyQuery {
    let status = old.filter.status.filter(|_| !old.filter.text.is_empty());
    KeyQuery { filter: Filter { status, ..Filter::default() }, ..old.clone() }
}

fn sorted_by(old: &KeyQuery, column: usize) -> KeyQuery {
    let sort = Sort::ALL.get(column).copied().unwrap_or(old.sort);
    let order = if sort == old.sort { old.order.flipped() } else { sort.natural_order() };
    KeyQuery { sort, order, filter: old.filter.clone() }
}

fn changed_query(old: &KeyQuery, action: ActionId) -> KeyQuery {
    let mut query = old.clone();
    match action {
        ActionId::Sort => {
            let at = Sort::ALL.iter().position(|sort| *sort == old.sort).unwrap_or(0);
            query = sorted_by(old, (at + 1) % Sort::ALL.len());
        }
        ActionId::ReverseSort => query.order = old.order.flipped(),
        ActionId::FilterStatus => {
            query.filter.status = match old.filter.status {
                None => Some(Status::Active),
                Some(Status::Active) => Some(Status::Expired),
                Some(Status::Expired) => Some(Status::Inactive),
                Some(Status::Inactive) => None,
            };
        }
        _ => {}
    }
    query
}

/// Keeps a choice for the next start.
fn keep(name: &str, value: SettingValue, done: String) -> Effect {
    Effect::Keep(NewSetting { section: None, name: name.to_owned(), value: Some(value) }, done)
}
