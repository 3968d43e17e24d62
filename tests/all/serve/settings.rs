//! `latchkey serve` by its section of the settings file, and its master key in a file that is named.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use reqwest::{Client, Method};
use tempfile::TempDir;

use crate::support::files::{private_folder, write_private};
use crate::support::program::{binary, environment};
use crate::support::served::{SERVE, Served, data, latchkey, run};
use crate::support::server::{PASSWORD, send, text};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_settings_are_used_and_the_command_line_comes_first() {
    let home = Arc::new(TempDir::new().unwrap());
    let (config, key) = (home.path().join("config.toml"), home.path().join("m.key"));
    write_private(&key, [7; 64]);
    let settings = "[serve]\ndata = \"elsewhere\"\nlisten = [\"127.0.0.1:0\", \"127.0.0.1:0\"]\nlog_format = \"json\"\n\
                    key_format = \"hex\"\nmax_lifetime = 90\ndefault_lifetime = 30\nmaster_key_file = \"m.key\"\n";
    write_private(&config, settings);
    let serve = |more: &[&str]| {
        let mut command = std::process::Command::new(binary());
        command.env_clear().envs(environment(home.path())).arg("--config").arg(&config).arg("serve").args(more);
        Served::by(home.clone(), command, Client::builder())
    };
    let mut served = serve(&[]);
    served.logs(|line| line["message"] == "listening"); // the second place
    let elsewhere = home.path().join("elsewhere");
    assert!(elsewhere.join("keys.db").exists() && !elsewhere.join("master.key").exists());
    let password = home.path().join("password");
    write_private(&password, PASSWORD);
    let local = |words: &[&str]| {
        let mut command = std::process::Command::new(binary());
        command.env_clear().envs(environment(home.path())).arg("--data").arg(&elsewhere);
        command.arg("--master-key-file").arg(&key).args(words).output().unwrap()
    };
    let added = local(&["admin", "add", "jo", "--role", "superuser", "--password-file", password.to_str().unwrap()]);
    assert!(added.status.success(), "{}", said(&added));
    let session = served.session("jo").await;
    let (id, secret) = served.create(&session).await;
    assert_eq!(id.len(), 64);
    assert_eq!(send(served.exchange_request(&id, &secret)).await.status, 200);
    let create = |end: serde_json::Value| {
        let call =
            served.anyone(Method::POST, "/keys").bearer_auth(&session).header("Idempotency-Key", end.to_string());
        send(call.json(&serde_json::json!({ "label": "a", "expires_at": end })))
    };
    let far = (chrono::Utc::now() + chrono::TimeDelta::days(92)).to_rfc3339();
    for end in [serde_json::Value::Null, far.into()] {
        let refused = create(end).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.body["message"], "expires_at: must be at most 90 days from now, on this server");
    }
    let listed = send(served.anyone(Method::GET, "/keys").bearer_auth(&session)).await.body;
    assert_eq!(listed["lifetimes"], serde_json::json!({ "max_days": 90, "default_days": 30 }));
    let end: chrono::DateTime<chrono::Utc> = listed["keys"][0]["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!((end - chrono::Utc::now() + chrono::TimeDelta::minutes(5)).num_days(), 30);
    let backup = home.path().join("a.backup");
    let backed_up = local(&["backup", backup.to_str().unwrap()]);
    assert!(backed_up.status.success(), "{}", said(&backed_up));
    served.stop();

    let served = serve(&["--key-format", "prefixed", "--listen", "127.0.0.1:0"]);
    let (id, _) = served.create(&served.session("jo").await).await;
    assert!(id.starts_with("PK"), "{id}");
    served.stop();

    for (wrong, words) in [
        ("lease = 0", "line 2, column 9: lease: 0 is not in 1..=20"),
        ("listen = \"here\"", "line 2, column 10: listen: "),
        ("lisen = \"here\"", "line 2, column 1: there is no setting lisen; did you mean listen?"),
    ] {
        write_private(&config, format!("[serve]\n{wrong}\n"));
        let refused = latchkey(&home, &["--config", config.to_str().unwrap(), "serve"]).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(said(&refused).contains(words), "{}", said(&refused));
    }
}

#[tokio::test]
async fn a_master_key_is_read_from_a_private_file_or_a_credential() {
    let home = Arc::new(TempDir::new().unwrap());
    let key = home.path().join("m.key");
    let named = key.to_str().unwrap().to_owned();
    let refuse = |words: &str| {
        let refused = run(&home, &["serve", "--listen", "127.0.0.1:0", "--master-key-file", &named]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(said(&refused).contains(words), "{}", said(&refused));
    };
    refuse("there is no master key in");
    write_private(&key, [7; 64]);
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    refuse("others can read it");

    // As systemd gives it to a service: its group's bits are those of a rule for the user.
    let credentials = home.path().join("credentials");
    private_folder(&credentials);
    let credential = credentials.join("master.key");
    fs::rename(&key, &credential).unwrap();
    fs::set_permissions(&credential, Permissions::from_mode(0o440)).unwrap();
    let start = |folder: &Path| {
        let mut command = latchkey(&home, &SERVE);
        command.env("CREDENTIALS_DIRECTORY", folder).arg("--master-key-file").arg(&credential);
        command
    };
    let served = Served::by(home.clone(), start(&credentials), Client::builder());
    assert!(!data(&home).join("master.key").exists());
    assert_eq!(served.anyone(Method::GET, "/health").send().await.unwrap().status(), 200);
    served.stop();
    let refused = start(home.path()).output().unwrap();
    assert!(said(&refused).contains("others can read it"), "{}", said(&refused));

    // Another key is refused once there is a secret.
    let password = home.path().join("password");
    write_private(&password, PASSWORD);
    fs::set_permissions(&credential, Permissions::from_mode(0o600)).unwrap();
    let option = format!("--master-key-file={}", credential.display());
    let created = run(&home, &[&option, "keys", "create", "--label", "one", "--output", "json"]);
    assert!(created.status.success(), "{}", said(&created));
    let created: serde_json::Value = serde_json::from_slice(&created.stdout).unwrap();
    assert!(!text(&created["key"]["id"]).is_empty());
    write_private(&key, [8; 64]);
    refuse("it belongs to another database");
}
