//! Whose secret or token is this? For one that has leaked: in a pasted line, a log or files.
//!
//! A secret goes to the server in the body of a request, and nowhere else.

pub(crate) mod scan;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::{ApiError, DeletedKey, Identified, KeyOwner, TokenStatus};
use crate::domain::{AccessKey, KeyId, Leak, Rotation, SecretKey, Status, Untrusted, leaks_in};
use crate::operations::access::Access;
use crate::operations::format::{local_time, relative};
use crate::operations::keys::activate::Switch;
use crate::operations::keys::edit::Conflict;
use crate::operations::keys::{changes, edit};
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;

/// How often a server that isn't ready is asked again, and after how long.
const TRIES: u32 = 120;
const LONGEST_PAUSE: u64 = 10;
/// Cells of a text of the server within a sentence.
const CELLS: usize = 100;

/// What was found in a text, and whose it is.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is, for people.
    pub name: &'static str,
    /// The same for programs.
    pub word: &'static str,
    /// None if it is that of no key.
    pub owner: Option<KeyOwner>,
    /// Of an access token.
    pub token: Option<TokenStatus>,
    /// What an HMAC token lacks to be compared with that of a key.
    pub lacks: Option<&'static str>,
}

impl Finding {
    /// What came of asking for it.
    pub fn of(leak: &Leak, identified: Option<Identified>) -> Self {
        let lacks = match leak {
            Leak::HmacToken(_, ids, contents) if ids.is_empty() || contents.is_empty() => Some(LACKS),
            _ => None,
        };
        let (owner, token) = identified.map(|Identified { owner, token }| (owner, token)).unzip();
        Self { name: leak.name(), word: leak.word(), owner, token: token.flatten(), lacks }
    }

    /// The key, if it is there.
    pub fn key(&self) -> Option<&AccessKey> {
        if let Some(KeyOwner::Key(key)) = &self.owner { Some(key) } else { None }
    }

    /// The ID of the key, also of one that was deleted.
    pub fn id(&self) -> Option<&KeyId> {
        self.owner.as_ref().map(|owner| match owner {
            KeyOwner::Key(key) => &key.id,
            KeyOwner::Deleted(deleted) => &deleted.id,
        })
    }

    /// In sentences.
    pub fn words(&self, now: DateTime<Utc>) -> String {
        let Self { name, .. } = self;
        let token = self.token.as_ref().map(|token| token_words(token, now)).unwrap_or_default();
        match &self.owner {
            Some(KeyOwner::Key(key)) => {
                let pair = pair_words(key).unwrap_or_default();
                format!("{name} of: {}{pair}{token}", key_words(key, now))
            }
            Some(KeyOwner::Deleted(deleted)) => format!("{name} of a deleted key: {}.{token}", deleted_words(deleted)),
            None => self.unknown_words(),
        }
    }

    /// Why no key was found.
    pub fn unknown_words(&self) -> String {
        let Self { name, .. } = self;
        match (self.lacks, self.word) {
            (Some(lacks), _) => lacks.to_owned(),
            (None, "hmac_token") => format!("{name}: doesn't fit the access key ID and the content that are with it."),
            _ => format!("{name}: belongs to no key here. The key may be deleted, or of another server."),
        }
    }
}

/// What an HMAC token is looked for with.
const LACKS: &str = "HMAC token: can't be looked up by itself. Paste it together with the access key ID (x-key) and the \
                     content that it was made of.";

/// Which key it is, whether it works, and when it was used.
fn key_words(key: &AccessKey, now: DateTime<Utc>) -> String {
    let id = key.id.to_display(KeyId::MAX_CHARS);
    let name = if key.label.is_empty() { id } else { format!("{} ({id})", key.label.to_display(CELLS)) };
    let text = |title: &str, text: Option<&Untrusted>| {
        let text = text.filter(|text| !text.is_empty());
        text.map(|text| format!("{title} {}", text.to_display(CELLS))).unwrap_or_default()
    };
    let owner = text(", owner", key.owner.as_ref());
    let status = match (key.status, key.reactivates_at, key.expires_at) {
        (Status::Active, _, Some(end)) => format!("Active, expires {}", relative(end, now)),
        (Status::Active, _, None) => "Active, never expires".to_owned(),
        (Status::Inactive, Some(at), _) => format!("Inactive, works again {}", relative(at, now)),
        (Status::Inactive, None, _) => "Inactive".to_owned(),
        (Status::Expired, _, end) => {
            format!("Expired{}", end.map(|end| format!(" {}", relative(end, now))).unwrap_or_default())
        }
    };
    let used = key.last_used_at.map_or_else(
        || "never used".to_owned(),
        |at| format!("last used {}{}", relative(at, now), text(" from", key.last_used_from.as_ref())),
    );
    format!("{name}{owner}. {status}, {used}.")
}

