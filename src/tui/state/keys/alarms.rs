//! Secrets that were handed over and that somebody else tried to open: told once, and in the details of their keys.

use chrono::{DateTime, Utc};

use crate::client::{ApiError, Handover, Request};
use crate::domain::KeyId;
use crate::operations::handover::{alarm, until};
use crate::tui::state::State;

/// What is known of them.
#[derive(Debug, Default)]
pub struct Alarms {
    /// The latest of each key first.
    all: Vec<Handover>,
    /// Whether they are to be asked for.
    is_due: bool,
    /// Whether the server doesn't tell.
    is_unknown: bool,
    /// When the latest that was told was raised.
    told: Option<DateTime<Utc>>,
}

impl Alarms {
    /// What there is to say of a key.
    pub fn of(&self, id: &KeyId) -> Option<String> {
        self.all.iter().find(|one| one.key_id.raw_for_api() == id.raw_for_api()).and_then(|one| alarm(one, until))
    }

    /// Takes note that the list was read again.
    pub(crate) const fn refresh(&mut self) {
        self.is_due = !self.is_unknown;
    }
}

impl State {
    /// Asks for them.
    pub(crate) fn ask_alarms(&mut self) -> Option<Request> {
        self.alarms_due().then(|| {
            self.alarms.is_due = false;
            Request::Handovers
        })
    }

    /// Whether they are to be asked for now.
    pub(crate) const fn alarms_due(&self) -> bool {
        self.alarms.is_due && self.connecting.is_none() && self.sign_in.is_none()
    }

    /// Takes the answer, and tells what is new. What is wrong with the server is said by the list.
    pub(crate) fn on_handovers(&mut self, read: Result<Vec<Handover>, ApiError>) {
        let Ok(mut all) = read else {
            self.alarms.is_unknown |= matches!(read, Err(ApiError::NoHandovers));
            return;
        };
        all.retain(|one| one.opened_again_at.is_some());
        all.sort_by_key(|one| std::cmp::Reverse(one.opened_again_at));
        if let Some(latest) = all.first()
            && latest.opened_again_at > self.alarms.told
        {
            self.alarms.told = latest.opened_again_at;
            if let Some(words) = alarm(latest, until) {
                self.complain(words);
            }
        }
        self.alarms.all = all;
    }
}
