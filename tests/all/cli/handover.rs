//! Handing the secret of a new key over to someone else, and receiving it: with the program and with curl.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use latchkey::server::Role;
use serde_json::{Value, json};

use super::remote::{Remote, always, remember};
use crate::support::home::{Done, Home, text};
use crate::support::terminal::{Terminal, contains, latchkey};

/// An administrator's home, someone else's home, and the server.
fn people(server: &Remote) -> (Home, Home) {
    let home = Home::new();
    remember(&home, &server.url);
    (home, Home::new())
}

/// Creates a key and hands its secret over: what is said of it.
fn hand_over(home: &Home, url: &str, more: &[&str]) -> Value {
    let args = ["keys", "create", "--label", "nightly", "--url", url, "--hand-over", "--output", "json"];
    home.run(&[&args[..], more].concat()).json()
}

/// The kinds of the events of keys, the newest first.
fn events(home: &Home, url: &str) -> Vec<String> {
    let lines = home.run(&["events", "--url", url, "--output", "json"]).good();
    let kind = |line: &str| text(&serde_json::from_str::<Value>(line).unwrap()["kind"]);
    lines.lines().map(kind).filter(|kind| kind.starts_with("hand")).collect()
}

/// What is due, of which there must be something.
fn due(home: &Home, url: &str) -> String {
    let done = home.run(&["due", "--url", url]);
    assert_eq!((done.code, done.err.as_str()), (11, ""), "{done:?}");
    done.out
}

fn curl(command: &str, input: &str) -> Done {
    let mut child = Command::new("sh");
    child.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Done::of(child)
}

#[test]
fn a_secret_is_received_once_and_whoever_comes_second_is_an_event() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let made = hand_over(&home, &server.url, &[]);
    let (id, code) = (text(&made["key"]["id"]), text(&made["handover"]["code"]));
    assert_eq!(made["handover"]["pin"], Value::Null);
    assert_eq!(text(&made["handover"]["receive"]), format!("latchkey receive --url {} --secret-file FILE", server.url));
    let receive = ["receive", "--url", &server.url];
    // A destination that can't be comes before the code.
    other.file("taken", "");
    let refused = other.feed(&[&receive[..], &["--secret-file", "taken"]].concat(), &code);
    assert!(refused.complaint(2).contains("Nothing was opened."));
    let done = other.feed(&[&receive[..], &["--secret-file", "secret"]].concat(), &code.to_lowercase());
    assert!(done.good().contains(&id));
    let token = other.run(&["token", &id, "--secret-file", "secret", "--url", &server.url]).good();
    assert!(token.starts_with("eyJ"));
    let all = ["handover_confirmed", "handover_opened", "handed_over"];
    assert_eq!(events(&home, &server.url), all);
    // Whoever has received it is no alarm.
    let own = other.feed(&receive, &code).complaint(7);
    let file = other.path("secret").display().to_string();
    assert!(own.contains(&format!("You have received this secret already: that of {id}, in {file}, at 20")), "{own}");
    assert!(own.contains("ask for another key"), "{own}");
    assert_eq!(events(&home, &server.url), all);
    let second = Home::new().feed(&receive, &code);
    assert!(second.complaint(7).contains("Someone else has opened this secret before"));
    assert_eq!(events(&home, &server.url)[0], "handover_opened_again");
    let told = home.run(&["keys", "show", &id, "--events", "--url", &server.url]).good();
    assert!(told.contains("handover opened again") && told.contains("local"), "{told}");
    assert!(other.feed(&receive, &"0".repeat(30)).complaint(4).contains("No secret waits under this code."));
    assert!(other.feed(&receive, "sk_nothing").complaint(2).contains("A code has 30 letters and digits"));
}

#[test]
fn the_new_secret_of_a_rotation_is_handed_over() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let old = text(&hand_over(&home, &server.url, &[])["key"]["id"]);
    let rotate = |options: &[&str]| home.run(&[&["keys", "rotate", "--url", &server.url], options].concat());
    let made = rotate(&[&old, "--hand-over", "--pin", "--ttl", "30m", "--output", "json"]).json();
    let new = text(&made["key"]["id"]);
    assert_eq!(made["key"]["replaces"], json!(old));
    let ends = home.run(&["keys", "show", &old, "--url", &server.url, "--output", "json"]).json();
    assert_eq!(made["old_key_ends_at"], ends["expires_at"]);
    let given = format!("{}\n{}", text(&made["handover"]["code"]), text(&made["handover"]["pin"]));
    other.feed(&["receive", "--url", &server.url, "--secret-file", "secret"], &given).good();
    let works = other.run(&["token", &new, "--secret-file", "secret", "--url", &server.url]);
    assert!(works.good().starts_with("eyJ"));
    // For people, the end of the old key is told too.
    let third = text(&hand_over(&home, &server.url, &[])["key"]["id"]);
    let told = rotate(&[&third, "--hand-over"]);
    assert!(told.err.contains(&format!("The old key {third} works until ")), "{told:?}");
    assert!(told.out.contains("latchkey receive --url "), "{told:?}");
    let many = rotate(&["--search", "nightly", "--hand-over", "--yes"]).complaint(2);
    assert!(many.contains("--hand-over takes one access key ID") && many.contains("No key was rotated."), "{many}");
    rotate(&[&new, "--finish", "--hand-over"]).complaint(2);
}

