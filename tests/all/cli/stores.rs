//! Which command makes a data folder, and what is said of one that can't be used as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::process::{Command, Stdio};

use crate::support::bindfs::Mounted;
use crate::support::home::{Done, Home, text};
use crate::support::not_tested::not_tested;
use crate::support::program::binary;

const PK: &str = "PK7QW3N5ZJ0V4T8M2XHC";

/// Commands that only look, or change what exists.
const LOOK_ONLY: [&[&str]; 9] = [
    &["keys", "list"],
    &["keys", "show", PK],
    &["keys", "show", PK, "--events"],
    &["keys", "edit", PK, "--label", "x"],
    &["keys", "deactivate", PK],
    &["keys", "delete", PK, "--yes"],
    &["verify", "--token-file", "file"],
    &["token", PK, "--secret-file", "file"],
    &["doctor"],
];

#[test]
fn only_commands_that_create_make_a_data_folder() {
    let home = Home::new();
    home.file("file", &"2".repeat(32));
    for options in [&["--data", "typo"][..], &["--read-only", "--data", "typo"]] {
        for command in LOOK_ONLY {
            let done = home.run(&[options, command].concat());
            let said = format!("{}{}", done.out, done.err);
            assert!(!home.path("typo").exists(), "{command:?}");
            if said.contains("This profile is read-only") {
                continue;
            }
            assert!(said.contains("There are no access keys in typo"), "{command:?}: {done:?}");
            assert!(said.contains("latchkey --data typo keys create"), "{command:?}: {done:?}");
            assert_eq!(done.code, 4, "{command:?}: {done:?}");
        }
        home.run(&[options, &["admin", "list"]].concat()).failed(4);
        assert!(!home.path("typo").exists());
    }
    // The folder of a user who has just begun is not missing; nothing is wrong.
    let doctor = home.run(&["doctor"]);
    assert!(doctor.code == 0 && doctor.out.contains("The folder is created with the first key."), "{doctor:?}");
    home.run(&["keys", "list"]).failed(4);
    assert!(!home.path(".local/share/latchkey").exists());
    home.run(&["--data", "typo", "keys", "create"]).good();
    home.run(&["--data", "typo", "keys", "list"]).good();
    home.feed(&["--data", "team", "admin", "add", "jo"], "").complaint(2);
    assert!(home.path("team/keys.db").exists());
}

#[test]
fn a_database_that_was_lost_beside_its_master_key_is_not_begun_anew() {
    let home = Home::new();
    home.create("one");
    let database = home.path(".local/share/latchkey/keys.db");
    let kept = fs::read(&database).unwrap();
    for state in ["empty", "missing"] {
        if state == "empty" {
            fs::write(&database, "").unwrap();
        } else {
            fs::remove_file(&database).unwrap();
        }
        for command in [&["keys", "list"][..], &["keys", "create"], &["admin", "add", "jo"], &["serve"]] {
            let error = home.run(command);
            assert!([1, 6].contains(&error.code) && error.err.contains(&format!("is {state}")), "{error:?}");
            assert!(error.err.contains("latchkey restore --replace"), "{error:?}");
        }
        assert_eq!(fs::metadata(&database).map_or(0, |about| about.len()), 0, "nothing was written");
    }
    fs::write(&database, kept).unwrap();
    assert_eq!(home.keys().len(), 1);
}

/// Runs the program where the data folder can be read but not written: root by a mount, others by the folder's mode.
fn read_only(home: &Home, args: &[&str]) -> Done {
    let folder = home.path(".local/share/latchkey");
    let is_root = rustix::process::geteuid().is_root();
    let set = |mode| fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    let mut command = home.command(args);
    if is_root {
        let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"";
        let mut inside = Command::new("unshare");
        inside.args(["-m", "sh", "-c", mount]).arg(&folder).arg(binary()).args(args);
        for (name, value) in command.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            inside.env(name, value);
        }
        inside.current_dir(home.0.path()).stdin(Stdio::null());
        inside.stdout(Stdio::piped()).stderr(Stdio::piped());
        command = inside;
    } else {
        set(0o500);
    }
    let done = Done::of(command.spawn().unwrap());
    if !is_root {
        set(0o700);
    }
    done
}

