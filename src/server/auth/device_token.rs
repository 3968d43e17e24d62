//! Device tokens: the proof that an account has signed in from a device before. They give no access, only a share of their
//! own of the sign-ins that are allowed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use super::vault::Vault;

/// The random part, in bytes.
const ID: usize = 16;
/// The longest token that is looked at, in bytes: one has 64.
const MOST_BYTES: usize = 128;

/// A device, as the server knows it.
pub(crate) type DeviceId = [u8; ID];

/// A token for an account on a new device.
pub(crate) fn issue(vault: &Vault, username: &str) -> Result<SecretString, getrandom::Error> {
    let mut id = [0; ID];
    getrandom::fill(&mut id)?;
    let signature = vault.signing().sign(&signed(username, &id));
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode([id.as_slice(), &signature].concat())))
}

/// The device of a token, if the token is ours and of this account.
pub(crate) fn read(vault: &Vault, username: &str, token: &SecretString) -> Option<DeviceId> {
    let token = Some(token.expose_secret()).filter(|token| token.len() <= MOST_BYTES)?;
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, signature) = bytes.split_first_chunk::<ID>()?;
    vault.signing().signed(&signed(username, id), signature).then_some(*id)
}

/// No access token begins like this, which the same key signs.
fn signed(username: &str, id: &DeviceId) -> Vec<u8> {
    [b"device\n", username.as_bytes(), b"\n", id].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::auth::key_file::KeyFile;

    #[test]
    fn a_token_is_of_one_account_and_one_device() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&KeyFile::of(folder.path(), None), false).unwrap();
        let (token, other) = (issue(&vault, "jo").unwrap(), issue(&vault, "jo").unwrap());
        let device = read(&vault, "jo", &token).unwrap();
        assert_eq!(read(&vault, "jo", &token), Some(device));
        assert_ne!(read(&vault, "jo", &other), Some(device));
        assert_eq!(read(&vault, "mo", &token), None);
        let text = token.expose_secret();
        assert_eq!(text.len(), 64);
        for bad in ["", "x", &text[1..], &format!("{text}A"), &"A".repeat(64), &"A".repeat(1000)] {
            assert_eq!(read(&vault, "jo", &SecretString::from(bad)), None, "{bad}");
        }
    }
}
