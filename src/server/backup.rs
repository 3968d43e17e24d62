//! Backup and restore of a data folder: database and master key in one file.

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::io::{Read, Seek as _, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustix::fs::{AtFlags, CWD, FlockOperation, OFlags, RenameFlags, fcntl_lock, linkat, renameat_with};
use rustix::io::Errno;
use tempfile::TempDir;

use super::auth::key_file::{KeyFile, MasterKeyError};
use super::auth::signing_key::SigningKey;
use super::auth::vault::Vault;
use super::data_folder::{DataError, DataFolder, check_owners, own_folder};
use super::store::{Actor, Comparison, Manifest, NewSigningKey, OpenedBackup, StoreError, sqlite_backup};
use crate::platform::regular_file;

/// What the names of folders begin with in which a backup is written or unpacked.
const WORK: &str = ".backup-";
pub(super) const DATABASE: &str = "keys.db";
pub(super) const MASTER_KEY: &str = "master.key";

/// Why nothing was backed up or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error("the master key is being replaced: let latchkey server rotate-master-key come to its end first")]
    Rotating,
    #[error("{0} already exists and was not overwritten")]
    Exists(PathBuf),
    #[error("{path} can't be written: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} can't be read: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{0} is not a backup made by latchkey")]
    NotBackup(PathBuf),
    #[error("{0} was made by a newer latchkey: restore it with that version or a later one")]
    Newer(PathBuf),
    #[error("{path} is damaged: {why}")]
    Damaged { path: PathBuf, why: String },
    #[error("another latchkey is using {0}: stop the server and close the pages on it")]
    InUse(PathBuf),
    /// After the database before was moved away.
    #[error("the restore stopped halfway: {source}. The database from before is in {aside}")]
    Halfway { aside: PathBuf, source: io::Error },
}

/// A folder for files that are being written; removed when dropped. What a killed process has left is removed by the
/// next.
pub(super) struct WorkFolder {
    folder: TempDir,
    /// Held until it ends: what is not held was left.
    _lock: File,
}

impl WorkFolder {
    pub(super) fn create(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let folder =
            tempfile::Builder::new().prefix(WORK).permissions(Permissions::from_mode(0o700)).tempdir_in(parent)?;
        let lock = File::open(folder.path())?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the master key that belongs to the database.
    pub(super) fn write_master_key(&self, master_key: &[u8]) -> io::Result<()> {
        let mut key = new_private(&self.path(MASTER_KEY))?;
        key.write_all(master_key)?;
        key.sync_all()
    }

    /// Moves database and master key to `folder`, where there is no database. All the time there is a master key, so that
    /// a latchkey that starts in between makes no new store.
    pub(super) fn place(&self, folder: &Path) -> io::Result<()> {
        fs::rename(self.path(MASTER_KEY), folder.join(MASTER_KEY))?;
        let (staged, database) = (self.path(DATABASE), folder.join(DATABASE));
        match renameat_with(CWD, &staged, CWD, &database, RenameFlags::NOREPLACE) {
            // Some file systems can't rename so. Nothing is there: that was looked at.
            Err(Errno::INVAL | Errno::NOSYS) if !database.exists() => fs::rename(&staged, &database)?,
            done => done?,
        }
        sync(folder)
    }
}

fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_work = entry.file_name().to_string_lossy().starts_with(WORK);
        if is_work && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A backup that is written and checked, and not yet where it should be. It holds the master key.
pub struct Backup {
    work: WorkFolder,
    pub manifest: Manifest,
    /// Bytes.
    pub size: u64,
}

impl Backup {
    /// Copies the data in `folder` as it is at this moment, also while a server works on it. Where nothing may be written
    /// there, the copy is made in `elsewhere`.
    pub fn make(
        folder: &Path,
        master_key: Option<&Path>,
        elsewhere: &Path,
        now: DateTime<Utc>,
    ) -> Result<Self, BackupError> {
        check_owners(folder)?;
        let database = folder.join(DATABASE);
        if !database.exists() {
            return Err(DataError::NoStore(folder.to_owned()).into());
        }
        let file = KeyFile::of(folder, master_key);
        // After a rotation that was ended before its key took the place of the old one, that is still beside it.
        let keys = [Some(file.read()?), file.next().read().ok()];
        let work = WorkFolder::create(folder).or_else(|_| WorkFolder::create(elsewhere));
        let work = work.map_err(|source| BackupError::Write { path: elsewhere.to_owned(), source })?;
        let copy = work.path("backup");
        let mut checked = None;
        for master_key in keys.into_iter().flatten() {
            new_private(&copy).map_err(|source| BackupError::Write { path: copy.clone(), source })?;
            sqlite_backup::write(&database, &copy, &*master_key, now).map_err(|error| match error {
                StoreError::OtherMasterKey => BackupError::Rotating,
                error => error.into(),
            })?;
            match (check(&copy, &database), &checked) {
                (Ok(opened), _) => {
                    checked = Some(Ok(opened));
                    break;
                }
                // The old key is the one to be told about.
                (Err(error), None) => checked = Some(Err(error)),
                (Err(_), Some(_)) => {}
            }
            fs::remove_file(&copy).map_err(|source| BackupError::Write { path: copy.clone(), source })?;
        }
        let (opened, _) = checked.ok_or_else(|| DataError::NoStore(folder.to_owned()))??;
        let size = fs::metadata(&copy).map_err(|source| BackupError::Write { path: copy, source })?.len();
        Ok(Self { work, manifest: opened.manifest, size })
    }

