//! Manual pages and completions, made from the command line's own description.

use std::io;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::Args;
use super::output;
use super::output::KeyRecord;
use crate::operations::failure::{EXIT_CODES, Exit, Failure};
use crate::platform::process::harden::with_user_umask;

/// The shapes of JSON results, which are a promise to scripts.
const JSON: &str = "\
Times are RFC 3339 in UTC. Fields may be added; none is renamed or removed.

key            {KEY_FIELDS}
               as in assets/openapi.yaml; status is active, inactive or expired; null is never
keys list      [key, ...]: one array, one key a line. If the list breaks off, the array stays open
keys show      key; with --events it has events: [event, ...], newest first; of a deleted key --events
               gives {id, status, events}
events         event {at, kind, key, label, admin, by, from, detail, changes: [{field, old, new}, ...], count},
               one object a line
admin list     [{username, role, created_at, last_sign_in_at}, ...]
sessions list  [{id, username, role, from, created_at, last_seen_at, ends_at, current}, ...]
keys edit, activate, deactivate
               key, as it is after the change; of several keys as keys delete; result is edited,
               activated, deactivated, already, not_found, kept or failed
keys create    {key, secret_access_key, delivered_to, file}; delivered_to is stdout, file, command,
               terminal or rescue_file; secret_access_key is null unless it is stdout
keys delete    [{id, result, why}, ...]; result is deleted, not_found, kept or failed;
               with --dry-run it is would_be_deleted, would_be_edited and so on
hmac           {hmac_token, content}
token          {access_token, expires_at, verified}; verified is null where it was not tried
verify         {good, key_id}
doctor         {findings: [{what, next, is_fault}, ...], environment: {...}}
errors         on standard error: {error: {code, exit, message, next}}; exit is the exit code; with
               code throttled there is retry_after too, in seconds, if the server says it

CSV has the same fields, with a header. An apostrophe stands before a text that a spreadsheet would
run as a formula (= + - @), and control characters are shown as ^[ or \\u{85}. Use JSON for exact text.";

/// Writes completions for a shell.
pub fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    // The generator panics where its output breaks (`| head`): so into memory first.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "latchkey", &mut script);
    output::print(|out| out.write_all(&script))
}

/// Writes the manual: the main page to standard output, or one page a command into a folder.
pub fn pages(folder: Option<&Path>) -> Result<Exit, Failure> {
    let Some(folder) = folder else {
        return output::print(|out| out.write_all(&main_page()?));
    };
    // For everyone to read.
    let made = with_user_umask(|| std::fs::create_dir_all(folder).and_then(|()| write_all(folder)));
    made.map_err(|error| {
        Failure::new(Exit::Mistake, format!("Can't write the pages to {}: {error}.", folder.display()))
    })?;
    Ok(Exit::Done)
}

/// A page for each command; the main one with all that concerns them all.
fn write_all(folder: &Path) -> io::Result<()> {
    clap_mangen::generate_to(Args::command(), folder)?;
    std::fs::write(folder.join("latchkey.1"), main_page()?)
}

fn main_page() -> io::Result<Vec<u8>> {
    let man = Man::new(Args::command().after_help(None::<&str>));
    let mut page = Vec::new();
    man.render(&mut page)?;
    section(&mut page, "EXIT STATUS", EXIT_CODES.split_once('\n').map_or(EXIT_CODES, |(_, codes)| codes))?;
    let names: Vec<&str> = KeyRecord::names().collect();
    section(&mut page, "OUTPUT AS JSON AND CSV", &JSON.replace("KEY_FIELDS", &names.join(", ")))?;
    Ok(page)
}

/// A section whose lines stay as they are. In roff a backslash, and a dot or quote that begins a line, are no text.
fn section(page: &mut Vec<u8>, title: &str, text: &str) -> io::Result<()> {
    writeln!(page, ".SH \"{title}\"\n.nf")?;
    for line in text.lines() {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        writeln!(page, "{}{line}", if line.starts_with(['.', '\'']) { "\\&" } else { "" })?;
    }
    writeln!(page, ".fi")
}
