//! Creates that were sent and not settled: noted before they are sent, so that a start after a crash knows of them.
//!
//! A note holds what was asked for, of whom, the name under which it can be asked again, and the private key that the
//! secret is sealed to: with it, a repeated request gets the secret, as long as the server keeps it. So it is readable
//! by its user alone, and goes as soon as the secret has arrived. It is locked for as long as the process lives that wrote
//! it; one that can be locked is left over.

mod note;

use std::fs;
use std::fs::File;
use std::mem;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::{IdempotencyKey, NewKey, Owner, PendingCreate, Target};
use crate::config::{Config, ServerLocation};
use crate::domain::SealedSecret;
use crate::operations::messages::{SECRET_MAY_BE_LOST, interrupted_create};
use note::{Note, read, rewrite, write};

/// A server forgets the name of an attempt after 24 hours (HTTP contract, part B): asked again later, it would make a
/// second key. An hour less, since its clock may differ.
const REPEATABLE: TimeDelta = TimeDelta::hours(23);

/// The notes of one state folder. Without a profile, as by default, nothing is noted.
#[derive(Default)]
pub struct PendingCreates {
    folder: Option<PathBuf>,
    /// Where the keys of each profile are.
    dirs: Vec<(String, Origin)>,
    guard: Vec<Held>,
}

/// One that is ours, as long as its note is open.
struct Held {
    create: PendingCreate,
    path: PathBuf,
    file: File,
}

impl Held {
    fn is(&self, key: &IdempotencyKey) -> bool {
        self.create.new.attempt.name == *key
    }
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

    /// Records a key creation before it is sent. A retry with the same values changes nothing; with others, both are
    /// noted. If the record can't be written, the request is sent without one.
    pub fn record(&mut self, owner: &Owner, new: &NewKey) {
        let (Some(place), Some(folder)) = (self.place(&owner.profile), &self.folder) else { return };
        if let Some(held) = self.guard.iter_mut().find(|held| held.is(&new.attempt.name)) {
            if held.create.send(new)
                && let Ok(file) = rewrite(&held.path, &Note::of(place, owner, &held.create))
            {
                held.file = file;
            }
            return;
        }
        let now = Utc::now();
        let create = PendingCreate::of(new.clone(), Vec::new(), now, now);
        if let Ok((path, file)) = write(folder, &Note::of(place, owner, &create)) {
            self.guard.push(Held { create, path, file });
        }
    }

    /// Whether a key creation is noted.
    pub(crate) fn has(&self, key: &IdempotencyKey) -> bool {
        self.guard.iter().any(|held| held.is(key))
    }

    /// As a key creation was sent before, with other values.
    pub(crate) fn earlier(&self, key: &IdempotencyKey) -> Vec<NewKey> {
        self.guard.iter().find(|held| held.is(key)).map(|held| held.create.earlier.clone()).unwrap_or_default()
    }

    /// Forgets a key creation: what came of it is known.
    pub fn resolve(&mut self, key: &IdempotencyKey) {
        for held in self.guard.extract_if(.., |held| held.is(key)) {
            let _ = fs::remove_file(&held.path);
        }
    }

    /// Leaves a key creation to the next process that looks for it.
    pub(crate) fn release(&mut self, key: &IdempotencyKey) {
        self.guard.retain(|held| !held.is(key));
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
            let create = note.is_of(&place, owner).then(|| note.create(now))??;
            Some(Held { create, path, file })
        });
        let held: Vec<_> = notes.collect();
        let mut left: Vec<_> = held.iter().map(|held| held.create.clone()).collect();
        left.sort_by_key(|left| (left.secret_until.is_none(), left.at));
        self.guard.extend(held);
        left
    }

    /// What is to be finished first, if anything can be. What is too old for that is said, once.
    pub fn next(&mut self, owner: Option<&Owner>, now: DateTime<Utc>, mut say: impl FnMut(String)) -> Option<NewKey> {
        let (repeatable, too_old): (Vec<_>, Vec<_>) =
            self.left(owner?, now).into_iter().partition(|left| left.repeatable);
        for left in too_old {
            say(self.give_up(&left));
        }
        repeatable.into_iter().next().map(|left| left.new)
    }

    /// Forgets what is too old to be finished, and says that.
    fn give_up(&mut self, left: &PendingCreate) -> String {
        self.resolve(&left.new.attempt.name);
        interrupted_create(left, SECRET_MAY_BE_LOST)
    }

    /// Says what was left over; `finish` says how creating a key can be finished. What is too old for that is said only
    /// once. Returns whether any can be finished.
    pub fn tell(&mut self, owner: &Owner, now: DateTime<Utc>, finish: &str, mut say: impl FnMut(String)) -> bool {
        let left = self.left(owner, now);
        for left in &left {
            say(if left.repeatable { interrupted_create(left, finish) } else { self.give_up(left) });
        }
        left.iter().any(|left| left.repeatable)
    }

    fn place(&self, profile: &str) -> Option<String> {
        Some(self.dirs.iter().find(|(name, _)| name == profile)?.1.words())
    }
}

impl PendingCreate {
    /// One that was sent at a time, as it is now.
    pub(crate) fn of(new: NewKey, earlier: Vec<NewKey>, at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let repeatable = now - at < REPEATABLE && new.expires_at.is_none_or(|end| end > now);
        let secret_until = new.attempt.seal_key.as_ref().map(|_| at + SealedSecret::KEPT).filter(|until| *until > now);
        Self { new, earlier, at, repeatable, secret_until }
    }

    /// The same, now.
    pub(crate) fn at(self, now: DateTime<Utc>) -> Self {
        Self::of(self.new, self.earlier, self.at, now)
    }

    /// It is sent again. Returns whether the values are others than at the last time.
    pub(crate) fn send(&mut self, new: &NewKey) -> bool {
        if self.new == *new {
            return false;
        }
        self.earlier.retain(|earlier| earlier != new);
        self.earlier.push(mem::replace(&mut self.new, new.clone()));
        true
    }

    /// The server has made the key with other values than it was sent with last: those of an earlier try, if there was
    /// one, which is to be sent now.
    pub(crate) fn on_other_values(&mut self) -> Option<NewKey> {
        self.new = self.earlier.pop()?;
        Some(self.new.clone())
    }
}
