//! `latchkey keys identify`.

use std::collections::{HashMap, HashSet};
use std::io;
use std::io::{IsTerminal as _, Write};
use std::path::Path;
use std::rc::Rc;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::cli::args::IdentifyArgs;
use crate::cli::connect::connect;
use crate::cli::prompts::{CommandAccess, Prompts};
use crate::cli::{connect_to_change, output};
use crate::client::{DeletedKey, KeyOwner};
use crate::domain::{AccessKey, Leak, Untrusted, wiped_after};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, grouped};
use crate::operations::keys::activity::usage;
use crate::operations::keys::identify;
use crate::operations::keys::identify::Finding;
use crate::operations::keys::identify::scan::{Extent, Place, Scanned, scan};
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::platform::prompt;
use crate::platform::secret_input::{SecretInputError, SecretSource, read_secret};
use crate::server::StoreAccess;

/// The columns of CSV, after those of a place.
const NAMES: [&str; 7] = ["found", "id", "label", "owner", "status", "last_used_at", "token"];
const PLACE_NAMES: [&str; 4] = ["file", "line", "column", "offset"];
/// Places that wait for the server's answer: a file is not read much faster than that.
const ON_THE_WAY: usize = 64;

/// Tells whose secrets and tokens there are in a text or in files.
pub(super) async fn run(args: &IdentifyArgs, settings: &Context) -> Result<Exit, Failure> {
    if args.deactivate && !args.yes && !prompt::is_possible_beside_input() {
        let next = "Use --yes to deactivate the keys that are found without confirmation.";
        return Err(Failure::usage("Can't ask for confirmation without a terminal.").next(next));
    }
    let leaks = if args.scan.is_some() { Vec::new() } else { pasted()? };
    let mut access = if args.deactivate {
        connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?
    } else {
        connect(settings).await?
    };
    let done = match &args.scan {
        Some(root) => files(&mut access, root, args, settings.format).await,
        None => texts(&mut access, leaks, args, settings.format).await,
    };
    access.connection.end_session().await;
    done.map_err(Failure::from)
}

/// What standard input or the user gives.
fn pasted() -> Result<Vec<Leak>, Failure> {
    let is_asked = io::stdin().is_terminal();
    let source = if is_asked { SecretSource::Prompt(messages::PASTE_LEAK.to_owned()) } else { SecretSource::Stdin };
    let text = read_secret(&source).map_err(|error| match error {
        SecretInputError::TooLong(_) => Failure::usage("Standard input has more than 64 KiB.")
            .next("Look through it with: latchkey keys identify --scan -"),
        error => error.into(),
    })?;
    identify::clues(text.expose_secret()).map_err(|why| Failure::new(Exit::NotGood, why).next(messages::NOTHING_SENT))
}

async fn texts(access: &mut CommandAccess, leaks: Vec<Leak>, args: &IdentifyArgs, format: Format) -> Flow<Exit> {
    let findings = identify::ask_all(access, leaks).await?;
    let now = access.connection.client.server_time().await;
    output::print(|out| write(out, format, &findings))?;
    for unknown in findings.iter().filter(|finding| finding.owner.is_none()) {
        access.prompter().warn(unknown.words(now));
    }
    if args.deactivate {
        identify::deactivate(access, identify::usable_keys(&findings), args.yes).await?;
    }
    Ok(if findings.iter().any(|finding| finding.owner.is_some()) { Exit::Done } else { Exit::NotFound })
}

fn write(out: &mut impl Write, format: Format, findings: &[Finding]) -> io::Result<()> {
    match format {
        Format::Json => {
            let rows: Vec<Value> = findings.iter().map(|finding| record(finding, None)).collect();
            output::write_json(&mut *out, &rows)?;
            writeln!(out)
        }
        Format::Csv | Format::Tsv => {
            let mut rows = output::Rows::new(out, format);
            rows.row(NAMES)?;
            findings.iter().try_for_each(|finding| rows.row(cells(finding).iter().map(|text| output::cell(text))))?;
            rows.end()
        }
        Format::Table => {
            let known = findings.iter().filter_map(|finding| Some((finding, finding.owner.as_ref()?)));
            for (n, (finding, owner)) in known.enumerate() {
                if n > 0 {
                    writeln!(out)?;
                }
                fields(out, finding, owner)?;
            }
            Ok(())
        }
    }
}