#[test]
fn hand_overs_are_listed_taken_back_and_acknowledged() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let run = |words: &[&str]| home.run(&[&["hand-overs", "--url", &server.url], words].concat());
    let listed = || run(&["list", "--output", "json"]).json();
    assert_eq!(listed(), json!([]));
    let [first, second] = [&["--pin"][..], &[]].map(|more| hand_over(&home, &server.url, more));
    let ids = [&first, &second].map(|made| text(&made["handover"]["id"]));
    let all = listed();
    assert_eq!((&all[0]["id"], &all[1]["id"]), (&json!(ids[1]), &json!(ids[0])), "the latest first");
    assert_eq!((&all[0]["label"], &all[0]["state"]), (&json!("nightly"), &json!("waiting")));
    assert_eq!(
        (&all[0]["has_pin"], &all[1]["has_pin"], &all[0]["created_by"]),
        (&json!(false), &json!(true), &json!("jo"))
    );
    assert_eq!((&all[0]["key_id"], &all[0]["until"]), (&second["key"]["id"], &second["handover"]["until"]));
    let table = run(&["list"]).good();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ID ") && lines[0].contains("OPENED AGAIN AT") && lines.len() == 3, "{table}");
    assert!(lines[1].starts_with(&format!("{}  nightly  waiting  {}  20", ids[1], text(&all[0]["key_id"]))), "{table}");
    let rows = run(&["list", "--output", "csv"]).good();
    assert!(rows.starts_with("id,key_id,label,state,has_pin,created_by,") && rows.lines().count() == 3, "{rows}");

    let [code, last] = [&first, &second].map(|made| text(&made["handover"]["code"]));
    assert!(run(&["take-back", &ids[0]]).good().contains("Taken back: the code no longer works."));
    let gone = other.feed(&["receive", "--url", &server.url], &format!("{code}\n{}", text(&first["handover"]["pin"])));
    assert!(gone.complaint(7).contains("The administrator has taken this secret back."));
    assert!(run(&["list"]).good().contains(&format!("{}  nightly  taken back  ", ids[0])));
    other.feed(&["receive", "--url", &server.url], &last).good();
    let refused = run(&["take-back", &ids[1], "h9"]).failed(5);
    assert!(refused.contains(&format!("{}: It was opened already, or has ended.", ids[1])), "{refused}");
    assert!(refused.contains("h9: There is no such hand-over."), "{refused}");
    Home::new().feed(&["receive", "--url", &server.url], &last).complaint(7);
    assert!(listed()[0]["opened_again_at"].is_string());
    assert!(run(&["list"]).good().contains(&format!("{}  nightly  opened again  ", ids[1])));
    assert!(run(&["acknowledge", &ids[1]]).good().contains("Acknowledged."));
    assert_eq!((&listed()[0]["opened_again_at"], &listed()[1]["state"]), (&Value::Null, &json!("taken_back")));
    assert_eq!(events(&home, &server.url)[0], "handover_acknowledged");
}

#[test]
fn options_of_a_hand_over_need_one() {
    let home = Home::new();
    let (old, _) = home.create("old");
    for command in [&["create"][..], &["rotate", &old]] {
        for option in [&["--pin"][..], &["--ttl", "30m"]] {
            for way in [&[][..], &["--show"], &["--secret-file", "secret"], &["--pipe-to", "cat"]] {
                home.run(&[&["keys"], command, option, way].concat()).complaint(2);
            }
        }
    }
    assert_eq!(home.keys().len(), 1);
    assert!(!home.path("secret").exists());
}

#[test]
fn nothing_is_made_where_nobody_else_could_receive_it() {
    let home = Home::new();
    let (old, _) = home.create("old");
    for command in [&["create", "--hand-over"][..], &["rotate", &old, "--hand-over", "--pin"]] {
        let refused = home.run(&[&["keys"], command].concat()).complaint(2);
        assert!(refused.contains("Other people can't reach the embedded server."), "{refused}");
        assert!(refused.contains("latchkey serve") && refused.contains("No key was made."), "{refused}");
    }
    assert_eq!(home.keys().len(), 1);
}

