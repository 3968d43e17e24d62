//! Marked keys, and what is done to all of them.

use super::Bench;
use latchkey::client::{Client, CreateAttempt, NewKey};
use latchkey::domain::key::fields;
use latchkey::domain::{Status, Texts};
use latchkey::tui::state::{Delivery, NotSaved, SaveTarget, Saved};

/// Creates keys with labels made of a word and a number.
async fn create(bench: &Bench, word: &str, count: usize) {
    let server = bench.server.as_ref().unwrap();
    let client = Client::unix(&server.socket, &server.session).unwrap();
    for n in 0..count {
        let mut texts = Texts::default();
        texts.set(fields::named("label").unwrap(), &format!("{word} {n:03}")).unwrap();
        let new = NewKey { attempt: CreateAttempt::random(), texts, expires_at: None, replaces: None };
        client.create(&new).await.unwrap();
    }
}

#[tokio::test]
async fn marks_follow_the_keys_and_all_marked_are_deleted_by_one_phrase() {
    let mut bench = Bench::new().await;
    create(&bench, "key", 6).await;
    bench.type_keys("r 2").await;
    // By label, from 000 on: the second and the third, and a range of two more.
    bench.type_keys("j<Space><Space>V j").await;
    bench.sees("* 4 of 6 marked");
    bench.sees("4 marked: a, e and d act on them. V ends the range.");
    bench.type_keys("k j<Esc> S").await;
    bench.sees("* 4 of 6 marked");
    bench.sees("4 marked: a, e and d act on them. Esc unmarks them.");
    let marked = |bench: &Bench| {
        let list = &bench.state().list;
        let rows = list.window.as_ref().unwrap().rows_from(0);
        rows.filter(|key| list.marks.has(&key.id)).map(|key| key.label.raw_for_api().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marked(&bench), ["key 004", "key 003", "key 002", "key 001"]);
    // Nothing but the phrase confirms.
    bench.type_keys("d<Enter>").await;
    bench.sees("Type delete 4 to confirm, or press Esc to cancel.");
    bench.type_keys("<Esc>").await;
    bench.sees("Nothing was deleted.");
    bench.type_keys("d").await;
    bench.sees("Delete 4 keys");
    bench.sees("4 without an owner");
    bench.type_keys("delete<Space>6<Enter>").await;
    bench.sees("That doesn't match. Type delete 4.");
    bench.type_keys("<Ctrl-U>delete<Space>4<Enter>").await;
    bench.sees("4 deleted.");
    bench.sees("2 keys");
    assert!(bench.state().list.marks.is_empty());
    bench.type_keys("<Space>").await;
    bench.sees("* 1 of 2 marked");
    bench.type_keys("<Esc>").await;
    bench.loses("marked");
    assert!(bench.state().dialog.is_none());
}

#[tokio::test]
async fn all_that_match_are_changed_and_not_only_those_on_screen() {
    let mut bench = Bench::new().await;
    create(&bench, "stale", 230).await;
    create(&bench, "other", 2).await;
    bench.type_keys("r/stale<Enter>").await;
    bench.type_keys("*").await;
    bench.sees("* 230 of 230 marked");
    bench.type_keys("<Space>a").await;
    bench.sees("Deactivate 229 keys");
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("229 deactivated.");
    let statuses = |bench: &Bench| {
        let window = bench.state().list.window.as_ref().unwrap();
        window.rows_from(0).take(3).map(|key| key.status).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&bench), [Status::Active, Status::Inactive, Status::Inactive]);
    // The same again: the one that was left out is left to do.
    bench.type_keys("*a").await;
    bench.sees("Deactivate 1 key");
    bench.sees("229 already inactive");
    bench.type_keys("<Esc><Esc>").await;
    // An edit: the number of days that is offered is replaced by what is typed; an owner is set too.
    bench.type_keys("*e 30<Tab>ops<Enter>").await;
    bench.sees("Change 230 keys");
    bench.sees("! 230 that would expire earlier than they do now");
    bench.sees("Each key gets owner “ops”, expiry date");
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("230 keys now expire on ");
    bench.sees(", owner is now ops. Undo with u");
    let key = bench.state().list.selected_key().unwrap().clone();
    assert_eq!(key.owner.unwrap().raw_for_api(), "ops");
    let days = (key.expires_at.unwrap() - chrono::Utc::now()).num_days();
    assert!((29..=30).contains(&days), "{days}");
    // Another filter: what was marked by the old one no longer is.
    bench.type_keys("*").await;
    bench.type_keys("<Esc>").await;
    bench.type_keys("*f").await;
    assert!(bench.state().list.marks.is_empty());
}

/// The labels of the listed keys, with their statuses.
fn listed(bench: &Bench) -> Vec<(String, Status)> {
    let window = bench.state().list.window.as_ref().unwrap();
    window.rows_from(0).map(|key| (key.label.raw_for_api().to_owned(), key.status)).collect()
}

