//! The known mistakes in making an HMAC token, tried one after another on the token that failed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::{Content, HmacToken, hmac_token};

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
    /// A byte order mark before the secret or the content, as Windows programs write it.
    ByteOrderMark,
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
    /// A form was written without percent-encoding: it ends the content at `&`, and reads `+` as a blank.
    FormChanged,
    /// The content was percent-encoded before it was hashed.
    PercentEncoded,
    /// The output is written in base64.
    Base64Output,
    /// The output is written in upper case.
    UpperCaseOutput,
    /// There is more than the digits: a label, a file's name, `0x`, separators, quotes.
    DecoratedOutput,
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
            Self::ByteOrderMark => "with an invisible byte order mark (BOM) before the secret or the content",
            Self::NewlineInContent => "with a trailing newline in the content",
            Self::EmptyContent => "from empty content",
            Self::ExampleContent => {
                "from the documentation's example content (api-content-hash) instead of the given one"
            }
            Self::ContentInQuotes => "with quotes around the content",
            Self::WholeBody => "from the whole request body instead of the content alone",
            Self::FormChanged => "from content that the form changed (it ends at & and has blanks for +)",
            Self::PercentEncoded => "from percent-encoded content",
            Self::Base64Output => "as base64 instead of hex",
            Self::UpperCaseOutput => "in upper case",
            Self::DecoratedOutput => "with other characters beside the 64 hex digits",
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
            Self::ByteOrderMark => "Save the file as UTF-8 without a BOM.",
            Self::EmptyContent => "Use the same content for the HMAC and the request.",
            Self::ExampleContent => "Send exactly the content that was hashed.",
            Self::ContentInQuotes => "Remove the quotes around the content.",
            Self::WholeBody => "Hash only the value of content.",
            Self::FormChanged => "Percent-encode the content in the form, e.g. with curl --data-urlencode.",
            Self::PercentEncoded => "Hash the content as it is; encode it only for the form.",
            Self::Base64Output => "Write the HMAC as 64 hex digits.",
            Self::UpperCaseOutput => "Write the hex digits in lower case, as the documentation does.",
            Self::DecoratedOutput => "Send the 64 hex digits alone as x-hash, without labels, separators or quotes.",
        }
    }
}

/// A key or a message, and the mistake that it means.
type Variant = (Zeroizing<Vec<u8>>, Option<Cause>);
/// A key and a message, and the mistakes that the two mean.
type Combination = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>, Vec<Cause>);

/// What a text is that some program wrote as an HMAC token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenForm {
    /// HMAC-SHA256, in hex or base64.
    Token,
    /// As long as the digest of another hash function. Holds its name.
    OtherDigest(&'static str),
    /// So many hex digits, which no digest has.
    Digits(usize),
    /// Neither hex nor base64.
    Unknown,
}

/// Looks at the form of a token, whatever it was made of.
pub(crate) fn form(token: &str) -> TokenForm {
    if !readings(token).is_empty() {
        return TokenForm::Token;
    }
    let hex = cores(token).iter().map(|core| bare(core).len()).max().unwrap_or_default();
    let encoded = cores(token).iter().filter_map(|core| decoded(core)).map(|bytes| bytes.len()).find_map(digest);
    match digest(hex / 2).filter(|_| hex.is_multiple_of(2)).or(encoded) {
        Some(name) => TokenForm::OtherDigest(name),
        None if hex >= 16 => TokenForm::Digits(hex),
        None => TokenForm::Unknown,
    }
}

/// The hash functions that are told by the length of their digest, in bytes.
const fn digest(bytes: usize) -> Option<&'static str> {
    match bytes {
        16 => Some("MD5"),
        20 => Some("SHA-1"),
        28 => Some("SHA-224"),
        48 => Some("SHA-384"),
        64 => Some("SHA-512"),
        _ => None,
    }
}

/// The 64 hex digits in what a program wrote, if they are there.
pub(crate) fn digits(token: &str) -> Option<HmacToken> {
    let is_hex = |how: &Option<Cause>| *how != Some(Cause::Base64Output);
    readings(token).into_iter().find(|(_, how)| is_hex(how)).and_then(|(digits, _)| HmacToken::parse(&digits))
}

