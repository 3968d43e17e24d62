//! `hmac`, `token` and `verify`: steps two and three.

use std::process::Command;

use latchkey::server::Role;

use super::remote::{Remote, always, remember};
use crate::support::home::{Done, Home, text};
use crate::support::server::PASSWORD;

const SECRET: &str = "22222222222222222222222222222222";
const TOKEN: &str = "0c433d7e88edc9a09c981dcf46313a1aac23225f7187391826921f7b50098537";

#[test]
fn the_documented_hmac_token() {
    let home = Home::new();
    let file = home.file("secret", &format!("{SECRET}\n"));
    let args = ["hmac", "--content", "api-content-hash"];
    assert_eq!(home.feed(&args, SECRET).good(), format!("{TOKEN}\n"));
    assert_eq!(home.feed(&args, &format!("{SECRET}\r\n")).good(), format!("{TOKEN}\n"));
    assert_eq!(home.run(&[&args[..], &["--secret-file", &file]].concat()).good(), format!("{TOKEN}\n"));
    assert_eq!(home.feed(&[&args[..], &["--secret-file", "-"]].concat(), SECRET).good(), format!("{TOKEN}\n"));
    let json = home.feed(&[&args[..], &["--output", "json"]].concat(), SECRET).json();
    assert_eq!(json, serde_json::json!({ "hmac_token": TOKEN, "content": "api-content-hash" }));
    let csv = home.feed(&[&args[..], &["--output", "csv"]].concat(), SECRET).good();
    assert_eq!(csv, format!("hmac_token,content\n{TOKEN},api-content-hash\n"));
    // It needs no server.
    assert!(!home.path(".local/share").exists());
}

#[test]
fn content_is_drawn_afresh_and_told() {
    let home = Home::new();
    let once = || home.feed(&["hmac", "--output", "json"], SECRET).json();
    let (first, second) = (once(), once());
    assert_ne!(first, second);
    let content = text(&first["content"]);
    assert!(content.len() == 32 && content.bytes().all(|b| b.is_ascii_hexdigit()));
    let again = home.feed(&["hmac", "--content", &content], SECRET).good();
    assert_eq!(again.trim_end(), text(&first["hmac_token"]));
    let table = home.feed(&["hmac"], SECRET).good();
    assert!(table.starts_with("HMAC token  ") && table.contains("\nContent     "), "{table}");
}

#[test]
fn a_ready_request_for_curl_has_no_secret() {
    let home = Home::new();
    let args = ["hmac", "--content", "api-content-hash", "--curl", "1111", "--url", "https://x.example/dashboard"];
    let done = home.feed(&args, SECRET);
    assert!(done.err.contains("Only https://x.example of the pasted address is used"), "{done:?}");
    assert!(done.out.contains("url = \"https://x.example/api/v2/auth/client_token\"") && done.out.contains(TOKEN));
    assert!(done.out.contains("x-key: 1111") && !done.out.contains(SECRET));
    let local = home.feed(&["hmac", "--curl", "1111"], SECRET).good();
    assert!(local.contains("unix-socket = ") && local.contains(".local/share/latchkey/api.sock"), "{local}");
}

#[test]
fn a_pair_that_cannot_be_is_refused_before_anything_is_made_of_it() {
    let home = Home::new();
    let twice = "1".repeat(32);
    let file = home.file("f", &twice);
    for args in [&["hmac", "--curl", &twice][..], &["token", &twice]] {
        let error = home.run(&[args, &["--secret-file", &file]].concat()).failed(7);
        assert!(
            error.contains("The ID and secret are not valid: the Access key ID was given as the Secret"),
            "{error}"
        );
    }
}

