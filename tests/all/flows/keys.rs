//! Deleting, deactivating and editing keys.

use super::Bench;
use latchkey::client::Client;
use latchkey::domain::key::fields;
use latchkey::domain::key::fields::RECORD_FIELDS;
use latchkey::domain::{Content, Status, hmac_token};

/// Puts the selection on a key.
async fn select(bench: &mut Bench, id: &str) {
    bench.type_keys("<Home>").await;
    for _ in 0..10 {
        if bench.state().list.selected_key().is_some_and(|key| key.id.raw_for_api() == id) {
            return;
        }
        bench.type_keys("<Down>").await;
    }
    panic!("{id} is not in the list");
}

#[tokio::test]
async fn a_key_is_deleted_by_the_end_of_its_id_and_by_nothing_less() {
    let mut bench = Bench::new().await;
    bench.create("one").await;
    let (id, _) = bench.create("two").await;
    bench.create("three").await;
    select(&mut bench, &id).await;
    // Not by Enter, which says what to type.
    bench.type_keys("d<Enter>").await;
    bench.sees(&format!("Type {} to confirm, or press Esc to cancel.", &id[16..]));
    assert_eq!(bench.state().list.total, Some(3));
    // No, by Esc or by the button.
    bench.press(&id[16..]);
    bench.type_keys("<Esc>").await;
    bench.sees("Nothing was deleted.");
    bench.type_keys("d").await;
    bench.press(&id[16..]);
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("Nothing was deleted.");
    assert_eq!((bench.state().dialog.is_none(), bench.state().list.total), (true, Some(3)));
    // It can be deactivated in its place.
    bench.type_keys("d<Tab><Tab><Enter>").await;
    bench.sees("Deactivate access key");
    bench.type_keys("<Esc>").await;
    bench.sees("Nothing was changed.");
    // Not by other characters.
    bench.type_keys("d zzzz<Enter>").await;
    bench.sees("That doesn't match. The ID ends in");
    // Yes.
    bench.press("<Ctrl-U>");
    bench.press(&id[16..]);
    bench.type_keys("<Enter>").await;
    bench.sees("are now refused");
    assert_eq!(bench.state().list.total, Some(2));
    // The selection stays where the eye is.
    assert_eq!(bench.state().list.selected, 1);
    assert_eq!(bench.state().list.selected_key().unwrap().label.raw_for_api(), "one");
}

#[tokio::test]
async fn the_use_of_a_key_is_told_in_its_details_and_before_it_is_stopped() {
    let mut bench = Bench::new().await;
    let (id, _) = bench.create("one").await;
    bench.create("two").await;
    bench.type_keys("<Enter>").await;
    bench.pass(std::time::Duration::from_millis(300)).await;
    bench.sees("Uses, 30 days");
    assert_eq!(bench.state().usage.of(&bench.state().list.selected_key().unwrap().id).unwrap().uses(), 0);
    for press in ["a", "d"] {
        bench.type_keys(press).await;
        bench.sees("Last 24 hours: no calls; no valid access tokens.");
        bench.type_keys("<Esc>").await;
    }
    // Another key is asked about once it stays selected.
    select(&mut bench, &id).await;
    assert_eq!(bench.state().usage.of(&bench.state().list.selected_key().unwrap().id), None);
    bench.pass(std::time::Duration::from_millis(300)).await;
    assert!(bench.state().usage.of(&bench.state().list.selected_key().unwrap().id).is_some());
}

#[tokio::test]
async fn the_confirmation_holds_the_key_that_it_was_opened_for() {
    let mut bench = Bench::new().await;
    let (first, _) = bench.create("first").await;
    bench.sees("first ");
    bench.type_keys("d").await;
    // A newer key comes to the same row while the question is open.
    let mut other = Bench::on_same_data(&bench).await;
    other.create("newer").await;
    bench.pass(std::time::Duration::from_secs(61)).await;
    bench.press(&first[16..]);
    bench.type_keys("<Enter>").await;
    bench.sees("are now refused");
    bench.sees("newer");
    bench.loses("first ");
}

