//! Behind pipes: commands from standard input, one after another.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use latchkey::domain::key::fields;

use crate::support::home::Home;
use crate::support::program::{binary, environment};

fn feed(home: &Home, input: &str) -> Output {
    let mut command = Command::new(binary());
    command.env_clear().envs(environment(home.0.path())).env("TERM", "xterm");
    command.env("LANG", "C.UTF-8").current_dir(home.0.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What leaves the texts of a key but its label as they are.
fn no_other_texts() -> String {
    "\n".repeat(fields::written().count() - 1)
}

fn text(output: &Output) -> &str {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert!(output.stderr.is_empty() && !text.contains('\u{1b}'), "{output:?}");
    text
}

#[test]
fn a_story_is_told_from_a_pipe() {
    let home = Home::new();
    let output =
        feed(&home, &format!("create\nfrom a pipe\n{}90d\nfile\nsecret\nclose\nlist\nquit\nlist\n", no_other_texts()));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0));
    assert!(said.starts_with("Plain mode: standard output is not a terminal.\nProfile: local."), "{said}");
    assert!(said.contains("\n1. from a pipe, PK") && said.matches("Keys 1 to").count() == 1, "{said}");
    assert!(
        said.contains("Label (Enter for none): \n"),
        "an answer that nobody shows ends the line all the same: {said}"
    );
    assert!(home.read("secret").starts_with("sk_") && !said.contains("sk_"), "{said}");
}

#[test]
fn an_input_that_ends_early_loses_no_secret_and_tells_none() {
    for input in ["", "show\n", "close\n"] {
        let home = Home::new();
        let output = feed(&home, &format!("create\nx\n{}\n{input}", no_other_texts()));
        assert_eq!(output.status.code(), Some(8));
        assert!(!text(&output).contains("sk_"), "{input}");
        assert!(fs::read_to_string(&home.kept()[0]).unwrap().starts_with("sk_"));
    }
    for (input, code) in [("", 0), ("\n\n", 0), ("bla", 1), ("create\n", 130), ("create\nx\n", 130), ("tokens", 130)] {
        let home = Home::new();
        let output = feed(&home, input);
        assert_eq!(output.status.code(), Some(code), "{input}");
        assert_eq!(text(&output).contains("before the command was complete"), code == 130, "{input}");
        assert!(text(&output).ends_with('\n') && home.keys().is_empty(), "{input}");
    }
}

#[test]
fn a_secret_from_a_pipe_is_not_repeated() {
    let home = Home::new();
    let output = feed(&home, &format!("create\none\n{}\n1\nsecret\n6\n", no_other_texts()));
    assert_eq!(output.status.code(), Some(0));
    let secret = home.read("secret");
    let output = feed(&home, &format!("list\ntokens 1\n\n{secret}2\n\n1\ntoken\n4\n4\n{secret}delete 1\nno\n"));
    let said = text(&output);
    assert!(said.contains("The server accepts the token") && said.contains("Unknown command"), "{said}");
    assert!(!said.contains("sk_") && !said.contains("eyJ"), "{said}");
    assert!(home.read("token").starts_with("eyJ"));
    assert_eq!(output.status.code(), Some(1), "something did not work");
}

#[test]
fn lines_of_any_bytes_and_lengths_do_no_harm() {
    let home = Home::new();
    let mut input = b"\x1b]52;c;UFdO\x07\nfilter \xff\xfe\x1b[2J\n".to_vec();
    input.extend(std::iter::repeat_n(b'a', 200_000));
    input.extend_from_slice(b"\nlist\r\nshow\n");
    let file = home.path("input");
    fs::write(&file, input).unwrap();
    let mut command = Command::new(binary());
    let output = command
        .env_clear()
        .envs(environment(home.0.path()))
        .env("LANG", "C.UTF-8")
        .stdin(fs::File::open(file).unwrap())
        .output()
        .unwrap();
    let said = text(&output);
    assert!(said.contains("That was not UTF-8 text.") && !said.contains('\u{fffd}'), "{said}");
    assert!(said.contains("That line was longer than 64 KiB."), "{said}");
}

#[test]
fn plain_is_about_the_page_and_not_about_commands() {
    let home = Home::new();
    assert!(home.run(&["--plain", "keys", "list"]).failed(2).contains("omit --plain"));
    assert!(home.run(&["--help"]).good().contains("LATCHKEY_PLAIN=1"));
}
