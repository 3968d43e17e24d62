//! Lists: sorted, filtered, and paged while they change.

use serde_json::{Value, json};

use crate::support::{Answer, Server, text};

fn labels(page: &Answer) -> Vec<String> {
    page.body["keys"].as_array().unwrap().iter().map(|key| text(&key["label"])).collect()
}

/// Five keys, of which b was used before d, and c is inactive.
async fn five() -> Server {
    let server = Server::start().await;
    for label in ["c", "A", "e", "b", "D"] {
        server.create(label).await;
    }
    server
        .database()
        .execute_batch("UPDATE keys SET last_used_at = 1000 WHERE label = 'b'; UPDATE keys SET last_used_at = 2000 WHERE label = 'D';")
        .unwrap();
    let id = text(&server.get("/keys?q=c&sort=label&order=asc&status=active").await.body["keys"][0]["id"]);
    let c: String = server.database().query_row("SELECT id FROM keys WHERE label = 'c'", [], |row| row.get(0)).unwrap();
    assert!(!id.is_empty());
    server.patch(&c, json!({ "status": "inactive" })).await;
    server
}

#[tokio::test]
async fn every_sort_in_both_directions_and_any_page_size() {
    let server = five().await;
    let mut ids = server.labels("sort=id&order=asc").await;
    for (sort, expected) in [
        ("created_at", vec!["c", "A", "e", "b", "D"]),
        ("label", vec!["A", "b", "c", "D", "e"]),
        ("last_used_at", vec!["c", "A", "e", "b", "D"]),
        ("status", vec!["A", "e", "b", "D", "c"]),
    ] {
        for limit in [1, 2, 3, 5, 100] {
            let query = format!("sort={sort}&limit={limit}");
            assert_eq!(server.labels(&format!("{query}&order=asc")).await, expected, "{query}");
            let mut upward = server.labels(&format!("{query}&order=desc")).await;
            upward.reverse();
            assert_eq!(upward, expected, "{query}");
        }
    }
    ids.reverse();
    assert_eq!(server.labels("sort=id&limit=2").await, ids);
    assert_eq!(
        labels(&server.get("/keys").await),
        ["D", "b", "e", "A", "c"],
        "the newest first, unless asked otherwise"
    );
}

#[tokio::test]
async fn pages_go_up_as_well_as_down() {
    let server = five().await;
    for sort in ["created_at", "label", "last_used_at", "status", "id"] {
        let all = server.labels(&format!("sort={sort}&order=asc")).await;
        let first = server.get(&format!("/keys?sort={sort}&order=asc&limit=3")).await;
        let next = text(&first.body["next_cursor"]);
        let second = server.get(&format!("/keys?sort={sort}&order=asc&limit=3&cursor={next}")).await;
        assert_eq!(labels(&second), all[3..], "{sort}");
        assert_eq!(second.body["next_cursor"], Value::Null);
        let above = text(&second.body["prev_cursor"]);
        let up = server.get(&format!("/keys?sort={sort}&order=desc&limit=2&cursor={above}")).await;
        assert_eq!(labels(&up), [all[2].clone(), all[1].clone()], "{sort}");
    }
    assert_eq!(server.get("/keys?q=nothing").await.body["prev_cursor"], Value::Null);
}

#[tokio::test]
async fn a_cursor_stays_right_while_keys_come_and_go() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(server.create(&format!("key {n}")).await.0);
    }
    let first = server.get("/keys?sort=label&order=asc&limit=4").await;
    assert_eq!(labels(&first), ["key 0", "key 1", "key 2", "key 3"]);
    server.delete(&ids[3]).await;
    server.delete(&ids[5]).await;
    server.create("key 0 and a half").await;
    server.create("key 4 and a half").await;
    let cursor = text(&first.body["next_cursor"]);
    let second = server.get(&format!("/keys?sort=label&order=asc&limit=4&cursor={cursor}")).await;
    assert_eq!(labels(&second), ["key 4", "key 4 and a half", "key 6", "key 7"]);
    assert_eq!(second.body["total"], 10);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let server = five().await;
    let cursor = text(&server.get("/keys?sort=label&limit=1").await.body["next_cursor"]);
    let other = server.get(&format!("/keys?sort=id&cursor={cursor}")).await;
    assert_eq!(other.status, 400);
    assert!(text(&other.body["message"]).starts_with("cursor"));
}

