//! A rotation on PostgreSQL: begun on one server, finished by another administrator on another one.

use reqwest::Method;
use serde_json::{Value, json};

use super::{postgres, servers, sql, with_tables};
use crate::support::files::write_private;
use crate::support::home::{Home, text};
use crate::support::served::Served;
use crate::support::server::PASSWORD;

/// The program of an administrator, at a server.
fn administrator(name: &str, server: &Served) -> (Home, String) {
    let home = Home::new();
    write_private(&home.path("password"), PASSWORD);
    let url = server.base.clone();
    let sign_in = ["--url", &url, "login", "--username", name, "--password-file", "password", "--remember=file"];
    assert_eq!(home.run(&sign_in).code, 0);
    (home, url)
}

#[tokio::test]
async fn another_administrator_finishes_it_on_another_server() {
    let database = with_tables(postgres());
    let address = postgres().address(&database);
    let [first, second] = servers([address.clone(), address], &[]);
    let session = first.session("jo").await;
    let add = first.anyone(Method::POST, "/admins").bearer_auth(&session);
    let mo = json!({ "username": "mo", "password": PASSWORD, "role": "administrator" });
    assert!(add.json(&mo).send().await.unwrap().status().is_success());
    rotate_and_finish(&first, &second); // both are processes of their own
    sql(postgres(), &database, "SELECT 1 / count(*) FROM keys WHERE replaced_by IS NOT NULL AND rotates_until = 0");
}

fn rotate_and_finish(first: &Served, second: &Served) {
    let (jo, at_first) = administrator("jo", first);
    let (mo, at_second) = administrator("mo", second);
    let jo_runs = |args: &[&str]| jo.run(&[&["--url", &at_first], args].concat());
    let mo_runs = |args: &[&str]| mo.run(&[&["--url", &at_second], args].concat());
    let made = jo_runs(&["keys", "create", "--label", "nightly", "--secret-file", "old", "--output", "json"]).json();
    let old = text(&made["key"]["id"]);
    let made = jo_runs(&["keys", "rotate", &old, "--secret-file", "new", "--output", "json"]).json();
    let new = text(&made["key"]["id"]);
    assert_eq!(made["key"]["replaces"], json!(old));
    let works = |id: &str, file: &str| jo_runs(&["token", id, "--secret-file", file]).code;
    assert_eq!((works(&old, "old"), works(&new, "new")), (0, 0));

    let found = mo_runs(&["keys", "list", "--search", "rotating", "--output", "json"]).json();
    assert_eq!(found.as_array().unwrap().len(), 2);
    let refused = mo_runs(&["keys", "rotate", &old, "--finish"]).failed(5);
    assert!(refused.contains("not safe to finish"), "{refused}");
    let finished = mo_runs(&["keys", "rotate", &old, "--finish", "--yes", "--output", "json"]);
    let keys: Value = serde_json::from_str(&finished.out).unwrap();
    assert_eq!((finished.code, &keys["old"]["status"]), (0, &json!("expired")), "{finished:?}");
    assert_eq!((works(&old, "old"), works(&new, "new")), (7, 0));
    jo_runs(&["keys", "usage", &old]).good(); // has what was recorded stored first
    let shown = jo_runs(&["keys", "show", &old, "--events"]).good();
    assert!(shown.contains("used after rotation") && shown.contains("mo"), "{shown}");
}
