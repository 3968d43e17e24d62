//! What is asked before a secret leaves, and the ways on which it leaves unseen.

use latchkey::domain::Untrusted;
use latchkey::platform::clipboard::report::What;
use latchkey::platform::surroundings::{Surroundings, Warning};
use latchkey::tui::state::{Delivery, NotSaved, SaveKind, SaveTarget, Saved};

use super::Bench;

/// An app in a session that is recorded, beside the secret of a new key.
async fn recorded() -> Bench {
    let mut bench = Bench::reached_by_others().await;
    bench.machine.state().around.warnings = vec![Warning::Recorded("script".into())];
    bench.type_keys("c<Enter><Enter>").await;
    bench
}

#[tokio::test]
async fn a_recorder_is_named_before_and_nothing_leaves_without_a_yes() {
    let mut bench = recorded().await;
    let secret = bench.secret();
    bench.sees("! This session appears to be recorded (script).");
    for answer in ["<Enter>", "<Esc>", "<Tab><Esc>", "<Tab><Tab><Enter>"] {
        for press in ["s", "c", "g", "<Enter>"] {
            bench.type_keys(press).await;
            bench.sees("anyway]");
            bench.type_keys(answer).await;
            bench.loses("anyway]");
            bench.hides(secret.expose());
            assert!(bench.copied().is_empty());
        }
    }
    // A code that opens the secret is as good as the secret.
    bench.type_keys("g").await;
    bench.sees("[Hand over anyway]");
    bench.type_keys("<Enter>").await;
    // The ID is no secret.
    bench.type_keys("i").await;
    assert_eq!(bench.copied().len(), 1);
}

#[tokio::test]
async fn a_yes_holds_for_the_reasons_that_were_given_and_for_this_secret() {
    let mut bench = recorded().await;
    let secret = bench.secret();
    bench.type_keys("s<Tab><Enter>").await;
    bench.sees(secret.expose());
    bench.type_keys("sc").await;
    assert_eq!(bench.copied(), [(What::Secret, secret.expose().to_owned())]);
    // Another reason is another question.
    bench.machine.state().around.warnings.push(Warning::Shared(2));
    bench.type_keys("s").await;
    bench.sees("! This session is open in 2 terminals.");
    bench.loses(secret.expose());
    bench.type_keys("<Tab><Enter>").await;
    bench.sees(secret.expose());
    bench.type_keys("<Esc><Enter><Tab><Enter>").await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("s").await;
    bench.sees("[Show anyway]");
}

#[tokio::test]
async fn whatever_is_made_of_a_secret_is_guarded_too() {
    let mut bench = recorded().await;
    let secret = bench.secret();
    bench.type_keys("h<Enter>").await;
    bench.sees("[Show anyway]");
    bench.type_keys("<Enter>").await;
    bench.sees("[Generate]");
    bench.type_keys("<Enter><Tab><Enter>").await;
    bench.sees("HMAC token (treat it as a password), hidden in 30 s");
    // One yes is for all that leaves by the same eyes; a new page asks anew.
    bench.type_keys("<Enter>").await;
    assert_eq!(bench.copied()[0].0, What::HmacToken);
    bench.type_keys("<Esc>s<Esc><Enter>").await;
    bench.type_keys("t").await;
    bench.press(&format!("{}<Tab>", secret.expose()));
    bench.type_keys("content<Tab><Tab><Enter>").await;
    bench.sees("[Show anyway]");
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("HMAC token (treat it as a password), hidden in 30 s");
}

#[tokio::test]
async fn without_a_way_there_is_nothing_to_ask_and_what_stays_on_screen_does_not_concern_a_copy() {
    let mut bench = recorded().await;
    bench.type_keys("c").await;
    bench.sees("[Copy anyway]");
    bench.type_keys("<Esc>").await;
    bench.machine.state().around.way = Err("no way".into());
    bench.type_keys("c").await;
    bench.loses("[Copy anyway]");
    bench.machine.state().around = Surroundings { warnings: vec![Warning::Stays], ..Surroundings::default() };
    bench.type_keys("c").await;
    bench.loses("[Copy anyway]");
    bench.type_keys("s").await;
    bench.sees("no alternate screen");
}

#[tokio::test]
async fn a_secret_that_is_saved_is_kept_and_a_failure_keeps_it_here() {
    let mut bench = recorded().await;
    let secret = bench.secret();
    bench.type_keys("w").await;
    bench.type_keys("<Tab><Tab>cat<Enter>").await;
    assert_eq!(bench.delivering(), Some(SaveTarget::Command("cat".into())));
    // Nothing goes on beside it but its end.
    bench.type_keys("<Tab><Enter>x").await;
    bench.sees("[Esc to stop]");
    bench
        .delivered(Err(NotSaved { output: Untrusted::new("no\u{1b}[2J"), ..NotSaved::new("the command failed") }))
        .await;
    bench.sees("The command failed. The secret is still in this dialog. Output: no^[[2J");
    bench.press("<Esc>");
    assert_eq!(bench.secret().expose(), secret.expose());
    bench.type_keys("w<Enter>").await;
    assert!(matches!(&bench.delivering(), Some(SaveTarget::File(path)) if path.starts_with("~/PK")));
    bench.delivered(Ok(Saved::at(Delivery::File("~/PK.secret".into())))).await;
    bench.sees("Saved to ~/PK.secret (readable only by you).");
    bench.type_keys("<Enter>").await;
    assert!(bench.state().dialog.is_none());
    // No one waits any more.
    bench.state_mut().on_delivered(SaveKind::Secret, Ok(Saved::at(Delivery::File("~/PK.secret".into()))));
    bench.hides(secret.expose());
}

#[tokio::test]
async fn a_secret_in_the_text_of_a_command_is_refused() {
    let mut bench = recorded().await;
    let secret = bench.secret();
    bench.press("w<Tab><Tab>");
    bench.press(&format!("echo<Space>{}<Enter>", secret.expose()));
    bench.sees("Don't put the secret in the file name or command");
    assert_eq!(bench.delivering(), None);
}

#[tokio::test]
async fn the_clipboard_can_be_overwritten_from_the_list_too() {
    let mut bench = Bench::new().await;
    bench.type_keys("x").await;
    bench.sees("Clipboard overwritten.");
}