/// How `token` was made: no cause if it is right, nothing if no known mistake gives it. Of several explanations, the
/// one with the fewest mistakes.
pub(crate) fn find(token: &str, id: &str, secret: &str, content: &str) -> Option<Vec<Cause>> {
    let readings = readings(token);
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
    let mut readings = Vec::new();
    for core in cores(token) {
        let hex = bare(&core);
        if hex.len() == DIGITS {
            let lower = Zeroizing::new(hex.to_ascii_lowercase());
            let how = match () {
                () if token.trim().len() != DIGITS => Some(Cause::DecoratedOutput),
                () if *lower != *hex => Some(Cause::UpperCaseOutput),
                () => None,
            };
            return vec![(lower, how)];
        }
        let Some(bytes) = decoded(&core) else { continue };
        if bytes.len() == DIGITS / 2 {
            readings.push((Zeroizing::new(base16ct::lower::encode_string(&bytes)), Some(Cause::Base64Output)));
        } else if let Ok(text) = std::str::from_utf8(&bytes)
            && bare(text).len() == DIGITS
        {
            // The hex digits were encoded, not the bytes.
            let digits = Zeroizing::new(bare(text).to_ascii_lowercase());
            readings.push((digits, Some(Cause::Base64Output)));
        }
    }
    readings
}

/// Hex digits of an HMAC-SHA256.
const DIGITS: usize = 64;

/// The parts of a text that may be the token: the whole, what follows a label (`SHA2-256(stdin)= `, `sha256=`, `x-hash: `),
/// and the first word, which a file's name may follow (`openssl dgst -r`, `sha256sum`).
fn cores(token: &str) -> Vec<Zeroizing<String>> {
    let token = token.trim_start_matches('\u{feff}').trim();
    let labelled = [")= ", "=", ":"].into_iter().filter_map(|end| Some(token.split_once(end)?.1.trim()));
    let word = token.split_whitespace().next();
    let all = std::iter::once(token).chain(labelled).chain(word);
    all.filter(|core| !core.is_empty()).map(|core| Zeroizing::new(core.to_owned())).collect()
}

/// The hex digits of a text that has nothing else but what programs put before, between and after them. Empty if
/// there is anything else.
fn bare(text: &str) -> Zeroizing<String> {
    let around = |c: char| c.is_whitespace() || "-:,;_.\"'`“”‘’{}[]()<>\u{feff}".contains(c);
    let text = text.trim_matches(around);
    // Python's b'…' of the digits, and x'…' of databases.
    let text = ["b'", "x'", "X'"].iter().find_map(|start| text.strip_prefix(start)).unwrap_or(text);
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = ["0x", "0X", "\\x"].iter().find_map(|start| rest.strip_prefix(start)) {
            rest = after;
            continue;
        }
        if c.is_ascii_hexdigit() {
            digits.push(c);
        } else if !around(c) {
            return Zeroizing::default();
        }
        rest = &rest[c.len_utf8()..];
    }
    digits
}

/// The bytes of a text in base64, of either alphabet, with or without its end; lines may be broken.
fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
    let text = text.trim_matches(['"', '\'', '`']).trim_end_matches('=');
    [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].into_iter().find_map(|engine| engine.decode(text).ok()).map(Zeroizing::new)
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
    keys.push(text(format!("\u{feff}{secret}"), Cause::ByteOrderMark));
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
    messages.push(text(format!("\u{feff}{content}"), Cause::ByteOrderMark));
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
    let form = content.split('&').next().unwrap_or_default().replace('+', " ");
    messages.push(text(content.split('&').next().unwrap_or_default().to_owned(), Cause::FormChanged));
    messages.push(text(content.replace('+', " "), Cause::FormChanged));
    messages.push(text(form, Cause::FormChanged));
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    messages.push(text(encoded(content), Cause::PercentEncoded));
    messages.push(text(encoded(content).replace('+', "%20"), Cause::PercentEncoded));
    messages.retain(|(message, cause)| cause.is_none() || **message != *content.as_bytes()); // what changes nothing is no mistake
    if content != Content::EXAMPLE {
        messages.push(text(Content::EXAMPLE.to_owned(), Cause::ExampleContent));
        messages.push(text(format!("{}\n", Content::EXAMPLE), Cause::ExampleContent));
    }
    messages
}
