//! The keys of the list leave.

use latchkey::tui::state::{Delivery, NotSaved, SaveKind, SaveTarget, Saved};

use super::Bench;

#[tokio::test]
async fn what_is_listed_leaves_in_three_forms() {
    let mut bench = Bench::new().await;
    for label in ["=1+1", "other", "nightly backup"] {
        bench.create(label).await;
    }
    bench.type_keys("/backup<Enter>").await;
    bench.type_keys("E").await;
    bench.sees("Export 1 key");
    bench.type_keys("<Esc>").await;
    bench.type_keys("<Esc>").await;
    bench.type_keys("E").await;
    bench.sees("Export 3 keys");
    bench.type_keys("<Ctrl-U>~/all.csv<Enter>").await;
    assert_eq!(bench.delivering(), Some(SaveTarget::File("~/all.csv".to_owned())));
    let csv = bench.content();
    assert!(csv.starts_with("id,label,status,created_at,") && csv.lines().count() == 4, "{csv}");
    assert!(csv.contains(",'=1+1,active,"), "a spreadsheet would run it: {csv}");
    bench.delivered(Err(NotSaved::new("~/all.csv already exists"))).await;
    bench.sees("all.csv already exists.");
    bench.type_keys("<Enter>").await;
    bench.delivered(Ok(Saved::at(Delivery::File("~/all.csv".into())))).await;
    bench.sees("Exported 3 keys. Saved to ~/all.csv (readable only by you).");
    // The ending follows the form.
    bench.type_keys("E<Ctrl-U>~/all.csv<Up>j").await;
    bench.sees("~/all.jsonl");
    bench.type_keys("<Down><Enter>").await;
    let lines = bench.content();
    let labels = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["label"].clone());
    assert_eq!(labels.collect::<Vec<_>>(), ["nightly backup", "other", "=1+1"]);
    bench.delivered(Ok(Saved::at(Delivery::Command))).await;
    bench.type_keys("E<Up>t<Down><Down><Down>sort<Enter>").await;
    assert_eq!(bench.delivering(), Some(SaveTarget::Command("sort".to_owned())));
    assert!(bench.content().starts_with("ACCESS KEY ID  "), "{}", bench.content());
    bench.delivered(Ok(Saved::at(Delivery::Command))).await;
    bench.type_keys("H").await;
    bench.sees("exported");
}

#[tokio::test]
async fn a_list_that_was_written_says_nothing_of_a_secret_that_is_saved_meanwhile() {
    let mut bench = Bench::new().await;
    bench.type_keys("c<Enter><Enter>").await;
    bench.type_keys("w<Enter>").await;
    bench.sees("[Esc to stop]");
    bench.state_mut().on_delivered(SaveKind::List, Ok(Saved::at(Delivery::File("~/keys.csv".into()))));
    bench.sees("[Esc to stop]");
    bench.delivered(Ok(Saved::at(Delivery::File("~/PK.secret".into())))).await;
    bench.sees("Saved to ~/PK.secret (readable only by you).");
}

#[tokio::test]
async fn a_table_has_the_columns_of_the_list_in_their_order() {
    let mut bench = Bench::new().await;
    bench.create("nightly").await;
    bench.type_keys("C<Down>K<End>k<Space><Enter>").await;
    let heads = ["LABEL ACCESS KEY ID", "label,id"];
    for (form, head) in ["t", "c"].into_iter().zip(heads) {
        bench.type_keys(&format!("E<Up><Up>{form}<Down><Down><Enter>")).await;
        let content = bench.content();
        let first = content.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(first.starts_with(head), "{content}");
        bench.delivered(Ok(Saved::at(Delivery::File("~/keys.txt".into())))).await;
        bench.sees("Exported 1 key.");
    }
}
