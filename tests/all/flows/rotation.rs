//! Replacing a key by a new one, on the page.

use std::time::Duration;

use latchkey::client::Client;
use latchkey::domain::{Content, KeyId, SecretKey, Status, hmac_token};
use latchkey::platform::clipboard::report::What;
use latchkey::tui::state::{Delivery, Dialog, NotSaved, SaveTarget, Saved};

use super::Bench;

/// Uses a key, as a program does.
async fn used(bench: &Bench, id: &str, secret: &SecretKey) -> bool {
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let content = Content::from_random(&[7; 16]);
    let token = hmac_token(secret.expose().as_bytes(), content.as_str().as_bytes());
    let exchanged = client.exchange(&KeyId::parse(id).unwrap(), &token, &content).await;
    // What was recorded is stored by the time that the use is asked for.
    let _ = client.usage(&KeyId::parse(id).unwrap(), 1).await;
    exchanged.result.is_ok()
}

/// The ID and the secret in the open dialog.
fn revealed(bench: &Bench) -> (String, SecretKey) {
    let Some(Dialog::Reveal(reveal)) = &bench.state().dialog else { panic!("no secret is open") };
    (reveal.key.id.raw_for_api().to_owned(), reveal.secret.clone())
}

fn selected(bench: &Bench) -> &str {
    bench.state().list.selected_key().unwrap().id.raw_for_api()
}

#[tokio::test]
async fn a_key_is_rotated_in_three_presses_and_finished_when_nothing_uses_the_old_one() {
    let mut bench = Bench::new().await;
    let (old, secret) = bench.create("nightly").await;
    assert!(used(&bench, &old, &secret).await);
    bench.type_keys("r").await;
    bench.type_keys("R").await;
    bench.sees("Rotate key: nightly");
    bench.sees("used just now");
    // An overlap of seven days, by one press.
    bench.type_keys("7<Enter>").await;
    let (new, fresh) = revealed(&bench);
    bench.sees(&format!("Replaces {old}: nightly"));
    bench.sees(&format!("The old key {old} works until"));
    bench.type_keys("s<Esc><Enter>").await;
    bench.sees("with u.");
    assert_eq!(selected(&bench), new);
    bench.sees("● active new");
    bench.sees("● active old");
    assert!(used(&bench, &old, &secret).await && used(&bench, &new, &fresh).await, "both work");

    // Either key opens the dialog of the pair.
    bench.type_keys("R").await;
    bench.sees("Rotation: nightly");
    bench.sees("! Old key used just now");
    bench.sees("not safe to finish");
    bench.sees("It can't be undone any more: the new key was used");
    // It asks once more, and the safe answer is preselected.
    bench.type_keys("f").await;
    bench.sees("Finish anyway?");
    bench.type_keys("<Enter>").await;
    bench.loses("Finish anyway?");
    bench.type_keys("f<Tab><Enter>").await;
    bench.sees(&format!("Rotation finished: {old} has expired."));
    assert!(bench.state().dialog.is_none());
    bench.sees("× expired");
    assert!(!used(&bench, &old, &secret).await && used(&bench, &new, &fresh).await);
    // Someone still has it.
    bench.type_keys("r").await;
    bench.sees("× expired !");
    bench.type_keys("<Down><Enter>").await;
    assert_eq!(selected(&bench), old);
    bench.sees("Late use  just now");
}

#[tokio::test]
async fn the_dialog_of_a_pair_is_read_again_and_goes_to_the_other_key() {
    let mut bench = Bench::new().await;
    let (old, secret) = bench.create("one").await;
    bench.type_keys("R<Enter>").await;
    let (new, fresh) = revealed(&bench);
    bench.type_keys("s<Esc><Enter>R").await;
    bench.sees("The old key was never used, but nobody has used the new key yet: not");
    assert!(used(&bench, &new, &fresh).await);
    bench.pass(Duration::from_secs(11)).await;
    bench.sees("The old key was never used: safe to finish.");
    // What was used since the dialog was read last is not ended unasked.
    assert!(used(&bench, &old, &secret).await);
    bench.type_keys("f").await;
    bench.sees("! Old key used just now");
    bench.sees("Finish anyway?");
    bench.type_keys("<Enter>").await;
    bench.type_keys("o").await;
    assert_eq!((selected(&bench), bench.state().dialog.is_none()), (&*old, true));
    bench.type_keys("Ro").await;
    assert_eq!(selected(&bench), new);
    // Not under a filter alone that finds the other one.
    bench.type_keys("/").await;
    bench.press(&new);
    bench.type_keys("<Enter>").await;
    bench.type_keys("Ro").await;
    assert_eq!(selected(&bench), old);
}

