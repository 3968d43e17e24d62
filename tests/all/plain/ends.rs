//! Every way to leave: Ctrl-C, Ctrl-D, signals, a terminal that is gone.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::secrets::create;
use super::talk::{COMMAND, HEARD, SECRET, Talk};
use crate::support::home::Home;
use crate::support::program::{binary, environment};
use crate::support::wait;

fn at_the_secret(home: &Home) -> Talk {
    let mut talk = Talk::at(home);
    talk.answers(&[(COMMAND, "create")]);
    talk.writes("");
    talk.answers(&[("Enter for never): ", "")]);
    talk.says(SECRET);
    talk
}

#[test]
fn ctrl_c_and_ctrl_d_leave_from_every_question() {
    let home = Home::new();
    let at = |dialog: &[(&str, &str)], last: &str| {
        let mut talk = Talk::at(&home);
        talk.answers(dialog);
        talk.says(last);
        talk
    };
    let label: (&[_], &str) = (&[(COMMAND, "create")], "Label (Enter for none): ");
    let secret: (&[_], &str) = (&[(COMMAND, "tokens PK1"), ("Base URL", "")], "Enter to go back): ");
    for (dialog, last) in [(&[][..], COMMAND), label, secret] {
        for (press, code) in [(b"\x03", 130), (b"\x04", 0)] {
            let mut talk = at(dialog, last);
            talk.send(press);
            let (status, text) = talk.ends();
            assert_eq!(status.code(), Some(code), "{text}");
            assert!(text.ends_with("\r\n"), "the shell's prompt has a line of its own: {text:?}");
        }
    }
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn signals_leave_by_the_same_door() {
    let home = Home::new();
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131), (Signal::INT, 130)] {
        let mut talk = Talk::at(&home);
        talk.answers(&[(COMMAND, "tokens PK1"), ("Base URL", "")]);
        talk.says("Enter to go back): ");
        talk.hides(); // and shows again when it has ended, see there
        talk.signal(signal);
        assert_eq!(talk.ends().0.code(), Some(code));
        assert!(!home.path(".local/share/latchkey/api.sock").exists(), "the server was stopped");
    }
}

#[test]
fn a_secret_that_nobody_has_is_kept() {
    for press in [b"\x03", b"\x04"] {
        let home = Home::new();
        let mut talk = at_the_secret(&home);
        talk.send(press);
        let (status, text) = talk.ends();
        assert_eq!(status.code(), Some(8), "{text}");
        let [kept] = &home.kept()[..] else { panic!("no secret was kept") };
        assert!(
            text.contains(&format!("It is in {} (readable only by you)", kept.display())) && !text.contains("sk_"),
            "{text}"
        );
        assert_eq!(fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(kept).unwrap().starts_with("sk_"));
    }
}

#[test]
fn a_secret_that_could_not_be_kept_is_got_afterwards() {
    let home = Home::new();
    let mut talk = Talk::at(&home);
    let id = create(&mut talk);
    let taken = home.path(&format!(".local/state/latchkey/secret-of-{id}"));
    fs::write(&taken, "").unwrap();
    talk.send(b"\x04");
    let (status, text) = talk.ends();
    assert_eq!(status.code(), Some(8), "{text}");
    assert!(text.contains("can't be written") && text.contains("The command finish gets the secret"), "{text}");
    assert!(!text.contains("lost") && !text.contains("sk_"), "{text}");
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "finish"), (SECRET, "file"), ("New file", "secret"), (SECRET, "close")]);
    talk.answers(&[("is ready to use", HEARD)]);
    talk.quits();
    assert!(home.read("secret").starts_with("sk_"));
}

#[test]
fn a_secret_that_was_delivered_is_not_kept_again() {
    let home = Home::new();
    let mut talk = at_the_secret(&home);
    talk.types("1");
    talk.answers(&[("New file", "secret"), (SECRET, "")]);
    talk.says(SECRET);
    talk.send(b"\x03");
    assert_eq!(talk.ends().0.code(), Some(130));
    assert!(home.kept().is_empty());
}

#[test]
fn a_terminal_that_is_gone_keeps_the_secret() {
    let home = Home::new();
    let mut talk = at_the_secret(&home);
    talk.types("close");
    talk.says("can't be recovered.");
    let status = talk.hangs_up();
    assert_eq!(status.code(), Some(8));
    assert_eq!(home.kept().len(), 1);
}

#[test]
fn an_output_that_takes_nothing_holds_up_no_signal() {
    let home = Home::new();
    let (_reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b' '; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    let mut command = std::process::Command::new(binary());
    let command = command.env_clear().envs(environment(home.0.path())).stdin(Stdio::piped()).stdout(writer);
    let mut child = command.spawn().unwrap();
    wait::until("the server", || home.path(".local/share/latchkey/api.sock").exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