#[tokio::test]
async fn filters_know_no_case_in_any_script() {
    let server = Server::start().await;
    for label in ["Grafana – ZÜRICH", "Резервное", "ΣΊΣΥΦΟΣ", "İzmir", "東京", "100% \"quoted\" _x*", "a\u{301}"]
    {
        server.create(label).await;
    }
    for (q, expected) in [
        ("zürich", "Grafana – ZÜRICH"),
        ("– z", "Grafana – ZÜRICH"),
        ("РЕЗ", "Резервное"),
        ("ное", "Резервное"),
        ("ίσυφοσ", "ΣΊΣΥΦΟΣ"),
        ("ς", "ΣΊΣΥΦΟΣ"),
        ("İZ", "İzmir"),
        ("京", "東京"),
        ("東京", "東京"),
        ("\" _X*", "100% \"quoted\" _x*"),
        ("0%", "100% \"quoted\" _x*"),
        ("\u{301}", "a\u{301}"),
    ] {
        let request = server.call(reqwest::Method::GET, "/keys").query(&[("q", q)]);
        let page = crate::support::send(request).await;
        assert_eq!(labels(&page), [expected], "{q}");
        assert_eq!(page.body["total"], 1, "{q}");
    }
    let (id, _) = server.create("").await;
    for part in [id.to_lowercase(), id[5..].to_owned(), id[2..9].to_lowercase()] {
        let page = server.get(&format!("/keys?q={part}")).await;
        assert_eq!(page.body["keys"][0]["id"], id.as_str());
    }
    server.patch(&id, json!({ "label": "renamed" })).await;
    assert_eq!(server.labels("q=enam").await, ["renamed"]);
}

/// More keys than the first walk looks at: what is rare is found by the index, in every order.
#[tokio::test]
async fn what_is_rare_among_many_is_found() {
    let folder = crate::support::folder();
    latchkey::server::fill::fill(folder.path(), 12_000, &mut |_| {}).unwrap();
    let again = latchkey::server::fill::fill(folder.path(), 1, &mut |_| {});
    assert!(matches!(again, Err(latchkey::server::StoreError::NotEmpty(_))));
    let server = Server::on(folder, latchkey::server::Role::Administrator).await;
    let database = server.database();
    database.execute_batch("CREATE TEMP TABLE all_keys AS SELECT * FROM keys").unwrap();
    for q in ["#4999", "backup", "資", "監", "été", "nightly backup ams-03", "q7", "zzzz", "kup ams", "grafana – z"]
    {
        for status in ["", "expired"] {
            let state = if status.is_empty() { "1" } else { "state = 1" };
            let sql = format!(
                "SELECT id FROM all_keys WHERE {state} AND (instr(id, ?1) OR instr(label_fold, ?2)) ORDER BY seq DESC"
            );
            let mut statement = database.prepare(&sql).unwrap();
            let expected: Vec<String> = statement
                .query_map([&q.to_ascii_uppercase(), q], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            for sort in ["created_at", "last_used_at", "label", "status", "id"] {
                let mut found = Vec::new();
                let mut cursor: Option<String> = None;
                loop {
                    let mut query = vec![("q", q.to_owned()), ("sort", sort.to_owned()), ("limit", "700".to_owned())];
                    query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
                    query.extend((!status.is_empty()).then(|| ("status", status.to_owned())));
                    let page = crate::support::send(server.call(reqwest::Method::GET, "/keys").query(&query)).await;
                    assert_eq!(page.body["total"], expected.len(), "{q} {status}");
                    found.extend(page.body["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])));
                    match &page.body["next_cursor"] {
                        Value::String(next) => cursor = Some(next.clone()),
                        _ => break,
                    }
                }
                let mut expected = expected.clone();
                if sort != "created_at" {
                    found.sort();
                    expected.sort();
                }
                assert!(found == expected, "{q} {status} by {sort}: {} of {}", found.len(), expected.len());
            }
        }
    }
}
