//! What the doctor tells of the surroundings, in each kind of them.

use std::process::Command;

use crate::support::home::Home;
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
