//! What the doctor tells of the surroundings, in six of them (rule K8).

use std::process::Command;

use crate::stage::Home;
use crate::terminal::{Terminal, command, latchkey};

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
    for words in ["xterm-256color", "80x24, as the terminal says", "C.UTF-8, by LANG", "memory hidden"] {
        assert!(plain.contains(words), "{words}: {plain}");
    }
    assert!(plain.contains("this computer's own"), "{plain}");
    let dumb = in_terminal(&home, "dumb", &[]);
    assert!(dumb.contains("No clipboard can be reached"), "{dumb}");
    let ssh = in_terminal(&home, "xterm", &[("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22"), ("DISPLAY", ":0")]);
    assert!(ssh.contains("over SSH, by SSH_CONNECTION"), "{ssh}");
    // Without a terminal.
    let none = home.run(&["doctor"]);
    assert!(none.out.contains("no terminal") && none.out.contains("TERM is not set"), "{}", none.out);
    assert!(!none.out.contains('\u{1b}'));
}

#[test]
fn inside_a_multiplexer_it_is_named() {
    let home = Home::new();
    let socket = home.path("tmux").display().to_string();
    let program = crate::terminal::binary();
    let tmux = |more: &[&str]| command("tmux", home.0.path()).args(["-S", &socket, "-f", "/dev/null"]).args(more);
    let mut terminal = Terminal::start(tmux(&["new", &format!("{program} doctor; read word")]));
    terminal.sees("Hardening");
    let text = terminal.text().replace('\n', "");
    assert!(text.contains("tmux 3") && text.contains("clients attached: 1"), "{text}");
    Command::new("tmux").args(["-S", &socket, "kill-server"]).status().unwrap();
    // GNU screen's variables are enough to know it by.
    let screen = home.command(&["doctor"]).env("STY", "1.pts-0.host").output().unwrap();
    let text = String::from_utf8(screen.stdout).unwrap();
    assert!(text.to_lowercase().contains("screen"), "{text}");
}
