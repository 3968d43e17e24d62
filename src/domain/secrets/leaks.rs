//! Secrets, tokens and IDs of ours among other bytes: in a pasted line of a log, in JSON, in a file.

use std::ops::Range;

use memchr::memmem::Finder;
use zeroize::Zeroizing;

use crate::domain::key::HexKind;
use crate::domain::{AccessToken, Content, HmacToken, KeyId, SecretKey};

/// How the header of each of our access tokens begins: `{"typ":"JWT","alg":"HS256"`, but for its last bits.
const TOKEN_HEADER: &[u8] = b"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1Ni";
/// How the second part begins: `{"sub":"`, but for its last bits.
const TOKEN_CLAIMS: &[u8] = b"eyJzdWIiOi";
/// The base64 of an HMAC-SHA256.
const SIGNATURE: usize = 43;
/// The longest run of hex digits in which a secret in hex is looked for: digits of an escape may be before it, as in `%0A`.
const MOST_HEX: usize = 70;

/// Something that was found.
#[derive(Clone, Debug)]
pub enum Leak {
    Secret(SecretKey),
    AccessToken(AccessToken),
    KeyId(KeyId),
    /// An HMAC token, with the IDs and contents that were near it.
    HmacToken(HmacToken, Vec<KeyId>, Vec<Content>),
}

impl Leak {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Secret(_) => "Secret access key",
            Self::AccessToken(_) => "Access token",
            Self::KeyId(_) => "Access key ID",
            Self::HmacToken(..) => "HMAC token",
        }
    }

    /// The same as a word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Secret(_) => "secret_access_key",
            Self::AccessToken(_) => "access_token",
            Self::KeyId(_) => "key_id",
            Self::HmacToken(..) => "hmac_token",
        }
    }

    /// Its text.
    pub fn expose(&self) -> &str {
        match self {
            Self::Secret(secret) => secret.expose(),
            Self::AccessToken(token) => token.expose(),
            Self::KeyId(id) => id.raw_for_api(),
            Self::HmacToken(token, ..) => token.expose(),
        }
    }
}

/// Finds secrets and access tokens of ours, each by its form: a secret by its checksum too.
pub struct LeakFinder {
    secret: Finder<'static>,
    token: Finder<'static>,
}

impl LeakFinder {
    /// How many bytes after its beginning tell whether something is one.
    pub const AHEAD: usize = 2048;
    /// How many before it do.
    pub const BEHIND: usize = MOST_HEX + 1;

    pub fn new() -> Self {
        Self { secret: Finder::new(SecretKey::PREFIX), token: Finder::new(TOKEN_HEADER) }
    }

    /// Those that begin in a part of `bytes`, each with its place, in their order.
    pub fn find(&self, bytes: &[u8], part: Range<usize>) -> Vec<(usize, Leak)> {
        let mut found = Vec::new();
        let starts = |finder: &Finder<'static>| {
            let starts = finder.find_iter(&bytes[part.start..]).map(|at| at + part.start);
            starts.take_while(|at| *at < part.end).collect::<Vec<_>>()
        };
        found.extend(starts(&self.secret).into_iter().filter_map(|at| Some((at, secret(&bytes[at..])?))));
        found.extend(starts(&self.token).into_iter().filter_map(|at| Some((at, token(&bytes[at..])?))));
        hex_runs(bytes, part.clone(), |run| {
            for at in run.start..=run.end - HexKind::DIGITS {
                let digits = text(&bytes[at..at + HexKind::DIGITS]);
                if part.contains(&at) && HexKind::of(digits) == Some(HexKind::Secret) {
                    let digits = Zeroizing::new(digits.to_ascii_lowercase());
                    found.push((at, Leak::Secret(SecretKey::foreign(&digits))));
                }
            }
        });
        found.sort_by_key(|(at, _)| *at);
        found
    }
}

impl Default for LeakFinder {
    fn default() -> Self {
        Self::new()
    }
}

fn text(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).unwrap_or_default()
}

fn secret(bytes: &[u8]) -> Option<Leak> {
    let whole = bytes.get(..SecretKey::CHARS)?;
    let is_whole = whole[SecretKey::PREFIX.len()..].iter().all(u8::is_ascii_alphanumeric);
    if is_whole { SecretKey::parse(text(whole)).ok().map(Leak::Secret) } else { None }
}

fn token(bytes: &[u8]) -> Option<Leak> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let bytes = &bytes[..bytes.len().min(LeakFinder::AHEAD)];
    let end_of = |from: usize| {
        let length = bytes.get(from..)?.iter().take_while(|byte| is_part(byte)).count();
        (bytes.get(from + length) == Some(&b'.')).then_some(from + length + 1)
    };
    let claims = end_of(0)?;
    let signature = end_of(claims)?;
    let end = signature + SIGNATURE;
    let is_ours = bytes[claims..].starts_with(TOKEN_CLAIMS) && bytes.get(signature..end)?.iter().all(is_part);
    is_ours.then(|| Leak::AccessToken(AccessToken::new(text(&bytes[..end]))))
}

