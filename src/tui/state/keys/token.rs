//! The page for a key that was made earlier or elsewhere: steps two and three, and the doctor. Nothing typed here is
//! stored.

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::domain::secrets::credential_kind;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::domain::{BaseUrl, Content, KeyId, SecretKey, sentence};
use crate::operations::tokens::key_test::{FailingToken, TestInput};
use crate::operations::tokens::pair::{KeyServer, Pair};
use crate::tui::field::Field;
use crate::tui::keymap::{Action, Mode};
use crate::tui::state::input::focus::moved;
use crate::tui::state::input::text_input::TextInput;
use crate::tui::state::{Effect, HmacStep, Step, StepOutcome, TestStep};

#[derive(Debug)]
pub struct TokenDialog {
    /// The base URL of another server; empty for the profile's.
    pub base: Field,
    pub id: Field,
    /// The Secret access key; never echoed.
    pub secret: Field,
    /// The content; empty for a fresh random one.
    pub content: Field,
    /// An HMAC token that failed, for the doctor; never echoed.
    pub failing: Field,
    pub focus: TokenFocus,
    /// What is wrong with what is typed, or what was made of it, in words.
    pub words: Option<String>,
    /// The step that was opened from here.
    pub step: Option<Step>,
    /// The profile's server.
    pub here: KeyServer,
}

/// A stop of the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFocus {
    Base,
    Id,
    Secret,
    Content,
    Failing,
    Hmac,
    Exchange,
    Doctor,
    Close,
}

use TokenFocus as F;

impl TokenFocus {
    /// All of them, in their order on screen.
    pub const ALL: [Self; 9] =
        [F::Base, F::Id, F::Secret, F::Content, F::Failing, F::Hmac, F::Exchange, F::Doctor, F::Close];
}

/// Shorter than any secret: a text may hold that by chance.
const SHORTEST: usize = 8;
/// Longer than any URL, secret or token of the field.
const LONGEST: usize = 2048;

impl TokenDialog {
    /// A page for a key of this server, or for any other.
    pub fn new(id: Option<&KeyId>, here: KeyServer) -> Self {
        Self {
            base: Field::new("", LONGEST),
            id: Field::new(id.map_or("", KeyId::raw_for_api), KeyId::MAX_CHARS),
            secret: Field::masked(LONGEST),
            content: Field::new("", Content::MAX_BYTES),
            failing: Field::masked(LONGEST),
            focus: if id.is_some() { F::Secret } else { F::Base },
            words: None,
            step: None,
            here,
        }
    }

    /// What presses mean in it.
    pub const fn mode(&self) -> Mode {
        match &self.step {
            Some(step) => step.mode(),
            None => Mode::Form,
        }
    }

    /// Whether a field of its own has the focus.
    pub(crate) const fn is_typing(&self) -> bool {
        self.step.is_none() && matches!(self.focus, F::Base | F::Id | F::Secret | F::Content | F::Failing)
    }

    pub fn act(&mut self, action: Action) -> StepOutcome {
        if let Some(step) = &mut self.step {
            let outcome = step.act(action);
            if !matches!(outcome, StepOutcome::Back) {
                return outcome;
            }
            self.step = None;
            return StepOutcome::Stay(None);
        }
        match action {
            Action::Next | Action::Previous => self.go(action),
            Action::Cancel => return StepOutcome::Back,
            Action::Submit => match self.focus {
                F::Close => return StepOutcome::Back,
                F::Hmac | F::Exchange | F::Doctor => return self.open(),
                _ => self.go(Action::Next),
            },
            _ => {}
        }
        StepOutcome::Stay(None)
    }

    /// What is odd about what is typed, while it is typed: the first field's that has something.
    pub fn warning(&self) -> Option<String> {
        let typed = [
            (F::Id, &self.id, ExpectedInput::KeyId),
            (F::Secret, &self.secret, ExpectedInput::Secret),
            (F::Content, &self.content, ExpectedInput::Content),
            (F::Failing, &self.failing, ExpectedInput::HmacToken),
        ];
        // What is still being typed is not judged yet.
        let mut left = typed.into_iter().filter(|(stop, ..)| *stop != self.focus);
        let wrong = left.find_map(|(_, field, wanted)| wanted.check(field.text()).err());
        let pair = || credential_kind::check_pair(self.id.text(), self.secret.text()).err();
        let typing = matches!(self.focus, F::Id | F::Secret);
        wrong.or_else(|| if typing { None } else { pair() }).map(|wrong| sentence(&wrong.to_string()))
    }

