//! The `OpenAPI` document and the server say the same.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/openapi.rs"]
mod openapi;
#[path = "support/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod server;

use latchkey::server::routes::ROUTES;
use reqwest::Method;
use server::{Server, send};

#[test]
fn each_route_is_documented_and_each_documented_operation_is_a_route() {
    let mut documented: Vec<_> = openapi::operations().into_iter().map(|(method, path, _)| (method, path)).collect();
    let mut routed: Vec<_> = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed);
}

#[tokio::test]
async fn each_documented_operation_answers() {
    let server = Server::start().await;
    for (method, path, _) in openapi::operations() {
        let (id, _) = server.create("one").await;
        let method: Method = method.parse().unwrap();
        let path = path.trim_start_matches("/api/v2").replace("{id}", &id);
        let answer = send(server.call(method.clone(), &path)).await;
        assert!(![404, 405, 500].contains(&answer.status), "{method} {path}: {answer:?}");
    }
}
