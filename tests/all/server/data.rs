//! The data folder: what is in its files, who may read them, and what is refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use latchkey::domain::hmac_token;
use latchkey::server::auth::key_file::MasterKeyError;
use latchkey::server::{DataError, Role, StoreError};
use rusqlite::Connection;

use crate::support::files;
use crate::support::fill;
use crate::support::server::{SESSION, Server, folder, open, state, text};

fn refusal(folder: &Path) -> DataError {
    open(folder).err().unwrap()
}

#[tokio::test]
async fn no_secret_and_no_token_is_in_any_file() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let access = text(&server.exchange(&id, &secret).await.body["access_token"]);
    server.verify(&access).await;
    server.patch(&id, serde_json::json!({ "label": "two" })).await;
    let hash = hmac_token(secret.as_bytes(), b"api-content-hash");
    let traces = [&secret, &secret[3..46], &access, access.rsplit('.').next().unwrap(), hash.expose(), SESSION];
    let scan = |folder: &Path| {
        for trace in traces {
            files::lack(folder, trace);
        }
    };
    scan(server.folder.path());
    scan(server.stop().await.path());
}

#[tokio::test]
async fn files_are_ours_alone() {
    let parent = folder();
    let place = parent.path().join("a/b");
    let store = open(&place).unwrap();
    assert_eq!(fs::metadata(&place).unwrap().mode() & 0o777, 0o700);
    let files: Vec<_> = fs::read_dir(&place).unwrap().map(|file| file.unwrap()).collect();
    let mut names: Vec<_> = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["keys.db", "keys.db-shm", "keys.db-wal", "keys.reserve", "master.key"]);
    for file in files {
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{}", file.path().display());
    }
    drop(store);
}

#[tokio::test]
async fn without_its_master_key_the_store_does_not_open() {
    let server = Server::start().await;
    server.create("one").await;
    let folder = server.stop().await;
    let key = folder.path().join("master.key");
    let kept = fs::read(&key).unwrap();

    fs::remove_file(&key).unwrap();
    let missing = refusal(folder.path());
    assert!(matches!(missing, DataError::MasterKey(MasterKeyError::Missing(_))), "{missing}");
    assert!(missing.to_string().contains("latchkey restore --replace"));
    assert!(!key.exists(), "no other one is made");

    fs::write(&key, [7; 64]).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    assert!(refusal(folder.path()).to_string().contains("belongs to another database"));
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    assert!(refusal(folder.path()).to_string().contains("others can read it"));
    fs::remove_file(&key).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &key).unwrap();
    assert!(refusal(folder.path()).to_string().contains("symbolic link"));

    fs::remove_file(&key).unwrap();
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn databases_that_are_newer_or_damaged_and_folders_that_are_none() {
    let newer = folder();
    drop(open(newer.path()).unwrap());
    Connection::open(newer.path().join("keys.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(refusal(newer.path()), DataError::Store(StoreError::Newer { found: 99, .. })));

    let damaged = folder();
    fs::write(damaged.path().join("keys.db"), "no database at all ".repeat(500)).unwrap();
    let refused = refusal(damaged.path());
    assert!(matches!(refused, DataError::Store(StoreError::Damaged(_))), "{refused}");
    assert!(refused.to_string().contains("restore a backup with latchkey restore --replace"));

    let foreign = folder();
    let database = foreign.path().join("keys.db");
    for version in [0, 3] {
        let other = Connection::open(&database).unwrap();
        other.execute_batch("CREATE TABLE IF NOT EXISTS keys (mail TEXT)").unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        let before = fs::read(&database).unwrap();
        assert!(matches!(refusal(foreign.path()), DataError::Store(StoreError::Foreign)), "{version}");
        assert!(fs::read(&database).unwrap() == before, "{version}: it was changed");
    }

    let shared = folder();
    fs::set_permissions(shared.path(), Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(refusal(shared.path()), DataError::WritableByOthers(_)));
    // Nothing may tell to restrict /tmp.
    fs::set_permissions(shared.path(), Permissions::from_mode(0o1777)).unwrap();
    assert!(matches!(refusal(shared.path()), DataError::Shared(_)));
    fs::set_permissions(shared.path(), Permissions::from_mode(0o777)).unwrap();
    fs::write(shared.path().join("letter"), "").unwrap();
    assert!(matches!(refusal(shared.path()), DataError::Shared(_)));

    let waiting = folder();
    drop(open(waiting.path()).unwrap());
    fs::remove_file(waiting.path().join("master.key")).unwrap();
    let mode = rustix::fs::Mode::from(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, waiting.path().join("master.key"), rustix::fs::FileType::Fifo, mode, 0)
        .unwrap();
    assert!(refusal(waiting.path()).to_string().contains("it is not a regular file"));

    let parent = folder();
    let inside = parent.path().join("file");
    fs::write(&inside, "").unwrap();
    assert!(matches!(refusal(&inside), DataError::Store(StoreError::Files { .. })));
    assert!(matches!(refusal(&inside.join("folder")), DataError::Store(StoreError::Files { .. })));
}

#[test]
fn only_an_empty_folder_is_filled() {
    let folder = folder();
    let mut told = Vec::new();
    fill::fill(folder.path(), 25, &mut |n| told.push(n)).unwrap();
    assert_eq!(told, [25]);
    let again = fill::fill(folder.path(), 25, &mut |_| {}).unwrap_err();
    assert!(again.to_string().contains("fill only an empty data folder"));
}

#[tokio::test]
async fn many_open_a_new_folder_at_once_and_agree() {
    for _ in 0..20 {
        let folder = folder();
        let openers: Vec<_> = (0..8)
            .map(|_| {
                let path = folder.path().to_owned();
                std::thread::spawn(move || open(&path).map(drop))
            })
            .collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
        drop(state(folder.path(), Role::Administrator));
    }
}

#[tokio::test]
async fn two_servers_share_one_folder() {
    let one = Server::start().await;
    let two = one.twin().await;
    let (id, secret) = one.create("from one").await;
    assert_eq!(two.labels("").await, ["from one"]);
    let access = text(&two.exchange(&id, &secret).await.body["access_token"]);
    assert_eq!(one.verify(&access).await.status, 204, "a token of one is good at the other");
    let first = one.post("same", serde_json::json!({})).await;
    let again = two.post("same", serde_json::json!({})).await;
    assert_eq!((first.status, again.status), (201, 200));
    two.delete(&id).await;
    assert_eq!(one.verify(&access).await.status, 401, "and dead at both");
    let (one, two) = tokio::join!(
        async {
            for n in 0..20 {
                one.create(&format!("one {n}")).await;
            }
            one
        },
        async {
            for n in 0..20 {
                two.create(&format!("two {n}")).await;
            }
            two
        },
    );
    assert_eq!(one.get("/keys").await.body["total"], 41);
    drop(two);
}
