//! Tokens of keys that were made earlier, and what is wrong with them.

use super::talk::{COMMAND, HEARD, Talk};
use crate::support::home::Home;

const TOKEN: &str = "Token (1 to 4, Enter lists them): ";

#[test]
fn a_secret_is_typed_unseen_and_used() {
    let home = Home::new();
    let id = home.create("one").0;
    home.run(&["keys", "create", "--label", "two", "--secret-file", home.path("secret").to_str().unwrap()]).good();
    let secret = home.read("secret").trim().to_owned();
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "sort label desc"), ("1. two", HEARD), (COMMAND, "tokens 1")]);
    talk.answers(&[("Base URL (Enter for embedded server): ", ""), ("Secret access key (not shown", &secret)]);
    talk.answers(&[(TOKEN, "access token"), ("random text): ", ""), ("for this key.", "4")]);
    talk.answers(&[(TOKEN, "hmac"), ("random text): ", &secret), ("The content contains the secret", "1")]);
    talk.answers(&[("random text): ", "api-content-hash"), ("Content: api-content-hash", "back"), (TOKEN, "close")]);
    // The secret of another key.
    talk.answers(&[(COMMAND, &format!("t {id}")), ("Base URL", ""), ("not shown", &secret), (TOKEN, "doctor")]);
    talk.answers(&[("Enter for none): ", ""), ("No access token was issued.", HEARD)]);
    talk.says("Wrong: The secret is intact (its checksum is right) but belongs to another key.");
    talk.says("Next: ");
    talk.answers(&[(TOKEN, "doctor"), ("Enter for none): ", &"0".repeat(64)), ("Content that was hashed", "")]);
    talk.says("Wrong: This HMAC token doesn't match this secret and content");
    talk.answers(&[(TOKEN, "4")]);
    // What cannot be right is not sent.
    talk.answers(&[(COMMAND, "t 1"), ("Base URL", ""), ("not shown", &id), ("This is an Access key ID", HEARD)]);
    let said = talk.quits();
    assert_eq!(said.matches("sk_").count(), 1, "the one that was typed into the content: {said}");
}

#[test]
fn another_server_is_named_by_its_url() {
    let home = Home::new();
    let id = home.create("one").0;
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, &format!("tokens {id}")), ("Base URL", "ftp://x"), (COMMAND, &format!("tokens {id}"))]);
    talk.answers(&[("Base URL", "http://127.0.0.1:9"), ("not shown", &"2".repeat(32)), (TOKEN, "2")]);
    talk.answers(&[("random text): ", ""), ("No access token was issued.", HEARD), ("an't reach ", HEARD)]);
    talk.answers(&[(TOKEN, "close")]);
    assert!(!talk.quits().contains("2222"));
}
