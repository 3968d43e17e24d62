//! The reference values of the field, and that nothing secret is in a finding.

use super::*;
use crate::domain::{KeyId, hmac_token};

const EXAMPLE: &str = Content::EXAMPLE;

fn secret() -> SecretKey {
    SecretKey::foreign(&"2".repeat(32))
}

fn id() -> String {
    "1".repeat(32)
}

fn causes(token: &str) -> Option<Vec<Cause>> {
    variants::find(token, &id(), secret().expose(), EXAMPLE)
}

#[test]
fn the_reference_values() {
    let full = |key: &[u8], message: &str| hmac_token(key, message.as_bytes()).expose().to_owned();
    let (secret, id) = (secret(), id());
    let two = secret.expose();
    for (token, start, cause) in [
        (full(two.as_bytes(), EXAMPLE), "0c433d7e", vec![]),
        (full(two.as_bytes(), "api-content-hash\n"), "d9881632", vec![Cause::NewlineInContent]),
        (full(format!("{two}\n").as_bytes(), EXAMPLE), "a0a8208b", vec![Cause::NewlineInSecret]),
        (full(&[0x22; 16], EXAMPLE), "d7e32b56", vec![Cause::SecretFromHex]),
        (full(id.as_bytes(), EXAMPLE), "6b5758a6", vec![Cause::Swapped]),
    ] {
        assert!(token.starts_with(start));
        assert_eq!(causes(&token), Some(cause), "{start}");
    }
    let base64 = "DEM9fojtyaCcmB3PRjE6GqwjIl9xhzkYJpIfe1AJhTc=";
    assert_eq!(causes(base64), Some(vec![Cause::Base64Output]));
    assert_eq!(causes(&format!(" {}\n", base64.trim_end_matches('='))), Some(vec![Cause::Base64Output]));
    let upper = full(two.as_bytes(), EXAMPLE).to_uppercase();
    assert_eq!(causes(&upper), Some(vec![Cause::UpperCaseOutput]));
    let both = full(format!("{two}\n").as_bytes(), "api-content-hash\n").to_uppercase();
    assert_eq!(causes(&both), Some(vec![Cause::NewlineInSecret, Cause::NewlineInContent, Cause::UpperCaseOutput]));
    assert_eq!(causes(&full(b"another", EXAMPLE)), None);
    assert_eq!(causes("nonsense"), None);
    assert_eq!(
        variants::find(&full(two.as_bytes(), EXAMPLE), &id, two, "what was sent"),
        Some(vec![Cause::ExampleContent])
    );
}

#[test]
fn a_token_is_found_in_what_programs_write() {
    let token = hmac_token(secret().expose().as_bytes(), EXAMPLE.as_bytes());
    let hex = token.expose();
    let bytes: Vec<&str> = (0..32).map(|n| &hex[2 * n..2 * n + 2]).collect();
    for written in [
        format!("HMAC-SHA2-256(stdin)= {hex}"),
        format!("(stdin)= {hex}"),
        format!("SHA2-256(file with = and ))= {hex}"),
        format!("{hex} *stdin"),
        format!("{hex}  -"),
        format!("sha256={hex}"),
        format!("SHA256:{hex}"),
        format!("x-hash: {hex}"),
        format!("0x{hex}"),
        format!("\"{hex}\""),
        format!("'{hex}',"),
        format!("b'{hex}'"),
        bytes.join("-").to_uppercase(),
        bytes.join(":"),
        bytes.join(" "),
        format!("\\x{}", bytes.join("\\x")),
        format!("{{ 0x{} }}", bytes.join(", 0x")),
        format!("{}\r\n{}", &hex[..32], &hex[32..]),
        format!("\u{feff}{hex}"),
    ] {
        assert_eq!(causes(&written), Some(vec![Cause::DecoratedOutput]), "{written}");
        assert_eq!(variants::digits(&written).map(|digits| digits.expose().to_owned()).as_deref(), Some(hex));
    }
    for (written, form) in [
        ("0".repeat(32), TokenForm::OtherDigest("MD5")),
        (format!("SHA1(stdin)= {}", "0".repeat(40)), TokenForm::OtherDigest("SHA-1")),
        ("0".repeat(96), TokenForm::OtherDigest("SHA-384")),
        ("0".repeat(128), TokenForm::OtherDigest("SHA-512")),
        ("YWFhYWFhYWFhYWFhYWFhYWFhYWE=".to_owned(), TokenForm::OtherDigest("SHA-1")),
        ("0".repeat(63), TokenForm::Digits(63)),
        ("0".repeat(66), TokenForm::Digits(66)),
        ("nonsense".to_owned(), TokenForm::Unknown),
        (String::new(), TokenForm::Unknown),
        (hex.to_owned(), TokenForm::Token),
    ] {
        assert_eq!(variants::form(&written), form, "{written}");
    }
}

