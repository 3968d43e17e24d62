//! `latchkey backup` and `latchkey restore`.

use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use chrono::Utc;
use serde_json::json;

use crate::cli::admin::actor;
use crate::cli::args::{BackupArgs, RestoreArgs};
use crate::cli::output;
use crate::cli::prompts::Prompts;
use crate::domain::Untrusted;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, relative, time};
use crate::operations::prompts::prompter::{Prompter as _, warn};
use crate::platform::prompt;
use crate::server::backup::{Backup, BackupError, BackupSource, Restore, may_save};
use crate::server::{Comparison, DataError, Manifest, StoreError};

/// The most names that a sentence has.
const MOST_NAMES: usize = 10;

/// Writes a backup of the data folder.
pub fn backup(args: &BackupArgs, settings: &Context) -> Result<Exit, Failure> {
    settings.only_data("latchkey backup")?;
    let data = settings.data()?;
    let to_stdout = args.file == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(Failure::usage("A backup holds every secret and is not written to a terminal.")
            .next("Name a file, or pipe it, e.g. to age or gpg."));
    }
    if !to_stdout {
        may_save(&args.file, args.force)?;
    }
    let beside = args.file.parent().filter(|folder| !to_stdout && !folder.as_os_str().is_empty());
    let temporary = std::env::temp_dir();
    let elsewhere = beside.unwrap_or(if to_stdout { &temporary } else { Path::new(".") });
    let backup = Backup::make(data, settings.overrides.master_key.as_deref(), elsewhere, Utc::now())?;
    let (Manifest { created_at, keys, administrators, .. }, size) = (backup.manifest.clone(), backup.size);
    let file = args.file.display().to_string();
    let holds = holds(keys, administrators);
    if to_stdout {
        backup
            .send(&mut io::stdout().lock())
            .map_err(|error| Failure::new(Exit::Mistake, format!("The backup couldn't be written: {error}.")))?;
        if settings.format != Format::Json {
            warn(format!("backed up {holds}."));
        }
        return Ok(Exit::Done);
    }
    backup.save(&args.file, args.force)?;
    output::print(|out| match settings.format {
        Format::Table => {
            let file = Untrusted::new(&file).to_display(usize::MAX);
            writeln!(out, "Backed up {holds} to {file}. It can decrypt every secret: protect it like the secrets.")
        }
        format => {
            let (keys, administrators, size) = (keys.to_string(), administrators.to_string(), size.to_string());
            let created_at = time(created_at);
            let json = json!({
                "file": file, "created_at": created_at, "keys": keys.parse::<u64>().ok(),
                "administrators": administrators.parse::<u64>().ok(), "bytes": size.parse::<u64>().ok(),
            });
            let fields: [(&str, &str); 5] = [
                ("File", &file),
                ("Created at", &created_at),
                ("Keys", &keys),
                ("Administrators", &administrators),
                ("Bytes", &size),
            ];
            output::write_fields(out, format, &json, &fields)
        }
    })
}

