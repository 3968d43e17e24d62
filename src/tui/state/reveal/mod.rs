//! The dialog that holds the only copy of a new secret.

mod parts;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    ClockReading, Destination, Effect, HandOverStep, HmacStep, SaveResult, SaveStep, Saved, Step, StepOutcome, TestStep,
};
use crate::client::{ApiError, Handover};
use crate::domain::{AccessKey, Credentials, CredentialsForm, KeyId, SecretKey};
use crate::operations::actions::ActionId;
pub use crate::operations::deliver::Fate;
use crate::operations::handover::why_not;
use crate::operations::messages::handed_over;
use crate::operations::tokens::pair::{KeyServer, Pair};
use crate::platform::clipboard::report::{CopyReport, What};
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::input::focus::moved;
pub use parts::{News, RevealButton};

/// A new key with its secret, until *Close*.
#[derive(Debug)]
pub struct Reveal {
    pub key: AccessKey,
    /// Its secret. Dropped, and so wiped, with the dialog.
    pub secret: SecretKey,
    /// Until when the secret is readable; hidden if none.
    pub shown_until: Option<Instant>,
    pub focus: RevealButton,
    pub news: Option<News>,
    /// Where the secret is, as far as it is known.
    pub fate: Fate,
    /// Whether *Close* has asked, since the secret may be nowhere else.
    pub asking: bool,
    /// Whether another key is to be created when it closes.
    then_another: bool,
    /// The step that was opened from here.
    pub step: Option<Step>,
    /// The key that it replaces, and until when that one works.
    pub replaces: Option<(KeyId, DateTime<Utc>)>,
    /// Where the secret is to go at once.
    pub(crate) to: Option<Destination>,
    server: KeyServer,
}

/// A shown secret hides by itself after this long.
pub const SHOWN_FOR: Duration = Duration::from_secs(30);

/// What a turn of the dialog comes to.
pub enum RevealOutcome {
    /// It stays, and this must happen outside.
    Stay(Option<Effect>),
    /// It stays, and the secret, or what a step has made of it, shall be shown.
    Show,
    /// It stays, and a code that opens the secret is to be shown.
    HandOver,
    /// It closes; the secret is gone.
    Close,
    /// The same, and another key is to be created.
    CreateAnother,
}

