//! A profile of the settings, from sign-in to sign-out, with the real program on both sides.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use chrono::Utc;
use latchkey::client::session_file::SessionFile;
use latchkey::client::{ApiError, Client, ConnectionSettings, Target};
use latchkey::config::{AppDirs, Config, Overrides, ServerLocation};
use latchkey::domain::Filter;
use latchkey::server::Role;
use secrecy::SecretString;
use tempfile::TempDir;

use super::tls::{certificate, path, start};
use crate::support::program::{binary, environment};
use crate::support::served::{Served, data};
use crate::support::server::{PASSWORD, add_administrator};

/// Settings with a profile `team` for the server over TLS, and `here` for its socket.
fn settings(home: &TempDir, server: &Served, socket: &str) -> Config {
    let file = path(home, "config.toml");
    let team = format!("[profiles.team]\nbase_url = \"{}\"\nca_file = \"cert.pem\"\nusername = \"Jo\"", server.base);
    fs::write(&file, format!("{team}\n[profiles.here]\nsocket = \"{socket}\"\nusername = \"Jo\"\n")).unwrap();
    let dirs = AppDirs {
        config: Ok(home.path().to_owned()),
        data: Ok(data(home)),
        state: Ok(path(home, ".local/state/latchkey")),
        home: Ok(home.path().to_owned()),
        profile: None,
    };
    Config::load(&Overrides::default(), &dirs).unwrap()
}

/// Runs `latchkey login` or `logout` for a profile. `--data` would be about the embedded server.
fn run(home: &TempDir, profile: &str, words: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.env_clear().envs(environment(home.path())).arg("--config").arg(path(home, "config.toml"));
    command.args(["--profile", profile]).args(words).stdin(Stdio::null()).output().unwrap()
}

fn connection(config: &Config, name: &str) -> ConnectionSettings {
    match config.connection(name).unwrap() {
        ServerLocation::Remote(connection) => connection,
        ServerLocation::Embedded(_) => panic!("{name} is remote"),
    }
}

/// The session that is remembered for a profile.
fn remembered(config: &Config, name: &str) -> Option<SecretString> {
    let target: Target = connection(config, name).target;
    let session = SessionFile::of(config.state_folder().unwrap(), name, &target).load(Some("Jo"), Utc::now()).unwrap();
    session.map(|session| session.token)
}

#[tokio::test]
async fn one_signs_in_over_tls_and_over_the_socket_and_out_again() {
    let home = Arc::new(TempDir::new().unwrap());
    let socket = path(&home, "api.sock").display().to_string();
    let certificate = certificate(&home);
    let server = start(&home, &certificate, &["--listen", &format!("unix:{socket}")]);
    add_administrator(&data(&home), "jo", Role::Administrator);
    let config = settings(&home, &server, &socket);
    let password = path(&home, "password");
    fs::write(&password, PASSWORD).unwrap();
    fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
    for profile in ["team", "here"] {
        let login = ["login", "--remember=file", "--password-file", password.to_str().unwrap()];
        let output = run(&home, profile, &login);
        assert!(output.status.success(), "{profile}: {output:?}");
        let token = remembered(&config, profile).unwrap();
        let client = Client::connect(&connection(&config, profile), Some(&token)).unwrap();
        assert_eq!(client.count(&Filter::default()).await.unwrap(), 0);
        let output = run(&home, profile, &["logout"]);
        assert!(output.status.success(), "{profile}: {output:?}");
        assert!(remembered(&config, profile).is_none());
        assert!(matches!(client.count(&Filter::default()).await, Err(ApiError::NotSignedIn(_))), "{profile}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_called_so() {
    let home = Arc::new(TempDir::new().unwrap());
    let certificate = certificate(&home);
    let server = start(&home, &certificate, &[]);
    add_administrator(&data(&home), "jo", Role::Administrator);
    let client = Client::connect(&connection(&settings(&home, &server, "none"), "team"), None).unwrap();
    let error = client.sign_in("jo", &SecretString::from("wrong horse battery staple")).await.unwrap_err();
    assert_eq!(error.to_string(), "Incorrect user name or password.");
    assert!(matches!(client.count(&Filter::default()).await, Err(ApiError::NotSignedIn(_))));
}
