//! The dialog of two keys whose rotation is under way: how each is used, and how the rotation ends.

use std::time::{Duration, Instant};

use crate::client::{ApiError, Attempt, Request, RotationEnd};
use crate::domain::{AccessKey, KeyId, KeyUsage, Rotation};
use crate::operations::keys::changes;
use crate::operations::keys::rotate::{ADVICE_DAYS, Advice};
use crate::operations::messages;
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::{CallState, ClockReading};

/// The pair is read again after this long, while it is on screen.
const REFRESH: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct RotationDialog {
    pub old: PairSide,
    pub new: PairSide,
    /// How the old key was used, as the advice needs it.
    usage: [Option<KeyUsage>; ADVICE_DAYS.len()],
    /// Whether the selected key of the list is the old one.
    pub is_of_old: bool,
    pub focus: RotationButton,
    /// What is asked about: *Finish* while the old key is in use, and *Undo*, which deletes the new key.
    pub asking: Option<RotationEnd>,
    pub call: CallState,
    /// Finishing waits for the pair to be read once more: what was advised may be of before a use.
    finishing: bool,
    /// Why the pair could not be read the last time.
    unread: Option<String>,
    /// What is read next.
    reading: Reading,
    /// Which replies are its own.
    attempt: Attempt,
}

/// One key of a pair, as it was read last.
#[derive(Debug)]
pub struct PairSide {
    pub id: KeyId,
    pub key: Option<AccessKey>,
    /// It was deleted meanwhile.
    pub is_gone: bool,
}

impl PairSide {
    const fn new(id: KeyId, key: Option<AccessKey>) -> Self {
        Self { id, key, is_gone: false }
    }
}

/// How far the reading of a pair is: one thing after another.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Old,
    New,
    /// Holds which of [`ADVICE_DAYS`].
    Usage(usize),
    /// All was read; again at this time.
    Due(Instant),
}

/// The buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationButton {
    Close,
    Finish,
    Undo,
    /// To the other key of the list.
    Other,
}

/// What a turn of the dialog comes to.
pub(crate) enum RotationOutcome {
    Stay,
    Send(Request),
    Close,
    /// It closes, and the list shows this key.
    Show(KeyId),
}

impl RotationDialog {
    /// The dialog of a key and the other one of its pair, if that is known; none if no rotation is under way.
    pub(crate) fn new(key: AccessKey, other: Option<AccessKey>) -> Option<Self> {
        let (id, rotation) = (key.id.clone(), key.rotation.clone()?);
        let is_of_old = matches!(rotation, Rotation::ReplacedBy(_));
        let own = PairSide::new(id, Some(key));
        let other = PairSide::new(rotation.other().clone(), other);
        let (old, new) = if is_of_old { (own, other) } else { (other, own) };
        Some(Self {
            old,
            new,
            usage: [const { None }; ADVICE_DAYS.len()],
            is_of_old,
            focus: RotationButton::Close,
            asking: None,
            call: CallState::None,
            finishing: false,
            unread: None,
            reading: Reading::Old,
            attempt: Attempt::next(),
        })
    }

    /// Whether the rotation is under way, as far as is known.
    pub fn is_under_way(&self) -> bool {
        let is_over = |side: &PairSide| side.is_gone || side.key.as_ref().is_some_and(|key| key.rotation.is_none());
        !is_over(&self.old) && !is_over(&self.new)
    }

    /// Whether the new key was used: then it can't be taken back.
    pub fn is_new_used(&self) -> bool {
        self.new.key.as_ref().is_some_and(|key| key.last_used_at.is_some())
    }

    /// The buttons, in their order on screen.
    pub fn buttons(&self) -> Vec<RotationButton> {
        let mut buttons = vec![RotationButton::Close];
        if self.is_under_way() {
            buttons.push(RotationButton::Finish);
            if self.new.key.is_some() && !self.is_new_used() {
                buttons.push(RotationButton::Undo);
            }
        }
        if !self.other().is_gone {
            buttons.push(RotationButton::Other);
        }
        buttons
    }

