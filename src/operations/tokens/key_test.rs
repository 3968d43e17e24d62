//! Step three: the real exchange, whether its token is good, and what is wrong if there is none.
//!
//! [`KeyTest`] decides what to ask next and what follows from the answers; it asks nothing itself. The page sends its
//! requests without waiting; [`run`] waits for one after another.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::hmac::generate;
use super::pair::{KeyServer, Pair};
use crate::client::{ApiError, Attempt, Client, Exchange, Exchanged, Reply, Request, Target, answer};
use crate::domain::diagnosis::{Evidence, Finding, FindingKind, KeyState, diagnose, digits, of_end};
use crate::domain::secrets::credential_kind::check_pair;
use crate::domain::{Content, Grant, HmacToken, KeyId, SecretKey, Status, Verdict};
use crate::operations::diagnose::Diagnosis;
use crate::operations::failure::Exit;
use crate::operations::messages;

/// A test of one key. Its secret is wiped when it is dropped.
#[derive(Debug)]
pub struct KeyTest {
    pub id: KeyId,
    /// The server that knows the key.
    pub server: KeyServer,
    /// How far the test is.
    pub state: TestState,
    secret: Option<SecretKey>,
    /// The content to send; a random one for each try if there is none.
    content: Option<Content>,
    /// The content that was sent last.
    sent: Option<Content>,
    /// Whether the test is to explain a failure elsewhere.
    is_doctor: bool,
    failing: Option<FailingToken>,
    attempt: Attempt,
    clocks: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What is to be tested.
#[derive(Debug)]
pub struct TestInput {
    pub id: KeyId,
    /// Its secret. Without it only the failing token can be tried.
    pub secret: Option<SecretKey>,
    /// The server that knows the key.
    pub server: KeyServer,
    /// The content to send. Without it each try draws a random one.
    pub content: Option<Content>,
    /// Whether the test is to explain a failure elsewhere.
    pub is_doctor: bool,
    /// An HMAC token that another program made and that is refused.
    pub failing: Option<FailingToken>,
}

/// An HMAC token that another program made and that is refused.
#[derive(Debug)]
pub struct FailingToken {
    /// The token, as that program sends it.
    pub text: SecretString,
    /// The content that was hashed; the one that the test sends if there is none.
    pub content: Option<Content>,
}

/// How far a test is.
#[derive(Debug)]
pub enum TestState {
    /// The exchange is running.
    Exchanging,
    /// There is an access token; the server is asked whether it is good.
    Verifying(Grant),
    /// There is no access token; the server is asked about the key. Holds why the exchange was refused, if one was tried.
    Looking(Option<ApiError>),
    /// There is an access token.
    Works {
        grant: Grant,
        /// Whether it is good, or why that is not known.
        verdict: Result<Verdict, String>,
        /// What else was found.
        findings: Vec<Finding>,
    },
    /// There is no access token.
    Fails {
        error: ApiError,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// No exchange was tried: the secret is missing, or it cannot be right.
    NotTried {
        /// What was found.
        findings: Vec<Finding>,
    },
}

impl From<Pair> for TestInput {
    fn from(Pair { id, secret, server }: Pair) -> Self {
        Self { id, secret: Some(secret), server, content: None, is_doctor: false, failing: None }
    }
}

impl KeyTest {
    /// Begins a test, and gives the first request.
    pub fn begin(input: TestInput) -> (Self, Option<Request>) {
        let TestInput { id, secret, server, content, is_doctor, failing } = input;
        let failing = failing.filter(|failing| !failing.text.expose_secret().is_empty());
        let state = TestState::Exchanging;
        let (sent, attempt, clocks) = (None, Attempt::next(), None);
        let mut test = Self { id, server, state, secret, content, sent, is_doctor, failing, attempt, clocks };
        let request = test.again();
        (test, request)
    }

    /// Begins it again, and gives the first request.
    pub fn again(&mut self) -> Option<Request> {
        (self.attempt, self.clocks, self.state) = (Attempt::next(), None, TestState::Exchanging);
        let (token, content) = match self.proof() {
            Ok(Some(proof)) => proof,
            Ok(None) => return self.look(None),
            Err(error) => {
                self.end(Some(error), KeyState::Unknown);
                return None;
            }
        };
        self.sent = Some(content.clone());
        let (at, id) = (self.server.at.clone(), self.id.clone());
        Some(Request::Exchange(self.attempt, Exchange { at, id, token, content }))
    }

