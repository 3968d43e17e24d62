//! Every file that the settings name is checked, and named if it is wrong.

use std::path::Path;

use latchkey::client::{Client, ConnectionSettings};

use super::to;
use crate::support::authority::{ALWAYS, Authority, nowhere};

fn refusal(connection: &ConnectionSettings) -> String {
    Client::connect(connection, None).err().unwrap().to_string()
}

fn base() -> ConnectionSettings {
    to("https://keys.example")
}

#[test]
fn a_wrong_ca_file_is_named() {
    let authority = Authority::new("ours");
    let (_, key) = authority.sign(&["jo"], ALWAYS);
    let broken = "-----BEGIN CERTIFICATE-----\nnot base 64!\n-----END CERTIFICATE-----\n";
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let fifo = authority.write("fifo", "", 0o600);
    std::fs::remove_file(&fifo).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let cases = [
        (fifo, "is not a regular file"),
        (nowhere().to_owned(), "does not exist"),
        (Path::new("/").to_owned(), "is a folder"),
        (authority.write("empty.pem", "", 0o644), "is empty"),
        (authority.write("text.pem", "hello", 0o644), "has no certificate in it"),
        (authority.write("broken.pem", broken, 0o644), "is broken"),
        (authority.write("junk.pem", junk, 0o644), "has a certificate that cannot be understood"),
        (key, "has a private key in it but no certificate"),
    ];
    for (file, words) in cases {
        for ca_only in [false, true] {
            let why = refusal(&ConnectionSettings { ca_file: Some(file.clone()), ca_only, ..base() });
            assert!(why.starts_with(&format!("The CA file {} {words}", file.display())), "{words}: {why}");
        }
    }
}

#[test]
fn a_wrong_client_certificate_is_named() {
    let authority = Authority::new("ours");
    let (cert, key) = authority.sign(&["jo"], ALWAYS);
    let (_, other) = authority.sign(&["mo"], ALWAYS);
    let open = authority.write("open.pem", &std::fs::read_to_string(&key).unwrap(), 0o640);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = authority.write("encrypted.pem", encrypted, 0o600);
    let pkcs12 = authority.write("pkcs12.pem", "", 0o600);
    std::fs::write(&pkcs12, b"\x30\x82\x09\x1f\x02\x01\x03\x30\x82\x08\xe5").unwrap();
    let private = authority.write("private-cert.pem", &std::fs::read_to_string(&cert).unwrap(), 0o600);
    let empty = authority.write("empty.pem", "", 0o600);
    let cases = [
        (nowhere(), Some(key.as_path()), "client certificate", nowhere(), "does not exist"),
        (&key, Some(&cert), "client certificate", &key, "has a private key in it but no certificate"),
        (&cert, Some(nowhere()), "private key", nowhere(), "does not exist"),
        (&cert, Some(&open), "private key", &open, "can be read by others: make it yours alone with chmod 600"),
        (&cert, Some(&encrypted), "private key", &encrypted, "is encrypted, which is not supported"),
        (
            &cert,
            Some(&pkcs12),
            "private key",
            &pkcs12,
            "is PKCS#12 (.p12, .pfx): convert it to PEM with openssl pkcs12",
        ),
        (&pkcs12, None, "client certificate", &pkcs12, "is PKCS#12"),
        (&cert, Some(&empty), "private key", &empty, "is empty"),
        (&cert, Some(&private), "private key", &private, "has no private key in it"),
        (&private, None, "private key", &private, "has no private key in it: add it to the file, or name it"),
        (&cert, Some(&other), "private key", &other, "does not belong to the client certificate"),
    ];
    for (client_cert, client_key, what, named, words) in cases {
        let client_key = client_key.map(Path::to_owned);
        let why = refusal(&ConnectionSettings { client_cert: Some(client_cert.to_owned()), client_key, ..base() });
        assert!(why.starts_with(&format!("The {what} {} {words}", named.display())), "{words}: {why}");
    }
}
