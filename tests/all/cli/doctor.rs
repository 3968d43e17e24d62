//! `doctor`: each finding in a sentence, and facts for a bug report.

use std::process::Stdio;

use latchkey::domain::hmac_token;
use serde_json::Value;

use super::remote;
use crate::support::home::{Done, Home, text};

/// What is wrong, and the exit code.
fn faults(home: &Home, args: &[&str], input: &str) -> (i32, Vec<String>) {
    let done = home.feed(&[&["doctor", "--output", "json"][..], args].concat(), input);
    assert_eq!(done.err, "");
    let found: Value = serde_json::from_str(&done.out).unwrap();
    let faults = found["findings"].as_array().unwrap().iter().filter(|found| found["is_fault"] == true);
    let words = faults.map(|found| {
        assert!(!text(&found["next"]).is_empty(), "{found}");
        text(&found["what"])
    });
    (done.code, words.collect())
}

#[test]
fn a_key_that_works_has_no_fault() {
    let home = Home::new();
    let (id, secret) = home.create("");
    assert_eq!(faults(&home, &[&id], &secret), (0, vec![]));
    let table = home.feed(&["doctor", &id], &secret).good();
    assert!(table.starts_with("note   Access token received.") && !table.contains(&secret), "{table}");
    // Without a secret it says what it did not try.
    let table = home.run(&["doctor", &id]).good();
    assert!(table.contains("The key exists and is active; its exchange was not tried."), "{table}");
}

#[test]
fn what_is_wrong_with_a_key_is_said() {
    let home = Home::new();
    let (id, secret) = home.create("");
    let (_, other) = home.create("");
    let only = |args: &[&str], input: &str, word: &str| {
        let (code, words) = faults(&home, args, input);
        assert!(code == 7 && words.iter().any(|what| what.contains(word)), "{word}: {words:?}");
        assert!(!words.concat().contains("sk_") || words.concat().contains("starts with sk_"), "{words:?}");
    };
    only(&[&id], &other, "belongs to another key");
    only(&[&id], &id, "Access key ID");
    only(&[&id], &secret[..50], "52 characters");
    only(&["PKNOTTHERE"], &secret, "no key with this ID");
    home.run(&["keys", "deactivate", &id]).good();
    only(&[&id], &secret, "inactive");
    home.run(&["keys", "delete", "--yes", &id]).good();
    only(&[&id], &secret, "deleted");
}

#[test]
fn the_mistake_in_a_failing_token_is_found() {
    let home = Home::new();
    home.create("another");
    let secret = home.file("secret", &"2".repeat(32));
    let id = "1".repeat(32);
    let made = |key: &[u8], content: &str| hmac_token(key, content.as_bytes()).expose().to_owned();
    let (plain, content) = ("2".repeat(32), "api-content-hash");
    for (token, start, word) in [
        (made(plain.as_bytes(), "api-content-hash\n"), "d9881632", "trailing newline in the content"),
        (made(format!("{plain}\n").as_bytes(), content), "a0a8208b", "trailing newline in the secret"),
        (made(&[0x22; 16], content), "d7e32b56", "hex"),
        (made(id.as_bytes(), content), "6b5758a6", "ID"),
        ("DEM9fojtyaCcmB3PRjE6GqwjIl9xhzkYJpIfe1AJhTc=".to_owned(), "DEM9", "base64"),
        ("0c433d7e".to_owned(), "0c43", "not an HMAC token"),
        (format!("SHA1(stdin)= {}", "0c".repeat(20)), "SHA1", "as long as an HMAC made with SHA-1"),
        (format!("HMAC-SHA2-256(stdin)= {}", made(plain.as_bytes(), content)), "HMAC", "beside the 64 hex digits"),
    ] {
        assert!(token.starts_with(start), "{token}");
        let file = home.file("token", &token);
        let args = [&id, "--secret-file", &secret, "--content", content, "--hmac-file", &file];
        let (code, words) = faults(&home, &args, "");
        assert!(code == 7 && words.iter().any(|what| what.contains(word)), "{start}: {words:?}");
        assert!(!words.concat().contains(&token) && !words.concat().contains(&plain), "{words:?}");
    }
    let error = home.feed(&["doctor", &id, "--hmac-file", "-", "--content", "x"], "00").failed(2);
    assert!(error.contains("--secret-file"), "{error}");
}

