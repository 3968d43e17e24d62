//! The HTTP client: one method per call of the contract.

mod admins;
mod answer;
mod clock;
mod exchange;
mod handovers;
mod identify;
mod inspect;
mod list;
mod rotation;
mod session;
mod usage;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{AUTHORIZATION, CONNECTION, HeaderValue, IF_MATCH};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

pub use admins::{AdminChange, AdminChangeKind, AdminEntry, AdminList, NewSigningKey, RevokeRequest, SessionEntry};
pub use answer::Answer;
pub use exchange::Exchanged;
pub use handovers::{Handover, HandoverEnd, NewHandover};
pub use identify::{DeletedKey, Identified, KeyOwner, TokenStatus};
pub use inspect::{Event, EventScope, EventsRequest, FieldChange, Health, TrailFilter, TrailPage};
pub use session::AdminSession;
pub(crate) use session::FAREWELL;

use super::device_tokens::DeviceTokens;
use super::wire;
use super::{ApiError, Changes, ConnectionSettings, Creation, KeyChange, KeyChanged, NewKey, Target, Transport};
use crate::domain::{AccessKey, BaseUrl, InForce, KeyId, SealKey, Untrusted};
use clock::ServerClock;

/// The largest answer that is read: 1,000 keys of the contract's longest form, twice over.
const BODY_LIMIT: usize = 4 << 20;
/// Changes that are under way at once: as many as the server stores together.
const CONCURRENT_CHANGES: usize = 8;
/// How long changes are begun before their results are told: so that a user sees how far they are, and can stop them.
pub(crate) const CHANGES_FOR: Duration = Duration::from_millis(100);
/// The `code` of an exchange that is refused (HTTP contract, part A).
const VERIFICATION_FAILED: i64 = 1000;
/// The code of an access token or a session that is not good.
const INVALID_TOKEN: i64 = 1006;
/// What a server says of a path that it doesn't have, in place of a key.
const NO_PATH: &str = "This path";
/// What a server says of an attempt whose key was deleted.
const KEY_DELETED: &str = "was deleted";
/// The largest answer that may hold a secret.
const SECRET_BODY_LIMIT: usize = 64 << 10;

/// What a change came to, and where what it revoked is refused by now, if the server says that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    pub result: T,
    /// `None` of a server of its own, of servers that don't say, and where nothing was revoked.
    pub in_force: Option<InForce>,
}

impl<T> From<T> for Changed<T> {
    fn from(result: T) -> Self {
        Self { result, in_force: None }
    }
}

fn in_force(response: &Response) -> Option<InForce> {
    response.headers().get(InForce::HEADER)?.to_str().ok().and_then(InForce::parse)
}

/// A connection to one server, as one administrator. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    base: Url,
    session: Option<HeaderValue>,
    clock: ServerClock,
    run_ca_file: Option<PathBuf>,
    devices: Option<DeviceTokens>,
}

impl Client {
    /// A client of a server that listens on a Unix socket.
    pub fn unix(socket: &Path, session: &SecretString) -> Result<Self, ApiError> {
        let client = Self::build(Transport::to_socket(socket)?, "http://localhost", Some(session))?;
        Ok(Self { clock: ServerClock::ours(), ..client })
    }

    /// A client of any server. Without a session it can only sign in. Reads the files that `connection` names.
    pub fn connect(connection: &ConnectionSettings, session: Option<&SecretString>) -> Result<Self, ApiError> {
        let base = match &connection.target {
            Target::Socket(_) => "http://localhost".to_owned(),
            // A port in the URL would count for more than that of the forward; the Host header keeps it.
            Target::Url(base) if connection.connect_to.is_some() => format!("https://{}", base.name()),
            Target::Url(base) => base.as_str().to_owned(),
        };
        let client = Self::build(Transport::new(connection)?, &base, session)?;
        let devices = connection.devices.clone().map(|folder| DeviceTokens::of(folder, &connection.target));
        Ok(Self { run_ca_file: connection.run_ca_file.clone(), devices, ..client })
    }

