//! Whether the main file of the database is still the one that its log was written for.
//!
//! `SQLite` binds a write-ahead log to nothing: with an older copy put in the place of the main file it reads pages of
//! both, and says nothing. So this looks at the main file by itself, without its log. It only ever changes when the log
//! is written back, hence the number of its last event only grows, and its store stays the same.
//!
//! - While the database is open, a look is due when the file has changed: once for some 1,000 pages of the log.
//! - While its log is written back, also by a process that was killed meanwhile, the main file can be unreadable by itself:
//!   then the log makes it whole. A copy that was put in its place can be read.
//! - After a crash the log stays. `store.base` in it says how far the main file had come when the log was begun.
//!   Only numbers are taken for it that a power cut can't take back: those that were seen before the log was begun anew
//!   or emptied, which happens once all of it is on the disk in the main file.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::server::store::error::StoreError;
use crate::server::store::sqlite::connection::connect::open_to_read;

/// How long a main file may be unreadable by itself while its log is written back to it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it must have been tried by then.
const TRIES: u32 = 3;
/// Between two looks at a file that another process is writing.
const PAUSE: Duration = Duration::from_millis(20);

/// What the main file says by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct MainFile {
    /// The ID of the store. `None` in a file that is as good as empty, or of an older version.
    store: Option<String>,
    /// The number of the last event.
    events: i64,
}

impl MainFile {
    fn at(path: &Path) -> Result<Self, StoreError> {
        Self::of(&open_to_read(path, "immutable=1")?)
    }

    fn of(connection: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('store', 'sqlite_sequence')";
        if connection.query_row(sql, [], |row| row.get::<_, u32>(0))? < 2 {
            return Ok(Self::default());
        }
        let store = connection.query_row("SELECT id FROM store", [], |row| row.get(0)).optional()?;
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'events'";
        let events = connection.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or(0);
        Ok(Self { store, events })
    }

    /// Whether this can have become of `earlier`, in the store with this ID.
    fn follows(&self, earlier: &Self, store: Option<&String>) -> bool {
        let is_ours = self.store.is_none() || store.is_none() || self.store.as_ref() == store;
        is_ours && (earlier.store.is_none() || self.store.is_some()) && self.events >= earlier.events
    }
}

/// Follows the main file of an open database.
pub(crate) struct MainFileWatch {
    path: PathBuf,
    /// When the file was last changed, in nanoseconds, as it was looked at last.
    changed: AtomicI64,
    seen: Mutex<Seen>,
}

struct Seen {
    main: MainFile,
    /// The ID of the store, which may be in its log alone.
    store: Option<String>,
    /// The log that was there at that time.
    log: Option<Log>,
    /// What `store.base` may say, and what it says.
    base: i64,
    stored_base: i64,
    /// Since when the file can't be read, and how often it was tried.
    unreadable: Option<(Instant, u32)>,
}

/// Which log it is: its salts change each time that it is begun anew (sqlite.org/walformat.html, section 2.1).
type Log = [u8; 8];

fn log_of(path: &Path) -> Option<Log> {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let mut header = [0; 24];
    // SQLite holds no lock on this file, which closing it would give up.
    File::open(name).ok()?.read_exact(&mut header).ok()?;
    header.last_chunk().copied()
}

#[expect(clippy::disallowed_methods, reason = "another process tells nothing of its writing")]
fn pause() {
    std::thread::sleep(PAUSE);
}

fn changed_at(about: &Metadata) -> i64 {
    about.mtime().wrapping_mul(1_000_000_000).wrapping_add(about.mtime_nsec()).wrapping_add(about.size().cast_signed())
}

impl MainFileWatch {
    /// Looks at the main file before anything is done with the database. `connection` is to it; what is in its log stays
    /// there.
    ///
    /// # Errors
    ///
    /// The log belongs to another main file, or to a later state of this one.
    pub(crate) fn begin(
        path: &Path,
        connect: impl FnOnce() -> Result<Connection, StoreError>,
    ) -> Result<(Self, Connection), StoreError> {
        let changed = std::fs::metadata(path).map_err(StoreError::files(path))?;
        let mut main = MainFile::at(path);
        let mut log = log_of(path);
        let until = Instant::now() + PATIENCE;
        // Without a log it must be readable, unless another process has just written the log back.
        while main.is_err() && log.is_none() && Instant::now() < until {
            pause();
            (main, log) = (MainFile::at(path), log_of(path));
        }
        if log.is_none() {
            main = Ok(main?);
        }
        let connection = connect()?;
        // Closing the last connection would write the log into a file that is not its own.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let whole = MainFile::of(&connection)?;
        let stored_base = match whole.store {
            Some(_) => connection.query_row("SELECT base FROM store", [], |row| row.get(0))?,
            None => 0,
        };
        let is_mixed = |main: &Result<MainFile, StoreError>| {
            let of_another = |main: &MainFile| main.store.is_some() && main.store != whole.store;
            log.is_some() && main.as_ref().is_ok_and(|main| of_another(main) || main.events < stored_base)
        };
        // It was read before the log: what is stored about it may be younger.
        while is_mixed(&main) {
            if Instant::now() >= until {
                return Err(StoreError::Mixed(path.to_owned()));
            }
            pause();
            main = MainFile::at(path);
        }
        let main = main.unwrap_or(MainFile { store: None, events: stored_base });
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        let base = if log.is_none() { main.events } else { stored_base };
        let seen = Seen { main, store: whole.store, log, base, stored_base, unreadable: None };
        let watch =
            Self { path: path.to_owned(), changed: AtomicI64::new(changed_at(&changed)), seen: Mutex::new(seen) };
        Ok((watch, connection))
    }

