//! The emergency brake: revoking every access token, ending every session.

use std::collections::HashSet;

use crate::client::{Changed, RevokeRequest, SessionEntry};
use crate::domain::InForce;
use crate::operations::access::Access;
use crate::operations::account::sessions::counted;
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::delete::Confirmation;
use crate::operations::messages;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;

/// What can be revoked: access tokens, sessions, or both.
pub(crate) const CHOICES: [RevokeRequest; 3] = [
    RevokeRequest { tokens: true, sessions: false },
    RevokeRequest { tokens: false, sessions: true },
    RevokeRequest { tokens: true, sessions: true },
];

/// What it is called.
pub(crate) const fn name(what: RevokeRequest) -> &'static str {
    match (what.tokens, what.sessions) {
        (true, true) => "all access tokens and all sessions",
        (true, false) => "all access tokens",
        _ => "all sessions",
    }
}

/// What confirms it.
pub(crate) fn confirmation(production: Option<String>) -> Confirmation {
    Confirmation::of_name("revoke", production)
}

/// What exactly will happen, and what that means for others; `sessions` are those of the server, if they are known.
pub(crate) fn consequences(what: RevokeRequest, sessions: Option<&[SessionEntry]>) -> Vec<[String; 2]> {
    let tokens = what.tokens.then(|| {
        let meaning = "Programs fail until they request new ones with their keys.";
        ["Every access token that was issued so far is refused at once.".to_owned(), meaning.to_owned()]
    });
    let sessions = what.sessions.then(|| [end_of(sessions), "Everyone has to sign in again.".to_owned()]);
    tokens.into_iter().chain(sessions).collect()
}

/// What nothing is changed about.
pub(crate) const WHAT_STAYS: &str = "Keys and passwords stay as they are.";

fn end_of(sessions: Option<&[SessionEntry]>) -> String {
    let all = match sessions {
        None => return "Every session ends at once, yours too.".to_owned(),
        Some([]) => return messages::NO_SESSIONS.to_owned(),
        Some(all) => all,
    };
    let names: HashSet<_> = all.iter().map(|session| session.username.raw_for_api()).collect();
    let of = if names.len() == 1 { "1 administrator".to_owned() } else { format!("{} administrators", names.len()) };
    let own = if all.iter().any(|session| session.current) { ", yours too" } else { "" };
    let end = if all.len() == 1 { "ends" } else { "end" };
    format!("{} of {of} {end} at once{own}.", counted(all.len()))
}

/// Revokes; asks first unless `is_sure`. Returns what came of it.
pub(crate) async fn revoke(access: &mut impl Access, what: RevokeRequest, is_sure: bool) -> Flow<String> {
    if !is_sure {
        let sessions =
            if what.sessions { Some(access.call(async |client| client.sessions().await).await?) } else { None };
        let server = &access.connection().server;
        let (profile, confirmation) = (server.profile.name.clone(), confirmation(server.production()));
        let prompter = access.prompter();
        for [happens, meaning] in consequences(what, sessions.as_deref()) {
            prompter.say(format!("{happens} {meaning}"));
        }
        prompter.say(WHAT_STAYS);
        let question = format!("Revoke {} of {profile}? {}", name(what), confirmation.question());
        if !confirmation.is_given_by(&prompter.ask(question).await?) {
            return Err(Interrupt::Failed(Failure::new(Exit::Cancelled, messages::NOTHING_REVOKED)));
        }
    }
    let revoked = access.call(async |client| client.revoke(what).await).await?;
    Ok(done(what, revoked))
}

/// What came of it.
pub(crate) fn done(what: RevokeRequest, Changed { result: ended, in_force }: Changed<u64>) -> String {
    let place = in_force.map(InForce::words).filter(|words| !words.is_empty());
    let place = place.map_or(String::new(), |words| format!(" They are refused{words}."));
    let tokens = format!(
        "Every access token that was issued so far is revoked.{place} Programs can request new ones with their keys."
    );
    let sessions = match ended {
        1 => "1 session was ended. Administrators have to sign in again.".to_owned(),
        ended => format!("{ended} sessions were ended. Administrators have to sign in again."),
    };
    match (what.tokens, what.sessions) {
        (true, true) => format!("{tokens} {sessions}"),
        (true, false) => tokens,
        _ => sessions,
    }
}