    /// The key that the profile's server has just let in, if this reply says so.
    pub(crate) fn used_key(&self, reply: &Reply) -> Option<&KeyId> {
        let is_in = |attempt, exchanged: &Exchanged| attempt == self.attempt && exchanged.result.is_ok();
        let is_used = matches!(reply, Reply::Exchanged(attempt, exchanged) if is_in(*attempt, exchanged));
        (is_used && self.server.at.is_none()).then_some(&self.id)
    }

    /// Takes a reply, if it is to this test's last request, and gives the next request.
    pub fn on_reply(&mut self, reply: Reply, now: DateTime<Utc>) -> Option<Request> {
        match reply {
            Reply::Exchanged(attempt, exchanged) if attempt == self.attempt => self.on_exchanged(exchanged, now),
            Reply::Verified(attempt, verdict) if attempt == self.attempt => {
                if let TestState::Verifying(grant) = &self.state {
                    let (grant, verdict) = (grant.clone(), verdict.map_err(|error| error.to_string()));
                    let findings = self.diagnose(KeyState::Unknown, None);
                    self.state = TestState::Works { grant, verdict, findings };
                }
                None
            }
            Reply::Looked(attempt, looked) if attempt == self.attempt => {
                let key = match looked {
                    Ok(key) => KeyState::Known(Box::new(key)),
                    Err(ApiError::NotFound(_)) => KeyState::Missing,
                    Err(_) => KeyState::Unknown,
                };
                let state = std::mem::replace(&mut self.state, TestState::Exchanging);
                self.end(if let TestState::Looking(refusal) = state { refusal } else { None }, key);
                None
            }
            _ => None,
        }
    }

    /// Whether the test is to explain a failure elsewhere.
    pub const fn is_doctor(&self) -> bool {
        self.is_doctor
    }

    /// How far the test is and what it has found, in the order in which it is shown.
    pub fn findings(&self, now: DateTime<Utc>) -> Vec<Finding> {
        let running = |what| Finding::step(FindingKind::Running, what);
        let received = || Finding::step(FindingKind::Passed, messages::TOKEN_RECEIVED);
        match &self.state {
            TestState::Exchanging => vec![running("Exchanging the HMAC token for an access token…")],
            TestState::Looking(_) => vec![running("Looking up the key…")],
            TestState::Verifying(grant) => {
                let expiry = Finding::note(messages::token_expiry(grant.expires_at, now), "");
                vec![received(), expiry, running("Verifying the access token…")]
            }
            TestState::Works { grant, verdict, findings } => {
                let mut all = vec![received(), Finding::note(messages::token_expiry(grant.expires_at, now), "")];
                all.push(of_verdict(verdict, &self.id));
                all.extend(of_end(grant.expires_at, now));
                all.extend(findings.iter().cloned());
                let is_good = grant.expires_at > now && !matches!(verdict, Ok(Verdict::Refused(_)));
                if self.is_doctor && self.failing.is_none() && is_good {
                    let what = "This ID and secret work from here, so the program that fails sends something else.";
                    all.push(Finding::note(what, "Give the HMAC token that it sends, to have it checked."));
                }
                all
            }
            TestState::Fails { error, findings } => {
                let mut all = vec![Finding::step(FindingKind::Failed, messages::NO_TOKEN)];
                if error.is_refused_pair() {
                    all.push(Finding::note(error.to_string(), ""));
                } else {
                    all.extend(Diagnosis::of_call(error).findings);
                }
                all.extend(findings.iter().cloned());
                all
            }
            TestState::NotTried { findings } => findings.clone(),
        }
    }

    /// How a command ends that has run the test.
    pub fn exit(&self, now: DateTime<Utc>) -> Exit {
        let findings = self.findings(now);
        let is_wrong = |finding: &Finding| matches!(finding.kind, FindingKind::Failed | FindingKind::Fault);
        let exit = if findings.iter().any(is_wrong) { Exit::NotGood } else { Exit::Done };
        match &self.state {
            TestState::Fails { error, .. } if !error.is_refused_pair() => Diagnosis::of_call(error).exit.max(exit),
            _ => exit,
        }
    }

    /// The token and the content of an exchange, if one can be tried: what can't be right is not sent.
    fn proof(&self) -> Result<Option<(HmacToken, Content)>, ApiError> {
        let Some(secret) = &self.secret else {
            return Ok(self.failing.as_ref().and_then(|failing| Some((failing.parse()?, failing.content.clone()?))));
        };
        if check_pair(self.id.raw_for_api(), secret.expose()).is_err_and(|wrong| wrong.is_certain) {
            return Ok(None);
        }
        let made = generate(secret.expose(), self.content.clone());
        made.map(Some).map_err(|failure| ApiError::NotStarted(failure.message))
    }

