//! What is to be set for many keys, while it is typed.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::key::fields;
use crate::domain::{Lifetimes, Texts};
use crate::operations::keys::bulk::BulkAct;
use crate::operations::prompts::input;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{CallState, ExpiryInput};

/// What is set for many keys.
#[derive(Debug)]
pub struct BulkForm {
    pub expiry: ExpiryInput,
    /// Empty: it stays; `-`: none.
    pub owner: Field,
    pub focus: BulkFormFocus,
    pub call: CallState,
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
    pub(super) fn new(limits: Lifetimes) -> Self {
        Self {
            expiry: ExpiryInput::of_many(limits),
            owner: Field::new("", 100),
            focus: BulkFormFocus::Expiry,
            call: CallState::None,
        }
    }

    /// What is typed, checked; or what is wrong with it.
    pub(super) fn read(&self, now: DateTime<Utc>) -> Result<BulkAct, String> {
        let mut texts = Texts::default();
        if let (Some(field), false) = (fields::named("owner"), self.owner.text().is_empty()) {
            let owner = if self.owner.text() == "-" { "" } else { self.owner.text() };
            input::set_text(&mut texts, field, owner)?;
        }
        let expires_at = self.expiry.expires_at(now)?;
        if texts == Texts::default() && expires_at.is_none() {
            return Err("Set an expiry date or an owner.".to_owned());
        }
        Ok(BulkAct::Edit { texts, expires_at })
    }
}

impl TextInput for BulkForm {
    fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            BulkFormFocus::Owner => Some(&mut self.owner),
            BulkFormFocus::Value => Some(&mut self.expiry.typed),
            _ => None,
        }
    }

    fn go(&mut self, action: Action) {
        use BulkFormFocus::{Cancel, Expiry, Owner, Submit, Value};
        let stops: &[_] = if self.expiry.takes_text() {
            &[Expiry, Value, Owner, Submit, Cancel]
        } else {
            &[Expiry, Owner, Submit, Cancel]
        };
        self.focus = moved(stops, self.focus, action);
    }

    fn press(&mut self, key: KeyEvent) {
        match (self.focus, key.code) {
            (BulkFormFocus::Expiry, _) => {
                if self.expiry.press(key) {
                    self.focus = BulkFormFocus::Value;
                }
            }
            (BulkFormFocus::Submit, KeyCode::Right) => self.focus = BulkFormFocus::Cancel,
            (BulkFormFocus::Cancel, KeyCode::Left) => self.focus = BulkFormFocus::Submit,
            _ => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
    }
}