#[tokio::test]
async fn a_key_that_somebody_else_deleted_counts_as_deleted() {
    let mut bench = Bench::new().await;
    let (id, _) = bench.create("gone").await;
    bench.type_keys("d").await;
    let mut other = Bench::on_same_data(&bench).await;
    other.type_keys("d").await;
    other.press(&id[16..]);
    other.type_keys("<Enter>").await;
    bench.press(&id[16..]);
    bench.type_keys("<Enter>").await;
    bench.sees("No access keys yet");
}

#[tokio::test]
async fn a_key_is_deactivated_and_activated() {
    let mut bench = Bench::new().await;
    bench.create("switch").await;
    bench.type_keys("a<Enter>").await;
    assert_eq!(bench.state().list.selected_key().unwrap().status, Status::Active);
    bench.type_keys("a<Tab><Enter>").await;
    bench.sees("○ inactive");
    bench.sees("Deactivated “switch”. Requests with it are now refused. Undo with u.");
    bench.type_keys("a<Right><Enter>").await;
    bench.sees("● active");
}

#[tokio::test]
async fn a_key_is_deactivated_for_a_while_extended_and_activated() {
    let mut bench = Bench::new().await;
    let (_, secret) = bench.create("switch").await;
    let key = |bench: &Bench| bench.state().list.selected_key().unwrap().clone();
    let left = |bench: &Bench| (key(bench).reactivates_at.unwrap() - bench.now().utc).num_minutes();
    bench.type_keys("a").await;
    bench.sees("(•) No limit  (2) 15 min  (3) 1 hour  (4) 1 day");
    bench.sees("1 2 … how long");
    bench.type_keys("<Down><Down><Up><Enter>").await;
    assert_eq!(key(&bench).status, Status::Active, "Cancel is still focused");
    bench.type_keys("a2<Enter>").await;
    bench.sees("Deactivated “switch”. Requests with it are now refused. Active again at");
    bench.sees("◔ inactive");
    assert!((14..=15).contains(&left(&bench)), "{}", left(&bench));

    // Who still needs it is seen in its details.
    bench.type_keys("<Enter>").await;
    bench.pass(std::time::Duration::from_secs(1)).await;
    bench.sees("(in 15 min)");
    bench.sees("none refused since");
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let content = Content::parse("x").unwrap();
    let token = hmac_token(secret.expose().as_bytes(), b"x");
    for _ in 0..3 {
        client.exchange(&key(&bench).id, &token, &content).await.result.unwrap_err();
    }
    while client.history(&key(&bench).id, 1, None).await.unwrap().events[0].count < 3 {}
    bench.pass(std::time::Duration::from_secs(5)).await;
    bench.sees("3 refused since");
    bench.sees("from 1 address");

    bench.type_keys("a").await;
    bench.sees("(•) Activate  (2) 15 min  (3) 1 hour  (4) 1 day  (5) No limit");
    bench.sees("Deactivated until ");
    bench.type_keys("3").await;
    bench.sees("Change deactivation");
    bench.sees("The key will be active again at ");
    bench.sees("[Save]");
    bench.type_keys("<Enter>").await;
    assert!((59..=60).contains(&left(&bench)), "{}", left(&bench));
    bench.sees("Saved “switch”. Deactivated until ");
    bench.type_keys("u").await;
    assert!((14..=15).contains(&left(&bench)), "the undo gives the earlier time back");
    bench.type_keys("a5<Enter>").await;
    assert_eq!((key(&bench).status, key(&bench).reactivates_at), (Status::Inactive, None));
    bench.sees("○ inactive");
    bench.type_keys("u").await;
    bench.type_keys("a<Tab><Enter>").await;
    bench.sees("● active");
    bench.type_keys("h").await;
    bench.sees("activated");
}

