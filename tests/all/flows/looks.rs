//! How the page shows what it shows, as the user wants it: columns, dates, the mouse, and help on what is open.

use std::time::Duration;

use super::Bench;

async fn with_keys() -> Bench {
    let mut bench = Bench::new().await;
    for label in ["alpha backup", "beta", "gamma backup"] {
        bench.create(label).await;
    }
    bench.pass(Duration::from_secs(1)).await;
    bench
}

/// The row on screen that has these words, counted from 1.
fn row_of(bench: &Bench, words: &str) -> usize {
    let picture = bench.picture();
    picture.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("no {words} in:\n{picture}")) + 1
}

async fn clicks(bench: &mut Bench, column: usize, row: usize) {
    bench.pass(Duration::from_secs(1)).await;
    bench.gets(format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m").as_bytes()).await;
}

fn selected(bench: &Bench) -> String {
    bench.state().list.selected_key().unwrap().label.raw_for_api().to_owned()
}

#[tokio::test]
async fn columns_are_chosen_and_ordered_and_dates_told_in_three_ways() {
    let mut bench = with_keys().await;
    let names =
        |bench: &Bench| bench.picture().lines().nth(3).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(names(&bench), "Access key ID Label Last used Expires Status");
    // The label goes before the ID, and the status away.
    bench.type_keys("C<Down>K<End>").await;
    bench.sees("[x] Note");
    bench.type_keys("k<Space><Enter>").await;
    // There is no place to keep it, which is said; the page has it all the same.
    bench.sees("no home directory");
    assert_eq!(names(&bench), "Label Access key ID Owner Created by Last used Expires");
    bench.type_keys("C").await;
    bench.sees("doesn't fit");
    bench.sees("6 of 10 fit");
    bench.type_keys("<Esc>C<Home><Space><Esc>").await;
    assert_eq!(names(&bench), "Label Access key ID Owner Created by Last used Expires", "nothing is chosen");
    bench.type_keys("Cr<Enter>").await;
    assert_eq!(names(&bench), "Access key ID Label Last used Expires Status");
    bench.type_keys("D").await;
    bench.sees("Times: local dates");
    bench.type_keys("D<Enter>").await;
    bench.sees(" UTC by ");
    bench.type_keys("D").await;
    bench.sees("Times: relative");
    bench.loses(" UTC by ");
}

#[tokio::test]
async fn a_click_selects_sorts_and_presses_and_a_secret_leaves_the_mouse_to_the_terminal() {
    let mut bench = with_keys().await;
    assert_eq!(selected(&bench), "gamma backup");
    let beta = row_of(&bench, "beta");
    clicks(&mut bench, 30, beta).await;
    assert_eq!(selected(&bench), "gamma backup", "it is off at first");
    bench.type_keys("m").await;
    assert!(bench.state().takes_mouse());
    clicks(&mut bench, 30, beta).await;
    assert_eq!(selected(&bench), "beta");
    clicks(&mut bench, 30, 2).await;
    clicks(&mut bench, 30, beta + 10).await;
    assert_eq!(selected(&bench), "beta", "there is no row");
    // The wheel, by three.
    bench.gets(b"\x1b[<65;30;9M").await;
    assert_eq!(selected(&bench), "alpha backup");
    bench.gets(b"\x1b[<64;30;9M").await;
    assert_eq!(selected(&bench), "gamma backup");
    // The name of a column, twice: in reverse.
    clicks(&mut bench, 25, 4).await;
    bench.sees("Label▲");
    clicks(&mut bench, 25, 4).await;
    bench.sees("Label▼");
    // A double click opens.
    let beta = row_of(&bench, "beta");
    bench.gets(format!("\x1b[<0;30;{beta}M\x1b[<0;30;{beta}M").as_bytes()).await;
    bench.sees(" Details ───");
    bench.type_keys("<Esc>").await;
    // Buttons, in a question and in a confirmation that is typed.
    bench.pass(Duration::from_secs(1)).await;
    bench.type_keys("a").await;
    let row = row_of(&bench, "[Deactivate]");
    let column = bench.picture().lines().nth(row - 1).unwrap().chars().take_while(|c| *c != 'D').count();
    clicks(&mut bench, column + 2, row).await;
    bench.sees("Deactivated “beta”");
    bench.pass(Duration::from_secs(1)).await;
    bench.type_keys("d").await;
    bench.sees("Delete access key");
    let row = row_of(&bench, "[Cancel]");
    let column = bench.picture().lines().nth(row - 1).unwrap().chars().position(|c| c == '[').unwrap();
    clicks(&mut bench, column + 3, row).await;
    assert!(bench.state().dialog.is_none());
    // Views and columns are rows too.
    bench.type_keys("v").await;
    let active = row_of(&bench, " 1  Active");
    clicks(&mut bench, 30, active).await;
    bench.gets(format!("\x1b[<0;30;{active}M").as_bytes()).await;
    bench.sees("2 keys match");
    bench.type_keys("<Esc>c<Enter><Enter>").await; // without a label, it asks once
    bench.sees("Access key created");
    assert!(bench.state().takes_mouse());
    bench.type_keys("s").await;
    bench.sees("hidden in");
    assert!(!bench.state().takes_mouse());
    bench.type_keys("s").await;
    assert!(bench.state().takes_mouse());
}

/// A question mark is typed into a field only.
#[tokio::test]
async fn a_question_mark_opens_the_help_wherever_no_field_has_the_focus() {
    let mut bench = with_keys().await;
    for keys in ["*a", "*e", "e<Tab><Tab><Tab>", "c<BackTab>", "E<Up>", "c<Enter><Enter>h<Enter>"] {
        bench.type_keys(keys).await;
        bench.type_keys("?").await;
        bench.sees("Help: this dialog");
        bench.type_keys("?").await;
        bench.loses("Help: this dialog");
        bench.type_keys("<Esc><Esc>").await;
    }
    bench.type_keys("<Enter><Tab><Enter>").await; // closes the new key's secret
    assert!(bench.state().dialog.is_none());
    bench.type_keys("cwhy?").await;
    bench.sees("why?");
    bench.loses("Help: this dialog");
}

#[tokio::test]
async fn the_help_says_how_an_expiry_is_chosen_and_a_profile_found() {
    let mut bench = with_keys().await;
    for keys in ["c<Tab><Tab><Tab>", "*e"] {
        bench.type_keys(keys).await;
        bench.type_keys("?").await;
        bench.sees("Expires: Press 7 3 9 1 n o");
        bench.type_keys("<Esc><Esc>").await;
    }
    bench.type_keys("c<F1>").await; // a text has the focus
    bench.loses("Expires: Press");
    bench.type_keys("<Esc><Esc>p?").await;
    bench.sees("letters search");
}

#[tokio::test]
async fn what_is_open_explains_its_keys() {
    let mut bench = Bench::new().await;
    bench.type_keys("<Enter>").await;
    bench.sees("No key selected. Press c to create one.");
    bench.type_keys("ct").await;
    bench.sees("F1 help");
    bench.type_keys("<F1>").await;
    bench.sees("Help: this dialog");
    bench.sees("Next field");
    // What is typed finds a key, and not a word of it goes below it.
    bench.type_keys("canc").await;
    bench.loses("Next field");
    bench.type_keys("<Esc>").await;
    bench.sees("Next field");
    bench.type_keys("<Esc>").await;
    bench.loses("Help: this dialog");
    bench.type_keys("<Enter><Enter>").await;
    bench.sees("Access key created");
    assert_eq!(bench.state().list.window.as_ref().unwrap().get(0).unwrap().label.raw_for_api(), "t");
    bench.type_keys("s").await;
    let secret = bench.secret();
    bench.sees(secret.expose());
    bench.type_keys("?").await;
    bench.sees("Save the secret to a file or pipe it to a command");
    bench.hides(secret.expose());
    // Enter does nothing unless something was chosen.
    bench.type_keys("<Enter>").await;
    bench.loses("Save the secret to a file or pipe it to a command");
    bench.hides(secret.expose());
    // It is found by a word, and Enter does it here.
    bench.type_keys("?").await;
    bench.type_keys("hmac<Enter>").await;
    bench.sees("Content");
    bench.type_keys("<Esc>?save").await;
    bench.loses("Content");
    // What comes faster than typing is not a decision.
    bench.gets(b"a\r").await;
    bench.type_keys("<Esc><Esc>").await;
    bench.sees("Show key");
    bench.type_keys("<Esc><Enter>").await;
    assert!(bench.state().dialog.is_none());
    bench.type_keys("<F1>").await;
    bench.sees("Create an access key");
}
