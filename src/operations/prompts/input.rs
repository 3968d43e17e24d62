//! Values of the command line, checked at the door.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::domain::key::fields::KeyField;
use crate::domain::secrets::credential_kind::{ExpectedInput, reveals_secret};
use crate::domain::{
    Content, Filter, KeyId, MOST_USAGE_DAYS, Order, Search, Sort, Status, Texts, Untrusted, looks_secret,
};

/// Refuses what cannot be an ID; another server's may have nearly any form.
pub fn key_id(text: &str) -> Result<KeyId, String> {
    match ExpectedInput::KeyId.check(text) {
        Err(wrong) if wrong.is_certain => Err(wrong.to_string()),
        // In a URL these two are no names, but places.
        _ if text == "." || text == ".." => Err("this is not an access key ID".to_owned()),
        _ => KeyId::parse(text).map_err(|error| error.to_string()),
    }
}

/// An ID, or `-` for "from standard input".
pub(crate) fn key_id_or_dash(text: &str) -> Result<Option<KeyId>, String> {
    if text == "-" { Ok(None) } else { key_id(text).map(Some) }
}

/// Sets a text of a key; refuses what it may not be, and what looks like a secret.
pub(crate) fn set_text(texts: &mut Texts, field: &KeyField, text: &str) -> Result<(), String> {
    if reveals_secret(text) {
        return Err(format!("a key's {} can be read by everyone, and this looks like a secret", field.name));
    }
    texts.set(field, text).map_err(|error| error.to_string())
}

/// Refuses a secret where a file or folder is named: errors name the file. A part that exists is a name.
pub fn path(path: PathBuf) -> Result<PathBuf, String> {
    let is_secret = |part: &Path| {
        part.file_name().and_then(OsStr::to_str).is_some_and(looks_secret) && std::fs::symlink_metadata(part).is_err()
    };
    if path.ancestors().any(is_secret) {
        return Err("this looks like a secret; name a file or folder".to_owned());
    }
    Ok(path)
}

/// Refuses a secret in place of a name.
pub fn name(text: &str) -> Result<String, String> {
    if looks_secret(text) { Err("this looks like a secret, not a name".to_owned()) } else { Ok(text.to_owned()) }
}

/// Refuses a secret in a command: the list of processes shows it.
pub fn command(text: &str) -> Result<String, String> {
    if reveals_secret(text) {
        return Err("this looks like a secret; the command reads it from standard input".to_owned());
    }
    Ok(text.to_owned())
}

/// Refuses what cannot be the content of an exchange.
pub fn content(text: &str) -> Result<Content, String> {
    match ExpectedInput::Content.check(text) {
        Err(wrong) if wrong.is_certain => Err(wrong.to_string()),
        _ => Content::parse(text).map_err(|error| error.to_string()),
    }
}

/// Refuses what must not be sent as a filter, and what is not in the language; shows the place.
pub(crate) fn search(text: &str) -> Result<String, String> {
    Filter::check(text)?;
    match Search::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let place = text[..error.at.start].chars().count() + 1;
            let wrong = Untrusted::new(&text[error.at.clone()]).to_display(40);
            Err(format!("{error} (at character {place}: {wrong})"))
        }
    }
}

/// The same for keys that are changed. A search for nothing would find all keys: more likely, a variable was empty.
pub(crate) fn search_of_many(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("an empty search finds all keys; if you mean that, use status:active,inactive,expired".to_owned());
    }
    search(text)
}

pub(crate) fn status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| "use active, inactive or expired".to_owned())
}

/// For how many days a use is told.
pub(crate) fn usage_days(text: &str) -> Result<u16, String> {
    let days = text.parse().ok().filter(|days| (1..=MOST_USAGE_DAYS).contains(days));
    days.ok_or_else(|| format!("enter a number of days from 1 to {MOST_USAGE_DAYS}"))
}

pub(crate) fn sort(text: &str) -> Result<Sort, String> {
    Sort::parse(text).ok_or_else(|| format!("use one of {}", Sort::ALL.map(Sort::as_str).join(", ")))
}

pub(crate) fn order(text: &str) -> Result<Order, String> {
    Order::parse(text).ok_or_else(|| "use asc or desc".to_owned())
}
