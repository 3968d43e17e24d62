//! Device tokens: what shows a server that an account has signed in from here before, so that guesses of others at the
//! same address don't hold up its sign-ins. They give no access.

use std::fs;
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::Target;
use crate::platform::regular_file;

/// The longest token that is kept, in bytes.
const MOST: u64 = 512;

/// The tokens of the accounts on one server, each in a private file.
#[derive(Clone, Debug)]
pub(crate) struct DeviceTokens {
    folder: PathBuf,
    server: String,
}

impl DeviceTokens {
    /// The tokens for `target`, in `folder`.
    pub(crate) fn of(folder: PathBuf, target: &Target) -> Self {
        let server = match target {
            Target::Socket(path) => format!("unix:{}", path.display()),
            Target::Url(base) => base.as_str().to_owned(),
        };
        Self { folder, server }
    }

    /// The token of an account, if there is one that only this user can read.
    pub(crate) fn load(&self, username: &str) -> Option<SecretString> {
        let file = regular_file::open_no_follow(OpenOptions::new().read(true), &self.path(username)).ok()?;
        let about = file.metadata().ok()?;
        if about.uid() != rustix::process::geteuid().as_raw() || about.mode() & 0o077 != 0 {
            return None;
        }
        let mut text = String::new();
        file.take(MOST).read_to_string(&mut text).ok()?;
        Some(SecretString::from(text)).filter(is_plain)
    }

    /// Keeps a token in place of an older one. Should it fail, the next sign-in only has a smaller share.
    pub(crate) fn store(&self, username: &str, token: &SecretString) {
        let is_kept = self.load(username).is_some_and(|kept| kept.expose_secret() == token.expose_secret());
        if is_plain(token) && !is_kept {
            let _ = self.write(username, token);
        }
    }

    fn write(&self, username: &str, token: &SecretString) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        if !fs::symlink_metadata(&self.folder)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let private = Permissions::from_mode(0o600);
        let mut file = tempfile::Builder::new().prefix(".new-").permissions(private).tempfile_in(&self.folder)?;
        file.write_all(token.expose_secret().as_bytes())?;
        file.persist(self.path(username))?;
        Ok(())
    }

    /// Named by a digest: neither a server's nor an account's name is always a file name.
    fn path(&self, username: &str) -> PathBuf {
        let account = format!("{}\n{}", self.server, username.to_lowercase());
        self.folder.join(base16ct::lower::encode_string(&Sha256::digest(account)))
    }
}

/// Whether a server's text can be a header.
fn is_plain(token: &SecretString) -> bool {
    let token = token.expose_secret();
    !token.is_empty() && token.len() as u64 <= MOST && token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_one_account_of_one_server_and_this_user() {
        let folder = tempfile::tempdir().unwrap();
        let of = |server: &str| DeviceTokens::of(folder.path().join("devices"), &Target::Socket(server.into()));
        let here = of("/one");
        let loaded = |tokens: &DeviceTokens, name| tokens.load(name).map(|token| token.expose_secret().to_owned());
        assert_eq!(loaded(&here, "jo"), None);
        here.store("jo", &SecretString::from("first"));
        here.store("Jo", &SecretString::from("second"));
        assert_eq!(loaded(&here, "jo").unwrap(), "second");
        assert_eq!((loaded(&here, "mo"), loaded(&of("/two"), "jo")), (None, None));
        for bad in ["", "a b", "é", &"x".repeat(513)] {
            here.store("jo", &SecretString::from(bad));
        }
        assert_eq!(loaded(&here, "jo").unwrap(), "second");
        let path = here.path("jo");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(loaded(&here, "jo"), None);
    }
}