#[tokio::test]
async fn an_act_on_many_is_undone_but_for_keys_that_someone_has_changed_since() {
    let mut bench = Bench::new().await;
    create(&bench, "key", 4).await;
    bench.type_keys("r 2").await;
    bench.type_keys("*a").await;
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("4 deactivated. Undo with u, save a report with E.");
    // Another administrator renames one of them.
    let mut other = Bench::on_same_data(&bench).await;
    other.type_keys("2").await;
    other.type_keys("g").await;
    other.type_keys("e<Ctrl-U>mine<Enter>").await;
    other.sees("Saved.");
    // It asks first, once; the safe answer is the default and leaves it for later.
    bench.type_keys("u").await;
    bench.sees("Undo 4 keys");
    bench.sees("4 keys become active again.");
    bench.sees("[Undo 4]");
    bench.type_keys("<Enter>").await;
    bench.loses("[Undo 4]");
    bench.sees("Nothing was changed.");
    bench.type_keys("u<Tab><Enter>").await;
    bench.sees("3 undone, 1 left unchanged.");
    bench.sees("key 000: Left unchanged: changed since");
    bench.type_keys("<Enter>").await;
    bench.loses("Left unchanged");
    bench.sees("report with E.");
    bench.type_keys("r").await;
    let (active, inactive) = (Status::Active, Status::Inactive);
    let is = |label: &str, status| (label.to_owned(), status);
    let expected = [is("key 001", active), is("key 002", active), is("key 003", active), is("mine", inactive)];
    assert_eq!(listed(&bench), expected);
    bench.type_keys("u").await;
    bench.sees("Nothing to undo.");

    // Owner and expiry come back too.
    bench.type_keys("*e 30<Tab>ops<Enter>").await;
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("owner is now ops. Undo with u");
    bench.type_keys("u").await;
    bench.sees("4 keys get back their earlier owner and expiry date.");
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("4 undone. Save a report with E.");
    let window = bench.state().list.window.as_ref().unwrap();
    assert!(window.rows_from(0).all(|key| key.expires_at.is_none() && key.owner.as_ref().unwrap().is_empty()));

    // A deletion can't be undone, nor what came before it.
    bench.type_keys("*a").await;
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("3 deactivated, 1 already inactive. Undo with u");
    bench.type_keys("j<Space>d").await;
    bench.type_keys("delete<Space>1<Enter>").await;
    bench.sees("1 deleted. Save a report with E.");
    bench.type_keys("u").await;
    bench.sees("Nothing to undo.");
}

#[tokio::test]
async fn marked_keys_are_deactivated_for_a_while() {
    let mut bench = Bench::new().await;
    create(&bench, "door", 3).await;
    let minutes_left = |bench: &Bench| {
        let now = bench.now().utc;
        let keys = bench.state().list.window.as_ref().unwrap().rows_from(0);
        keys.map(|key| (key.reactivates_at.map(|at| (at - now).num_minutes() / 14), key.status)).collect::<Vec<_>>()
    };
    // By one press, whose button is next.
    bench.type_keys("r").await;
    bench.type_keys("*a").await;
    bench.sees("Deactivate 3 keys");
    bench.sees("For (•) No limit");
    bench.type_keys("2").await;
    bench.sees("work again by themselves at ");
    bench.type_keys("<Enter>").await;
    bench.sees("3 deactivated. Active again at ");
    assert_eq!(minutes_left(&bench), [(Some(1), Status::Inactive); 3]);
    bench.type_keys("u").await;
    bench.type_keys("<Tab><Enter>").await;
    assert_eq!(minutes_left(&bench), [(None, Status::Active); 3]);
    // On its row, which comes before the buttons.
    bench.type_keys("*a").await;
    bench.type_keys("<Tab><Tab><Right><Right><Left><Enter>").await;
    bench.sees("at ");
    bench.type_keys("<Tab><Enter>").await;
    assert_eq!(minutes_left(&bench), [(Some(1), Status::Inactive); 3]);
    // With an active one among them, the others would be deactivated for another time, which is said.
    bench.type_keys("a<Tab><Enter>").await;
    bench.type_keys("*a").await;
    bench.sees("Deactivate 3 keys");
    bench.sees("2 already deactivated for a while, whose end would change");
    // Where none is active, they are activated.
    bench.type_keys("2<Enter>").await;
    bench.type_keys("*a").await;
    bench.sees("Activate 3 keys");
    bench.type_keys("<Tab><Enter>").await;
    assert_eq!(minutes_left(&bench), [(None, Status::Active); 3]);
}