#[test]
fn a_lost_answer_loses_nothing_and_a_secret_that_did_not_arrive_is_not_confirmed() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let made = hand_over(&home, &server.url, &[]);
    let code = text(&made["handover"]["code"]);
    // The answers to all tries of the first run are lost on the way.
    let opens = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&opens);
    let lossy = server.behind(move |request| {
        !request.starts_with("POST /api/v2/handovers/open") || heard.fetch_add(1, Ordering::Relaxed) >= 4
    });
    let lost = other.feed(&["receive", "--url", &lossy, "--secret-file", "secret"], &code);
    assert!(lost.complaint(6).contains("Run it again with the same code"));
    assert_eq!(opens.load(Ordering::Relaxed), 4);
    assert!(!other.path("secret").exists());
    let failed = other.feed(&["receive", "--url", &lossy, "--pipe-to", "cat > elsewhere; false"], &code);
    assert!(failed.complaint(8).contains("The secret is not lost: run it again with the same code"));
    assert_eq!(events(&home, &server.url), ["handover_opened", "handed_over"], "opened once, by one and the same");
    let notes = other.path(".local/state/latchkey/receiving");
    assert_eq!(std::fs::read_dir(&notes).unwrap().count(), 1);
    assert_eq!(other.feed(&["receive", "--url", &lossy, "--pipe-to", "umask 077; cat > secret"], &code).code, 0);
    assert_eq!(std::fs::read_dir(&notes).unwrap().count(), 1, "it was received, and where it went");
    let id = text(&made["key"]["id"]);
    assert_eq!(other.run(&["token", &id, "--secret-file", "secret", "--url", &server.url]).code, 0);
    assert_eq!(events(&home, &server.url)[0], "handover_confirmed");
}

#[test]
fn what_could_not_be_opened_again_is_not_opened() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let code = text(&hand_over(&home, &server.url, &[])["handover"]["code"]);
    let receive = ["receive", "--url", &server.url, "--secret-file", "secret"];
    // A file where the folder should be.
    std::fs::create_dir_all(other.path(".local/state/latchkey")).unwrap();
    let in_the_way = other.file(".local/state/latchkey/receiving", "");
    let said = other.feed(&receive, &code).complaint(1);
    assert!(said.contains("receiving cannot be written to: "), "{said}");
    assert!(said.contains("Nothing was opened. It is where") && said.contains("set XDG_STATE_HOME"), "{said}");
    // No home at all.
    let mut command = other.command(&receive);
    command.env("HOME", "relative").env("XDG_CONFIG_HOME", other.path(".config"));
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    assert!(Done::of(child).complaint(2).contains("no place for sessions and unfinished work"));
    assert!(!other.path("secret").exists());
    assert_eq!(events(&home, &server.url), ["handed_over"]);
    std::fs::remove_file(in_the_way).unwrap();
    assert_eq!(other.feed(&receive, &code).code, 0);
    assert_eq!(events(&home, &server.url), ["handover_confirmed", "handover_opened", "handed_over"]);
}

#[test]
fn curl_gets_a_secret_with_the_code_on_its_standard_input() {
    let server = Remote::start(Role::Superuser);
    let (home, _) = people(&server);
    for pin in [false, true] {
        let made = hand_over(&home, &server.url, if pin { &["--pin", "--ttl", "30m"] } else { &[] });
        let (code, command) = (text(&made["handover"]["code"]), text(&made["handover"]["curl"]));
        assert!(!command.contains(&code) && command.contains("curl "), "{command}");
        let input = match made["handover"]["pin"].as_str() {
            Some(pin) => format!("code={code}&pin={pin}\n"),
            None => format!("{code}\n"),
        };
        assert_eq!(pin, made["handover"]["pin"].is_string());
        // In one shell: the answer is lost, the same line gets it again, and then it is confirmed.
        home.file("typed", &input);
        home.file("code", &format!("{code}\n"));
        let confirm = text(&made["handover"]["curl_confirm"]);
        let (typed, code_file) = (home.path("typed").display().to_string(), home.path("code").display().to_string());
        let lines =
            format!("{command} <{typed} >/dev/null\n{command} <{typed} && {confirm} <{code_file} && echo confirmed");
        let said = curl(&lines, "").good();
        let secret = said.strip_suffix("confirmed\n").unwrap();
        home.file("secret", secret);
        assert_eq!(events(&home, &server.url)[..2], ["handover_confirmed", "handover_opened"]);
        // Another shell has another opener.
        let second = curl(&command, &input);
        assert!(
            second.code == 22 && second.out.starts_with("Someone else has opened this secret before"),
            "{second:?}"
        );
        assert_eq!(events(&home, &server.url)[0], "handover_opened_again");
        let id = text(&made["key"]["id"]);
        assert!(home.run(&["token", &id, "--secret-file", "secret", "--url", &server.url]).good().starts_with("eyJ"));
        std::fs::remove_file(home.path("secret")).unwrap();
        // What isn't the secret is said in words, and is a failure.
        let wrong = curl(&command, &input.replace(&code, "0"));
        assert!(wrong.code == 22 && wrong.out == "code: must have 30 letters and digits, without U\n", "{wrong:?}");
    }
    let table = home.run(&["keys", "create", "--url", &server.url, "--hand-over", "--pin"]).good();
    for words in ["Code", "PIN", "Opens until", "To receive", "Or with curl", "code=CODE&pin=PIN", "handovers/confirm"]
    {
        assert!(table.contains(words), "{table}");
    }
    assert!(!table.contains("sk_"), "{table}");
}

