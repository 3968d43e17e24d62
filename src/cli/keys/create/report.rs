//! What `latchkey keys create` says of the key that it made.

use std::io;
use std::io::Write;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::output;
use crate::cli::output::KeyRecord;
use crate::domain::{AccessKey, SecretKey};
use crate::operations::deliver;
use crate::operations::deliver::{Delivery, Rescue, rescued};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::{Format, time};

/// The result as JSON.
#[derive(Serialize)]
struct CreatedRecord<'a> {
    key: KeyRecord<'a>,
    /// Of a rotation: until when the old key works.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_key_ends_at: Option<String>,
    /// Only if it goes to standard output.
    secret_access_key: Option<&'a str>,
    /// `stdout`, `file`, `command`, `terminal` or `rescue_file`.
    delivered_to: &'static str,
    /// The file that holds the secret, if one does.
    file: Option<&'a str>,
}

/// Writes the result. A secret that belongs into it and cannot be written is kept in a private file.
pub(crate) fn write(
    format: Format,
    old_ends_at: Option<DateTime<Utc>>,
    key: &AccessKey,
    secret: &SecretKey,
    delivered: Delivery,
    rescue: &Rescue,
) -> Result<Exit, Failure> {
    let is_shown = delivered == Delivery::Stdout;
    let mut out = output::stdout();
    let written = write_to(&mut out, format, old_ends_at, key, is_shown.then_some(secret), &delivered);
    let delivered = match output::done(written, &mut out) {
        Err(failure) if is_shown => {
            let why = if failure.message.is_empty() { "Nothing is reading standard output" } else { &failure.message };
            rescue.keep(&key.id, &deliver::line(secret.expose()), why.to_owned())?
        }
        Err(failure) if !matches!(delivered, Delivery::Rescued(..)) => return Err(failure),
        _ => delivered,
    };
    let Delivery::Rescued(path, why) = delivered else { return Ok(Exit::Done) };
    Err(rescued(&key.id, &path, &why))
}

fn write_to(
    out: &mut impl Write,
    format: Format,
    old_ends_at: Option<DateTime<Utc>>,
    key: &AccessKey,
    secret: Option<&SecretKey>,
    delivered: &Delivery,
) -> io::Result<()> {
    let file = delivered.file().map(|path| path.display().to_string());
    let file = file.as_deref();
    let text = secret.map(SecretKey::expose);
    let record = KeyRecord::of(key);
    if let Format::Csv | Format::Tsv = format {
        let mut rows = output::Rows::new(out, format);
        rows.row(KeyRecord::names().chain(["secret_access_key", "delivered_to", "file"]))?;
        // A secret is as it is: the comfort of a spreadsheet must not change it.
        let rest = [text.unwrap_or_default(), delivered.word(), file.unwrap_or_default()].map(str::to_owned);
        rows.row(record.cells().map(output::cell).into_iter().chain(rest))?;
        return rows.end();
    }
    let place = match delivered {
        Delivery::Descriptor(number) => format!("given to file descriptor {number}"),
        Delivery::Command => "given to the command".to_owned(),
        Delivery::Terminal => "shown on the terminal".to_owned(),
        Delivery::Stdout | Delivery::File(_) | Delivery::Rescued(..) => {
            format!("in {}", file.unwrap_or("this output"))
        }
    };
    let mut fields = record.fields();
    fields.insert(1, ("Secret access key", text.unwrap_or(&place)));
    let key = KeyRecord::of(key);
    let old_key_ends_at = old_ends_at.map(time);
    let json = CreatedRecord { key, old_key_ends_at, secret_access_key: text, delivered_to: delivered.word(), file };
    output::write_fields(out, format, &json, &fields)
}
