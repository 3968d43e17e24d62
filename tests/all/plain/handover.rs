//! Handing the secret of a new key over to somebody else.

use super::secrets::made;
use super::talk::{COMMAND, HEARD, SECRET, Talk};
use super::team::{Team, sign_in};

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
    talk.says("Code, alone on the next line:\r\n");
    assert_eq!(talk.says("\r\n").trim().len(), 35);
    talk.says("PIN, to be sent another way, alone on the next line:\r\n");
    assert_eq!(talk.says("\r\n").trim().len(), 6);
    talk.says(SECRET);
    talk.types("close");
    talk.says("“mine” is ready to use.");
    assert!(!talk.quits().contains("sk_"));
}