#[tokio::test]
async fn label_and_expiry_are_edited() {
    let mut bench = Bench::new().await;
    bench.create("old name").await;
    // Nothing changed, nothing sent.
    bench.type_keys("e<Enter>").await;
    assert!(bench.state().dialog.is_none());
    bench.type_keys("e<Ctrl-U>new<Space>name<BackTab><BackTab><BackTab>7<Enter>").await;
    let key = bench.state().list.selected_key().unwrap();
    assert_eq!(key.label.raw_for_api(), "new name");
    let days = (key.expires_at.unwrap() - bench.now().utc).num_hours();
    assert!((166..=168).contains(&days), "{days} hours");
    bench.type_keys("e<BackTab><BackTab><BackTab><BackTab>n<Enter>").await;
    assert_eq!(bench.state().list.selected_key().unwrap().expires_at, None);
    bench.sees("new name");
}

/// Two administrators never overwrite each other silently: the dialog shows what the other one changed.
#[tokio::test]
async fn a_key_that_another_administrator_changed_is_shown_before_it_is_changed() {
    let mut bench = Bench::new().await;
    bench.create("first").await;
    bench.type_keys("e<Ctrl-U>mine").await;
    let mut other = Bench::on_same_data(&bench).await;
    other.type_keys("e<Tab>ops<Enter>").await;
    other.sees("Saved “first”. Owner “ops” (was empty).");
    bench.type_keys("<Enter>").await;
    bench.sees("root has changed this key meanwhile: owner “ops” (was empty).");
    assert_eq!(bench.state().list.selected_key().unwrap().label.raw_for_api(), "first", "nothing was overwritten");
    bench.type_keys("<Enter>").await;
    bench.sees("Saved. Label “mine” (was “first”). Undo with u.");
    let key = bench.state().list.selected_key().unwrap();
    assert_eq!(key.owner.as_ref().unwrap().raw_for_api(), "ops", "what was not touched stays as the other one set it");
    // The same of a switch and of a deletion.
    bench.type_keys("a<Tab>").await;
    other.type_keys("r").await;
    other.type_keys("e<Ctrl-U>theirs<Enter>").await;
    bench.type_keys("<Enter>").await;
    bench.sees("meanwhile: label “theirs” (was “mine”).");
    bench.type_keys("<Enter>").await;
    assert_eq!(bench.state().list.selected_key().unwrap().status, Status::Active, "Cancel is preselected again");
    let id = bench.state().list.selected_key().unwrap().id.raw_for_api().to_owned();
    bench.type_keys("d").await;
    other.type_keys("r").await;
    other.type_keys("a<Tab><Enter>").await;
    bench.press(&id[16..]);
    bench.type_keys("<Enter>").await;
    bench.sees("root has changed this key meanwhile: deactivated. Not deleted yet.");
    bench.type_keys("<Enter>").await;
    bench.sees("to confirm, or press Esc to cancel.");
    assert_eq!(bench.state().list.total, Some(1), "what was typed does not confirm any more");
}

#[tokio::test]
async fn the_last_change_is_undone_within_a_minute_and_never_another_administrators() {
    let mut bench = Bench::new().await;
    bench.create("first").await;
    bench.type_keys("u").await;
    bench.sees("Nothing to undo");
    bench.type_keys("e<Ctrl-U>renamed<Tab>ops<Enter>").await;
    bench.sees("Undo with u.");
    bench.type_keys("u").await;
    bench.sees("Undone. Label “first” (was “renamed”), no owner (was “ops”).");
    bench.type_keys("u").await;
    bench.sees("Nothing to undo");
    bench.type_keys("a<Tab><Enter>").await;
    bench.type_keys("u").await;
    bench.sees("Undone. Activated “first”.");
    // Another administrator was faster.
    bench.type_keys("a<Tab><Enter>").await;
    let mut other = Bench::on_same_data(&bench).await;
    other.type_keys("e<Ctrl-U>theirs<Enter>").await;
    bench.type_keys("u").await;
    bench.sees("Not undone: “theirs”. root has changed this key meanwhile: label “theirs” (was");
    let key = bench.state().list.selected_key().unwrap();
    assert_eq!((key.label.raw_for_api(), key.status), ("theirs", Status::Inactive));
    // A minute later the press may be about something else.
    bench.type_keys("a<Tab><Enter>").await;
    bench.sees("Activated “theirs”. Undo with u.");
    bench.pass(std::time::Duration::from_secs(60)).await;
    bench.type_keys("u").await;
    bench.sees("Nothing to undo");
}