    /// The key of the pair that is not the selected one.
    const fn other(&self) -> &PairSide {
        if self.is_of_old { &self.new } else { &self.old }
    }

    /// Whether the old key may end; none until it was read.
    pub fn advice(&self, now: ClockReading) -> Option<Advice> {
        if let Some(why) = &self.unread {
            return Some(Advice {
                is_safe: None,
                words: format!("Whether it is safe to finish can't be told now. {why}"),
            });
        }
        let read: Vec<KeyUsage> = self.usage.iter().flatten().cloned().collect();
        Some(Advice::of(self.old.key.as_ref()?, self.new.key.as_ref(), &read, now.utc))
    }

    /// How the old key was used on each day, if that is known.
    pub fn daily(&self) -> Option<&KeyUsage> {
        self.usage.last()?.as_ref()
    }

    /// Reads the pair from its beginning.
    pub(crate) fn read(&mut self) -> Request {
        self.reading = Reading::Old;
        self.attempt = Attempt::next(); // what is still on its way is of no use
        self.next_request()
    }

    fn next_request(&self) -> Request {
        match self.reading {
            Reading::New => Request::Look(self.attempt, self.new.id.clone()),
            Reading::Usage(at) => Request::Usage(self.old.id.clone(), ADVICE_DAYS[at]),
            Reading::Old | Reading::Due(_) => Request::Look(self.attempt, self.old.id.clone()),
        }
    }

    /// Takes a key that was read.
    pub(crate) fn on_looked(
        &mut self,
        attempt: Attempt,
        result: Result<AccessKey, ApiError>,
        now: ClockReading,
    ) -> Option<Request> {
        if attempt != self.attempt {
            return None;
        }
        let side = if matches!(self.reading, Reading::New) { &mut self.new } else { &mut self.old };
        match result {
            Ok(key) => side.key = Some(key),
            Err(ApiError::NotFound(_)) => side.is_gone = true,
            Err(error) => {
                self.unread = Some(error.to_string());
                self.reading = Reading::Due(now.at + REFRESH);
                if std::mem::take(&mut self.finishing) {
                    self.call = CallState::Failed(format!("{error} {}", messages::NOTHING_CHANGED));
                }
                return None;
            }
        }
        self.unread = None;
        self.keep_focus();
        self.reading = if matches!(self.reading, Reading::Old) { Reading::New } else { Reading::Usage(0) };
        Some(self.next_request())
    }

    /// Takes how the old key was used, or that this is not known.
    pub(crate) fn on_usage(
        &mut self,
        id: &KeyId,
        days: u16,
        usage: Option<&KeyUsage>,
        now: ClockReading,
    ) -> Option<Request> {
        let Reading::Usage(at) = self.reading else { return None };
        if *id != self.old.id || ADVICE_DAYS.get(at) != Some(&days) {
            return None;
        }
        if let Some(read) = self.usage.get_mut(at) {
            *read = usage.cloned();
        }
        if at + 1 < ADVICE_DAYS.len() {
            self.reading = Reading::Usage(at + 1);
            return Some(self.next_request());
        }
        self.reading = Reading::Due(now.at + REFRESH);
        if !std::mem::take(&mut self.finishing) {
            return None;
        }
        self.call = CallState::None;
        if !self.is_under_way() {
            return None; // which the dialog tells
        }
        let outcome = if self.is_safe(now) { self.end(RotationEnd::Finish) } else { self.ask(RotationEnd::Finish) };
        if let RotationOutcome::Send(request) = outcome { Some(request) } else { None }
    }

    fn is_safe(&self, now: ClockReading) -> bool {
        self.advice(now).is_some_and(|advice| advice.is_safe == Some(true))
    }

    /// When it is read again.
    pub(crate) const fn next_wake(&self) -> Option<Instant> {
        match self.reading {
            Reading::Due(at) => Some(at),
            _ => None,
        }
    }

