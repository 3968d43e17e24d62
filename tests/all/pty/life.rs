//! The program's life in a terminal, from start to quit.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::files;
use crate::support::program::{binary, environment};
use crate::support::terminal::{Terminal, command, count, latchkey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use latchkey::platform::clipboard::report::{CopyReport, What};
use tempfile::TempDir;

pub fn started(home: &Path) -> Terminal {
    let mut terminal = Terminal::start(latchkey(home));
    terminal.sees("No access keys yet");
    terminal
}

#[test]
fn a_key_lives_from_create_to_delete_and_leaves_no_trace_of_its_secret() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let secret = terminal.create_and_show("nightly<Space>backup");
    assert_eq!(secret.len(), 52);
    let id = terminal.word("PK");
    // The bytes of the clipboard write arrive, and the program does not claim more than that.
    terminal.press("c");
    terminal.gets(format!("\x1b]52;c;{}\x07", STANDARD.encode(&secret)).as_bytes());
    terminal.sees("Secret access key sent to your terminal");
    let claim = CopyReport::Held(None).sentence(What::Secret);
    let (claim, _) = claim.split_once('.').unwrap();
    assert!(!terminal.shows(claim), "{}", terminal.text());
    terminal.press("i");
    terminal.gets(format!("\x1b]52;c;{}\x07", STANDARD.encode(&id)).as_bytes());
    terminal.press("s");
    terminal.loses(&secret);
    terminal.goes_to_close();
    terminal.press("<Enter>");
    terminal.sees("[I've saved it]");
    terminal.press("<Tab><Enter>");
    terminal.sees("is ready to use");
    terminal.press("d");
    terminal.sees("Delete access key");
    terminal.press(&id[16..]);
    terminal.press("<Enter>");
    terminal.sees("are now refused");
    terminal.press("q");
    let (status, terminal) = terminal.ends();
    assert!(status.success());
    assert!(!terminal.text().contains("sk_"));
    files::lack(home.path(), &secret);
}

/// Memory of the program that is not swapped out, as the kernel says it: `VmLck`, `proc_pid_status(5)`.
fn locked(terminal: &Terminal) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", terminal.pid())).unwrap();
    status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap().trim().to_owned()
}

#[test]
fn a_secret_stays_out_of_the_swap_area_while_its_dialog_is_open() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    assert_eq!(locked(&terminal), "0 kB");
    terminal.create_and_show("held");
    assert_ne!(locked(&terminal), "0 kB");
    terminal.close();
    assert_eq!(locked(&terminal), "0 kB");
}

#[test]
fn keys_are_there_again_at_the_next_start_and_files_are_private() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    terminal.create_and_show("kept");
    terminal.close();
    let data = home.path().join(".local/share/latchkey");
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", entry.path().display());
    }
    // A second process on the same data, while the first one runs.
    let mut second = Terminal::start(latchkey(home.path()));
    second.sees("kept");
    second.create_and_show("another");
    second.close();
    terminal.press("r");
    terminal.sees("another");
    for terminal in [terminal, second] {
        let mut terminal = terminal;
        terminal.press("q");
        assert!(terminal.ends().0.success());
    }
    assert!(!data.join("api.sock").exists());
    let mut again = Terminal::start(latchkey(home.path()));
    again.sees("kept");
    again.press("<Ctrl-C>");
    assert!(again.ends().0.success());
}

#[test]
fn late_answers_and_pastes_press_nothing() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    terminal.create_and_show("only");
    terminal.close();
    for noise in [
        &b"\x1b[?2026;2$y"[..],
        b"\x1b[?997;1n",
        b"\x1b[>1;4600;0c",
        b"\x1b]52;c;QUJD\x07",
        b"\x1bP>|kitty\x1b\\",
        b"\x1bP>|qdDya\x1b\\",
        b"\x1b]11;rgb:dddd/dddd/dddd\x1b\\",
        b"\x1b[200~d\ny\nq\x1b[201~",
    ] {
        terminal.send(noise);
    }
    terminal.press("?");
    terminal.sees("Help");
    terminal.press("<Esc>");
    terminal.loses("Help");
    terminal.sees("1 key");
    terminal.sees("● active");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