    /// Takes secrets away from where they can be read; true if there was one, which is said.
    fn clear_secrets(&mut self) -> bool {
        let secret = Zeroizing::new(self.secret.text().to_owned());
        let mut is_cleared = false;
        let is_in_content = secret.len() >= SHORTEST && self.content.text().contains(secret.as_str());
        for (field, holds) in [(&mut self.id, false), (&mut self.content, is_in_content), (&mut self.base, false)] {
            if holds || credential_kind::reveals_secret(field.text()) {
                *field = Field::new("", LONGEST);
                is_cleared = true;
            }
        }
        if is_cleared {
            self.words = Some("That was a secret, so the field was cleared. It belongs in Secret access key.".into());
        }
        is_cleared
    }

    fn focused(&mut self) -> Option<(&mut Field, Option<ExpectedInput>)> {
        match self.focus {
            F::Base => Some((&mut self.base, None)),
            F::Id => Some((&mut self.id, Some(ExpectedInput::KeyId))),
            F::Secret => Some((&mut self.secret, Some(ExpectedInput::Secret))),
            F::Content => Some((&mut self.content, Some(ExpectedInput::Content))),
            F::Failing => Some((&mut self.failing, Some(ExpectedInput::HmacToken))),
            _ => None,
        }
    }

    /// Opens the step of the focused button, or says what is missing.
    fn open(&mut self) -> StepOutcome {
        if self.clear_secrets() {
            return StepOutcome::Stay(None);
        }
        let (pair, content) = match self.read() {
            Ok(read) => read,
            Err(words) => {
                self.words = Some(words);
                return StepOutcome::Stay(None);
            }
        };
        if self.focus == F::Hmac {
            let mut step = HmacStep::new(pair, content.as_ref().map_or("", Content::as_str));
            let outcome = if content.is_some() { step.wish() } else { StepOutcome::Stay(None) };
            self.step = Some(Step::Hmac(Box::new(step)));
            return outcome;
        }
        let is_doctor = self.focus == F::Doctor;
        let failing = || FailingToken { text: SecretString::from(self.failing.text()), content: content.clone() };
        let failing = is_doctor.then(failing);
        let (step, request) = TestStep::begin(TestInput { content, is_doctor, failing, ..pair.into() });
        self.step = Some(Step::Test(Box::new(step)));
        StepOutcome::Stay(request.map(Effect::from))
    }

    /// What is typed, checked; or what is wrong with it and what to do.
    fn read(&mut self) -> Result<(Pair, Option<Content>), String> {
        let server = self.server()?;
        if self.id.text().is_empty() {
            return Err("Enter the Access key ID.".into());
        }
        if self.secret.text().is_empty() {
            return Err("Enter the Secret access key. It stays hidden and is not stored.".into());
        }
        let wrong = credential_kind::check_pair(self.id.text(), self.secret.text()).err();
        if let Some(wrong) = wrong.filter(|wrong| wrong.is_certain) {
            return Err(sentence(&wrong.to_string()));
        }
        let said = |error: &dyn std::error::Error| sentence(&error.to_string());
        ExpectedInput::Content.check(self.content.text()).map_err(|wrong| said(&wrong))?;
        let content = self.content.text();
        let content = (!content.is_empty()).then(|| Content::parse(content)).transpose();
        let content = content.map_err(|error| said(&error))?;
        let id = KeyId::parse(self.id.text()).map_err(|error| said(&error))?;
        Ok((Pair { id, secret: SecretKey::foreign(self.secret.text()), server }, content))
    }

    /// The server that is meant. A pasted address of a dashboard becomes its base URL, and the page says so.
    fn server(&mut self) -> Result<KeyServer, String> {
        let (server, notice) = KeyServer::at(self.base.text(), self.here.clone())?;
        if notice.is_some() {
            self.words = notice;
            self.base = Field::new(server.at.as_ref().map_or("", BaseUrl::as_str), LONGEST);
        }
        Ok(server)
    }
}

impl TextInput for TokenDialog {
    fn field(&mut self) -> Option<&mut Field> {
        self.focused().map(|(field, _)| field)
    }

    /// Moves the focus. A secret that was typed where it can be read is taken away from there.
    fn go(&mut self, action: Action) {
        self.clear_secrets();
        self.focus = moved(&F::ALL, self.focus, action);
    }

    fn changed(&mut self) {
        self.words = None;
    }

    /// Takes pasted text. A secret does not even appear in a field where it could be read.
    fn paste(&mut self, text: &str) {
        let Some((field, wanted)) = self.focused() else { return };
        let wrong = wanted.filter(|_| !field.is_masked()).and_then(|wanted| wanted.check(text.trim()).err());
        if let Some(wrong) = wrong.filter(|wrong| wrong.is_certain) {
            self.words = Some(format!("Paste ignored: {wrong}."));
            return;
        }
        field.paste(text);
        self.changed();
    }
}
