//! How the selected key was used: told in its details, and in the confirmations of what stops it.

use std::time::{Duration, Instant};

use crate::client::{ApiError, Event, EventScope, EventsRequest, Request};
use crate::domain::{KeyId, KeyUsage, Status, USAGE_DAYS};
use crate::operations::keys::activity::refusals::Refusals;
use crate::operations::keys::activity::usage;
use crate::operations::keys::activity::usage::LAST_DAY;
use crate::tui::state::{ClockReading, Dialog, State};

/// How long a key stays selected before it is asked about: nothing is sent for the rows that the cursor runs over.
const REST: Duration = Duration::from_millis(200);

/// How often the refusals of an inactive key are counted while its details are shown: who still needs it shows soon.
const COUNTED_EVERY: Duration = Duration::from_secs(5);

/// What is known of the use of one key.
#[derive(Debug, Default)]
pub struct UsagePane {
    /// The key that was asked about last.
    of: Option<KeyId>,
    read: Option<KeyUsage>,
    /// Whether the same key is to be asked about again.
    is_stale: bool,
    /// Whether the server doesn't count uses.
    is_unknown: bool,
    /// What was refused of a key that is inactive for a while, and when that was asked.
    refused: Option<(KeyId, Instant, Option<Refusals>)>,
}

impl UsagePane {
    /// Whether there may be something to tell.
    pub const fn is_known(&self) -> bool {
        !self.is_unknown
    }

    /// What is known of a key; none until the server has answered.
    pub fn of(&self, id: &KeyId) -> Option<&KeyUsage> {
        self.read.as_ref().filter(|_| self.of.as_ref() == Some(id))
    }

    /// What was refused of a key since it was deactivated.
    pub fn refused(&self, id: &KeyId) -> Option<&Refusals> {
        self.refused.as_ref().filter(|(of, ..)| of == id)?.2.as_ref()
    }

    /// Takes note that the list was read again.
    pub(crate) const fn refresh(&mut self) {
        self.is_stale = true;
    }
}

impl State {
    /// The key whose use is to be asked for, once it has been selected for a moment.
    fn usage_wanted(&self) -> Option<&KeyId> {
        let is_told = self.shows_details()
            && !self.dialog.as_ref().is_some_and(Dialog::is_screen)
            && self.sign_in.is_none()
            && self.connecting.is_none()
            && !self.usage.is_unknown;
        let id = &self.list.selected_key().filter(|_| is_told)?.id;
        (self.usage.of.as_ref() != Some(id) || self.usage.is_stale).then_some(id)
    }

    /// When it will have been.
    pub(crate) fn usage_due(&self, now: ClockReading) -> Option<Instant> {
        self.usage_wanted()?;
        Some(self.pace.last().map_or(now.at, |last| last + REST))
    }

    /// Asks for it.
    pub(crate) fn ask_usage(&mut self, now: ClockReading) -> Option<Request> {
        self.usage_due(now).filter(|due| *due <= now.at)?;
        let id = self.usage_wanted()?.clone();
        let read = if self.usage.of.as_ref() == Some(&id) { self.usage.read.take() } else { None };
        let refused = self.usage.refused.take();
        self.usage = UsagePane { of: Some(id.clone()), read, refused, ..UsagePane::default() };
        Some(Request::Usage(id, USAGE_DAYS))
    }

    /// The key that is inactive for a while whose refusals are to be counted now or later.
    fn refusals_wanted(&self, now: ClockReading) -> Option<(&KeyId, Instant)> {
        let is_told =
            self.shows_details() && self.dialog.is_none() && self.sign_in.is_none() && self.connecting.is_none();
        let key = self
            .list
            .selected_key()
            .filter(|key| is_told && key.status == Status::Inactive && key.reactivates_at.is_some())?;
        let rest = self.pace.last().map_or(now.at, |last| last + REST);
        let due = match &self.usage.refused {
            Some((of, at, _)) if *of == key.id => rest.max(*at + COUNTED_EVERY),
            _ => rest,
        };
        Some((&key.id, due))
    }

    /// When they will be.
    pub(crate) fn refusals_due(&self, now: ClockReading) -> Option<Instant> {
        self.refusals_wanted(now).map(|(_, due)| due)
    }

    /// Asks for them.
    pub(crate) fn ask_refusals(&mut self, now: ClockReading) -> Option<Request> {
        let id = self.refusals_wanted(now).filter(|(_, due)| *due <= now.at)?.0.clone();
        let read = self.usage.refused.take().filter(|(of, ..)| *of == id).and_then(|(.., read)| read);
        self.usage.refused = Some((id.clone(), now.at, read));
        Some(Request::Events(EventsRequest { of: EventScope::Key(id), cursor: None }))
    }

    /// Takes the newest events of a key, whoever has asked for them.
    pub(crate) fn on_events_of_key(&mut self, request: &EventsRequest, events: &[Event]) {
        if let (EventScope::Key(id), None, Some((of, _, read))) =
            (&request.of, &request.cursor, &mut self.usage.refused)
            && id == of
        {
            *read = Refusals::of(events);
        }
    }

    /// Takes an answer, for the details or the confirmation that asked.
    pub(crate) fn on_usage(
        &mut self,
        id: &KeyId,
        days: u16,
        result: Result<KeyUsage, ApiError>,
        now: ClockReading,
    ) -> Option<Request> {
        if let Some(Dialog::Rotation(dialog)) = &mut self.dialog
            && let Some(next) = dialog.on_usage(id, days, result.as_ref().ok(), now)
        {
            return Some(next);
        }
        match result {
            Ok(usage) if days == LAST_DAY => {
                if let Some(Dialog::Delete(dialog)) = &mut self.dialog
                    && dialog.key.id == *id
                {
                    dialog.impact = Some(usage::Impact::of(&usage));
                } else if let Some(Dialog::Switch(question, _)) = &mut self.dialog
                    && question.key.id == *id
                {
                    question.impact = Some(usage::Impact::of(&usage));
                }
            }
            Ok(usage) if days == USAGE_DAYS && self.usage.of.as_ref() == Some(id) => self.usage.read = Some(usage),
            Err(ApiError::NoUsage) => self.usage.is_unknown = true,
            // The list says what is wrong.
            Ok(_) | Err(_) => {}
        }
        None
    }
}