#[test]
fn a_token_that_has_expired_already_is_not_said_to_work() {
    let home = Home::new();
    let grant = r#"{"success":true,"access_token":"eyJ0eX.a.b","refresh_token":"a","expiry_time":1600000000}"#;
    let url = remote::always("200 OK", "application/json", grant);
    let table = home.feed(&["doctor", "1111", "--url", &url], "2222").out;
    assert!(table.contains("The access token has already expired") && !table.contains("work from here"), "{table}");
}

#[test]
fn what_was_given_is_never_passed_over() {
    let home = Home::new();
    let (id, secret) = home.create("");
    let (empty, secret_file) = (home.file("empty", ""), home.file("secret", &secret));
    let error = home.run(&["doctor", &id, "--content", "x", "--hmac-file", &empty]).failed(2);
    assert!(error.contains("empty: it should hold the HMAC token"), "{error}");
    assert!(home.run(&["doctor", &id, "--secret-file", &empty]).failed(2).contains("Secret access key"));
    assert!(home.run(&["doctor", "--secret-file", &secret_file]).failed(2).contains("latchkey doctor ID"));
    // Without the secret the token itself is tried.
    let try_token = |token: &str| {
        let file = home.file("token", token);
        home.run(&["doctor", &id, "--content", "x", "--hmac-file", &file])
    };
    let good = hmac_token(secret.as_bytes(), b"x").expose().to_uppercase();
    let done = try_token(&good).good();
    assert!(done.starts_with("note   Access token received.") && !done.contains("not tried"), "{done}");
    for (token, why) in
        [("0".repeat(64), "refuses this HMAC token"), ("0c433d7e".to_owned(), "was not tried: it does not have 64")]
    {
        let done = try_token(&token);
        assert!(done.code == 7 && done.out.contains("wrong  The ") && done.out.contains(why), "{done:?}");
        assert!(!done.out.contains(&token), "{done:?}");
    }
}

#[test]
fn the_surroundings_hold_no_password() {
    let home = Home::new();
    home.create("");
    let mut run = home.command(&["doctor", "--url", "https://us.example.invalid", "--output", "json"]);
    run.env("HTTPS_PROXY", "http://jo:hunter2@127.0.0.1:1").stdin(Stdio::null());
    let done = Done::of(run.spawn().unwrap());
    assert_eq!(done.code, 6, "{done:?}");
    assert!(!done.out.contains("hunter2") && !done.err.contains("hunter2"), "{done:?}");
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found["environment"]["proxy"], "http://127.0.0.1:1 from HTTPS_PROXY");
    assert_eq!(found["environment"]["profile"], "us.example.invalid");
    let local = home.run(&["doctor"]).good();
    for word in ["Version", "Settings", "Profile", "Server version", "State folder", "The server answers."] {
        assert!(local.contains(word), "{local}");
    }
}

#[test]
fn a_proxy_that_is_not_used_is_said_not_to_be() {
    let home = Home::new();
    let proxy = |url: &str, exceptions: &str| {
        let mut run = home.command(&["doctor", "--url", url, "--output", "json"]);
        run.env("HTTPS_PROXY", "http://us:pw@127.0.0.1:1").env("NO_PROXY", exceptions);
        let found: Value = serde_json::from_str(&Done::of(run.spawn().unwrap()).out).unwrap();
        text(&found["environment"]["proxy"])
    };
    let named = "http://127.0.0.1:1 from HTTPS_PROXY";
    let (here, far) = (remote::nowhere(), "https://us.example.invalid");
    assert_eq!(proxy(&here, ""), format!("{named}, not used for this server (loopback)"));
    assert_eq!(proxy(far, "example.com, .invalid"), format!("{named}, not used for this server (NO_PROXY)"));
    assert_eq!(proxy(far, "example.com"), named);
}

#[test]
fn what_stands_in_between_is_named() {
    let home = Home::new();
    let page = remote::always("200 OK", "text/html", "<title>Sign in</title>");
    let (code, words) = faults(&home, &["--url", &page], "");
    assert!(code == 6 && words[0].contains("web page"), "{words:?}");
    let (code, words) = faults(&home, &["1111", "--url", &page], "2222");
    assert!(code >= 6 && words.iter().any(|what| what.contains("web page")), "{words:?}");
    let (code, words) = faults(&home, &["--profile", "nope"], "");
    assert!(code == 2 && words[0].contains("nope"), "{words:?}");
}
