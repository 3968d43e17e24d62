//! Step three: the real exchange, whether its token is good, and what is wrong if there is none.

use secrecy::{ExposeSecret, SecretString};

use super::{Pair, StepOutcome};
use crate::client::{ApiError, Attempt, Exchange, Exchanged, Reply, Request, Target};
use crate::domain::diagnosis::{Evidence, Finding, KeyState, diagnose, of_end};
use crate::domain::{AccessKey, Content, Grant, Verdict, hmac_token};
use crate::platform::clipboard::report::{CopyReport, What};
use crate::platform::random;
use crate::tui::keymap::Action;
use crate::tui::state::focus::moved;
use crate::tui::state::{ClockReading, Effect};

/// A test of one pair.
#[derive(Debug)]
pub struct TestStep {
    /// What is tested.
    pub pair: Pair,
    /// How far it is.
    pub state: Testing,
    /// The focused button.
    pub focus: TestButton,
    /// What came of the last copy.
    pub copied: Option<(What, CopyReport)>,
    /// The first row of what was found that is on screen: a small one does not have room for all.
    pub scroll: usize,
    content: Content,
    /// Whether each try draws a content of its own.
    draws: bool,
    /// An HMAC token that somebody else made, to be looked at.
    failing: Option<SecretString>,
    attempt: Attempt,
    /// What the server said, while the key is looked at.
    refusal: String,
    clocks: Option<(chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>)>,
}

/// How far a test is.
#[derive(Debug)]
pub enum Testing {
    /// The exchange is under way.
    Exchanging,
    /// There is a token; the server is asked whether it is good.
    Verifying(Grant),
    /// The exchange was refused; the server is asked about the key.
    Looking,
    /// There is a token, and this is what the server says of it.
    Works {
        /// The token.
        grant: Grant,
        /// Whether it is good, or why that is not known.
        verdict: Result<Verdict, String>,
        /// What else was found.
        findings: Vec<Finding>,
    },
    /// There is no token.
    Fails {
        /// What the server said.
        error: String,
        /// What was found.
        findings: Vec<Finding>,
    },
}

/// The buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestButton {
    /// *Copy access token*.
    Copy,
    /// *Test again*.
    Again,
    /// *Back*.
    Back,
}

impl TestStep {
    /// Begins a test. Without a content, each try draws a fresh random one; nothing if the system has no random
    /// numbers.
    #[must_use]
    pub fn begin(pair: Pair, content: Option<Content>, failing: Option<SecretString>) -> Option<(Self, Request)> {
        let draws = content.is_none();
        let mut step = Self {
            pair,
            state: Testing::Exchanging,
            focus: TestButton::Back,
            copied: None,
            scroll: 0,
            content: content.or_else(|| random::content().ok())?,
            draws,
            failing,
            attempt: Attempt::next(),
            refusal: String::new(),
            clocks: None,
        };
        let request = step.again();
        Some((step, request))
    }

    /// Whether a foreign HMAC token is looked at.
    #[must_use]
    pub const fn is_doctor(&self) -> bool {
        self.failing.is_some()
    }

