//! Creating a key, and its secret that is seen once.

use std::time::Duration;

use super::Bench;
use latchkey::platform::clipboard::report::What;
use latchkey::platform::delivery::CommandOutput;
use latchkey::tui::runtime::{RunOutcome, SignalEvent};
use latchkey::tui::state::{Delivery, QUIET, Saved};

#[tokio::test]
async fn a_key_is_created_shown_copied_and_closed() {
    let mut bench = Bench::new().await;
    bench.sees("No access keys yet");
    bench.type_keys("c nightly<Space>backup<Enter>").await;
    bench.sees("Access key created");
    bench.sees("Access key created: nightly backup");
    bench.sees("[Show key] [Copy to clipboard] [Copy both] [Save] [Hand over] [HMAC token]");
    bench.sees("[Test key] [Next key] [Close]");
    let secret = bench.secret();
    bench.hides(secret.expose());
    bench.type_keys("<Enter>").await;
    bench.sees(secret.expose());
    bench.sees("hidden in 30 s");
    bench.type_keys("s").await;
    bench.loses(secret.expose());
    bench.type_keys("c").await;
    bench.sees("Secret access key sent to your terminal");
    assert_eq!(bench.copied(), [(What::Secret, secret.expose().to_owned())]);
    bench.type_keys("i").await;
    assert_eq!(bench.copied()[1].0, What::Id);
    // A terminal does not confirm, so the user does.
    bench.type_keys("<Esc><Enter>").await;
    bench.sees("[I've saved it]");
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("is ready to use");
    bench.sees("nightly backup");
    bench.loses("sk_");
    assert!(!format!("{:?}", bench.state()).contains(secret.expose()));
}

#[tokio::test]
async fn enter_pressed_many_times_makes_one_key() {
    let mut bench = Bench::new().await;
    bench.type_keys("c once<Enter><Enter><Enter><Enter>").await;
    bench.type_keys("<Esc>").await;
    assert_eq!(bench.state().list.total, Some(1));
}

#[tokio::test]
async fn a_shown_secret_hides_by_itself_and_when_nobody_looks() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    let secret = bench.secret();
    bench.type_keys("s").await;
    bench.pass(Duration::from_secs(29)).await;
    bench.sees(secret.expose());
    bench.sees("hidden in 1 s");
    bench.pass(Duration::from_secs(1)).await;
    bench.loses(secret.expose());
    bench.type_keys("s<FocusLost>").await;
    bench.loses(secret.expose());
    bench.type_keys("s").await;
    bench.resize((100, 30)).await;
    bench.loses(secret.expose());
}

#[tokio::test]
async fn close_asks_when_the_secret_was_neither_shown_nor_copied() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    let secret = bench.secret();
    bench.type_keys("<Esc><Esc><Esc><Esc>").await;
    bench.sees("Access key created");
    bench.type_keys("<Enter>").await;
    bench.sees("shown, copied or saved the secret");
    // Back is preselected; Esc is back too.
    bench.type_keys("<Enter>").await;
    assert_eq!(bench.secret().expose(), secret.expose());
    bench.type_keys("<Esc><Enter><Esc>").await;
    assert_eq!(bench.secret().expose(), secret.expose());
    bench.type_keys("<Esc><Enter><Tab><Enter>").await;
    assert!(bench.state().dialog.is_none());
}

#[tokio::test]
async fn quitting_waits_for_the_only_copy_of_a_secret() {
    let mut bench = Bench::new().await;
    bench.press("c late<Enter><Ctrl-C>");
    assert!(bench.outcome().is_none());
    bench.sees("Waiting for the new key before quitting");
    bench.settle().await;
    bench.secret();
    assert!(bench.outcome().is_none());
    // Shown and closed, nothing holds it any more.
    bench.type_keys("s<Esc><Enter>").await;
    assert_eq!(bench.outcome(), Some(&RunOutcome::default()));
}

