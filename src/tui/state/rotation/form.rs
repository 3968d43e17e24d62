//! The form that replaces a key: how long the old one works on, where the new secret goes, and what the new key is.

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyEvent;

use super::NewSecretTarget;
use crate::client::{ApiError, NewKey};
use crate::domain::{AccessKey, Lifetimes, MOST_OVERLAP};
use crate::operations::keys::changes;
use crate::operations::keys::rotate::{Differences, successor};
use crate::operations::messages;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{CallState, ExpiryInput, Focus, FormAttempt, KeyForm};

#[derive(Debug)]
pub struct RotateDialog {
    /// The key to be replaced, as it was when the dialog opened.
    pub key: AccessKey,
    /// Until when it works.
    pub overlap: ExpiryInput,
    /// Where the new secret goes.
    pub to: NewSecretTarget,
    /// Texts and expiry of the new key.
    pub form: KeyForm,
    pub focus: RotateFocus,
    pub attempt: FormAttempt,
    pub call: CallState,
    /// What is sent once the destination was tried.
    pub(crate) ready: Option<(DateTime<Utc>, NewKey)>,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotateFocus {
    Overlap,
    /// The end that is typed.
    Until,
    To,
    /// The file or the command.
    Place,
    /// In what the new key is, or on a button.
    New(Focus),
}

impl RotateDialog {
    /// A form that holds what a key has now.
    pub fn new(key: AccessKey, limits: Lifetimes, ahead: TimeDelta) -> Self {
        let form = KeyForm { expiry: ExpiryInput::of_many(limits), ..KeyForm::of(&key, limits, ahead) };
        Self {
            key,
            overlap: ExpiryInput::of_overlap(),
            to: NewSecretTarget::default(),
            form,
            focus: RotateFocus::Overlap,
            attempt: FormAttempt::random(),
            call: CallState::None,
            ready: None,
        }
    }

    /// Whether *Cancel* is focused.
    pub fn is_at_cancel(&self) -> bool {
        self.focus == RotateFocus::New(Focus::Cancel)
    }

    /// What is asked for, checked; or what is wrong with it and what to do.
    pub fn read(&self, now: DateTime<Utc>) -> Result<NewKey, String> {
        let now = self.attempt.time(now) + self.form.ahead;
        let end = self.overlap.expires_at(now)?.flatten().unwrap_or(now);
        let overlap = (end - now).clamp(TimeDelta::zero(), MOST_OVERLAP);
        let expiry = self.form.expiry.expires_at(now)?;
        let overlap = u32::try_from(overlap.num_seconds()).unwrap_or_default();
        let differences = Differences { texts: self.form.changed_texts(&self.key)?, expires_at: expiry };
        Ok(NewKey { attempt: self.attempt.attempt.clone(), ..successor(&self.key, overlap, differences) })
    }

    /// No key was made, or it isn't known whether one was: the form stays as it is.
    pub(crate) fn on_not_made(&mut self, error: &ApiError) {
        let words = match error {
            ApiError::Changed(Some(key)) => {
                let words = changes::meanwhile(None, &self.key, key);
                self.rebase((**key).clone());
                format!("{words} {} Press Enter to rotate it as it is now.", messages::NOTHING_CHANGED)
            }
            ApiError::NotRotated(_) | ApiError::NoRotation => error.to_string(),
            _ => self.attempt.not_made(error),
        };
        self.call = CallState::Failed(words);
    }

    /// The key was changed by another administrator: what was not touched here becomes as it is now.
    fn rebase(&mut self, key: AccessKey) {
        let expiry = self.form.expiry.clone();
        self.form.rebase(&self.key, &key);
        self.form.expiry = expiry;
        self.key = key;
        // The attempt was for the key as it was.
        self.attempt = FormAttempt::random();
    }
}

impl TextInput for RotateDialog {
    fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            RotateFocus::Until => Some(&mut self.overlap.typed),
            RotateFocus::Place => self.to.field(),
            RotateFocus::New(_) => self.form.field(),
            RotateFocus::Overlap | RotateFocus::To => None,
        }
    }

    fn go(&mut self, action: Action) {
        let mut stops = vec![RotateFocus::Overlap];
        if self.overlap.takes_text() {
            stops.push(RotateFocus::Until);
        }
        stops.push(RotateFocus::To);
        if self.to.takes_text() {
            stops.push(RotateFocus::Place);
        }
        stops.extend(self.form.stops().into_iter().map(RotateFocus::New));
        self.focus = moved(&stops, self.focus, action);
        if let RotateFocus::New(focus) = self.focus {
            self.form.focus = focus;
        }
    }

    fn press(&mut self, key: KeyEvent) {
        match self.focus {
            RotateFocus::Overlap if self.overlap.press(key) => self.focus = RotateFocus::Until,
            RotateFocus::To if self.to.press(key) => self.focus = RotateFocus::Place,
            RotateFocus::Overlap | RotateFocus::To => {}
            RotateFocus::New(_) => {
                self.form.press(key);
                self.focus = RotateFocus::New(self.form.focus);
            }
            RotateFocus::Until | RotateFocus::Place => {
                if let Some(field) = self.field() {
                    field.press(key);
                }
            }
        }
    }
}
