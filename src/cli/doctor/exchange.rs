//! What is wrong with a key, a secret or an HMAC token.

use chrono::Utc;
use secrecy::ExposeSecret;

use super::case::Case;
use crate::client::{ApiError, Client, Exchanged};
use crate::domain::credential_kind::check_pair;
use crate::domain::diagnosis::{Evidence, Finding, KeyState, diagnose as find, of_end};
use crate::domain::{BaseUrl, Grant, KeyId, SecretKey, Status, hmac_token};
use crate::operations::connect::Connection;
use crate::operations::diagnose::Diagnosis;
use crate::operations::failure::Exit;
use crate::operations::format::time;
use crate::platform::random;

/// Tries the exchange, looks at the key if somebody is signed in, and computes what can be known from that.
pub(crate) async fn diagnose(case: &Case, server: &Connection, is_known: bool, base: Option<&BaseUrl>) -> Diagnosis {
    let secret = case.secret.as_ref();
    // What cannot be right is not sent.
    let is_possible = |secret: &SecretKey| {
        check_pair(case.id.raw_for_api(), secret.expose()).map_or_else(|wrong| !wrong.is_certain, |()| true)
    };
    let exchanged = match (secret.filter(|secret| is_possible(secret)), case.token()) {
        (Some(secret), _) => exchange(&server.client, &case.id, secret).await,
        (None, Some((token, content))) => Some(server.client.exchange(&case.id, &token, content).await),
        (None, None) => None,
    };
    let result = exchanged.as_ref().map(|exchanged| &exchanged.result);
    let works = matches!(result, Some(Ok(_)));
    // Of a key that works there is nothing to find out.
    let key = if is_known && !works { look(&server.client, &case.id).await } else { KeyState::Unknown };
    let is_passportal = base.is_some_and(BaseUrl::is_passportal);
    let evidence = Evidence {
        id: case.id.raw_for_api(),
        secret,
        content: case.content.as_ref(),
        failing_token: case.failing_token.as_ref().map(ExposeSecret::expose_secret),
        key: key.at(is_passportal),
        was_refused: secret.is_some() && matches!(result, Some(Err(error)) if error.is_refused_pair()),
        clocks: exchanged.as_ref().and_then(|exchanged| exchanged.server_time).map(|theirs| (theirs, Utc::now())),
        // An address that works is not to blame.
        address: base.and_then(BaseUrl::region_hint).filter(|_| !works),
    };
    let mut findings = find(&evidence);
    findings.extend(of_token_alone(case, result));
    let is_fault = findings.iter().any(|found| found.is_fault);
    let exit = add_result(&mut findings, result, &evidence.key).max(if is_fault { Exit::NotGood } else { Exit::Done });
    if !is_known && !is_passportal && !works && exit == Exit::NotGood {
        let next = "Sign in with latchkey login --remember, then ask again.";
        findings.push(Finding::note("Nobody is signed in here, so that the key itself could not be looked at.", next));
    }
    Diagnosis { findings, exit }
}

/// Adds what the exchange came to, and says how bad that is.
fn add_result(findings: &mut Vec<Finding>, result: Option<&Result<Grant, ApiError>>, key: &KeyState) -> Exit {
    match result {
        Some(Ok(grant)) => {
            if let Some(ended) = of_end(grant.expires_at, Utc::now()) {
                findings.push(ended);
                return Exit::NotGood;
            }
            let what = format!("The exchange works: the access token is good until {}.", time(grant.expires_at));
            findings.push(Finding::note(what, ""));
            Exit::Done
        }
        Some(Err(error)) if error.is_refused_pair() => {
            findings.push(Finding::note(error.to_string(), ""));
            Exit::NotGood
        }
        Some(Err(error)) => {
            let other = Diagnosis::of(&error.into());
            findings.extend(other.findings);
            other.exit
        }
        None => {
            let next = "Give the secret on standard input or with --secret-file to try it.";
            let is_active = matches!(key, KeyState::Known(key) if key.status == Status::Active);
            let what = if is_active {
                "The key exists and is active; its exchange was not tried."
            } else {
                "The exchange was not tried."
            };
            findings.push(Finding::note(what, next));
            Exit::Done
        }
    }
}

/// What can be said of a failing token without the secret.
fn of_token_alone(case: &Case, result: Option<&Result<Grant, ApiError>>) -> Option<Finding> {
    if case.secret.is_some() || case.failing_token.is_none() {
        return None;
    }
    let (what, next) = match (case.token(), result) {
        (None, _) => (
            "The HMAC token was not tried: it does not have 64 hex digits.",
            "Look at what the other program sends as x-hash, or give the secret too.",
        ),
        (_, Some(Err(ApiError::Verification))) => (
            "The server refuses this HMAC token with this ID and this content.",
            "Give the secret too (--secret-file): with it the mistake in the token can be found.",
        ),
        _ => return None,
    };
    Some(Finding { what: what.to_owned(), next: next.to_owned(), is_fault: true })
}

/// With content of our own: the user's may be public by now.
async fn exchange(client: &Client, id: &KeyId, secret: &SecretKey) -> Option<Exchanged> {
    let content = random::content().ok()?;
    let token = hmac_token(secret.expose().as_bytes(), content.as_str().as_bytes());
    Some(client.exchange(id, &token, &content).await)
}

async fn look(client: &Client, id: &KeyId) -> KeyState {
    match client.key(id).await {
        Ok(key) => KeyState::Known(Box::new(key)),
        Err(ApiError::NotFound(_)) => KeyState::Missing,
        Err(_) => KeyState::Unknown,
    }
}
