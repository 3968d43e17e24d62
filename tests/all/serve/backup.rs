//! `latchkey backup` and `latchkey restore`, beside servers and over what is there.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Output;
use std::rc::Rc;
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::{LocalSet, spawn_local};

use crate::support::fill::fill;
use crate::support::program::{binary, environment};
use crate::support::served::{Served, data, latchkey, run};
use crate::support::server::{add_administrator, send, text};
use crate::support::wait;

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", out(output), err(output));
    out(output) + &err(output)
}

#[track_caller]
fn refused(output: &Output, code: i32, words: &str) {
    assert_eq!(output.status.code(), Some(code), "{}{}", out(output), err(output));
    assert!(err(output).contains(words), "{words}: {}", err(output));
}

/// A home with a data folder that has jo and one key; gives the key's ID and secret.
fn home_with_key() -> (Arc<TempDir>, String, String) {
    let home = Arc::new(TempDir::new().unwrap());
    add_administrator(&data(&home), "jo", Role::Administrator);
    let output = latchkey(&home, &["keys", "create", "--label", "first", "--output", "json"]).output().unwrap();
    let made: Value = serde_json::from_str(&good(&output)).unwrap();
    (home, text(&made["key"]["id"]), text(&made["secret_access_key"]))
}

fn path(home: &TempDir, name: &str) -> String {
    home.path().join(name).to_str().unwrap().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn work_folders(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with(".backup-")).count()
}

