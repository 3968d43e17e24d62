//! `latchkey admin`: who may sign in, to the server on a data folder or to that of a profile.

mod list;

use std::path::Path;

use super::args::admin::Admin;
use super::connect::connect_with;
use super::output;
use super::prompts::CommandAccess;
use crate::config::ServerLocation;
use crate::operations::account::administrators;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::permissions::ReadOnly;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::warn;
use crate::platform::process::users::own_name;
use crate::server::auth::username::Username;
use crate::server::{Actor, DataFolder, StoreAccess};

/// Does what is asked about administrators.
pub async fn run(what: &Admin, settings: &Context) -> Result<Exit, Failure> {
    let config = settings.config()?;
    if config.profile(config.chosen())?.read_only && !matches!(what, Admin::List) {
        return Err(ReadOnly::Profile.into());
    }
    let folder = match config.connection(config.chosen())? {
        ServerLocation::Embedded(folder) => Some(folder),
        ServerLocation::Remote(_) => None,
    };
    let may = match what {
        Admin::Add { .. } => StoreAccess::Create,
        Admin::List => StoreAccess::Read,
        _ => StoreAccess::Open,
    };
    if let Some(folder) = &folder {
        check(folder, may)?;
    }
    let mut access = connect_with(settings, &config, may).await?;
    if !matches!(what, Admin::List) {
        let changed = change(what, &mut access).await;
        access.connection.end_session().await;
        return output::say(&changed?);
    }
    access
        .work(async |server| {
            let all = server.client.administrators().await?;
            // A folder that was not named may not be the one that is meant.
            if let (Some(folder), true, None) = (&folder, all.is_empty(), &settings.overrides.data)
                && settings.format != Format::Json
            {
                warn(format!("There are no administrators in {}. For a server's, use --data.", folder.display()));
            }
            list::write(&all, settings.format)
        })
        .await
}

/// Makes a change, and says what came of it.
async fn change(what: &Admin, access: &mut CommandAccess) -> Flow<String> {
    let name = |text: &str| Username::parse(text).map_err(Failure::from);
    match what {
        Admin::List => Ok(String::new()),
        Admin::Add { username, role, password } => {
            administrators::add(access, &name(username)?, *role, password.source()).await
        }
        Admin::Passwd { username, password } => {
            administrators::reset_password(access, &name(username)?, password.source()).await
        }
        Admin::Role { username, role, last } => administrators::set_role(access, &name(username)?, *role, *last).await,
        Admin::Remove { username, yes, last } => administrators::remove(access, &name(username)?, *yes, *last).await,
    }
}

/// The user, as the trail names who works on a data folder or a database.
pub(super) fn actor() -> Actor {
    Actor { name: own_name(), address: "local".to_owned() }
}

/// Refuses a folder that is mistyped.
fn check(folder: &Path, may: StoreAccess) -> Result<(), Failure> {
    if may == StoreAccess::Create || DataFolder::exists(folder) {
        return Ok(());
    }
    Err(Failure::new(Exit::NotFound, format!("{} is not a latchkey data folder.", folder.display()))
        .next("Use --data with the server's data folder."))
}
