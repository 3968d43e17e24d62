//! What the doctor tells of the surroundings, in each kind of them.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::support::executable;
use crate::support::home::{Done, Home};
use crate::support::not_tested::not_tested;
use crate::support::program::{binary, environment};
use crate::support::terminal::{Terminal, command, latchkey};

/// The doctor in a terminal of this name, with these variables.
fn in_terminal(home: &Home, term: &str, variables: &[(&str, &str)]) -> String {
    let doctor = latchkey(home.0.path()).arg("doctor").env("TERM", term).envs(variables.iter().copied());
    let (status, terminal) = Terminal::start(doctor).ends();
    assert!(status.success());
    terminal.text()
}

#[test]
fn the_surroundings_are_told() {
    let home = Home::new();
    let plain = in_terminal(&home, "xterm-256color", &[]);
    for words in ["xterm-256color", "80x24, from the terminal", "C.UTF-8, from LANG", "memory protected"] {
        assert!(plain.contains(words), "{words}: {plain}");
    }
    assert!(plain.contains("Connection        local"), "{plain}");
    let user = rustix::process::geteuid().as_raw();
    assert!(plain.contains(&format!("user {user}, ")), "{plain}");
    assert_eq!(plain.contains("This account is root"), user == 0, "{plain}");
    let dumb = in_terminal(&home, "dumb", &[]);
    assert!(dumb.contains("No clipboard available"), "{dumb}");
    let ssh = in_terminal(&home, "xterm", &[("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22"), ("DISPLAY", ":0")]);
    assert!(ssh.contains("SSH, from SSH_CONNECTION"), "{ssh}");
    // Without a terminal.
    let none = home.run(&["doctor"]);
    assert!(none.out.contains("no terminal") && none.out.contains("TERM is not set"), "{}", none.out);
    assert!(!none.out.contains('\u{1b}'));
}

/// The program as a user whom the machine doesn't know, with these variables and no home. `None`: only root can do that.
fn without_home(home: &Home, variables: &[(&str, &str)], args: &[&str]) -> Option<Done> {
    if !rustix::process::geteuid().is_root() {
        not_tested("only root can work as another user");
        return None;
    }
    let program = home.path("latchkey");
    if !program.exists() {
        executable::copy(binary(), &program);
        std::fs::set_permissions(home.path(""), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=54321", "--regid=54321", "--clear-groups"]).arg(program).args(args);
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(variables.iter().copied()).current_dir(home.path(""));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"2222\n");
    Some(Done::of(child))
}

#[test]
fn a_folder_is_needed_only_where_it_is_used() {
    let home = Home::new();
    let (data, own) = (home.path("keys").display().to_string(), home.path("own").display().to_string());
    for args in [
        &["hmac", "--content", "x"][..],
        &["completions", "bash"],
        &["man"],
        &["--data", &data, "keys", "create", "--secret-file", "s"],
        &["--data", &data, "keys", "list"],
        &["--data", &data, "admin", "list"],
    ] {
        let Some(done) = without_home(&home, &[], args) else { return };
        assert_eq!(done.code, 0, "{args:?}: {done:?}");
    }
    let create = ["keys", "create", "--secret-file", "t"];
    assert_eq!(without_home(&home, &[("XDG_DATA_HOME", &own)], &create).unwrap().code, 0);
    for args in [&["keys", "list"][..], &["serve"], &["admin", "list"]] {
        let error = without_home(&home, &[], args).unwrap().failed(2);
        assert!(error.contains("no place for the embedded server's data") && error.contains("--data"), "{error}");
    }
    let remote = ["--url", "http://127.0.0.1:9", "login", "--remember=file"];
    let error = without_home(&home, &[], &remote).unwrap().failed(2);
    assert!(error.contains("no place for sessions") && error.contains("XDG_STATE_HOME"), "{error}");
    let error = without_home(&home, &[], &["--url", "http://127.0.0.1:9", "verify"]).unwrap().failed(6);
    assert!(
        error.contains("Can't reach 127.0.0.1:9: connection refused."),
        "a server elsewhere needs no folder: {error}"
    );
}

#[test]
fn a_relative_home_is_refused() {
    let home = Home::new();
    let run = |args: &[&str]| Done::of(home.command(args).env("HOME", "rel").spawn().unwrap());
    for args in [&["keys", "list"][..], &["--data", "d", "keys", "list"]] {
        let error = run(args).failed(2);
        assert!(error.contains("HOME is not an absolute path"), "{error}");
    }
    assert!(run(&["completions", "bash"]).code == 0 && !home.path("rel").exists());
}

#[test]
fn inside_a_multiplexer_it_is_named() {
    let home = Home::new();
    let socket = home.path("tmux").display().to_string();
    let tmux = |more: &[&str]| command("tmux", home.0.path()).args(["-S", &socket, "-f", "/dev/null"]).args(more);
    let mut terminal = Terminal::start(tmux(&["new", &doctor()]));
    terminal.sees("Hardening");
    let text = terminal.text().replace('\n', "");
    assert!(text.contains("tmux 3") && text.contains("clients attached: 1"), "{text}");
    Command::new("tmux").args(["-S", &socket, "kill-server"]).status().unwrap();
}

/// A shell's words that run the doctor, and leave time to read what it says.
fn doctor() -> String {
    format!("{} doctor; read word", binary())
}

#[test]
fn inside_gnu_screen_it_is_named_with_its_way() {
    let home = Home::new();
    let sockets = home.path("sockets");
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&sockets).unwrap();
    std::fs::write(home.path(".screenrc"), "startup_message off\n").unwrap();
    let screen = command("screen", home.0.path()).env("SCREENDIR", sockets);
    let mut terminal = Terminal::start_at(screen.args(["-U", "sh", "-c", &doctor()]), 50, 160);
    terminal.sees("Hardening");
    let text = terminal.text();
    for words in ["GNU Screen", "160x50, from the terminal", "through GNU screen", "Connection        local"] {
        assert!(text.to_lowercase().contains(&words.to_lowercase()), "{words}: {text}");
    }
    terminal.press("<Enter>");
    terminal.ends();
}

#[test]
fn behind_mosh_the_line_is_named_with_its_way() {
    let home = Home::new();
    let client = crate::support::mosh::client(home.0.path(), &["sh", "-c", &doctor()]);
    let mut terminal = Terminal::start_at(client, 50, 160);
    terminal.sees("Hardening");
    let text = terminal.text();
    for words in ["mosh", "160x50, from the terminal", "clipboard through mosh", "Multiplexer       none"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    terminal.press("<Enter>");
    terminal.ends();
}

/// Under libfaketime too: else `.ci/run` would show nothing of another day.
#[test]
fn a_program_has_the_clock_of_its_test() {
    let home = Home::new();
    let output = Command::new("date").arg("+%s").env_clear().envs(environment(home.0.path())).output().unwrap();
    let now: i64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    assert!((now - chrono::Utc::now().timestamp()).abs() <= 60, "{now}");
}