/// Calls `each` with runs of hex digits that may hold 64 of ours and begin in a part of `bytes`. Looks at every 64th byte
/// of what is no such run.
fn hex_runs(bytes: &[u8], part: Range<usize>, mut each: impl FnMut(Range<usize>)) {
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut at = part.start;
    // A run that begins from here on has the byte of each look.
    while at < part.end && at + HexKind::DIGITS <= bytes.len() {
        let look = at + HexKind::DIGITS - 1;
        if !is_hex(look) {
            at = look + 1;
            continue;
        }
        let (mut start, mut end) = (look, look + 1);
        while start > 0 && is_hex(start - 1) {
            start -= 1;
        }
        while is_hex(end) {
            end += 1;
        }
        if (HexKind::DIGITS..=MOST_HEX).contains(&(end - start)) {
            each(start..end);
        }
        at = end;
    }
}

/// All that a pasted text holds, each once: access key IDs and HMAC tokens too.
pub fn leaks_in(pasted: &str) -> Vec<Leak> {
    let bytes = pasted.as_bytes();
    let mut leaks: Vec<Leak> = Vec::new();
    let mut add = |leak: Leak| {
        let is_new = leaks.iter().all(|known| known.word() != leak.word() || known.expose() != leak.expose());
        if is_new {
            leaks.push(leak);
        }
    };
    for (_, leak) in LeakFinder::new().find(bytes, 0..bytes.len()) {
        add(leak);
    }
    let mut hashes = Vec::new();
    hex_runs(bytes, 0..bytes.len(), |run| {
        // The two digits of an escape are no part of it.
        let is_escaped = run.start > 0 && bytes[run.start - 1] == b'%';
        let digits = text(&bytes[run.start + if is_escaped { 2 } else { 0 }..run.end]);
        match HexKind::of(digits) {
            Some(HexKind::KeyId) => {
                if let Ok(id) = KeyId::parse(&KeyId::as_stored(digits.to_owned())) {
                    add(Leak::KeyId(id));
                }
            }
            None => hashes.extend(HmacToken::parse(digits)),
            Some(HexKind::Secret) => {}
        }
    });
    for (at, _) in pasted.match_indices(KeyId::PREFIX) {
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let is_escape = at.checked_sub(3).and_then(|before| bytes.get(before)) == Some(&b'%');
        let is_inside = !is_escape && before.is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if let Some(id) = pasted.get(at..at + 20).filter(|id| KeyId::looks_like_ours(id))
            && !is_inside
            && !is_word(bytes.get(at + 20))
            && let Ok(id) = KeyId::parse(id)
        {
            add(Leak::KeyId(id));
        }
    }
    let ids: Vec<KeyId> =
        leaks.iter().filter_map(|leak| if let Leak::KeyId(id) = leak { Some(id.clone()) } else { None }).collect();
    let contents = contents(pasted);
    leaks.extend(hashes.into_iter().map(|hash| Leak::HmacToken(hash, ids.clone(), contents.clone())));
    leaks
}

/// What fields called `content` hold: in JSON, in a form, in a command line.
fn contents(pasted: &str) -> Vec<Content> {
    let mut contents = Vec::new();
    for (at, name) in pasted.match_indices("content") {
        let rest = pasted[at + name.len()..].trim_start_matches(['"', '\'', '\\', ' ']);
        let Some(value) = rest.strip_prefix([':', '=']) else { continue };
        let is_form = rest.starts_with('=');
        let value = value.trim_start_matches([' ', '\\']);
        let quote = value.chars().next().filter(|first| ['"', '\''].contains(first));
        let whole = match quote {
            Some(quote) => value[1..].split([quote, '\\', '\n']).next(),
            None => value.split(|c: char| c.is_whitespace() || "&,;}\"'".contains(c)).next(),
        };
        let whole = whole.unwrap_or_default();
        let plain = whole.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy();
        for text in [Some(whole), is_form.then_some(&*decoded)].into_iter().flatten() {
            contents.extend(Content::parse(text).ok().filter(|content| !contents.contains(content)));
        }
    }
    contents
}

#[cfg(test)]
mod tests {
    use crate::domain::secrets::leaks::*;
    use crate::domain::{KeyFormat, hmac_token};

    const ID: &str = "PK7QW3N5ZJ0V4T8M2XHC";

    fn secret(byte: u8, format: KeyFormat) -> String {
        SecretKey::from_random(&Zeroizing::new([byte; 32]), format).expose().to_owned()
    }

