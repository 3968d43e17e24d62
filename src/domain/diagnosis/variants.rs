//! The known mistakes in making an HMAC token, tried one after another on the token that failed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::{Content, hmac_token};

/// A mistake in making an HMAC token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `echo` put a line break behind the secret.
    NewlineInSecret,
    /// A space or line break around the secret, other than one newline.
    SpaceInSecret,
    /// The ID is used as the key.
    Swapped,
    /// The content is used as the key and the secret as the message.
    SecretAsMessage,
    /// The secret was decoded from hex.
    SecretFromHex,
    /// The secret was decoded from base64.
    SecretFromBase64,
    /// The secret's letters are of the wrong case.
    SecretCase,
    /// The secret is in quotes.
    SecretInQuotes,
    /// `echo` put a line break behind the content.
    NewlineInContent,
    /// The content is empty.
    EmptyContent,
    /// The content is the example of the documentation, or another than was sent.
    ExampleContent,
    /// The content is in quotes.
    ContentInQuotes,
    /// The content is the request's whole body.
    WholeBody,
    /// The output is written in base64.
    Base64Output,
    /// The output is written in upper case.
    UpperCaseOutput,
}

impl Cause {
    /// What was done, after "was computed".
    pub const fn what(self) -> &'static str {
        match self {
            Self::NewlineInSecret => "with a trailing newline in the secret",
            Self::SpaceInSecret => "with a space or carriage return around the secret",
            Self::Swapped => "with the Access key ID instead of the secret",
            Self::SecretAsMessage => "with secret and content swapped",
            Self::SecretFromHex => "from the secret decoded as hex",
            Self::SecretFromBase64 => "from the secret decoded as base64",
            Self::SecretCase => "from the secret in the wrong case",
            Self::SecretInQuotes => "with quotes around the secret",
            Self::NewlineInContent => "with a trailing newline in the content",
            Self::EmptyContent => "from empty content",
            Self::ExampleContent => {
                "from the documentation's example content (api-content-hash) instead of the given one"
            }
            Self::ContentInQuotes => "with quotes around the content",
            Self::WholeBody => "from the whole request body instead of the content alone",
            Self::Base64Output => "as base64 instead of hex",
            Self::UpperCaseOutput => "in upper case",
        }
    }

    /// What to do instead.
    pub const fn next(self) -> &'static str {
        match self {
            Self::NewlineInSecret | Self::NewlineInContent => "Use printf %s or echo -n instead of echo.",
            Self::SpaceInSecret => "Remove the characters around the secret.",
            Self::Swapped => "Use the Secret access key as the HMAC key; the ID goes into x-key.",
            Self::SecretAsMessage => "The secret is the HMAC key, the content its message.",
            Self::SecretFromHex | Self::SecretFromBase64 => "Use the secret as text; don't decode it.",
            Self::SecretCase => "Keep the case of the secret's letters.",
            Self::SecretInQuotes => "Remove the quotes around the secret.",
            Self::EmptyContent => "Use the same content for the HMAC and the request.",
            Self::ExampleContent => "Send exactly the content that was hashed.",
            Self::ContentInQuotes => "Remove the quotes around the content.",
            Self::WholeBody => "Hash only the value of content.",
            Self::Base64Output => "Write the HMAC as 64 hex digits.",
            Self::UpperCaseOutput => "Write the hex digits in lower case, as the documentation does.",
        }
    }
}

/// A key or a message, and the mistake that it means.
type Variant = (Zeroizing<Vec<u8>>, Option<Cause>);
/// A key and a message, and the mistakes that the two mean.
type Combination = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>, Vec<Cause>);

/// Whether a text has the form of an HMAC token at all.
pub(crate) fn is_readable(token: &str) -> bool {
    !readings(token.trim()).is_empty()
}

/// How `token` was made: no cause if it is right, nothing if no known mistake gives it. Of several explanations, the
/// one with the fewest mistakes.
pub(crate) fn find(token: &str, id: &str, secret: &str, content: &str) -> Option<Vec<Cause>> {
    let readings = readings(token.trim());
    let mut found: Option<Vec<Cause>> = None;
    for (key, message, made) in candidates(id, secret, content) {
        let right = hmac_token(&key, &message);
        for (reading, how) in &readings {
            let causes: Vec<Cause> = made.iter().copied().chain(*how).collect();
            let better = found.as_ref().is_none_or(|best| causes.len() < best.len());
            if better && bool::from(right.expose().as_bytes().ct_eq(reading.as_bytes())) {
                found = Some(causes);
            }
        }
    }
    found
}

