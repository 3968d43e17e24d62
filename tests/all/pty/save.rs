//! A secret that leaves without passing the terminal: into a new file, a descriptor, or a command.

use std::fs;

use tempfile::TempDir;

use super::life::started;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains, count};

/// A new key's dialog, with the step open.
fn saving(home: &TempDir) -> Terminal {
    let mut terminal = started(home.path());
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    terminal.press("w");
    terminal.sees("Save the secret");
    terminal
}

/// Types another file's name.
fn name_file(terminal: &mut Terminal, name: &str) {
    terminal.press("<Ctrl-U>");
    terminal.paste(name);
    terminal.press("<Enter>");
}

/// Goes to the command's field, and types one.
fn run(terminal: &mut Terminal, command: &str) {
    terminal.press("<Tab><Tab>");
    terminal.paste(command);
    terminal.press("<Enter>");
}

#[test]
fn what_exists_is_not_overwritten_and_links_are_not_followed() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("mine"), "precious").unwrap();
    std::os::unix::fs::symlink(home.path().join("target"), home.path().join("link")).unwrap();
    let mut terminal = saving(&home);
    name_file(&mut terminal, "~/mine");
    terminal.sees("already exists and will not be overwritten.");
    name_file(&mut terminal, "~/link");
    terminal.sees("link already exists");
    name_file(&mut terminal, "~/nowhere/file");
    terminal.sees("can't be created: No such file or directory");
    assert_eq!(fs::read_to_string(home.path().join("mine")).unwrap(), "precious");
    assert!(!home.path().join("target").exists());
    terminal.press("<Esc>");
    terminal.sees("[Show key]");
    terminal.press("<BackTab><Enter>"); // Close
    terminal.sees("shown, copied or saved the secret");
}

#[test]
fn a_descriptor_that_the_shell_opened_gets_it() {
    let home = TempDir::new().unwrap();
    let line = format!("exec {} 3>got 4<got", binary());
    let mut terminal = Terminal::start(command("sh", home.path()).current_dir(home.path()).args(["-c", &line]));
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    terminal.press("w");
    terminal.sees("/dev/fd/3");
    // Not for writing; the terminal itself; and the program's own, which are closed on exec.
    name_file(&mut terminal, "/dev/fd/4");
    terminal.sees("descriptor 4 is not open for writing. ");
    name_file(&mut terminal, "/dev/fd/1");
    terminal.sees("descriptor 1 is standard input, output or error");
    name_file(&mut terminal, "/dev/fd/5");
    terminal.sees("descriptor 5 is not open for writing");
    assert_eq!(fs::read_to_string(home.path().join("got")).unwrap(), "");
    name_file(&mut terminal, "/dev/fd/3");
    terminal.sees("Written to file descriptor 3.");
    let got = fs::read_to_string(home.path().join("got")).unwrap();
    assert!(got.starts_with("sk_") && got.len() == 53 && got.ends_with('\n'));
    assert!(!contains(&terminal.bytes, got.trim_end().as_bytes()));
    terminal.press("<Enter>"); // on Close
    terminal.sees("is ready to use");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

#[test]
fn a_command_gets_it_on_its_standard_input_and_touches_no_terminal() {
    let home = TempDir::new().unwrap();
    let mut terminal = saving(&home);
    let got = home.path().join("got");
    let folder = home.path().display();
    run(
        &mut terminal,
        &format!(
            "cd {folder}; cat >got; tr '\\0' '\\n' </proc/$$/environ >environ; tr '\\0' ' ' </proc/$$/cmdline >args; \
             echo SPILL >/dev/tty; printf '\\033]0;evil\\007done\\n'; test ! -t 1"
        ),
    );
    terminal.sees("The command finished successfully.");
    // What it says passes the gate for foreign text.
    terminal.sees("^[]0;evil^Gdone");
    assert_eq!(count(&terminal.bytes, b"\x1b]0;"), 0);
    let secret = fs::read_to_string(&got).unwrap();
    let secret = secret.strip_suffix('\n').unwrap();
    assert!(secret.starts_with("sk_") && secret.len() == 52);
    for file in ["environ", "args"] {
        let text = fs::read_to_string(home.path().join(file)).unwrap();
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!contains(&terminal.bytes, b"SPILL\r\n") && !contains(&terminal.bytes, secret.as_bytes()));
    terminal.press("<Enter>");
    terminal.sees("is ready to use");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

#[test]
fn a_failing_command_leaves_the_secret_in_the_dialog() {
    let home = TempDir::new().unwrap();
    let mut terminal = saving(&home);
    run(&mut terminal, "cat >/dev/null; echo no such store >&2; exit 3");
    terminal.sees("The command failed (exit status: 3). The secret is still in this dialog. Output: no such store");
    terminal.press("<Ctrl-U>");
    terminal.paste("true");
    terminal.press("<Enter>");
    terminal.sees("The command ended without reading all of its input.");
    terminal.press("<Ctrl-U>");
    terminal.paste("no-such-program");
    terminal.press("<Enter>");
    terminal.sees("Command not found: no-such-program.");
    // What repeats the secret is not shown.
    terminal.press("<Ctrl-U>");
    terminal.paste("tee /dev/stderr");
    terminal.press("<Enter>");
    terminal.sees("Its output contains the secret, so it isn't shown.");
    terminal.press("<Enter>");
    terminal.sees("The copy could not be confirmed.");
    assert!(!contains(&terminal.bytes, b"sk_"));
}

#[test]
fn a_command_that_waits_for_ever_is_stopped_by_escape_or_a_quit() {
    let home = TempDir::new().unwrap();
    let mut terminal = saving(&home);
    run(&mut terminal, "cat >/dev/null; tail -f /dev/null");
    terminal.sees("[Esc to stop]");
    terminal.press("<Esc>");
    terminal.sees("The command was interrupted. The secret is still in this dialog.");
    terminal.press("<Enter>");
    terminal.sees("[Esc to stop]");
    terminal.press("<Ctrl-C>");
    terminal.sees("The command was interrupted. The secret is still in this dialog.");
    terminal.press("<Esc>");
    terminal.sees("[Show key]");
    terminal.press("s");
    terminal.sees("hidden in");
}