/// A finding for people, one value a line.
fn fields(out: &mut impl Write, finding: &Finding, owner: &KeyOwner) -> io::Result<()> {
    let mut fields = vec![("Found", finding.name)];
    let token = finding.token.as_ref().map(|token| {
        (
            Untrusted::to_display(&token.status, usize::MAX),
            output::time(token.issued_at),
            output::time(token.expires_at),
        )
    });
    let (record, deleted_at);
    match owner {
        KeyOwner::Key(key) => {
            record = output::KeyRecord::of(key);
            fields.extend(record.fields());
        }
        KeyOwner::Deleted(DeletedKey { id, label, owner, deleted_at: at, deleted_by }) => {
            deleted_at = at.map(output::time).unwrap_or_default();
            let by = deleted_by.as_ref().map(Untrusted::raw_for_api).unwrap_or_default();
            fields.extend([("ID", id.raw_for_api()), ("Label", label.raw_for_api()), ("Owner", owner.raw_for_api())]);
            fields.extend([("Status", "deleted"), ("Deleted", deleted_at.as_str()), ("Deleted by", by)]);
        }
    }
    if let Some((status, issued, expires)) = &token {
        fields.extend([("Token", status.as_str()), ("Issued", issued), ("Token expires", expires)]);
    }
    output::write_fields(out, Format::Table, &json!(null), &fields)
}

/// A finding for programs.
fn record(finding: &Finding, place: Option<&Place>) -> Value {
    let mut row = json!({ "found": finding.word, "key": null, "deleted_key": null, "token": null });
    match &finding.owner {
        Some(KeyOwner::Key(key)) => row["key"] = json!(output::KeyRecord::of(key)),
        Some(KeyOwner::Deleted(deleted)) => {
            row["deleted_key"] = json!({
                "id": deleted.id.raw_for_api(),
                "label": deleted.label.raw_for_api(),
                "owner": deleted.owner.raw_for_api(),
                "deleted_at": deleted.deleted_at.map(output::time),
                "deleted_by": deleted.deleted_by.as_ref().map(Untrusted::raw_for_api),
            });
        }
        None => {}
    }
    if let Some(token) = &finding.token {
        let (issued, expires) = (output::time(token.issued_at), output::time(token.expires_at));
        row["token"] = json!({ "status": token.status.raw_for_api(), "issued_at": issued, "expires_at": expires });
    }
    if let Some(Place { path, offset, line }) = place {
        row["file"] = path.to_string_lossy().into();
        (row["line"], row["column"]) = (json!(line.map(|(line, _)| line)), json!(line.map(|(_, column)| column)));
        row["offset"] = (*offset).into();
    }
    row
}

fn cells(finding: &Finding) -> [String; NAMES.len()] {
    let of_key = |key: &AccessKey| {
        let text = |text: Option<&Untrusted>| text.map(Untrusted::raw_for_api).unwrap_or_default().to_owned();
        let used = key.last_used_at.map(output::time).unwrap_or_default();
        [text(Some(&key.label)), text(key.owner.as_ref()), key.status.as_str().to_owned(), used]
    };
    let [label, owner, status, used] = match &finding.owner {
        Some(KeyOwner::Key(key)) => of_key(key),
        Some(KeyOwner::Deleted(deleted)) => {
            let (label, owner) = (deleted.label.raw_for_api(), deleted.owner.raw_for_api());
            [label.to_owned(), owner.to_owned(), "deleted".to_owned(), String::new()]
        }
        None => Default::default(),
    };
    let id = finding.id().map(|id| id.raw_for_api().to_owned()).unwrap_or_default();
    let token = finding.token.as_ref().map(|token| token.status.raw_for_api().to_owned()).unwrap_or_default();
    [finding.word.to_owned(), id, label, owner, status, used, token]
}

/// What a scan comes to.
#[derive(Default)]
struct Tally {
    places: u64,
    keys: HashSet<String>,
    /// Places of secrets of no key here.
    unknown: u64,
    unreadable: u64,
    /// The keys that could be deactivated.
    findings: Vec<Finding>,
}

