//! The `OpenAPI` document and the server say the same.

use latchkey::server::Role;
use latchkey::server::http::routes::ROUTES;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::handover::Handover;
use crate::support::openapi;
use crate::support::server::{self, Server, send, text};

#[test]
fn each_route_is_documented_and_each_documented_operation_is_a_route() {
    let mut documented: Vec<_> = openapi::operations().into_iter().map(|(method, path, _)| (method, path)).collect();
    let mut routed: Vec<_> = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed);
}

/// Each documented status of each operation is given, and (see `send`) no other and no field that is not documented.
#[tokio::test]
async fn each_documented_answer_is_given() {
    let server = Server::start().await;
    let (id, secret) = server.create("one").await;
    let granted = server.exchange(&id, &secret).await;
    let token = granted.body["access_token"].as_str().unwrap();
    server.verify(token).await;
    send(server.anyone(Method::GET, "/auth/verify/app").header("x-access-token", token)).await;
    server.verify("none").await;
    send(server.anyone(Method::GET, "/health")).await;
    server.exchange(&id, "wrong").await;
    send(server.call(Method::POST, "/keys/identify").json(&json!({ "secret": secret }))).await;
    look(&server, &id).await;
    server.patch(&id, json!({ "label": "two" })).await;
    for method in [Method::PATCH, Method::DELETE] {
        send(server.call(method, &format!("/keys/{id}")).header("if-match", "\"1\"").json(&json!({}))).await;
    }
    server.post("same", json!({})).await;
    server.post("same", json!({})).await;
    server.post("same", json!({ "label": "other" })).await;
    let sealed = json!({ "seal_to": "A".repeat(42) + "Q" });
    let created = server.post("sealed", sealed.clone()).await;
    server.post("sealed", sealed).await;
    for status in [204, 404] {
        assert_eq!(send(sealed_of(&server, &text(&created.body["key"]["id"]))).await.status, status);
    }
    let trickling = server.trickle("slow").await;
    server.post("slow", json!({})).await;
    drop(trickling);
    rotations(&server).await;
    handovers(&server, &id).await;
    administrators(&server).await;
    sessions(&server).await;
    refused(&server, &id).await;
    server.delete(&id).await;
    server.delete(&id).await;
    server.get(&format!("/keys/{id}")).await;
    server.patch(&id, json!({})).await;
    server.get("/keys/PK1/events").await;
    server.get("/keys/PK1/usage").await;

    let auditor = Server::on(server::folder(), Role::Auditor).await;
    auditor.post("x", json!({})).await;
    for (method, path) in [
        (Method::GET, "/admins"),
        (Method::POST, "/admins"),
        (Method::PATCH, "/admins/jo"),
        (Method::DELETE, "/admins/jo"),
        (Method::POST, "/revoke"),
        (Method::POST, "/signing_key"),
        (Method::PUT, "/auth/password"),
    ] {
        assert_eq!(send(auditor.call(method, path).json(&json!({}))).await.status, 403);
    }
    auditor.patch("PK1", json!({})).await;
    auditor.delete("PK1").await;
    send(sealed_of(&auditor, "PK1")).await;
    auditor.rotate("PK1", json!({})).await;
    auditor.finish("PK1").await;
    auditor.undo("PK1").await;
    send(auditor.call(Method::POST, "/handovers").json(&json!({}))).await;
    send(auditor.call(Method::DELETE, "/handovers/0")).await;
    send(auditor.call(Method::DELETE, "/handovers/0/alarm")).await;
    send(server.anyone(Method::GET, "/ready")).await;
    broken(&server, &id, token).await;
    let database = server.folder.path().join("keys.db");
    std::fs::rename(&database, database.with_extension("away")).unwrap();
    call_all(&server, &id, token).await;
    server.sign_in("jo", "any").await;
    send(server.call_as("any", Method::DELETE, "/auth/session")).await;
    send(server.anyone(Method::GET, "/health")).await;
    while send(server.anyone(Method::GET, "/ready")).await.status == 200 {} // it stands for a second
    for path in ["/handovers/open", "/handovers/confirm"] {
        let code = json!({ "code": "0".repeat(30), "opener": "a".repeat(16) });
        while send(server.anyone(Method::POST, path).json(&code)).await.status != 429 {}
    }

    let mut documented = std::collections::BTreeSet::new();
    for (method, path, operation) in openapi::operations() {
        for status in operation["responses"].as_object().unwrap().keys() {
            documented.insert((method.clone(), path.clone(), status.parse::<u16>().unwrap()));
        }
    }
    let seen = openapi::SEEN.take();
    assert_eq!(documented.difference(&seen).collect::<Vec<_>>(), Vec::<&(String, String, u16)>::new());
}

