//! What Prometheus reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use latchkey::server::Role;
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::served::{Served, data, run};
use crate::support::server::{add_administrator, send, text};

/// The samples of a scrape, by name and labels.
struct Samples {
    text: String,
    values: BTreeMap<String, f64>,
}

impl Samples {
    fn parse(text: String) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let values = samples.map(|line| {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            (sample.to_owned(), value.parse().unwrap())
        });
        Self { values: values.collect(), text }
    }

    #[track_caller]
    fn is(&self, sample: &str, expected: f64) {
        let found = self.values.get(sample).copied();
        assert!(found.is_some_and(|found| (found - expected).abs() < 0.5), "{sample} is {found:?} in {}", self.text);
    }

    /// The names without what Prometheus appends.
    fn names(&self) -> BTreeSet<&str> {
        self.values.keys().map(|sample| family(sample.split('{').next().unwrap())).collect()
    }
}

fn family(name: &str) -> &str {
    let ends = ["_bucket", "_count", "_sum"];
    ends.into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

async fn scrape(client: &Client, url: &str) -> Samples {
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    Samples::parse(answer.text().await.unwrap())
}

/// A server that has done a little of everything; gives it, its key's ID and where its metrics are.
async fn busy(more: &[&str]) -> (Served, String, String) {
    let home = Arc::new(TempDir::new().unwrap());
    let arguments = [&["--metrics-listen", "127.0.0.1:0"], more].concat();
    let mut server = Served::on(home, &arguments);
    let place = text(&server.logs(|line| line["message"] == "serving metrics")["place"]);
    add_administrator(&data(&server.home), "josephine", Role::Administrator);
    let session = server.session("josephine").await;
    server.sign_in("josephine", "a wrong password").await;
    let (id, secret) = server.create(&session).await;
    let (off, _) = server.create(&session).await;
    let edit = server.anyone(Method::PATCH, &format!("/keys/{off}")).bearer_auth(&session);
    send(edit.json(&serde_json::json!({ "status": "inactive" }))).await;
    let token = text(&send(server.exchange_request(&id, &secret)).await.body["access_token"]);
    send(server.exchange_request(&id, "wrong")).await;
    for token in [&token, &token, "none"] {
        send(server.anyone(Method::GET, "/auth/verify").header("x-access-token", token)).await;
    }
    server.get(&session, &format!("/keys/{id}")).await;
    server.get(&session, "/josephine").await;
    (server, id, format!("http://{place}/metrics"))
}

#[tokio::test]
async fn what_happens_is_counted_and_nobody_is_named() {
    let (server, id, url) = busy(&[]).await;
    let client = Client::new();
    let samples = scrape(&client, &url).await;
    for (sample, expected) in [
        ("latchkey_verifies_total{outcome=\"accepted\"}", 2.0),
        ("latchkey_verifies_total{outcome=\"refused\"}", 1.0),
        ("latchkey_verifies_total{outcome=\"failed\"}", 0.0),
        ("latchkey_exchanges_total{outcome=\"accepted\"}", 1.0),
        ("latchkey_exchanges_total{outcome=\"refused\"}", 1.0),
        ("latchkey_sign_ins_total{outcome=\"accepted\"}", 1.0),
        ("latchkey_sign_ins_total{outcome=\"refused\"}", 1.0),
        ("latchkey_keys{status=\"active\"}", 1.0),
        ("latchkey_keys{status=\"inactive\"}", 1.0),
        ("latchkey_keys{status=\"expired\"}", 0.0),
        ("latchkey_log_lines_dropped_total", 0.0),
        ("latchkey_connections_limit", 512.0),
        ("latchkey_certificate_end_seconds", 0.0),
        ("latchkey_request_seconds_count{method=\"GET\",route=\"/api/v2/keys/{id}\",status=\"200\"}", 1.0),
        ("latchkey_request_seconds_count{method=\"GET\",route=\"none\",status=\"404\"}", 1.0),
        ("latchkey_store_seconds_count{call=\"create\"}", 2.0),
    ] {
        samples.is(sample, expected);
    }
    for private in [&*id, "josephine", "127.0.0.1", "data"] {
        assert!(!samples.text.contains(private), "{private} in {}", samples.text);
    }
    // Not where everybody asks, and nothing else there.
    assert_eq!(send(server.anyone(Method::GET, "/metrics")).await.status, 404);
    for path in ["/api/v2/health", "/"] {
        let answer = client.get(url.replace("/metrics", path)).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }
}

#[tokio::test]
async fn the_examples_ask_for_what_there_is() {
    let (_server, _, url) = busy(&[]).await;
    let samples = scrape(&Client::new(), &url).await;
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut asked = BTreeSet::new();
    for file in ["grafana.json", "prometheus.yaml"] {
        let text = std::fs::read_to_string(assets.join(file)).unwrap();
        let is_json = file.ends_with("json");
        let _: Value =
            if is_json { serde_json::from_str(&text).unwrap() } else { serde_saphyr::from_str(&text).unwrap() };
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        asked.extend(words.filter(|word| word.starts_with("latchkey_")).map(|word| family(word).to_owned()));
    }
    let exported = samples.names();
    assert!(asked.iter().all(|name| exported.contains(name.as_str())), "{asked:?} of {exported:?}");
    // And the dashboard shows all of it.
    assert!(exported.iter().all(|name| asked.contains(*name)), "{exported:?} of {asked:?}");
}

#[tokio::test]
async fn a_socket_serves_them_too_and_no_address_of_others() {
    let home = Arc::new(TempDir::new().unwrap());
    let socket = home.path().join("metrics.sock");
    let place = format!("unix:{}", socket.display());
    let mut server = Served::on(Arc::clone(&home), &["--metrics-listen", &place]);
    server.logs(|line| line["message"] == "serving metrics");
    let client = Client::builder().unix_socket(socket.clone()).build().unwrap();
    let samples = scrape(&client, "http://localhost/metrics").await;
    samples.is(&format!("latchkey_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0);
    drop(server);

    let refused = run(&home, &["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:0"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains("metrics are served without TLS") && said.contains("0.0.0.0:0"), "{said}");
}
