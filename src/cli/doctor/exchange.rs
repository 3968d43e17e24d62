//! What is wrong with a key, a secret or an HMAC token.

use chrono::Utc;
use secrecy::{ExposeSecret, SecretString};

use super::Diagnosis;
use crate::api::{ApiError, Client, Exchanged};
use crate::args::DoctorArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::reach::Reached;
use crate::cli::{ask, secret};
use crate::model::doctor::{Evidence, Finding, KeyState, diagnose as find};
use crate::model::role::{Wanted, check_pair};
use crate::model::{Content, KeyId, SecretKey, hmac_token};

/// What the user has at hand.
pub(super) struct Case {
    id: KeyId,
    secret: Option<SecretKey>,
    content: Option<Content>,
    failing_token: Option<SecretString>,
}

impl Case {
    /// Reads what goes with the ID; none without one.
    pub(super) fn read(args: &DoctorArgs) -> Result<Option<Self>, Failure> {
        let Some(id) = args.id.clone() else { return Ok(None) };
        let dash = Some(std::path::Path::new("-"));
        let token_on_stdin = args.hmac_file.as_deref() == dash;
        if token_on_stdin && args.secret.secret_file.is_none() && !ask::is_possible()
            || args.secret.secret_file.as_deref() == dash && token_on_stdin
        {
            return Err(Failure::usage("Standard input holds either the secret or the HMAC token.")
                .next("Give the secret with --secret-file FILE."));
        }
        let failing_token = args.hmac_file.as_deref().map(|file| secret::read_if_any(Some(file), Wanted::HmacToken));
        let secret = secret::read_if_any(args.secret.secret_file.as_deref(), Wanted::Secret)?;
        let secret = secret.map(|secret| SecretKey::foreign(secret.expose_secret()));
        Ok(Some(Self {
            id,
            secret,
            content: args.content.clone(),
            failing_token: failing_token.transpose()?.flatten(),
        }))
    }
}

/// Tries the exchange, looks at the key if somebody is signed in, and computes what can be known from that.
pub(super) async fn diagnose(case: &Case, server: &Reached, address: Option<String>) -> Diagnosis {
    let secret = case.secret.as_ref();
    let is_plausible =
        check_pair(case.id.raw_for_api(), secret.map_or("", SecretKey::expose)).is_ok_and(|()| secret.is_some());
    // What cannot be right is not sent.
    let exchanged = match secret.filter(|_| is_plausible) {
        Some(secret) => exchange(&server.client, &case.id, secret).await,
        None => None,
    };
    let result = exchanged.as_ref().map(|exchanged| &exchanged.result);
    let evidence = Evidence {
        id: case.id.raw_for_api(),
        secret,
        content: case.content.as_ref(),
        failing_token: case.failing_token.as_ref().map(ExposeSecret::expose_secret),
        key: look(&server.client, &case.id).await,
        was_refused: matches!(result, Some(Err(ApiError::Verification))),
        clocks: exchanged.as_ref().and_then(|exchanged| exchanged.server_time).map(|theirs| (theirs, Utc::now())),
        // An address that works is not to blame.
        address: address.filter(|_| !matches!(result, Some(Ok(_)))),
    };
    let mut findings = find(&evidence);
    let mut exit = if findings.iter().any(|found| found.is_fault) { Exit::NotGood } else { Exit::Done };
    match result {
        Some(Ok(grant)) => findings.push(Finding {
            what: format!(
                "The exchange works: the access token is good until {}.",
                crate::cli::output::time(grant.expires_at)
            ),
            next: String::new(),
            is_fault: false,
        }),
        Some(Err(ApiError::Verification)) => exit = Exit::NotGood,
        Some(Err(error)) => {
            let other = Diagnosis::of(&error.into());
            exit = other.exit;
            findings.extend(other.findings);
        }
        None => findings.push(Finding {
            what: "The exchange was not tried.".to_owned(),
            next: "Give the secret on standard input or with --secret-file to try it.".to_owned(),
            is_fault: false,
        }),
    }
    Diagnosis { findings, exit }
}

/// With content of our own: the user's may be public by now.
async fn exchange(client: &Client, id: &KeyId, secret: &SecretKey) -> Option<Exchanged> {
    let content = Content::draw().ok()?;
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