    fn on_exchanged(&mut self, exchanged: Exchanged, now: DateTime<Utc>) -> Option<Request> {
        self.clocks = exchanged.server_time.map(|theirs| (theirs, now));
        match exchanged.result {
            Ok(grant) => {
                let request = Request::Verify(self.attempt, self.server.at.clone(), grant.access_token.clone());
                self.state = TestState::Verifying(grant);
                Some(request)
            }
            Err(error) if error.is_refused_pair() => self.look(Some(error)),
            Err(error) => {
                self.end(Some(error), KeyState::Unknown);
                None
            }
        }
    }

    /// Asks about the key, where that is possible.
    fn look(&mut self, refusal: Option<ApiError>) -> Option<Request> {
        if self.server.may_look {
            self.state = TestState::Looking(refusal);
            return Some(Request::Look(self.attempt, self.id.clone()));
        }
        self.end(refusal, KeyState::Unknown);
        None
    }

    /// Ends it without an access token.
    fn end(&mut self, error: Option<ApiError>, key: KeyState) {
        let is_active = matches!(&key, KeyState::Known(key) if key.status == Status::Active);
        let mut findings = self.diagnose(key, error.as_ref());
        findings.extend(self.of_token_alone(error.as_ref()));
        findings.extend((error.is_none() && self.secret.is_none()).then(|| of_no_exchange(is_active)));
        self.state = match error {
            Some(error) => TestState::Fails { error, findings },
            None => TestState::NotTried { findings },
        };
    }

    fn diagnose(&self, key: KeyState, error: Option<&ApiError>) -> Vec<Finding> {
        let was_refused = error.is_some_and(ApiError::is_refused_pair);
        let address = match &self.server.target {
            // An address that answers an exchange is not to blame.
            Target::Url(base) if error.is_some() && !was_refused => base.region_hint(),
            _ => None,
        };
        let failing = self.failing.as_ref();
        diagnose(&Evidence {
            id: self.id.raw_for_api(),
            secret: self.secret.as_ref(),
            content: failing.and_then(|failing| failing.content.as_ref()).or(self.sent.as_ref()),
            failing_token: failing.map(|failing| failing.text.expose_secret()),
            key: key.at(self.server.target.is_passportal()),
            was_refused: was_refused && self.secret.is_some(),
            clocks: self.clocks,
            address,
        })
    }

    /// What a failing token tells without the secret.
    fn of_token_alone(&self, error: Option<&ApiError>) -> Option<Finding> {
        let failing = self.failing.as_ref().filter(|_| self.secret.is_none())?;
        match error {
            _ if failing.parse().is_none() => Some(Finding::fault(
                "The HMAC token was not tried: it does not have 64 hex digits.",
                "Check what the other program sends as x-hash, or give the secret too.",
            )),
            Some(ApiError::Verification) => Some(Finding::fault(
                "The server refuses this HMAC token with this ID and this content.",
                "Give the secret too (--secret-file): with it the mistake in the token can be found.",
            )),
            _ => None,
        }
    }
}

impl FailingToken {
    /// The token, if its digits are there.
    fn parse(&self) -> Option<HmacToken> {
        digits(self.text.expose_secret())
    }
}

fn of_no_exchange(is_active: bool) -> Finding {
    let key = if is_active { "The key exists and is active; its exchange" } else { "The exchange" };
    let next = "To try it, give the secret on standard input or with --secret-file.";
    Finding::note(format!("{key} was not tried."), next)
}

/// What the server says of a fresh access token of the key `id`.
fn of_verdict(verdict: &Result<Verdict, String>, id: &KeyId) -> Finding {
    match verdict {
        Ok(Verdict::Good(whose)) if whose == id => Finding::step(FindingKind::Passed, messages::TOKEN_ACCEPTED),
        Ok(Verdict::Good(whose)) => Finding::step(FindingKind::Failed, messages::token_of_another_key(whose)),
        Ok(Verdict::Refused(words)) => Finding::step(FindingKind::Failed, messages::token_refused(words)),
        Ok(Verdict::NotOffered) => Finding::note(messages::NO_VERIFICATION, ""),
        Err(words) => Finding::note(messages::token_not_verified(words), ""),
    }
}

/// Runs a test to its end.
pub async fn run(input: TestInput, client: &Client) -> KeyTest {
    let (mut test, mut request) = KeyTest::begin(input);
    while let Some(next) = request {
        request = test.on_reply(answer(client, next).await, Utc::now());
    }
    test
}
