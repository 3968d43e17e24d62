//! `latchkey keys`.

mod create;
mod identify;
mod list;
mod many;
mod rotate;
mod show;
mod usage;

use std::io;
use std::io::{IsTerminal as _, Write};

use chrono::TimeDelta;

use super::args::{DeactivateArgs, DeleteArgs, EditArgs, KeysCommand, ManyArgs};
use super::connect::{connect, connect_with};
use super::connect_to_change;
use super::output;
use super::output::KeyRecord;
use super::prompts::Prompts;
use crate::client::{Changes, Connection};
use crate::domain::{AccessKey, KeyId, Status};
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::activate::{NotSwitched, Switch};
use crate::operations::keys::bulk::BulkAct;
use crate::operations::keys::edit::Conflict;
use crate::operations::keys::expiry::Expires;
use crate::operations::keys::{changes, edit};
use crate::operations::messages;
use crate::server::StoreAccess;

/// Does what was asked.
pub async fn run(command: KeysCommand, settings: &Context) -> Result<Exit, Failure> {
    match command {
        // These look at their destination and their input before they look for a server.
        KeysCommand::Create(args) => create::run(&args, settings).await,
        KeysCommand::Rotate(args) => rotate::run(args, settings).await,
        KeysCommand::Delete(DeleteArgs { which, ignore_missing }) => {
            let missing = if ignore_missing { Exit::Done } else { Exit::NotFound };
            many::run(which, BulkAct::Delete, None, missing, settings).await
        }
        KeysCommand::List(args) => {
            let config = settings.config()?;
            let access = connect_with(settings, &config, StoreAccess::Open).await?;
            access.work(async |server| list::run(&args, config.views(), server, settings.format).await).await
        }
        KeysCommand::Show(args) => {
            connect(settings).await?.work(async |server| show::run(&args, server, settings.format).await).await
        }
        KeysCommand::Usage(args) => {
            connect(settings).await?.work(async |server| usage::run(&args, server, settings.format).await).await
        }
        KeysCommand::Identify(args) => identify::run(&args, settings).await,
        KeysCommand::Edit(args) => {
            let EditArgs { which, texts, expires } = args;
            let expires = expires.map(FromNow::Expires);
            if let Some(id) = which.only_id() {
                return edit_key(id, Changes { texts: texts.0, ..Changes::default() }, expires, settings).await;
            }
            let act = BulkAct::Edit { texts: texts.0, expires_at: None };
            many::run(which, act, expires, Exit::NotFound, settings).await
        }
        KeysCommand::Activate(which) => switch(which, Switch::Activate, BulkAct::Activate, None, settings).await,
        KeysCommand::Deactivate(DeactivateArgs { which, a_while }) => {
            let (switched, act) = (Switch::Deactivate(None), BulkAct::Deactivate(None));
            switch(which, switched, act, a_while.map(FromNow::Off), settings).await
        }
    }
}

/// A time that is counted from the server's.
#[derive(Clone, Copy)]
enum FromNow {
    Expires(Expires),
    /// How long a key is deactivated.
    Off(TimeDelta),
}

async fn switch(
    which: ManyArgs,
    to: Switch,
    act: BulkAct,
    time: Option<FromNow>,
    settings: &Context,
) -> Result<Exit, Failure> {
    let Some(id) = which.only_id() else { return many::run(which, act, time, Exit::NotFound, settings).await };
    let exit = edit_key(id, Changes { status: Some(to.status()), ..Changes::default() }, time, settings).await?;
    // The user was not asked before, and has not read it.
    if to == Switch::Activate && settings.format == Format::Table {
        let _ = writeln!(io::stderr(), "{}", to.consequence());
    }
    Ok(exit)
}

/// Changes a key, and writes it as it is then.
async fn edit_key(
    id: &KeyId,
    mut changes: Changes,
    time: Option<FromNow>,
    settings: &Context,
) -> Result<Exit, Failure> {
    let access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    let key = access.work(async |server| {
        if let Some(time) = time {
            let now = server.client.server_time().await;
            match time {
                FromNow::Expires(expires) => changes.expires_at = Some(expires.at(now)),
                FromNow::Off(span) => changes.reactivates_at = Some(now + span),
            }
        }
        change(id, changes, server, settings.format).await
    });
    let key = key.await?;
    output::print(|out| write_key(out, settings.format, &key))
}

/// The call, for the key as it is read now. A key that has expired is not switched on: it would stay as it is.
async fn change(id: &KeyId, mut changes: Changes, server: &Connection, format: Format) -> Result<AccessKey, Failure> {
    let key = server.client.key(id).await?;
    if changes.status == Some(Status::Active)
        && let Err(why @ NotSwitched::Expired) = Switch::of(&key, Some(Switch::Activate))
    {
        let id = id.to_display(KeyId::MAX_CHARS);
        return Err(Failure::new(Exit::Conflict, why.to_string()).next(format!(
            "{} Set a new expiry date with: latchkey keys edit {id} --expires WHEN",
            messages::NOTHING_CHANGED
        )));
    }
    changes.revision = key.revision;
    let done = match edit::send(&server.client, &key, &changes).await? {
        Ok(done) => done,
        Err(Conflict { words, .. }) => {
            return Err(Failure::new(Exit::Conflict, words).next(messages::NOTHING_CHANGED));
        }
    };
    // A job that succeeds says nothing: cron would send it.
    if format == Format::Table && io::stderr().is_terminal() {
        let _ = writeln!(io::stderr(), "{}", changes::saved(&key, &done.result, done.in_force));
    } else if done.in_force.is_some() && done.result.status == Status::Inactive {
        let _ = writeln!(io::stderr(), "{}", messages::refused(done.in_force));
    }
    Ok(done.result)
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
