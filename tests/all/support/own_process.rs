//! A test that needs a process of its own: this test program, started again for that test alone.

use std::process::Command;

const ALONE: &str = "LATCHKEY_TEST_ALONE";

/// This test program, to run only the test of this path.
pub fn command(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}

/// Runs the body of a test in a process of its own, for it changes what all threads of a process share. `test` is the
/// test's path.
#[track_caller]
pub fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let output = command(test).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