#[test]
fn the_request_for_curl_works_as_written() {
    let (home, remote) = (Home::new(), Remote::start(Role::Administrator));
    remember(&home, &remote.url);
    let made = home.run(&["keys", "create", "--output", "json", "--url", &remote.url]).json();
    let args = ["hmac", "--curl", made["key"]["id"].as_str().unwrap(), "--url", &remote.url];
    let script = home.feed(&args, made["secret_access_key"].as_str().unwrap()).good();
    let answer = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["success"], true);
    let token = text(&answer["access_token"]);
    assert_eq!(home.feed(&["verify", "--url", &remote.url], &token).good().trim_end(), made["key"]["id"]);
}

#[test]
fn what_is_no_secret_is_named_and_not_repeated() {
    let home = Home::new();
    let (id, secret) = home.create("");
    let broken = format!("{}{}", &secret[..51], if secret.ends_with('a') { 'b' } else { 'a' });
    for (input, code, why) in [
        (id.as_str(), 7, "Access key ID"),
        (&broken, 7, "not valid"),
        (&secret[..40], 7, "52 characters"),
        ("eyJh.eyJb.c", 7, "access token"),
        (" 2222", 7, "space"),
        ("", 2, "empty"),
        ("\n", 2, "empty"),
    ] {
        for args in [&["hmac"][..], &["token", &id]] {
            let error = home.feed(args, input).failed(code);
            assert!(error.contains(why), "{error}");
            assert!(input.trim().is_empty() || !error.contains(input.trim()), "{error}");
        }
    }
    let error = home.run(&["hmac", "--secret-file", "not-there"]).failed(2);
    assert!(error.contains("not-there"), "{error}");
    let open = home.file("open", SECRET);
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(home.run(&["hmac", "--secret-file", &open]).failed(2).contains("chmod 600"));
}

