//! A note about a key creation: a file that belongs to the process that has locked it.

use std::collections::BTreeMap;
use std::fs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::client::{CreateAttempt, IdempotencyKey, NewKey, Owner, PendingCreate, Replaced};
use crate::domain::key::fields;
use crate::domain::{KeyId, SealKey, Texts};
use crate::platform::surroundings::Account;

/// The largest note, in bytes: a path, a name, and the texts of thousands of tries.
const MOST: u64 = 1 << 20;
/// The extension of a note that is about to take the place of another one.
const NEXT: &str = "next";

#[derive(Serialize, Deserialize)]
pub(super) struct Note {
    place: String,
    /// Who is signed in there: the name of an attempt is theirs alone.
    username: Option<String>,
    /// Who logged in to this computer: several people may share one account.
    login: Option<u32>,
    idempotency_key: String,
    /// Missing from notes of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal_key: Option<SealKeyText>,
    #[serde(flatten)]
    values: Values,
    /// Those of the tries before. A version that doesn't know of them leaves the note alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Values>,
    at: DateTime<Utc>,
}

impl Note {
    pub(super) fn of(place: String, owner: &Owner, create: &PendingCreate) -> Self {
        let PendingCreate { new, earlier, at, .. } = create;
        Self {
            place,
            username: owner.username.clone(),
            login: Account::read().login,
            idempotency_key: new.attempt.name.as_str().to_owned(),
            seal_key: new.attempt.seal_key.clone().map(SealKeyText),
            values: Values::of(new),
            earlier: earlier.iter().map(Values::of).collect(),
            at: *at,
        }
    }

    /// The create that it is about, as it is now; none if it can't be of a key.
    pub(super) fn create(self, now: DateTime<Utc>) -> Option<PendingCreate> {
        let name = IdempotencyKey::parse(&self.idempotency_key)?;
        let attempt = CreateAttempt { name, seal_key: self.seal_key.map(|key| key.0) };
        let earlier = self.earlier.iter().map(|values| values.new_key(&attempt)).collect::<Option<Vec<_>>>()?;
        Some(PendingCreate::of(self.values.new_key(&attempt)?, earlier, self.at, now))
    }

    /// Several people may share this account: another's create is not finished under our name.
    pub(super) fn is_of(&self, place: &str, owner: &Owner) -> bool {
        self.place == place && self.username == owner.username && self.login == Account::read().login
    }
}

/// What was asked for.
#[derive(Serialize, Deserialize)]
struct Values {
    #[serde(flatten)]
    texts: BTreeMap<String, String>,
    expires_at: Option<DateTime<Utc>>,
    /// The key that the new one replaces. A version that doesn't know of it leaves the note alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<ReplacedNote>,
}

impl Values {
    fn of(new: &NewKey) -> Self {
        let texts = new.texts.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        Self { texts, expires_at: new.expires_at, replaces: new.replaces.as_ref().map(ReplacedNote::of) }
    }

    /// None if they can't be of a key.
    fn new_key(&self, attempt: &CreateAttempt) -> Option<NewKey> {
        let mut texts = Texts::default();
        for (field, _) in fields::written() {
            if let Some(text) = self.texts.get(field.name) {
                texts.set(field, text).ok()?;
            }
        }
        let replaces = match &self.replaces {
            Some(old) => Some(old.replaced()?),
            None => None,
        };
        Some(NewKey { attempt: attempt.clone(), texts, expires_at: self.expires_at, replaces })
    }
}

#[derive(Serialize, Deserialize)]
struct ReplacedNote {
    id: String,
    revision: Option<u64>,
    overlap_seconds: u32,
    keeps_expiry: bool,
}

impl ReplacedNote {
    fn of(old: &Replaced) -> Self {
        let Replaced { id, revision, overlap_seconds, keeps_expiry } = old;
        let (revision, overlap_seconds, keeps_expiry) = (*revision, *overlap_seconds, *keeps_expiry);
        Self { id: id.raw_for_api().to_owned(), revision, overlap_seconds, keeps_expiry }
    }

    /// None if it can't be of a key.
    fn replaced(&self) -> Option<Replaced> {
        let Self { id, revision, overlap_seconds, keeps_expiry } = self;
        let (revision, overlap_seconds, keeps_expiry) = (*revision, *overlap_seconds, *keeps_expiry);
        Some(Replaced { id: KeyId::parse(id).ok()?, revision, overlap_seconds, keeps_expiry })
    }
}

