//! What the environment says of proxies, certificates and profiles.

use super::home::{Ended, Home};
use crate::support::authority::{ALWAYS, Authority};
use crate::support::mock::{Mock, PASSWORD, serve_plain};

const LOGIN: [&str; 5] = ["login", "--username", "jo", "--password-file", "-"];

async fn login(home: &Home, variables: &[(&str, &str)]) -> Ended {
    home.run(&LOGIN, PASSWORD, variables).await
}

/// A port that no one listens at.
fn free() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_used_but_not_for_this_machine() {
    let authority = Authority::new("ours");
    let port = authority.serve(Mock::default().router(), &["localhost"], ALWAYS, None);
    let ca = format!("ca_file = \"{}\"", authority.file().display());
    let proxy = format!("http://jo:hunter2@127.0.0.1:{}", free());
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let near = Home::with_team(&format!("https://localhost:{port}"), &ca);
        assert!(login(&near, &[(name, &proxy)]).await.good, "{name}");
        let far = Home::with_team("https://keys.invalid", &ca);
        let ended = login(&far, &[(name, &proxy)]).await;
        assert!(ended.err.contains("The proxy can't connect to the server"), "{name}: {ended:?}");
        assert!(!format!("{ended:?}").contains("hunter2"));
        let ended = login(&far, &[(name, &proxy), ("NO_PROXY", "example.com,.invalid")]).await;
        assert!(ended.err.contains("Can't resolve the server's name"), "{name}: {ended:?}");
        let none = Home::with_team("https://keys.invalid", "proxy = \"none\"");
        assert!(login(&none, &[(name, &proxy)]).await.err.contains("Can't resolve the server's name"));
    }
}

#[tokio::test]
async fn a_wrong_proxy_of_the_environment_is_named_and_not_repeated() {
    let home = Home::with_team("https://keys.invalid", "");
    for wrong in ["ftp://jo:hunter2@proxy", "http://jo:hunter2@proxy:99999"] {
        let ended = login(&home, &[("HTTPS_PROXY", wrong)]).await;
        assert!(ended.err.contains("The proxy in HTTPS_PROXY can't be used"), "{ended:?}");
        assert!(!format!("{ended:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn the_files_of_ssl_cert_are_used_and_named_if_they_are_wrong() {
    let authority = Authority::new("ours");
    let port = authority.serve(Mock::default().router(), &["localhost"], ALWAYS, None);
    let home = Home::with_team(&format!("https://localhost:{port}"), "");
    let file = authority.file();
    let (folder, file) = (file.parent().unwrap().to_str().unwrap(), file.to_str().unwrap());
    assert!(login(&home, &[]).await.err.contains("doesn't trust the authority that signed"));
    assert!(login(&home, &[("SSL_CERT_FILE", file)]).await.good);
    assert!(login(&home, &[("SSL_CERT_DIR", folder)]).await.good);
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let ended = login(&home, &[(name, "/nonexist")]).await;
        assert!(ended.err.contains(name) && ended.err.contains("/nonexist"), "{ended:?}");
        // Plain HTTP on this machine needs none of it.
        let plain = Home::with_team(&format!("http://127.0.0.1:{}", serve_plain(Mock::default().router()).await), "");
        assert!(login(&plain, &[(name, "/nonexist")]).await.good);
    }
}

#[tokio::test]
async fn the_profile_of_the_environment_is_used() {
    let mock = Mock::default();
    let home = Home::with_team(&format!("http://127.0.0.1:{}", serve_plain(mock.router()).await), "");
    let ended = login(&home, &[("LATCHKEY_PROFILE", "local")]).await;
    assert!(ended.err.contains("The profile local is the embedded server"), "{ended:?}");
    assert!(login(&home, &[("LATCHKEY_PROFILE", "")]).await.good, "an empty one says nothing");
    let mut command = std::process::Command::new(crate::support::program::binary());
    command.env_clear().envs(crate::support::program::environment(&home.at("")));
    let name = std::os::unix::ffi::OsStrExt::from_bytes(&b"team\xff"[..]);
    let name: &std::ffi::OsStr = name;
    let output = command.args(["keys", "list"]).env("LATCHKEY_PROFILE", name).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let url = format!("http://127.0.0.1:{}//dashboard#/default", serve_plain(mock.router()).await);
    let args = [&["--url", &url], LOGIN.as_slice()].concat();
    let ended = home.run(&args, PASSWORD, &[("LATCHKEY_PROFILE", "local")]).await;
    assert!(ended.good && ended.err.contains("of the pasted address is used."), "{ended:?}");
}

#[tokio::test]
async fn wrong_settings_are_said_in_one_line() {
    let home = Home::with_team("https://keys.example", "colour = 1");
    let ended = login(&home, &[]).await;
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(ended.err.contains("config.toml, line 4, column 1: there is no setting colour"), "{ended:?}");
}
