//! Core dumps, and what other programs of this machine may see.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::executable;
use crate::support::memory::may_look;
use crate::support::not_tested::not_tested;
use crate::support::program::{binary, environment};
use crate::support::terminal::{Terminal, command, latchkey};

const PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// Another core pattern, until dropped.
struct Pattern(String);

impl Pattern {
    fn set(pattern: &str) -> Self {
        let before = std::fs::read_to_string(PATTERN).unwrap();
        std::fs::write(PATTERN, pattern).unwrap();
        Self(before)
    }
}

impl Drop for Pattern {
    fn drop(&mut self) {
        std::fs::write(PATTERN, &self.0).unwrap();
    }
}

/// Whether a file comes about within a moment.
fn comes(path: &Path, moment: Duration) -> bool {
    let until = Instant::now() + moment;
    while Instant::now() < until {
        if path.exists() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn a_crash_gives_no_core_to_anybody() {
    if !may_look() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let handler = folder.path().join("handler");
    executable::script(&handler, "#!/bin/sh\ncat >/dev/null\n: >\"${0%/*}/core.$1\"\n");
    let _pattern = Pattern::set(&format!("|{} %p", handler.display()));
    let core_of = |process: u32| folder.path().join(format!("core.{process}"));
    // A program that hides nothing, to see that the handler is run at all here.
    let mut crash = Command::new("sh");
    let crash = crash.args(["-c", "ulimit -c unlimited; kill -ABRT $$"]).stderr(Stdio::null()).spawn();
    let mut crash = crash.unwrap();
    assert!(!crash.wait().unwrap().success());
    if !comes(&core_of(crash.id()), Duration::from_secs(5)) {
        return not_tested("this kernel runs no core handler for the programs of this sandbox");
    }
    for limit in ["0", "unlimited"] {
        let home = TempDir::new().unwrap();
        let program = binary();
        let mut page =
            Terminal::start(command("sh", home.path()).args(["-c", &format!("ulimit -c {limit}; exec {program}")]));
        page.sees("No access keys yet");
        page.create_and_show("crash");
        page.signal(Signal::ABORT);
        page.waits_for_end();
        assert!(
            !comes(&core_of(page.pid()), Duration::from_secs(1)),
            "the handler was given a core with ulimit -c {limit}"
        );
    }
}

#[test]
fn another_program_of_the_same_user_sees_neither_environment_nor_memory() {
    if !may_look() {
        return;
    }
    // As no one, in a folder of no one's.
    let home = TempDir::new().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let program = home.path().join("latchkey");
    executable::copy(binary(), &program);
    let as_nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    // 64 KiB that may be locked and a core of any size: it starts, and asks for neither.
    let start = format!("ulimit -l 0; ulimit -c unlimited; exec {}", program.display());
    let mut page = Terminal::start(command("setpriv", home.path()).args(as_nobody).args(["sh", "-c", &start]));
    page.sees("No access keys yet");
    page.create_and_show("nobody");
    for file in ["environ", "mem", "maps"] {
        let look = format!("cat /proc/{}/{file} | head -c 1", page.pid());
        let looked = Command::new("setpriv").args(as_nobody).args(["sh", "-c", &look]).output().unwrap();
        let words = String::from_utf8_lossy(&looked.stderr);
        assert!(looked.stdout.is_empty() && words.contains("denied"), "{file}: {words}");
    }
    page.close();
    page.press("q");
    assert!(page.ends().0.success());
}

#[test]
fn no_secret_stands_in_arguments_or_in_any_environment() {
    let home = TempDir::new().unwrap();
    let mut page = Terminal::start(latchkey(home.path()));
    page.sees("No access keys yet");
    let secret = page.create_and_show("seen");
    let status = std::fs::read_to_string(format!("/proc/{}/cmdline", page.pid())).unwrap();
    assert!(!status.contains(&secret[3..]));
    page.close();
    page.press("q");
    assert!(page.ends().0.success());
    // The child that takes a secret has it on its standard input, and nowhere else.
    let seen = home.path().join("seen");
    let child = format!("sh -c 'env >{0}; tr \\\\0 \" \" </proc/$$/cmdline >>{0}; cat >{0}.in'", seen.display());
    let made = Command::new(binary())
        .env_clear()
        .envs(environment(home.path()))
        .args(["keys", "create", "--pipe-to", &child])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let secret = std::fs::read_to_string(home.path().join("seen.in")).unwrap();
    assert!(secret.starts_with("sk_"), "{secret}");
    let seen = std::fs::read_to_string(&seen).unwrap();
    assert!(seen.contains("HOME=") && !seen.contains(secret.trim()), "{seen}");
    // What is given in the wrong place is not repeated.
    for args in [&["--token", secret.trim()][..], &["token", "PK7QW3N5ZJ0V4T8M2XHC", "--secret", secret.trim()]] {
        let refused = Command::new(binary()).env_clear().envs(environment(home.path())).args(args).output().unwrap();
        assert_eq!(refused.status.code(), Some(2));
        let words = [refused.stdout, refused.stderr].concat();
        assert!(!String::from_utf8(words).unwrap().contains(&secret.trim()[3..]));
    }
}