    pub(crate) fn on_time(&mut self, now: ClockReading) -> Option<Request> {
        (self.next_wake()? <= now.at).then(|| self.read())
    }

    /// A button that has gone can't have the focus, and what has ended isn't asked about.
    fn keep_focus(&mut self) {
        if !self.is_under_way() || !self.buttons().contains(&self.focus) {
            (self.focus, self.asking) = (RotationButton::Close, None);
        }
    }

    pub(crate) fn act(&mut self, action: Action, now: ClockReading) -> RotationOutcome {
        if self.call.is_sent() {
            // Nothing is lost by going on: the answer will be told wherever it comes.
            return if action == Action::Cancel { RotationOutcome::Close } else { RotationOutcome::Stay };
        }
        let pressed = match action {
            Action::Next | Action::Previous => {
                let buttons =
                    self.asking.map_or_else(|| self.buttons(), |end| vec![RotationButton::Close, button(end)]);
                self.focus = moved(&buttons, self.focus, action);
                return RotationOutcome::Stay;
            }
            Action::Cancel => RotationButton::Close,
            Action::Submit => self.focus,
            Action::FinishRotation => RotationButton::Finish,
            Action::UndoRotation => RotationButton::Undo,
            Action::OtherKey => RotationButton::Other,
            _ => return RotationOutcome::Stay,
        };
        if let Some(end) = self.asking {
            // By its button alone.
            let is_sure = pressed == button(end) && action == Action::Submit;
            if !is_sure && action != Action::Submit && action != Action::Cancel {
                return RotationOutcome::Stay;
            }
            (self.asking, self.focus) = (None, RotationButton::Close);
            return if is_sure { self.end(end) } else { RotationOutcome::Stay };
        }
        match pressed {
            RotationButton::Close => RotationOutcome::Close,
            RotationButton::Other if self.other().is_gone => RotationOutcome::Stay,
            RotationButton::Other => RotationOutcome::Show(self.other().id.clone()),
            _ if !self.is_under_way() => RotationOutcome::Stay,
            RotationButton::Undo if self.buttons().contains(&RotationButton::Undo) => self.ask(RotationEnd::Undo),
            RotationButton::Undo => RotationOutcome::Stay, // why not is on screen
            RotationButton::Finish if self.is_safe(now) => {
                (self.finishing, self.call) = (true, CallState::Sent);
                RotationOutcome::Send(self.read())
            }
            RotationButton::Finish => self.ask(RotationEnd::Finish),
        }
    }

    fn ask(&mut self, end: RotationEnd) -> RotationOutcome {
        (self.asking, self.focus, self.call) = (Some(end), RotationButton::Close, CallState::None);
        RotationOutcome::Stay
    }

    fn end(&mut self, end: RotationEnd) -> RotationOutcome {
        let Some(old) = self.old.key.clone() else { return RotationOutcome::Stay };
        self.call = CallState::Sent;
        RotationOutcome::Send(Request::EndRotation(Box::new(old), end))
    }

    /// Whether this is one of its keys.
    pub(crate) fn has(&self, id: &KeyId) -> bool {
        self.old.id == *id || self.new.id == *id
    }

    /// It wasn't ended as was asked: says why, and reads what the pair is now.
    pub(crate) fn on_not_ended(&mut self, error: &ApiError) -> Option<Request> {
        let words = match error {
            ApiError::Changed(Some(key)) => changed(self.old.key.as_ref(), key),
            error => error.to_string(),
        };
        self.call = CallState::Failed(format!("{words} {}", messages::NOTHING_CHANGED));
        (!error.is_passing()).then(|| self.read())
    }
}

/// The button of an end.
pub(crate) const fn button(end: RotationEnd) -> RotationButton {
    match end {
        RotationEnd::Finish => RotationButton::Finish,
        RotationEnd::Undo => RotationButton::Undo,
    }
}

/// Another administrator changed the old key since it was read.
fn changed(before: Option<&AccessKey>, key: &AccessKey) -> String {
    changes::meanwhile(None, before.unwrap_or(key), key)
}
