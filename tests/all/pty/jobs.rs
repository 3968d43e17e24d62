//! Job control: the program as one job of a real shell.

use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::life::started;
use crate::support::not_tested::not_tested;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, count};

const ENTER: &[u8] = b"\x1b[?1049h";

/// An interactive bash, and the program as its job.
pub fn job(home: &Path, line: &str) -> Terminal {
    let shell = command("bash", home).env("PS1", "shell> ").args(["--norc", "--noprofile", "--noediting", "-i"]);
    let mut terminal = Terminal::start(shell);
    terminal.sees("shell> ");
    terminal.send(format!("{line}\n").as_bytes());
    terminal
}

/// The pid of the shell's child.
pub fn child(terminal: &Terminal) -> Pid {
    let pid = terminal.pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap()
}

/// Waits for the shell's word that the job is still, and asks the shell something, to see that it has the terminal.
#[track_caller]
fn stops(terminal: &mut Terminal, secret: &str) {
    terminal.sees("Stopped");
    assert!(!terminal.is_alternate(), "the alternate screen is left on");
    assert!(!terminal.text().contains(secret), "{}", terminal.text());
    terminal.send(b"echo its mode is $(stty -a | grep -o -- '-*icanon')\n");
    terminal.sees("its mode is icanon");
}

/// Leaves the program by its own door, and then the shell.
#[track_caller]
fn leaves(mut terminal: Terminal) {
    terminal.press("q");
    terminal.sees("shell> ");
    terminal.send(b"exit\n");
    assert!(terminal.ends().0.success());
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_everything_back_but_the_secret() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), binary());
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("kept");
    terminal.press("<Ctrl-Z>");
    stops(&mut terminal, &secret);
    terminal.resize(30, 100);
    terminal.send(b"fg\n");
    terminal.sees("Access key created");
    terminal.sees("show/hide key");
    assert!(terminal.is_alternate() && !terminal.text().contains(&secret), "{}", terminal.text());
    let footer = terminal.text().lines().nth(29).map(str::to_owned);
    assert!(footer.is_some_and(|row| row.contains("show/hide key")), "{}", terminal.text());
    terminal.press("s");
    terminal.sees(&secret);
    terminal.press("s");
    terminal.close();
    leaves(terminal);
}

#[test]
fn the_systems_own_stop_signal_does_the_same_in_a_form() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), binary());
    terminal.sees("No access keys yet");
    terminal.press("chalf");
    terminal.sees("half");
    kill_process(child(&terminal), Signal::TSTP).unwrap();
    stops(&mut terminal, "half");
    terminal.send(b"fg\n");
    terminal.sees("half");
    terminal.press("done<Enter>");
    terminal.sees("Access key created");
    terminal.press("s");
    terminal.sees("hidden in");
    terminal.close();
    terminal.sees("halfdone");
    leaves(terminal);
}

#[test]
fn a_script_that_waits_for_the_program_stops_with_it() {
    let home = TempDir::new().unwrap();
    let script = home.path().join("script");
    std::fs::write(&script, format!("{}\necho the script ends\n", binary())).unwrap();
    let mut terminal = job(home.path(), &format!("sh {}", script.display()));
    terminal.sees("No access keys yet");
    terminal.press("<Ctrl-Z>");
    stops(&mut terminal, "no secret");
    terminal.send(b"fg\n");
    terminal.sees("No access keys yet");
    terminal.press("q");
    terminal.sees("the script ends");
}

#[test]
fn in_the_background_it_stops_before_it_writes() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), &format!("{} &", binary()));
    terminal.send(b"wait; jobs\n");
    terminal.sees("Stopped");
    assert_eq!(count(&terminal.bytes, ENTER), 0);
    terminal.send(b"fg\n");
    terminal.sees("No access keys yet");
    terminal.press("<Ctrl-Z>");
    stops(&mut terminal, "no secret");
    let entered = count(&terminal.bytes, ENTER);
    terminal.send(b"clear; bg; wait; jobs\n");
    terminal.sees("Stopped");
    assert_eq!(count(&terminal.bytes, ENTER), entered, "it drew over the shell");
    terminal.send(b"fg\n");
    terminal.sees("No access keys yet");
    terminal.press("q");
    terminal.sees("shell> ");
}

#[test]
fn ended_while_it_stands_still_it_leaves_the_shells_screen_alone() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), binary());
    terminal.sees("No access keys yet");
    terminal.press("<Ctrl-Z>");
    stops(&mut terminal, "no secret");
    let before = terminal.bytes.len();
    terminal.send(b"P=$(jobs -p); kill %1; while kill -0 $P 2>&-; do :; done; wait $P; echo ended with $?\n");
    terminal.sees("ended with 143");
    assert_eq!(count(&terminal.bytes[before..], b"\x1b[?1049"), 0);
    assert!(!home.path().join(".local/share/latchkey/api.sock").exists());
}

#[test]
fn stopped_by_force_it_draws_everything_again_and_hides_the_secret() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), binary());
    terminal.sees("No access keys yet");
    let secret = terminal.create_and_show("");
    kill_process(child(&terminal), Signal::STOP).unwrap();
    terminal.sees("Stopped"); // it could not leave: this is written into its screen
    terminal.send(b"fg\n");
    terminal.loses("Stopped");
    terminal.sees("Show key");
    assert!(!terminal.text().contains(&secret), "{}", terminal.text());
    terminal.close();
    leaves(terminal);
}

#[test]
fn without_a_shell_it_says_so_and_goes_on() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    for stop in [true, false] {
        let secret = terminal.create_and_show("");
        if stop {
            terminal.press("<Ctrl-Z>");
        } else {
            terminal.signal(Signal::TSTP);
        }
        terminal.loses(&secret);
        terminal.close();
    }
    terminal.press("<Ctrl-Z>");
    terminal.sees("Can't suspend: no job-control shell.");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

/// What the processes above belong to is out of our sight there: getpgid(2) and getsid(2) answer 0.
#[test]
fn in_a_pid_namespace_of_its_own_it_looks_no_further_and_goes_on() {
    let home = TempDir::new().unwrap();
    let unshare = ["--user", "--map-current-user", "--pid", "--fork", "--mount-proc"];
    if !Command::new("unshare").args(unshare).arg("true").status().unwrap().success() {
        return not_tested("this sandbox allows no namespaces in it");
    }
    let script = format!("{}; exit", binary());
    let mut terminal = Terminal::start(command("unshare", home.path()).args(unshare).args(["sh", "-c", &script]));
    terminal.sees("No access keys yet");
    terminal.press("<Ctrl-Z>");
    terminal.sees("Can't suspend: no job-control shell.");
    terminal.press("q");
    assert!(terminal.ends().0.success());

    let shell = ["bash", "--norc", "--noprofile", "--noediting", "-i"];
    let shell = command("unshare", home.path()).env("PS1", "shell> ").args(unshare).args(shell);
    let mut terminal = Terminal::start(shell);
    terminal.sees("shell> ");
    terminal.send(format!("{}\n", binary()).as_bytes());
    terminal.sees("No access keys yet");
    terminal.press("<Ctrl-Z>");
    stops(&mut terminal, "no secret");
    terminal.send(b"fg\n");
    terminal.sees("No access keys yet");
    leaves(terminal);
}