async fn files(access: &mut CommandAccess, root: &Path, args: &IdentifyArgs, format: Format) -> Flow<Exit> {
    let (sender, mut scanned) = mpsc::channel(ON_THE_WAY);
    let path = root.to_owned();
    let scanning = tokio::task::spawn_blocking(move || scan(&path, |scanned| sender.blocking_send(scanned).is_ok()));
    let (mut known, mut tally, mut writer) = (HashMap::new(), Tally::default(), PlaceWriter::begin(format)?);
    while let Some(scanned) = access.prompter().wait(scanned.recv()).await? {
        let (place, leak) = match scanned {
            Scanned::Found(place, leak) => (place, leak),
            Scanned::Unreadable(path, error) => {
                tally.unreadable += 1;
                access.prompter().warn(format!("Can't read {}: {error}.", path.display()));
                continue;
            }
        };
        let name: [u8; 32] = wiped_after(|| Sha256::digest(leak.expose())).into();
        let finding = if let Some(finding) = known.get(&name) {
            Rc::clone(finding)
        } else {
            let finding = Rc::new(Finding::of(&leak, identify::ask(access, &leak, false).await?));
            tally.findings.extend(finding.key().is_some().then(|| finding.as_ref().clone()));
            known.insert(name, Rc::clone(&finding));
            finding
        };
        if let Some(id) = finding.id() {
            tally.places += 1;
            tally.keys.insert(id.raw_for_api().to_owned());
            writer.place(&place, &finding)?;
        } else if matches!(leak, Leak::Secret(_)) {
            // By its checksum it is a secret, though of another server. What only looks like a token is another program's.
            tally.unknown += 1;
            writer.place(&place, &finding)?;
        }
    }
    writer.end()?;
    let extent = scanning.await.unwrap_or_default();
    tally.tell(access, extent);
    if args.deactivate {
        identify::deactivate(access, identify::usable_keys(&tally.findings), args.yes).await?;
    }
    Ok(match tally {
        Tally { places: 1.., .. } | Tally { unknown: 1.., .. } => Exit::Found,
        Tally { unreadable: 1.., .. } => Exit::Mistake,
        _ => Exit::Done,
    })
}

impl Tally {
    fn tell(&self, access: &mut CommandAccess, extent: Extent) {
        let size = match extent.bytes {
            bytes @ 0..1_000_000 => format!("{} KB", bytes.div_ceil(1000)),
            bytes => format!("{} MB", grouped(bytes / 1_000_000)),
        };
        let files = format!("{} ({size})", usage::counted(extent.files, "file"));
        let keys = usage::counted(self.keys.len() as u64, "key");
        let found = match self.places {
            0 => format!("Found no secrets or access tokens of keys of this server in {files}."),
            places => {
                format!("Found secrets or access tokens of {keys} in {} of {files}.", usage::counted(places, "place"))
            }
        };
        let unknown = (self.unknown > 0).then(|| {
            let places = usage::counted(self.unknown, "place");
            format!("A Secret access key of no key here (deleted, or of another server) is in {places} more.")
        });
        let unreadable =
            (self.unreadable > 0).then(|| format!("Not read: {}.", usage::counted(self.unreadable, "file")));
        let words = [Some(found), unknown, unreadable].into_iter().flatten().collect::<Vec<_>>().join(" ");
        access.prompter().say(words);
    }
}

/// Writes places as they are found.
struct PlaceWriter {
    format: Format,
    rows: u64,
}

impl PlaceWriter {
    fn begin(format: Format) -> Result<Self, Failure> {
        output::print(|out| match format {
            Format::Json => write!(out, "["),
            Format::Csv | Format::Tsv => {
                let mut rows = output::Rows::new(out, format);
                rows.row(PLACE_NAMES.iter().chain(&NAMES))?;
                rows.end()
            }
            Format::Table => Ok(()),
        })?;
        Ok(Self { format, rows: 0 })
    }

    fn place(&mut self, place: &Place, finding: &Finding) -> Result<(), Failure> {
        let (format, is_first) = (self.format, self.rows == 0);
        self.rows += 1;
        let path = place.path.to_string_lossy();
        output::print(|out| match format {
            Format::Json => {
                out.write_all(if is_first { b"\n" } else { b",\n" })?;
                output::write_json(out, &record(finding, Some(place)))
            }
            Format::Csv | Format::Tsv => {
                let (line, column) = place.line.unzip();
                let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
                let of_place = [path.into_owned(), number(line), number(column), place.offset.to_string()];
                let mut rows = output::Rows::new(out, format);
                rows.row(of_place.iter().chain(&cells(finding)).map(|text| output::cell(text)))?;
                rows.end()
            }
            Format::Table => {
                let at = match place.line {
                    Some((line, column)) => format!("{line}:{column}"),
                    None => format!("byte {}", place.offset),
                };
                let [_, id, label, _, status, _, token] = cells(finding);
                let label = if label.is_empty() { label } else { format!(" “{label}”") };
                let token = if token.is_empty() { token } else { format!(", token {token}") };
                let of = match id.as_str() {
                    "" => "of no key here (deleted, or of another server)".to_owned(),
                    id => format!("of {id}{label} ({status}{token})"),
                };
                let words = format!("{path}:{at}: {} {of}", finding.name);
                writeln!(out, "{}", output::one_line(&words))
            }
        })?;
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        output::print(|out| match self.format {
            Format::Json => writeln!(out, "{}]", if self.rows > 0 { "\n" } else { "" }),
            Format::Csv | Format::Tsv | Format::Table => Ok(()),
        })?;
        Ok(())
    }
}