/// Whatever users write about a key is set, shown and changed.
#[tokio::test]
async fn every_text_of_a_key_is_written_in_the_forms() {
    let mut bench = Bench::new().await;
    for (stop, (field, _)) in fields::written().enumerate() {
        let to_field = "<Tab>".repeat(stop);
        let enter = if stop == 0 { "<Enter>" } else { "<Enter><Enter>" }; // without a label, it asks once
        bench.type_keys(&format!("c{to_field}first{}{enter}", field.name)).await;
        bench.type_keys("s<Esc><Enter>").await;
        let text = |bench: &Bench| field.raw_text(bench.state().list.selected_key().unwrap()).to_owned();
        assert_eq!(text(&bench), format!("first{}", field.name));
        bench.type_keys("<Enter>").await;
        bench.sees(&format!("{:14} first{}", field.title, field.name));
        bench.type_keys(&format!("<Esc>e{to_field}<Ctrl-U>second{}<Enter>", field.name)).await;
        assert_eq!(text(&bench), format!("second{}", field.name));
    }
}

#[tokio::test]
async fn details_show_the_whole_key() {
    let mut bench = Bench::new().await;
    let (id, _) = bench.create("details").await;
    bench.type_keys("<Enter>").await;
    bench.sees("Details");
    bench.sees(&format!("Access key ID  {id}"));
    bench.sees("Expires        never");
    bench.type_keys("y").await;
    assert_eq!(bench.copied().last().unwrap().1, id);
    bench.type_keys("Y").await;
    let row = bench.copied().pop().unwrap().1;
    let cells: Vec<&str> = row.split('\t').collect();
    assert_eq!((cells.len(), &cells[..3]), (RECORD_FIELDS, &[id.as_str(), "details", "active"][..]), "{row}");
    bench.type_keys("<Esc>").await;
    bench.loses("Details");
}

/// An edit sends and checks what was changed, and nothing else: the rest may be longer than a field, or in the past.
#[tokio::test]
async fn what_is_not_touched_is_neither_sent_nor_checked() {
    let mut bench = Bench::new().await;
    bench.create("old name").await;
    let long = format!("{}\ttab", "x".repeat(130));
    let database = rusqlite::Connection::open(bench.folder.path().join("keys.db")).unwrap();
    database.execute("UPDATE keys SET label = ?1, expires_at = 978307200000, state = 1", [&long]).unwrap();
    bench.type_keys("re<Tab>somebody<Enter>").await;
    let key = bench.state().list.selected_key().unwrap().clone();
    assert_eq!(key.owner.as_ref().unwrap().raw_for_api(), "somebody");
    assert_eq!((key.label.raw_for_api(), key.status), (long.as_str(), Status::Expired));
    bench.type_keys("e<BackTab><BackTab><BackTab><BackTab>n<Enter>").await;
    let key = bench.state().list.selected_key().unwrap().clone();
    assert_eq!((key.label.raw_for_api(), key.expires_at), (long.as_str(), None));
}

/// The list doesn't wait for its next refresh to say so.
#[tokio::test]
async fn a_key_that_was_tested_was_used() {
    let mut bench = Bench::new().await;
    bench.type_keys("ctested<Enter>").await;
    bench.type_keys("t").await;
    bench.sees("Access token received.");
    bench.type_keys("<Esc>").await;
    bench.sees("Show key");
    bench.type_keys("<Esc><Enter><Tab><Enter>").await;
    assert!(bench.state().dialog.is_none());
    let used = bench.state().list.selected_key().and_then(|key| key.last_used_at);
    assert!(used.is_some(), "{}", bench.picture());
}
