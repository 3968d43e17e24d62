//! Replacing a key in the real screen: the secret goes to a file, and the old key ends when nothing uses it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::support::terminal::{Terminal, latchkey};

#[test]
fn a_key_is_rotated_into_a_file_and_the_rotation_is_finished() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("new.secret");
    let mut screen = Terminal::start(latchkey(home.path()));
    screen.sees("No access keys yet");
    screen.create_and_show("story");
    let old = screen.word("PK");
    screen.close();
    // A destination that is of no use is found before anything is made.
    screen.press("R");
    screen.sees("Rotate key: story");
    screen.press("<Tab>f<Ctrl-U>");
    screen.paste("/no/such/folder/secret");
    screen.press("<Enter>");
    screen.sees("No key was made.");
    screen.press("<Ctrl-U>");
    screen.paste(file.to_str().unwrap());
    screen.press("<Enter>");
    screen.sees(&format!("Replaces {old}: story"));
    screen.sees("(readable only by you)");
    let secret = fs::read_to_string(&file).unwrap();
    assert!(secret.starts_with("sk_") && secret.ends_with('\n'));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!screen.text().contains(secret.trim()));
    screen.press("<Enter>");
    screen.sees("active new");
    screen.sees("active old");
    screen.press("R");
    screen.sees("Rotation: story");
    screen.sees("safe to finish");
    screen.press("f");
    screen.sees("Finish anyway?");
    screen.press("<Tab><Enter>");
    screen.sees(&format!("Rotation finished: {old} has expired."));
    screen.press("q");
    assert!(screen.ends().0.success());
}
