//! `latchkey revoke`: the emergency brake.

use super::args::{RevokeArgs, Revoked};
use super::prompts::Prompts;
use super::{connect_to_change, output};
use crate::client::RevokeRequest;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::messages;
use crate::operations::prompter::Prompter as _;
use crate::platform::prompt;
use crate::server::StoreAccess;

/// Revokes all access tokens, all sessions, or both.
pub(crate) async fn run(args: &RevokeArgs, settings: &Context) -> Result<Exit, Failure> {
    if !args.yes && !prompt::is_possible() {
        return Err(Failure::usage("Can't ask for confirmation without a terminal.")
            .next(format!("{} Use --yes to revoke without confirmation.", messages::NOTHING_CHANGED)));
    }
    let has = |what| args.what.contains(&what);
    let what = RevokeRequest { tokens: has(Revoked::Tokens), sessions: has(Revoked::Sessions) };
    let access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    access
        .work(async |server| {
            if !args.yes {
                let profile = &server.server.profile.name;
                let question = format!("Revoke {} of {profile}? To confirm, type revoke: ", words(what));
                if Prompts::new().ask(question).await? != "revoke" {
                    return Err(Failure::new(Exit::Cancelled, "Nothing was revoked."));
                }
            }
            let ended = server.client.revoke(what).await?;
            output::say(&done(what, ended))
        })
        .await
}

fn words(what: RevokeRequest) -> &'static str {
    match (what.tokens, what.sessions) {
        (true, true) => "all access tokens and all sessions",
        (true, false) => "all access tokens",
        _ => "all sessions",
    }
}

fn done(what: RevokeRequest, ended: u64) -> String {
    let tokens = "Every access token that was issued so far is revoked. Keys can be exchanged for new ones.";
    let sessions = match ended {
        1 => "1 session was ended. Administrators have to sign in again.".to_owned(),
        ended => format!("{ended} sessions were ended. Administrators have to sign in again."),
    };
    match (what.tokens, what.sessions) {
        (true, true) => format!("{tokens} {sessions}"),
        (true, false) => tokens.to_owned(),
        _ => sessions,
    }
}
