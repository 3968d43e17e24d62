//! Help, manual and completions.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::home::Home;
use crate::support::program::{binary, environment};

const COMMANDS: [&[&str]; 14] = [
    &["keys"],
    &["keys", "list"],
    &["keys", "show"],
    &["keys", "create"],
    &["keys", "edit"],
    &["keys", "activate"],
    &["keys", "deactivate"],
    &["keys", "delete"],
    &["hmac"],
    &["token"],
    &["verify"],
    &["doctor"],
    &["completions"],
    &["man"],
];

#[test]
fn every_command_has_a_help_that_names_its_options() {
    let home = Home::new();
    let words: [&[&str]; 14] = [
        &["list", "show", "create", "edit", "activate", "deactivate", "delete"],
        &["--search", "--status", "--sort", "--order", "--limit"],
        &["<ID>", "--events"],
        &["--label", "--expires", "--show", "--secret-file", "--pipe-to"],
        &["<ID>...", "--search <QUERY>", "--dry-run", "--label", "--expires"],
        &["<ID>...", "--search <QUERY>", "--skip-unusual"],
        &["<ID>...", "--yes"],
        &["<ID>...", "--yes", "--ignore-missing", "standard input"],
        &["--secret-file", "--content", "--curl"],
        &["<ID>", "--secret-file", "--content", "--show"],
        &["--token-file"],
        &["[ID]", "--secret-file", "--content", "--hmac-file"],
        &["bash", "zsh", "fish"],
        &["--dir"],
    ];
    for (command, words) in COMMANDS.iter().zip(words) {
        let help = home.run(&[command, &["--help"][..]].concat()).good();
        assert!(help.contains(&format!("Usage: latchkey {}", command.join(" "))), "{help}");
        for word in words.iter().chain(&["--output", "--profile", "json"]) {
            assert!(help.contains(word), "{command:?} says nothing of {word}:\n{help}");
        }
        assert!(!help.contains('\u{1b}') && help.lines().all(|line| line.len() <= 100), "{help}");
    }
    // A help needs no server, and leaves nothing behind.
    assert!(!home.path(".local/share").exists());
}

#[test]
fn exit_codes_are_in_help_and_manual() {
    let home = Home::new();
    let help = home.run(&["--help"]).good();
    let manual = home.run(&["man"]).good();
    for line in ["not signed in, or not allowed", "no such key", "could not be delivered", "cancelled"] {
        assert!(help.contains(line) && manual.contains(line), "{line}");
    }
    assert!(manual.starts_with(".ie") && manual.contains(".SH \"EXIT STATUS\"") && manual.contains("delivered_to"));
    home.run(&["man", "--dir", "pages"]).good();
    for command in COMMANDS {
        let page = std::fs::read_to_string(home.path(&format!("pages/latchkey-{}.1", command.join("-")))).unwrap();
        assert!(page.contains(".SH NAME"), "{command:?}");
    }
    assert_eq!(std::fs::read_to_string(home.path("pages/latchkey.1")).unwrap(), manual);
    // The pages are for everybody whom the user lets read new files.
    let line = format!("umask 022; exec {} man --dir share/man1", binary());
    let mut command = Command::new("sh");
    command.args(["-c", &line]).env_clear().envs(environment(home.0.path())).current_dir(home.0.path());
    assert!(command.output().unwrap().status.success());
    for (path, mode) in [
        ("share", 0o755),
        ("share/man1", 0o755),
        ("share/man1/latchkey.1", 0o644),
        ("share/man1/latchkey-keys.1", 0o644),
    ] {
        assert_eq!(std::fs::metadata(home.path(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[test]
fn completions_are_for_the_shell_that_was_named() {
    let home = Home::new();
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef latchkey"), ("fish", "complete -c latchkey")] {
        let script = home.run(&["completions", shell]).good();
        assert!(script.contains(mark) && script.contains("secret-file"), "{shell}");
    }
    assert!(home.run(&["completions", "sh"]).failed(2).contains("bash"));
}
