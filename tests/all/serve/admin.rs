//! `latchkey admin`, while the server runs and while it does not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::support::not_tested::not_tested;
use crate::support::program::{binary, environment};
use crate::support::served::{Served, data, latchkey, run};
use crate::support::server::PASSWORD;
use crate::support::terminal::{self, Terminal, contains};

/// Runs the program with this on standard input.
fn run_with(home: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = latchkey(home, arguments);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may refuse before it reads.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
    child.wait_with_output().unwrap()
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn add(home: &TempDir, arguments: &[&str]) -> Output {
    run_with(home, &[&["admin", "add", "--password-file", "-"], arguments].concat(), PASSWORD)
}

#[tokio::test]
async fn administrators_come_and_go_while_the_server_runs() {
    let server = Served::start(&[]);
    let warned =
        |line: &serde_json::Value| line["message"].as_str().unwrap().starts_with("there are no administrators yet");
    assert!(server.log.iter().any(warned), "{:#?}", server.log);
    let home = &server.home;
    assert_eq!(done(&add(home, &["Jo", "--role", "superuser"])), "Added jo as superuser.\n");
    assert_eq!(done(&add(home, &["au", "--role", "auditor"])), "Added au as auditor.\n");
    let session = server.session("jo").await;
    let all = done(&run(home, &["admin", "list"]));
    let lines: Vec<Vec<&str>> = all.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0].join(" "), "USERNAME ROLE CREATED AT LAST SIGN-IN AT");
    assert_eq!((&lines[1][..2], lines[1][3]), (&["au", "auditor"][..], "never"));
    assert_eq!(&lines[2][..2], ["jo", "superuser"]);
    assert!(chrono::DateTime::parse_from_rfc3339(lines[2][3]).is_ok(), "{all}");

    let changed = run_with(home, &["admin", "passwd", "jo", "--password-file", "-"], "another good password\n");
    assert!(done(&changed).contains("Changed the password of jo"));
    assert_eq!(server.get(&session, "/keys").await.status, 401, "its sessions have ended");
    assert_eq!(server.sign_in("jo", PASSWORD).await.status, 401);
    let answer = server.sign_in("jo", "another good password").await;
    let session = crate::support::server::text(&answer.body["session_token"]);

    let last = refused(&run(home, &["admin", "remove", "jo", "--yes"]));
    assert!(last.contains("last administrator who can manage keys") && last.contains("--last"), "{last}");
    assert_eq!(server.get(&session, "/keys").await.status, 200);
    done(&add(home, &["mo"]));
    let last = refused(&run(home, &["admin", "remove", "jo", "--yes"]));
    assert!(last.contains("jo is the last superuser") && last.contains("--last"), "{last}");
    assert!(done(&run(home, &["admin", "remove", "jo", "--yes", "--last"])).contains("Removed jo"));
    assert_eq!(server.get(&session, "/keys").await.status, 401, "at once");
    let twin = Served::on(Arc::clone(home), &[]);
    assert!(!twin.log.iter().any(warned), "{:#?}", twin.log);
    done(&run(home, &["admin", "remove", "mo", "--yes", "--last"]));
    done(&run(home, &["admin", "remove", "au", "--yes"]));
    assert_eq!(done(&run(home, &["admin", "list"])).lines().count(), 1);
}