#[test]
fn a_call_without_an_opener_gets_a_secret_once() {
    let server = Remote::start(Role::Superuser);
    let (home, _) = people(&server);
    let made = hand_over(&home, &server.url, &[]);
    let code = text(&made["handover"]["code"]);
    let command =
        format!("curl -sS --fail-with-body -H 'Accept: text/plain' -d code@- {}/api/v2/handovers/open", server.url);
    let command = command.replace("-d code", "--data-urlencode code");
    assert!(curl(&command, &code).good().starts_with("sk_"));
    let second = curl(&command, &code);
    assert!(second.code == 22 && second.out.contains("is then sent only once"), "{second:?}");
    assert_eq!(events(&home, &server.url), ["handover_opened_again", "handover_opened", "handed_over"]);
    let due = due(&home, &server.url);
    let id = text(&made["key"]["id"]);
    assert!(due.contains(&format!("Someone tried to open the secret of “nightly” ({id}) again, at 20")), "{due}");
}

#[test]
fn whoever_confirms_after_wrong_pins_is_not_held_up() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let receive = ["receive", "--url", &server.url, "--secret-file", "secret"];
    for _ in 0..2 {
        let made = hand_over(&home, &server.url, &["--pin"]);
        let (code, pin) = (text(&made["handover"]["code"]), text(&made["handover"]["pin"]));
        let wrong = if pin == "000000" { "111111" } else { "000000" };
        for _ in 0..4 {
            other.feed(&receive, &format!("{code}\n{wrong}")).complaint(7);
        }
        let done = other.feed(&receive, &format!("{code}\n{pin}"));
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        std::fs::remove_file(other.path("secret")).unwrap();
        assert_eq!(events(&home, &server.url)[..2], ["handover_confirmed", "handover_opened"]);
    }
}

#[test]
fn a_secret_that_nobody_received_is_told() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let made = hand_over(&home, &server.url, &["--pin"]);
    let (id, code) = (text(&made["key"]["id"]), text(&made["handover"]["code"]));
    let wrong = if made["handover"]["pin"] == "000000" { "111111" } else { "000000" };
    for tries in 1..=5 {
        let done = other.feed(&["receive", "--url", &server.url], &format!("{code}\n{wrong}"));
        let said = done.complaint(7);
        assert_eq!(said.contains("the secret is deleted"), tries == 5, "{said}");
    }
    let list = home.run(&["hand-overs", "list", "--url", &server.url]).good();
    assert!(list.contains("  nightly  tried too often  "), "{list}");
    let words = format!("5 wrong PINs or codes were given for the secret of “nightly” ({id}), the last at 20");
    let due = due(&home, &server.url);
    assert!(due.contains(&words) && due.contains(". It is deleted and was never received: "), "{due}");
    let json = home.run(&["due", "--url", &server.url, "--output", "json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json[0]["reason"], &json[0]["id"]), (&json!("handover_tried_too_often"), &json!(id)));
    let handover = text(&made["handover"]["id"]);
    home.run(&["hand-overs", "acknowledge", &handover, "--url", &server.url]).good();
    assert_eq!(home.run(&["due", "--url", &server.url]).good(), "");
    let told = home.run(&["keys", "show", &id, "--events", "--url", &server.url]).good();
    assert!(told.contains("handover tried too often") && told.contains("ended after 5 wrong PINs or codes"), "{told}");
}

#[test]
fn a_code_that_could_not_be_printed_opens_nothing() {
    let server = Remote::start(Role::Superuser);
    let (home, _) = people(&server);
    let mut create = home.command(&["keys", "create", "--label", "lost", "--url", &server.url, "--hand-over"]);
    create.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let done = Done::of(create.spawn().unwrap());
    let said = done.complaint(8);
    assert!(said.contains("The hand-over was taken back: its code opens nothing."), "{said}");
    assert!(said.contains("It is in ") && said.contains("secret-of-"), "{said}");
    let all = home.run(&["hand-overs", "list", "--url", &server.url, "--output", "json"]).json();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["state"]), (1, &json!("taken_back")));
}

