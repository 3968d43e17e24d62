//! The secret that messages are signed with.

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::WebhookError;
use crate::platform::regular_file;

const PREFIX: &str = "whsec_";
/// The longest file that is read, in bytes.
const MOST: u64 = 4096;

/// One secret, or several while one replaces the other: each signs.
pub(super) struct Secrets(Vec<Zeroizing<Vec<u8>>>);

impl Secrets {
    /// Reads them from a file, one a line. Makes one if there is no such file, and tells whether it did.
    pub(super) fn open(path: &Path) -> Result<(Self, bool), WebhookError> {
        let failed = |source| WebhookError::SecretFile { path: path.to_owned(), source };
        let is_made = make(path).map_err(failed)?;
        let file = regular_file::open(File::options().read(true), path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode();
        // systemd lets a service read its credentials by an access list, which shows as its group's permission to read.
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
        let is_credential = credentials.is_some_and(|folder| path.parent() == Some(Path::new(&folder)));
        if mode & if is_credential { 0o037 } else { 0o077 } != 0 {
            return Err(WebhookError::Readable(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MOST).read_to_string(&mut text).map_err(failed)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let secrets: Option<Vec<_>> = lines.map(decode).collect();
        let secrets = secrets.filter(|secrets| !secrets.is_empty());
        Ok((Self(secrets.ok_or_else(|| WebhookError::NoSecret(path.to_owned()))?), is_made))
    }

    /// The signatures of a message, as its header has them.
    pub(super) fn signatures(&self, id: &str, timestamp: i64, body: &str) -> String {
        let signature = |secret: &Zeroizing<Vec<u8>>| {
            // HMAC takes a key of any length: there is no error to report.
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
            Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
        };
        self.0.iter().filter_map(signature).collect::<Vec<_>>().join(" ")
    }
}

fn decode(line: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(line.strip_prefix(PREFIX)?).ok()?);
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// Makes the file with a random secret: of two processes, one wins and both use its secret. False if there is one.
fn make(path: &Path) -> io::Result<bool> {
    if path.try_exists()? {
        return Ok(false);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o600)).tempfile_in(folder)?;
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    let line = Zeroizing::new(format!("{PREFIX}{}\n", &*Zeroizing::new(BASE64_STANDARD.encode(bytes.as_slice()))));
    file.write_all(line.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        persisted => persisted.map(|_| true).map_err(|failed| failed.error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        // The example of the specification's reference libraries (standard-webhooks, tests of `Webhook.sign`).
        let secrets = Secrets(vec![decode("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()]);
        let signed = secrets.signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_made_once_and_two_sign_both() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("webhook.secret");
        let (first, is_made) = Secrets::open(&path).unwrap();
        assert!(is_made && fs::metadata(&path).unwrap().mode() & 0o777 == 0o600);
        let (again, is_made) = Secrets::open(&path).unwrap();
        let signed = first.signatures("msg_1", 7, "{}");
        assert!(!is_made && again.signatures("msg_1", 7, "{}") == signed);
        let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        fs::write(&path, format!("{}{other}\n", fs::read_to_string(&path).unwrap())).unwrap();
        let (both, _) = Secrets::open(&path).unwrap();
        let alone = Secrets(vec![decode(other).unwrap()]).signatures("msg_1", 7, "{}");
        assert_eq!(both.signatures("msg_1", 7, "{}"), format!("{signed} {alone}"));
    }

    #[test]
    fn a_file_that_others_can_read_or_without_a_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("webhook.secret");
        for text in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_?"] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Secrets::open(&path), Err(WebhookError::NoSecret(_))), "{text}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Secrets::open(&path), Err(WebhookError::Readable(_))));
    }
}