/// What the token says, as lower-case hex, and how it was written.
fn readings(token: &str) -> Vec<(Zeroizing<String>, Option<Cause>)> {
    let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hex(token) {
        let lower = Zeroizing::new(token.to_ascii_lowercase());
        let how = (*lower != token).then_some(Cause::UpperCaseOutput);
        return vec![(lower, how)];
    }
    let bare = token.trim_end_matches('=');
    let mut readings = Vec::new();
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        let Ok(bytes) = engine.decode(bare).map(Zeroizing::new) else { continue };
        if bytes.len() == 32 {
            readings.push((Zeroizing::new(base16ct::lower::encode_string(&bytes)), Some(Cause::Base64Output)));
        } else if let Ok(text) = std::str::from_utf8(&bytes)
            && is_hex(text.trim())
        {
            // The hex digits were encoded, not the bytes.
            readings.push((Zeroizing::new(text.trim().to_ascii_lowercase()), Some(Cause::Base64Output)));
        }
    }
    readings
}

/// Every key with every message, and the mistakes that each pair means.
fn candidates(id: &str, secret: &str, content: &str) -> Vec<Combination> {
    let mut pairs = Vec::new();
    for (key, in_key) in keys(id, secret) {
        for (message, in_message) in messages(content) {
            let causes = in_key.into_iter().chain(in_message).collect();
            pairs.push((key.clone(), message, causes));
        }
    }
    let (key, message) = (Zeroizing::new(content.into()), Zeroizing::new(secret.into()));
    pairs.push((key, message, vec![Cause::SecretAsMessage]));
    pairs
}

fn keys(id: &str, secret: &str) -> Vec<Variant> {
    let text = |text: String, cause: Cause| (Zeroizing::new(text.into_bytes()), Some(cause));
    let trimmed = secret.trim();
    let mut keys: Vec<Variant> = vec![text(format!("{secret}\n"), Cause::NewlineInSecret)];
    if !id.is_empty() {
        keys.push(text(id.to_owned(), Cause::Swapped));
    }
    for around in ["\r\n", " ", "\r"] {
        keys.push(text(format!("{secret}{around}"), Cause::SpaceInSecret));
    }
    keys.push(text(format!(" {secret}"), Cause::SpaceInSecret));
    keys.push(text(trimmed.to_ascii_lowercase(), Cause::SecretCase));
    keys.push(text(trimmed.to_ascii_uppercase(), Cause::SecretCase));
    keys.push(text(format!("\"{secret}\""), Cause::SecretInQuotes));
    keys.push(text(format!("'{secret}'"), Cause::SecretInQuotes));
    if let Ok(bytes) = base16ct::mixed::decode_vec(trimmed)
        && !bytes.is_empty()
    {
        keys.push((Zeroizing::new(bytes), Some(Cause::SecretFromHex)));
    }
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        keys.extend(engine.decode(trimmed).ok().map(|bytes| (Zeroizing::new(bytes), Some(Cause::SecretFromBase64))));
    }
    keys.retain(|(key, _)| **key != *secret.as_bytes()); // what changes nothing is no mistake
    keys.push((Zeroizing::new(secret.into()), None));
    keys
}

fn messages(content: &str) -> Vec<Variant> {
    let text = |text: String, cause: Cause| (Zeroizing::new(text.into_bytes()), Some(cause));
    let mut messages: Vec<Variant> = vec![(Zeroizing::new(content.into()), None)];
    messages.push(text(format!("{content}\n"), Cause::NewlineInContent));
    messages.push(text(format!("{content}\r\n"), Cause::NewlineInContent));
    messages.push(text(String::new(), Cause::EmptyContent));
    messages.push(text(format!("\"{content}\""), Cause::ContentInQuotes));
    let quoted = serde_json::Value::from(content);
    for body in [
        format!("{{\"scope\":\"docs_api\",\"content\":{quoted}}}"),
        format!("{{\"scope\": \"docs_api\", \"content\": {quoted}}}"),
        format!("{{\"content\":{quoted},\"scope\":\"docs_api\"}}"),
        format!("scope=docs_api&content={content}"),
    ] {
        messages.push(text(body, Cause::WholeBody));
    }
    if content != Content::EXAMPLE {
        messages.push(text(Content::EXAMPLE.to_owned(), Cause::ExampleContent));
        messages.push(text(format!("{}\n", Content::EXAMPLE), Cause::ExampleContent));
    }
    messages
}