    /// A client of another server, which gets nothing of this one's session, proxy and certificates.
    pub fn elsewhere(&self, base: BaseUrl) -> Result<Self, ApiError> {
        let ca_file = self.run_ca_file.clone();
        Self::connect(&ConnectionSettings { ca_file, ..ConnectionSettings::new(Target::Url(base)) }, None)
    }

    /// The same connection, without a session.
    #[must_use]
    pub fn without_session(&self) -> Self {
        Self { session: None, ..self.clone() }
    }

    /// Whether it has a session.
    pub const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// The same connection, as the administrator whose session it is.
    pub fn with_session(&self, session: &SecretString) -> Result<Self, ApiError> {
        Ok(Self { session: Some(bearer(session)?), ..self.clone() })
    }

    fn build(transport: Transport, base: &str, session: Option<&SecretString>) -> Result<Self, ApiError> {
        let base = Url::parse(&format!("{}/api/v2", base.trim_end_matches('/')))
            .map_err(|_| ApiError::NotStarted("The base URL is not a URL.".into()))?;
        let clock = ServerClock::unknown();
        Ok(Self { transport, base, session: session.map(bearer).transpose()?, clock, run_ca_file: None, devices: None })
    }

    /// Creates a key, which may replace another one. May be repeated with the same `new`: one key is made, and its secret
    /// is sent again until [`delivered`](Self::delivered) says that it has arrived.
    pub async fn create(&self, new: &NewKey) -> Result<Creation, ApiError> {
        if let Some(old) = &new.replaces {
            return self.rotate(old, new).await;
        }
        let seal_key = new.attempt.seal_key.as_ref();
        match self.create_sealed(new, seal_key).await {
            // An older server: it has made nothing. Or it did when it was older, and knows the request as it was then.
            Err(ApiError::Refused(400, why)) if seal_key.is_some() && why.raw_for_api().contains("seal_to") => {
                self.create_sealed(new, None).await
            }
            Err(ApiError::Conflict(422, _)) if seal_key.is_some() => self.create_sealed(new, None).await,
            created => created,
        }
    }

    async fn create_sealed(&self, new: &NewKey, seal_key: Option<&SealKey>) -> Result<Creation, ApiError> {
        self.send_new(self.call(Method::POST, &["keys"]), new, seal_key).await
    }

    async fn send_new(
        &self,
        call: RequestBuilder,
        new: &NewKey,
        seal_key: Option<&SealKey>,
    ) -> Result<Creation, ApiError> {
        let call = call
            .header("idempotency-key", &new.attempt.name.0)
            .header(CONNECTION, "close") // its buffers held a secret: they go with it
            .json(&wire::new_key(new, seal_key));
        Answer::of(self.send(call).await?, SECRET_BODY_LIMIT).await?.creation(seal_key).map_err(|error| match error {
            ApiError::Conflict(422, words) if words.raw_for_api().contains(KEY_DELETED) => ApiError::CreatedGone,
            error => error,
        })
    }

    /// Lets the server forget the sealed secret of a new key, which has arrived. It is forgotten after a while anyway, and
    /// older servers keep none.
    pub async fn delivered(&self, id: &KeyId) {
        let call = self.call(Method::DELETE, &["keys", id.raw_for_api(), "sealed"]);
        let _ = tokio::time::timeout(FAREWELL, self.send(call)).await;
    }

    pub async fn key(&self, id: &KeyId) -> Result<AccessKey, ApiError> {
        let call = self.call(Method::GET, &["keys", id.raw_for_api()]);
        Answer::of(self.send(call).await?, BODY_LIMIT).await?.key()
    }

    pub async fn edit(&self, id: &KeyId, changes: &Changes) -> Result<Changed<AccessKey>, ApiError> {
        let call = self.call(Method::PATCH, &["keys", id.raw_for_api()]).json(&wire::changes(changes));
        let call = if_match(call, changes.revision);
        let response = self.send(call).await?;
        let in_force = in_force(&response);
        match Answer::of(response, BODY_LIMIT).await?.key() {
            Err(ApiError::Refused(400, words)) if is_unknown_field(&words, "reactivates_at") => {
                Err(ApiError::NoReactivation)
            }
            key => Ok(Changed { result: key?, in_force }),
        }
    }

