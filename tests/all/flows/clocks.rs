//! Clocks that are off.

use tokio::net::TcpListener;

use super::Bench;

#[tokio::test]
async fn a_token_that_has_expired_already_is_said_to_have() {
    let state = axum::Router::new().route(
        "/api/v2/auth/client_token",
        axum::routing::post(|| async {
            let ended = chrono::Utc::now().timestamp() - 83 * 60;
            axum::Json(serde_json::json!({ "success": true, "access_token": "eyJ0eX.a.b", "expiry_time": ended }))
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async { axum::serve(listener, state).await });
    let mut bench = Bench::new().await;
    bench.type_keys("t").await;
    bench.press(&format!("http://127.0.0.1:{port}<Tab>{}<Tab>{}", "1".repeat(32), "2".repeat(32)));
    bench.type_keys("<Tab><Tab><Tab><Tab><Enter>").await;
    bench.sees("Expired 1 h ago");
    bench.sees("The access token has already expired");
    serving.abort();
}
