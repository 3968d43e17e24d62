//! The commands of the guide, run as they are printed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::home::Home;
use crate::support::program::{binary, environment};

fn read(document: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap()
}

/// The shell blocks of a document.
fn commands(document: &str) -> String {
    let text = read(document);
    text.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

#[test]
fn commands_work_as_printed() {
    let home = Home::new();
    let script = format!("{}{}", commands("assets/guide/keys.md"), commands("assets/guide/scripts.md"));
    let bin = Path::new(binary()).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).env_clear().envs(environment(home.0.path())).env("PATH", path);
    let output = bash.env("TZ", "UTC").current_dir(home.0.path()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("HTTP/1.1 204"), "{said}");
    for name in ["secret", "nightly.secret", "ci.secret", "expect.secret"] {
        assert!(fs::read_to_string(home.path(name)).unwrap().starts_with("sk_"), "{name}");
    }
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let help = Home::new().run(&["--help"]).good();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let rows = codes.lines().map(|line| line.trim().split_once("  ").unwrap());
    let rows: Vec<String> = rows.map(|(code, words)| format!("| {code} | {words} |\n")).collect();
    assert!(rows.len() > 5 && read("assets/guide/scripts.md").contains(&rows.concat()), "{rows:?}");
}
