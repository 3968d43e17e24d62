//! Creates that were sent and not settled: noted before they are sent, so that a start after a crash knows of them.
//!
//! A note holds what was asked for, of whom, the name under which it can be asked again, and the private key that the
//! secret is sealed to: with it, whoever may ask again gets the secret, as long as the server keeps it. So it is readable
//! by its user alone, and goes as soon as the secret has arrived. It is locked for as long as the process lives that wrote
//! it; one that can be locked is left over.

use std::collections::BTreeMap;
use std::fs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::client::{CreateAttempt, IdempotencyKey, NewKey, Owner, PendingCreate, Replaced, Target};
use crate::config::{Config, ServerLocation};
use crate::domain::key::fields;
use crate::domain::{KeyId, SealKey, SealedSecret, Texts};
use crate::operations::messages::{SECRET_MAY_BE_LOST, interrupted_create};
use crate::platform::surroundings::Account;

/// A server forgets the name of an attempt after 24 hours (HTTP contract, part B): asked again later, it would make a
/// second key. An hour less, since its clock may differ.
const REPEATABLE: TimeDelta = TimeDelta::hours(23);
/// The largest note, in bytes: a label of 100 characters, a path and a name.
const MOST: u64 = 16 << 10;

/// The notes of one state folder. Without a profile, as by default, nothing is noted.
#[derive(Default)]
pub struct PendingCreates {
    folder: Option<PathBuf>,
    /// Where the keys of each profile are.
    dirs: Vec<(String, Origin)>,
    guard: Vec<(IdempotencyKey, PathBuf, File)>,
}

/// Where keys are.
enum Origin {
    /// In a data folder of this computer.
    Data(PathBuf),
    /// On a server, by its URL or socket.
    Server(String),
}