    fn token() -> String {
        format!("{}J9.{}{}.{}", text(TOKEN_HEADER), text(TOKEN_CLAIMS), "a".repeat(120), "s_-".repeat(14) + "x")
    }

    fn found(text: &str) -> Vec<(&'static str, String)> {
        leaks_in(text).iter().map(|leak| (leak.word(), leak.expose().to_owned())).collect()
    }

    #[test]
    fn each_is_found_whatever_is_around_it() {
        let (prefixed, hex, token) = (secret(1, KeyFormat::Prefixed), secret(2, KeyFormat::Hex), token());
        let hex_id = KeyId::from_random(&[3; 28], KeyFormat::Hex).raw_for_api().to_owned();
        for around in [
            "X",
            "line\nX\nline",
            "{\"a\": \"X\"}",
            r"a\nX\n",
            "?k=X&b=1",
            "%22X%22",
            "'X'",
            "ü X ü",
            "key:X,",
            "(X)",
            "X\r\n",
        ] {
            for (word, text) in [
                ("secret_access_key", prefixed.as_str()),
                ("secret_access_key", &hex),
                ("access_token", &token),
                ("key_id", ID),
                ("key_id", &hex_id),
            ] {
                let found = found(&around.replace('X', text));
                assert_eq!(found, [(word, text.to_owned())], "{around}");
            }
        }
        let both = format!("a {prefixed} b {token} {prefixed} {ID}");
        let words: Vec<_> = found(&both).into_iter().map(|(word, _)| word).collect();
        assert_eq!(words, ["secret_access_key", "access_token", "key_id"], "each once");
        assert_eq!(found(&format!("%0A{hex}%0A"))[0].1, hex);
        assert_eq!(found(&hex.to_ascii_uppercase())[0].1, hex);
    }

    #[test]
    fn nothing_is_found_that_is_not_whole() {
        let (prefixed, hex, token) = (secret(1, KeyFormat::Prefixed), secret(2, KeyFormat::Hex), token());
        let wrong = format!("{}{}", &prefixed[..51], if prefixed.ends_with('a') { 'b' } else { 'a' });
        for text in [
            "",
            "sk_",
            "task_list",
            "PK",
            &prefixed[..51],
            &prefixed[1..],
            &wrong,
            &hex[..63],
            &format!("{}{hex}", "0".repeat(20)),
            &token[..token.len() - 1],
            &token.replace(text(TOKEN_CLAIMS), "eyJmb28iOi"),
            &token.replace('.', ","),
            &format!("X{ID}"),
            &format!("{ID}0"),
            &ID.to_lowercase(),
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn an_hmac_token_comes_with_what_it_may_be_of() {
        let hash = hmac_token(b"secret", b"my content").expose().to_owned();
        let curl = format!("curl -H 'x-key: {ID}' -H 'x-hash: {hash}' -H 'content-type: application/json'");
        for (pasted, ids, contents) in [
            (hash.clone(), 0, &[][..]),
            (format!("{curl} -d '{{\"scope\":\"docs_api\",\"content\":\"my content\"}}'"), 1, &["my content"][..]),
            (format!("{curl} -d scope=docs_api&content=my+content"), 1, &["my+content", "my content"]),
            (format!("{curl} -d scope=docs_api&content=my%20content"), 1, &["my%20content", "my content"]),
            (format!("{hash}\ncontent: plain\n"), 0, &["plain"]),
            (format!("{{\\\"content\\\": \\\"quoted\\\"}} {hash}"), 0, &["quoted"]),
        ] {
            let leaks = leaks_in(&pasted);
            let Some(Leak::HmacToken(token, its_ids, its_contents)) = leaks.last() else { panic!("{leaks:?}") };
            assert_eq!((token.expose(), its_ids.len()), (hash.as_str(), ids), "{pasted}");
            assert_eq!(its_contents.iter().map(Content::as_str).collect::<Vec<_>>(), contents, "{pasted}");
        }
    }

    #[test]
    fn only_a_part_is_looked_at_and_nothing_is_looked_at_twice() {
        let (prefixed, hex, token) = (secret(1, KeyFormat::Prefixed), secret(2, KeyFormat::Hex), token());
        let whole = format!("{prefixed} {hex} {token} {} {prefixed}", "f".repeat(300));
        let bytes = whole.as_bytes();
        let finder = LeakFinder::new();
        let all: Vec<usize> = finder.find(bytes, 0..bytes.len()).iter().map(|(at, _)| *at).collect();
        assert_eq!(all, [0, 53, 118, whole.len() - 52]);
        for cut in 0..=bytes.len() {
            let parts = [0..cut, cut..bytes.len()].map(|part| finder.find(bytes, part));
            let places: Vec<usize> = parts.concat().iter().map(|(at, _)| *at).collect();
            assert_eq!(places, all, "cut at {cut}");
        }
    }
}