#[tokio::test]
async fn ctrl_c_beside_a_secret_closes_it_first_and_then_leaves() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("<Ctrl-C>").await;
    bench.sees("shown, copied or saved the secret");
    // Back to the secret is also: do not leave.
    bench.type_keys("<Enter>s<Esc><Enter>").await;
    assert!(bench.state().dialog.is_none() && bench.outcome().is_none());
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("s<Ctrl-C>").await;
    assert_eq!(bench.outcome(), Some(&RunOutcome::default()));
}

#[tokio::test]
async fn an_end_from_outside_says_which_key_nobody_saw() {
    let mut bench = Bench::new().await;
    bench.press("c lost<Enter>");
    bench.signal(SignalEvent::End(15)).await;
    assert!(bench.outcome().is_none());
    bench.settle().await;
    let outcome = bench.outcome().unwrap();
    assert_eq!(outcome.signal, Some(15));
    let words = outcome.words.as_ref().unwrap();
    assert!(words.contains("PK") && words.contains("delete the key") && !words.contains("sk_"), "{words}");
}

#[tokio::test]
async fn label_and_expiry_are_checked_as_they_are_typed() {
    let mut bench = Bench::new().await;
    bench.type_keys("c").await;
    bench.press(&"x".repeat(120));
    bench.sees("100/100");
    bench.type_keys("<BackTab><BackTab><BackTab>o2020-01-01").await;
    bench.sees("That date is in the past");
    bench.type_keys("<Enter>").await;
    bench.sees("Create access key");
    assert!(!bench.state().creating);
    bench.type_keys("<Ctrl-U>2099-12-31").await;
    bench.loses("That date is in the past");
    bench.type_keys("<Enter>").await;
    bench.type_keys("s<Esc><Enter>").await;
    let key = bench.state().list.selected_key().unwrap();
    assert_eq!(key.expires_at.unwrap().timestamp() / 86_400 / 366, 129);
}

#[tokio::test]
async fn a_paste_goes_into_a_field_or_nowhere() {
    let mut bench = Bench::new().await;
    let paste = |bench: &mut Bench, text: &str| {
        bench.input(crossterm::event::Event::Paste(text.to_owned()));
        assert!(!bench.has_asked());
    };
    paste(&mut bench, "c\rd\rq");
    assert!(bench.state().dialog.is_none() && bench.outcome().is_none());
    bench.type_keys("c").await;
    paste(&mut bench, "two\nlines\u{1b}[31m\n");
    bench.type_keys("<Enter>").await;
    bench.type_keys("s<Esc><Enter>").await;
    bench.sees("two lines[31m");
}

/// Alt and a key arrives as Esc and the key: it is one press, and closes nothing.
#[tokio::test]
async fn alt_and_a_key_closes_no_dialog() {
    let mut bench = Bench::new().await;
    bench.type_keys("cnightly<Space>backup").await;
    for sequence in [&b"\x1b\r"[..], b"\x1bq", b"\x1b\xc3\xa9", b"\x1b\x1b[A", b"\x1b[M \x64\x30", b"\x1b[13;3u"] {
        bench.gets(sequence).await;
        bench.sees("Label    nightly backup");
    }
    bench.gets(b"\x1b\x7f").await;
    bench.sees("Label    nightly");
    bench.type_keys("<Enter>").await;
    let secret = bench.secret().expose().to_owned();
    for _ in 0..2 {
        bench.gets(b"\x1b\r").await;
        bench.hides(&secret);
    }
    bench.type_keys("s").await;
    bench.sees(&secret);
    bench.gets(b"\x1b\r\x1b\r").await;
    bench.sees(&secret);
}

#[tokio::test]
async fn what_is_not_understood_is_said() {
    let mut bench = Bench::new().await;
    bench.gets("ф".as_bytes()).await;
    bench.sees("The keys are Latin letters");
    bench.gets(b"c").await;
    bench.gets(b"M\xfcller").await;
    bench.sees("set the terminal's encoding to UTF-8");
    bench.sees("Label    M ");
}