fn sealed_of(server: &Server, id: &str) -> RequestBuilder {
    server.call(Method::DELETE, &format!("/keys/{id}/sealed"))
}

/// Rotating a key, in every way.
async fn rotations(server: &Server) {
    let (id, _) = server.create("old").await;
    let overlap = json!({ "overlap_seconds": 60 });
    let call = |key: &str, of: &str, body: serde_json::Value| {
        let call = server.call(Method::POST, &format!("/keys/{of}/rotate"));
        send(call.header("Idempotency-Key", key).json(&body))
    };
    for (key, of, body, status) in [
        ("rotate", id.as_str(), &overlap, 201),
        ("rotate", &id, &overlap, 200),
        ("rotate", &id, &json!({ "overlap_seconds": 1 }), 422),
        ("again", &id, &overlap, 409),
        ("other", "PK1", &overlap, 404),
    ] {
        assert_eq!(call(key, of, body.clone()).await.status, status);
    }
    let stale = |method, path: &str| server.call(method, &format!("/keys/{path}")).header("if-match", "\"9\"");
    send(stale(Method::POST, &format!("{id}/rotate")).header("idempotency-key", "stale").json(&overlap)).await;
    send(stale(Method::POST, &format!("{id}/rotation/finish"))).await;
    send(stale(Method::DELETE, &format!("{id}/rotation"))).await;
    assert_eq!(server.undo(&id).await.status, 200);
    assert_eq!(server.undo(&id).await.status, 409);
    server.rotate(&id, overlap).await;
    assert_eq!(server.finish(&id).await.status, 200);
    assert_eq!(server.finish(&id).await.status, 409);
    server.finish("PK1").await;
    server.undo("PK1").await;
}

/// Handing over a secret, in every way.
async fn handovers(server: &Server, id: &str) {
    let handover = Handover::draw(id, "sk_made_up", None);
    let created = handover.create(server).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(Handover::draw("PK1", "sk_made_up", None).create(server).await.status, 404);
    let other = "0".repeat(30);
    for (code, opener, status) in
        [(handover.wrong(), "1", 403), (handover.code(), "1", 200), (handover.code(), "2", 410), (&other, "1", 404)]
    {
        let body = json!({ "code": code, "opener": opener.repeat(16) });
        assert_eq!(send(server.anyone(Method::POST, "/handovers/open").json(&body)).await.status, status);
    }
    for (opener, status) in [("2", 404), ("1", 204)] {
        let body = json!({ "code": handover.code(), "opener": opener.repeat(16) });
        assert_eq!(send(server.anyone(Method::POST, "/handovers/confirm").json(&body)).await.status, status);
    }
    let take_back = |id: &str| server.call(Method::DELETE, &format!("/handovers/{id}"));
    assert_eq!(send(take_back(created.body["handover"]["id"].as_str().unwrap())).await.status, 409);
    assert_eq!(send(take_back("0")).await.status, 404);
    assert_eq!(send(take_back("0/alarm")).await.status, 404);
    let alarm = format!("{}/alarm", text(&created.body["handover"]["id"]));
    for (seen, status) in [("?at=2026-01-01T00:00:00Z", 409), ("?at=today", 400), ("", 204)] {
        assert_eq!(send(take_back(&format!("{alarm}{seen}"))).await.status, status);
    }
    let another = Handover::draw(id, "sk_made_up", None).create(server).await;
    assert_eq!(send(take_back(another.body["handover"]["id"].as_str().unwrap())).await.status, 204);
    server.get("/handovers").await;
}

