//! `keys create`: where a secret goes, and that it is never lost.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use latchkey::server::Role;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::remote::{Remote, remember};
use crate::support::bindfs::Mounted;
use crate::support::home::{Done, Home, text};
use crate::support::program::{binary, environment};

fn is_secret(text: &str) -> bool {
    text.len() == 52 && text.starts_with("sk_")
}

#[test]
fn into_a_pipe_with_the_key() {
    let home = Home::new();
    let made = home.run(&["keys", "create", "--label", "x", "--expires", "90d", "--output", "json"]).json();
    assert_eq!(made["key"], home.keys()[0]);
    assert!(is_secret(made["secret_access_key"].as_str().unwrap()));
    assert_eq!((&made["delivered_to"], &made["file"]), (&"stdout".into(), &Value::Null));
    let table = home.run(&["keys", "create"]).good();
    let line = table.lines().find(|line| line.starts_with("Secret access key")).unwrap();
    assert!(is_secret(line.split_whitespace().last().unwrap()), "{table}");
    let text = home.run(&["keys", "create", "--output", "csv"]).good();
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let place = csv.headers().unwrap().iter().position(|name| name == "secret_access_key").unwrap();
    assert!(is_secret(&csv.records().next().unwrap().unwrap()[place]), "{text}");
}

#[test]
fn into_a_new_private_file() {
    let home = Home::new();
    let made = home.run(&["keys", "create", "--secret-file", "secret", "--output", "json"]).json();
    assert_eq!((&made["delivered_to"], &made["file"]), (&"file".into(), &"secret".into()));
    assert_eq!(made["secret_access_key"], Value::Null);
    let path = home.path("secret");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let content = fs::read_to_string(&path).unwrap();
    assert!(is_secret(content.strip_suffix('\n').unwrap()));
    // It is the secret of this key, and our own reading takes the newline off again.
    let id = text(&made["key"]["id"]);
    assert!(home.run(&["token", &id, "--secret-file", "secret"]).good().starts_with("eyJ"));
}

/// As on the page: such a path names a descriptor that the shell has opened, and no new file.
#[test]
fn a_path_of_a_descriptor_is_the_descriptor() {
    let home = Home::new();
    let script = format!("exec {} keys create --secret-file /dev/fd/3 3>held", binary());
    let mut command = Command::new("sh");
    command.env_clear().envs(environment(home.0.path())).current_dir(home.0.path()).args(["-c", &script]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(is_secret(fs::read_to_string(home.path("held")).unwrap().trim_end()));
    let error = home.run(&["keys", "create", "--secret-file", "/dev/fd/77"]).failed(2);
    assert!(error.contains("descriptor 77"), "{error}");
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn a_file_that_cannot_be_is_refused_before_a_key_is_made() {
    let home = Home::new();
    home.file("there", "precious");
    fs::create_dir(home.path("folder")).unwrap();
    std::os::unix::fs::symlink(home.path("elsewhere"), home.path("link")).unwrap();
    for name in ["there", "folder", "link", "no/such/folder", "-"] {
        let error = home.run(&["keys", "create", "--secret-file", name]).failed(2);
        assert!(error.contains("No key was made"), "{error}");
    }
    assert_eq!(fs::read_to_string(home.path("there")).unwrap(), "precious");
    assert!(!home.path("elsewhere").exists());
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn a_file_is_taken_away_again_if_no_key_is_made() {
    let home = Home::new();
    let error = home.run(&["keys", "create", "--secret-file", "s", "--url", &super::remote::nowhere()]).failed(3);
    assert!(error.contains("sign in"), "{error}");
    let error = home.run(&["keys", "create", "--secret-file", "s", "--read-only"]).failed(3);
    assert!(error.contains("read-only"), "{error}");
    assert!(!home.path("s").exists());
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn into_the_standard_input_of_a_command() {
    let home = Home::new();
    let command = "cat > got; env > environment; tr '\\0' ' ' </proc/$$/cmdline > arguments; echo said";
    let mut run = home.command(&["keys", "create", "--pipe-to", command, "--output", "json"]);
    let done = Done::of(run.env("LATCHKEY_PROFILE", "local").spawn().unwrap());
    // What the command says is no part of the result.
    assert_eq!((done.code, done.err.as_str()), (0, "said\n"), "{done:?}");
    let made: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&made["delivered_to"], &made["secret_access_key"]), (&"command".into(), &Value::Null));
    let secret = fs::read_to_string(home.path("got")).unwrap();
    assert!(is_secret(secret.trim_end()));
    for file in ["environment", "arguments"] {
        let text = fs::read_to_string(home.path(file)).unwrap();
        assert!(!text.contains(secret.trim_end()) && !text.contains("LATCHKEY"), "{text}");
    }
}

#[test]
fn a_command_that_cannot_run_is_refused_before_a_key_is_made() {
    let home = Home::new();
    for (command, why) in
        [("no-such-program -x", "ommand not found"), ("cat | (", "not valid sh syntax"), ("", "No command was given")]
    {
        let error = home.run(&["keys", "create", "--pipe-to", command]).failed(2);
        assert!(error.contains(why) && error.contains("No key was made"), "{error}");
    }
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn a_command_that_fails_or_does_not_read_leaves_the_secret_in_a_private_file() {
    for (command, why) in [("cat >/dev/null; exit 3", "exit status: 3"), ("true", "without reading")] {
        let home = Home::new();
        let done = home.run(&["keys", "create", "--pipe-to", command, "--output", "json"]);
        assert_eq!(done.code, 8, "{done:?}");
        let error: Value = serde_json::from_str(&done.err).unwrap();
        assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&"undelivered".into(), &8.into()));
        assert!(text(&error["error"]["message"]).contains(why), "{error}");
        let made: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&made["delivered_to"], &made["key"]), (&"rescue_file".into(), &home.keys()[0]));
        assert!(text(&error["error"]["next"]).contains(made["file"].as_str().unwrap()));
        works(&home, &made["key"]["id"]);
    }
}