/// Not the key below them, silently.
#[tokio::test]
async fn marked_keys_are_not_rotated_one_by_one() {
    let mut bench = Bench::new().await;
    for label in ["one", "two"] {
        bench.create(label).await;
    }
    bench.type_keys("g<Space>R").await;
    bench.sees("R rotates one key: drop the marks with Esc first.");
    assert!(bench.state().dialog.is_none());
    bench.type_keys("<Esc>R").await;
    bench.sees("Rotate key: ");
}

#[tokio::test]
async fn deleting_a_key_of_a_pair_says_what_becomes_of_the_other_one() {
    let mut bench = Bench::new().await;
    let (old, _) = bench.create("one").await;
    bench.type_keys("R<Enter>").await;
    let (_, fresh) = revealed(&bench);
    let (new, _) = revealed(&bench);
    bench.type_keys("s<Esc><Enter>d").await;
    bench.sees(&format!("Replaces {old}"));
    bench.sees("before the rotation.");
    bench.type_keys("<Esc>").await;
    assert!(used(&bench, &new, &fresh).await);
    bench.type_keys("r").await;
    bench.type_keys("d").await;
    bench.sees("still ends with the overlap");
    bench.type_keys("<Esc>Rod").await;
    bench.sees("has replaced it.");
}

#[tokio::test]
async fn a_rotation_is_undone_by_the_dialog_and_by_one_press() {
    let mut bench = Bench::new().await;
    let (old, secret) = bench.create("one").await;
    for undo in ["u", "Ru<Tab><Enter>", "R<Tab><Tab><Enter><Tab><Enter>"] {
        bench.type_keys("R<Enter>").await;
        let (new, fresh) = revealed(&bench);
        bench.type_keys("s<Esc><Enter>").await;
        bench.type_keys(undo).await;
        bench.sees("Rotation undone:");
        bench.sees("never expires, as before. The new key was");
        assert_eq!((selected(&bench), bench.state().list.total), (&*old, Some(1)));
        assert!(used(&bench, &old, &secret).await && !used(&bench, &new, &fresh).await);
        bench.type_keys("r").await;
    }
}

#[tokio::test]
async fn after_a_view_with_an_order_of_its_own_the_list_has_its_order_again() {
    let mut bench = Bench::new().await;
    bench.create("one").await;
    bench.type_keys("4").await;
    let order = |bench: &Bench| (bench.state().list.query.sort, bench.state().list.query.order);
    let before = order(&bench);
    bench.type_keys("v8").await;
    assert_ne!(order(&bench), before);
    bench.type_keys("v2").await;
    bench.type_keys("v0").await;
    assert_eq!(order(&bench), before);
    bench.type_keys("v8").await;
    bench.type_keys("3").await;
    let chosen = order(&bench);
    bench.type_keys("v0").await;
    assert_eq!(order(&bench), chosen, "what was chosen meanwhile stays");
}

#[tokio::test]
async fn the_view_of_rotations_has_the_keys_of_each_pair_together() {
    let mut bench = Bench::new().await;
    let mut pairs = Vec::new();
    for label in ["one", "two", "three"] {
        let (old, _) = bench.create(label).await;
        pairs.push((label, old, String::new()));
    }
    // In another order than they were made in.
    for at in [1, 2, 0] {
        let (_, old, new) = &mut pairs[at];
        bench.type_keys("/<Ctrl-U>").await;
        bench.press(old);
        bench.type_keys("<Enter>").await;
        bench.sees("1 key matches");
        bench.type_keys("R<Enter>").await;
        *new = revealed(&bench).0;
        bench.type_keys("s<Esc><Enter>").await;
    }
    bench.type_keys("v8").await;
    bench.sees("Label▲");
    let rows = bench.state().list.window.as_ref().unwrap().rows_from(0);
    let ids: Vec<_> = rows.map(|key| key.id.raw_for_api()).collect();
    pairs.sort();
    for ((_, old, new), shown) in pairs.iter().zip(ids.chunks(2)) {
        assert!(shown.contains(&old.as_str()) && shown.contains(&new.as_str()), "{ids:?}");
    }
    assert_eq!(ids.len(), 6);
}

#[tokio::test]
async fn the_new_key_is_like_the_old_one_but_for_what_was_changed() {
    let mut bench = Bench::new().await;
    bench.create("one").await;
    bench.type_keys("e<Tab>ops<Tab>vault<BackTab><BackTab><BackTab><BackTab><BackTab>3<Enter>").await;
    let before = bench.state().list.selected_key().unwrap().clone();
    assert!(before.expires_at.is_some());
    // Until a time that is typed; another owner, and never an end.
    bench.type_keys("Ro2h<Tab><Tab><Tab><Ctrl-U>dev<Tab><Tab>n<Enter>").await;
    let (_, _) = revealed(&bench);
    bench.type_keys("s<Esc><Enter>").await;
    let key = bench.state().list.selected_key().unwrap().clone();
    let text = |text: &Option<latchkey::domain::Untrusted>| text.as_ref().unwrap().raw_for_api().to_owned();
    assert_eq!((key.label.raw_for_api(), text(&key.owner), text(&key.note)), ("one", "dev".into(), "vault".into()));
    assert_eq!((key.expires_at, key.replaces()), (None, Some(&before.id)));
    bench.type_keys("Ro").await;
    let old = bench.state().list.selected_key().unwrap();
    let left = old.expires_at.unwrap() - bench.now().utc;
    assert!((115..=120).contains(&left.num_minutes()), "{left}");
}