/// What superusers do, and what everyone does about their own sign-in.
async fn administrators(server: &Server) {
    for name in ["su", "pal"] {
        server.add(name, Role::Superuser);
    }
    let session = server.session("su").await;
    let call = |method, path: &str| server.call_as(&session, method, path);
    let new = json!({ "username": "new", "password": "twelve chars", "role": "auditor" });
    for status in [201, 409] {
        assert_eq!(send(call(Method::POST, "/admins").json(&new)).await.status, status);
    }
    assert_eq!(send(call(Method::GET, "/admins")).await.status, 200);
    assert_eq!(send(call(Method::GET, "/sessions")).await.status, 200);
    assert_eq!(send(call(Method::GET, "/events")).await.status, 200);
    for (path, body, status) in [
        ("/admins/new", json!({ "role": "administrator" }), 200),
        ("/admins/nobody", json!({ "role": "administrator" }), 404),
        ("/admins/pal", json!({ "role": "auditor" }), 200),
        ("/admins/su", json!({ "role": "auditor" }), 409),
    ] {
        assert_eq!(send(call(Method::PATCH, path).json(&body)).await.status, status, "{path}");
    }
    for (path, status) in [("/admins/new", 204), ("/admins/new", 404), ("/admins/su", 409)] {
        assert_eq!(send(call(Method::DELETE, path)).await.status, status, "{path}");
    }
    server.session("su").await;
    let all = send(call(Method::GET, "/sessions")).await.body["sessions"].clone();
    let other = all.as_array().unwrap().iter().find(|one| one["current"] == false && one["username"] == "su").unwrap();
    for status in [204, 404] {
        let path = format!("/sessions/{}", other["id"].as_str().unwrap());
        assert_eq!(send(call(Method::DELETE, &path)).await.status, status);
    }
    let change = |old: &str| json!({ "old_password": old, "new_password": "another good one" });
    let path = "/auth/password";
    assert_eq!(send(call(Method::PUT, path).json(&change(server::PASSWORD))).await.status, 204);
    // By another, whose password is not the one of real cost that was just set: a loop over that may take for ever.
    let pal = server.session("pal").await;
    while send(server.call_as(&pal, Method::PUT, path).json(&change("wrong"))).await.status != 429 {}
    assert_eq!(send(call(Method::POST, "/signing_key").json(&json!({}))).await.status, 200);
    assert_eq!(send(call(Method::POST, "/revoke").json(&json!({ "sessions": true }))).await.status, 200);
    assert_eq!(send(call(Method::GET, "/sessions")).await.status, 401);
}

/// Signing in and out, in every way.
async fn sessions(server: &Server) {
    server.add("mo", Role::Superuser);
    let session = server.session("mo").await;
    // More lists at once than one administrator may have.
    for path in ["/keys", "/keys/counts?query=", "/keys/owners", "/keys/due"] {
        while {
            let mut lists = tokio::task::JoinSet::new();
            (0..40).for_each(|_| drop(lists.spawn(send(server.call_as(&session, Method::GET, path)))));
            lists.join_all().await.iter().all(|answer| answer.status != 429)
        } {}
    }
    for session in [session.as_str(), "none", server::SESSION] {
        send(server.call_as(session, Method::DELETE, "/auth/session")).await;
    }
    while server.sign_in("nobody", "wrong").await.status != 429 {}
}

/// Without a session; too large; malformed.
async fn refused(server: &Server, id: &str) {
    let large = "x".repeat(64 * 1024 + 1);
    let own = server.session("mo").await;
    for (method, path) in [
        (Method::GET, "/keys"),
        (Method::GET, "/keys/counts"),
        (Method::GET, "/keys/owners"),
        (Method::GET, "/keys/due"),
        (Method::POST, "/keys"),
        (Method::POST, "/keys/identify"),
        (Method::GET, "/keys/%FF"),
        (Method::PATCH, "/keys/%FF"),
        (Method::DELETE, "/keys/%FF"),
        (Method::GET, "/keys/%FF/events"),
        (Method::GET, "/keys/%FF/usage"),
        (Method::DELETE, "/keys/%FF/sealed"),
        (Method::POST, "/keys/%FF/rotate"),
        (Method::POST, "/keys/%FF/rotation/finish"),
        (Method::DELETE, "/keys/%FF/rotation"),
        (Method::GET, "/handovers"),
        (Method::POST, "/handovers"),
        (Method::DELETE, "/handovers/%FF"),
        (Method::DELETE, "/handovers/%FF/alarm"),
        (Method::POST, "/handovers/open"),
        (Method::POST, "/handovers/confirm"),
        (Method::POST, "/auth/client_token"),
        (Method::POST, "/auth/session"),
        (Method::PUT, "/auth/password"),
        (Method::GET, "/events"),
        (Method::GET, "/admins"),
        (Method::POST, "/admins"),
        (Method::PATCH, "/admins/%FF"),
        (Method::DELETE, "/admins/%FF"),
        (Method::GET, "/sessions"),
        (Method::DELETE, "/sessions/%FF"),
        (Method::POST, "/revoke"),
        (Method::POST, "/signing_key"),
    ] {
        send(server.anyone(method.clone(), path)).await;
        send(server.call(method.clone(), &format!("{path}?limit=0"))).await;
        if [Method::POST, Method::PATCH, Method::PUT].contains(&method) {
            // The embedded server's session, which is that of these tests, has no password to change.
            let session = if path == "/auth/password" { own.as_str() } else { server::SESSION };
            let id = if path.starts_with("/admins") { "jo" } else { id };
            let call =
                server.call_as(session, method, &path.replace("%FF", id)).header("content-type", "application/json");
            send(call.try_clone().unwrap().body("[]")).await;
            let call = call.header("idempotency-key", "large").header("x-key", "PK1").header("x-hash", "00");
            let compressed = call.try_clone().unwrap().header("content-encoding", "gzip");
            // It takes no body, and looks at none.
            if !path.ends_with("/finish") {
                assert_eq!(send(compressed.body("{}")).await.status, 415);
                assert_eq!(send(call.body(large.clone())).await.status, 413);
            }
        }
    }
}

