//! `latchkey db`: the database that servers share.

use std::io;
use std::io::Write as _;

use chrono::Utc;

use super::admin::actor;
use super::args::database::{Database, Db};
use super::prompts::Prompts;
use crate::operations::administrators::{new_password, password_question};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format;
use crate::operations::messages;
use crate::server::auth::passwords;
use crate::server::auth::username::Username;
use crate::server::{AddressError, DataFolder, DatabaseAddress, Role, Store};

/// Does what is asked about a database.
pub async fn run(what: &Db, settings: &Context) -> Result<Exit, Failure> {
    settings.only_data("latchkey db")?;
    if settings.overrides.read_only && !matches!(what, Db::Check { .. }) {
        return Err(Failure::new(Exit::Denied, "--read-only is set.").next(messages::NOTHING_CHANGED));
    }
    match what {
        Db::Init { database, grant, superuser, password } => {
            let address = address(database)?;
            migrate(&address, grant.as_deref()).await?;
            if let Some(name) = superuser {
                let username = Username::parse(name)?;
                let store = Store::open_for_work(address).await?;
                let name = username.as_str();
                if store.administrators().await?.iter().any(|known| known.username == name) {
                    return Err(Failure::new(Exit::Conflict, format!("Administrator {name} already exists.")));
                }
                let (mut prompts, question) = (Prompts::new(), password_question(&username));
                let typed = new_password(&mut prompts, &username, &question, password.source()).await?;
                let hash = passwords::hash(&typed).map_err(|error| Failure::new(Exit::Mistake, error.to_string()))?;
                if !store.add_administrator(&username, Role::Superuser, &hash, actor(), Utc::now()).await? {
                    return Err(Failure::new(Exit::Conflict, format!("Administrator {name} already exists.")));
                }
                say(&format!("Added {name} as superuser."))?;
            }
        }
        Db::Migrate { database, grant } => migrate(&address(database)?, grant.as_deref()).await?,
        Db::Check { database } => {
            let address = address(database)?;
            let place = address.place();
            let data = settings.data()?;
            let checked = DataFolder::check_database(data, settings.overrides.master_key.as_deref(), address).await?;
            let newest = checked.newest_event.map_or_else(|| "none".to_owned(), format::time);
            say(&format!(
                "In {place}: {} keys, {} administrators; newest event: {newest}.",
                checked.keys, checked.administrators
            ))?;
            if checked.unreadable > 0 {
                let wrong =
                    format!("The master key in {} does not open {} secrets.", data.display(), checked.unreadable);
                return Err(Failure::new(Exit::NotGood, wrong)
                    .next("Use the master key of the servers, or of the backup that this database is from."));
            }
            say("Every secret can be read with this machine's master key.")?;
        }
    }
    Ok(Exit::Done)
}

async fn migrate(address: &DatabaseAddress, grant: Option<&str>) -> Result<(), Failure> {
    let place = address.place();
    match Store::migrate_postgres(address.clone(), grant).await? {
        0 => say(&format!("The tables in {place} are up to date.")),
        _ => say(&format!("Created or updated the tables in {place}.")),
    }
}

fn address(database: &Database) -> Result<DatabaseAddress, Failure> {
    Ok(database.files.address(&database.database)?)
}

fn say(words: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{words}").map_err(|error| Failure::of_output(&error))
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::usage(format!("{error}."))
    }
}
