//! The server that a command works on.

use super::prompts::{CommandAccess, Prompts};
use crate::client::Connection;
use crate::config::Config;
use crate::operations::connect;
use crate::operations::context::Context;
use crate::operations::failure::Failure;
use crate::operations::permissions::ReadOnly;
use crate::server::StoreAccess;

/// Connects to the server of the chosen profile, and signs in where that is needed.
pub(crate) async fn connect(settings: &Context) -> Result<CommandAccess, Failure> {
    connect_with(settings, &settings.config()?, StoreAccess::Open).await
}

/// The same, where the embedded server may do other things to its store.
pub(crate) async fn connect_with(
    settings: &Context,
    config: &Config,
    may: StoreAccess,
) -> Result<CommandAccess, Failure> {
    let mut prompts = Prompts::new();
    let connection = connect::signed_in(&mut prompts, config, config.chosen(), &settings.embedded, may).await?;
    Ok(CommandAccess { prompts, connection })
}

/// Connects to the server of the chosen profile for calls that need no session, without a sign-in.
pub(crate) async fn connect_as_anyone(settings: &Context) -> Result<Connection, Failure> {
    let config = settings.config()?;
    connect::without_session(&config, config.chosen(), &settings.embedded, StoreAccess::Open).await
}

/// Connects to change something: refused without a call where nothing may be changed.
pub(crate) async fn connect_to_change(
    settings: &Context,
    mut prompts: Prompts,
    may: StoreAccess,
) -> Result<CommandAccess, Failure> {
    let config = settings.config()?;
    let name = config.chosen();
    if config.profile(name)?.read_only {
        return Err(ReadOnly::Profile.into());
    }
    let connection = connect::signed_in(&mut prompts, &config, name, &settings.embedded, may).await?;
    Ok(CommandAccess { prompts, connection })
}