#[tokio::test]
async fn without_an_overlap_the_old_key_has_ended() {
    let mut bench = Bench::new().await;
    let (old, secret) = bench.create("one").await;
    bench.type_keys("Rn<Enter>").await;
    bench.sees(&format!("The old key {old} has ended"));
    bench.type_keys("s<Esc><Enter>").await;
    assert!(!used(&bench, &old, &secret).await);
    bench.type_keys("<Down>").await;
    assert_eq!(bench.state().list.selected_key().unwrap().status, Status::Expired);
    bench.type_keys("R").await;
    bench.sees(&format!("{old} has expired, so it can't be rotated."));
}

#[tokio::test]
async fn the_destination_is_tried_before_anything_is_made() {
    let mut bench = Bench::new().await;
    let (old, _) = bench.create("one").await;
    bench.machine.state().refused = Some("the file can't be created: Permission denied".to_owned());
    bench.type_keys("R<Tab>f<Enter>").await;
    bench.sees("Permission denied");
    bench.sees("No key was made.");
    assert_eq!(bench.state().list.total, Some(1));
    // Once more, and it is there: the secret goes straight to the file.
    bench.type_keys("<Enter>").await;
    let tried = bench.machine.state().tried.clone();
    assert_eq!(tried, vec![SaveTarget::File(format!("~/rotation-of-{old}.secret")); 2]);
    let (new, secret) = revealed(&bench);
    let file = format!("~/{new}.secret");
    assert_eq!(
        (bench.delivering(), bench.content()),
        (Some(SaveTarget::File(file.clone())), format!("{}\n", secret.expose()))
    );
    bench.hides(secret.expose());
    bench.delivered(Ok(Saved::at(Delivery::File(file.clone().into())))).await;
    bench.sees(&format!("Saved to {file}"));
    // It is there: one more press closes it.
    bench.type_keys("<Enter>").await;
    assert!(bench.state().dialog.is_none());
    assert_eq!(bench.state().list.total, Some(2));
}

#[tokio::test]
async fn a_destination_that_fails_leaves_the_secret_in_its_dialog() {
    let mut bench = Bench::new().await;
    bench.create("one").await;
    bench.type_keys("R<Tab>p").await;
    bench.press("pass<Space>insert<Space>-m<Space>x");
    bench.type_keys("<Enter>").await;
    assert_eq!(bench.delivering(), Some(SaveTarget::Command("pass insert -m x".to_owned())));
    bench.delivered(Err(NotSaved::new("the command failed (exit status: 1)"))).await;
    bench.sees("The secret is still in this dialog.");
    bench.type_keys("<Esc>").await;
    bench.sees("Replaces ");
    let (_, secret) = revealed(&bench);
    bench.type_keys("s").await;
    bench.sees(secret.expose());
}

#[tokio::test]
async fn the_new_secret_goes_to_the_clipboard() {
    let mut bench = Bench::new().await;
    bench.create("one").await;
    bench.type_keys("R<Tab>c<Enter>").await;
    let (_, secret) = revealed(&bench);
    assert_eq!(bench.copied(), [(What::Secret, secret.expose().to_owned())]);
}

/// Each says what the other one did, and nothing is done twice.
#[tokio::test]
async fn another_administrator_is_faster() {
    let mut bench = Bench::new().await;
    let (old, _) = bench.create("one").await;
    let mut other = Bench::on_same_data(&bench).await;
    // The key was changed while the form was open.
    bench.type_keys("R").await;
    other.type_keys("e<Tab>ops<Enter>").await;
    bench.type_keys("<Enter>").await;
    bench.sees("owner “ops”");
    assert_eq!(bench.state().list.total, Some(1));
    bench.type_keys("<Enter>").await;
    revealed(&bench);
    bench.type_keys("s<Esc><Enter>").await;
    // It is rotated already.
    other.type_keys("R<Enter>").await;
    other.sees("changed this key meanwhile");
    other.type_keys("<Enter>").await;
    other.sees("is being rotated already");
    other.type_keys("<Esc>r").await;
    // The rotation was finished while its dialog was open.
    bench.type_keys("R").await;
    bench.sees("safe to finish");
    other.type_keys("Rf<Tab><Enter>").await;
    other.sees(&format!("Rotation finished: {old}"));
    bench.type_keys("f<Tab><Enter>").await;
    bench.sees("Nothing was changed.");
    bench.sees("This rotation is over: the old key ended just now.");
    bench.type_keys("<Enter>").await;
    assert!(bench.state().dialog.is_none());
}