#[test]
fn a_folder_that_can_only_be_read_is_looked_at() {
    if rustix::process::geteuid().is_root() && !Command::new("unshare").args(["-m", "true"]).status().unwrap().success()
    {
        return not_tested("no mount namespaces here");
    }
    let home = Home::new();
    let (id, secret) = home.create("one");
    let secret = home.file("secret", &secret);
    home.create("two");
    home.run(&["keys", "edit", &id, "--expires", "tomorrow"]).good();
    let data = home.path(".local/share/latchkey");
    // A day later, without anyone who could have stored that the key has expired.
    rusqlite::Connection::open(data.join("keys.db"))
        .unwrap()
        .execute_batch("UPDATE keys SET expires_at = 1 WHERE expires_at > 0")
        .unwrap();

    let look = |keys: usize| {
        let listed = |args: &[&str]| {
            read_only(&home, &[&["--read-only", "keys", "list", "--output", "json"][..], args].concat()).json()
        };
        assert_eq!(listed(&[]).as_array().unwrap().len(), keys);
        assert_eq!(text(&listed(&["--status", "expired"])[0]["id"]), id);
        assert_eq!(listed(&["--status", "active", "--sort", "status"]).as_array().unwrap().len(), keys - 1);
        // No ID has an O, so this finds labels alone.
        assert_eq!(text(&listed(&["--search", "two", "--sort", "label"])[0]["label"]), "two");
        assert!(read_only(&home, &["--read-only", "keys", "show", &id, "--events"]).good().contains("edited"));
        read_only(&home, &["--read-only", "token", &id, "--secret-file", &secret]).failed(7);
        let doctor = read_only(&home, &["--read-only", "doctor"]);
        assert!(doctor.code == 0 && doctor.out.contains("The server answers."), "{doctor:?}");
        read_only(&home, &["--read-only", "keys", "create"]).failed(3);
        let error = read_only(&home, &["keys", "create"]).failed(6);
        assert!(error.contains("use --read-only to look at them"), "{error}");
        let error = read_only(&home, &["serve"]).failed(1);
        assert!(error.contains("can't be written"), "{error}");
    };
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    look(2);
    assert_eq!(names(), ["api.lock", "keys.db", "keys.reserve", "master.key"]);

    // Keys that are only in the log of a server that was killed.
    let mut server = home.command(&["serve", "--listen", "unix:socket"]).spawn().unwrap();
    let mut log = std::io::BufReader::new(server.stderr.take().unwrap());
    while !{
        let mut line = String::new();
        std::io::BufRead::read_line(&mut log, &mut line).unwrap();
        line.contains("listening")
    } {}
    home.create("three");
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(names(), ["api.lock", "keys.db", "keys.db-shm", "keys.db-wal", "keys.reserve", "master.key"]);
    look(3);
    fs::remove_file(data.join("keys.db-shm")).unwrap();
    look(3);
    assert_eq!(names(), ["api.lock", "keys.db", "keys.db-wal", "keys.reserve", "master.key"]);

    let mounted = Mounted::new(&data, &home.path("mounted"), &["-r"]);
    let listed = home.run(&["--read-only", "--data", "mounted", "keys", "list", "--output", "json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    drop(mounted);
    assert_eq!(home.keys().len(), 3, "nothing was lost");

    rusqlite::Connection::open(data.join("keys.db")).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let error = read_only(&home, &["--read-only", "keys", "list"]).failed(6);
    assert!(error.contains("is of an older version and must be updated first"), "{error}");
}

#[test]
fn a_file_system_without_hard_links_is_enough() {
    let home = Home::new();
    // As vfat, which renames without replacing, and as a FUSE file system that does neither.
    for (folder, inject) in
        [("a", &["link,linkat:error=EPERM"][..]), ("b", &["link,linkat:error=EPERM", "renameat2:error=EINVAL"])]
    {
        let args = ["--data", folder, "keys", "create", "--output", "json"];
        let plain = home.command(&args);
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-o", "trace"]).args(inject.iter().map(|what| format!("-einject={what}")));
        traced
            .arg(binary())
            .args(args)
            .env_clear()
            .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        traced.current_dir(home.0.path()).stdin(Stdio::null());
        let output = traced.output().expect("apt-get install strace");
        assert!(output.status.success(), "{output:?}");
        let key = home.path(folder).join("master.key");
        assert_eq!((fs::metadata(&key).unwrap().len(), fs::metadata(&key).unwrap().mode() & 0o777), (64, 0o600));
        home.run(&["--data", folder, "keys", "list"]).good();
    }
}

#[test]
fn paths_that_are_too_long_for_a_socket() {
    let home = Home::new();
    let long = "x".repeat(120);
    fs::create_dir(home.path(&long)).unwrap();
    let temporary = home.path(&long);
    let run = |args: &[&str]| Done::of(home.command(args).env("TMPDIR", &temporary).spawn().unwrap());
    run(&["--data", &format!("{long}/data"), "keys", "create"]).good();
    run(&["--data", &format!("{long}/data"), "keys", "list"]).good();
    let secret = home.file("secret", &"2".repeat(32));
    let curl = |data: &str| home.run(&["--data", data, "hmac", "--secret-file", &secret, "--curl", PK]);
    let error = curl(&format!("{long}/data")).failed(2);
    assert!(error.contains("too long for a socket that curl can connect to"), "{error}");
    assert!(error.contains("Use a data folder with a shorter path."), "{error}");
    symlink(home.path(&format!("{long}/data")), home.path("short")).unwrap();
    assert!(curl("short").good().contains("short/api.sock"));
}

#[test]
fn a_busy_store_says_so() {
    let home = Home::new();
    home.create("one");
    let database = rusqlite::Connection::open(home.path(".local/share/latchkey/keys.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runs = [&["keys", "create"][..], &["doctor"]].map(|args| home.command(args).spawn().unwrap());
    let [create, doctor] = runs.map(Done::of);
    assert!(create.err.contains("another program keeps the database busy"), "{create:?}");
    assert_eq!(create.code, 6);
    assert!(
        doctor.out.contains("wrong  The server failed (503): another program keeps the database busy"),
        "{doctor:?}"
    );
    assert!(doctor.out.contains("Until this is fixed, keys can't be created or changed."), "{doctor:?}");
    assert_eq!(doctor.code, 6);
}

/// The program on a disk of its own that is full but for some pages.
fn on_a_full_disk(home: &Home, words: &str) -> (Option<i32>, String) {
    let script = format!("mount -t tmpfs -o size=4M none disk && cp -r .local/share/latchkey disk/data && {words}");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).current_dir(home.0.path()).env_clear();
    let plain = home.command(&[]);
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("L", binary());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_full_disk_is_the_reason_that_is_given() {
    if !rustix::process::geteuid().is_root() {
        return not_tested("only root can mount a small disk");
    }
    let home = Home::new();
    home.create("one");
    fs::create_dir(home.path("disk")).unwrap();
    let fill = "$L --data disk/data keys list >/dev/null; head -c 8M /dev/zero >disk/fill 2>/dev/null;";
    for (command, code) in [("keys create", 6), ("doctor", 6)] {
        let (found, said) = on_a_full_disk(&home, &format!("{fill} $L --data disk/data {command}"));
        assert!(said.contains("the disk is full: free some space"), "{command}: {said}");
        assert_eq!(found, Some(code), "{command}: {said}");
    }
}

#[test]
fn a_damaged_store_says_so() {
    let home = Home::new();
    home.create("one");
    let database = home.path(".local/share/latchkey/keys.db");
    let bytes = fs::read(&database).unwrap();
    let damaged: Vec<u8> = bytes.iter().enumerate().map(|(n, byte)| if n < 8192 { *byte } else { !byte }).collect();
    fs::write(&database, damaged).unwrap();
    for command in [&["keys", "list"][..], &["keys", "create"], &["doctor"]] {
        let done = home.run(command);
        let said = format!("{}{}", done.out, done.err);
        assert!(said.contains("the database is damaged: restore a backup with latchkey restore --replace"), "{said}");
        assert_eq!(done.code, 6, "{command:?}: {said}");
    }
}