#[tokio::test]
async fn what_became_of_each_key_is_saved() {
    let mut bench = Bench::new().await;
    create(&bench, "key", 3).await;
    bench.type_keys("r 2").await;
    bench.type_keys("g").await;
    bench.type_keys("a<Tab><Enter>").await;
    bench.type_keys("*a").await;
    bench.type_keys("<Tab><Enter>").await;
    bench.sees("2 deactivated, 1 already inactive. Undo with u, save a report with E.");
    bench.type_keys("E").await;
    bench.sees("Export the report on 3 keys");
    bench.type_keys("<Up><Up><Left>").await;
    bench.sees("Export 3 keys");
    bench.type_keys("<Right>").await;
    bench.sees("Export the report on 3 keys");
    bench.type_keys("<Down>t<Down><Ctrl-U>~/report.txt<Enter>").await;
    assert_eq!(bench.delivering(), Some(SaveTarget::File("~/report.txt".to_owned())));
    let table = bench.content();
    assert!(table.starts_with("ID  ") && table.contains("key 001  deactivated\n"), "{table}");
    assert!(table.contains("key 000  already      already inactive\n"), "{table}");
    bench.delivered(Err(NotSaved::new("~/report.txt already exists"))).await;
    bench.sees("already exists");
    bench.type_keys("<Up>c<Down><Down><Down>cat<Enter>").await;
    assert_eq!(bench.delivering(), Some(SaveTarget::Command("cat".to_owned())));
    let csv = bench.content();
    assert!(csv.starts_with("id,label,result,why\n") && csv.contains(",key 002,deactivated,\n"), "{csv}");
    bench.delivered(Ok(Saved::at(Delivery::Command))).await;
    bench.sees("Exported the report on 3 keys.");

    // From the dialog that says what failed, which is there again afterwards.
    let mut other = Bench::on_same_data(&bench).await;
    other.type_keys("2").await;
    other.type_keys("g").await;
    other.type_keys("jd").await;
    let id = other.state().list.selected_key().unwrap().id.raw_for_api().to_owned();
    other.type_keys(&format!("{}<Enter>", &id[id.len() - 4..])).await;
    other.sees("Deleted");
    bench.type_keys("*").await;
    bench.type_keys("u<Tab><Enter>").await;
    bench.sees("1 undone, 1 failed.");
    bench.sees("There is no such key any more.");
    bench.type_keys("?").await;
    bench.sees("Tab           Next button");
    bench.sees("Enter         Close");
    bench.type_keys("?<Tab>?").await;
    bench.sees("Enter         Save report");
    bench.sees("E             Save report");
    bench.type_keys("?<Enter>").await;
    bench.sees("Export the report on 2 keys");
    bench.type_keys("<Enter>").await;
    assert!(bench.content().contains(",key 001,not_found,\n"), "{}", bench.content());
    bench.delivered(Ok(Saved::at(Delivery::Command))).await;
    bench.sees("There is no such key any more.");
    bench.type_keys("<Tab>E").await;
    bench.sees("Export the report on 2 keys");
    bench.type_keys("<Esc>").await;
    bench.sees("There is no such key any more.");
    bench.type_keys("<Esc>").await;
    assert!(bench.state().dialog.is_none());
}

#[tokio::test]
async fn of_all_that_match_those_that_were_left_out_stay_marked() {
    let mut bench = Bench::new().await;
    create(&bench, "key", 2).await;
    create(&bench, "do not delete", 1).await;
    bench.type_keys("r").await;
    bench.type_keys("*a").await;
    bench.sees("[ ] Leave out the 1 marked !");
    bench.type_keys("<Up><Space><Tab><Tab><Enter>").await;
    bench.sees("2 deactivated, 1 left unchanged");
    bench.type_keys("<Enter>").await;
    bench.sees("1 of 3 marked");
    let marked =
        bench.state().list.window.as_ref().unwrap().rows_from(0).filter(|key| bench.state().list.marks.has(&key.id));
    assert_eq!(marked.map(|key| key.label.raw_for_api().to_owned()).collect::<Vec<_>>(), ["do not delete 000"]);
}

#[tokio::test]
async fn what_is_created_after_all_were_marked_is_counted_before_anything_is_done() {
    let mut bench = Bench::new().await;
    create(&bench, "key", 4).await;
    bench.type_keys("r").await;
    bench.type_keys("*<Space>").await;
    bench.sees("* 3 of 4 marked");
    create(&bench, "late", 1).await;
    bench.type_keys("d").await;
    bench.sees("Delete 4 keys");
    bench.sees("* 4 of 5 marked");
}

#[tokio::test]
async fn single_marks_stay_in_another_view_and_those_of_all_are_taken_away_aloud() {
    let mut bench = Bench::new().await;
    create(&bench, "one", 3).await;
    create(&bench, "other", 2).await;
    bench.type_keys("r/one<Enter>").await;
    bench.type_keys("<Space><Space>").await;
    bench.sees("* 2 of 3 marked");
    bench.type_keys("/<Ctrl-U>other<Enter>").await;
    bench.sees("* 2 marked, 2 not shown here");
    bench.type_keys("<Space>").await;
    bench.sees("* 3 marked, 2 not shown here");
    bench.type_keys("/<Ctrl-U><Enter>").await;
    bench.sees("* 3 of 5 marked");
    bench.type_keys("<Esc>*").await;
    bench.sees("* 5 of 5 marked");
    bench.type_keys("/one<Enter>").await;
    bench.sees("5 keys are no longer marked: * marks the keys of one view.");
    assert!(bench.state().list.marks.is_empty());
    bench.type_keys("<Space>/<Ctrl-U>other<Enter>").await;
    bench.type_keys("*").await;
    bench.sees("* 2 of 2 marked");
    bench.sees("1 key is no longer marked: * marks the keys of one view.");
}
