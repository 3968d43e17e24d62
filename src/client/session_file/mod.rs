//! The remembered session: in the kernel's keyring or in a private file, bound to one server.

mod keyring;
#[cfg(test)]
mod tests;

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{AdminSession, Target};
use crate::domain::Untrusted;
use crate::platform::surroundings::Account;

/// Why nothing is kept, and what to do. It is never kept in a file instead: that is for the user to say.
const NO_KEYRING: &str = "was not saved, because the kernel gives this login no user keyring; --remember=file saves \
    it in this file";
/// The largest file that is read, in bytes: a session token, a name and a URL.
const MOST: u64 = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStorage {
    /// The kernel's keyring of this user: until the computer is started again, at the longest.
    Keyring,
    /// A file that only this user reads.
    File,
}

/// Where the session of a profile is remembered, and for which server.
pub struct SessionFile {
    folder: PathBuf,
    path: PathBuf,
    server: String,
    login: Option<u32>,
}

/// Why a session is not remembered, or not used. Never holds any of it.
#[derive(Debug, thiserror::Error)]
#[error("the remembered session in {} {problem}", path.display())]
pub struct SessionFileError {
    path: PathBuf,
    problem: String,
}

#[derive(Serialize)]
struct Written<'a> {
    server: &'a str,
    /// The name as it was typed, which is the profile's: the server may write it in another way.
    signed_in_as: &'a str,
    /// Who logged in to this computer: several people may share one account.
    login: Option<u32>,
    username: &'a str,
    role: &'a str,
    expires_at: DateTime<Utc>,
    session_token: &'a str,
}

#[derive(Deserialize)]
struct Found {
    server: String,
    signed_in_as: String,
    login: Option<u32>,
    username: String,
    role: String,
    expires_at: DateTime<Utc>,
    session_token: SecretString,
}

