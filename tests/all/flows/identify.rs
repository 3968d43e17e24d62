//! Whose secret or token is this?

use crossterm::event::Event;
use latchkey::tui::state::Dialog;

use super::Bench;

async fn paste(bench: &mut Bench, text: &str) {
    bench.type_keys("i").await;
    bench.sees("Whose secret is this?");
    bench.input(Event::Paste(text.to_owned()));
    bench.type_keys("<Enter>").await;
}

#[tokio::test]
async fn a_leaked_secret_leads_to_its_key_which_is_deactivated() {
    let mut bench = Bench::new().await;
    bench.create("other").await;
    let (id, secret) = bench.create("nightly backup").await;
    let secret = secret.expose().to_owned();
    paste(&mut bench, &format!("12:00 error {{\"key\":\"{secret}\"}}")).await;
    bench.sees("Secret access key of: nightly backup");
    bench.sees("[Close]");
    bench.sees("[Deactivate]");
    bench.hides(&secret);
    // The safe button is preselected.
    bench.type_keys("<Enter>").await;
    assert!(bench.state().dialog.is_none());

    paste(&mut bench, &secret).await;
    bench.type_keys("<Tab><Enter>").await;
    assert_eq!(bench.state().list.query.filter.text, id, "the ID, and nothing of the secret");
    assert_eq!(bench.state().list.selected_key().unwrap().id.raw_for_api(), id);
    bench.type_keys("<Esc>").await;

    paste(&mut bench, &secret).await;
    bench.type_keys("<Tab><Tab><Enter>").await;
    bench.sees("Deactivate access key");
    assert!(matches!(&bench.state().dialog, Some(Dialog::Switch(question, _)) if !question.yes));
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("Deactivated “nightly backup”");
    assert_eq!(bench.state().list.selected_key().unwrap().id.raw_for_api(), id, "what is pressed next is about it");
    paste(&mut bench, &secret).await;
    bench.sees("inactive");
    bench.loses("[Deactivate]");
    bench.type_keys("<Esc>").await;
    let key = bench.state().list.window.as_ref().unwrap();
    assert!(!key.is_empty());
}

#[tokio::test]
async fn what_is_pasted_is_not_shown_and_not_sent_unless_it_is_whole() {
    let mut bench = Bench::new().await;
    let (_, secret) = bench.create("nightly").await;
    let secret = secret.expose().to_owned();
    paste(&mut bench, &secret[..40]).await;
    bench.sees("52 characters, not 40");
    bench.sees("Nothing was sent");
    bench.hides(&secret[..40]);
    bench.type_keys("<Esc>").await;
    assert!(bench.state().dialog.is_none());
    paste(&mut bench, "hello").await;
    bench.sees("holds no secret");
    bench.type_keys("<Esc>").await;
    // That of a key that is gone.
    bench.type_keys("d").await;
    let last_four = bench.state().dialog.as_ref().unwrap().key().unwrap().id.last_four();
    bench.type_keys(&last_four).await;
    bench.type_keys("<Enter>").await;
    paste(&mut bench, &secret).await;
    bench.sees("belongs to no key here");
    bench.type_keys("<Enter>").await;
    assert!(bench.state().dialog.is_none());
}