/// The one secret that was kept is the key's.
fn works(home: &Home, id: &Value) {
    let [secret] = &home.kept()[..] else { panic!("not one secret was kept") };
    assert!(
        home.feed(&["token", id.as_str().unwrap()], &fs::read_to_string(secret).unwrap()).good().starts_with("eyJ")
    );
}

#[test]
fn output_that_fails_leaves_the_secret_in_a_private_file() {
    let home = Home::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let error = Done::of(home.command(&["keys", "create"]).stdout(full).spawn().unwrap()).complaint(8);
    assert!(error.contains("was created") && error.contains("secret-of-") && !error.contains("sk_"), "{error}");
    works(&home, &home.keys()[0]["id"]);
    let home = Home::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let done = Done::of(home.command(&["keys", "create"]).stdout(Stdio::from(writer)).spawn().unwrap());
    assert!(done.complaint(8).contains("Nothing is reading"));
    works(&home, &home.keys()[0]["id"]);
    let home = Home::new();
    let error = Done::of(home.command(&["keys", "create"]).stdout(Stdio::null()).spawn().unwrap()).complaint(2);
    assert!(error.contains("/dev/null") && error.contains("No key was made"), "{error}");
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn a_signal_does_not_part_a_secret_from_its_destination() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let home = Home::new();
        // It never reads: no one opens the other end of the pipe that it waits for.
        let command = "mkfifo wait && echo started >&2 && exec cat wait";
        let mut child = home.command(&["keys", "create", "--pipe-to", command]).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        kill_process(Pid::from_child(&child), signal).unwrap();
        line.clear();
        err.read_line(&mut line).unwrap();
        assert!(line.contains("was created") && line.contains("interrupted"), "{line}");
        assert_eq!(Done::of(child).code, 8);
        works(&home, &home.keys()[0]["id"]);
    }
}

#[test]
fn a_signal_while_the_server_works_waits_for_the_secret() {
    let (home, remote) = (Home::new(), Remote::start(Role::Administrator));
    let (asked, hears) = channel();
    let (go_on, waits) = channel::<()>();
    let url = remote.behind(move |request| {
        if request.starts_with("POST") {
            asked.send(()).unwrap();
            waits.recv().unwrap();
        }
        true
    });
    remember(&home, &url);
    let mut child = home.command(&["keys", "create", "--secret-file", "s", "--url", &url]).spawn().unwrap();
    hears.recv().unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut line = String::new();
    BufReader::with_capacity(1, child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("waiting for the server's answer"), "{line}");
    go_on.send(()).unwrap();
    assert_eq!(Done::of(child).code, 0);
    assert!(is_secret(fs::read_to_string(home.path("s")).unwrap().trim_end()));
}