#[test]
fn code_and_pin_are_asked_for_without_echo() {
    let server = Remote::start(Role::Superuser);
    let (home, other) = people(&server);
    let made = hand_over(&home, &server.url, &["--pin"]);
    let (code, pin) = (text(&made["handover"]["code"]), text(&made["handover"]["pin"]));
    let wrong = if pin == "000000" { "111111" } else { "000000" };
    let receive = ["receive", "--url", &server.url, "--secret-file", "secret"];
    let command = latchkey(other.0.path()).current_dir(other.0.path()).args(receive);
    let mut terminal = Terminal::start(command);
    terminal.sees("Code: ");
    terminal.press("mistyped<Enter>");
    terminal.sees("A code has 30 letters and digits");
    terminal.press(&format!("{code}<Enter>"));
    terminal.sees("PIN: ");
    terminal.press(&format!("{wrong}<Enter>"));
    terminal.sees("tries left: 4");
    terminal.press(&format!("{pin}<Enter>"));
    terminal.sees("Secret access key");
    let (status, terminal) = terminal.ends();
    assert_eq!(status.code(), Some(0));
    assert!(!contains(&terminal.bytes, &code.as_bytes()[..5]) && !contains(&terminal.bytes, pin.as_bytes()));
    let id = text(&made["key"]["id"]);
    assert_eq!(other.run(&["token", &id, "--secret-file", "secret", "--url", &server.url]).code, 0);
    // By script, in two lines.
    let made = hand_over(&home, &server.url, &["--pin"]);
    let both = format!("{}\n{}\n", text(&made["handover"]["code"]), text(&made["handover"]["pin"]));
    assert!(Home::new().feed(&["receive", "--url", &server.url], &both).good().starts_with("sk_"));
    // Without the second line, and without a terminal to ask on.
    let made = hand_over(&home, &server.url, &["--pin"]);
    let code = other.file("code", &text(&made["handover"]["code"]));
    let mut detached = std::process::Command::new("setsid");
    let program = other.command(&["receive", "--url", &server.url]);
    detached.arg("--wait").arg(program.get_program()).args(program.get_args()).env_clear();
    detached.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    detached.stdin(std::fs::File::open(code).unwrap()).current_dir(other.0.path());
    let done = Done::of(detached.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert!(done.complaint(2).contains("Give the PIN in the second line of standard input."));
    // Nor is the embedded server asked.
    let nowhere = other.feed(&["receive"], &"0".repeat(30)).complaint(2);
    assert!(nowhere.contains("latchkey receive --url") && !nowhere.contains("keys create"), "{nowhere}");
}

#[test]
fn an_older_server_makes_no_key_and_a_server_that_fails_leaves_the_secret_in_a_private_file() {
    let home = Home::new();
    let body = r#"{"success":false,"message":"This path was not found","code":0,"status":404}"#;
    let older = always("404 Not Found", "application/json", body);
    remember(&home, &older);
    let refused = home.run(&["keys", "create", "--url", &older, "--hand-over"]);
    assert!(refused.complaint(2).contains("can't hand over secrets: it is older than this latchkey. No key was made."));
    assert!(home.feed(&["receive", "--url", &older], &"0".repeat(30)).complaint(2).contains("it is older"));

    let server = Remote::start(Role::Superuser);
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let lossy = server.behind(move |request| {
        let is_it = request.starts_with("POST /api/v2/handovers");
        *count.lock().unwrap() += u32::from(is_it);
        !is_it
    });
    remember(&home, &lossy);
    let kept = home.run(&["keys", "create", "--url", &lossy, "--hand-over"]);
    let said = kept.complaint(8);
    assert!(said.contains("It is in ") && said.contains("The hand-over was taken back"), "{said}");
    assert_eq!(*asked.lock().unwrap(), 1);
    let refused = home.run(&["keys", "create", "--hand-over", "--ttl", "8d"]);
    assert!(refused.complaint(2).contains("use a time from 1m to 7d"));
}
