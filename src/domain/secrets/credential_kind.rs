//! What a text is, and whether it belongs where it was typed: users mix up IDs, secrets and tokens.

use crate::domain::key::HexKind;
use crate::domain::{KeyId, SecretKey};

/// What a field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedInput {
    KeyId,
    Secret,
    /// The content of an exchange.
    Content,
    /// An HMAC token, as another program made it.
    HmacToken,
    AccessToken,
}

/// What stands before an access token in a header.
const HEADER_WORDS: [&str; 4] = ["", "Authorization", "Bearer", "x-access-token"];

/// A text of another role than the field's, or damaged. Never holds any of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct UnexpectedInput {
    /// Whether it cannot be right. If not, it only looks like something else, and the user may know better.
    pub is_certain: bool,
    words: String,
}

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CredentialKind {
    OurKeyId,
    /// One in hex.
    HexKeyId,
    OurSecret,
    /// One in hex.
    HexSecret,
    /// A whole secret of ours among other text, such as the output of keys create.
    HoldsSecret,
    /// 64 hex digits: an HMAC token, or another server's ID or secret.
    HmacToken,
    /// Base64 of 32 bytes.
    HmacBase64,
    /// Three parts of base64url: a JSON Web Token (RFC 7519).
    Jwt,
    Url,
    Other,
}

impl CredentialKind {
    fn at(text: &str) -> Self {
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/-_".contains(&b);
        let ours = HexKind::of(text);
        if ours == Some(HexKind::KeyId) {
            Self::HexKeyId
        } else if ours == Some(HexKind::Secret) {
            Self::HexSecret
        } else if KeyId::looks_like_ours(text) {
            Self::OurKeyId
        } else if holds_secret(text) {
            Self::HoldsSecret
        } else if text.starts_with(SecretKey::PREFIX) {
            Self::OurSecret
        } else if text.len() == 64 && hex(text) {
            Self::HmacToken
        } else if text.len() == 44 && text.strip_suffix('=').is_some_and(|rest| rest.bytes().all(base64)) {
            Self::HmacBase64
        } else if text.starts_with("eyJ") && text.split('.').count() == 3 {
            Self::Jwt
        } else if text.starts_with("https://") || text.starts_with("http://") {
            Self::Url
        } else {
            Self::Other
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::OurKeyId => "an Access key ID (it begins with PK)",
            Self::HexKeyId => "an Access key ID (its checksum is that of an ID)",
            Self::OurSecret => "a Secret access key (it begins with sk_)",
            Self::HexSecret => "a Secret access key (its checksum is that of a secret)",
            Self::HoldsSecret => "text with a Secret access key in it",
            Self::HmacToken => "an HMAC token (64 hex digits)",
            Self::HmacBase64 => "an HMAC token in base64",
            Self::Jwt => "an access token (it begins with eyJ)",
            Self::Url => "a URL",
            Self::Other => "something else",
        }
    }

    const fn has_secret(self) -> bool {
        matches!(self, Self::OurSecret | Self::HexSecret | Self::HoldsSecret)
    }
}

