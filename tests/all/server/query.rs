//! Questions: the parameters of `GET /keys`, its search language, and counts.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use latchkey::server::Role;
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::fill;
use crate::support::server::{Answer, Server, folder, text};

async fn ask(server: &Server, pairs: &[(&str, &str)]) -> Answer {
    let url = Url::parse_with_params("http://x/keys", pairs).unwrap();
    server.get(&format!("/keys?{}", url.query().unwrap_or_default())).await
}

async fn found(server: &Server, pairs: &[(&str, &str)]) -> Vec<String> {
    let answer = ask(server, &[pairs, &[("sort", "label"), ("order", "asc")]].concat()).await;
    assert_eq!(answer.status, 200, "{pairs:?}: {answer:?}");
    let labels: Vec<_> = answer.body["keys"].as_array().unwrap().iter().map(|key| text(&key["label"])).collect();
    assert_eq!(answer.body["total"], labels.len(), "{pairs:?}");
    labels
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Five keys that differ in everything that can be asked.
async fn keys() -> Server {
    let server = Server::start().await;
    let day = TimeDelta::days(1);
    let now = Utc::now();
    for (label, owner, by, age, expires, used) in [
        ("backup old", "Ops", "jo", 400, None, None),
        ("backup new", "", "mia", 1, Some(20), None),
        ("ci", "ops team", "mia", 200, Some(60), Some(100)),
        ("grafana", "Jo", "jo", 300, Some(-5), Some(10)),
        ("report", "", "jo", 50, None, Some(1)),
    ] {
        let (id, _) = server.create(label).await;
        server.patch(&id, json!({ "owner": owner })).await;
        let sql = "UPDATE keys SET created_by = ?2, created_at = ?3, expires_at = ?4, last_used_at = ?5 WHERE id = ?1";
        let millis = |days: i64| (now + day * i32::try_from(days).unwrap()).timestamp_millis();
        let (created, end, used) = (millis(-age), expires.map(millis), used.map_or(0, |days: i64| millis(-days)));
        server.database().execute(sql, rusqlite::params![id, by, created, end, used]).unwrap();
    }
    server
}

#[tokio::test]
async fn each_parameter_and_the_language_ask_alike() {
    let server = keys().await;
    let ago = |days| time(Utc::now() - TimeDelta::days(days));
    let ahead = |days| time(Utc::now() + TimeDelta::days(days));
    for (parameters, query, labels) in [
        (vec![("owner", "OPS".to_owned())], "owner:ops", vec!["backup old"]),
        (vec![("owner", String::new())], "owner:", vec!["backup new", "report"]),
        (vec![("created_by", "mia".to_owned())], "by:mia", vec!["backup new", "ci"]),
        (
            vec![("status", "active,inactive".to_owned())],
            "-status:expired",
            vec!["backup new", "backup old", "ci", "report"],
        ),
        (vec![("last_used_before", ago(90))], "unused:90d", vec!["backup old", "ci"]),
        (vec![("never_used", "true".to_owned())], "never-used", vec!["backup new", "backup old"]),
        (vec![("never_used", "false".to_owned())], "-never-used", vec!["ci", "grafana", "report"]),
        (vec![("expires_after", ago(0)), ("expires_before", ahead(30))], "expires:<30d", vec!["backup new"]),
        (vec![("expires_after", ahead(30))], "expires:>30d", vec!["ci"]),
        (vec![("expires", "never".to_owned())], "expires:never", vec!["backup old", "report"]),
        (vec![("created_after", ago(60))], "created:<60d", vec!["backup new", "report"]),
        (vec![("created_before", ago(60)), ("q", "BACK".to_owned())], "created:>60d back", vec!["backup old"]),
    ] {
        let pairs: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(found(&server, &pairs).await, labels, "{pairs:?}");
        assert_eq!(found(&server, &[("query", query)]).await, labels, "{query}");
    }
    // Each narrows what the others leave; without words there is nothing that `q` could mean but words.
    assert_eq!(found(&server, &[("query", "by:jo"), ("q", "backup"), ("status", "active")]).await, ["backup old"]);
    assert_eq!(found(&server, &[("query", "by:jo -\"backup old\" -status:expired")]).await, ["report"]);
    assert_eq!(found(&server, &[("q", "by:jo")]).await, [""; 0]);
}

#[tokio::test]
async fn the_answer_says_what_was_understood() {
    let server = keys().await;
    let answer = ask(&server, &[("query", "  BY:mia  status:active,active "), ("sort", "expires_at")]).await;
    assert_eq!((&answer.body["query"], &answer.body["sort"]), (&json!("by:mia status:active"), &json!("expires_at")));
    assert_eq!(ask(&server, &[("q", "x")]).await.body["query"], Value::Null);
    for (query, says) in [
        ("onwer:jo", "query: there is no filter onwer: (did you mean owner:?)"),
        ("expires:soon", "query: expires: use 90d"),
        ("\"a", "query: this quote is not closed"),
        (&"x".repeat(1001), "query: at most 1000 characters"),
    ] {
        let answer = ask(&server, &[("query", query)]).await;
        assert_eq!(answer.status, 400);
        assert!(text(&answer.body["message"]).starts_with(says), "{answer:?}");
    }
    for pair in [("status", "active,"), ("expires", "soon"), ("never_used", "1"), ("created_after", "yesterday")] {
        let answer = ask(&server, &[pair]).await;
        assert!(answer.status == 400 && text(&answer.body["message"]).starts_with(pair.0), "{answer:?}");
    }
}

#[tokio::test]
async fn an_export_says_of_which_keys() {
    let server = keys().await;
    ask(&server, &[("query", "by:mia -test"), ("owner", "Ops"), ("export", "csv")]).await;
    let event = server.get("/events?kind=exported").await.body["events"][0].clone();
    assert_eq!(event["detail"], "csv, query by:mia -test, owner Ops");
}

#[tokio::test]
async fn several_searches_are_counted_in_one_call() {
    let server = keys().await;
    let views = ["", "status:active", "expires:<30d", "unused:90d", "never-used", "by:jo", "owner:\"\"", "backup -new"];
    let url = Url::parse_with_params("http://x/", views.map(|view| ("query", view))).unwrap();
    let answer = server.get(&format!("/keys/counts?{}", url.query().unwrap())).await;
    let counts: Vec<_> = answer.body["counts"].as_array().unwrap().iter().map(|count| count["total"].clone()).collect();
    assert_eq!(counts, [5, 4, 1, 2, 2, 3, 2, 1]);
    assert_eq!(answer.body["counts"][6]["query"], "owner:\"\"");
    for refused in ["", "?query=onwer:x", "?query=&sort=id", &format!("?{}", "query=&".repeat(33))] {
        let answer = server.get(&format!("/keys/counts{refused}")).await;
        assert_eq!(answer.status, 400, "{refused}: {answer:?}");
    }
}

#[tokio::test]
async fn the_most_frequent_owners_are_told() {
    let server = keys().await;
    let told = async |query: &str| {
        let body = server.get(&format!("/keys/owners{query}")).await.body;
        let owners = body["owners"].as_array().unwrap().clone();
        owners.iter().map(|o| format!("{} {}", o["owner"].as_str().unwrap(), o["total"])).collect::<Vec<_>>()
    };
    assert_eq!(told("").await, ["Jo 1", "Ops 1", "ops team 1"]);
    let (id, _) = server.create("another").await;
    server.patch(&id, json!({ "owner": "ÖPS" })).await;
    assert_eq!(told("?limit=1").await, ["ÖPS 2"]);
    for refused in ["?limit=0", "?limit=33", "?owner=x"] {
        assert_eq!(server.get(&format!("/keys/owners{refused}")).await.status, 400, "{refused}");
    }
}

/// Among many keys, where indexes name the candidates: each question finds what SQL finds.
#[tokio::test]
async fn among_many_keys_each_question_finds_what_sql_finds() {
    let folder = folder();
    fill::fill(folder.path(), 24_000, &mut |_| {}).unwrap();
    let server = Server::on(folder, Role::Administrator).await;
    let now = Utc::now();
    let millis = |days| (now - TimeDelta::days(days)).timestamp_millis();
    let unused =
        format!("(last_used_at > 0 AND last_used_at < {0} OR last_used_at = 0 AND created_at < {0})", millis(90));
    for (query, sql) in [
        ("unused:90d", unused.clone()),
        ("-unused:90d", format!("NOT {unused}")),
        ("unused:90d by:jo -status:active", format!("{unused} AND created_by = 'jo' AND state <> 0")),
        (
            "owner:billing expires:never backup",
            "owner_fold = 'billing' AND expires_at IS NULL AND label_fold LIKE '%backup%'".to_owned(),
        ),
        (
            "expires:<30d -owner:\"\"",
            format!("expires_at > {} AND expires_at < {} AND owner <> ''", millis(0), millis(-30)),
        ),
        (
            "-owner:\"\" -never-used -by:jo -by:mar*",
            "owner <> '' AND last_used_at > 0 AND created_by NOT IN ('jo', 'maria')".to_owned(),
        ),
        (
            "status:active,expired never-used created:<100d",
            format!("state < 2 AND last_used_at = 0 AND created_at >= {}", millis(100)),
        ),
        (
            "status:inactive -backup -ams",
            "state = 2 AND label_fold NOT LIKE '%backup%' AND label_fold NOT LIKE '%ams%' AND id NOT LIKE '%AMS%'"
                .to_owned(),
        ),
        ("never-used unused:3y", "0".to_owned()),
        ("owner:nobody", "0".to_owned()),
    ] {
        for sort in ["created_at", "created_by", "expires_at", "last_used_at", "label", "status", "id"] {
            for order in ["asc", "desc"] {
                let column = match sort {
                    "created_at" => "seq",
                    "expires_at" => "ends_at",
                    "label" => "label_fold",
                    "status" => "state",
                    other => other,
                };
                let sql = format!("SELECT id FROM keys WHERE {sql} ORDER BY {column} {order}, seq {order}");
                let database = server.database();
                let mut statement = database.prepare(&sql).unwrap();
                let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
                let expected: Vec<String> = rows.map(Result::unwrap).collect();
                let mut cursor = None;
                for page in expected.chunks(70).take(2).chain(expected.is_empty().then_some(&[][..])) {
                    let mut pairs = vec![("query", query), ("sort", sort), ("order", order), ("limit", "70")];
                    pairs.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                    let answer = ask(&server, &pairs).await;
                    let ids: Vec<_> =
                        answer.body["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])).collect();
                    assert_eq!(ids, page, "{query} by {sort} {order}");
                    // A busy machine may not count them in time.
                    let total = &answer.body["total"];
                    assert!(total.is_null() || *total == expected.len(), "{query} by {sort} {order}: {total}");
                    cursor = answer.body["next_cursor"].as_str().map(str::to_owned);
                }
            }
        }
    }
}