/// Everything that needs the store, without its tables.
async fn broken(server: &Server, id: &str, token: &str) {
    let own = server.session("mo").await;
    let sessions = send(server.call_as(&own, Method::GET, "/sessions")).await.body["sessions"].clone();
    server
        .database()
        .execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE keys; DROP TABLE events; DROP TABLE revocations; DROP TABLE undelivered; DROP TABLE handovers;")
        .unwrap();
    call_all(server, id, token).await;
    let path = format!("/sessions/{}", text(&sessions[0]["id"]));
    assert_eq!(send(server.call_as(&own, Method::DELETE, &path)).await.status, 500);
    let change = json!({ "old_password": server::PASSWORD, "new_password": "another good one" });
    assert_eq!(send(server.call_as(&own, Method::PUT, "/auth/password").json(&change)).await.status, 500);
    server.database().execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE administrators").unwrap();
    for path in ["/admins", "/sessions"] {
        assert_eq!(server.get(path).await.status, 500);
    }
    server.sign_in("mo", "any").await;
    send(server.call_as("any", Method::DELETE, "/auth/session")).await;
}

async fn look(server: &Server, id: &str) {
    server.get("/keys").await;
    server.get("/keys/counts?query=").await;
    server.get("/keys/owners").await;
    server.get("/keys/due").await;
    for below in ["", "/events", "/usage"] {
        server.get(&format!("/keys/{id}{below}")).await;
    }
    send(server.call(Method::POST, "/keys/identify").json(&json!({ "secret": "any" }))).await;
}

async fn call_all(server: &Server, id: &str, token: &str) {
    look(server, id).await;
    server.post("broken", json!({})).await;
    server.patch(id, json!({})).await;
    server.delete(id).await;
    send(sealed_of(server, id)).await;
    server.rotate(id, json!({ "overlap_seconds": 0 })).await;
    server.finish(id).await;
    server.undo(id).await;
    server.exchange(id, "any").await;
    server.verify(token).await;
    let password = json!({ "password": "twelve chars", "username": "xy" });
    for (method, path, body) in [
        (Method::GET, "/events", json!({})),
        (Method::GET, "/admins", json!({})),
        (Method::POST, "/admins", password),
        (Method::PATCH, "/admins/pal", json!({ "role": "superuser" })),
        (Method::DELETE, "/admins/pal", json!({})),
        (Method::GET, "/sessions", json!({})),
        (Method::DELETE, "/sessions/0123456789abcdef", json!({})),
        (Method::POST, "/revoke", json!({ "tokens": true, "sessions": true })),
        (Method::POST, "/signing_key", json!({ "end_old": true })),
        (Method::GET, "/handovers", json!({})),
        (Method::POST, "/handovers", Handover::draw(id, "sk_made_up", None).body),
        (Method::DELETE, "/handovers/0", json!({})),
        (Method::DELETE, "/handovers/0/alarm", json!({})),
        (Method::POST, "/handovers/open", json!({ "code": "0".repeat(30) })),
        (Method::POST, "/handovers/confirm", json!({ "code": "0".repeat(30), "opener": "a".repeat(16) })),
    ] {
        send(server.call(method, path).json(&body)).await;
    }
    let change = json!({ "old_password": "x", "new_password": "another good one" });
    send(server.call_as("any", Method::PUT, "/auth/password").json(&change)).await;
}