    /// Deletes a key, if it has this revision or none is given; says whether it was there.
    pub async fn delete(&self, id: &KeyId, revision: Option<u64>) -> Result<Changed<bool>, ApiError> {
        let call = self.call(Method::DELETE, &["keys", id.raw_for_api()]);
        let response = self.send(if_match(call, revision)).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(Changed { result: true, in_force: in_force(&response) }),
            // A web page that says 404 is not about the key.
            _ => match Answer::of(response, SECRET_BODY_LIMIT).await?.refusal() {
                ApiError::NotFound(_) => Ok(false.into()),
                error => Err(error),
            },
        }
    }

    /// Makes one of many changes.
    pub async fn change_key(&self, change: &KeyChange) -> Result<KeyChanged, ApiError> {
        match change {
            KeyChange::Edit(id, changes) => self.edit(id, changes).await.map(Box::new).map(KeyChanged::Edited),
            KeyChange::Delete(id, revision) => self.delete(id, *revision).await.map(KeyChanged::Deleted),
        }
    }

    /// Makes changes, some at a time: the first ones, and more as long as `goes_on` and nothing is in the way of the
    /// next one. Gives what came of each that was begun, in their order.
    pub(crate) async fn change_each(
        &self,
        changes: &[KeyChange],
        goes_on: impl Fn() -> bool,
    ) -> Vec<Result<KeyChanged, ApiError>> {
        let (mut calls, mut results, mut is_clear) = (JoinSet::new(), Vec::new(), true);
        let mut left = changes.iter();
        loop {
            while is_clear
                && calls.len() < CONCURRENT_CHANGES
                && let Some(change) = left.next()
            {
                let (client, change, at) = (self.clone(), change.clone(), results.len());
                results.push(Err(ApiError::NotStarted("The change was interrupted.".to_owned())));
                calls.spawn(async move { (at, client.change_key(&change).await) });
            }
            let Some(done) = calls.join_next().await else { return results };
            let Ok((at, result)) = done else {
                is_clear = false;
                continue;
            };
            is_clear &= result.as_ref().map_or_else(ApiError::is_about_key, |_| true) && goes_on();
            results[at] = result;
        }
    }

    async fn send(&self, call: RequestBuilder) -> Result<Response, ApiError> {
        let response = call.send().await.map_err(|error| self.transport.blame(&error))?;
        self.clock.note(response.headers());
        Ok(response)
    }

    /// The server's time, by which it judges expiry: ours, unless its answers say that it is off by a minute or more.
    /// Asks it if no answer has come yet.
    pub async fn server_time(&self) -> DateTime<Utc> {
        if !self.clock.is_known() {
            let _ = self.health().await; // what is wrong with the server is said by the call that follows
        }
        Utc::now() + self.clock.ahead()
    }

    /// A call that needs a session.
    fn call(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let call = self.anyone(method, path);
        match &self.session {
            Some(session) => call.header(AUTHORIZATION, session.clone()),
            None => call,
        }
    }

    /// A call that needs none.
    fn anyone(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path); // percent-encodes: an ID of another server is any text
        }
        self.transport.http.request(method, url)
    }
}

/// Whether a server says that it doesn't know a field of a body.
fn is_unknown_field(words: &Untrusted, field: &str) -> bool {
    words.raw_for_api().strip_prefix(field).is_some_and(|rest| rest.contains("not a known field"))
}

/// Lets the server refuse the call if the key has another revision.
fn if_match(call: RequestBuilder, revision: Option<u64>) -> RequestBuilder {
    match revision {
        Some(revision) => call.header(IF_MATCH, format!("\"{revision}\"")),
        None => call,
    }
}

/// The header that bears a session. Never printed.
fn bearer(session: &SecretString) -> Result<HeaderValue, ApiError> {
    let text = Zeroizing::new(format!("Bearer {}", session.expose_secret()));
    let mut header = HeaderValue::from_str(&text).map_err(|_| {
        ApiError::NotStarted("The session token has characters that are not allowed in a header.".into())
    })?;
    header.set_sensitive(true);
    Ok(header)
}
