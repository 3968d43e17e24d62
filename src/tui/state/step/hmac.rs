//! Step two: an HMAC token from a secret and a content.

use std::time::Instant;

use secrecy::SecretString;

use super::StepOutcome;
use crate::domain::secrets::credential_kind;
use crate::domain::{Content, HmacToken, hmac_token, sentence};
use crate::operations::tokens::hmac::{check_content, curl_command};
use crate::operations::tokens::pair::Pair;
use crate::platform::clipboard::report::{CopyReport, What};
use crate::platform::process::random;
use crate::tui::field::Field;
use crate::tui::keymap::Action;
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{ClockReading, Effect, SHOWN_FOR};

/// The step, from the content that is typed to the token that is copied.
#[derive(Debug)]
pub struct HmacStep {
    /// Whose token it is.
    pub pair: Pair,
    /// The content; a fresh random one is offered.
    pub content: Field,
    /// The token, once it is made.
    pub made: Option<Made>,
    pub focus: HmacFocus,
    /// What came of the last copy.
    pub copied: Option<(What, CopyReport)>,
    /// What is wrong with the content, in words.
    pub wrong: Option<String>,
}

/// A token, for as long as it is shown: with its ID and content it is a credential.
#[derive(Debug)]
pub struct Made {
    pub token: HmacToken,
    pub content: Content,
    until: Instant,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacFocus {
    Content,
    /// *Generate*, while there is none.
    Make,
    CopyToken,
    CopyContent,
    CopyRequest,
    Back,
}

const CLEARED: &str = "That was a secret, so the field was cleared. The content is sent unencrypted.";
const NOT_PASTED: &str = "Paste ignored: it contains a secret, and the content is sent unencrypted.";

impl HmacStep {
    /// A step with a content in it; if there is none, a fresh random one.
    pub fn new(pair: Pair, content: &str) -> Self {
        let drawn = if content.is_empty() { random::content().ok() } else { None };
        let content = Field::new(drawn.as_ref().map_or(content, Content::as_str), Content::MAX_BYTES);
        Self { pair, content, made: None, focus: HmacFocus::Content, copied: None, wrong: None }
    }

    /// The stops, in their order on screen.
    pub const fn stops(&self) -> &'static [HmacFocus] {
        use HmacFocus::{Back, Content, CopyContent, CopyRequest, CopyToken, Make};
        if self.made.is_some() { &[Content, CopyToken, CopyContent, CopyRequest, Back] } else { &[Content, Make, Back] }
    }

    pub fn act(&mut self, action: Action) -> StepOutcome {
        match action {
            Action::Next | Action::Previous => self.go(action),
            Action::Submit => match self.focus {
                HmacFocus::Content | HmacFocus::Make => return self.wish(),
                HmacFocus::Back => return StepOutcome::Back,
                focus => return StepOutcome::Stay(self.copy(focus)),
            },
            Action::Cancel => return StepOutcome::Back,
            _ => {}
        }
        StepOutcome::Stay(None)
    }

    /// The token of what is typed is wanted: it may be shown, or this says what is wrong with the content.
    pub fn wish(&mut self) -> StepOutcome {
        match self.check() {
            Ok(_) => StepOutcome::Show,
            Err(_) if self.is_secret(self.content.text()) => {
                self.content = Field::new("", Content::MAX_BYTES);
                (self.made, self.wrong, self.focus) = (None, Some(CLEARED.to_owned()), HmacFocus::Content);
                StepOutcome::Stay(None)
            }
            Err(words) => {
                (self.made, self.wrong) = (None, Some(sentence(&words)));
                StepOutcome::Stay(None)
            }
        }
    }

    /// Makes the token of what is typed, and shows it for a while.
    pub fn make(&mut self, now: ClockReading) {
        if let Ok(content) = self.check() {
            let token = hmac_token(self.pair.secret.expose().as_bytes(), content.as_str().as_bytes());
            self.made = Some(Made { token, content, until: now.at + SHOWN_FOR });
            (self.focus, self.wrong) = (HmacFocus::CopyToken, None);
        }
    }

    /// Whether a text must not stay where it can be read.
    fn is_secret(&self, text: &str) -> bool {
        text.contains(self.pair.secret.expose()) || credential_kind::reveals_secret(text)
    }

    fn check(&self) -> Result<Content, String> {
        check_content(self.content.text(), &self.pair.secret)
    }

    /// Hides the token: it is made again by one press.
    pub fn hide(&mut self) {
        self.made = None;
        if !self.stops().contains(&self.focus) {
            self.focus = HmacFocus::Make;
        }
    }

    /// Hides the token when its time is up.
    pub fn on_time(&mut self, now: ClockReading) {
        if self.made.as_ref().is_some_and(|made| made.until <= now.at) {
            self.hide();
        }
    }

    /// Whole seconds until the token hides by itself.
    pub fn seconds_left(&self, now: ClockReading) -> Option<u64> {
        self.made.as_ref().map(|made| now.seconds_until(made.until))
    }

    /// When the countdown shows another number.
    pub fn next_wake(&self, now: ClockReading) -> Option<Instant> {
        self.made.as_ref().map(|made| now.next_second_until(made.until))
    }

    fn copy(&mut self, focus: HmacFocus) -> Option<Effect> {
        self.copied = None;
        let made = self.made.as_ref()?;
        Some(match focus {
            HmacFocus::CopyContent => Effect::Copy(What::Content, SecretString::from(made.content.as_str())),
            HmacFocus::CopyRequest => {
                let text = curl_command(&self.pair.server.target, &self.pair.id, &made.token, &made.content);
                Effect::Copy(What::Request, SecretString::from(text.as_str()))
            }
            _ => Effect::Copy(What::HmacToken, SecretString::from(made.token.expose())),
        })
    }
}

impl TextInput for HmacStep {
    fn field(&mut self) -> Option<&mut Field> {
        (self.focus == HmacFocus::Content).then_some(&mut self.content)
    }

    fn go(&mut self, action: Action) {
        self.focus = moved(self.stops(), self.focus, action);
    }

    /// Another content: the token is no longer its.
    fn changed(&mut self) {
        (self.made, self.copied, self.wrong) = (None, None, None);
    }

    /// Takes pasted text. A secret does not even appear.
    fn paste(&mut self, text: &str) {
        if self.focus != HmacFocus::Content {
            return;
        }
        if self.is_secret(text) {
            self.wrong = Some(NOT_PASTED.to_owned());
            return;
        }
        self.content.paste(text);
        self.changed();
    }
}
