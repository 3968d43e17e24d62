//! A question for a secret as one job of a real shell: what is typed is never seen, and the shell's terminal shows again.

use std::path::Path;

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

use super::jobs::{child, job};
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains, count, latchkey};

const ASKS: &str = "Secret access key: ";
const SECRET: &str = "22222222222222222222222222222222";
/// What `hmac` makes of the secret, at its beginning.
const TOKEN: &str = "0c433d7e88edc9a0";

fn hmac() -> String {
    format!("{} hmac --content api-content-hash", binary())
}

/// An interactive dash, which leaves the terminal as a job that stops has left it.
fn job_of_dash(home: &Path, line: &str) -> Terminal {
    let mut terminal = Terminal::start(command("dash", home).env("PS1", "shell> ").arg("-i"));
    terminal.sees("shell> ");
    terminal.send(format!("{line}\n").as_bytes());
    terminal
}

/// Waits until the question was asked so often.
#[track_caller]
fn asks(terminal: &mut Terminal, question: &str, times: usize) {
    terminal.waits_for(question, |terminal| count(&terminal.bytes, question.as_bytes()) == times);
}

/// Waits for the shell's word that the job is still; its terminal shows what is typed, and takes lines.
#[track_caller]
fn stops(terminal: &mut Terminal) {
    terminal.sees("Stopped");
    terminal.send(b"echo modes $(stty -a | grep -owE -- '-?(echo|icanon|isig)')\n");
    terminal.sees("modes isig icanon echo");
}

/// Answers the question, which was asked so often, and sees that it was heard and nothing was shown.
#[track_caller]
fn answers(terminal: &mut Terminal, times: usize) {
    asks(terminal, ASKS, times);
    terminal.send(format!("{SECRET}\n").as_bytes());
    terminal.sees(TOKEN);
    terminal.sees("shell> ");
    assert!(!contains(&terminal.bytes, b"222"), "{}", terminal.text());
}

#[test]
fn a_stop_lifts_the_silence_and_fg_brings_it_back() {
    for start in [job, job_of_dash] {
        for signal in [Some(Signal::TSTP), None] {
            let home = TempDir::new().unwrap();
            let mut terminal = start(home.path(), &hmac());
            for times in 1..=2 {
                asks(&mut terminal, ASKS, times);
                terminal.send(b"2222");
                match signal {
                    Some(signal) => kill_process(child(&terminal), signal).unwrap(),
                    None => terminal.send(b"\x1aecho typed too early\n"),
                }
                terminal.sees("Stopped");
                stops(&mut terminal);
                terminal.send(b"clear; fg\n");
            }
            answers(&mut terminal, 3);
            assert!(!contains(&terminal.bytes, b"typed too early"), "{}", terminal.text());
        }
    }
}

#[test]
fn stopped_by_force_it_is_silent_again_before_anything_is_read() {
    for start in [job, job_of_dash] {
        let home = TempDir::new().unwrap();
        let mut terminal = start(home.path(), &hmac());
        asks(&mut terminal, ASKS, 1);
        kill_process(child(&terminal), Signal::STOP).unwrap();
        terminal.sees("Stopped");
        terminal.send(b"fg\n");
        answers(&mut terminal, 2);
    }
}

#[test]
fn in_the_background_it_waits_and_reads_nothing() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), &format!("{} &", hmac()));
    terminal.send(b"wait\n");
    stops(&mut terminal);
    assert_eq!(count(&terminal.bytes, ASKS.as_bytes()), 0);
    terminal.send(b"clear; fg\n");
    asks(&mut terminal, ASKS, 1);
    terminal.send(b"\x1a");
    stops(&mut terminal);
    terminal.send(b"clear; bg; wait; echo back again\n");
    terminal.gets(b"\nback again");
    terminal.send(b"fg\n");
    answers(&mut terminal, 2);
}

#[test]
fn ended_while_it_stands_still_it_leaves_the_shells_terminal_alone() {
    for (line, question) in [(hmac(), ASKS), (format!("{} --plain", binary()), "Enter to go back): ")] {
        let home = TempDir::new().unwrap();
        let mut terminal = job(home.path(), &line);
        if line.ends_with("plain") {
            terminal.sees("Command (help lists them): ");
            terminal.send(b"tokens PK1\n");
            terminal.sees("Base URL");
            terminal.send(b"\n");
        }
        asks(&mut terminal, question, 1);
        terminal.send(b"\x1a");
        stops(&mut terminal);
        terminal.send(b"P=$(jobs -p); kill %1; while kill -0 $P 2>&-; do :; done; wait $P; echo ended with $?\n");
        terminal.gets(b"\nended with 143");
    }
}

#[test]
fn plain_lines_stop_at_their_hidden_question_and_at_every_other() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), &format!("{} --plain", binary()));
    let (command, question) = ("Command (help lists them): ", "Secret access key (not shown");
    terminal.sees(command);
    terminal.send(b"tokens PK1\n");
    terminal.sees("Base URL");
    terminal.send(b"\n");
    for (times, signal) in [(1, Signal::TSTP), (2, Signal::STOP)] {
        asks(&mut terminal, question, times);
        kill_process(child(&terminal), signal).unwrap();
        stops(&mut terminal);
        terminal.send(b"clear; fg\n");
    }
    asks(&mut terminal, question, 3);
    terminal.send(b"2222\n");
    terminal.sees("4. Close");
    terminal.send(b"4\n");
    asks(&mut terminal, command, 2);
    terminal.send(b"\x1a"); // here the terminal makes a signal of it
    stops(&mut terminal);
    terminal.send(b"fg\n");
    terminal.send(b"quit\n");
    terminal.sees("shell> ");
    assert!(!contains(&terminal.bytes, b"222"), "{}", terminal.text());
}

#[test]
fn passwords_go_the_same_way() {
    let home = TempDir::new().unwrap();
    let mut terminal = job(home.path(), &format!("{} admin add jo", binary()));
    for times in 1..=2 {
        asks(&mut terminal, "New password for jo (12 characters or more): ", times);
        terminal.send(b"222");
        if times == 1 {
            terminal.send(b"\x1a");
            stops(&mut terminal);
            terminal.send(b"fg\n");
        }
    }
    terminal.send(b"\x03");
    terminal.sees("Cancelled");
    assert!(!contains(&terminal.bytes, b"222"), "{}", terminal.text());
}

#[test]
fn where_nobody_could_bring_it_back_it_goes_on() {
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).args(["hmac", "--content", "api-content-hash"]));
    asks(&mut terminal, ASKS, 1);
    terminal.send(b"2222222222222222");
    terminal.signal(Signal::TSTP);
    terminal.send(b"\x1a2222222222222222\n");
    terminal.sees(TOKEN);
    let (status, terminal) = terminal.ends();
    assert!(status.success() && !contains(&terminal.bytes, b"222"));
}
