//! Creating the tables, and what keeps a server from starting.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{empty, postgres, servers, sql, token, with_tables};
use crate::support::files::{private_folder, write_private};
use crate::support::served::{data, run};

/// The words on standard error of a command that fails.
#[track_caller]
fn refused(home: &TempDir, arguments: &[&str]) -> String {
    let done = run(home, arguments);
    assert!(!done.status.success(), "{done:?}");
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn a_database_without_tables_or_with_newer_ones_is_refused() {
    let (home, name) = (TempDir::new().unwrap(), empty(postgres()));
    let address = postgres().address(&name);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &address];
    let words = refused(&home, &serve);
    assert!(words.contains("it has no tables of latchkey: create them with latchkey db init"), "{words}");
    let done = run(&home, &["db", "init", "--database", &address]);
    assert_eq!(
        String::from_utf8(done.stdout).unwrap(),
        format!("Created or updated the tables in {}.\n", place(&name))
    );
    let again = run(&home, &["db", "migrate", "--database", &address]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), format!("The tables in {} are up to date.\n", place(&name)));
    sql(postgres(), &name, "UPDATE meta SET version = 99");
    for arguments in [&serve[..], &["db", "migrate", "--database", &address]] {
        let words = refused(&home, arguments);
        assert!(words.contains("the database has version 99") && words.contains("use a newer latchkey"), "{words}");
    }
}

fn place(name: &str) -> String {
    format!("database {name} on {}", postgres().folder().display())
}

#[tokio::test]
async fn a_server_needs_no_right_to_change_the_tables() {
    let name = with_tables(postgres());
    let home = TempDir::new().unwrap();
    let role = format!("server-of-\"{name}\"");
    let quoted = role.replace('"', "\"\"");
    sql(postgres(), &name, &format!("CREATE ROLE \"{quoted}\" LOGIN"));
    let done = run(&home, &["db", "migrate", "--database", &postgres().address(&name), "--grant", &role]);
    assert!(done.status.success(), "{done:?}");
    let user = format!("server-of-%22{name}%22");
    let address = postgres().address(&name).replace("latchkey@", &format!("{user}@"));
    let [server] = servers([address], &[]);
    let session = server.session("jo").await;
    let (id, _) = token(&[&server], &session).await;
    let delete = server.anyone(reqwest::Method::DELETE, &format!("/keys/{id}")).bearer_auth(&session);
    assert_eq!(delete.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_server_with_another_master_key_does_not_start() {
    let name = with_tables(postgres());
    let address = postgres().address(&name);
    let [server] = servers([address.clone()], &[]);
    let home = TempDir::new().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &address];
    let words = refused(&home, &serve);
    assert!(words.contains("master.key is missing"), "no second one is made: {words}");
    private_folder(&data(&home));
    write_private(&data(&home).join("master.key"), [7; 64]);
    let words = refused(&home, &serve);
    assert!(words.contains("the other servers on this database have another one"), "{words}");
    copy_key(&data(&server.home), &data(&home));
    let done = run(&home, &["db", "check", "--database", &address]);
    let words = String::from_utf8(done.stdout).unwrap();
    assert!(words.contains(": 0 keys, 1 administrators; newest event: "), "{words}");
    let session = server.session("jo").await;
    token(&[&server], &session).await;
    let words = String::from_utf8(run(&home, &["db", "check", "--database", &address]).stdout).unwrap();
    assert!(words.ends_with("Every secret can be read with this machine's master key.\n"), "{words}");
    write_private(&data(&home).join("master.key"), [7; 64]);
    let words = refused(&home, &["db", "check", "--database", &address]);
    assert!(words.contains("does not open 1 secret"), "{words}");
}

fn copy_key(from: &Path, to: &Path) {
    write_private(&to.join("master.key"), fs::read(from.join("master.key")).unwrap());
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    let home = TempDir::new().unwrap();
    for address in ["postgres://jo:geheim@db.example.com/x", "postgres://db.example.com/x?password=geheim"] {
        for arguments in [["serve", "--database", address].as_slice(), &["db", "init", "--database", address]] {
            let words = refused(&home, arguments);
            assert!(words.contains("--database-password-file") && !words.contains("geheim"), "{words}");
        }
    }
}
