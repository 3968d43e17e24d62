//! Passwords as they are stored: Argon2id, at a bounded cost.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinError;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::newest_first::NewestFirst;
use crate::domain::{HandoverCode, HandoverKeys};
use crate::server::net::throttle::SignInKind;

/// RFC 9106, section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes. (The first takes 2 GiB. The OWASP
/// cheat sheet on storing passwords, 2024, asks for at least 19 MiB and 2 passes.)
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// How many are checked at once for each kind of sign-in, so that a flood of one does not keep others waiting; each takes
/// the memory.
const AT_ONCE: usize = 1;
/// What a given password is compared with when the username is unknown: the hash of a random password.
const DECOY: &str = "$argon2id$v=19$m=65536,t=3,p=4$mwEdsXKgozIt9cZKKoSLkw$d93kZEOtfQCLdTGFUXrgr0vcUtaCZKsj76OfNDqGujo";

/// Checks passwords, a few at once.
pub(crate) struct Passwords {
    known: NewestFirst,
    newcomers: NewestFirst,
    repeated: NewestFirst,
    pins: NewestFirst,
}

impl Default for Passwords {
    fn default() -> Self {
        let queue = || NewestFirst::new(AT_ONCE);
        Self { known: queue(), newcomers: queue(), repeated: queue(), pins: queue() }
    }
}

impl Passwords {
    /// Whether `given` is the password whose hash is `stored`. Without one it takes as long and is false. Fails if the
    /// check panics.
    pub(crate) async fn matches(
        &self,
        stored: Option<String>,
        given: SecretString,
        kind: SignInKind,
    ) -> Result<bool, JoinError> {
        let queue = match kind {
            SignInKind::Known => &self.known,
            SignInKind::Newcomer => &self.newcomers,
            SignInKind::Repeated => &self.repeated,
        };
        let turn = queue.turn().await;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn; // until the memory is free again, also if the request was dropped
            matches(stored.as_deref().unwrap_or(DECOY), &given) && stored.is_some()
        });
        done.await
    }

    /// What a code gives with its PIN. Waits until the memory is free. Fails if that panics.
    pub(crate) async fn code_keys(
        &self,
        code: HandoverCode,
        pin: SecretString,
    ) -> Result<Option<HandoverKeys>, JoinError> {
        let turn = self.pins.turn().await;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            code.keys(Some(pin.expose_secret()))
        })
        .await
    }

    /// What is stored of a new password. Waits until the memory is free. The outer error is a panic.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<Result<String, HashError>, JoinError> {
        let turn = self.known.turn().await;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash(&password)
        })
        .await
    }
}

/// Keyboards differ in how they compose `ü`. Hashes are of the composed form; those from before, of what was typed then:
/// each form that the given password can have is checked, whatever the hash is. ASCII has one form.
fn matches(stored: &str, given: &SecretString) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    let typed = given.expose_secret();
    let (composed, decomposed) = (composed(typed), Zeroizing::new(typed.nfd().collect::<String>()));
    let mut forms = vec![composed.as_str(), decomposed.as_str(), typed];
    forms.dedup();
    let matches = forms.iter().map(|form| Argon2::default().verify_password(form.as_bytes(), &stored).is_ok());
    matches.fold(false, |any, one| any | one)
}

/// A password as it is hashed and measured.
pub(crate) fn composed(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Why a password cannot be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}; is there enough memory?")]
pub struct HashError(String);

/// What is stored of a password: a PHC string with its own salt. Takes about a tenth of a second, and 64 MiB.
pub fn hash(password: &SecretString) -> Result<String, HashError> {
    let failed = |error: &dyn std::fmt::Display| HashError(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(&error))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon.hash_password(composed(password.expose_secret()).as_bytes()).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_crowd_waits_and_others_do_not_wait_for_it() {
        let passwords = Passwords::default();
        let _crowd = passwords.repeated.turn().await;
        let check = |kind| passwords.matches(None, SecretString::from("x"), kind);
        let patience = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(patience, check(SignInKind::Repeated)).await.is_err());
        assert!(!check(SignInKind::Newcomer).await.unwrap());
        assert!(!check(SignInKind::Known).await.unwrap());
    }

    #[test]
    fn a_password_matches_however_it_is_composed() {
        let (composed, decomposed) = ("z\u{fc}rich z\u{fc}rich", "zu\u{308}rich zu\u{308}rich");
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(32, 1, 4, None).unwrap());
        let before = |password: &str| cheap.hash_password(password.as_bytes()).unwrap().to_string();
        for stored in [before(composed), before(decomposed), hash(&SecretString::from(decomposed)).unwrap()] {
            for given in [composed, decomposed, "zu\u{308}rich z\u{fc}rich"] {
                assert!(matches(&stored, &SecretString::from(given)), "{given:?}");
            }
            assert!(!matches(&stored, &SecretString::from("zurich zurich")));
        }
        let mixed = "zu\u{308}rich z\u{fc}rich";
        assert!(matches(&before(mixed), &SecretString::from(mixed)));
    }

    #[test]
    fn hashes_match_their_password_only_and_cost_what_the_decoy_costs() {
        let hash = hash(&SecretString::from("twelve chars")).unwrap();
        assert!(matches(&hash, &SecretString::from("twelve chars")));
        assert!(!matches(&hash, &SecretString::from("twelve charz")));
        assert!(!matches("", &SecretString::from("")));
        let cost = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        assert_eq!(cost(&hash), "$argon2id$v=19$m=65536,t=3,p=4");
        assert_eq!(cost(DECOY), cost(&hash));
        assert_eq!(DECOY.len(), hash.len());
        assert!(PasswordHash::new(DECOY).is_ok());
    }
}