/// What is said of a key whose rotation is under way; begins with a blank.
fn pair_words(key: &AccessKey) -> Option<String> {
    Some(match key.rotation.as_ref()? {
        Rotation::ReplacedBy(new) => {
            let new = new.to_display(KeyId::MAX_CHARS);
            format!(" It is being replaced by {new}: finish that rotation to end it now.")
        }
        Rotation::Replaces(old) => {
            let old = old.to_display(KeyId::MAX_CHARS);
            format!(" It replaces {old}, and that rotation is under way.")
        }
    })
}

/// What is said of an access token after its key; begins with a blank.
fn token_words(token: &TokenStatus, now: DateTime<Utc>) -> String {
    let end = relative(token.expires_at, now);
    match token.status.raw_for_api() {
        "valid" => format!(" The token is valid and expires {end}."),
        "expired" => format!(" The token expired {end}."),
        other => format!(" The token is {}.", Untrusted::new(other).to_display(CELLS)),
    }
}

fn deleted_words(deleted: &DeletedKey) -> String {
    let text = |title: &str, text: &Untrusted| {
        if text.is_empty() { String::new() } else { format!(", {title} {}", text.to_display(CELLS)) }
    };
    let at = deleted.deleted_at.map(|at| format!(", deleted {}", local_time(at))).unwrap_or_default();
    let by = deleted.deleted_by.as_ref().map(|by| text("by", by)).unwrap_or_default().replace(", by", " by");
    let (label, owner) = (text("label", &deleted.label), text("owner", &deleted.owner));
    format!("{}{label}{owner}{at}{by}", deleted.id.to_display(KeyId::MAX_CHARS))
}

/// What a text holds that can be asked for; the error says what is wrong with it. Nothing was sent.
pub fn clues(text: &str) -> Result<Vec<Leak>, String> {
    let leaks = leaks_in(text);
    if !leaks.is_empty() {
        return Ok(leaks);
    }
    let word = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let secret = word.filter(|word| word.starts_with(SecretKey::PREFIX)).find_map(|word| SecretKey::parse(word).err());
    Err(match secret {
        Some(why) => format!("The text holds no whole Secret access key: {why}."),
        None => "The text holds no secret, token or access key ID of latchkey.".to_owned(),
    })
}

/// Asks whose each is. IDs of keys that were found by their secrets or tokens are left out.
pub(crate) async fn ask_all<A: Access>(access: &mut A, leaks: Vec<Leak>) -> Flow<Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    let (ids, others): (Vec<Leak>, Vec<Leak>) = leaks.into_iter().partition(|leak| matches!(leak, Leak::KeyId(_)));
    let count = others.len();
    for (n, leak) in others.into_iter().enumerate() {
        let identified = ask(access, &leak, n + 1 == count).await?;
        findings.push(Finding::of(&leak, identified));
    }
    for leak in ids {
        let is_known = |finding: &Finding| finding.id().is_some_and(|id| id.raw_for_api() == leak.expose());
        if !findings.iter().any(is_known) {
            let identified = ask(access, &leak, true).await?;
            findings.push(Finding::of(&leak, identified));
        }
    }
    Ok(findings)
}

/// Asks whose one is; waits for a server that isn't ready to tell.
pub(crate) async fn ask<A: Access>(access: &mut A, leak: &Leak, is_last: bool) -> Flow<Option<Identified>> {
    let mut tries = 0;
    loop {
        match access.try_call(async |client| client.owner(leak, is_last).await).await? {
            Err(error @ ApiError::Server { status: 503, retry_after: Some(wait), .. }) if tries < TRIES => {
                if tries == 0 {
                    access.prompter().warn(format!("{error} Waiting for it…"));
                }
                tries += 1;
                let pause = Duration::from_secs(wait.min(LONGEST_PAUSE));
                access.prompter().wait(tokio::time::sleep(pause)).await?;
            }
            answer => return Ok(answer?),
        }
    }
}

/// The keys that could be deactivated without a limit, each once.
pub(crate) fn usable_keys(findings: &[Finding]) -> Vec<AccessKey> {
    let mut keys: Vec<AccessKey> = Vec::new();
    for key in findings.iter().filter_map(Finding::key).filter(|key| key.can_be_used()) {
        if keys.iter().all(|known| known.id != key.id) {
            keys.push(key.clone());
        }
    }
    keys
}

/// Deactivates keys, each after a question unless all are confirmed. Says what came of it.
pub(crate) async fn deactivate<A: Access>(access: &mut A, keys: Vec<AccessKey>, is_confirmed: bool) -> Flow<()> {
    for key in keys {
        let name = key.id.to_display(KeyId::MAX_CHARS);
        if !is_confirmed {
            access.prompter().say(Switch::Deactivate(None).consequence());
            if !access.prompter().confirm(&format!("Deactivate {name} now?")).await? {
                access.prompter().say(messages::NOTHING_CHANGED);
                continue;
            }
        }
        let change = Switch::Deactivate(None).changes(&key);
        let done = access.call(async |client| edit::send(client, &key, &change).await).await?;
        let words = match done {
            Ok(done) => changes::saved(&key, &done.result, done.in_force),
            Err(Conflict { words, .. }) => format!("{words} {}", messages::NOTHING_CHANGED),
        };
        access.prompter().say(words);
    }
    Ok(())
}
