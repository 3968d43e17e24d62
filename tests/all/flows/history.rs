//! What happened to a key, and who did what.

use latchkey::client::Client;
use latchkey::domain::KeyId;
use latchkey::tui::state::Dialog;
use tempfile::TempDir;

use super::Bench;
use super::team::{bench, sign_in};

fn events(bench: &Bench) -> usize {
    match &bench.state().dialog {
        Some(Dialog::History(screen)) => screen.rows.len(),
        other => panic!("no history is open but {other:?}"),
    }
}

#[tokio::test]
async fn the_history_of_a_key_tells_old_and_new_values_and_leads_back_to_its_row() {
    let mut bench = Bench::new().await;
    bench.create("first").await;
    bench.create("second").await;
    bench.type_keys("<Down>e<Ctrl-U>renamed<Enter>").await;
    bench.type_keys("a<Tab><Enter>").await;
    bench.type_keys("a<Tab><Enter>").await;
    bench.type_keys("h").await;
    bench.sees("History of “renamed”");
    bench.sees("4 events");
    bench.sees("label “renamed” (was “first”)");
    let picture = bench.picture();
    let order = ["activated", "deactivated", "edited", "created"].map(|word| picture.find(word).unwrap());
    assert!(order.is_sorted(), "newest first:\n{picture}");
    bench.type_keys("<End>").await;
    bench.sees("label “first”");
    bench.type_keys("<Esc>").await;
    assert!(bench.state().dialog.is_none());
    assert_eq!(bench.state().list.selected_key().unwrap().label.raw_for_api(), "renamed");
    for close in ["h", "q"] {
        bench.type_keys("h").await;
        assert_eq!(events(&bench), 4);
        bench.type_keys(close).await;
        assert!(bench.state().dialog.is_none(), "{close}");
    }
}

#[tokio::test]
async fn who_deleted_a_key_takes_three_presses_and_its_history_a_fourth() {
    let mut bench = Bench::new().await;
    let (id, _) = bench.create("billing").await;
    bench.create("other").await;
    bench.type_keys("<Down>d").await;
    bench.press(&id[16..]);
    bench.type_keys("<Enter>").await;
    bench.type_keys("H").await;
    bench.sees("3 events");
    bench.type_keys("ff").await;
    bench.sees("Only: deleted keys");
    bench.sees(&id);
    bench.sees("“billing” by root from local");
    bench.type_keys("<Enter>").await;
    bench.sees("History of “billing”");
    bench.sees("2 events");
    bench.type_keys("<Esc>").await;
    bench.sees("Only: deleted keys");
    // By its ID too, and by who and when.
    bench.type_keys("<Esc>/").await;
    bench.type_keys(&format!("{id}<Enter>")).await;
    assert_eq!(events(&bench), 2);
    bench.type_keys("/<Ctrl-U>root<Space>deleted<Space>24h<Enter>").await;
    assert_eq!(events(&bench), 1);
    bench.type_keys("/<Ctrl-U>by:nobody<Enter>").await;
    bench.sees("No such events");
    bench.type_keys("/<Ctrl-U>root<Space>jo<Enter>").await;
    bench.sees("Name one administrator only.");
    bench.type_keys("<Ctrl-U>unusd:90d<Enter>").await;
    bench.sees("This isn't a filter for events");
    bench.sees("There is no filter unusd: for events; use by:, admin:, kind:, key: or");
    bench.hides("No such events");
    bench.type_keys("<Ctrl-U>kind:delted").await;
    bench.hides("for events; use");
    bench.type_keys("<Enter>").await;
    bench.sees("There is no kind delted (did you mean deleted?); use one of");
    bench.type_keys("<Ctrl-U>delted<Enter>").await;
    bench.sees("No such events");
    bench.sees("delted was read as a name. Did you mean deleted?");
    let secret = format!("sk_{}", "a1B2".repeat(13));
    bench.type_keys(&format!("/<Ctrl-U>{secret}<Enter>")).await;
    bench.sees("That looks like a secret or token");
    bench.hides(&secret);
    bench.type_keys("<Esc><Esc>").await;
    bench.sees("3 events");
    bench.type_keys("<Esc>").await;
    assert!(bench.state().dialog.is_none());
}

#[tokio::test]
async fn older_events_come_as_one_scrolls() {
    let mut bench = Bench::new().await;
    let (id, _) = bench.create("0").await;
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    let id = KeyId::parse(&id).unwrap();
    for n in 1..=120 {
        let mut changes = latchkey::client::Changes::default();
        let label = latchkey::domain::key::fields::named("label").unwrap();
        changes.texts.set(label, &n.to_string()).unwrap();
        client.edit(&id, &changes).await.unwrap();
    }
    bench.type_keys("h").await;
    assert_eq!(events(&bench), 100);
    bench.sees("over 100 events");
    bench.type_keys("<End>").await;
    bench.sees("121 events");
    bench.type_keys("<End>").await;
    bench.sees("label “0”");
    bench.sees("121 of 121");
    bench.type_keys("<Home>r").await;
    assert_eq!(events(&bench), 100, "the newest again");
}

#[tokio::test]
async fn auditors_may_look() {
    let folder = TempDir::new().unwrap();
    let (mut bench, team) = bench(&folder).await;
    sign_in(&mut bench, "jo").await;
    bench.create("of jo").await;
    bench.type_keys("oo").await;
    bench.type_keys("<BackTab><Ctrl-U>").await;
    sign_in(&mut bench, "au").await;
    bench.type_keys("h").await;
    bench.sees("by jo from 127.0.0.1");
    bench.type_keys("<Esc>H/jo<Space>signed-in<Enter>").await;
    assert_eq!(events(&bench), 1);
    bench.sees("signed in");
    team.stop().await;
}
