//! TLS: the certificate, its key, and taking both anew.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Datelike as _;
use latchkey::server::Role;
use reqwest::{Certificate, Client, Method};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::support::served::{Served, data, run};
use crate::support::server::{add_administrator, send};
use crate::support::wait::PATIENCE;

/// A certificate for localhost in `cert.pem` and `key.pem`; gives it.
pub fn certificate(home: &TempDir) -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(path(home, "cert.pem"), made.cert.pem()).unwrap();
    let key = path(home, "key.pem");
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

pub fn path(home: &TempDir, name: &str) -> PathBuf {
    home.path().join(name)
}

fn trusting(certificate: &Certificate) -> reqwest::ClientBuilder {
    latchkey::client::install_tls();
    Client::builder().tls_certs_only([certificate.clone()])
}

/// Serves with these files, and calls it by a client that trusts the certificate.
pub fn start(home: &Arc<TempDir>, certificate: &Certificate, more: &[&str]) -> Served {
    let (cert, key) = (path(home, "cert.pem"), path(home, "key.pem"));
    let arguments = [&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()], more].concat();
    Served::with(Arc::clone(home), &arguments, trusting(certificate))
}

async fn health(server: &Served, certificate: &Certificate) -> Result<u16, reqwest::Error> {
    let client = trusting(certificate).build().unwrap();
    Ok(client.get(format!("{}/api/v2/health", server.base)).send().await?.status().as_u16())
}