#[tokio::test]
async fn a_paste_without_brackets_does_nothing_with_the_secret_of_the_key_it_makes() {
    for label in ["nightly", ""] {
        let mut bench = Bench::new().await;
        bench.type_keys("c").await;
        bench.gets_one_by_one(format!("{label}\rscw\rx\rh\rt\ri").as_bytes()).await;
        bench.sees("Access key created");
        bench.sees("Ignored: pressed too fast to be typed");
        assert_eq!((bench.copied(), bench.delivering()), (vec![], None));
        bench.hides(bench.secret().expose());
        // Nor does what comes in one read, later.
        bench.pass(QUIET).await;
        bench.gets(b"scw\rx\r").await;
        assert_eq!((bench.copied(), bench.delivering()), (vec![], None));
        bench.hides(bench.secret().expose());
        // A press at leisure counts, and one soon after it does not.
        bench.type_keys("s").await;
        bench.sees(bench.secret().expose());
        bench.gets(b"c").await;
        assert_eq!(bench.copied(), []);
        bench.type_keys("c").await;
        assert_eq!(bench.copied().len(), 1);
    }
}

/// Once it has opened a dialog, the rest of a paste acts nowhere; neither does it in the list that it comes back to.
#[tokio::test]
async fn a_paste_without_brackets_does_nothing_in_the_list_it_comes_back_to() {
    let mut bench = Bench::new().await;
    let (_, _) = bench.create("old").await;
    bench.pass(QUIET).await;
    bench.gets_one_by_one(b"e-new\rdaxo").await;
    bench.sees("old-new");
    assert!(bench.state().dialog.is_none(), "{:?}", bench.state().dialog);
    bench.sees("Ignored: pressed too fast to be typed");
    bench.pass(QUIET).await;
    bench.gets_one_by_one(b"\x1b[B\x1b[B\x1b[Bd").await;
    bench.sees("Delete access key");
}

#[tokio::test]
async fn a_held_key_moves_where_it_only_moves() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("<Right>").await;
    bench.gets_one_by_one(b"\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C").await;
    bench.gets_one_by_one(b"\r").await;
    bench.sees("Access key created");
    bench.type_keys("<Enter>").await;
    bench.sees("[Close and lose it]");
}

#[tokio::test]
async fn what_is_typed_fast_into_a_field_counts_and_its_enter_does_not() {
    let mut bench = Bench::new().await;
    let (id, _) = bench.create("old").await;
    bench.pass(QUIET).await;
    bench.gets_one_by_one(format!("d{}\r", &id[16..]).as_bytes()).await;
    bench.sees("Delete access key");
    bench.type_keys("<Ctrl-U>").await;
    bench.gets_one_by_one(format!("{}\r", &id[16..]).as_bytes()).await;
    bench.sees(&id[16..]);
    assert_eq!(bench.state().list.total, Some(1));
    bench.type_keys("<Enter>").await;
    bench.sees("No access keys yet");
    bench.create("other").await;
    bench.pass(QUIET).await;
    bench.gets_one_by_one(b"a\t\r").await;
    bench.gets(b"\t\r").await;
    bench.sees("Deactivate");
}

/// The clipboard may not have it, and what was read for a moment is not kept.
#[tokio::test]
async fn a_copy_that_is_not_confirmed_is_asked_about_whether_the_secret_was_shown_before_or_after_it() {
    for keys in ["cs", "sc"] {
        let mut bench = Bench::new().await;
        bench.type_keys("c<Enter><Enter>").await;
        bench.type_keys(keys).await;
        bench.type_keys("<Esc><Enter>").await;
        bench.sees("The copy could not be confirmed.");
        bench.type_keys("<Tab><Enter>").await;
        bench.sees("is ready to use");
    }
}