/// A container mounts its secrets readable by everyone in it, and nobody in it can change that.
#[test]
fn a_secret_that_a_container_mounts_is_taken_on_standard_input() {
    let home = Home::new();
    let (id, secret) = home.create("");
    let token = home.feed(&["token", &id], &secret).good();
    for (content, args) in [
        (secret.as_str(), &["hmac", "--secret-file"][..]),
        (&secret, &["token", &id, "--secret-file"]),
        (&token, &["verify", "--token-file"]),
        (PASSWORD, &["admin", "add", "jo", "--data", "team", "--password-file"]),
    ] {
        let mount = home.file("mount", content);
        std::fs::set_permissions(&mount, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
        let error = home.run(&[args, &[&mount]].concat()).failed(2);
        assert!(error.contains("name - in place of the file and give it on standard input"), "{error}");
        assert!(!error.contains(content.trim_end()), "{error}");
        // As it says.
        let mount = std::fs::File::open(mount).unwrap();
        let done = Done::of(home.command(&[args, &["-"]].concat()).stdin(mount).spawn().unwrap());
        assert_eq!(done.code, 0, "{done:?}");
        std::fs::remove_file(home.path("mount")).unwrap();
    }
}

#[test]
fn a_file_that_holds_more_than_the_secret_is_refused() {
    let home = Home::new();
    let create = |form: &str| home.run(&["keys", "create", "--label", "x", "--output", form]).good();
    let json: serde_json::Value = serde_json::from_str(&create("json")).unwrap();
    let (id, secret) = (text(&json["key"]["id"]), text(&json["secret_access_key"]));
    let csv = create("csv");
    let row = csv.lines().last().unwrap();
    for (input, why) in [
        (create("table").as_str(), "on one line"),
        (&create("json"), "Secret access key"),
        (&csv, "on one line"),
        (row, "with a Secret access key in it"),
        (&format!("{id}\n{secret}\n"), "on one line"),
        (&format!("export KEY={secret}"), "with a Secret access key in it"),
        (&format!("{secret} {id}"), "with a Secret access key in it"),
        (&format!("\"{secret}\"\n"), "quote"),
        ("a\nb", "on one line"),
    ] {
        let file = home.file("out", input);
        for args in [&["hmac"][..], &["token", &id]] {
            let error = home.run(&[args, &["--secret-file", &file]].concat()).failed(7);
            assert!(error.contains(why) && error.contains("Nothing was sent"), "{error}");
            assert!(!error.contains(&secret), "{error}");
        }
    }
    let marked = home.file("marked", &format!("\u{feff}{secret}\r\n"));
    let plain = home.feed(&["hmac", "--content", "x"], &secret).good();
    assert_eq!(home.run(&["hmac", "--content", "x", "--secret-file", &marked]).good(), plain);
    let utf16: Vec<u8> = format!("\u{feff}{secret}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(home.path("marked"), utf16).unwrap();
    let error = home.run(&["hmac", "--secret-file", &marked]).failed(2);
    assert!(error.contains("is UTF-16 text, not UTF-8; save it as UTF-8"), "{error}");
    // Another server's secrets may have any other form.
    for foreign in ["2".repeat(32), "a b\"c".to_owned(), "sk-live-1".to_owned(), "pässword".to_owned()] {
        home.feed(&["hmac", "--content", "x"], &foreign).good();
    }
}

#[test]
fn a_secret_in_an_argument_is_not_repeated_and_counts_as_known() {
    let home = Home::new();
    let (_, secret) = home.create("");
    let folder = format!("/nowhere/{secret}");
    let option = format!("--secret-file={secret}");
    let command = format!("pass insert {secret}");
    for args in [
        &["hmac", "--secret-file", &secret][..],
        &["hmac", &option],
        &["verify", "--token-file", TOKEN],
        &["doctor", "PK1", "--content", "x", "--hmac-file", &"0f".repeat(32)],
        &["admin", "add", "jo", "--password-file", &secret],
        &["admin", "add", &secret],
        &["keys", "create", "--secret-file", &folder],
        &["keys", "create", "--pipe-to", &command],
        &["--profile", &secret, "keys", "list"],
        &["--config", &secret, "keys", "list"],
        &["--data", &folder, "doctor"],
        &["man", "--dir", &secret],
        &["hmac", &secret],
        &["token", &secret],
        &["token", "PK1", &secret],
        &["login", "jo", "hunter2"],
        &["verify", "hunter2"],
        &["keys", "show", &secret],
        &["keys", "list", "--search", &secret],
        &["keys", "list", "--search", TOKEN],
        &["hmac", "--content", &secret],
        &["hmac", "--secret", &secret],
    ] {
        let error = home.run(args).failed(2);
        assert!(!error.contains(&secret) && !error.contains("hunter2") && !error.contains(TOKEN), "{error}");
        assert!(error.contains("Replace it") || args.contains(&"--secret"), "{error}");
    }
}

#[test]
fn from_secret_to_token_to_key() {
    let home = Home::new();
    let (id, secret) = home.create("");
    let token = home.feed(&["token", &id], &secret).good();
    assert!(token.starts_with("eyJ") && token.lines().count() == 1);
    assert_eq!(home.feed(&["verify"], &token).good(), format!("{id}\n"));
    let file = home.file("token", &token);
    let json = home.run(&["verify", "--token-file", &file, "--output", "json"]).json();
    assert_eq!(json, serde_json::json!({ "good": true, "key_id": id }));
    let json = home.feed(&["token", &id, "--output", "json", "--content", "x"], &secret).json();
    assert!(text(&json["access_token"]).starts_with("eyJ") && json["verified"].is_null());
    let left = text(&json["expires_at"]).parse::<chrono::DateTime<chrono::Utc>>().unwrap() - chrono::Utc::now();
    assert!((55..=60).contains(&left.num_minutes()), "{json}");
    // With the key its tokens go.
    home.run(&["keys", "delete", "--yes", &id]).good();
    let error = home.feed(&["verify"], &token).failed(7);
    assert!(error.contains("refuses the access token") && !error.contains("eyJ"), "{error}");
    let error = home.feed(&["token", &id], &secret).failed(7);
    assert!(error.contains("latchkey doctor") && !error.contains(&secret), "{error}");
}

/// An exchange needs no session: its 401 is about the pair, whatever code it has.
#[test]
fn a_refused_exchange_is_about_the_pair_and_in_the_servers_words() {
    let home = Home::new();
    let secret = home.file("secret", SECRET);
    for (body, words) in [
        (r#"{"success":"false","message":"The key is locked","code":"77"}"#, "The key is locked"),
        (r#"{"success":false,"message":"The key is locked"}"#, "The key is locked"),
        (r#"{"success":false,"message":"The key is locked","code":[1]}"#, "The key is locked"),
        (r#"{"success":"false","message":"Key verification failed","code":"1000"}"#, "(code 1000)"),
    ] {
        let url = always("401 Unauthorized", "application/json", body);
        let error = home.run(&["token", "1111", "--secret-file", &secret, "--url", &url]).failed(7);
        assert!(error.contains(words) && error.contains(" doctor 1111") && !error.contains("login"), "{error}");
        let done = home.run(&["doctor", "1111", "--secret-file", &secret, "--url", &url]);
        assert!(done.code == 7 && done.out.contains(words), "{done:?}");
    }
}

#[test]
fn a_token_that_has_expired_already_is_no_good_one() {
    let home = Home::new();
    let secret = home.file("secret", SECRET);
    let ended = chrono::Utc::now().timestamp() - 83 * 60;
    let body = format!(r#"{{"success":true,"access_token":"eyJ0eX.a.b","expiry_time":{ended}}}"#);
    let url = always("200 OK", "application/json", &body);
    let words = "The access token has already expired, so this clock or the server's is wrong.";
    let done = home.run(&["token", "1111", "--secret-file", &secret, "--url", &url]);
    assert_eq!((done.code, done.out.as_str()), (0, "eyJ0eX.a.b\n"), "{done:?}");
    assert!(done.err.contains(words) && done.err.lines().count() == 1, "{done:?}");
    let done = home.run(&["doctor", "1111", "--secret-file", &secret, "--url", &url]);
    assert!(done.code == 7 && done.out.contains(&format!("wrong  {words}")), "{done:?}");
    assert!(done.out.contains("Expired 1 h ago"), "{done:?}");
}

#[test]
fn an_empty_access_token_is_none() {
    let home = Home::new();
    let secret = home.file("secret", SECRET);
    let body = r#"{"success":true,"access_token":"","refresh_token":"r","expiry_time":32472144000}"#;
    let url = always("200 OK", "application/json", body);
    let error = home.run(&["token", "1111", "--secret-file", &secret, "--url", &url]).failed(6);
    assert!(error.contains("its access token is empty"), "{error}");
}

#[test]
fn a_token_that_no_header_can_hold_is_neither_sent_nor_given() {
    let home = Home::new();
    for token in ["a\nb\n", "a\u{1b}b", "{\n\"access_token\": \"x\"\n}\n"] {
        let file = home.file("token", token);
        let error = home.run(&["verify", "--token-file", &file]).failed(7);
        assert!(error.contains("The access token is not valid: ") && error.contains("Nothing was sent"), "{error}");
    }
    let answers = |token: &str| {
        let body = format!(r#"{{"success":true,"access_token":"{token}","expiry_time":32472144000}}"#);
        let url = always("200 OK", "application/json", &body);
        home.feed(&["token", "1111", "--url", &url], SECRET)
    };
    assert_eq!(answers("eyJ.b.c").good(), "eyJ.b.c\n");
    for token in ["eyJ\\nb", "eyJ\\u001b[2Jb", "eyJ\\u202eb"] {
        let error = answers(token).failed(6);
        assert!(error.contains("not allowed in a header") && !error.contains("eyJ"), "{error}");
    }
}

#[test]
fn a_server_without_verification_is_told_apart_from_a_bad_token() {
    let home = Home::new();
    let url = always("404 Not Found", "application/json", "{\"success\":\"false\",\"message\":\"no\",\"code\":0}");
    assert!(home.feed(&["verify", "--url", &url], "opaque").failed(1).contains("Passportal"));
}
