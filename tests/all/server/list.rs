//! Pages of the list: every sort, both ways, while keys come and go.

use serde_json::{Value, json};

use latchkey::server::test_support::fold;

use crate::support::server::{Server, text};

const SORTS: [&str; 7] = ["created_at", "created_by", "expires_at", "last_used_at", "label", "status", "id"];

/// Keys with equal labels, in all states, some never used: in the order of creation.
async fn mixed() -> (Server, Vec<Value>) {
    let server = Server::start().await;
    let labels = ["b", "B", "", "a", "Ä", "ä", "z", "b", "", "10", "9", "Ω", "ω", "x y", "b"];
    for (n, label) in labels.iter().enumerate() {
        let (id, _) = server.create(label).await;
        let change: &[_] = match n % 5 {
            1 => &["switched_off = 1, state = 2"],
            2 => &["expires_at = 1"],
            3 => &["last_used_at = 1700000000000, last_used_from = 'x'"],
            4 => &["last_used_at = 1600000000000 + seq", "last_used_from = 'y'"],
            _ => &[],
        };
        for change in change {
            server.database().execute(&format!("UPDATE keys SET {change} WHERE id = ?1"), [&id]).unwrap();
        }
    }
    let all = server.get("/keys?order=asc").await;
    let keys = all.body["keys"].as_array().unwrap().clone();
    assert_eq!(keys.iter().map(|key| text(&key["label"])).collect::<Vec<_>>(), labels);
    (server, keys)
}

/// What `sort` compares. Never used is oldest; active, expired, inactive are in the order of the alphabet.
fn value(sort: &str, key: &Value) -> String {
    match sort {
        "created_at" => String::new(),
        "label" => fold(&text(&key["label"])),
        // A key that never expires is latest.
        "expires_at" => key[sort].as_str().unwrap_or("9").to_owned(),
        _ => key[sort].as_str().unwrap_or_default().to_owned(),
    }
}

/// All keys of a list, page by page: from the first page, or from `cursor` on.
async fn walk(server: &Server, query: &str, mut cursor: Option<String>) -> Vec<Value> {
    let mut keys = Vec::new();
    loop {
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = server.get(&format!("/keys?{query}{after}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        keys.extend(page.body["keys"].as_array().unwrap().iter().cloned());
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return keys;
        }
    }
}

#[tokio::test]
async fn every_sort_in_pages_of_any_length_both_ways() {
    let (server, keys) = mixed().await;
    for sort in SORTS {
        let mut expected = keys.clone();
        expected.sort_by_key(|key| value(sort, key));
        for limit in [1, 4, keys.len(), 1000] {
            let up = walk(&server, &format!("sort={sort}&order=asc&limit={limit}"), None).await;
            assert_eq!(up, expected, "{sort} by {limit}");
            let mut down = walk(&server, &format!("sort={sort}&order=desc&limit={limit}"), None).await;
            down.reverse();
            assert_eq!(down, expected, "{sort} by {limit}, downwards");
        }
    }
}

#[tokio::test]
async fn from_any_page_back_up_to_the_first() {
    let (server, _) = mixed().await;
    for sort in SORTS {
        for (order, flipped) in [("asc", "desc"), ("desc", "asc")] {
            let whole = walk(&server, &format!("sort={sort}&order={order}"), None).await;
            let first = server.get(&format!("/keys?sort={sort}&order={order}&limit=7")).await;
            let next = text(&first.body["next_cursor"]);
            let second = server.get(&format!("/keys?sort={sort}&order={order}&limit=7&cursor={next}")).await;
            let before = text(&second.body["prev_cursor"]);
            let mut back = walk(&server, &format!("sort={sort}&order={flipped}&limit=3"), Some(before)).await;
            back.reverse();
            assert_eq!(back, whole[..7], "{sort} {order}");
        }
    }
}

#[tokio::test]
async fn a_page_stays_right_while_keys_come_and_go() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for label in ["b", "d", "f", "h", "j"] {
        ids.push(server.create(label).await.0);
    }
    let first = server.get("/keys?sort=label&order=asc&limit=2").await;
    let next = text(&first.body["next_cursor"]);
    server.create("a").await;
    server.create("e").await;
    server.delete(&ids[1]).await; // the very key that the cursor is on
    server.delete(&ids[3]).await;
    let rest = walk(&server, "sort=label&order=asc&limit=2", Some(next)).await;
    assert_eq!(rest.iter().map(|key| text(&key["label"])).collect::<Vec<_>>(), ["e", "f", "j"]);
    assert_eq!(server.labels("sort=label&order=asc&limit=1").await, ["a", "b", "e", "f", "j"]);
    assert_eq!(server.get("/keys?limit=1").await.body["total"], 5);
}

