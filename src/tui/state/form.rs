//! What users set of a key: texts and expiry, as they are typed.

use chrono::{DateTime, Local, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use super::focus::moved;
use super::text_input::TextInput;
use crate::client::Changes;
use crate::domain::key::fields;
use crate::domain::key::fields::KeyField;
use crate::domain::{AccessKey, Texts, sentence};
use crate::operations::expiry::Expires;
use crate::operations::{edit, expiry, input};
use crate::tui::field::Field;
use crate::tui::keymap::Action;

/// Texts and expiry being typed, and where the focus is.
#[derive(Clone, Debug)]
pub struct KeyForm {
    /// What is written about the key, by its fields.
    pub texts: Vec<(&'static KeyField, Field)>,
    /// How its end is given.
    pub expiry: Expiry,
    /// The number of days, for [`Expiry::InDays`].
    pub days: Field,
    /// The date, for [`Expiry::OnDate`].
    pub date: Field,
    pub focus: Focus,
    /// How far the server's clock is ahead of ours: days count from its time.
    pub ahead: TimeDelta,
}

/// How the end of a key is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Never,
    InDays,
    /// A date, perhaps with a time.
    OnDate,
}

impl Expiry {
    /// In the order in which they stand on screen.
    pub const ALL: [Self; 3] = [Self::Never, Self::InDays, Self::OnDate];
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// A text; holds its place in [`KeyForm::texts`].
    Text(usize),
    Expiry,
    /// Days or date.
    Value,
    Submit,
    Cancel,
}

impl KeyForm {
    /// An empty form: no texts, never expires.
    pub fn empty() -> Self {
        Self::new(|_| "", None)
    }

    /// A form that holds what a key has now.
    pub fn of(key: &AccessKey) -> Self {
        Self::new(|field| field.raw_text(key), key.expires_at)
    }

    fn new<'a>(text: impl Fn(&KeyField) -> &'a str, expires_at: Option<DateTime<Utc>>) -> Self {
        let date =
            expires_at.map_or(String::new(), |end| end.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string());
        let texts = fields::written().map(|(field, limits)| {
            let mut typed = Field::new("", limits.max_chars);
            typed.paste(text(field));
            (field, typed)
        });
        Self {
            texts: texts.collect(),
            expiry: if expires_at.is_some() { Expiry::OnDate } else { Expiry::Never },
            days: Field::new("90", 4),
            date: Field::new(&date, 16),
            focus: Focus::Text(0),
            ahead: TimeDelta::zero(),
        }
    }

    /// Takes an intent that moves the focus.
    pub fn go(&mut self, action: Action) {
        let mut stops: Vec<Focus> = (0..self.texts.len()).map(Focus::Text).collect();
        stops.push(Focus::Expiry);
        if self.expiry != Expiry::Never {
            stops.push(Focus::Value);
        }
        stops.extend([Focus::Submit, Focus::Cancel]);
        self.focus = moved(&stops, self.focus, action);
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
        let before = Self::of(key);
        let mut texts = Texts::default();
        for ((field, typed), (_, old)) in self.texts.iter().zip(&before.texts) {
            if typed.text() != old.text() {
                input::set_text(&mut texts, field, typed.text())?;
            }
        }
        let is_end_new = (self.expiry, self.date.text()) != (before.expiry, before.date.text());
        let end = if is_end_new { Some(self.expires_at(now)?) } else { None };
        Ok(edit::changes(key, texts, end))
    }

    /// The key was changed by another: what was not touched here becomes as it is now.
    pub fn rebase(&mut self, before: &AccessKey, now: &AccessKey) {
        let [before, now] = [before, now].map(Self::of);
        for ((_, typed), ((_, old), (_, new))) in self.texts.iter_mut().zip(before.texts.into_iter().zip(now.texts)) {
            if typed.text() == old.text() {
                *typed = new;
            }
        }
        if (self.expiry, self.date.text()) == (before.expiry, before.date.text()) {
            (self.expiry, self.date) = (now.expiry, now.date);
        }
    }

    /// The end as it is typed; never if none.
    pub fn expires_at(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
        let now = now + self.ahead;
        let expires = match self.expiry {
            Expiry::Never => Ok(Expires::Never),
            Expiry::InDays => expiry::days(self.days.text().trim()),
            Expiry::OnDate => expiry::on_date(self.date.text().trim(), "use 2027-01-31 or 2027-01-31 18:00", now),
        };
        Ok(expires.map_err(|why| sentence(&why))?.at(now))
    }

    fn choose(&mut self, step: usize) {
        let at = Expiry::ALL.iter().position(|expiry| *expiry == self.expiry).unwrap_or(0);
        self.expiry = Expiry::ALL[(at + step) % Expiry::ALL.len()];
    }
}

impl TextInput for KeyForm {
    fn field(&mut self) -> Option<&mut Field> {
        match (self.focus, self.expiry) {
            (Focus::Text(n), _) => self.texts.get_mut(n).map(|(_, typed)| typed),
            (Focus::Value, Expiry::InDays) => Some(&mut self.days),
            (Focus::Value, Expiry::OnDate) => Some(&mut self.date),
            _ => None,
        }
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (Focus::Expiry, KeyCode::Left) => self.choose(2),
            (Focus::Expiry, KeyCode::Right | KeyCode::Char(' ')) => self.choose(1),
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
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default()
    }

    #[test]
    fn days_count_from_the_servers_time() {
        let ahead = TimeDelta::days(-2);
        let form = KeyForm { expiry: Expiry::InDays, ahead, ..KeyForm::empty() };
        assert_eq!(form.expires_at(now()), Ok(Some(now() + TimeDelta::days(88))));
    }

    #[test]
    fn days_and_dates_are_checked_in_words() {
        let mut form = KeyForm::empty();
        assert_eq!(form.expires_at(now()), Ok(None));
        form.expiry = Expiry::InDays;
        assert_eq!(form.expires_at(now()), Ok(Some(now() + chrono::TimeDelta::days(90))));
        form.days = Field::new("0", 4);
        assert!(form.expires_at(now()).is_err());
        form.expiry = Expiry::OnDate;
        for bad in ["", "yesterday", "2027-02-30", "1999-01-01", "2027-01-31 25:00"] {
            form.date = Field::new(bad, 16);
            assert!(form.expires_at(now()).is_err(), "{bad}");
        }
        for good in ["2027-01-31 18:00", "2027-01-31", "tomorrow"] {
            form.date = Field::new(good, 16);
            assert!(form.expires_at(now()).is_ok_and(|end| end.is_some()), "{good}");
        }
    }
}