impl Origin {
    /// As it is in a note. Asked for when the server has been reached: by then a data folder is there, and its one
    /// true path can be known.
    fn words(&self) -> String {
        match self {
            Self::Data(folder) => {
                format!("data:{}", fs::canonicalize(folder).unwrap_or_else(|_| folder.clone()).display())
            }
            Self::Server(words) => words.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Note {
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
    texts: BTreeMap<String, String>,
    expires_at: Option<DateTime<Utc>>,
    /// The key that the new one replaces. A version that doesn't know of it leaves the note alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<ReplacedNote>,
    at: DateTime<Utc>,
}

impl Note {
    /// Several people may share this account: another's create is not finished under our name.
    fn is_of(&self, place: &str, owner: &Owner) -> bool {
        self.place == place && self.username == owner.username && self.login == Account::read().login
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

impl PendingCreates {
    /// The notes about the servers of these settings.
    pub fn of(config: &Config) -> Self {
        let dirs = config.profiles().into_iter().filter_map(|profile| {
            let place = match config.connection(&profile.name).ok()? {
                ServerLocation::Embedded(data) => Origin::Data(data),
                ServerLocation::Remote(connection) => Origin::Server(match connection.target {
                    Target::Socket(path) => format!("unix:{}", path.display()),
                    Target::Url(base) => base.as_str().to_owned(),
                }),
            };
            Some((profile.name, place))
        });
        let folder = config.state_folder().ok().map(|state| state.join("unfinished"));
        Self { folder, dirs: dirs.collect(), guard: Vec::new() }
    }

    /// Records a key creation before it is sent. A retry under the same name changes nothing. If the record can't be
    /// written, the request is sent without one.
    pub fn record(&mut self, owner: &Owner, new: &NewKey) {
        let Some(place) = self.place(&owner.profile) else { return };
        if self.has(&new.attempt.name) {
            return;
        }
        let note = Note {
            place,
            username: owner.username.clone(),
            login: Account::read().login,
            idempotency_key: new.attempt.name.as_str().to_owned(),
            seal_key: new.attempt.seal_key.clone().map(SealKeyText),
            texts: new.texts.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
            expires_at: new.expires_at,
            replaces: new.replaces.as_ref().map(ReplacedNote::of),
            at: Utc::now(),
        };
        if let Some(Ok((path, file))) = self.folder.as_ref().map(|folder| write(folder, &note)) {
            self.guard.push((new.attempt.name.clone(), path, file));
        }
    }

    /// Whether a key creation is noted.
    pub(crate) fn has(&self, key: &IdempotencyKey) -> bool {
        self.guard.iter().any(|(guard, ..)| guard == key)
    }

    /// Forgets a key creation: what came of it is known.
    pub fn resolve(&mut self, key: &IdempotencyKey) {
        self.guard.retain(|(guard, path, _)| {
            let is_it = guard == key;
            if is_it {
                let _ = fs::remove_file(path);
            }
            !is_it
        });
    }

    /// Leaves a key creation to whoever looks for it next.
    pub(crate) fn release(&mut self, key: &IdempotencyKey) {
        self.guard.retain(|(guard, ..)| guard != key);
    }

    /// Whether another living process is at work on a key creation of a profile's server, or asks about it.
    pub(crate) fn is_elsewhere(&self, owner: &Owner) -> bool {
        let Some(place) = self.place(&owner.profile) else { return false };
        let entries = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let notes = entries.filter_map(|entry| read(&entry.path()));
        notes.filter(|(file, note)| note.is_of(&place, owner) && file.is_none()).count() > 0
    }

    /// What was left over at a profile's server by a program that ended: first that whose secret the server keeps, which
    /// it does for minutes; the oldest first. It is ours from now on: another process does not find it.
    pub fn left(&mut self, owner: &Owner, now: DateTime<Utc>) -> Vec<PendingCreate> {
        let Some(place) = self.place(&owner.profile) else { return Vec::new() };
        let entries = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let entries = entries.map(|entry| entry.path());
        let notes = entries.filter_map(|path| {
            let (Some(file), note) = read(&path)? else { return None };
            let key = IdempotencyKey::parse(&note.idempotency_key).filter(|_| note.is_of(&place, owner))?;
            let texts = texts(&note)?;
            let replaces = match &note.replaces {
                Some(old) => Some(old.replaced()?),
                None => None,
            };
            let attempt = CreateAttempt { name: key.clone(), seal_key: note.seal_key.map(|key| key.0) };
            let new = NewKey { attempt, texts, expires_at: note.expires_at, replaces };
            Some((PendingCreate::of(new, note.at, now), (key, path, file)))
        });
        let (mut left, guard): (Vec<_>, Vec<_>) = notes.unzip();
        left.sort_by_key(|left| (left.secret_until.is_none(), left.at));
        self.guard.extend(guard);
        left
    }

    /// What is to be finished first, if anything can be.
    pub fn next(&mut self, owner: Option<&Owner>, now: DateTime<Utc>) -> Option<NewKey> {
        let left = self.left(owner?, now);
        left.into_iter().find(|left| left.repeatable).map(|left| left.new)
    }

    /// Says what was left over; `finish` says how creating a key can be finished. What is too old for that is said only
    /// once. Returns whether any can be finished.
    pub fn tell(&mut self, owner: &Owner, now: DateTime<Utc>, finish: &str, mut say: impl FnMut(String)) -> bool {
        let left = self.left(owner, now);
        for left in &left {
            say(interrupted_create(left, if left.repeatable { finish } else { SECRET_MAY_BE_LOST }));
            if !left.repeatable {
                self.resolve(&left.new.attempt.name);
            }
        }
        left.iter().any(|left| left.repeatable)
    }

    fn place(&self, profile: &str) -> Option<String> {
        Some(self.dirs.iter().find(|(name, _)| name == profile)?.1.words())
    }
}

impl PendingCreate {
    /// One that was sent at a time, as it is now.
    pub(crate) fn of(new: NewKey, at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let repeatable = now - at < REPEATABLE && new.expires_at.is_none_or(|end| end > now);
        let secret_until = new.attempt.seal_key.as_ref().map(|_| at + SealedSecret::KEPT).filter(|until| *until > now);
        Self { new, at, repeatable, secret_until }
    }
}

/// The texts of a note; none if one can't be of a key.
fn texts(note: &Note) -> Option<Texts> {
    let mut texts = Texts::default();
    for (field, _) in fields::written() {
        if let Some(text) = note.texts.get(field.name) {
            texts.set(field, text).ok()?;
        }
    }
    Some(texts)
}

fn write(folder: &Path, note: &Note) -> io::Result<(PathBuf, File)> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{}.json", note.idempotency_key));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.lock()?; // a process that looks for notes has it for a moment
    if file.metadata()?.nlink() == 0 {
        return write(folder, note); // and took it for one that was cut off
    }
    file.write_all(&serde_json::to_vec(note)?)?;
    Ok((path, file))
}

/// A note, with its file if no living process holds it. What cannot be understood is none; what a process has left that was
/// killed as it wrote it is removed, since it asked for nothing.
fn read(path: &Path) -> Option<(Option<File>, Note)> {
    let no_link = i32::try_from((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits()).ok()?;
    let mut file = OpenOptions::new().read(true).custom_flags(no_link).open(path).ok()?;
    let about = file.metadata().ok()?;
    let ours = about.is_file() && about.uid() == rustix::process::geteuid().as_raw() && about.len() <= MOST;
    if !ours {
        return None;
    }
    let is_free = file.try_lock().is_ok();
    let mut text = Vec::new();
    (&mut file).take(MOST).read_to_end(&mut text).ok()?;
    let note = serde_json::from_slice(&text);
    if is_free && note.as_ref().is_err_and(serde_json::Error::is_eof) {
        let _ = fs::remove_file(path);
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