#[test]
fn without_a_place_to_fall_back_to_no_key_is_made() {
    let home = Home::new();
    let mut run = home.command(&["keys", "create"]);
    let error = Done::of(run.env("XDG_STATE_HOME", "/dev/null/state").spawn().unwrap()).failed(1);
    assert!(error.contains("No key was made"), "{error}");
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn values_that_are_none_are_named() {
    let home = Home::new();
    for (args, why) in [
        (&["--expires", "yesterday"][..], "use 90d"),
        (&["--expires", "2020-01-01"], "in the past"),
        (&["--expires", "0d"], "from 1 to 3650"),
        (&["--expires", "-1d"], "from 1 to 3650"),
        (&["--expires", "2027-02-29"], "that day is not in the calendar; use 90d"),
        (&["--expires", "2999-01-31T18:00"], "needs seconds and a zone"),
        (&["--label", "a\u{7}b"], "control character"),
        (&["--label", &"x".repeat(101)], "at most 100"),
        (&["--label", "sk_abcdefghijklmno"], "looks like a secret"),
        (&["--show", "--secret-file", "s"], "cannot be used with"),
        (&["--secret-file", "s", "--pipe-to", "cat"], "cannot be used with"),
        (&["--secret", "x"], "--secret"),
    ] {
        let error = home.run(&[&["keys", "create"][..], args].concat()).failed(2);
        assert!(error.contains(why) && !error.contains("sk_abc") && !error.contains('\u{7}'), "{error}");
    }
    assert_eq!(home.keys().len(), 0);
}

/// The system ends a program that writes beyond `ulimit -f`, unless that program takes the signal.
#[test]
fn a_limit_of_the_size_of_files_is_an_error_like_a_full_disk() {
    let home = Home::new();
    fs::write(home.path("out"), vec![b'x'; 4000 * 512]).unwrap();
    let script = format!("ulimit -f 4000; exec {} keys create >>out", binary());
    let mut command = std::process::Command::new("sh");
    command.env_clear().envs(environment(home.0.path())).current_dir(home.0.path());
    let output = command.args(["-c", &script]).stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{error}");
    assert_eq!((home.keys().len(), home.kept().len()), (1, 1), "{error}");
}

#[test]
fn into_a_file_descriptor_that_the_shell_has_opened() {
    let home = Home::new();
    let sh = |words: &str| {
        let words = words.replace("LATCHKEY", &format!("{} keys create", binary()));
        let mut command = std::process::Command::new("sh");
        command.env_clear().envs(environment(home.0.path()));
        let output = command.current_dir(home.0.path()).args(["-c", &words]).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said, _) = sh("umask 077; LATCHKEY --secret-fd 3 3>file");
    assert_eq!(code, Some(0));
    assert!(said.contains("given to file descriptor 3") && !said.contains("sk_"), "{said}");
    assert!(is_secret(fs::read_to_string(home.path("file")).unwrap().trim_end()));
    // Through a pipe, and behind what the file has already.
    let (code, said, _) = sh("LATCHKEY --secret-fd 9 --output json 9>&1 >/dev/null | cat");
    assert!(code == Some(0) && is_secret(said.trim_end()), "{said}");
    let (code, ..) = sh("LATCHKEY --secret-fd 3 3>>file");
    assert_eq!((code, fs::read_to_string(home.path("file")).unwrap().lines().count()), (Some(0), 2));
    let keys = home.keys().len();
    for (words, why) in [
        ("LATCHKEY --secret-fd 1", "is standard input, output or error"),
        ("LATCHKEY --secret-fd 7", "is not open for writing"),
        ("LATCHKEY --secret-fd 3 3<file", "is not open for writing"),
        ("LATCHKEY --secret-fd 3 3>/dev/null", "another device"),
        ("LATCHKEY --secret-fd 3 --secret-file s 3>file", "cannot be used with"),
    ] {
        let (code, said, error) = sh(words);
        assert!(code == Some(2) && said.is_empty() && error.contains(why), "{words}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert_eq!(home.keys().len(), keys, "no key was made");
}

#[test]
fn the_newline_is_left_out_where_it_is_asked_for() {
    let home = Home::new();
    home.run(&["keys", "create", "--secret-file", "file", "--no-newline"]).good();
    home.run(&["keys", "create", "--pipe-to", "cat > piped; chmod 600 piped", "--no-newline"]).good();
    for name in ["file", "piped"] {
        assert!(is_secret(&home.read(name)), "{name}");
    }
    assert!(home.run(&["keys", "create", "--no-newline"]).failed(2).contains("--secret-file"));
}

#[test]
fn a_command_makes_files_as_its_user_does() {
    let home = Home::new();
    for (mask, mode) in [("022", 0o644), ("027", 0o640)] {
        let _ = fs::remove_file(home.path("piped"));
        let line = format!("umask {mask}; exec {} keys create --pipe-to 'cat > piped'", binary());
        let mut command = Command::new("sh");
        command.args(["-c", &line]).env_clear().envs(environment(home.0.path())).current_dir(home.0.path());
        assert!(command.output().unwrap().status.success());
        assert_eq!(fs::metadata(home.path("piped")).unwrap().permissions().mode() & 0o777, mode);
        let data = home.path(".local/share/latchkey/keys.db");
        assert_eq!(fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o600, "ours stay private");
    }
}

/// WSL, vfat and CIFS are so: whatever mode is asked for, everybody may read.
#[test]
fn a_file_system_that_keeps_nothing_private_gets_no_secret() {
    let home = Home::new();
    let public = Mounted::new(&home.path("below"), &home.path("public"), &["-p", "0777", "--chmod-ignore"]);
    let error = home.run(&["keys", "create", "--secret-file", "public/secret"]).failed(2);
    assert!(error.contains("keeps no file private") && error.contains("No key was made"), "{error}");
    assert_eq!(home.keys().len(), 0);
    assert_eq!(fs::read_dir(&public.folder).unwrap().count(), 0);
}

#[test]
fn the_settings_say_how_long_keys_last() {
    let home = Home::new();
    home.settings("[profiles.local]\nmax_lifetime = 90\ndefault_lifetime = 30\n");
    let create = |expires: &[&str]| home.run(&[&["keys", "create", "--label", "a"], expires].concat());
    let limit = "at most 90 days from now, on this server";
    assert!(create(&["--expires", "never"]).failed(2).contains(limit));
    assert!(create(&["--expires", "92d"]).failed(2).contains(limit));
    create(&["--expires", "90d"]).good();
    create(&[]).good();
    let keys = home.keys();
    let days = |key: &Value| {
        let end: chrono::DateTime<chrono::Utc> = text(&key["expires_at"]).parse().unwrap();
        (end - chrono::Utc::now() + chrono::TimeDelta::minutes(5)).num_days()
    };
    assert_eq!(keys.iter().map(days).collect::<Vec<_>>(), [30, 90]);
    let id = text(&keys[0]["id"]);
    assert!(home.run(&["keys", "edit", &id, "--expires", "never"]).failed(2).contains(limit));
    home.run(&["keys", "edit", &id, "--label", "b"]).good();
}

#[test]
fn in_the_form_that_its_reader_needs() {
    let home = Home::new();
    let create = |form: &str, name: &str| {
        let path = home.path(name);
        let args = ["keys", "create", "--secret-format", form, "--secret-file", path.to_str().unwrap()];
        home.run(&args).good();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let id = text(&home.keys()[0]["id"]);
        (id, fs::read_to_string(path).unwrap())
    };
    let (id, _) = create("env", "key.env");
    let shell = [
        "-c",
        ". ./key.env; printf '%s' \"$SECRET_ACCESS_KEY\" > from-env; chmod 600 from-env; printf '%s' \"$ACCESS_KEY_ID\"",
    ];
    let read = Command::new("sh").args(shell).current_dir(home.path("")).output().unwrap();
    assert_eq!(String::from_utf8(read.stdout).unwrap(), id);
    assert!(
        home.run(&["token", &id, "--secret-file", home.path("from-env").to_str().unwrap(), "--show"]).good().len() > 99
    );
    let (id, json) = create("json", "key.json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json["access_key_id"] == id.as_str() && is_secret(json["secret_access_key"].as_str().unwrap()));
    let (id, csv) = create("csv", "key.csv");
    assert!(csv.starts_with(&format!("access_key_id,secret_access_key\n{id},sk_")));
    let (id, aws) = create("aws", "key.credentials");
    assert!(aws.starts_with(&format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = sk_")));
    assert!(home.run(&["keys", "create", "--secret-format", "env"]).failed(2).contains("--secret-file"));
}