#[tokio::test]
async fn each_documented_parameter_and_word_is_known_and_no_other() {
    let server = Server::start().await;
    for path in ["/keys", "/keys/{id}/events", "/events"] {
        let (id, _) = server.create("one").await;
        let place = path.replace("{id}", &id);
        for parameter in openapi::DOCUMENT["paths"][path]["get"]["parameters"].as_array().unwrap() {
            let parameter = openapi::follow(parameter);
            let name = parameter["name"].as_str().unwrap();
            for word in openapi::follow(&parameter["schema"])["enum"].as_array().into_iter().flatten() {
                let word = word.as_str().unwrap();
                assert_eq!(server.get(&format!("{place}?{name}={word}")).await.status, 200, "{name}={word}");
                assert_eq!(server.get(&format!("{place}?{name}={word}x")).await.status, 400, "{name}={word}x");
            }
            known(&server.get(&format!("{place}?{name}=1")).await, true);
        }
        known(&server.get(&format!("{place}?colour=1")).await, false);
    }
}

#[tokio::test]
async fn each_documented_field_is_known_and_no_other() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    server.add("jo", Role::Administrator);
    let own = server.session("jo").await;
    for schema in [
        "NewKey",
        "Change",
        "KeyRotation",
        "Identify",
        "NewAdmin",
        "AdminChange",
        "Rotation",
        "RevokeAll",
        "NewPassword",
        "NewHandover",
        "OpenHandover",
        "ConfirmHandover",
    ] {
        let fields = openapi::DOCUMENT["components"]["schemas"][schema]["properties"].as_object().unwrap();
        for name in fields.keys().map(String::as_str).chain(["colour"]) {
            // Of a wrong type, beside the others that must be there.
            let required = openapi::DOCUMENT["components"]["schemas"][schema]["required"].as_array();
            let valid = |name: &str| if fields[name]["type"] == "integer" { json!(1) } else { json!("x") };
            let mut body: serde_json::Map<_, _> =
                required.into_iter().flatten().map(|name| (text(name), valid(&text(name)))).collect();
            body.insert(name.to_owned(), json!(-1));
            let body = json!(body);
            let answer = match schema {
                "NewKey" => server.post(name, body).await,
                "Change" => server.patch(&id, body).await,
                "Identify" => send(server.call(Method::POST, "/keys/identify").json(&body)).await,
                "KeyRotation" => server.rotate(&id, body).await,
                "NewAdmin" => send(server.call(Method::POST, "/admins").json(&body)).await,
                "AdminChange" => send(server.call(Method::PATCH, "/admins/jo").json(&body)).await,
                "Rotation" => send(server.call(Method::POST, "/signing_key").json(&body)).await,
                "NewHandover" => send(server.call(Method::POST, "/handovers").json(&body)).await,
                "OpenHandover" => send(server.anyone(Method::POST, "/handovers/open").json(&body)).await,
                "ConfirmHandover" => send(server.anyone(Method::POST, "/handovers/confirm").json(&body)).await,
                "RevokeAll" => send(server.call(Method::POST, "/revoke").json(&body)).await,
                _ => send(server.call_as(&own, Method::PUT, "/auth/password").json(&body)).await,
            };
            assert_eq!(answer.status, 400);
            known(&answer, name != "colour");
        }
    }
}

/// A parameter that may not be empty is documented so, and one that is documented so is refused when it is empty.
#[tokio::test]
async fn parameters_that_may_not_be_empty_are_documented_so() {
    let server = Server::start().await;
    let (id, _) = server.create("one").await;
    let mut found = Vec::new();
    for (method, path, operation) in openapi::operations() {
        let path = path.replace("/api/v2", "").replace("{id}", &id);
        for parameter in operation["parameters"].as_array().into_iter().flatten().map(openapi::follow) {
            let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
            if openapi::follow(&parameter["schema"])["minLength"] != 1 {
                continue;
            }
            let call = server.call(method.parse().unwrap(), &path).header("content-type", "application/json");
            let call = if place == "query" { call.query(&[(name, "")]) } else { call.header(name, "") };
            let call = if name == "x-hash" { call.header("x-key", &id) } else { call };
            let answer = send(call.body("{}")).await;
            assert_eq!(answer.status, 400, "{method} {path} with an empty {name}: {answer:?}");
            assert!(answer.body["message"].as_str().unwrap().contains(name), "{answer:?}");
            found.push(format!("{method} {name}"));
        }
    }
    found.sort();
    assert_eq!(
        found,
        [
            "GET cursor",
            "GET cursor",
            "GET cursor",
            "POST Idempotency-Key",
            "POST Idempotency-Key",
            "POST x-hash",
            "POST x-key"
        ]
    );
}

fn known(answer: &server::Answer, expected: bool) {
    let message = answer.body["message"].as_str().unwrap_or_default();
    assert_eq!(!message.ends_with("is not a known field"), expected, "{answer:?}");
}
