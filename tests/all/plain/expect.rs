//! Under the real `expect` (Debian's package): a script as an administrator writes one.

use std::fs;
use std::process::Command;

use crate::support::home::Home;
use crate::support::program::{binary, environment};

const SCRIPT: &str = r#"
set timeout 30
proc answer {question answer} {
    expect {
        -ex $question { send -- "$answer\r" }
        timeout { puts "no: $question"; exit 9 }
        eof { puts "ended before: $question"; exit 9 }
    }
}
spawn $env(LATCHKEY)
answer "Command (help lists them): " "create"
answer "Label (Enter for none): " "made by expect"
answer "Owner (Enter for none): " "ops@example.com"
answer "Note (Enter for none): " ""
answer "Enter for never): " "30d"
expect -re {Access key ID: (PK[0-9A-Z]+)}
set id $expect_out(1,string)
answer "Secret access key (1 to 8, Enter lists them): " "file"
answer "New file (Enter to go back): " "key.secret"
answer "Secret access key (1 to 8, Enter lists them): " "close"
answer "Command (help lists them): " "delete $id"
answer "To confirm, type" [string range $id end-3 end]
expect -ex "($id). Requests with it are now refused."
answer "Command (help lists them): " "quit"
expect eof
exit [lindex [wait] 3]
"#;

#[test]
fn a_script_creates_delivers_and_deletes() {
    let home = Home::new();
    let script = home.path("story.exp");
    fs::write(&script, SCRIPT).unwrap();
    let mut command = Command::new("expect");
    command.env_clear().envs(environment(home.0.path())).env("TERM", "dumb");
    command.env("LATCHKEY", binary()).arg(script).current_dir(home.0.path());
    let output = command.output().expect("apt-get install expect");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Plain mode: TERM is dumb.") && !said.contains('\u{1b}') && !said.contains("sk_"), "{said}");
    assert!(home.read("key.secret").starts_with("sk_") && home.keys().is_empty());
}