#[test]
fn what_is_refused_is_said() {
    let home = TempDir::new().unwrap();
    let ends = |output: &Output, code: i32, words: &str| {
        let said = refused(output);
        assert_eq!((output.status.code(), said.contains(words)), (Some(code), true), "{words}: {said}");
        assert!(!said.contains(PASSWORD), "{said}");
    };
    for arguments in [&["admin", "list"][..], &["admin", "remove", "jo", "--yes"], &["admin", "passwd", "jo"]] {
        ends(&run(&home, arguments), 4, "is not a latchkey data folder");
        assert!(!data(&home).exists(), "a mistyped folder is not made");
    }
    done(&add(&home, &["jo"]));
    ends(&add(&home, &["JO"]), 5, "Administrator jo already exists");
    ends(&add(&home, &["j o"]), 2, "a user name must have 1 to 64 characters");
    ends(&add(&home, &["mo", "--role", "boss"]), 2, "superuser, administrator or auditor");
    ends(&run(&home, &["admin", "remove", "mo", "--yes"]), 4, "No administrator mo");
    ends(&run(&home, &["admin", "remove", "jo", "--yes"]), 5, "last administrator who can manage keys");
    for (input, code, words) in [
        ("short\n", 7, "needs at least 12"),
        ("", 2, "tandard input is empty"),
        ("a good password\non two lines\n", 7, "the password contains a line break"),
    ] {
        ends(&run_with(&home, &["admin", "add", "mo", "--password-file", "-"], input), code, words);
        ends(&run_with(&home, &["admin", "passwd", "jo", "--password-file", "-"], input), code, words);
    }
    let file = home.path().join("password");
    fs::write(&file, PASSWORD).unwrap();
    let from_file = ["admin", "add", "mo", "--password-file", file.to_str().unwrap()];
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    ends(&run(&home, &from_file), 2, "chmod 600");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    ends(&run(&home, &[&from_file[..], &["--read-only"]].concat()), 3, "This profile is read-only");
    done(&run(&home, &from_file));
    assert_eq!(run(&home, &["admin", "add", "po", "--password", PASSWORD]).status.code(), Some(2));
    ends(&run(&home, &["serve", "--read-only"]), 2, "A server cannot be read-only");
    // Without a terminal there is no one to ask.
    let words = detached(&home, "admin remove jo");
    assert!(words.contains("There is no terminal to ask on") && words.contains("--yes"), "{words}");
    assert!(detached(&home, "admin passwd jo").contains("here is no terminal to ask on"));
}

#[tokio::test]
async fn a_mark_that_windows_writes_is_no_part_of_a_password() {
    let home = Arc::new(TempDir::new().unwrap());
    let marked = format!("\u{feff}{PASSWORD}\r\n");
    done(&run_with(&home, &["admin", "add", "jo", "--password-file", "-"], &marked));
    let file = home.path().join("password");
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&file, utf16).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let words = refused(&run(&home, &["admin", "passwd", "jo", "--password-file", file.to_str().unwrap()]));
    assert!(words.contains("is UTF-16 text, not UTF-8; save it as UTF-8"), "{words}");
    Served::on(Arc::clone(&home), &[]).session("jo").await;
}

#[test]
fn an_empty_list_says_where_it_looked() {
    let home = TempDir::new().unwrap();
    let list = |arguments: &[&str]| {
        let mut command = std::process::Command::new(binary());
        command.env_clear().envs(environment(home.path())).args(arguments).output().unwrap()
    };
    let own = home.path().join(".local/share/latchkey");
    let words = refused(&list(&["admin", "list"]));
    assert!(words.contains(&format!("{} is not a latchkey data folder", own.display())), "{words}");
    assert!(list(&["keys", "create"]).status.success());
    let all = list(&["admin", "list"]);
    let words = String::from_utf8(all.stderr).unwrap();
    let expected = format!("latchkey: There are no administrators in {}. For a server's, use --data.\n", own.display());
    assert_eq!((all.status.code(), words), (Some(0), expected));
    assert!(list(&["admin", "list", "--output", "json"]).stderr.is_empty());
}

#[test]
fn in_the_folder_of_another_user_the_way_is_to_become_that_user() {
    if !rustix::process::geteuid().is_root() {
        return not_tested("only root can work as two users");
    }
    let home = TempDir::new().unwrap();
    done(&add(&home, &["jo"]));
    for (owner, name) in [(65534, "nobody"), (54321, "#54321")] {
        std::os::unix::fs::chown(data(&home), Some(owner), None).unwrap();
        // What root would follow.
        let victim = home.path().join("victim");
        let link = data(&home).join("api.lock");
        let _ = std::os::unix::fs::symlink(&victim, &link);
        let before = std::fs::read_dir(data(&home)).unwrap().count();
        for arguments in [
            &["admin", "list"][..],
            &["admin", "passwd", "jo"],
            &["keys", "list"],
            &["keys", "create"],
            &["--read-only", "keys", "list"],
            &["serve", "--listen", "127.0.0.1:0"],
        ] {
            let refused = run(&home, arguments);
            let words = String::from_utf8(refused.stderr).unwrap();
            assert_eq!(refused.status.code(), Some(3), "{arguments:?}: {words}");
            let command = format!("sudo -u '{name}' latchkey --data {} …", data(&home).display());
            assert!(words.contains(&format!("belongs to the user {name}")) && words.contains(&command), "{words}");
        }
        assert!(!victim.exists());
        assert_eq!(std::fs::read_dir(data(&home)).unwrap().count(), before, "nothing is made there");
    }
    std::os::unix::fs::chown(data(&home), Some(0), None).unwrap();
    let database = data(&home).join("keys.db");
    std::os::unix::fs::chown(&database, Some(65534), None).unwrap();
    let words = refused(&run(&home, &["keys", "list"]));
    assert!(words.contains("keys.db belongs to the user nobody: change its owner (chown)"), "{words}");
    std::fs::rename(&database, home.path().join("elsewhere.db")).unwrap();
    std::os::unix::fs::symlink(home.path().join("elsewhere.db"), &database).unwrap();
    let words = refused(&run(&home, &["keys", "list"]));
    assert!(words.contains("keys.db is a symbolic link: put the file itself there"), "{words}");
}