#[tokio::test]
async fn what_a_page_says_about_itself() {
    let server = Server::start().await;
    let empty = server.get("/keys").await.body;
    assert_eq!((&empty["keys"], &empty["total"]), (&json!([]), &json!(0)));
    assert_eq!((&empty["next_cursor"], &empty["prev_cursor"]), (&json!(null), &json!(null)));
    for label in ["one", "two", "three"] {
        server.create(label).await;
    }
    let newest_first = server.get("/keys?limit=3").await.body;
    assert_eq!((&newest_first["next_cursor"], &newest_first["total"]), (&json!(null), &json!(3)));
    assert_eq!(newest_first["keys"][0]["label"], "three");
    assert!(newest_first["prev_cursor"].is_string());
    assert_eq!(server.get("/keys?total=false").await.body["total"], json!(null));
    // No ID has an O.
    assert_eq!(server.get("/keys?total=true&q=O&limit=1").await.body["total"], 2);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_sort() {
    let (server, _) = mixed().await;
    for sort in SORTS {
        let cursor = text(&server.get(&format!("/keys?sort={sort}&limit=1")).await.body["next_cursor"]);
        for other in SORTS {
            let answer = server.get(&format!("/keys?sort={other}&cursor={cursor}")).await;
            assert_eq!(answer.status, if other == sort { 200 } else { 400 }, "{sort} {other}");
        }
    }
}

#[tokio::test]
async fn status_filters_and_their_totals() {
    let (server, keys) = mixed().await;
    for status in ["active", "inactive", "expired"] {
        let expected: Vec<&Value> = keys.iter().filter(|key| key["status"] == status).collect();
        assert!(!expected.is_empty());
        for sort in SORTS {
            let found = walk(&server, &format!("status={status}&sort={sort}&limit=2"), None).await;
            assert_eq!(found.len(), expected.len(), "{status} {sort}");
            assert!(found.iter().all(|key| expected.contains(&key)));
        }
        let total = server.get(&format!("/keys?status={status}&limit=1")).await.body["total"].clone();
        assert_eq!(total, expected.len());
    }
}

#[tokio::test]
async fn a_page_around_a_key_says_where_it_begins() {
    let (server, keys) = mixed().await;
    let middle = text(&keys[7]["id"]);
    let ids = |page: &Value| page["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])).collect::<Vec<_>>();
    let page = server.get(&format!("/keys?order=asc&limit=4&around={middle}")).await.body;
    assert_eq!(ids(&page), keys[5..9].iter().map(|key| text(&key["id"])).collect::<Vec<_>>());
    let again = server.get(&format!("/keys?order=asc&limit=4&cursor={}", text(&page["start_cursor"]))).await.body;
    assert_eq!(ids(&again), ids(&page));
    assert!(again.get("start_cursor").is_none());
    // A key that the list doesn't have, one that there isn't, and one near the beginning.
    for missing in [&middle, "PK0", &text(&keys[1]["id"])] {
        let which = if *missing == middle { "&q=nothing-has-this" } else { "" };
        let page = server.get(&format!("/keys?order=asc&limit=4{which}&around={missing}")).await.body;
        assert!(page.get("start_cursor").is_none(), "{page}");
        assert_eq!(ids(&page).len(), if which.is_empty() { 4 } else { 0 });
    }
    let both = server.get(&format!("/keys?cursor={}&around={middle}", text(&page["next_cursor"]))).await;
    assert_eq!((both.status, text(&both.body["message"])), (400, "around: can't be given with a cursor".to_owned()));
}
