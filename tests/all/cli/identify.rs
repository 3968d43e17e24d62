//! `keys identify`: whose secret or token is this?

use std::fs;
use std::sync::{Arc, Mutex};

use latchkey::server::Role;
use serde_json::{Value, json};

use super::remote::{Remote, remember};
use crate::support::home::{Done, Home, text};
use crate::support::raw;

/// Secrets of no server.
const SECRET: &str = "sk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1sBWz9";
const OTHER: &str = "sk_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb3mGDcC";

fn found(home: &Home, input: &str) -> Vec<Value> {
    home.feed(&["keys", "identify", "--output", "json"], input).json().as_array().unwrap().clone()
}

/// What is said and written has nothing of the secrets.
#[track_caller]
fn is_clean(done: &Done, secrets: &[&str]) {
    for secret in secrets {
        assert!(!done.out.contains(&secret[4..20]) && !done.err.contains(&secret[4..20]), "{done:?}");
    }
}

#[test]
fn whatever_is_pasted_is_found_and_told() {
    let home = Home::new();
    let ((id, secret), (other, its_secret)) = (home.create("nightly backup"), home.create("other"));
    let token = home.feed(&["token", &id], &secret).good();
    let log = format!("12:00 GET /x?k=%22{secret}%22 \"Bearer {}\" {{\"s\":\"{its_secret}\"}} {other}", token.trim());
    let rows = found(&home, &log);
    let said: Vec<_> = rows.iter().map(|row| (text(&row["found"]), text(&row["key"]["id"]))).collect();
    let expected = [("secret_access_key", &id), ("access_token", &id), ("secret_access_key", &other)];
    assert_eq!(said, expected.map(|(word, id)| (word.to_owned(), id.clone())), "an ID of what was found is left out");
    assert_eq!(rows[1]["token"]["status"], "valid");
    assert_eq!(rows[0]["key"], home.run(&["keys", "show", &id, "--output", "json"]).json());

    let hash = home.feed(&["hmac", "--content", "my content"], &secret).good();
    let curl = format!("-H 'x-key: {id}' -H 'x-hash: {}' -d '{{\"content\":\"my content\"}}'", hash.trim());
    assert_eq!(found(&home, &curl)[0]["found"], "hmac_token");
    let alone = home.feed(&["keys", "identify"], &hash);
    assert!(alone.code == 4 && alone.err.contains("together with the access key ID"), "{alone:?}");
    is_clean(&alone, &[&hash]);

    let table = home.feed(&["keys", "identify"], &secret);
    assert!(
        table.out.contains("Found           Secret access key\n") && table.out.contains("nightly backup"),
        "{table:?}"
    );
    is_clean(&table, &[&secret, &token]);
    let row = home.feed(&["keys", "identify", "--output", "csv"], &secret).out;
    assert_eq!(
        row.lines().nth(1).unwrap().split(',').take(3).collect::<Vec<_>>(),
        ["secret_access_key", &id, "nightly backup"]
    );

    home.run(&["keys", "delete", &id, "--yes"]);
    let rows = found(&home, &token);
    assert_eq!(
        (&rows[0]["deleted_key"]["id"], &rows[0]["deleted_key"]["label"]),
        (&json!(id), &json!("nightly backup"))
    );
    assert_eq!(rows[0]["token"]["status"], "revoked");
    assert_eq!(found(&home, &id)[0]["deleted_key"]["id"], json!(id));
    let gone = home.feed(&["keys", "identify"], &secret);
    assert!(gone.code == 4 && gone.err.contains("belongs to no key here"), "{gone:?}");
}