/// `cat` repeats the secret and keeps nothing.
#[tokio::test]
async fn a_command_that_repeats_the_secret_has_not_stored_it_for_certain() {
    let repeats =
        || Saved { to: Delivery::Command, output: CommandOutput { had_secret: true, ..CommandOutput::default() } };
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("w<Tab><Tab>cat<Enter>").await;
    bench.delivered(Ok(repeats())).await;
    bench.sees("isn't shown. Nothing shows that it was stored.");
    bench.type_keys("<Enter>").await;
    bench.sees("The copy could not be confirmed.");
    bench.type_keys("<Enter>").await;
    // What was stored before still is.
    bench.type_keys("w<Enter>").await;
    bench.delivered(Ok(Saved::at(Delivery::File("~/PK.secret".into())))).await;
    bench.type_keys("w<Tab><Tab>cat<Enter>").await;
    bench.delivered(Ok(repeats())).await;
    bench.type_keys("<Enter>").await;
    bench.sees("is ready to use");
}

#[tokio::test]
async fn enter_after_the_question_about_a_secret_was_cancelled_does_not_show_it() {
    for back in ["<Esc>", "<Enter>"] {
        let mut bench = Bench::new().await;
        bench.type_keys("c<Enter><Enter>").await;
        bench.type_keys("<Esc><Enter>").await;
        bench.sees("Close anyway?");
        bench.type_keys(back).await;
        bench.sees("[Show key]");
        assert_eq!(bench.under_cursor(), "[Close]");
        bench.type_keys("<Enter>").await;
        bench.sees("Close anyway?");
    }
}

/// Screen readers and braille displays follow the terminal's cursor.
#[tokio::test]
async fn the_cursor_stands_where_the_focus_is() {
    let mut bench = Bench::new().await;
    for label in ["one", "two", "three"] {
        bench.create(label).await;
    }
    bench.type_keys("<Home>").await;
    assert!(bench.under_cursor().starts_with("▶ PK"));
    bench.type_keys("<Down><Down>").await;
    assert!(bench.under_cursor().starts_with("▶ PK"));
    bench.type_keys("c").await;
    bench.type_keys("<Tab><Tab><Tab>").await;
    assert_eq!(bench.under_cursor(), "(•) never");
    bench.type_keys("<Tab>").await;
    assert_eq!(bench.under_cursor(), "[Create access key]");
    bench.type_keys("<Enter><Enter>").await; // without a label, it asks once
    assert_eq!(bench.under_cursor(), "[Show key]");
    bench.type_keys("<Tab><Tab><Tab>").await;
    assert_eq!(bench.under_cursor(), "[Save]");
}

#[tokio::test]
async fn both_halves_are_copied_or_saved_and_the_next_key_follows() {
    let mut bench = Bench::new().await;
    bench.type_keys("c first<Enter>").await;
    let secret = bench.secret();
    let id = bench.state().list.selected_key().unwrap().id.raw_for_api().to_owned();
    bench.type_keys("b").await;
    bench.sees("Access key ID and secret sent to your terminal");
    let both = format!("ACCESS_KEY_ID={id}\nSECRET_ACCESS_KEY={}\n", secret.expose());
    assert_eq!(bench.copied(), [(What::Pair, both)]);
    // The name of the file follows the form, unless it was changed.
    bench.press("w<Up>e");
    bench.sees(&format!("~/{id}.env"));
    bench.press("a");
    bench.sees(&format!("~/{id}.credentials"));
    bench.press("<Tab>x<BackTab>j");
    bench.sees(&format!("~/{id}.credentialsx"));
    bench.type_keys("<Esc>").await;
    // What may be lost is asked about before the next key.
    bench.type_keys("n").await;
    bench.sees("[I've saved it]");
    bench.type_keys("<Enter>").await;
    bench.sees("[Next key]");
    bench.type_keys("n<Tab><Enter>").await;
    bench.sees("[Create access key]");
    bench.hides(secret.expose());
}
