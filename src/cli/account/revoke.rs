//! `latchkey revoke`: the emergency brake.

use crate::cli::args::{RevokeArgs, Revoked};
use crate::cli::prompts::Prompts;
use crate::cli::{connect_to_change, output};
use crate::client::RevokeRequest;
use crate::operations::account::revoke::revoke;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::messages;
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
    let mut access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    let revoked = revoke(&mut access, what, args.yes).await;
    access.connection.end_session().await;
    output::say(&revoked?)
}