/// Puts a backup in the place of the data folder's files.
pub async fn restore(args: &RestoreArgs, settings: &Context) -> Result<Exit, Failure> {
    settings.only_data("latchkey restore")?;
    if settings.overrides.read_only {
        return Err(Failure::new(Exit::Denied, "--read-only is set.").next(NOTHING_RESTORED));
    }
    if settings.overrides.master_key.is_some() {
        let words = "A restore writes master.key into the data folder; --master-key-file doesn't apply.";
        return Err(Failure::usage(words).next("Move it to its place after the restore."));
    }
    let data = settings.data()?;
    let stdin = args.file == Path::new("-");
    if stdin && io::stdin().is_terminal() {
        return Err(Failure::usage("Standard input is a terminal.").next("Name the backup, or pipe it in."));
    }
    if !args.yes && (stdin || !prompt::is_possible()) {
        return Err(Failure::usage("Can't ask for confirmation without a terminal.")
            .next(format!("{NOTHING_RESTORED} Use --yes to restore without confirmation.")));
    }
    let mut input = io::stdin().lock();
    let from = if stdin { BackupSource::Stdin(&mut input) } else { BackupSource::File(&args.file) };
    let restore = Restore::read(data, from)?;
    drop(input);
    let mut prompts = Prompts::new();
    let manifest = &restore.manifest;
    let age = relative(manifest.created_at, Utc::now());
    let said = format!(
        "The backup of {} ({age}, latchkey {}) holds {}.",
        time(manifest.created_at),
        Untrusted::new(&manifest.program).to_display(20),
        holds(manifest.keys, manifest.administrators)
    );
    let is_quiet = settings.format == Format::Json;
    let mut say = |text: String| {
        if !is_quiet {
            prompts.say(text);
        }
    };
    say(said);
    if let Some(found) = &restore.differences {
        let is_new = matches!(found, Ok(found) if found.is_new);
        differences(found).into_iter().for_each(&mut say);
        if !is_new && !args.replace {
            let what = match found {
                Ok(found) => format!("{} has {}.", data.display(), holds(found.keys, found.administrators)),
                Err(_) => format!("{} has a database.", data.display()),
            };
            return Err(Failure::new(Exit::Conflict, format!("{what} {NOTHING_RESTORED}"))
                .next("Name an empty folder with --data, or use --replace, which moves the files there aside."));
        }
    }
    say("All access tokens and sessions from before will end.".to_owned());
    if !args.yes {
        let answer = prompts.ask("Restore this backup? (yes or no, Enter for no): ").await?;
        if !matches!(answer.to_lowercase().as_str(), "yes" | "y") {
            return Err(Failure::new(Exit::Cancelled, NOTHING_RESTORED));
        }
    }
    prompts.hold_signals(); // moving the files takes no time, and is not to be left halfway
    let holds = holds(manifest.keys, manifest.administrators);
    let (keys, administrators) = (manifest.keys, manifest.administrators);
    let aside = restore.put(&actor(), Utc::now())?.map(|aside| aside.display().to_string());
    let data = data.display().to_string();
    output::print(|out| {
        let moved = aside.as_ref().map(|aside| format!(" The files from before are in {aside}.")).unwrap_or_default();
        if is_quiet {
            let json = json!({ "folder": data, "keys": keys, "administrators": administrators, "moved_to": aside });
            return output::write_fields(out, settings.format, &json, &[]);
        }
        writeln!(out, "{}", output::one_line(&format!("Restored {holds} to {data}.{moved}")))
    })
}

const NOTHING_RESTORED: &str = "Nothing was restored.";

fn holds(keys: u64, administrators: u64) -> String {
    let of = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{} and {}", of(keys, "key"), of(administrators, "administrator"))
}

/// What would change, a sentence each.
fn differences(found: &Result<Comparison, StoreError>) -> Vec<String> {
    let found = match found {
        Ok(found) => found,
        Err(error) => return vec![format!("What is there can't be compared with it: {error}.")],
    };
    let keys = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 key {one}.")),
        _ => Some(format!("{count} keys {many}.")),
    };
    let names = |names: &[String], what: &str| {
        let mut shown: Vec<_> = names.iter().take(MOST_NAMES).map(|name| Untrusted::new(name).to_display(60)).collect();
        if names.len() > MOST_NAMES {
            shown.push(format!("{} more", names.len() - MOST_NAMES));
        }
        (!names.is_empty()).then(|| format!("{what}: {}.", shown.join(", ")))
    };
    [
        keys(found.deleted_keys, "deleted since would work again", "deleted since would work again"),
        keys(
            found.revived_keys,
            "that was deactivated or given an earlier expiry since would be as it was",
            "that were deactivated or given an earlier expiry since would be as they were",
        ),
        keys(found.newer_keys, "created since would be lost", "created since would be lost"),
        names(&found.removed_administrators, "Removed administrators who could sign in again"),
        names(&found.newer_administrators, "Administrators who would be lost"),
        names(&found.older_passwords, "Administrators whose earlier password would be valid again"),
        names(&found.other_roles, "Administrators who would have their earlier role again"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let said = error.to_string();
        match error {
            BackupError::Data(DataError::NoStore(_)) => {
                Self::new(Exit::NotFound, said).next("Name the data folder with --data.")
            }
            BackupError::Data(error) => error.into(),
            BackupError::Store(_)
            | BackupError::MasterKey(_)
            | BackupError::Write { .. }
            | BackupError::Halfway { .. } => Self::new(Exit::Mistake, said),
            BackupError::Rotating => Self::new(Exit::Conflict, said),
            BackupError::InUse(_) => Self::new(Exit::Conflict, said).next(NOTHING_RESTORED),
            BackupError::Exists(_) => Self::usage(said).next("Name another file, or use --force."),
            BackupError::Read { .. }
            | BackupError::NotBackup(_)
            | BackupError::Newer(_)
            | BackupError::Damaged { .. } => Self::usage(said).next(NOTHING_RESTORED),
        }
    }
}
