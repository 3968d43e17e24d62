//! What users set of a key: texts and expiry, as they are typed.

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use crate::client::Changes;
use crate::domain::key::fields;
use crate::domain::key::fields::KeyField;
use crate::domain::{AccessKey, Lifetimes, Status, Texts};
use crate::operations::keys::edit;
use crate::operations::prompts::input;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::ExpiryInput;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;

/// Texts and expiry being typed, and where the focus is.
#[derive(Clone, Debug)]
pub struct KeyForm {
    /// What is written about the key, by its fields.
    pub texts: Vec<(&'static KeyField, Field)>,
    pub expiry: ExpiryInput,
    pub focus: Focus,
    /// How far the server's clock is ahead of ours: days count from its time.
    pub ahead: TimeDelta,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// A text; holds its place in [`KeyForm::texts`].
    Text(usize),
    Expiry,
    /// The expiry that is typed.
    Value,
    Submit,
    Cancel,
}

impl KeyForm {
    /// A form without texts.
    pub fn empty(limits: Lifetimes, ahead: TimeDelta) -> Self {
        Self::new(|_| "", ExpiryInput::of_new(limits), ahead)
    }

    /// A form that holds what a key has now.
    pub fn of(key: &AccessKey, limits: Lifetimes, ahead: TimeDelta) -> Self {
        Self::new(|field| field.raw_text(key), ExpiryInput::of(key.expires_at, limits), ahead)
    }

    /// A form for a new key like one that is inactive or has expired: with its expiry, if the server would take it.
    pub(crate) fn like(key: &AccessKey, limits: Lifetimes, ahead: TimeDelta) -> Self {
        let form = Self::of(key, limits, ahead);
        let is_allowed = if key.expires_at.is_some() { key.status != Status::Expired } else { limits.most.is_none() };
        if is_allowed { form } else { Self { expiry: ExpiryInput::of_new(limits), ..form } }
    }

    fn new<'a>(text: impl Fn(&KeyField) -> &'a str, expiry: ExpiryInput, ahead: TimeDelta) -> Self {
        let texts = fields::written().map(|(field, limits)| {
            let mut typed = Field::new("", limits.max_chars);
            typed.paste(text(field));
            (field, typed)
        });
        Self { texts: texts.collect(), expiry, focus: Focus::Text(0), ahead }
    }

    /// What is typed for the field of this name.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts.iter().find(|(field, _)| field.name == name).map_or("", |(_, typed)| typed.text())
    }

    /// Takes an intent that moves the focus.
    pub fn go(&mut self, action: Action) {
        self.focus = moved(&self.stops(), self.focus, action);
    }

    /// The stops of the focus, in their order on screen.
    pub(crate) fn stops(&self) -> Vec<Focus> {
        let mut stops: Vec<Focus> = (0..self.texts.len()).map(Focus::Text).collect();
        stops.push(Focus::Expiry);
        if self.expiry.takes_text() {
            stops.push(Focus::Value);
        }
        stops.extend([Focus::Submit, Focus::Cancel]);
        stops
    }

    /// What is typed, checked; or what is wrong with it and what to do.
    pub fn read(&self, now: DateTime<Utc>) -> Result<(Texts, Option<DateTime<Utc>>), String> {
        let mut texts = Texts::default();
        for (field, typed) in &self.texts {
            input::set_text(&mut texts, field, typed.text())?;
        }
        Ok((texts, self.expires_at(now)?))
    }

    /// What was changed of `key`, checked; none if nothing was. What was not touched need not even be valid, on another's
    /// server or in the past.
    pub fn changes(&self, key: &AccessKey, now: DateTime<Utc>) -> Result<Option<Changes>, String> {
        let before = self.untouched(key);
        let texts = self.changed_texts(key)?;
        let end = if self.expiry.differs(&before.expiry) { Some(self.expires_at(now)?) } else { None };
        Ok(edit::changes(key, texts, end))
    }

    /// The texts that were changed of `key`, checked.
    pub(crate) fn changed_texts(&self, key: &AccessKey) -> Result<Texts, String> {
        let mut texts = Texts::default();
        for ((field, typed), (_, old)) in self.texts.iter().zip(&self.untouched(key).texts) {
            if typed.text() != old.text() {
                input::set_text(&mut texts, field, typed.text())?;
            }
        }
        Ok(texts)
    }

    /// The key was changed by another: what was not touched here becomes as it is now.
    pub fn rebase(&mut self, before: &AccessKey, now: &AccessKey) {
        let [before, now] = [before, now].map(|key| self.untouched(key));
        for ((_, typed), ((_, old), (_, new))) in self.texts.iter_mut().zip(before.texts.into_iter().zip(now.texts)) {
            if typed.text() == old.text() {
                *typed = new;
            }
        }
        if !self.expiry.differs(&before.expiry) {
            self.expiry = now.expiry;
        }
    }

    fn untouched(&self, key: &AccessKey) -> Self {
        Self::of(key, Lifetimes::default(), self.ahead)
    }

    fn expires_at(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
        Ok(self.expiry.expires_at(now + self.ahead)?.flatten())
    }
}

impl TextInput for KeyForm {
    fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            Focus::Text(n) => self.texts.get_mut(n).map(|(_, typed)| typed),
            Focus::Value => Some(&mut self.expiry.typed),
            _ => None,
        }
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (Focus::Expiry, _) => {
                if self.expiry.press(key) {
                    self.focus = Focus::Value;
                }
            }
            (Focus::Submit, KeyCode::Right) => self.focus = Focus::Cancel,
            (Focus::Cancel, KeyCode::Left) => self.focus = Focus::Submit,
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::state::input::form::*;

    #[test]
    fn days_count_from_the_servers_time() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
        let limits = Lifetimes { most: None, default: Some(90) };
        let form = KeyForm::empty(limits, TimeDelta::days(-2));
        assert_eq!(form.read(now).map(|(_, end)| end), Ok(Some(now + TimeDelta::days(88))));
    }
}