impl Reveal {
    /// A dialog with its secret hidden.
    pub const fn new(key: AccessKey, secret: SecretKey, server: KeyServer) -> Self {
        let (focus, shown_until, news, step) = (RevealButton::Show, None, None, None);
        Self {
            key,
            secret,
            shown_until,
            focus,
            news,
            fate: Fate::Nowhere,
            asking: false,
            then_another: false,
            step,
            replaces: None,
            to: None,
            server,
        }
    }

    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match &self.step {
            _ if self.asking => Mode::Question,
            Some(step) => step.mode(),
            None => Mode::Reveal,
        }
    }

    pub fn act(&mut self, action: Action) -> RevealOutcome {
        if self.asking {
            return self.answer(action);
        }
        if let Some(step) = self.step.as_mut().filter(|step| action != Action::Close || step.is_running()) {
            return match step.act(action) {
                StepOutcome::Stay(effect) => RevealOutcome::Stay(effect),
                StepOutcome::Show => RevealOutcome::Show,
                StepOutcome::Back => {
                    self.step = None;
                    RevealOutcome::Stay(None)
                }
            };
        }
        match action {
            Action::ShowKey => return self.toggle(),
            Action::SaveTo => self.open_save(),
            Action::HandOver => return self.hand_over(),
            Action::Do(ActionId::ClearClipboard) => return RevealOutcome::Stay(Some(Effect::Overwrite)),
            Action::CopyPair => return RevealOutcome::Stay(Some(self.copy(What::Pair))),
            Action::CreateAnother => return self.close_for_another(),
            Action::CopySecret => return RevealOutcome::Stay(Some(self.copy(What::Secret))),
            Action::HmacToken => self.open_hmac(),
            Action::TestKey => return RevealOutcome::Stay(self.open_test()),
            Action::Do(ActionId::CopyId) => return RevealOutcome::Stay(Some(self.copy(What::Id))),
            Action::Next | Action::Previous => self.focus = moved(&RevealButton::ALL, self.focus, action),
            Action::Close => return self.close(),
            Action::Submit => match self.focus {
                RevealButton::Show => return self.toggle(),
                RevealButton::Save => self.open_save(),
                RevealButton::HandOver => return self.hand_over(),
                RevealButton::Copy => return RevealOutcome::Stay(Some(self.copy(What::Secret))),
                RevealButton::Pair => return RevealOutcome::Stay(Some(self.copy(What::Pair))),
                RevealButton::Another => return self.close_for_another(),
                RevealButton::Hmac => self.open_hmac(),
                RevealButton::Test => return RevealOutcome::Stay(self.open_test()),
                RevealButton::Close => return self.close(),
            },
            Action::Cancel => self.focus = RevealButton::Close,
            _ => {}
        }
        RevealOutcome::Stay(None)
    }

    pub fn hide(&mut self) {
        self.shown_until = None;
        if let Some(step) = &mut self.step {
            step.hide();
        }
    }

    /// Whole seconds until it hides by itself.
    pub fn seconds_left(&self, now: ClockReading) -> Option<u64> {
        self.shown_until.map(|end| now.seconds_until(end))
    }

    /// When the countdown shows another number.
    pub fn next_wake(&self, now: ClockReading) -> Option<Instant> {
        match &self.step {
            _ if self.to.is_some() => Some(now.at),
            Some(step) => step.next_wake(now),
            None => self.shown_until.map(|end| now.next_second_until(end)),
        }
    }

    /// Brings the secret to where it was to go, once.
    pub(crate) fn begin_delivery(&mut self) -> Option<Effect> {
        let target = match self.to.take()? {
            Destination::Clipboard => return Some(self.copy(What::Secret)),
            Destination::Save(target) => target,
        };
        let (step, outcome) = SaveStep::to(self.credentials(CredentialsForm::default()), target);
        self.step = Some(Step::Save(Box::new(step)));
        match outcome {
            StepOutcome::Stay(effect) => effect,
            StepOutcome::Show | StepOutcome::Back => None,
        }
    }

    /// Hides the secret when its time is up.
    pub fn on_time(&mut self, now: ClockReading) {
        if self.shown_until.is_some_and(|until| until <= now.at) {
            self.shown_until = None;
        }
        if let Some(step) = &mut self.step {
            step.on_time(now);
        }
    }

    /// Takes what came of a copy.
    pub fn on_copied(&mut self, what: What, report: CopyReport) {
        if let Some(step) = self.step.as_mut().filter(|_| !matches!(what, What::Secret | What::Pair | What::Id)) {
            return step.on_copied(what, report);
        }
        match report {
            CopyReport::Held(_) if matches!(what, What::Secret | What::Pair) => self.fate = Fate::Kept,
            // Another program may have given up its selection for the clipboard.
            CopyReport::Sent(_) if matches!(what, What::Secret | What::Pair) => self.fate = Fate::Sent,
            _ => {}
        }
        self.news = Some(News::Copied(what, report));
    }

    /// Takes what came of a delivery.
    pub fn on_delivered(&mut self, delivered: SaveResult) {
        let Some(Step::Save(step)) = &mut self.step else { return };
        let fate = delivered.as_ref().map_or(Fate::Nowhere, Saved::fate);
        if let Some(words) = step.on_delivered(delivered) {
            (self.step, self.news) = (None, Some(News::Delivered(words)));
            self.fate = self.fate.max(fate);
            self.focus = RevealButton::Close;
        }
    }

    /// Takes what came of handing the secret over under a code. Gives whether that code is on the screen now.
    pub fn on_handed_over(&mut self, lookup: [u8; 32], result: Result<Handover, ApiError>) -> bool {
        let Some(Step::HandOver(step)) = &mut self.step else { return false };
        let Some(until) = step.on_handed_over(lookup, result) else { return false };
        (self.fate, self.news) = (Fate::Kept, Some(News::Delivered(handed_over(until))));
        self.focus = RevealButton::Close;
        true
    }

    /// Shows the secret, or what a step has made of it, for a while.
    pub fn show(&mut self, now: ClockReading) {
        if let Some(step) = &mut self.step {
            step.show(now);
        } else if !self.asking {
            self.shown_until = Some(now.at + SHOWN_FOR);
            // A user who has read it has it; one who counts on a copy that may not have arrived doesn't.
            if self.fate == Fate::Nowhere {
                self.fate = Fate::Kept;
            }
        }
    }

    const fn toggle(&mut self) -> RevealOutcome {
        if self.shown_until.is_none() {
            return RevealOutcome::Show;
        }
        self.shown_until = None;
        RevealOutcome::Stay(None)
    }

    fn copy(&mut self, what: What) -> Effect {
        self.news = None;
        let text = match what {
            What::Pair => self.credentials(CredentialsForm::Env).text().unwrap_or_default(),
            What::Secret => Zeroizing::new(self.secret.expose().to_owned()),
            _ => Zeroizing::new(self.key.id.raw_for_api().to_owned()),
        };
        Effect::Copy(what, SecretString::from(text.as_str()))
    }

    fn credentials(&self, form: CredentialsForm) -> Credentials {
        Credentials { id: self.key.id.clone(), secret: self.secret.clone(), form }
    }

    fn pair(&self) -> Pair {
        Pair { id: self.key.id.clone(), secret: self.secret.clone(), server: self.server.clone() }
    }

    fn open_hmac(&mut self) {
        self.hide();
        self.step = Some(Step::Hmac(Box::new(HmacStep::new(self.pair(), ""))));
    }

    fn open_save(&mut self) {
        self.hide();
        self.step = Some(Step::Save(Box::new(SaveStep::new(self.credentials(CredentialsForm::default())))));
    }

    /// Says why the secret can't be handed over, if it can't.
    fn hand_over(&mut self) -> RevealOutcome {
        let Some(why) = why_not(&self.server.target) else { return RevealOutcome::HandOver };
        self.news = Some(News::Refused(why));
        RevealOutcome::Stay(None)
    }

    pub(crate) fn open_hand_over(&mut self) {
        self.hide();
        self.step = Some(Step::HandOver(Box::new(HandOverStep::new(self.pair()))));
    }

    fn open_test(&mut self) -> Option<Effect> {
        self.hide();
        let (step, request) = TestStep::begin(self.pair().into());
        self.step = Some(Step::Test(Box::new(step)));
        request.map(Effect::from)
    }

    fn close_for_another(&mut self) -> RevealOutcome {
        self.then_another = true;
        self.close()
    }

    const fn closed(&self) -> RevealOutcome {
        if self.then_another { RevealOutcome::CreateAnother } else { RevealOutcome::Close }
    }

    fn close(&mut self) -> RevealOutcome {
        self.step = None;
        if self.fate == Fate::Kept {
            return self.closed();
        }
        self.asking = true;
        self.focus = RevealButton::Show;
        RevealOutcome::Stay(None)
    }

    /// The question has two answers: back to the secret (preselected), or close anyway.
    const fn answer(&mut self, action: Action) -> RevealOutcome {
        match action {
            Action::Next | Action::Previous => {
                self.focus = match self.focus {
                    RevealButton::Close => RevealButton::Show,
                    _ => RevealButton::Close,
                };
            }
            Action::Submit if matches!(self.focus, RevealButton::Close) => return self.closed(),
            Action::Submit | Action::Cancel => {
                (self.asking, self.then_another) = (false, false);
                self.focus = RevealButton::Close; // one Enter too many shows nothing
            }
            _ => {}
        }
        RevealOutcome::Stay(None)
    }
}