#[test]
fn what_holds_no_secret_is_not_sent() {
    let home = Home::new();
    let (_, secret) = home.create("one");
    let wrong = format!("{}{}", &secret[..51], if secret.ends_with('a') { "b" } else { "a" });
    for (input, words) in [(wrong.as_str(), "checksum"), ("hello", "holds no secret"), (&secret[..40], "52 characters")]
    {
        // A server that can't be reached isn't asked.
        let done = home.feed(&["keys", "identify", "--url", "http://127.0.0.1:1"], input);
        assert!(done.code == 7 && done.err.contains(words) && done.err.contains("Nothing was sent"), "{done:?}");
        is_clean(&done, &[&secret]);
    }
    let argument = home.run(&["keys", "identify", &secret]);
    assert!(argument.code == 2 && argument.err.contains("not repeated"), "{argument:?}");
    let long = home.feed(&["keys", "identify"], &"x ".repeat(40_000));
    assert!(long.code == 2 && long.err.contains("--scan -"), "{long:?}");
}

#[test]
fn a_key_that_leaked_is_deactivated_at_once() {
    let home = Home::new();
    let (id, secret) = home.create("nightly");
    let asked = home.feed(&["keys", "identify", "--deactivate"], &secret);
    assert!(asked.code == 2 && asked.err.contains("--yes"), "{asked:?}");
    let refused = home.feed(&["keys", "identify", "--deactivate", "--yes", "--read-only"], &secret);
    assert_eq!(refused.code, 3, "{refused:?}");
    let done = home.feed(&["keys", "identify", "--deactivate", "--yes"], &format!("{secret}\n{id} {secret}"));
    assert!(done.code == 0 && done.err.matches("Deactivated “nightly”").count() == 1, "{done:?}");
    assert_eq!(home.keys()[0]["status"], "inactive");
    // One that would work again by itself doesn't any more.
    assert_eq!(home.run(&["keys", "activate", &id]).code, 0);
    assert_eq!(home.run(&["keys", "deactivate", &id, "--for", "1h"]).code, 0);
    assert_eq!(home.feed(&["keys", "identify", "--deactivate", "--yes"], &secret).code, 0);
    let key = &home.keys()[0];
    assert_eq!((&key["status"], &key["reactivates_at"]), (&json!("inactive"), &Value::Null));
    let again = home.feed(&["keys", "identify", "--deactivate", "--yes"], &secret);
    assert!(again.code == 0 && again.err.is_empty(), "{again:?}");
}

#[test]
fn a_scan_tells_every_place_and_no_secret() {
    let home = Home::new();
    let ((id, secret), (_, deleted)) = (home.create("nightly"), home.create("deleted"));
    let token = home.feed(&["token", &id], &secret).good();
    let clean = home.run(&["keys", "identify", "--scan", "."]);
    assert!(clean.code == 0 && clean.out.is_empty() && clean.err.contains("Found no secrets"), "{clean:?}");
    let unknown = home.keys().iter().find(|key| key["label"] == "deleted").map(|key| text(&key["id"])).unwrap();
    home.run(&["keys", "delete", &unknown, "--yes"]);
    fs::create_dir_all(home.path("src/deep")).unwrap();
    home.file("src/config.json", &format!("{{\n  \"key\": \"{secret}\", \"{deleted}\"\n}}"));
    home.file("src/deep/data.bin", &format!("\0\0{secret}"));
    home.file("src/deep/log.txt", &format!("é {}\n{secret}\n", token.trim()));
    std::os::unix::fs::symlink("..", home.path("src/round")).unwrap();
    let scan = |more: &[&str]| home.run(&[&["keys", "identify", "--scan", "src"], more].concat());
    let done = scan(&[]);
    assert_eq!(done.code, 10, "{done:?}");
    let of_key = format!("of {id} “nightly” (active");
    let foreign = "Secret access key of no key here (deleted, or of another server)";
    let expected = [
        format!("src/config.json:2:11: Secret access key {of_key})"),
        format!("src/config.json:2:67: {foreign}"),
        format!("src/deep/data.bin:byte 2: Secret access key {of_key})"),
        format!("src/deep/log.txt:1:4: Access token {of_key}, token valid)"),
        format!("src/deep/log.txt:2:1: Secret access key {of_key})"),
    ];
    assert_eq!(done.out.lines().collect::<Vec<_>>(), expected);
    assert!(
        done.err.contains("of 1 key in 4 places of 3 files (1 KB). A Secret access key of no key here"),
        "{done:?}"
    );
    is_clean(&done, &[&secret, &deleted, token.rsplit('.').next().unwrap()]);
    let rows = scan(&["--output", "json"]);
    let rows: Value = serde_json::from_str(&rows.out).unwrap();
    let place = |row: &Value| (row["line"].clone(), row["column"].clone(), row["offset"].clone());
    assert_eq!((rows.as_array().unwrap().len(), &rows[1]["key"]), (5, &Value::Null));
    assert_eq!(place(&rows[0]), (json!(2), json!(11), json!(12)));
    assert_eq!(place(&rows[2]), (Value::Null, Value::Null, json!(2)));
    let csv = scan(&["--output", "csv"]).out;
    assert!(csv.starts_with("file,line,column,offset,found,id,label,owner,status,last_used_at,token\n"), "{csv}");
    assert_eq!(csv.lines().count(), 6);
    let piped = home.feed(&["keys", "identify", "--scan", "-"], &format!("+{secret}"));
    assert!(piped.code == 10 && piped.out.starts_with("-:1:2: "), "{piped:?}");
    let missing = home.run(&["keys", "identify", "--scan", "none"]);
    assert!(missing.code == 1 && missing.err.contains("Can't read none") && missing.err.contains("Not read: 1 file"));
    let done = scan(&["--deactivate", "--yes"]);
    assert!(done.code == 10 && done.err.contains("Deactivated “nightly”"), "{done:?}");
}

