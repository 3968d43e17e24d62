//! `latchkey db`: the database that servers share.

use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use chrono::Utc;

use crate::cli::admin::actor;
use crate::cli::args::database::{DatabaseArgs, DatabaseFileArgs, Db, is_address};
use crate::cli::prompts::Prompts;
use crate::operations::account::administrators::{new_password, password_question};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format;
use crate::operations::messages;
use crate::operations::prompts::input;
use crate::server::auth::passwords;
use crate::server::auth::username::Username;
use crate::server::copy::{CopyError, StoreLocation, copy};
use crate::server::{AddressError, CopiedRows, DataFolder, DatabaseAddress, Role, Store};

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
        Db::Copy { from, to, files } => copy_all(place(from, files)?, place(to, files)?, settings).await?,
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

/// The place that an argument names.
fn place(argument: &str, files: &DatabaseFileArgs) -> Result<StoreLocation, Failure> {
    if is_address(argument) {
        return Ok(StoreLocation::Database(Box::new(files.address(argument)?)));
    }
    let path = input::path(argument.into()).map_err(Failure::usage)?;
    // Who names the database in the folder means the folder.
    let is_database = path.file_name().is_some_and(|name| name == "keys.db");
    let folder = path.parent().filter(|_| is_database).map_or_else(
        || path.clone(),
        |folder| match folder {
            folder if folder.as_os_str().is_empty() => PathBuf::from("."),
            folder => folder.to_owned(),
        },
    );
    Ok(StoreLocation::Folder(folder))
}

async fn copy_all(from: StoreLocation, to: StoreLocation, settings: &Context) -> Result<(), Failure> {
    let (source, target) = (from.clone(), to.name());
    let shows = io::stderr().is_terminal();
    let progress = move |done: u64, total: u64| {
        if shows {
            // Where it can't be shown, nothing is lost.
            let _ = write!(io::stderr(), "\r{done} of {total} rows");
        }
    };
    let copied = copy(from, to, settings.data()?, &actor(), Utc::now(), Box::new(progress)).await;
    if shows {
        let _ = write!(io::stderr(), "\r{:40}\r", "");
    }
    let CopiedRows { keys, administrators, events } = copied?;
    say(&format!("Copied {keys} keys, {administrators} administrators and {events} events to {target}."))?;
    if let StoreLocation::Folder(folder) = source {
        let key = folder.join("master.key");
        say(&format!("Its servers need the master key: copy {} to the data folder of each.", key.display()))?;
    }
    Ok(())
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let said = format!("{error}.");
        let failure = match error {
            CopyError::Data(error) => error.into(),
            CopyError::SameKind => Self::usage(said),
            CopyError::InUse(_) => Self::new(Exit::Conflict, said),
            CopyError::NotEmpty(_) => {
                Self::new(Exit::Conflict, said).next("Name an empty folder, or an empty database.")
            }
            CopyError::Store(_) | CopyError::MasterKey(_) | CopyError::OtherMasterKey(_) | CopyError::Write { .. } => {
                Self::new(Exit::Mistake, error.to_string())
            }
        };
        if failure.next.is_some() { failure } else { failure.next("Nothing was copied.") }
    }
}

async fn migrate(address: &DatabaseAddress, grant: Option<&str>) -> Result<(), Failure> {
    let place = address.place();
    match Store::migrate_postgres(address.clone(), grant).await? {
        0 => say(&format!("The tables in {place} are up to date.")),
        _ => say(&format!("Created or updated the tables in {place}.")),
    }
}

fn address(database: &DatabaseArgs) -> Result<DatabaseAddress, Failure> {
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
