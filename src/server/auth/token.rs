//! Access tokens: JSON Web Tokens (RFC 7519) signed with HS256, which are not stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::signing_key::SigningKey;

/// How long a token lives, in seconds.
pub(crate) const LIFETIME: i64 = 3600;
/// How far a token may have been issued in the future, in seconds: clocks of servers differ, and one that was wrong must
/// not make a token that outlives its hour.
const MOST_AHEAD: i64 = 60;
/// How every header begins that is written or accepted: a token cannot choose its algorithm.
const HEADER: &str = "{\"typ\":\"JWT\",\"alg\":\"HS256\"";
/// The part of a header that names the signing key, before its ID.
const KEY_ID: &str = ",\"kid\":\"";
/// The longest header, in bytes.
const MOST_HEADER_BYTES: usize = 64;
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

/// A token with these claims, signed with the key that has this ID. That of the first key is empty, and not named.
pub(crate) fn sign(key: &SigningKey, key_id: &str, claims: &Claims) -> Option<Zeroizing<String>> {
    let header = if key_id.is_empty() { format!("{HEADER}}}") } else { format!("{HEADER}{KEY_ID}{key_id}\"}}") };
    let payload = serde_json::to_vec(claims).ok()?;
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    Some(Zeroizing::new(format!("{message}.{signature}")))
}

/// Why a token is refused that no key of ours has signed.
pub(crate) const MALFORMED: &str = "it is not a token of this server";

/// A token of which only the form is known: nothing that it says can be believed.
pub(crate) struct Unverified<'a> {
    /// The ID of the key that it says it is signed with.
    pub(crate) key_id: String,
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Reads the form.
    pub(crate) fn of(token: &'a str) -> Result<Self, &'static str> {
        let parts = token.rsplit_once('.').filter(|_| token.len() <= MOST_BYTES).and_then(|(message, signature)| {
            let (header, payload) = message.split_once('.')?;
            let (key_id, signature) = (key_id(header)?, URL_SAFE_NO_PAD.decode(signature).ok()?);
            Some(Self { key_id, message, payload, signature })
        });
        parts.ok_or(MALFORMED)
    }

    /// The claims, if the token is signed with `key`, whether it has expired or not.
    pub(crate) fn signed_claims(&self, key: &SigningKey) -> Result<Claims, &'static str> {
        if !key.signed(self.message.as_bytes(), &self.signature) {
            return Err(MALFORMED);
        }
        let payload = URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| MALFORMED)?;
        serde_json::from_slice(&payload).map_err(|_| MALFORMED)
    }

    /// The claims, if the token is signed with `key` and has not expired; the error says why it is refused.
    pub(crate) fn verify(&self, key: &SigningKey, now: i64) -> Result<Claims, &'static str> {
        let claims = self.signed_claims(key)?;
        if claims.exp <= now {
            Err("it has expired")
        } else if claims.iat > now + MOST_AHEAD {
            Err("it was issued in the future")
        } else {
            Ok(claims)
        }
    }
}

/// The ID of the key in a header of ours.
fn key_id(header: &str) -> Option<String> {
    let mut bytes = [0; MOST_HEADER_BYTES];
    let length = URL_SAFE_NO_PAD.decode_slice(header, &mut bytes).ok()?;
    let rest = std::str::from_utf8(&bytes[..length]).ok()?.strip_prefix(HEADER)?.strip_suffix('}')?;
    if rest.is_empty() {
        return Some(String::new());
    }
    let id = rest.strip_prefix(KEY_ID)?.strip_suffix('"')?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims { sub: "PK1".to_owned(), r#gen: 3, iat: 1000, exp: 4600, all: 5, jti: "x".to_owned() }
    }

    fn read(key: &SigningKey, key_id: &str, token: &str, now: i64) -> Result<Claims, &'static str> {
        let given = Unverified::of(token)?;
        if given.key_id != key_id {
            return Err(MALFORMED);
        }
        given.verify(key, now)
    }

    #[test]
    fn round_trip_and_expiry() {
        let key = SigningKey::random().unwrap();
        for id in ["", "0123456789abcdef"] {
            let token = sign(&key, id, &claims()).unwrap();
            assert!(token.starts_with("eyJ0eX"));
            assert_eq!(read(&key, id, &token, 4599), Ok(claims()));
            assert_eq!(read(&key, id, &token, 4600), Err("it has expired"));
            assert_eq!(read(&key, id, &token, 940), Ok(claims()));
            assert_eq!(read(&key, id, &token, 939), Err("it was issued in the future"));
        }
        // As it was before there were IDs.
        let old = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.";
        assert!(sign(&key, "", &claims()).unwrap().starts_with(old));
    }

    #[test]
    fn nothing_else_passes() {
        let (key, id) = (SigningKey::random().unwrap(), "0123456789abcdef");
        let token = sign(&key, id, &claims()).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(read(&key, id, std::str::from_utf8(&bytes).unwrap(), 1000).is_err(), "byte {at}");
        }
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        for header in [
            "{\"typ\":\"JWT\",\"alg\":\"none\"}",
            "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
            "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"\"}",
            "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"0123456789ABCDEF\"}",
            "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"a\",\"alg\":\"none\"}",
            &format!("{{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"{}\"}}", "a".repeat(100)),
        ] {
            let message = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header));
            let signed = format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes())));
            for token in [format!("{message}."), signed] {
                assert!(Unverified::of(&token).is_err(), "even a good signature does not excuse {header}");
            }
        }
        assert!(read(&SigningKey::random().unwrap(), id, &token, 1000).is_err());
        for text in ["", ".", "..", "...", &"a.".repeat(3000)] {
            assert!(Unverified::of(text).is_err());
        }
    }
}