    /// The buttons that there are now.
    #[must_use]
    pub const fn buttons(&self) -> &'static [TestButton] {
        match self.state {
            Testing::Works { .. } => &[TestButton::Copy, TestButton::Again, TestButton::Back],
            Testing::Fails { .. } => &[TestButton::Again, TestButton::Back],
            _ => &[TestButton::Back],
        }
    }

    /// Takes an intent.
    pub fn act(&mut self, action: Action) -> StepOutcome {
        match action {
            Action::Next | Action::Previous => self.focus = moved(self.buttons(), self.focus, action),
            Action::Submit => match (self.focus, &self.state) {
                (TestButton::Copy, Testing::Works { grant, .. }) => {
                    let token = SecretString::from(grant.access_token.expose());
                    return StepOutcome::Stay(Some(Effect::Copy(What::AccessToken, token)));
                }
                (TestButton::Again, _) => return StepOutcome::Stay(Some(self.again().into())),
                _ => return StepOutcome::Back,
            },
            Action::Up => self.scroll = self.scroll.saturating_sub(1),
            Action::Down => self.scroll += 1,
            Action::Cancel => return StepOutcome::Back,
            _ => {}
        }
        StepOutcome::Stay(None)
    }

    /// Takes an answer, if it is to this test's question.
    pub fn on_reply(&mut self, reply: Reply, now: ClockReading) -> Option<Request> {
        match reply {
            Reply::Exchanged(attempt, exchanged) if attempt == self.attempt => self.on_exchanged(exchanged, now),
            Reply::Verified(attempt, verdict) if attempt == self.attempt => {
                if let Testing::Verifying(grant) = &self.state {
                    let grant = grant.clone();
                    let verdict = verdict.map_err(|error| error.to_string());
                    let mut findings = self.diagnose(false, KeyState::Unknown);
                    findings.extend(of_end(grant.expires_at, now.utc));
                    self.state = Testing::Works { grant, verdict, findings };
                    self.focus = TestButton::Back;
                }
                None
            }
            Reply::Looked(attempt, looked) if attempt == self.attempt => {
                self.on_looked(looked);
                None
            }
            _ => None,
        }
    }

    fn again(&mut self) -> Request {
        if self.draws
            && let Ok(fresh) = random::content()
        {
            self.content = fresh;
        }
        self.attempt = Attempt::next();
        (self.state, self.focus, self.copied, self.scroll) = (Testing::Exchanging, TestButton::Back, None, 0);
        let token = hmac_token(self.pair.secret.expose().as_bytes(), self.content.as_str().as_bytes());
        let (at, id, content) = (self.pair.home.at.clone(), self.pair.id.clone(), self.content.clone());
        Request::Exchange(self.attempt, Exchange { at, id, token, content })
    }

    fn on_exchanged(&mut self, exchanged: Exchanged, now: ClockReading) -> Option<Request> {
        self.clocks = exchanged.server_time.map(|server| (server, now.utc));
        match exchanged.result {
            Ok(grant) => {
                let request = Request::Verify(self.attempt, self.pair.home.at.clone(), grant.access_token.clone());
                self.state = Testing::Verifying(grant);
                Some(request)
            }
            Err(error) if error.is_refused_pair() && self.pair.home.may_look => {
                self.state = Testing::Looking;
                self.refusal = error.to_string();
                Some(Request::Look(self.attempt, self.pair.id.clone()))
            }
            Err(error) => {
                self.fail(error.to_string(), error.is_refused_pair(), KeyState::Unknown);
                None
            }
        }
    }

    fn on_looked(&mut self, looked: Result<AccessKey, ApiError>) {
        let key = match looked {
            Ok(key) => KeyState::Known(Box::new(key)),
            Err(ApiError::NotFound(_)) => KeyState::Missing,
            Err(_) => KeyState::Unknown,
        };
        let refusal = std::mem::take(&mut self.refusal);
        self.fail(refusal, true, key);
    }

    fn fail(&mut self, error: String, refused: bool, key: KeyState) {
        let findings = self.diagnose(refused, key);
        self.state = Testing::Fails { error, findings };
        self.focus = TestButton::Back;
    }

    fn diagnose(&self, was_refused: bool, key: KeyState) -> Vec<Finding> {
        let works = matches!(self.state, Testing::Verifying(_));
        let address = match &self.pair.home.target {
            Target::Url(base) if !works => base.region_hint(),
            _ => None,
        };
        diagnose(&Evidence {
            id: self.pair.id.raw_for_api(),
            secret: Some(&self.pair.secret),
            content: Some(&self.content),
            failing_token: self.failing.as_ref().map(ExposeSecret::expose_secret).filter(|text| !text.is_empty()),
            key: key.at(self.pair.home.target.is_passportal()),
            was_refused,
            clocks: self.clocks,
            address,
        })
    }
}
