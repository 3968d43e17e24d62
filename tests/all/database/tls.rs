//! TLS to a database on another machine: on this one, by another name and a loopback address of its own.

use std::fs;
use std::net::Ipv4Addr;

use reqwest::Method;
use tempfile::TempDir;

use super::{number, servers, sql, token, verify, with_tables};
use crate::support::authority::{ALWAYS, Authority};
use crate::support::files::write_private;
use crate::support::postgres::PostgresServer;
use crate::support::served::run;

const NAME: &str = "db.example.com";
const PASSWORD_OF_ROLE: &str = "geheim: with a colon";

/// A server for other machines, whose certificate is for [`NAME`] and of an authority of its own.
struct Far {
    postgres: PostgresServer,
    address: Ipv4Addr,
    authority: Authority,
    /// Its tables are there.
    database: String,
    /// Holds the password of the role `far`.
    home: TempDir,
}

impl Far {
    fn start() -> Self {
        let postgres = PostgresServer::start();
        let database = with_tables(&postgres);
        let authority = Authority::new("authority of the database");
        let (certificate, key) = authority.sign(&[NAME], ALWAYS);
        for (name, file) in [("server.crt", certificate), ("server.key", key), ("ca.crt", authority.file())] {
            postgres.put(name, fs::read(file).unwrap());
        }
        // Only TLS gets in from there, with a password, or with a certificate for the role `shown`.
        postgres.put(
            "hba",
            "local all all trust\nhostssl all shown 127.0.0.0/8 trust clientcert=verify-ca\nhostssl all all 127.0.0.0/8 scram-sha-256\n\
             hostnossl all near 127.0.0.0/8 trust\n",
        );
        for role in ["far", "shown", "near"] {
            sql(&postgres, &database, &format!("CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{PASSWORD_OF_ROLE}'"));
        }
        // An address of its own in place of a port: others may be in use.
        let [.., high, low] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, 1 + u8::try_from(number() % 250).unwrap(), high, low | 1);
        let folder = postgres.folder().display().to_string();
        postgres.configure(&format!(
            "listen_addresses = '{address}'\nssl = on\nssl_cert_file = '{folder}/server.crt'\n\
             ssl_key_file = '{folder}/server.key'\nssl_ca_file = '{folder}/ca.crt'\nhba_file = '{folder}/hba'\n"
        ));
        let home = TempDir::new().unwrap();
        write_private(&home.path().join("password"), PASSWORD_OF_ROLE);
        Self { postgres, address, authority, database, home }
    }

    fn address(&self, role: &str, name: &str) -> String {
        format!("postgres://{role}@{name}/{}?hostaddr={}", self.database, self.address)
    }

    fn password(&self) -> String {
        self.home.path().join("password").display().to_string()
    }

    fn authority(&self) -> String {
        self.authority.file().display().to_string()
    }

    /// What a command that connects says: on standard output if it works.
    fn check(&self, address: &str, arguments: &[&str]) -> Result<(), String> {
        let done = run(&self.home, &[&["db", "migrate", "--database", address], arguments].concat());
        if done.status.success() { Ok(()) } else { Err(String::from_utf8(done.stderr).unwrap()) }
    }
}

#[tokio::test]
async fn a_database_elsewhere_is_reached_by_verified_tls_alone() {
    let far = Far::start();
    let (authority, password) = (far.authority(), far.password());
    let trusting = ["--database-ca", &authority, "--database-password-file", &password];

    let [server] = servers([far.address("far", NAME)], &trusting);
    let session = server.session("jo").await;
    let (id, dead) = token(&[&server], &session).await;
    let delete = server.anyone(Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session).send().await.unwrap();
    assert_eq!(delete.status(), 204);
    assert_eq!(verify(&server, &dead).await, 401);

    let refused = |address: &str, arguments: &[&str]| far.check(address, arguments).unwrap_err();
    let words = refused(&far.address("far", "other.example.com"), &trusting);
    assert!(words.contains("not valid for name \"other.example.com\""), "{words}");
    let words = refused(&far.address("far", NAME), &trusting[2..]);
    assert!(words.contains("UnknownIssuer"), "the system's authorities: {words}");
    let other = Authority::new("another authority");
    let file = other.file().display().to_string();
    let words = refused(&far.address("far", NAME), &["--database-ca", &file, trusting[2], trusting[3]]);
    assert!(words.contains("invalid peer certificate"), "{words}");
    let plain = format!("{}&sslmode=disable", far.address("far", NAME));
    let words = refused(&plain, &trusting);
    assert!(words.contains("sslmode=disable would send everything in plain text"), "{words}");

    far.postgres.configure("ssl = off\n");
    let words = refused(&far.address("near", NAME), &["--database-ca", &authority]);
    assert!(words.contains("server does not support TLS"), "{words}");
    far.check(&far.address("near", "localhost"), &[]).expect("plain text doesn't leave this machine");
}

#[test]
fn a_certificate_opens_a_database_that_asks_for_one() {
    let far = Far::start();
    let authority = far.authority();
    let (certificate, key) = far.authority.sign(&["shown"], ALWAYS);
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let address = far.address("shown", NAME);
    let shown = ["--database-ca", &authority, "--database-cert", &certificate, "--database-key", &key];
    far.check(&address, &shown).unwrap();
    let words = far.check(&address, &shown[..2]).unwrap_err();
    assert!(words.contains("valid client certificate"), "{words}");
    let (_, other) = far.authority.sign(&["other"], ALWAYS);
    let other = other.display().to_string();
    let words = far.check(&address, &[&shown[..5], &[&other]].concat()).unwrap_err();
    assert!(words.contains("the key belongs to another certificate"), "{words}");
    let words = far.check("postgres://localhost/x", &shown).unwrap_err();
    assert!(words.contains("sslmode=require"), "{words}");
}
