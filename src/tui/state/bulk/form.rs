//! What is to be set for many keys, while it is typed.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::key::fields;
use crate::domain::{Texts, sentence};
use crate::operations::bulk::BulkAct;
use crate::operations::{expiry, input};
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::CallState;
use crate::tui::state::focus::moved;
use crate::tui::state::text_input::TextInput;

/// What is set for many keys.
#[derive(Debug)]
pub struct BulkForm {
    pub expiry: BulkExpiry,
    pub days: Field,
    pub date: Field,
    /// Empty: it stays; `-`: none.
    pub owner: Field,
    pub focus: BulkFormFocus,
    pub call: CallState,
    /// Whether the number of days is the one that was offered: typing replaces it.
    is_fresh: bool,
}

/// What becomes of the expiry of many keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkExpiry {
    InDays,
    OnDate,
    Never,
    Same,
}

impl BulkExpiry {
    /// In the order in which they stand on screen.
    pub const ALL: [Self; 4] = [Self::InDays, Self::OnDate, Self::Never, Self::Same];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkFormFocus {
    Expiry,
    Value,
    Owner,
    Submit,
    Cancel,
}

impl BulkForm {
    pub(super) fn new() -> Self {
        Self {
            expiry: BulkExpiry::InDays,
            days: Field::new("90", 4),
            date: Field::new("", 16),
            owner: Field::new("", 100),
            focus: BulkFormFocus::Value,
            call: CallState::None,
            is_fresh: true,
        }
    }

    /// What is typed, checked; or what is wrong with it.
    pub(super) fn read(&self, now: DateTime<Utc>) -> Result<BulkAct, String> {
        let mut texts = Texts::default();
        if let (Some(field), false) = (fields::named("owner"), self.owner.text().is_empty()) {
            let owner = if self.owner.text() == "-" { "" } else { self.owner.text() };
            input::set_text(&mut texts, field, owner)?;
        }
        let expires_at = self.expires_at(now)?;
        if texts == Texts::default() && expires_at.is_none() {
            return Err("Set an expiry date or an owner.".to_owned());
        }
        Ok(BulkAct::Edit { texts, expires_at })
    }

    /// The expiry as it is typed; `Some(None)` is never.
    pub fn expires_at(&self, now: DateTime<Utc>) -> Result<Option<Option<DateTime<Utc>>>, String> {
        let expires = match self.expiry {
            BulkExpiry::Same => return Ok(None),
            BulkExpiry::Never => return Ok(Some(None)),
            BulkExpiry::InDays => expiry::days(self.days.text().trim()),
            BulkExpiry::OnDate => expiry::on_date(self.date.text().trim(), "use 2027-01-31 or 2027-01-31 18:00", now),
        };
        Ok(Some(expires.map_err(|why| sentence(&why))?.at(now)))
    }

    fn choose(&mut self, step: usize) {
        let at = BulkExpiry::ALL.iter().position(|expiry| *expiry == self.expiry).unwrap_or(0);
        self.expiry = BulkExpiry::ALL[(at + step) % BulkExpiry::ALL.len()];
    }
}

impl TextInput for BulkForm {
    fn field(&mut self) -> Option<&mut Field> {
        match (self.focus, self.expiry) {
            (BulkFormFocus::Owner, _) => Some(&mut self.owner),
            (BulkFormFocus::Value, BulkExpiry::InDays) => Some(&mut self.days),
            (BulkFormFocus::Value, BulkExpiry::OnDate) => Some(&mut self.date),
            _ => None,
        }
    }

    fn go(&mut self, action: Action) {
        use BulkFormFocus::{Cancel, Expiry, Owner, Submit, Value};
        let has_value = matches!(self.expiry, BulkExpiry::InDays | BulkExpiry::OnDate);
        let stops: &[_] =
            if has_value { &[Expiry, Value, Owner, Submit, Cancel] } else { &[Expiry, Owner, Submit, Cancel] };
        self.focus = moved(stops, self.focus, action);
        self.is_fresh = false;
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (BulkFormFocus::Expiry, KeyCode::Left) => self.choose(BulkExpiry::ALL.len() - 1),
            (BulkFormFocus::Expiry, KeyCode::Right | KeyCode::Char(' ')) => self.choose(1),
            (BulkFormFocus::Submit, KeyCode::Right) => self.focus = BulkFormFocus::Cancel,
            (BulkFormFocus::Cancel, KeyCode::Left) => self.focus = BulkFormFocus::Submit,
            (BulkFormFocus::Value, code) => {
                if std::mem::take(&mut self.is_fresh) && matches!(code, KeyCode::Char('0'..='9')) {
                    self.days = Field::new("", 4);
                }
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
    }
}
