//! Passwords as they are kept: Argon2id, the cost of which is bounded.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::server::http::failure::HttpError;

/// RFC 9106, section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes. (The first takes 2 GiB. The OWASP
/// cheat sheet on storing passwords, 2024, asks for at least 19 MiB and 2 passes.)
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// How many are checked at once for those who come from where they never signed in from; each takes the memory.
const STRANGERS: usize = 2;
/// The same for those who did, so that a flood of strangers does not keep them waiting.
const KNOWN: usize = 1;
/// What a given password is held against when nobody has the name. Made of a password that nobody knows.
const DECOY: &str = "$argon2id$v=19$m=65536,t=3,p=4$mwEdsXKgozIt9cZKKoSLkw$d93kZEOtfQCLdTGFUXrgr0vcUtaCZKsj76OfNDqGujo";

/// Checks passwords, a few at once.
pub(crate) struct Passwords {
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { strangers: Arc::new(Semaphore::new(STRANGERS)), known: Arc::new(Semaphore::new(KNOWN)) }
    }
}

impl Passwords {
    /// Whether `given` is the password whose hash is `kept`. Without one it takes as long and says no.
    pub(crate) async fn matches(
        &self,
        kept: Option<String>,
        given: SecretString,
        is_known_network: bool,
    ) -> Result<bool, HttpError> {
        let queue = if is_known_network { &self.known } else { &self.strangers };
        let turn = Arc::clone(queue).acquire_owned().await.map_err(|_| HttpError::unexpected())?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn; // until the memory is free again, also when nobody waits for the answer any more
            matches(kept.as_deref().unwrap_or(DECOY), &given) && kept.is_some()
        });
        done.await.map_err(|_| crate::server::panicked())
    }
}

fn matches(kept: &str, given: &SecretString) -> bool {
    let given = given.expose_secret().as_bytes();
    PasswordHash::new(kept).is_ok_and(|kept| Argon2::default().verify_password(given, &kept).is_ok())
}

/// Why a password cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}; is there enough memory?")]
pub struct HashError(String);

/// What is kept of a password: a PHC string with a salt of its own. Takes a while and 64 MiB.
pub fn hash(password: &SecretString) -> Result<String, HashError> {
    let failed = |error: &dyn std::fmt::Display| HashError(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(&error))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon.hash_password(password.expose_secret().as_bytes()).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_crowd_of_strangers_waits_and_who_is_known_does_not_wait_for_them() {
        let passwords = Passwords::default();
        let _crowd = passwords.strangers.acquire_many(2).await.unwrap();
        let check = |known| passwords.matches(None, SecretString::from("x"), known);
        let patience = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(patience, check(false)).await.is_err());
        assert!(!check(true).await.unwrap());
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