impl SessionFile {
    /// The file of the profile `name`, whose server is `target`. `state` is the program's state folder.
    pub fn of(state: &Path, name: &str, target: &Target) -> Self {
        let folder = state.join("sessions");
        let sayable = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
        // A file name has at most 255 bytes (NAME_MAX), a host name about as many.
        let key: String = name.chars().map(sayable).take(100).collect();
        let server = match target {
            Target::Socket(path) => format!("unix:{}", path.display()),
            Target::Url(base) => base.as_str().to_owned(),
        };
        Self { path: folder.join(format!("{key}.json")), folder, server, login: Account::read().login }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The remembered session, if there is one for this server that has not ended at `now`, if it was `signed_in_as` the
    /// name that is given, and not by another administrator who shares this account. An expired one is removed.
    pub fn load(
        &self,
        signed_in_as: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<AdminSession>, SessionFileError> {
        let Some(bytes) = self.bytes()? else { return Ok(None) };
        // The parser's own error may quote what it stumbled over.
        let found: Found =
            serde_json::from_slice(&bytes).map_err(|_| self.error("can't be read; remove it and sign in again"))?;
        let other_name = signed_in_as.is_some_and(|name| name != found.signed_in_as);
        let other_login = matches!((found.login, self.login), (Some(theirs), Some(ours)) if theirs != ours);
        if found.server != self.server || other_name || other_login {
            return Ok(None);
        }
        if found.expires_at <= now {
            self.remove()?;
            return Ok(None);
        }
        Ok(Some(AdminSession {
            token: found.session_token,
            expires_at: found.expires_at,
            username: Untrusted::new(&found.username),
            role: Untrusted::new(&found.role),
        }))
    }

    /// Where the session is kept that [`load`](Self::load) would find.
    pub fn keeper(&self) -> Option<SessionStorage> {
        if keyring::load(&self.key()).is_some() {
            return Some(SessionStorage::Keyring);
        }
        self.path.symlink_metadata().is_ok().then_some(SessionStorage::File)
    }

    fn bytes(&self) -> Result<Option<Zeroizing<Vec<u8>>>, SessionFileError> {
        keyring::load(&self.key()).map_or_else(|| self.read(), |bytes| Ok(Some(bytes)))
    }

    /// The name of the key: one user may have several homes, profiles and servers.
    fn key(&self) -> String {
        format!("latchkey:{}@{}", self.path.display(), self.server)
    }

    /// Remembers a session in place of an older one, where `keeper` says and nowhere else. All of it is there when this
    /// returns, or the error says why not.
    pub fn store(
        &self,
        session: &AdminSession,
        signed_in_as: &str,
        keeper: SessionStorage,
    ) -> Result<(), SessionFileError> {
        let text = self.written(session, signed_in_as)?;
        match keeper {
            SessionStorage::Keyring => {
                let stored = keyring::store(&self.key(), &text, session.expires_at, Utc::now());
                stored.map_err(|error| self.error(&format!("{NO_KEYRING} ({error:?})")))?;
                match fs::remove_file(&self.path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        Err(self.error(&format!("cannot be removed: {error}")))
                    }
                    _ => Ok(()),
                }
            }
            SessionStorage::File => {
                self.write(&text)?;
                keyring::remove(&self.key());
                Ok(())
            }
        }
    }

    fn written(&self, session: &AdminSession, signed_in_as: &str) -> Result<Zeroizing<Vec<u8>>, SessionFileError> {
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        let written = Written {
            server: &self.server,
            signed_in_as,
            login: self.login,
            username: session.username.raw_for_api(),
            role: session.role.raw_for_api(),
            expires_at: session.expires_at,
            session_token: session.token.expose_secret(),
        };
        let failed = |error: serde_json::Error| self.error(&format!("cannot be written: {error}"));
        serde_json::to_writer(&mut *text, &written).map_err(failed)?;
        Ok(text)
    }

    fn write(&self, text: &[u8]) -> Result<(), SessionFileError> {
        let failed = |error: io::Error| self.error(&format!("cannot be written: {error}"));
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        self.check_folder()?;
        let private = Permissions::from_mode(0o600);
        let mut file =
            tempfile::Builder::new().prefix(".new-").permissions(private).tempfile_in(&self.folder).map_err(failed)?;
        file.write_all(text).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Forgets the session; says whether there was one.
    pub fn remove(&self) -> Result<bool, SessionFileError> {
        let in_keyring = keyring::remove(&self.key());
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(in_keyring),
            Err(error) => Err(self.error(&format!("cannot be removed: {error}"))),
        }
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, SessionFileError> {
        let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let no_wait = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
        let opened = OpenOptions::new().read(true).custom_flags(no_link | no_wait).open(&self.path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(self.refusal("is a symbolic link"));
            }
            Err(error) => return Err(self.error(&format!("cannot be read: {error}"))),
        };
        self.check_folder()?;
        let about = file.metadata().map_err(|error| self.error(&format!("cannot be read: {error}")))?;
        let refused = if !about.is_file() {
            Some("is not a plain file")
        } else if about.uid() != rustix::process::geteuid().as_raw() {
            Some("belongs to another user")
        } else if about.mode() & 0o077 != 0 {
            Some("can be read or written by other users")
        } else if about.nlink() > 1 {
            // 0 is fine: the file was replaced after we opened it.
            Some("has a second name (a hard link)")
        } else {
            None
        };
        if let Some(why) = refused {
            return Err(self.refusal(why));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        file.take(MOST).read_to_end(&mut bytes).map_err(|error| self.error(&format!("cannot be read: {error}")))?;
        Ok(Some(bytes))
    }

    fn check_folder(&self) -> Result<(), SessionFileError> {
        let about =
            fs::symlink_metadata(&self.folder).map_err(|error| self.error(&format!("has no folder: {error}")))?;
        let open = about.mode() & 0o077 != 0;
        let ours = about.is_dir() && !open && about.uid() == rustix::process::geteuid().as_raw();
        let why = "is in a folder that other users can access; restrict the folder with chmod 700";
        if ours { Ok(()) } else { Err(self.error(why)) }
    }

    fn refusal(&self, why: &str) -> SessionFileError {
        self.error(&format!("{why}, so it is not used; remove it and sign in again"))
    }

    fn error(&self, problem: &str) -> SessionFileError {
        SessionFileError { path: self.path.clone(), problem: problem.to_owned() }
    }
}