    /// Brings it to its place, where it is whole or not there at all. A link is not followed.
    pub fn save(self, path: &Path, may_overwrite: bool) -> Result<(), BackupError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
            _ => BackupError::Write { path: path.to_owned(), source },
        };
        let mut from = File::open(self.work.path("backup")).map_err(failed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        put(&mut from, folder, path, may_overwrite).map_err(failed)?;
        // Some file systems know no sync of a folder: the file itself is safe by now.
        let _ = sync(folder);
        Ok(())
    }

    /// Writes it to a pipe.
    pub fn send(self, out: &mut impl Write) -> io::Result<()> {
        io::copy(&mut File::open(self.work.path("backup"))?, out)?;
        out.flush()
    }
}

/// Whether a backup may be saved at `path`: asked before it is made.
pub fn may_save(path: &Path, may_overwrite: bool) -> Result<(), BackupError> {
    match fs::symlink_metadata(path) {
        Ok(about) if !may_overwrite || about.is_dir() => Err(BackupError::Exists(path.to_owned())),
        _ => Ok(()),
    }
}

/// Writes a file without a name and gives it one, so that a process that is killed leaves nothing; where a file system
/// has no such files, under another name first.
fn put(from: &mut File, folder: &Path, path: &Path, may_overwrite: bool) -> io::Result<()> {
    let flags = (OFlags::TMPFILE | OFlags::CLOEXEC).bits().cast_signed();
    let unnamed = OpenOptions::new().write(true).mode(0o600).custom_flags(flags).open(folder);
    let unnamed = unnamed.and_then(|mut file| {
        copy_private(from, &mut file)?;
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        let link = |to: &Path| linkat(CWD, &own, CWD, to, AtFlags::SYMLINK_FOLLOW);
        if !may_overwrite {
            return Ok(link(path)?);
        }
        let beside = folder.join(format!("{WORK}{}", std::process::id()));
        let _ = fs::remove_file(&beside);
        link(&beside)?;
        fs::rename(&beside, path)
    });
    match unnamed {
        Err(error)
            if [Errno::OPNOTSUPP, Errno::ISDIR, Errno::INVAL, Errno::NOENT].iter().any(|errno| is(&error, *errno)) =>
        {
            from.rewind()?;
            let builder =
                tempfile::Builder::new().prefix(WORK).permissions(Permissions::from_mode(0o600)).tempfile_in(folder);
            let mut named = builder?;
            copy_private(from, named.as_file_mut())?;
            let saved = if may_overwrite { named.persist(path) } else { named.persist_noclobber(path) };
            saved.map(drop).map_err(|failed| failed.error)
        }
        done => done,
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

fn copy_private(from: &mut File, to: &mut File) -> io::Result<()> {
    to.set_permissions(Permissions::from_mode(0o600))?;
    let mode = to.metadata()?.mode() & 0o777;
    if mode & !0o700 != 0 {
        return Err(io::Error::other(format!(
            "its file system keeps no file private (mode {mode:04o} in place of 0600)"
        )));
    }
    io::copy(from, to)?;
    to.sync_all()
}

fn new_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Reads a backup whole; `name` is what errors call it. Gives its master key too, ready for use.
fn check(file: &Path, name: &Path) -> Result<(OpenedBackup, Vault), BackupError> {
    let damaged = |why: &str| BackupError::Damaged { path: name.to_owned(), why: why.to_owned() };
    let opened = sqlite_backup::open(file).map_err(|error| match error {
        StoreError::Foreign => BackupError::NotBackup(name.to_owned()),
        StoreError::Newer { .. } => BackupError::Newer(name.to_owned()),
        StoreError::Damaged(_) => damaged("it can't be read to its end"),
        error => error.into(),
    })?;
    let vault = Vault::of(&opened.master_key).ok_or_else(|| damaged("its master key is not whole"))?;
    if opened.samples.iter().any(|(id, secret)| vault.decrypt(id, secret).is_none()) {
        return Err(damaged("its master key doesn't open its secrets"));
    }
    Ok((opened, vault))
}

/// Where a backup is read from.
pub enum BackupSource<'a> {
    File(&'a Path),
    Stdin(&'a mut dyn Read),
}

/// A backup that was read and checked, and has not been put in its place yet.
pub struct Restore {
    work: WorkFolder,
    folder: PathBuf,
    pub manifest: Manifest,
    /// How it differs from what is there. `None` if nothing is there; an error if that can't be read.
    pub differences: Option<Result<Comparison, StoreError>>,
    /// The only one from now on.
    signing_key: NewSigningKey,
}

impl Restore {
    /// Reads a backup and compares it with what is in `folder`, which is created if it is missing. Refuses a folder that
    /// a latchkey works on.
    pub fn read(folder: &Path, from: BackupSource<'_>) -> Result<Self, BackupError> {
        check_owners(folder)?;
        own_folder(folder)?;
        drop(lock(folder)?);
        let failed = |source| BackupError::Write { path: folder.to_owned(), source };
        let work = WorkFolder::create(folder).map_err(failed)?;
        let staged = work.path(DATABASE);
        let name = match &from {
            BackupSource::File(path) => path.to_path_buf(),
            BackupSource::Stdin(_) => PathBuf::from("standard input"),
        };
        let unreadable = |source| BackupError::Read { path: name.clone(), source };
        let mut to = new_private(&staged).map_err(failed)?;
        let copied = match from {
            BackupSource::File(path) => {
                let mut file = regular_file::open(OpenOptions::new().read(true), path).map_err(unreadable)?;
                io::copy(&mut file, &mut to)
            }
            BackupSource::Stdin(input) => io::copy(input, &mut to),
        };
        copied.map_err(unreadable)?;
        drop(to);
        let (opened, vault) = check(&staged, &name)?;
        let signing_key = SigningKey::new_for_store(&vault, true).map_err(MasterKeyError::from)?;
        work.write_master_key(&opened.master_key).map_err(failed)?;
        let database = folder.join(DATABASE);
        let is_there = DataFolder::exists(folder);
        let differences = is_there.then(|| sqlite_backup::compare(&database, &staged));
        Ok(Self { work, folder: folder.to_owned(), manifest: opened.manifest, differences, signing_key })
    }

    /// Puts it in its place, and moves what is there to a folder that it gives. Access tokens and sessions from before are
    /// no longer good.
    pub fn put(self, actor: &Actor, now: DateTime<Utc>) -> Result<Option<PathBuf>, BackupError> {
        let failed = |source| BackupError::Write { path: self.folder.clone(), source };
        let staged = self.work.path(DATABASE);
        sqlite_backup::unpack(&staged, self.manifest.created_at, &self.signing_key, actor, now)?;
        File::open(&staged).and_then(|file| file.sync_all()).map_err(failed)?;
        let _held = lock(&self.folder)?;
        let aside = self.differences.is_some().then(|| self.set_aside(now)).transpose().map_err(failed)?;
        let placed = self.place(aside.as_deref());
        match (placed, &aside) {
            (Ok(()), _) => Ok(aside),
            (Err(source), Some(aside)) => Err(BackupError::Halfway { aside: aside.clone(), source }),
            (Err(source), None) => Err(failed(source)),
        }
    }

    /// Makes the folder for what is there, with a copy of its master key.
    fn set_aside(&self, now: DateTime<Utc>) -> io::Result<PathBuf> {
        let name = format!("before-restore-{}", now.format("%Y%m%dT%H%M%S%3fZ"));
        let aside = self.folder.join(name);
        DirBuilder::new().mode(0o700).create(&aside)?;
        let key = self.folder.join(MASTER_KEY);
        if key.exists() {
            let mut copy = new_private(&aside.join(MASTER_KEY))?;
            io::copy(&mut regular_file::open_no_follow(OpenOptions::new().read(true), &key)?, &mut copy)?;
            copy.sync_all()?;
        }
        Ok(aside)
    }

    /// Moves the files.
    fn place(&self, aside: Option<&Path>) -> io::Result<()> {
        if let Some(aside) = aside {
            for name in [DATABASE, "keys.db-wal", "keys.db-shm"] {
                match fs::rename(self.folder.join(name), aside.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            sync(aside)?;
        }
        self.work.place(&self.folder)
    }
}

/// Keeps every latchkey from the database in `folder`, or says that one uses it: `SQLite` holds a lock on its file as long
/// as it is open. `None` if there is no database.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, BackupError> {
    let path = folder.join(DATABASE);
    let file = match regular_file::open_no_follow(OpenOptions::new().read(true).write(true), &path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(BackupError::Read { path, source }),
    };
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(BackupError::InUse(folder.to_owned())),
        Err(error) => Err(BackupError::Read { path, source: error.into() }),
    }
}
