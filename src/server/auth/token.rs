//! Access tokens: JSON Web Tokens (RFC 7519) signed with HS256, which are not stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::vault::Vault;

/// How long a token lives, in seconds.
pub(crate) const LIFETIME: i64 = 3600;
/// How far a token may have been issued in the future, in seconds: clocks of servers differ, and one that was wrong must
/// not make a token that outlives its hour.
const MOST_AHEAD: i64 = 60;
/// The only header that is written or accepted: a token cannot choose its algorithm.
const HEADER: &str = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
/// The longest token that is read. Ours have about 300 bytes.
const MOST_BYTES: usize = 2048;

/// The claims of a token. Times are Unix seconds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The access key's ID.
    pub(crate) sub: String,
    /// The key's generation when the token was issued.
    pub(crate) r#gen: i64,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    /// The generation of all tokens when it was issued.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) all: i64,
    /// Random, so that no two tokens are alike.
    pub(crate) jti: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

pub(crate) fn sign(vault: &Vault, claims: &Claims) -> Option<Zeroizing<String>> {
    let payload = serde_json::to_vec(claims).ok()?;
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(vault.sign(message.as_bytes()));
    Some(Zeroizing::new(format!("{message}.{signature}")))
}

/// Reads a token that is ours and has not expired; the error says why it is refused.
pub(crate) fn read(vault: &Vault, token: &str, now: i64) -> Result<Claims, &'static str> {
    let malformed = "it is not a token of this server";
    let (message, signature) = token.rsplit_once('.').filter(|_| token.len() <= MOST_BYTES).ok_or(malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed)?;
    if !vault.signed(message.as_bytes(), &signature) {
        return Err(malformed);
    }
    let (header, payload) = message.split_once('.').ok_or(malformed)?;
    if header != URL_SAFE_NO_PAD.encode(HEADER) {
        return Err(malformed);
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| malformed)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| malformed)?;
    if claims.exp <= now {
        Err("it has expired")
    } else if claims.iat > now + MOST_AHEAD {
        Err("it was issued in the future")
    } else {
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("master.key"), false).unwrap();
        (folder, vault)
    }

    fn claims() -> Claims {
        Claims { sub: "PK1".to_owned(), r#gen: 3, iat: 1000, exp: 4600, all: 5, jti: "x".to_owned() }
    }

    #[test]
    fn round_trip_and_expiry() {
        let (_folder, vault) = vault();
        let token = sign(&vault, &claims()).unwrap();
        assert!(token.starts_with("eyJ0eX"));
        assert_eq!(read(&vault, &token, 4599), Ok(claims()));
        assert_eq!(read(&vault, &token, 4600), Err("it has expired"));
        assert_eq!(read(&vault, &token, 940), Ok(claims()));
        assert_eq!(read(&vault, &token, 939), Err("it was issued in the future"));
    }

    #[test]
    fn nothing_else_passes() {
        let (_folder, vault) = vault();
        let token = sign(&vault, &claims()).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(read(&vault, std::str::from_utf8(&bytes).unwrap(), 1000).is_err(), "byte {at}");
        }
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        for header in ["{\"typ\":\"JWT\",\"alg\":\"none\"}", "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"] {
            let message = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header));
            assert!(read(&vault, &format!("{message}."), 1000).is_err());
            let signed = format!("{message}.{}", URL_SAFE_NO_PAD.encode(vault.sign(message.as_bytes())));
            assert!(read(&vault, &signed, 1000).is_err(), "even a good signature does not excuse another header");
        }
        let (_other, other) = super::super::token::tests::vault();
        assert!(read(&other, &token, 1000).is_err());
        for text in ["", ".", "..", "...", &"a.".repeat(3000)] {
            assert!(read(&vault, text, 1000).is_err());
        }
    }
}