#[tokio::test]
async fn a_backup_beside_a_busy_server_has_every_key_that_was_confirmed() {
    let server = Rc::new(Served::start(&[]));
    let home = Arc::clone(&server.home);
    add_administrator(&data(&home), "jo", Role::Administrator);
    let session = server.session("jo").await;
    let (confirmed, is_over) = (Rc::new(RefCell::new(HashMap::new())), Rc::new(Cell::new(false)));
    let mut before = HashMap::new();
    let work = async {
        let creators: Vec<_> = (0..4)
            .map(|_| {
                let (server, session) = (Rc::clone(&server), session.clone());
                let (confirmed, is_over) = (Rc::clone(&confirmed), Rc::clone(&is_over));
                spawn_local(async move {
                    while !is_over.get() {
                        let (id, secret) = server.create(&session).await;
                        confirmed.borrow_mut().insert(id, secret);
                    }
                })
            })
            .collect();
        for round in 0..3 {
            while confirmed.borrow().len() < before.len() + 20 {
                tokio::task::yield_now().await;
            }
            before = confirmed.borrow().clone();
            let (folder, file) = (Arc::clone(&home), path(&home, &format!("{round}.backup")));
            let made = tokio::task::spawn_blocking(move || run(&folder, &["backup", &file])).await.unwrap();
            assert!(good(&made).starts_with("Backed up "), "{made:?}");
        }
        is_over.set(true);
        for creator in creators {
            creator.await.unwrap();
        }
    };
    LocalSet::new().run_until(work).await;
    let file = path(&home, "2.backup");
    assert_eq!(mode(Path::new(&file)), 0o600);
    assert_eq!(work_folders(&data(&home)), 0);

    let other = Arc::new(TempDir::new().unwrap());
    let said = good(&run(&other, &["restore", "--yes", &file]));
    assert!(said.contains(" holds ") && said.contains("Restored "), "{said}");
    assert_eq!((mode(&data(&other)), mode(&data(&other).join("keys.db"))), (0o700, 0o600));
    assert_eq!(mode(&data(&other).join("master.key")), 0o600);
    let restored = Served::on(other, &[]);
    let session = restored.session("jo").await;
    let listed = restored.get(&session, "/keys?limit=1000").await;
    let ids: Vec<_> = listed.body["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])).collect();
    assert!(before.keys().all(|id| ids.contains(id)), "{} of {}", ids.len(), before.len());
    let confirmed = confirmed.borrow().clone();
    for id in &ids {
        // One whose answer was on its way at the end may be missing here.
        if let Some(secret) = confirmed.get(id) {
            assert_eq!(send(restored.exchange_request(id, secret)).await.status, 200, "{id}");
        }
    }
    for (id, secret) in &before {
        assert_eq!(send(restored.exchange_request(id, secret)).await.status, 200, "{id}");
    }
}

#[test]
fn a_backup_goes_to_a_new_file_or_a_pipe() {
    let (home, _, secret) = home_with_key();
    let (file, link) = (path(&home, "a.backup"), path(&home, "link"));
    symlink(path(&home, "elsewhere"), &link).unwrap();
    let said = good(&run(&home, &["backup", &file]));
    assert!(said.starts_with(&format!("Backed up 1 key and 1 administrator to {file}.")), "{said}");
    let first = fs::read(&file).unwrap();
    for taken in [&file, &link, &path(&home, "")] {
        refused(&run(&home, &["backup", taken]), 2, "already exists and was not overwritten");
    }
    refused(&run(&home, &["backup", "--force", &path(&home, "")]), 2, "already exists");
    refused(&run(&home, &["backup", &path(&home, "no/such/folder")]), 1, "can't be written");
    assert_eq!(fs::read(&file).unwrap(), first);
    good(&run(&home, &["keys", "create", "--secret-file", &path(&home, "second")]));
    let json = latchkey(&home, &["backup", "--force", &file, "--output", "json"]).output().unwrap();
    let json: Value = serde_json::from_str(&good(&json)).unwrap();
    assert_eq!((&json["keys"], &json["administrators"]), (&json!(2), &json!(1)));
    good(&run(&home, &["backup", "--force", &link]));
    assert!(!fs::symlink_metadata(&link).unwrap().is_symlink() && !home.path().join("elsewhere").exists());
    assert_eq!((mode(Path::new(&file)), mode(Path::new(&link))), (0o600, 0o600));

    let piped = run(&home, &["backup", "-"]);
    assert_eq!(err(&piped), "latchkey: backed up 2 keys and 1 administrator.\n");
    let mut shell = std::process::Command::new("sh");
    shell.env_clear().envs(environment(home.path())).env("L", binary()).current_dir(home.path());
    let script = "$L --data data backup - | $L --data piped restore --yes -";
    assert!(good(&shell.args(["-c", script]).output().unwrap()).contains("Restored 2 keys"));
    // Of the secret itself a backup has as little as the database.
    assert!(!crate::support::terminal::contains(&piped.stdout, secret.as_bytes()));
    refused(&run(&TempDir::new().unwrap(), &["backup", "-"]), 4, "there are no access keys in");
}

#[test]
fn a_file_that_is_no_whole_backup_is_refused_and_nothing_is_made() {
    let (home, ..) = home_with_key();
    let file = path(&home, "a.backup");
    good(&run(&home, &["backup", &file]));
    let bytes = fs::read(&file).unwrap();
    let wrong = |name: &str, change: &dyn Fn(&Path)| {
        let copy = path(&home, name);
        fs::write(&copy, &bytes).unwrap();
        change(Path::new(&copy));
        copy
    };
    let sql = |sql: &'static str| move |path: &Path| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    for (file, words) in [
        (wrong("cut", &|path| fs::write(path, &bytes[..bytes.len() / 2]).unwrap()), "is damaged"),
        (wrong("text", &|path| fs::write(path, "hello").unwrap()), "is not a backup made by latchkey"),
        (wrong("empty", &|path| fs::write(path, "").unwrap()), "is not a backup made by latchkey"),
        (wrong("plain", &|path| assert!(fs::copy(data(&home).join("keys.db"), path).unwrap() > 0)), "is not a backup"),
        (wrong("newer", &sql("PRAGMA user_version = 99")), "was made by a newer latchkey"),
        (wrong("form", &sql("UPDATE backup SET form = 2")), "was made by a newer latchkey"),
        (wrong("fewer", &sql("DELETE FROM keys")), "is damaged: it can't be read to its end"),
        (wrong("key", &sql("UPDATE backup SET master_key = zeroblob(64)")), "master key doesn't open its secrets"),
        (wrong("short", &sql("UPDATE backup SET master_key = x'00'")), "master key is not whole"),
        (path(&home, "missing"), "can't be read"),
        (path(&home, ""), "can't be read"),
    ] {
        let other = TempDir::new().unwrap();
        refused(&run(&other, &["restore", "--yes", &file]), 2, words);
        assert_eq!(fs::read_dir(data(&other)).unwrap().count(), 0, "{file}");
    }
    let other = TempDir::new().unwrap();
    refused(&run(&other, &["restore", &file]), 2, "Use --yes");
    refused(&run(&other, &["--read-only", "restore", "--yes", &file]), 3, "Nothing was restored");
    // One of an older version is brought up to date.
    let undo = "DROP TABLE digests; DROP TRIGGER keys_to_digest; DROP INDEX keys_to_reactivate;
                DROP INDEX keys_rotating; DROP INDEX keys_used_late; DROP INDEX keys_refused; DROP TABLE webhook_messages; ALTER TABLE keys DROP COLUMN replaces;
                ALTER TABLE keys DROP COLUMN replaced_by; ALTER TABLE keys DROP COLUMN rotates_until;
                ALTER TABLE keys DROP COLUMN end_before; ALTER TABLE keys DROP COLUMN late_use_at;
                ALTER TABLE keys DROP COLUMN refused_at; ALTER TABLE keys DROP COLUMN refused_from;
                ALTER TABLE keys DROP COLUMN reactivates_at; DROP TABLE undelivered; DROP TABLE handovers;
                DROP TABLE usage; DROP TABLE issued;
                ALTER TABLE store DROP COLUMN master_key; ALTER TABLE store DROP COLUMN old_master_key;
                PRAGMA user_version = 11";
    let old = wrong("old", &sql(undo));
    good(&run(&other, &["restore", "--yes", &old]));
    assert!(good(&run(&other, &["keys", "list"])).contains("first"));
}