#[test]
fn each_secret_is_asked_for_once_and_an_auditor_may_ask() {
    let home = Home::new();
    let remote = Remote::start(Role::Auditor);
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let url = remote.behind(move |request| {
        *counted.lock().unwrap() += u32::from(request.starts_with("POST /api/v2/keys/identify "));
        true
    });
    remember(&home, &url);
    let [one, two] = [SECRET, OTHER];
    home.file("many", &format!("{one}\n{two}\n").repeat(50));
    let done = home.run(&["keys", "identify", "--scan", "many", "--url", &url]);
    assert!(done.code == 10 && done.err.contains("of no key here") && done.err.contains("100 places"), "{done:?}");
    assert_eq!(*asked.lock().unwrap(), 2);
}

#[test]
fn a_server_that_cannot_tell_says_so_and_one_that_is_not_ready_is_waited_for() {
    let home = Home::new();
    let refused = raw::serve(|asked| match asked.path.trim_start_matches("/api/v2") {
        "/keys/identify" => raw::json(405, &json!({ "success": false, "message": "Method not allowed", "code": 3000 })),
        _ => raw::json(200, &json!({ "success": true, "version": "0" })),
    });
    let url = format!("http://127.0.0.1:{refused}");
    remember(&home, &url);
    let done = home.feed(&["keys", "identify", "--url", &url], SECRET);
    assert!(done.code == 2 && done.err.contains("it is older than this latchkey"), "{done:?}");

    let tries = Mutex::new(0);
    let preparing = raw::serve(move |asked| match asked.path.trim_start_matches("/api/v2") {
        "/keys/identify" => {
            *tries.lock().unwrap() += 1;
            if *tries.lock().unwrap() < 3 {
                let body = json!({ "success": false, "message": "Not every key yet", "code": 0 }).to_string();
                let headers = [("content-type", "application/json"), ("retry-after", "0")];
                return raw::raw("503 Not yet", &headers, &body);
            }
            raw::json(404, &json!({ "success": false, "message": "A key with this secret was not found", "code": 0 }))
        }
        _ => raw::json(200, &json!({ "success": true, "version": "0" })),
    });
    let url = format!("http://127.0.0.1:{preparing}");
    remember(&home, &url);
    let done = home.feed(&["keys", "identify", "--url", &url], SECRET);
    assert!(done.code == 4 && done.err.matches("Not every key yet").count() == 1, "{done:?}");
    assert!(done.err.contains("belongs to no key here"), "{done:?}");
}
