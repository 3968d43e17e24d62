//! Questions on a real terminal: masked, confirmed, and offered again.

use std::io::{Read as _, Write as _};
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use rustix::process::Signal;
use serde_json::json;

use super::remote;
use crate::support::home::Home;
use crate::support::program::binary;
use crate::support::raw;
use crate::support::terminal::{Terminal, command, contains, latchkey};
use crate::support::wait::PATIENCE;

fn start(home: &Home, args: &[&str]) -> Terminal {
    Terminal::start(latchkey(home.0.path()).current_dir(home.0.path()).args(args))
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap()
}

#[test]
fn a_secret_is_asked_for_without_echo() {
    let home = Home::new();
    let mut terminal = start(&home, &["hmac", "--content", "api-content-hash"]);
    terminal.sees("Secret access key: ");
    terminal.press("22222222222222222222222222222222<Enter>");
    terminal.sees("0c433d7e88edc9a0");
    let (status, terminal) = terminal.ends();
    assert_eq!(code(status), 0);
    assert!(!contains(&terminal.bytes, b"222222"));
    let mut terminal = start(&home, &["verify"]);
    terminal.sees("Access token: ");
    terminal.press("<Ctrl-C>");
    assert_eq!(code(terminal.ends().0), 130);
}

#[test]
fn what_leaked_is_in_a_file_and_the_question_is_on_the_terminal() {
    let home = Home::new();
    let (_, secret) = home.create("nightly");
    home.file("line.txt", &secret);
    let script = format!("exec {} keys identify --deactivate < line.txt", binary());
    let shell = command("sh", home.0.path());
    let mut terminal = Terminal::start(shell.current_dir(home.0.path()).args(["-c", &script]));
    terminal.sees("now? (yes or no");
    terminal.press("yes<Enter>");
    terminal.sees("Deactivated “nightly”");
    assert_eq!(code(terminal.ends().0), 0);
    assert_eq!(home.keys()[0]["status"], "inactive");
}

#[test]
fn the_doctor_asks_for_what_it_needs() {
    let home = Home::new();
    home.create("another");
    let mut terminal = start(&home, &["doctor", &"1".repeat(32)]);
    terminal.sees("Secret access key (Enter for none): ");
    terminal.press(&format!("{}<Enter>", "2".repeat(32)));
    terminal.sees("HMAC token (Enter for none): ");
    terminal.press("a0a8208b4ca8ca4a7b8f1b7d50c2f2f0a0a8208b4ca8ca4a7b8f1b7d50c2f2f0<Enter>");
    terminal.sees("Content that was hashed (Enter for api-content-hash): ");
    terminal.press("<Enter>");
    terminal.sees("match this secret and content");
    let (status, terminal) = terminal.ends();
    assert_eq!(code(status), 7);
    assert!(!contains(&terminal.bytes, b"222222") && !contains(&terminal.bytes, b"a0a8208b"));
    let mut terminal = start(&home, &["doctor", "PK1"]);
    terminal.sees("(Enter for none): ");
    terminal.press("<Enter>");
    terminal.sees("not tried");
    assert_eq!(code(terminal.ends().0), 7);
}

#[test]
fn an_access_token_is_proved_and_not_shown() {
    let home = Home::new();
    let (id, secret) = home.create("");
    let file = home.file("secret", &secret);
    let mut terminal = start(&home, &["token", &id, "--secret-file", &file]);
    terminal.sees("accepted by the server");
    let (status, terminal) = terminal.ends();
    assert_eq!(code(status), 0);
    assert!(!contains(&terminal.bytes, b"eyJ"));
    let mut terminal = start(&home, &["token", &id, "--secret-file", &file, "--show"]);
    terminal.sees("eyJ");
    assert_eq!(code(terminal.ends().0), 0);
}