pub(super) fn write(folder: &Path, note: &Note) -> io::Result<(PathBuf, File)> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{}.json", note.idempotency_key));
    let file = write_new(&path, note)?;
    Ok((path, file))
}

fn write_new(path: &Path, note: &Note) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.lock()?; // a process that looks for notes has it for a moment
    if file.metadata()?.nlink() == 0 {
        return write_new(path, note); // and took it for one that was cut off
    }
    file.write_all(&serde_json::to_vec(note)?)?;
    Ok(file)
}

/// Writes a note of ours anew: at any time there is the old one or the new one, and it is ours.
pub(super) fn rewrite(path: &Path, note: &Note) -> io::Result<File> {
    let next = path.with_extension(NEXT);
    let _ = fs::remove_file(&next); // if there is one, it couldn't be put in place
    let file = write_new(&next, note)?;
    fs::rename(&next, path)?;
    Ok(file)
}

/// A note, with its file if no living process holds it. What cannot be understood is none; what a process has left that was
/// killed as it wrote it is removed, since it asked for nothing.
pub(super) fn read(path: &Path) -> Option<(Option<File>, Note)> {
    let no_link = i32::try_from((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits()).ok()?;
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path).ok()?;
    read_open(path, file)
}

fn read_open(path: &Path, mut file: File) -> Option<(Option<File>, Note)> {
    let about = file.metadata().ok()?;
    let ours = about.is_file() && about.uid() == rustix::process::geteuid().as_raw() && about.len() <= MOST;
    if !ours {
        return None;
    }
    let is_free = file.try_lock().is_ok();
    if file.metadata().ok()?.nlink() == 0 {
        return None; // since it was opened it was removed, and what is at its path now is another one
    }
    let is_next = path.extension().is_some_and(|extension| extension == NEXT);
    let mut text = Vec::new();
    (&mut file).take(MOST).read_to_end(&mut text).ok()?;
    let note = serde_json::from_slice(&text);
    if is_free && (is_next || note.as_ref().is_err_and(serde_json::Error::is_eof)) {
        let _ = fs::remove_file(path);
    }
    if is_next {
        return None; // the note that it was to replace is there
    }
    Some((is_free.then_some(file), note.ok()?))
}

/// A private key as it is in a note.
struct SealKeyText(SealKey);

impl Serialize for SealKeyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.expose())
    }
}

impl<'de> Deserialize<'de> for SealKeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::deserialize(deserializer)?;
        SealKey::parse(text.expose_secret()).map(Self).ok_or_else(|| D::Error::custom("not a private key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        let new =
            NewKey { attempt: CreateAttempt::random(), texts: Texts::default(), expires_at: None, replaces: None };
        let (owner, now) = (Owner { profile: "local".to_owned(), username: None }, Utc::now());
        Note::of("here".to_owned(), &owner, &PendingCreate::of(new, Vec::new(), now, now))
    }

    /// A third process may have opened the empty file before it was removed.
    #[test]
    fn what_is_at_the_path_of_a_removed_file_is_left_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.json");
        let empty = || drop(File::create(&path).unwrap());
        empty();
        let opened = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        drop(write_new(&path, &note()).unwrap());
        assert!(read_open(&path, opened).is_none());
        assert!(read(&path).is_some_and(|(file, _)| file.is_some()));
        fs::remove_file(&path).unwrap();
        empty();
        assert!(read(&path).is_none() && !path.exists(), "one that was cut off is removed");
    }

    #[test]
    fn a_note_is_ours_while_it_is_written_anew_and_its_old_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut note = note();
        let (path, held) = write(folder.path(), &note).unwrap();
        let opened = File::open(&path).unwrap();
        let cut_off = path.with_extension(NEXT);
        fs::write(&cut_off, "{}").unwrap();
        note.earlier.push(Values { texts: BTreeMap::new(), expires_at: Some(Utc::now()), replaces: None });
        let next = rewrite(&path, &note).unwrap();
        drop(held);
        assert!(read_open(&path, opened).is_none(), "nobody may take what is not there any more");
        assert_eq!(next.metadata().unwrap().mode() & 0o777, 0o600);
        assert!(read(&path).is_some_and(|(file, note)| file.is_none() && note.earlier.len() == 1));
        drop(next);
        fs::copy(&path, &cut_off).unwrap();
        assert!(read(&cut_off).is_none() && !cut_off.exists(), "one that was not put in place is removed");
        assert!(read(&path).is_some_and(|(file, _)| file.is_some()));
    }
}
