//! How long the server takes with a million keys, over its real socket.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

#[path = "../all/support/fill.rs"]
mod fill;

use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use latchkey::domain::hmac_token;
use latchkey::server::StoreAccess;
use latchkey::server::embedded;
use reqwest::{Client, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const KEYS: u64 = 1_000_000;

struct Bench {
    runtime: Runtime,
    client: Client,
    server: embedded::Embedded,
}

impl Bench {
    /// Starts on a folder that is filled once and then kept.
    fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench-data-1m");
        if !folder.join("keys.db").exists() {
            fill::fill(&folder, KEYS, &mut |_| {}).unwrap();
        }
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(embedded::start(&folder, StoreAccess::Create)).unwrap();
        latchkey::client::install_tls();
        let client = Client::builder().unix_socket(server.socket.clone()).build().unwrap();
        Self { runtime, client, server }
    }

    fn send(&self, request: RequestBuilder) -> Vec<u8> {
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success());
            answer.bytes().await.unwrap().to_vec()
        })
    }

    fn list(&self, query: &[(&str, &str)]) -> Vec<u8> {
        let call = self.client.get("http://localhost/api/v2/keys").bearer_auth(self.server.session.expose_secret());
        self.send(call.query(query))
    }
}

fn pages(criterion: &mut Criterion) {
    let bench = Bench::start();
    let mut group = criterion.benchmark_group("list");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    for sort in ["created_at", "last_used_at", "label", "status", "id"] {
        let query = [("sort", sort), ("total", "false")];
        group.bench_function(format!("first page by {sort}"), |b| b.iter(|| bench.list(&query)));
        let mut cursor = String::new();
        for _ in 0..20 {
            let page: Value = serde_json::from_slice(&bench.list(
                &[("sort", sort), ("limit", "1000"), ("total", "false"), ("cursor", &cursor)]
                    [..if cursor.is_empty() { 3 } else { 4 }],
            ))
            .unwrap();
            page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
        }
        let query = [("sort", sort), ("total", "false"), ("cursor", cursor.as_str())];
        group.bench_function(format!("deep page by {sort}"), |b| b.iter(|| bench.list(&query)));
    }
    for q in ["k", "é", "zü", "資", "backup", "nightly backup ams-03", "#4999", "absent text"] {
        for sort in ["created_at", "label"] {
            let query = [("q", q), ("sort", sort), ("total", "false")];
            group.bench_function(format!("{q:?} by {sort}"), |b| b.iter(|| bench.list(&query)));
        }
    }
    group.finish();
    bench.runtime.block_on(bench.server.stop());
}

fn tokens(criterion: &mut Criterion) {
    let bench = Bench::start();
    let create = bench.client.post("http://localhost/api/v2/keys").bearer_auth(bench.server.session.expose_secret());
    let name = format!("bench {}", chrono::Utc::now());
    let created: Value =
        serde_json::from_slice(&bench.send(create.header("Idempotency-Key", name).json(&json!({})))).unwrap();
    let id = created["key"]["id"].as_str().unwrap();
    let hash = hmac_token(created["secret_access_key"].as_str().unwrap().as_bytes(), b"x");
    let exchange = || {
        let call = bench.client.post("http://localhost/api/v2/auth/client_token");
        bench.send(
            call.header("x-key", id)
                .header("x-hash", hash.expose())
                .json(&json!({ "scope": "docs_api", "content": "x" })),
        )
    };
    let granted: Value = serde_json::from_slice(&exchange()).unwrap();
    let token = granted["access_token"].as_str().unwrap();
    criterion.bench_function("exchange", |b| b.iter(exchange));
    criterion.bench_function("verify", |b| {
        b.iter(|| bench.send(bench.client.get("http://localhost/api/v2/auth/verify").header("x-access-token", token)));
    });
    let url = format!("http://localhost/api/v2/keys/{id}");
    bench.send(bench.client.delete(url).bearer_auth(bench.server.session.expose_secret()));
    bench.runtime.block_on(bench.server.stop());
}

criterion_group!(benches, pages, tokens);
criterion_main!(benches);