impl ExpectedInput {
    /// The field's name, as it is on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyId => "Access key ID",
            Self::Secret => "Secret access key",
            Self::Content => "content",
            Self::HmacToken => "HMAC token",
            Self::AccessToken => "access token",
        }
    }

    /// Says what is wrong with a text in this field. Whether an empty text will do is for the caller to say.
    pub fn check(self, text: &str) -> Result<(), UnexpectedInput> {
        if text.is_empty() {
            return Ok(());
        }
        if matches!(self, Self::Secret | Self::HmacToken | Self::AccessToken) {
            self.stands_alone(text).map_err(|words| UnexpectedInput { is_certain: true, words })?;
        }
        if self != Self::Content && text.trim() != text {
            let words = format!("there is a space or line break before or after the {}; remove it", self.name());
            return Err(UnexpectedInput { is_certain: true, words });
        }
        let looks = CredentialKind::at(text);
        match (self, looks) {
            (Self::Secret, CredentialKind::OurSecret | CredentialKind::HexSecret) => {
                let error = SecretKey::parse(text).err();
                error.map_or(Ok(()), |error| Err(UnexpectedInput { is_certain: true, words: error.to_string() }))
            }
            // A content may be any text: only what must stay secret is kept out of it.
            (Self::Content, looks) if looks.has_secret() => Err(self.wrong(looks, true)),
            // Passportal's IDs and secrets are hex digits too, as long as an HMAC token where its clients check that.
            (_, CredentialKind::Other)
            | (Self::KeyId, CredentialKind::OurKeyId | CredentialKind::HexKeyId | CredentialKind::HmacToken)
            | (Self::Secret, CredentialKind::HmacToken)
            | (Self::AccessToken, CredentialKind::Jwt)
            | (Self::HmacToken, CredentialKind::HmacToken | CredentialKind::HmacBase64)
            | (Self::Content, _) => Ok(()),
            // Another server's may have any form, even this one.
            (Self::AccessToken, CredentialKind::HmacToken)
            | (Self::KeyId | Self::Secret | Self::AccessToken, CredentialKind::HmacBase64) => {
                Err(self.wrong(looks, false))
            }
            _ => Err(self.wrong(looks, true)),
        }
    }

    /// Says what came along with a text of which every character counts, in words.
    fn stands_alone(self, text: &str) -> Result<(), String> {
        let name = self.name();
        if text.starts_with('\u{feff}') {
            return Err("it starts with an invisible byte order mark (BOM); save it without one".to_owned());
        }
        if text.trim().contains(['\n', '\r']) {
            return Err(format!("it contains a line break; the file must contain only the {name}, on one line"));
        }
        if self == Self::AccessToken && text.trim().contains(char::is_control) {
            return Err("it has characters that are not allowed in a header".to_owned());
        }
        if self == Self::AccessToken && text.starts_with('{') {
            return Err("it is JSON; give only the value of access_token in it".to_owned());
        }
        if self == Self::AccessToken
            && let Some((before, _)) = text.trim().rsplit_once([' ', ':'])
        {
            let is_header =
                before.split([' ', ':']).all(|word| HEADER_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)));
            if is_header {
                return Err("it begins with words of a header; give only the token behind them".to_owned());
            }
        }
        if text.starts_with(['"', '\'', '`', '“', '‘']) {
            return Err(format!("it starts with a quote; enter the {name} without quotes"));
        }
        Ok(())
    }

    fn wrong(self, looks: CredentialKind, is_certain: bool) -> UnexpectedInput {
        let verb = if is_certain { "this is" } else { "this looks like" };
        let hint = match (self, looks) {
            (Self::Content, looks) if looks.has_secret() => {
                "; the content is sent unencrypted, so never put the secret there"
            }
            (Self::Secret, CredentialKind::HoldsSecret) => "; remove everything but the secret",
            (Self::Secret, _) => "; the Secret access key is what Show key displayed when the key was created",
            (Self::KeyId, looks) if looks.has_secret() => "; never type the secret where it can be read",
            (Self::KeyId, _) => "; the Access key ID is shown in the list of keys",
            (Self::HmacToken, _) => "; an HMAC token has 64 hex digits",
            (Self::AccessToken, _) => "; the access token is what the exchange returned",
            (Self::Content, _) => "",
        };
        UnexpectedInput { is_certain, words: format!("{verb} {}, not the {}{hint}", looks.name(), self.name()) }
    }
}

/// Whether a secret of ours is in a text that others can read, such as a label: also one that is cut short.
pub(crate) fn reveals_secret(text: &str) -> bool {
    (text.contains(SecretKey::PREFIX) && crate::domain::looks_secret(text)) || holds_hex_secret(text)
}

fn holds_hex_secret(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|word| HexKind::of(word) == Some(HexKind::Secret))
}