#[test]
fn what_a_form_makes_of_the_content_is_found() {
    let find = |hashed: &str, content: &str| {
        let token = hmac_token(secret().expose().as_bytes(), hashed.as_bytes());
        variants::find(token.expose(), &id(), secret().expose(), content)
    };
    for (hashed, cause) in [
        ("a+b", Cause::FormChanged),
        ("a b&c=d", Cause::FormChanged),
        ("a b", Cause::FormChanged),
        ("a%2Bb%26c%3Dd", Cause::PercentEncoded),
        ("\u{feff}a+b&c=d", Cause::ByteOrderMark),
    ] {
        assert_eq!(find(hashed, "a+b&c=d"), Some(vec![cause]), "{hashed}");
    }
    assert_eq!(find("a b c", "a b c"), Some(vec![]));
    assert_eq!(find("a%20b", "a b"), Some(vec![Cause::PercentEncoded]));
}

#[test]
fn a_finding_has_a_next_step_and_no_secret() {
    let (secret, content) = (secret(), Content::parse(EXAMPLE).unwrap());
    let failing = hmac_token(b"x", b"y");
    let evidence = Evidence {
        id: "1111",
        secret: Some(&secret),
        content: Some(&content),
        failing_token: Some(failing.expose()),
        was_refused: true,
        ..Evidence::default()
    };
    for finding in diagnose(&evidence) {
        let text = format!("{finding:?}");
        assert!(!text.contains(secret.expose()) && !text.contains(failing.expose()), "{text}");
        assert!(finding.what.ends_with('.') && finding.next.ends_with('.'), "{text}");
    }
}

#[test]
fn what_the_list_says_is_told() {
    let key = |status| {
        KeyState::Known(Box::new(AccessKey {
            status,
            expires_at: Some(DateTime::UNIX_EPOCH),
            ..AccessKey::new(KeyId::parse("PK1").unwrap(), DateTime::UNIX_EPOCH)
        }))
    };
    for (state, words) in [
        (KeyState::Missing, "deleted"),
        (key(Status::Inactive), "inactive"),
        (key(Status::Expired), "expired on 1970-01-01"),
        (key(Status::Active), "belongs to another key"),
        (KeyState::Unknown, "The ID and secret don't match"),
        (KeyState::Unknown.at(true), "The ID and secret don't match"),
    ] {
        let evidence = Evidence { id: "PK1", key: state, was_refused: true, ..Evidence::default() };
        let findings = diagnose(&evidence);
        assert!(findings.iter().any(|f| f.is_fault() && f.what.contains(words)), "{words}: {findings:?}");
    }
}

#[test]
fn clocks_and_roles() {
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
    let at = |seconds| Evidence { clocks: Some((now, now + TimeDelta::seconds(seconds))), ..Evidence::default() };
    assert_eq!(diagnose(&at(59)), []);
    assert!(diagnose(&at(-3600))[0].what.contains("60 min behind"));
    assert!(diagnose(&at(90_000))[0].what.contains("25 h 0 min ahead"));
    let id = SecretKey::foreign("PK0ZAHJZ123456789KMN");
    let swapped = Evidence { secret: Some(&id), ..Evidence::default() };
    assert!(diagnose(&swapped)[0].what.starts_with("This is an Access key ID"));
    assert_eq!(diagnose(&Evidence::default()), []);
}
