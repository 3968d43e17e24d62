//! Files to be executed. Other processes write them: while we have a file open for writing, any child that another test
//! starts has it open too until its own program is loaded, and a file that is open for writing cannot be executed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a script.
pub fn script(path: &Path, text: &str) {
    let mut writer = Command::new("sh");
    writer.args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
}

/// Copies a program.
pub fn copy(program: &str, path: &Path) {
    assert!(Command::new("cp").arg(program).arg(path).status().unwrap().success());
}