#[test]
fn a_storm_of_resizes_costs_little_and_ends_in_the_right_picture() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let before = terminal.bytes.len();
    for n in 0..100 {
        terminal.resize(24, 60 + n % 20);
    }
    terminal.resize(30, 100);
    terminal.press("?");
    terminal.sees("Help");
    terminal.press("<Esc>");
    terminal.loses("Help");
    let rows: Vec<String> = terminal.text().lines().map(str::to_owned).collect();
    assert_eq!(rows.len(), 30, "{rows:#?}");
    assert!(rows[0].ends_with("(embedded) ") && rows[0].len() > 99, "{rows:#?}");
    assert_eq!(count(&terminal.bytes, b"\x1b[2J"), 0);
    assert!(terminal.bytes.len() - before < 25_000, "{} bytes", terminal.bytes.len() - before);
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

#[test]
fn without_a_controlling_terminal_the_given_one_serves_and_blocks_again_afterwards() {
    let home = TempDir::new().unwrap();
    // As `su -c` starts it. The shell's own read fails if its input is left not blocking.
    let script = format!("setsid --wait {}; echo ended; read word && echo \"read: $word\"", binary());
    let mut terminal = Terminal::start(command("sh", home.path()).args(["-c", &script]));
    terminal.sees("No access keys yet");
    terminal.create_and_show("");
    terminal.close();
    terminal.press("q");
    terminal.sees("ended");
    terminal.press("blocking<Enter>");
    terminal.sees("read: blocking");
    assert!(terminal.ends().0.success());
}

#[test]
fn the_process_hides_its_memory() {
    let home = TempDir::new().unwrap();
    let terminal = started(home.path());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", terminal.pid())).unwrap();
    let core: Vec<&str> = limits.lines().find(|l| l.starts_with("Max core")).unwrap().split_whitespace().collect();
    assert!(["0", "1"].contains(&core[4]) && ["0", "1"].contains(&core[5]), "{core:?}");
    // A program that cannot be dumped belongs to root in /proc, whoever runs it.
    let environ = std::fs::metadata(format!("/proc/{}/environ", terminal.pid())).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&environ), 0);
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let output = std::process::Command::new(binary())
        .stdin(std::process::Stdio::null())
        .env_clear()
        .envs(environment(TempDir::new().unwrap().path()))
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.starts_with("Plain mode: ") && !words.contains('\u{1b}'), "{words}");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named_on_a_restored_terminal() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("file"), "in the way").unwrap();
    let data = home.path().join("file/data");
    let mut terminal = Terminal::start(latchkey(home.path()).args(["--data".as_ref(), data.as_os_str()]));
    terminal.sees("Create a data folder there?");
    terminal.press("yes<Enter>");
    let (status, terminal) = terminal.ends();
    assert!(!status.success());
    assert!(terminal.text().replace('\n', "").contains("file/data"), "{}", terminal.text());
}

#[test]
fn a_folder_that_was_named_is_created_only_after_a_yes() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("typo");
    for plain in [false, true] {
        for answer in ["<Enter>", "no<Enter>"] {
            let mut terminal = Terminal::start(
                latchkey(home.path())
                    .args(["--data", "typo"])
                    .args(plain.then_some("--plain"))
                    .current_dir(home.path()),
            );
            terminal.sees("There are no access keys in typo. Create a data folder there?");
            terminal.press(answer);
            let (status, terminal) = terminal.ends();
            assert!(!status.success(), "{}", terminal.text());
            assert!(!data.exists(), "{answer}");
        }
    }
    // One that may change nothing isn't even asked.
    let mut terminal =
        Terminal::start(latchkey(home.path()).args(["--read-only", "--data", "typo"]).current_dir(home.path()));
    terminal.sees("There are no access keys in typo");
    terminal.press("q");
    terminal.ends();
    assert!(!data.exists());
    let mut terminal = Terminal::start(latchkey(home.path()).args(["--data", "typo"]).current_dir(home.path()));
    terminal.sees("Create a data folder there?");
    terminal.press("yes<Enter>");
    terminal.sees("No access keys yet");
    terminal.press("q");
    assert!(terminal.ends().0.success());
    assert!(data.join("keys.db").exists());
}

#[test]
fn the_question_before_a_new_folder_can_be_left_where_interrupts_are_ignored() {
    let home = TempDir::new().unwrap();
    let script = format!("trap '' INT; exec {} --data typo", binary());
    let mut terminal = Terminal::start(command("sh", home.path()).args(["-c", &script]).current_dir(home.path()));
    terminal.sees("Create a data folder there?");
    terminal.send(b"ye\x03");
    let (status, terminal) = terminal.ends();
    assert_eq!(status.code(), Some(130), "{}", terminal.text());
    assert!(!home.path().join("typo").exists());
}