#[test]
fn the_list_is_for_programs_too() {
    let home = TempDir::new().unwrap();
    done(&add(&home, &["jo"]));
    let json = done(&run(&home, &["admin", "list", "--output", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let fields: Vec<_> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["created_at", "last_sign_in_at", "role", "username"]);
    assert_eq!((&json[0]["username"], &json[0]["last_sign_in_at"]), (&"jo".into(), &serde_json::Value::Null));
    let csv = done(&run(&home, &["admin", "list", "--output", "csv"]));
    assert!(csv.starts_with("username,role,created_at,last_sign_in_at\njo,administrator,2"), "{csv}");
}

/// What the program says on standard error in a session of its own, which has no terminal.
fn detached(home: &TempDir, arguments: &str) -> String {
    let program = binary();
    let script = format!("exec setsid --wait {program} --data {} {arguments}", data(home).display());
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .env_clear()
        .envs(environment(home.path()))
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn ask(home: &TempDir, arguments: &[&str]) -> Terminal {
    Terminal::start(terminal::latchkey(home.path()).arg("--data").arg(data(home)).args(arguments))
}

#[tokio::test]
async fn a_password_is_asked_for_twice_and_does_not_show() {
    let home = Arc::new(TempDir::new().unwrap());
    let mut screen = ask(&home, &["admin", "add", "jo"]);
    screen.sees("New password for jo (12 characters or more): ");
    screen.send(format!("{PASSWORD}x\x7f\r").as_bytes());
    screen.sees("Repeat the password:");
    screen.send(format!("wrong start\x15{PASSWORD}\r").as_bytes());
    screen.sees("Added jo as administrator");
    let (status, screen) = screen.ends();
    assert!(status.success());
    for shown in [PASSWORD, "correct", "wrong", "*"] {
        assert!(!contains(&screen.bytes, shown.as_bytes()), "{}", screen.text());
    }
    let server = Served::on(Arc::clone(&home), &[]);
    server.session("jo").await;

    let mut screen = ask(&home, &["admin", "passwd", "jo"]);
    screen.sees("New password");
    screen.send(b"another good password\r");
    screen.sees("Repeat the password:");
    screen.send(b"another good passwort\r");
    screen.sees("The passwords don't match. Nothing was changed");
    assert!(!screen.ends().0.success());
    let mut screen = ask(&home, &["admin", "passwd", "jo"]);
    screen.sees("New password");
    screen.send(b"another\x03");
    screen.sees("Cancelled.");
    assert!(!screen.ends().0.success(), "and the terminal echoes again");
    server.session("jo").await;
}

#[test]
fn a_removal_is_confirmed_by_the_name() {
    let home = TempDir::new().unwrap();
    done(&add(&home, &["jo"]));
    done(&add(&home, &["mo"]));
    let mut screen = ask(&home, &["admin", "remove", "jo"]);
    screen.sees("To confirm, type jo:");
    screen.send(b"yes\r");
    screen.sees("jo was not removed");
    assert!(!screen.ends().0.success());
    let mut screen = ask(&home, &["admin", "remove", "jo"]);
    screen.sees("To confirm, type jo:");
    screen.send(b"jo\r");
    screen.sees("Removed jo");
    assert!(screen.ends().0.success());
    assert!(!done(&run(&home, &["admin", "list"])).contains("jo"));
}
