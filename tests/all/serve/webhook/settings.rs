//! What the webhook is set to, and `latchkey webhook test`.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::{home, secret_file};
use crate::support::authority::{ALWAYS, Authority};
use crate::support::files::write_private;
use crate::support::inbox::{Inbox, Message, status};
use crate::support::served::{Served, run};

#[test]
fn settings_that_are_wrong_are_said_and_the_command_tries_them() {
    let home = home();
    let file = secret_file(&home);
    let file = file.to_str().unwrap();
    let said = |arguments: &[&str]| {
        let output = run(&home, arguments);
        let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!words.contains("geheim"), "{words}");
        (output.status.code().unwrap(), words)
    };
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["webhook", "test"]] {
        let with = |url: &str| said(&[command, &["--webhook-url", url, "--webhook-secret-file", file]].concat());
        let (code, words) = with("http://hooks.example.com/?token=geheim");
        assert_eq!((code, words.contains("must begin with https://")), (2, true), "{words}");
        let (code, words) = with("https://jo:geheim@hooks.example.com/");
        assert_eq!((code, words.contains("user name or password")), (2, true), "{words}");
        let (code, words) = said(&[command, &["--webhook-url", "https://hooks.example.com/?geheim"]].concat());
        assert_eq!((code, words.contains("--webhook-secret-file")), (2, true), "{words}");
    }
    let (code, words) = said(&["webhook", "test"]);
    assert_eq!((code, words.contains("webhook_url")), (2, true), "{words}");

    let inbox = Inbox::answering(|number| status(["200 Fine", "503 Busy"][number]));
    let try_it = || said(&["webhook", "test", "--webhook-url", &inbox.url(), "--webhook-secret-file", file]);
    let (code, words) = try_it();
    assert_eq!((code, words.contains("accepted the test message (200 OK)")), (0, true), "{words}");
    assert!(words.contains(&format!("Made the secret in {file}.")), "{words}");
    let message = inbox.next();
    assert_eq!(message.kind(), "test");
    message.verify(&fs::read_to_string(file).unwrap());
    verify_as_in_the_guide(&message, file);
    // By the settings of the server.
    let config = home.path().join("config.toml");
    write_private(
        &config,
        format!("[serve]\nwebhook_url = \"{}\"\nwebhook_secret_file = \"webhook.secret\"\n", inbox.url()),
    );
    let (code, words) = said(&["--config", config.to_str().unwrap(), "webhook", "test"]);
    assert_eq!((code, words.contains("it answered 503")), (6, true), "{words}");
    inbox.next().verify(&fs::read_to_string(file).unwrap());
}

/// Runs the example of the guide.
fn verify_as_in_the_guide(message: &Message, file: &str) {
    let guide = include_str!("../../../../assets/guide/webhook.md");
    let example = guide.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    let headers = json!({
        "webhook-id": message.id,
        "webhook-timestamp": message.timestamp.to_string(),
        "webhook-signature": format!("v1,other {}", message.signature),
    });
    let script = format!(
        "{example}\nimport sys\nsecret, body, headers = open(sys.argv[1]).read(), sys.argv[2].encode(), {headers}\n\
         print(is_genuine(secret, headers, body), is_genuine(secret, headers, body + b' '))\n\
         headers['webhook-timestamp'] = '1000'\nprint(is_genuine(secret, headers, body))"
    );
    let output = Command::new("python3").args(["-c", &script, file, &message.text]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "True False\nFalse\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_receiver_whose_certificate_is_not_trusted_gets_nothing() {
    let (home, authority) = (home(), Authority::new("ours"));
    let (certificate, key) = authority.sign(&["localhost"], ALWAYS);
    let [certificate, key] = [&certificate, &key].map(|path| path.to_str().unwrap());
    let other = Arc::new(TempDir::new().unwrap());
    let receiver = Served::on(other, &["--tls-cert", certificate, "--tls-key", key]);
    let url = format!("{}/hook", receiver.base);
    let file = secret_file(&home);
    let said = |authority: &Authority| {
        let ca = authority.file();
        let arguments = ["--webhook-secret-file", file.to_str().unwrap(), "--webhook-ca", ca.to_str().unwrap()];
        let output = run(&home, &[&["webhook", "test", "--webhook-url", &url], &arguments[..]].concat());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let trusted = said(&authority);
    assert!(trusted.contains("it answered 404"), "{trusted}");
    let refused = said(&Authority::new("another"));
    assert!(refused.contains("certificate") && !refused.contains("404"), "{refused}");
}