    /// The database has got the tables of this version.
    pub(crate) fn migrated(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let seen = self.seen.get_mut().unwrap_or_else(PoisonError::into_inner);
        seen.store = MainFile::of(connection)?.store;
        Ok(())
    }

    /// Fails if another file's content is in the main file. Looks only if `about` says that it has changed.
    pub(crate) fn check(&self, about: &Metadata) -> Result<(), StoreError> {
        let changed = changed_at(about);
        if self.changed.load(Ordering::Relaxed) == changed {
            return Ok(());
        }
        let mut seen = match self.seen.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()), // another thread looks
        };
        match MainFile::at(&self.path) {
            Ok(main) if main.follows(&seen.main, seen.store.as_ref()) => {
                match log_of(&self.path) {
                    None => (seen.base, seen.log) = (main.events, None),
                    log if log != seen.log => (seen.base, seen.log) = (seen.main.events, log),
                    _ => {}
                }
                (seen.main, seen.unreadable) = (main, None);
                self.changed.store(changed, Ordering::Relaxed);
                Ok(())
            }
            Ok(_) => Err(StoreError::Gone(self.path.clone())),
            // Pages of it are on their way from the log, or the process that wrote them was killed.
            Err(_) if log_of(&self.path).is_some() => Ok(()),
            Err(_) => {
                let (since, tries) = seen.unreadable.get_or_insert_with(|| (Instant::now(), 0));
                *tries += 1;
                let is_passing = *tries < TRIES || since.elapsed() < PATIENCE;
                if is_passing { Ok(()) } else { Err(StoreError::Gone(self.path.clone())) }
            }
        }
    }

    /// Stores with a change how far the main file had come, if that is news. Gives what is stored then.
    pub(crate) fn note(&self, transaction: &Transaction<'_>) -> Result<Option<i64>, StoreError> {
        let base = match self.seen.lock() {
            Ok(seen) if seen.base > seen.stored_base => seen.base,
            _ => return Ok(None),
        };
        transaction.prepare_cached("UPDATE store SET base = ?1 WHERE base < ?1")?.execute([base])?;
        Ok(Some(base))
    }

    /// What [`note`](Self::note) gave is stored.
    pub(crate) fn noted(&self, base: Option<i64>) {
        if let (Some(base), Ok(mut seen)) = (base, self.seen.lock()) {
            seen.stored_base = seen.stored_base.max(base);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::server::store::sqlite::connection::cancel::Cancel;
    use crate::server::store::sqlite::connection::connections::Connections;
    use crate::server::store::sqlite::file::main_file::*;

    /// Stores an event, so that the database has another state.
    fn event(connections: &Connections) -> Result<(), StoreError> {
        connections.write(|transaction| {
            let sql = "INSERT INTO events (key_id, at, kind) VALUES ('', 0, 'restored')";
            Ok(transaction.execute(sql, []).map(drop)?)
        })
    }

    fn write_back(path: &Path, how: &str) {
        let connection = Connection::open(path).unwrap();
        connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(())).unwrap();
    }

    #[test]
    fn an_older_copy_in_the_same_file_is_found_and_writing_the_log_back_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("keys.db"), folder.path().join("copy"));
        let connections = Connections::open_or_create(path.clone()).unwrap();
        for _ in 0..3 {
            event(&connections).unwrap();
            write_back(&path, "TRUNCATE");
            connections.check().unwrap();
        }
        fs::copy(&path, &copy).unwrap();
        connections.check().unwrap();
        event(&connections).unwrap();
        write_back(&path, "TRUNCATE");
        connections.check().unwrap();
        fs::copy(&copy, &path).unwrap();
        assert!(matches!(connections.check(), Err(StoreError::Gone(_))));
        assert!(matches!(event(&connections), Err(StoreError::Gone(_))));
    }

    #[test]
    fn another_store_in_the_same_file_is_found() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [path, other] = [&folder, &other].map(|folder| folder.path().join("keys.db"));
        let connections = Connections::open_or_create(path.clone()).unwrap();
        event(&connections).unwrap();
        write_back(&path, "TRUNCATE");
        connections.check().unwrap();
        let others = Connections::open_or_create(other.clone()).unwrap();
        for _ in 0..9 {
            event(&others).unwrap();
        }
        drop(others);
        fs::copy(&other, &path).unwrap();
        assert!(matches!(connections.check(), Err(StoreError::Gone(_))));
    }

    /// As after a crash: the log is there, and the main file is an older one.
    #[test]
    fn a_log_is_not_read_over_an_older_main_file() {
        let (folder, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [path, copied] = [&folder, &crashed].map(|folder| folder.path().join("keys.db"));
        let old = folder.path().join("old");
        let connections = Connections::open_or_create(path.clone()).unwrap();
        event(&connections).unwrap();
        drop(connections);
        fs::copy(&path, &old).unwrap();
        event(&Connections::open_or_create(path.clone()).unwrap()).unwrap();
        let connections = Connections::open_or_create(path.clone()).unwrap();
        event(&connections).unwrap();
        let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
        fs::copy(log(&path), log(&copied)).unwrap();
        fs::copy(&path, &copied).unwrap();
        assert!(Connections::open_or_create(copied.clone()).is_ok(), "the log's own main file");
        fs::copy(log(&path), log(&copied)).unwrap();
        fs::copy(&old, &copied).unwrap();
        for _ in 0..2 {
            let opened = Connections::open_or_create(copied.clone());
            assert!(matches!(opened, Err(StoreError::Mixed(_))), "{:?}", opened.err());
        }
        assert_eq!(fs::read(&old).unwrap(), fs::read(&copied).unwrap(), "nothing was written into it");
        fs::remove_file(log(&copied)).unwrap();
        assert!(Connections::open_or_create(copied).is_ok());
    }

    /// Within one run as well, once the log was begun anew after the copy.
    #[test]
    fn a_copy_from_the_same_run_is_older_than_a_later_log() {
        for how in ["TRUNCATE", "RESTART"] {
            let (folder, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let [path, copied] = [&folder, &crashed].map(|folder| folder.path().join("keys.db"));
            let connections = Connections::open_or_create(path.clone()).unwrap();
            event(&connections).unwrap();
            write_back(&path, how);
            connections.check().unwrap();
            fs::copy(&path, &copied).unwrap();
            for _ in 0..3 {
                event(&connections).unwrap();
                write_back(&path, how);
                event(&connections).unwrap();
                connections.check().unwrap();
            }
            let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
            fs::copy(log(&path), log(&copied)).unwrap();
            let opened = Connections::open_or_create(copied);
            assert!(matches!(opened, Err(StoreError::Mixed(_))), "{how}: {:?}", opened.err());
        }
    }

    /// As `kill -9` leaves it while the log is written back: some of its pages are in the main file.
    #[test]
    fn a_log_that_was_partly_written_back_makes_the_file_whole() {
        let (folder, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [path, copied] = [&folder, &crashed].map(|folder| folder.path().join("keys.db"));
        let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
        drop(Connections::open_or_create(path.clone()).unwrap());
        let connections = Connections::open_or_create(path.clone()).unwrap();
        for _ in 0..40 {
            let sql = "INSERT INTO events (key_id, at, kind, detail) VALUES ('', 0, 'restored', hex(randomblob(1000)))";
            connections.write(|transaction| Ok(transaction.execute(sql, []).map(drop)?)).unwrap();
        }
        let (main, pages) = (fs::read(&path).unwrap(), fs::read(log(&path)).unwrap());
        // A frame has a header of 24 bytes, of which the first four are the page's number (sqlite.org/walformat.html).
        let page = usize::try_from(u32::from_be_bytes(*pages[8..].first_chunk().unwrap())).unwrap();
        let frames: Vec<&[u8]> = pages[32..].chunks_exact(24 + page).collect();
        assert!(frames.len() > 40);
        let (mut partly, mut unreadable) = (main, 0);
        for frame in frames {
            let number = usize::try_from(u32::from_be_bytes(*frame.first_chunk().unwrap())).unwrap();
            partly.resize(partly.len().max(number * page), 0);
            partly[(number - 1) * page..number * page].copy_from_slice(&frame[24..]);
            fs::write(&copied, &partly).unwrap();
            fs::write(log(&copied), &pages).unwrap();
            let _ = fs::remove_file(format!("{}-shm", copied.display()));
            unreadable += usize::from(MainFile::at(&copied).is_err());
            let opened = Connections::open_or_create(copied.clone()).unwrap();
            let count = |connection: &Connection| {
                Ok(connection.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, u32>(0))?)
            };
            assert!(opened.read(&Cancel::default(), count).unwrap() >= 40);
            opened.check().unwrap();
        }
        assert!(unreadable > 0, "otherwise this tests nothing");
    }
}
