//! IDs and secrets of 64 hex digits, for programs that were written for Passportal and check that.

use std::sync::Arc;

use latchkey::server::Role;
use reqwest::Method;
use tempfile::TempDir;

use super::clients::python;
use crate::support::home::Home;
use crate::support::served::{Served, data};
use crate::support::server::{add_administrator, send, text};
use crate::support::terminal::{self, Terminal};

/// What such a program checks: `^[a-fA-F0-9]{64}$`.
fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn a_server_that_is_told_so_gives_them_out_and_takes_both_forms() {
    let home = Arc::new(TempDir::new().unwrap());
    add_administrator(&data(&home), "jo", Role::Administrator);
    let before = Served::on(Arc::clone(&home), &[]);
    let session = before.session("jo").await;
    let old = before.create(&session).await;
    assert!(old.0.starts_with("PK") && old.1.starts_with("sk_"), "off by default");
    assert!(before.stop().0.success());

    let server = Served::on(Arc::clone(&home), &["--key-format", "hex"]);
    let new = server.create(&session).await;
    assert!(is_hex(&new.0) && is_hex(&new.1) && new.0 != new.1);
    for (id, secret) in [&old, &new] {
        assert_eq!(python(&server.base, None, id, secret), "done");
        let listed = server.get(&session, &format!("/keys?q={id}")).await;
        assert_eq!((listed.status, text(&listed.body["keys"][0]["id"])), (200, id.clone()));
    }
    let lower = new.0.to_lowercase();
    assert_eq!(python(&server.base, None, &lower, &new.1), "done", "the case of the digits is no matter");
    assert_eq!(server.get(&session, &format!("/keys/{lower}")).await.status, 200);
    let swapped = send(server.exchange_request(&new.1, &new.0)).await;
    assert_eq!(swapped.status, 401);
    let gone = server.anyone(Method::DELETE, &format!("/keys/{}", new.0)).bearer_auth(&session);
    assert_eq!(send(gone).await.status, 204);
    let (status, log) = server.stop();
    assert!(status.success());
    let log = log.iter().map(ToString::to_string).collect::<String>();
    assert!(log.contains(&new.0) && !log.contains(&new.1), "the log names the key, and no secret");
}

/// A home whose embedded server is told so.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.path(".config/latchkey")).unwrap();
    std::fs::write(home.path(".config/latchkey/config.toml"), "[profiles.local]\nkey_format = \"hex\"\n").unwrap();
    home
}

#[test]
fn commands_tell_an_id_from_a_secret_by_its_checksum() {
    let home = home();
    let made = home.run(&["keys", "create", "--label", "hex", "--output", "json"]).json();
    let (id, secret) = (text(&made["key"]["id"]), text(&made["secret_access_key"]));
    assert!(is_hex(&id) && is_hex(&secret));
    let token = home.feed(&["token", &id], &secret).good();
    assert_eq!(home.feed(&["verify"], token.trim()).good().trim(), id);
    assert!(home.feed(&["doctor", &id], &secret).good().contains("accepts the token for this key"));

    // Mixed up: nothing is sent.
    let error = home.feed(&["token", &id], &id).failed(7);
    assert!(error.contains("this is an Access key ID"), "{error}");
    let error = home.run(&["token", &secret]).failed(2);
    assert!(error.contains("this is a Secret access key") && !error.contains(&secret), "{error}");
    let error = home.feed(&["hmac", "--content", &secret], &secret).failed(2);
    assert!(error.contains("sent unencrypted") && !error.contains(&secret), "{error}");
    let error = home.feed(&["hmac"], &id).failed(7);
    assert!(error.contains("this is an Access key ID"), "{error}");
    let error = home.feed(&["hmac"], &secret.to_uppercase()).failed(7);
    assert!(error.contains("lower case"), "{error}");
    let error = home.feed(&["verify"], &secret).failed(7);
    assert!(error.contains("this is a Secret access key"), "{error}");
    let error = home.run(&["keys", "list", "--search", &secret]).failed(2);
    assert!(error.contains("secret or token") && !error.contains(&secret), "{error}");
    let error = home.run(&["keys", "edit", &id, "--label", &format!("old {secret}")]).failed(2);
    assert!(error.contains("looks like a secret") && !error.contains(&secret), "{error}");
    assert!(home.run(&["keys", "list", "--search", &id]).good().contains("hex"));

    // Passportal's own pairs look like an HMAC token, and that is no fault of theirs.
    let foreign = ("0c".repeat(32), "d1".repeat(32));
    let done = home.feed(&["doctor", &foreign.0], &foreign.1);
    assert!(done.code == 7 && !done.out.contains("this looks like"), "{done:?}");
    assert!(home.feed(&["hmac", "--curl", &foreign.0], &foreign.1).good().contains(&foreign.0));

    let wrong = Home::new();
    std::fs::create_dir_all(wrong.path(".config/latchkey")).unwrap();
    std::fs::write(wrong.path(".config/latchkey/config.toml"), "[profiles.local]\nkey_format = \"hex64\"\n").unwrap();
    assert!(wrong.run(&["keys", "list"]).failed(2).contains("key_format is one of prefixed, hex"));
}

#[test]
fn the_page_shows_finds_tests_and_deletes_them() {
    let home = home();
    let mut page = Terminal::start(terminal::latchkey(home.0.path()));
    page.sees("No access keys yet");
    page.press("chex<Enter>");
    page.sees("Access key created");
    page.press("s");
    page.sees("hidden in");
    let whole = page.text();
    let hex: Vec<String> =
        whole.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| is_hex(word)).map(str::to_owned).collect();
    assert_eq!(hex.len(), 2, "ID and secret are whole on the screen: {whole}");
    let (id, secret) = (&hex[0], &hex[1]);
    page.press("s");
    page.loses("hidden in");
    page.press("t");
    page.sees("The server accepts the token");
    page.press("<Esc>");
    page.sees("[Test key]");
    page.close();
    page.sees("● active");

    // The filter takes the ID, whole and while it is shortened, and no secret.
    page.press("/");
    page.paste(id);
    page.sees(&id[..8]);
    page.press("<Backspace>");
    page.sees("● active");
    assert!(!page.shows("looks like a secret"));
    page.press("<Esc>/");
    page.paste(secret);
    page.sees("looks like a secret or token");
    page.press("<Esc>");

    page.press("d");
    page.sees("Delete access key");
    page.press(&id[60..]);
    page.press("<Enter>");
    page.sees("Deleted ");
    page.press("q");
    assert!(page.ends().0.success());
}