#[tokio::test]
async fn a_restore_says_what_it_brings_back_ends_what_is_open_and_deletes_nothing() {
    let (home, id, secret) = home_with_key();
    for name in ["removed", "changed"] {
        add_administrator(&data(&home), name, Role::Auditor);
    }
    good(&run(&home, &["keys", "create", "--label", "second", "--secret-file", &path(&home, "second")]));
    let file = path(&home, "a.backup");
    good(&run(&home, &["backup", &file]));
    Connection::open(&file).unwrap().execute_batch("UPDATE backup SET created_at = created_at - 83 * 60000").unwrap();

    let server = Served::on(Arc::clone(&home), &[]);
    let session = server.session("jo").await;
    let token = text(&send(server.exchange_request(&id, &secret)).await.body["access_token"]);
    let second = server.get(&session, "/keys?q=second").await;
    let second = text(&second.body["keys"][0]["id"]);
    let call = |method, path: &str| server.anyone(method, path).bearer_auth(&session);
    assert_eq!(send(call(Method::DELETE, &format!("/keys/{second}"))).await.status, 204);
    let off = call(Method::PATCH, &format!("/keys/{id}")).json(&json!({ "status": "inactive" }));
    let off = send(off).await;
    assert_eq!(off.status, 200, "{off:?}");
    let (newer, _) = server.create(&session).await;
    refused(&run(&home, &["restore", "--yes", "--replace", &file]), 5, "another latchkey is using");
    assert_eq!(server.get(&session, &format!("/keys/{newer}")).await.status, 200, "it goes on");
    assert!(server.stop().0.success());

    good(&run(&home, &["admin", "remove", "--yes", "removed"]));
    let password = path(&home, "password");
    fs::write(&password, "another-long-password-of-theirs").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    good(&run(&home, &["admin", "passwd", "changed", "--password-file", &password]));
    good(&run(&home, &["admin", "add", "late", "--password-file", &password]));

    refused(&run(&home, &["restore", "--yes", &file]), 5, "use --replace");
    assert!(data(&home).join("keys.db").exists());
    let before = fs::read(data(&home).join("master.key")).unwrap();
    let said = good(&run(&home, &["restore", "--yes", "--replace", &file]));
    for words in [
        "(1 h ago, latchkey ",
        "holds 2 keys and 3 administrators.",
        "1 key deleted since would work again.",
        "1 key that was deactivated or given an earlier expiry since would be as it was.",
        "1 key created since would be lost.",
        "Removed administrators who could sign in again: removed.",
        "Administrators who would be lost: late.",
        "Administrators whose earlier password would be valid again: changed.",
        "Restored 2 keys and 3 administrators to ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // What was there is there still.
    let (said, _) = said.split_once("The backup of").unwrap();
    let (_, aside) = said.trim().trim_end_matches('.').rsplit_once("from before are in ").unwrap();
    assert_eq!(mode(Path::new(aside)), 0o700);
    assert_eq!(fs::read(Path::new(aside).join("master.key")).unwrap(), before);
    let listed = latchkey(&home, &["keys", "list"]).output().unwrap();
    assert!(good(&listed).contains(&second) && !out(&listed).contains(&newer));
    let plain = Connection::open(Path::new(aside).join("keys.db")).unwrap();
    let found: i64 = plain.query_row("SELECT count(*) FROM keys WHERE id = ?1", [&newer], |row| row.get(0)).unwrap();
    assert_eq!(found, 1);

    let restored = Served::on(Arc::clone(&home), &[]);
    assert_eq!(restored.get(&session, "/keys").await.status, 401, "the session has ended");
    let verify = |token: &str| send(restored.anyone(Method::GET, "/auth/verify").header("x-access-token", token));
    assert_eq!(verify(&token).await.status, 401, "a token from before");
    let token = text(&send(restored.exchange_request(&id, &secret)).await.body["access_token"]);
    assert_eq!(verify(&token).await.status, 204);
    let database = Connection::open(data(&home).join("keys.db")).unwrap();
    let sql = "SELECT group_concat(kind), max(by), max(source) FROM
                   (SELECT * FROM events WHERE key_id = '' AND kind LIKE '%restored%' OR kind LIKE '%revoked%')";
    let event: (String, String, String) =
        database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!((event.0.as_str(), event.2.as_str()), ("tokens_revoked,sessions_revoked,restored", "local"));
    assert!(!event.1.is_empty());
    // The master key stayed in no page of the database.
    let bytes = fs::read(data(&home).join("keys.db")).unwrap();
    assert!(!crate::support::terminal::contains(&bytes, &before[..32]));
    assert!(!crate::support::terminal::contains(&bytes, &before[32..]));
    for said in [said, &out(&listed)] {
        assert!(!said.contains(&secret));
    }
}

#[test]
fn a_killed_backup_leaves_no_half_file_and_the_next_clears_away() {
    let home = Arc::new(TempDir::new().unwrap());
    fill(&data(&home), 5_000, &mut |_| {}).unwrap();
    let file = path(&home, "a.backup");
    let mut backup = latchkey(&home, &["backup", &file]).spawn().unwrap();
    wait::until("a copy that has begun", || {
        let begun = fs::read_dir(data(&home)).unwrap().filter_map(Result::ok);
        let mut begun = begun.filter(|entry| entry.file_name().to_string_lossy().starts_with(".backup-"));
        begun.any(|folder| fs::metadata(folder.path().join("backup")).is_ok_and(|copy| copy.len() > 0))
    });
    backup.kill().unwrap();
    backup.wait().unwrap();
    assert!(!Path::new(&file).exists());
    assert_eq!(work_folders(&data(&home)), 1);
    good(&run(&home, &["backup", &file]));
    assert_eq!((work_folders(&data(&home)), work_folders(home.path())), (0, 0));
    let other = TempDir::new().unwrap();
    assert!(good(&run(&other, &["restore", "--yes", &file])).contains("Restored 5000 keys"));
}

/// An old copy beside what a killed server has left in the log: no mixture is opened, and nothing is written into either.
#[tokio::test]
async fn an_old_database_beside_a_newer_log_is_refused() {
    let (home, ..) = home_with_key();
    let database = data(&home).join("keys.db");
    fs::copy(&database, home.path().join("old")).unwrap();
    good(&run(&home, &["keys", "create", "--label", "second", "--secret-file", &path(&home, "second")]));
    let server = Served::on(Arc::clone(&home), &[]);
    let session = server.session("jo").await;
    server.create(&session).await;
    server.signal(rustix::process::Signal::KILL);
    assert!(!server.ended().0.success());
    let kept = fs::read(&database).unwrap();
    fs::copy(home.path().join("old"), &database).unwrap();
    for command in [&["keys", "list"][..], &["admin", "list"], &["backup", &path(&home, "x")], &["serve"]] {
        let output = run(&home, command);
        assert!(err(&output).contains("an older copy was put in its place"), "{command:?}: {}", err(&output));
        assert!(!output.status.success());
    }
    fs::write(&database, kept).unwrap();
    assert!(good(&run(&home, &["keys", "list"])).contains("second"), "the right file is good again");
}