#[test]
fn a_delete_takes_the_end_of_the_id() {
    let home = Home::new();
    let ids: Vec<String> = ["first", "second", "third"].iter().map(|label| home.create(label).0).collect();
    let mut terminal = start(&home, &["keys", "delete", &ids[0]]);
    terminal.sees(&format!("first, {}, active, last used never", ids[0]));
    terminal.sees("To confirm, type");
    terminal.press(&format!("{}<Enter>", &ids[0][16..]));
    terminal.sees("deleted");
    assert_eq!(code(terminal.ends().0), 0);
    assert_eq!(home.keys().len(), 2);
    for no in ["<Enter>", "y<Enter>", "\u{4}"] {
        let mut terminal = start(&home, &["keys", "delete", &ids[1]]);
        terminal.sees("To confirm, type");
        terminal.press(no);
        terminal.sees("not confirmed");
        assert_eq!(code(terminal.ends().0), 130);
    }
    assert_eq!(home.keys().len(), 2);
    // Said beforehand, nothing is asked.
    assert_eq!(code(start(&home, &["keys", "delete", "--yes", &ids[1]]).ends().0), 0);
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn a_production_profile_asks_for_its_name_too() {
    let home = Home::new();
    let (id, _) = home.create("");
    std::fs::create_dir_all(home.path(".config/latchkey")).unwrap();
    let data = home.path(".local/share/latchkey");
    let settings = format!("[profiles.live]\ndata = \"{}\"\nproduction = true\n", data.display());
    home.file(".config/latchkey/config.toml", &settings);
    let mut terminal = start(&home, &["keys", "delete", &id, "--profile", "live"]);
    terminal.sees("Type its name");
    terminal.press("local<Enter>");
    terminal.sees("Nothing was deleted");
    assert_eq!(code(terminal.ends().0), 130);
    let mut terminal = start(&home, &["keys", "delete", &id, "--profile", "live"]);
    terminal.sees("Type its name");
    terminal.press("live<Enter>");
    terminal.sees("To confirm, type");
    terminal.press(&format!("{}<Enter>", &id[16..]));
    terminal.sees("deleted");
    assert_eq!(code(terminal.ends().0), 0);
    assert_eq!(home.keys().len(), 0);
}

#[test]
fn a_secret_is_shown_on_a_terminal_only_if_asked() {
    let home = Home::new();
    let mut terminal = start(&home, &["keys", "create"]);
    terminal.sees("No key was made");
    assert_eq!(code(terminal.ends().0), 2);
    assert_eq!(home.keys().len(), 0);
    let mut terminal = start(&home, &["keys", "create", "--show"]);
    terminal.sees("Secret access key  sk_");
    assert_eq!(code(terminal.ends().0), 0);
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn a_failing_command_offers_the_secret_again() {
    let home = Home::new();
    let mut terminal = start(&home, &["keys", "create", "--pipe-to", "test -e ready && cat > got"]);
    terminal.sees("Your choice (1 to 5, Enter lists them): ");
    terminal.sees("the command failed");
    terminal.press("c<Enter>");
    terminal.sees("Command (Enter to go back): ");
    terminal.press("no-such-program<Enter>");
    terminal.sees("command not found");
    home.file("ready", "");
    terminal.press("r<Enter>");
    terminal.sees("given to the command");
    let (status, terminal) = terminal.ends();
    assert_eq!(code(status), 0);
    assert!(!contains(&terminal.bytes, b"sk_"));
    let secret = std::fs::read_to_string(home.path("got")).unwrap();
    let id = crate::support::home::text(&home.keys()[0]["id"]);
    assert!(home.feed(&["token", &id], &secret).good().starts_with("eyJ"));
    assert!(home.kept().is_empty());
}

#[test]
fn the_other_ways_out_of_a_failing_command() {
    for (choice, gives) in [("f<Enter>", 0), ("s<Enter>", 0), ("k<Enter>", 8), ("<Ctrl-C>", 8)] {
        let home = Home::new();
        let mut terminal = start(&home, &["keys", "create", "--pipe-to", "false"]);
        terminal.sees("Your choice (1 to 5, Enter lists them): ");
        terminal.press(choice);
        if choice.starts_with('f') {
            terminal.sees("New file (Enter to go back): ");
            terminal.press("new<Enter>");
        }
        if choice.starts_with('s') {
            terminal.sees("Show it? (yes or no, Enter for no): ");
            assert!(!contains(&terminal.bytes, b"sk_"), "it is shown after a question alone");
            terminal.press("y<Enter>");
            terminal.sees("Type y when you have it: ");
            terminal.sees("sk_");
            terminal.press("y<Enter>");
        }
        let (status, terminal) = terminal.ends();
        assert_eq!(code(status), gives, "{choice}: {}", terminal.text());
        let kept = home.kept().len();
        assert_eq!(kept, usize::from(gives == 8), "{choice}");
        assert_eq!(home.path("new").exists(), choice.starts_with('f'));
    }
}

#[test]
fn a_list_fits_the_terminal() {
    let home = Home::new();
    home.create(&"a long label ".repeat(7));
    let mut terminal = start(&home, &["keys", "list"]);
    terminal.sees("…");
    let (_, terminal) = terminal.ends();
    let text = terminal.text();
    assert!(text.contains("STATUS") && text.contains("LAST USED") && !text.contains("CREATED "), "{text}");
    assert_eq!(text.trim_end().lines().count(), 2, "{text}");
}

#[test]
fn a_signal_while_a_secret_is_typed_leaves_the_terminal_as_it_was() {
    let home = Home::new();
    let (id, _) = home.create("");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let mut terminal = start(&home, &["token", &id]);
        terminal.sees("Secret access key");
        terminal.send(b"half");
        terminal.signal(signal);
        // `ends` fails if the terminal is not as it was.
        let (status, terminal) = terminal.ends();
        assert_eq!(code(status), 128 + signal.as_raw());
        assert!(!contains(&terminal.bytes, b"half"));
    }
    // Here signals are delayed until a secret is safe: there is none yet.
    let mut terminal = start(
        &home,
        &["keys", "create", "--secret-file", "s", "--url", &remote::always("404 Not Found", "application/json", "{}")],
    );
    terminal.sees("User name");
    terminal.press("jo<Enter>");
    terminal.sees("Password of jo");
    terminal.signal(Signal::TERM);
    assert_eq!(code(terminal.ends().0), 128 + Signal::TERM.as_raw());
}

/// A server that holds its answer to one call until it is told to go on. Gives its settings' home, what it is asked, and the
/// word to go on.
fn holding(held: &'static str) -> (Home, Receiver<String>, Sender<()>) {
    let ((tell, asked), (go_on, told)) = (channel(), channel::<()>());
    let (tell, told) = (Mutex::new(tell), Mutex::new(told));
    let port = raw::serve(move |call| {
        let call = format!("{} {}", call.method, call.path.split('?').next().unwrap());
        tell.lock().unwrap().send(call.clone()).unwrap();
        if call == held {
            let _ = told.lock().unwrap().recv();
        }
        match call.as_str() {
            "POST /api/v2/auth/session" => raw::signed_in("jo", "administrator"),
            "DELETE /api/v2/auth/session" => raw::raw("204 No Content", &[], ""),
            _ => raw::json(200, &json!({ "keys": [], "total": 0, "version": "1" })),
        }
    });
    let home = Home::new();
    let server = format!("base_url = \"http://127.0.0.1:{port}\"\nusername = \"jo\"");
    home.settings(&format!("default_profile = \"far\"\n[profiles.far]\n{server}\n"));
    (home, asked, go_on)
}

#[test]
fn no_session_is_left_open_by_an_interrupt() {
    let (sign_in, sign_out) = ("POST /api/v2/auth/session", "DELETE /api/v2/auth/session");
    for (args, held) in [
        (&["keys", "list"][..], "GET /api/v2/keys"),
        (&["keys", "list"], sign_in),
        (&["keys", "create", "--secret-file", "s"], sign_in),
        (&["keys", "create", "--secret-file", "s"], "GET /api/v2/keys"), // which expiry a key gets
        (&["login"], sign_in),
        (&["--plain"], sign_in),
        (&[], sign_in),
    ] {
        let (home, asked, go_on) = holding(held);
        let mut terminal = start(&home, args);
        if args == ["--plain"] {
            terminal.press("list<Enter>");
        }
        terminal.sees("Password");
        terminal.press("x<Enter>");
        while asked.recv_timeout(PATIENCE).unwrap() != held {}
        terminal.press("<Ctrl-C>");
        if held == sign_in {
            go_on.send(()).unwrap(); // an answer that nobody waits for any more
        }
        while asked.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{args:?} left a session")) != sign_out {}
        let (status, _) = terminal.ends();
        assert!(held == sign_in || code(status) == 130, "{status}");
    }
}

#[test]
fn a_signal_after_the_question_still_ends_the_program() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut terminal = start(&home, &["login", "--username", "jo", "--url", &url]);
    let (mut found, _) = listener.accept().unwrap();
    assert!(found.read(&mut [0; 4096]).unwrap() > 0);
    found.write_all(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").unwrap();
    drop(found);
    terminal.sees("Password of jo");
    terminal.press("x<Enter>");
    let _server_that_says_nothing = listener.accept().unwrap();
    terminal.signal(Signal::TERM);
    assert_eq!(code(terminal.ends().0), 128 + Signal::TERM.as_raw());
}
