//! The kernel's keyring of this user: memory of the kernel's, which no file system and no backup sees.
//!
//! The key lies in `@u`, which lives as long as the computer runs or the key's timeout lets it (keyrings(7)). It can
//! be read by every process that possesses that keyring: those of this user whose session links it (`pam_keyinit`).

use chrono::{DateTime, Utc};
use linux_keyutils::{Key, KeyError, KeyPermissions, KeyRing, KeyRingIdentifier};
use zeroize::Zeroizing;

/// Everything for processes that possess the key, nothing for others (`keyctl_setperm(3)`).
const POSSESSOR_ALONE: u32 = 0x3f00_0000;

/// Puts `text` there under a name, in place of an older one, until `end`. The key is whole when this returns, or gone.
pub(crate) fn store(name: &str, text: &[u8], end: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), KeyError> {
    let key = ring()?.add_key(name, text)?;
    // The kernel takes 32 bits of seconds.
    let seconds = (end - now).num_seconds().clamp(1, i64::from(i32::MAX));
    let kept = key
        .set_timeout(usize::try_from(seconds).unwrap_or(1))
        .and_then(|()| key.set_perms(KeyPermissions::from_u32(POSSESSOR_ALONE)))
        // What cannot be read back is of no use: a session that does not link `@u` may write and not read.
        .and_then(|()| find(name)?.read_to_vec().map(Zeroizing::new));
    match kept {
        Ok(found) if *found == text => Ok(()),
        Ok(_) => Err(KeyError::AccessDenied),
        Err(error) => {
            let _ = key.invalidate();
            Err(error)
        }
    }
}

/// What is there under a name. What cannot be read counts as nothing: it will be asked for again.
pub(crate) fn load(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    find(name).and_then(|key| key.read_to_vec()).ok().map(Zeroizing::new)
}

/// Removes what is there under a name; says whether something was.
pub(crate) fn remove(name: &str) -> bool {
    find(name).is_ok_and(|key| key.invalidate().is_ok())
}

fn find(name: &str) -> Result<Key, KeyError> {
    ring()?.search(name)
}

fn ring() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false)
}
