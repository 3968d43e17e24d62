//! Searching: every kind of text among many keys, held against a plain look at each key.

use latchkey::domain::Sort;
use latchkey::domain::key::fields;
use latchkey::server::Role;
use latchkey::server::test_support::fold;
use serde_json::Value;

use crate::support::fill;
use crate::support::server::{Answer, Server, folder, text};

/// More keys than are ever looked at one by one: the index has to answer.
const MANY: u64 = 12_000;

/// A key as the plain look sees it: its ID as it is, and its texts as they are searched.
type Plain = (String, String);

async fn search(server: &Server, needle: &str, rest: &str) -> Answer {
    let url = reqwest::Url::parse_with_params("http://x/keys", [("q", needle)]).unwrap();
    server.get(&format!("/keys?{}{rest}", url.query().unwrap())).await
}

async fn found(server: &Server, needle: &str) -> Vec<String> {
    let answer = search(server, needle, "&sort=label&order=asc").await;
    assert_eq!(answer.status, 200, "{needle:?}: {answer:?}");
    labels(&answer)
}

fn labels(answer: &Answer) -> Vec<String> {
    answer.body["keys"].as_array().unwrap().iter().map(|key| text(&key["label"])).collect()
}

fn ids(answer: &Answer) -> Vec<String> {
    answer.body["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])).collect()
}

#[tokio::test]
async fn words_of_labels_and_ids_without_regard_to_case_accents_and_order() {
    let server = Server::start().await;
    for label in
        ["Grafana – Zürich", "ÜBERWACHUNG", "Straße", "İstanbul", "ΣΊΣΥΦΟΣ", "監視システム", "100% \"sure\" a_b*"]
    {
        server.create(label).await;
    }
    let (id, _) = server.create("by its id").await;
    let cases = [
        ("ZÜRICH", "Grafana – Zürich"),
        ("zurich", "Grafana – Zürich"),
        ("zu\u{308}rich -", "Grafana – Zürich"),
        ("zürich grafana", "Grafana – Zürich"),
        ("überw", "ÜBERWACHUNG"),
        ("strasse", "Straße"),
        ("ｓｕｒｅ 100", "100% \"sure\" a_b*"),
        ("straße", "Straße"),
        ("STANBUL", "İstanbul"),
        ("σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("システム", "監視システム"),
        ("監", "監視システム"),
        ("0%", "100% \"sure\" a_b*"),
        ("\"sure\"", "100% \"sure\" a_b*"),
        ("_b*", "100% \"sure\" a_b*"),
        (" – ", "Grafana – Zürich"),
        (&id[2..].to_lowercase(), "by its id"),
        (&id, "by its id"),
    ];
    for (needle, label) in cases {
        assert_eq!(found(&server, needle).await, [label], "{needle}");
    }
    for needle in ["%%", "a__", "OR", "grafana AND", "zurach", "\u{0}", "'; DROP TABLE keys; --", "( ) ^ NEAR"] {
        assert_eq!(found(&server, needle).await, [""; 0], "{needle:?}");
    }
    for nothing in ["", "\n", " \u{a0}"] {
        assert_eq!(found(&server, nothing).await.len(), 8);
    }
}

#[tokio::test]
async fn the_index_follows_edits_and_deletes() {
    let server = Server::start().await;
    let (one, _) = server.create("alpha").await;
    let (two, _) = server.create("alphabet").await;
    server.patch(&one, serde_json::json!({ "label": "omega" })).await;
    assert_eq!(found(&server, "alpha").await, ["alphabet"]);
    assert_eq!(found(&server, "OMEGA").await, ["omega"]);
    server.delete(&two).await;
    assert_eq!(found(&server, "alp").await, [""; 0]);
    let damage = "INSERT INTO grams (grams, rank) VALUES ('integrity-check', 0)";
    server.database().execute(damage, []).unwrap();
}

#[tokio::test]
async fn among_many_keys_the_index_finds_what_a_plain_look_finds() {
    let folder = folder();
    fill::fill(folder.path(), MANY, &mut |_| {}).unwrap();
    let server = Server::on(folder, Role::Administrator).await;
    let rare = server.create("Zebra 42 in the oldest corner").await.0;
    server
        .database()
        .execute("UPDATE keys SET label_fold = label_fold, last_used_at = 1 WHERE id = ?1", [&rare])
        .unwrap();
    for sort in Sort::ALL.map(Sort::as_str) {
        for order in ["asc", "desc"] {
            let plain = plain(&server, sort, order);
            for needle in [
                "a",
                "z",
                "%",
                "é",
                "ck",
                "ö",
                "qq",
                "grafana",
                "zebra 42",
                "#4999",
                "PK0",
                "東京",
                "zur",
                "03 ams",
                "a zürich",
                "nothing at all",
            ] {
                let query = format!("&sort={sort}&order={order}&limit=50");
                same(&server, &plain, needle, &query).await;
            }
        }
    }
}

/// Two pages and the total.
async fn same(server: &Server, plain: &[Plain], needle: &str, query: &str) {
    let words: Vec<String> = fold(needle).split(' ').map(str::to_owned).collect();
    let matches =
        |(id, texts): &&Plain| words.iter().all(|word| id.to_lowercase().contains(word) || texts.contains(word));
    let expected: Vec<&String> = plain.iter().filter(matches).map(|(id, _)| id).collect();
    let page = search(server, needle, query).await;
    // A busy machine may not count them in time.
    let total = &page.body["total"];
    assert!(total.is_null() || *total == expected.len(), "{needle} {query}: {total}");
    let first = ids(&page);
    assert!(first.iter().eq(expected.iter().copied().take(50)), "{needle} {query}");
    if let Value::String(next) = &page.body["next_cursor"] {
        let second = ids(&search(server, needle, &format!("{query}&total=false&cursor={next}")).await);
        assert!(second.iter().eq(expected.iter().copied().skip(50).take(50)), "{needle} {query}, second page");
    } else {
        assert!(expected.len() <= 50, "{needle} {query}");
    }
}

/// All keys in the order of a list, read past the server.
fn plain(server: &Server, sort: &str, order: &str) -> Vec<Plain> {
    let column = match sort {
        "created_at" => "seq",
        "status" => "state",
        "expires_at" => "ends_at",
        "created_by" | "last_used_at" | "id" => sort,
        text => &format!("{text}_fold"),
    };
    let texts: Vec<String> = fields::written().map(|(field, _)| format!("{}_fold", field.name)).collect();
    let texts = texts.join(" || char(10) || ");
    let sql = format!("SELECT id, {texts} FROM keys ORDER BY {column} {order}, seq {order}");
    let database = server.database();
    let mut statement = database.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
