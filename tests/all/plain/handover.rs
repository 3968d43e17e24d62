//! Handing the secret of a new key over to someone else.

use super::secrets::made;
use super::talk::{COMMAND, HEARD, SECRET, Talk};
use super::team::{Team, sign_in};
use crate::support::home::Home;

#[test]
fn it_goes_to_somebody_else_by_a_code() {
    let team = Team::start("");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "due")]);
    sign_in(&mut talk, "jo");
    talk.answers(&[("Nothing is due", HEARD), (COMMAND, "create")]);
    made(&mut talk);
    talk.types("8");
    talk.answers(&[
        ("How long is the code valid? (30m, 1h, 7d; Enter for 1h): ", "1s"),
        ("Use a time from 1m to 7d", "8"),
        ("How long is the code valid?", ""),
        ("With a PIN?", "yes"),
    ]);
    talk.says("Handed over: until ");
    talk.says(&format!("They run: latchkey receive --url {} --secret-file FILE\r\n", team.server.base));
    talk.says("After the secret has arrived: curl ");
    talk.says("Code, alone on the next line:\r\n");
    assert_eq!(talk.says("\r\n").trim().len(), 35);
    talk.says("PIN, to be sent another way, alone on the next line:\r\n");
    assert_eq!(talk.says("\r\n").trim().len(), 6);
    talk.says(SECRET);
    talk.types("close");
    talk.says("“mine” is ready to use.");
    assert!(!talk.quits().contains("sk_"));
}

#[test]
fn it_is_taken_back_and_an_alarm_is_acknowledged() {
    let team = Team::start("");
    let mut talk = Talk::at(&team.home);
    talk.answers(&[(COMMAND, "hand-overs")]);
    sign_in(&mut talk, "jo");
    talk.answers(&[("No secrets are handed over.", HEARD), (COMMAND, "create")]);
    let id = made(&mut talk);
    let mut code = String::new();
    for _ in 0..2 {
        talk.types("8");
        talk.answers(&[
            ("How long is the code valid?", ""),
            ("With a PIN?", "no"),
            ("Code, alone on the next line:\r\n", HEARD),
        ]);
        code = talk.says("\r\n").trim().to_owned();
        talk.says(SECRET);
    }
    talk.types("close");
    talk.answers(&[(COMMAND, "hand-overs")]);
    let first = talk.says("hand-overs acknowledge NUMBER ends an alarm.");
    let line = format!("1. “mine”, {id}, handed over by jo, waiting until 20");
    assert!(first.contains(&line) && first.contains("2. “mine”, "), "{first}");
    for home in [Home::new(), Home::new()] {
        let done = home.feed(&["receive", "--url", &team.server.base], &code);
        assert!([0, 7].contains(&done.code), "{done:?}");
    }
    talk.answers(&[(COMMAND, "hand-overs take-back 2"), ("Take the secret of “mine” back?", "yes")]);
    talk.answers(&[("Taken back: the code no longer works.", HEARD), (COMMAND, "hand-overs")]);
    talk.says(&format!("1. “mine”, {id}, handed over by jo, opened 20"));
    talk.says(" from 127.0.0.1, received. Someone tried to open the secret of “mine” again, at 20");
    talk.answers(&[(COMMAND, "hand-overs take-back 1"), ("It was opened already, or has ended.", HEARD)]);
    talk.answers(&[
        (COMMAND, "due"),
        (&format!("Someone tried to open the secret of “mine” ({id}) again, at 20"), HEARD),
    ]);
    talk.answers(&[(COMMAND, "hand-overs acknowledge 1"), ("Acknowledge the alarm of “mine”?", "yes")]);
    talk.answers(&[("Acknowledged.", HEARD), (COMMAND, "hand-overs")]);
    let list = talk.says("2. “mine”");
    assert!(list.contains(", received.") && !list.contains("Someone tried"), "{list}");
    talk.answers(&[(", taken back.", HEARD), (COMMAND, "hand-overs take-back 9"), ("There is no hand-over", HEARD)]);
    talk.answers(&[(COMMAND, "")]);
    talk.quits();
}