/// Whether a whole secret of ours is in a text, and not at its beginning alone.
fn holds_secret(text: &str) -> bool {
    if holds_hex_secret(text) {
        return true;
    }
    text.match_indices(SecretKey::PREFIX).any(|(at, _)| {
        let rest = &text.as_bytes()[at + SecretKey::PREFIX.len()..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        SecretKey::PREFIX.len() + length >= SecretKey::CHARS && (at > 0 || length < rest.len())
    })
}

/// Checks a pair: another server's IDs and secrets look alike, but they are never the same.
pub fn check_pair(id: &str, secret: &str) -> Result<(), UnexpectedInput> {
    ExpectedInput::KeyId.check(id)?;
    ExpectedInput::Secret.check(secret)?;
    if !id.is_empty() && id == secret {
        let words = "the Access key ID was given as the Secret access key too; the secret is the other value that \
            was shown when the key was created";
        return Err(UnexpectedInput { is_certain: true, words: words.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::domain::KeyFormat;
    use crate::domain::secrets::credential_kind::*;
    use zeroize::Zeroizing;

    const ID: &str = "PK0ZAHJZ123456789KMN";
    const JWT: &str = "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2ln";

    fn words(wanted: ExpectedInput, text: &str) -> (bool, String) {
        let error = wanted.check(text).unwrap_err();
        assert!(!error.to_string().contains(text), "never the text itself");
        (error.is_certain, error.to_string())
    }

    #[test]
    fn each_in_its_own_field() {
        let secret = SecretKey::from_random(&Zeroizing::new([9; 32]), KeyFormat::Prefixed);
        for (wanted, text) in [
            (ExpectedInput::KeyId, ID),
            (ExpectedInput::KeyId, "11111111111111111111111111111111"),
            (ExpectedInput::Secret, secret.expose()),
            (ExpectedInput::Secret, "22222222222222222222222222222222"),
            (ExpectedInput::Content, "api-content-hash"),
            (ExpectedInput::Content, ID),
            (ExpectedInput::Content, " \n"),
            (ExpectedInput::HmacToken, &"0C".repeat(32)),
            (ExpectedInput::HmacToken, "DEM9fojtyaCcmB3PRjE6GqwjIl9xhzkYJpIfe1AJhTc="),
            (ExpectedInput::AccessToken, JWT),
            (ExpectedInput::AccessToken, "opaque"),
        ] {
            assert_eq!(wanted.check(text), Ok(()), "{wanted:?} {text}");
        }
    }

    #[test]
    fn in_hex_the_checksum_tells_which_is_which_and_foreign_digits_are_left_alone() {
        let id = KeyId::from_random(&[7; 28], KeyFormat::Hex);
        let id = id.raw_for_api();
        let secret = SecretKey::from_random(&Zeroizing::new([7; 32]), KeyFormat::Hex);
        let secret = secret.expose();
        let foreign = "0c".repeat(32);
        for (wanted, text) in [
            (ExpectedInput::KeyId, id),
            (ExpectedInput::Secret, secret),
            (ExpectedInput::Content, id),
            (ExpectedInput::KeyId, &foreign),
            (ExpectedInput::Secret, &foreign),
            (ExpectedInput::HmacToken, &foreign),
        ] {
            assert_eq!(wanted.check(text), Ok(()), "{wanted:?} {text}");
        }
        assert_eq!(check_pair(id, secret), Ok(()));
        assert!(check_pair(secret, id).unwrap_err().is_certain, "swapped");
        for (wanted, text, expected) in [
            (ExpectedInput::KeyId, secret, "this is a Secret access key"),
            (ExpectedInput::Secret, id, "this is an Access key ID"),
            (ExpectedInput::HmacToken, secret, "this is a Secret access key"),
            (ExpectedInput::HmacToken, id, "this is an Access key ID"),
            (ExpectedInput::AccessToken, secret, "this is a Secret access key"),
            (ExpectedInput::Content, secret, "sent unencrypted"),
            (ExpectedInput::Content, &format!("key={secret}"), "sent unencrypted"),
            (ExpectedInput::Secret, &format!("key={secret}"), "with a Secret access key in it"),
            (ExpectedInput::Secret, &secret.to_ascii_uppercase(), "lower case"),
        ] {
            let (is_certain, words) = words(wanted, text);
            assert!(is_certain && words.contains(expected), "{wanted:?}: {words}");
        }
        assert!(reveals_secret(&format!("backup {secret}")) && !reveals_secret(&format!("backup {id}")));
    }

    #[test]
    fn the_others_are_named() {
        let secret = SecretKey::from_random(&Zeroizing::new([9; 32]), KeyFormat::Prefixed);
        let secret = secret.expose();
        assert!(words(ExpectedInput::Secret, ID).1.contains("this is an Access key ID"));
        assert!(words(ExpectedInput::KeyId, secret).1.contains("this is a Secret access key"));
        assert!(words(ExpectedInput::Content, secret).1.contains("sent unencrypted"));
        assert!(words(ExpectedInput::Secret, JWT).1.contains("access token"));
        assert!(words(ExpectedInput::AccessToken, secret).1.contains("not the access token"));
        assert!(words(ExpectedInput::HmacToken, secret).0);
        assert!(!words(ExpectedInput::AccessToken, &"0c".repeat(32)).0, "another server's token may look so");
        assert!(words(ExpectedInput::Secret, &secret[..51]).1.contains("52 characters"));
        assert!(words(ExpectedInput::Secret, &secret.replacen(&secret[9..10], "-", 1)).0);
        assert!(words(ExpectedInput::Secret, "2222 ").1.contains("space"));
        for text in [format!("{secret} "), format!("key={secret}"), format!("{ID},{secret},x")] {
            let role = if text.ends_with(' ') { "space" } else { "with a Secret access key in it" };
            assert!(words(ExpectedInput::Secret, &text).1.contains(role));
            assert!(words(ExpectedInput::Content, &text).1.contains("sent unencrypted"));
        }
        assert!(words(ExpectedInput::AccessToken, &format!("key={secret}")).1.contains("not the access token"));
        assert!(words(ExpectedInput::Secret, &format!("{secret}x")).1.contains("52 characters"));
        assert!(words(ExpectedInput::Secret, "2222\n3333").1.contains("on one line"));
        assert!(words(ExpectedInput::AccessToken, &format!("\"{JWT}\"")).1.contains("quote"));
        assert!(words(ExpectedInput::AccessToken, &format!(r#"{{"access_token": "{JWT}"}}"#)).1.contains("is JSON"));
        for header in ["Bearer ", "bearer ", "Authorization: Bearer ", "x-access-token:"] {
            assert!(words(ExpectedInput::AccessToken, &format!("{header}{JWT}")).1.contains("words of a header"));
        }
        assert!(words(ExpectedInput::Secret, "\u{feff}2222").1.contains("BOM"));
        assert!(words(ExpectedInput::KeyId, "https://instance.passportalmsp.com").0);
        assert!(check_pair("1111", "1111").unwrap_err().is_certain);
        assert_eq!(check_pair("1111", "2222"), Ok(()));
    }
}