#[tokio::test]
async fn all_goes_over_tls_and_nothing_without() {
    let home = Arc::new(TempDir::new().unwrap());
    let certificate = certificate(&home);
    let server = start(&home, &certificate, &["--header-timeout", "1"]);
    add_administrator(&data(&home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (id, secret) = server.create(&session).await;
    assert_eq!(send(server.exchange_request(&id, &secret)).await.status, 200);
    let history = server.get(&session, &format!("/keys/{id}/events")).await;
    let created = history.body["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&created["by"], &created["from"]), (&"jo".into(), &"127.0.0.1".into()));

    let plain = Client::new().get(format!("http://{}/api/v2/health", server.address())).send().await;
    assert!(plain.is_err(), "{plain:?}");
    let other = Certificate::from_pem(
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem().as_bytes(),
    );
    assert!(health(&server, &other.unwrap()).await.is_err(), "another certificate is not trusted");
    // Who connects and does not shake hands is gone after a while.
    let mut silent = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut bytes)).await.expect("the server closes");
}

#[tokio::test]
async fn a_new_certificate_is_taken_on_a_signal_and_a_bad_one_is_not() {
    let home = Arc::new(TempDir::new().unwrap());
    let old = certificate(&home);
    let mut server = start(&home, &old, &[]);
    assert_eq!(health(&server, &old).await.unwrap(), 200);
    let new = certificate(&home);
    server.signal(Signal::HUP);
    server.logs(|line| line["message"] == "reloaded the certificate");
    assert_eq!(health(&server, &new).await.unwrap(), 200);
    assert!(health(&server, &old).await.is_err());

    fs::write(path(&home, "key.pem"), "no key").unwrap();
    server.signal(Signal::HUP);
    let line = server.logs(|line| line["message"] == "could not reload the certificate; keeping the old one");
    assert!(line["error"].as_str().unwrap().contains("key.pem has no usable private key"), "{line}");
    assert_eq!(health(&server, &new).await.unwrap(), 200);
    assert!(server.stop().0.success());

    let mut plain = Served::start(&[]);
    plain.signal(Signal::HUP);
    plain.logs(|line| line["message"] == "no certificate to reload");
    assert_eq!(send(plain.anyone(Method::GET, "/health")).await.status, 200);
}

/// A certificate for localhost that ends so many days from now; gives it.
fn ending_in(home: &TempDir, days: i64) -> Certificate {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let day = |days: i64| {
        let date = chrono::Utc::now() + chrono::TimeDelta::days(days);
        rcgen::date_time_ymd(date.year(), date.month().try_into().unwrap(), date.day().try_into().unwrap())
    };
    (params.not_before, params.not_after) = (day(days - 90), day(days));
    let key = rcgen::KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    fs::write(path(home, "cert.pem"), made.pem()).unwrap();
    fs::write(path(home, "key.pem"), key.serialize_pem()).unwrap();
    fs::set_permissions(path(home, "key.pem"), Permissions::from_mode(0o600)).unwrap();
    Certificate::from_pem(made.pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn a_certificate_that_ends_is_told_of_at_start_and_after_a_signal_and_by_the_doctor() {
    let home = Arc::new(TempDir::new().unwrap());
    let soon = ending_in(&home, 10);
    let mut server = start(&home, &soon, &[]);
    let told = |log: &[serde_json::Value], words: &str| {
        let warned = log.iter().filter(|line| ["WARN", "ERROR"].contains(&line["level"].as_str().unwrap()));
        warned.filter(|line| line["message"].as_str().unwrap().starts_with(words)).count()
    };
    assert_eq!(told(&server.log, "the certificate expires on 2"), 1, "{:#?}", server.log);
    let settings = format!("[profiles.team]\nbase_url = \"{}\"\nca_file = \"cert.pem\"\n", server.base);
    fs::write(path(&home, "config.toml"), settings).unwrap();
    let config = path(&home, "config.toml");
    let doctor = || {
        let mut doctor = std::process::Command::new(crate::support::program::binary());
        doctor.env_clear().envs(crate::support::program::environment(home.path()));
        doctor.args(["--profile", "team", "doctor", "--config"]).arg(&config);
        let output = doctor.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = doctor();
    assert!(said.contains("note   The server's certificate expires on 2"), "{said}");

    for (days, words) in [(-1, "the certificate expired on 2"), (95, "the certificate is not valid before 2")] {
        ending_in(&home, days);
        server.signal(Signal::HUP);
        server.logs(|line| line["message"] == "reloaded the certificate");
        assert_eq!(told(&server.log, words), 1, "{:#?}", server.log);
    }
    ending_in(&home, 60);
    server.signal(Signal::HUP);
    server.logs(|line| line["message"] == "reloaded the certificate");
    assert_eq!(told(&server.log, "the certificate"), 3, "a good one needs no word");
    assert!(!doctor().contains("certificate expires"));
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let home = TempDir::new().unwrap();
    certificate(&home);
    let start = || {
        let (cert, key) = (path(&home, "cert.pem"), path(&home, "key.pem"));
        let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
        let output = run(&home, &[&["serve", "--listen", "127.0.0.1:0"], &files[..]].concat());
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let (cert, key) = (path(&home, "cert.pem"), path(&home, "key.pem"));
    let kept = fs::read(&key).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o604)).unwrap();
    let words = start();
    assert!(words.contains("everyone can read or write the key") && words.contains("chmod 600"), "{words}");
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    fs::write(&key, "nothing").unwrap();
    assert!(start().contains("key.pem has no usable private key"));
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    assert!(start().contains("the key belongs to another certificate"));
    fs::remove_file(&key).unwrap();
    assert!(start().contains("can't read") && start().contains("key.pem"));
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    fs::write(&cert, "-----BEGIN CERTIFICATE-----\n").unwrap();
    assert!(start().contains("cert.pem has no usable certificate"));
    fs::write(&cert, "").unwrap();
    assert!(start().contains("cert.pem has no usable certificate: it must be PEM"));
    fs::copy(&key, &cert).unwrap();
    let words = start();
    assert!(words.contains("cert.pem has no usable certificate: it has a private key in it"), "{words}");
    let broken = "-----BEGIN PRIVATE KEY-----\nhunter2!\n";
    fs::write(&key, broken).unwrap();
    assert!(!start().contains("hunter2") && !start().contains("[45"));
    certificate(&home);
    for file in [&cert, &key] {
        fs::remove_file(file).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, file, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(start().contains("it is not a regular file"));
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
        assert!(start().contains("it is not a regular file"));
        fs::remove_dir(file).unwrap();
        certificate(&home);
    }
    let half = run(&home, &["serve", "--tls-cert", "x"]);
    assert_eq!(half.status.code(), Some(2));
}

#[tokio::test]
async fn a_certificate_that_ends_while_it_runs_is_told_of() {
    let home = Arc::new(TempDir::new().unwrap());
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let ends = chrono::Utc::now().timestamp().unsigned_abs() + 4;
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(ends);
    let key = rcgen::KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    fs::write(path(&home, "cert.pem"), made.pem()).unwrap();
    fs::write(path(&home, "key.pem"), key.serialize_pem()).unwrap();
    fs::set_permissions(path(&home, "key.pem"), Permissions::from_mode(0o600)).unwrap();
    let socket = path(&home, "socket");
    let listen = format!("unix:{}", socket.display());
    let trusted = Certificate::from_pem(made.pem().as_bytes()).unwrap();
    let mut server = start(&home, &trusted, &["--listen", &listen]);
    let ready = async || {
        let client = Client::builder().unix_socket(socket.clone()).build().unwrap();
        let answer = client.get("http://localhost/api/v2/ready").send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<serde_json::Value>().await.unwrap()["message"].clone())
    };
    let before = ready().await.0;
    let line = server.logs(|line| line["message"].as_str().unwrap().starts_with("the certificate expired on "));
    assert_eq!(line["level"], "ERROR");
    assert_eq!(ready().await, (503, "The server's certificate has expired".into()));
    // On a machine so slow that it had ended at the start, nothing is said of the time before.
    let is_told = server.log.iter().any(|line| line["message"].as_str().unwrap().contains("in 0 days"));
    assert_eq!(is_told, before == 200);
}
