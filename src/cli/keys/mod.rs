//! `latchkey keys`.

mod create;
mod delete;
mod list;
mod show;

use std::io;
use std::io::Write;

use super::args::{EditArgs, KeysCommand};
use super::connect::connect;
use super::connect_to_change;
use super::output;
use super::output::KeyRecord;
use crate::client::{Changes, Connection};
use crate::domain::{AccessKey, KeyId, Status};
use crate::operations::activate::{NotSwitched, Switch};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::messages;
use crate::server::StoreAccess;
use chrono::Utc;

/// Does what was asked.
pub async fn run(command: KeysCommand, settings: &Context) -> Result<Exit, Failure> {
    match command {
        // These look at their destination and their input before they look for a server.
        KeysCommand::Create(args) => create::run(&args, settings).await,
        KeysCommand::Delete(args) => delete::run(args, settings).await,
        KeysCommand::List(args) => {
            let mut server = connect(settings).await?;
            let result = list::run(&args, &server, settings.format).await;
            server.end_session().await;
            result
        }
        KeysCommand::Show(args) => {
            let mut server = connect(settings).await?;
            let result = show::run(&args, &server, settings.format).await;
            server.end_session().await;
            result
        }
        KeysCommand::Edit(args) => {
            let EditArgs { id, texts, expires } = args;
            let expires_at = expires.map(|end| end.at(Utc::now()));
            edit(&id, Changes { texts: texts.0, expires_at, status: None }, settings).await
        }
        KeysCommand::Activate { id } => switch(&id, Switch::Activate, settings).await,
        KeysCommand::Deactivate { id } => switch(&id, Switch::Deactivate, settings).await,
    }
}

async fn switch(id: &KeyId, to: Switch, settings: &Context) -> Result<Exit, Failure> {
    edit(id, Changes { status: Some(to.status()), ..Changes::default() }, settings).await
}

/// Changes a key, and writes it as it is then.
async fn edit(id: &KeyId, changes: Changes, settings: &Context) -> Result<Exit, Failure> {
    let mut server = connect_to_change(settings, StoreAccess::Open).await?;
    let edited = change(id, &changes, &server).await;
    server.end_session().await;
    let key = edited?;
    output::print(|out| write_key(out, settings.format, &key))
}

/// The call. A key that has expired is not switched on: it would stay as it is.
async fn change(id: &KeyId, changes: &Changes, server: &Connection) -> Result<AccessKey, Failure> {
    if changes.status == Some(Status::Active)
        && let Err(why @ NotSwitched::Expired) = Switch::of(&server.client.key(id).await?, Some(Switch::Activate))
    {
        let id = id.to_display(KeyId::MAX_CHARS);
        return Err(Failure::new(Exit::Conflict, why.to_string()).next(format!(
            "{} Set a new expiry date with: latchkey keys edit {id} --expires WHEN",
            messages::NOTHING_CHANGED
        )));
    }
    Ok(server.client.edit(id, changes).await?)
}

fn write_key(out: &mut impl Write, format: Format, key: &AccessKey) -> io::Result<()> {
    let record = KeyRecord::of(key);
    match format {
        Format::Csv | Format::Tsv => {
            let mut rows = output::Rows::new(out, format);
            rows.row(KeyRecord::names())?;
            rows.row(record.cells().map(output::cell))?;
            rows.end()
        }
        Format::Table | Format::Json => output::write_fields(out, format, &record, &record.fields()),
    }
}
