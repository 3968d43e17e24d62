//! What is measured of the server, in the form that Prometheus reads. No label has a key ID, a name or an address.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::domain::Status;

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds: from a verification in memory to the time limit of a request.
const SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What this process measured.
pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// All that is measured.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    verifies: Outcomes,
    exchanges: Outcomes,
    sign_ins: Outcomes,
    store: Family<StoreLabels, Histogram, fn() -> Histogram>,
    keys: Family<KeyLabels, Gauge>,
    connections: Gauge,
    most_connections: Gauge,
    dropped_lines: Counter,
    webhook: Family<OutcomeLabels, Counter>,
    certificate_until: Gauge<i64, AtomicI64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    /// The route's template, or `none`.
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeyLabels {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// How a check of a token, a secret or a password comes out; `malformed` is a request that isn't as it must be, and
/// `failed` where the server can't tell.
const OUTCOMES: [&str; 5] = ["accepted", "refused", "throttled", "malformed", "failed"];

/// Counts of each outcome. All are there from the start, so that a first one is seen as an increase.
struct Outcomes(Family<OutcomeLabels, Counter>);

impl Outcomes {
    fn new() -> Self {
        let counts = Family::<OutcomeLabels, Counter>::default();
        for outcome in OUTCOMES {
            drop(counts.get_or_create(&OutcomeLabels { outcome }));
        }
        Self(counts)
    }

    fn count(&self, status: StatusCode) {
        let outcome = match status {
            StatusCode::UNAUTHORIZED => "refused",
            StatusCode::TOO_MANY_REQUESTS => "throttled",
            _ if status.is_success() => "accepted",
            _ if status.is_client_error() => "malformed",
            _ => "failed",
        };
        self.0.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

/// What a request was for, where its outcome is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckedCredential {
    Verify,
    Exchange,
    SignIn,
}

/// What became of a try to send a message to the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageOutcome {
    Sent,
    Retried,
    GivenUp,
}

impl MessageOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::GivenUp => "given_up",
        }
    }
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("latchkey");
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let metrics = Self {
            requests: Family::new_with_constructor(seconds),
            verifies: Outcomes::new(),
            exchanges: Outcomes::new(),
            sign_ins: Outcomes::new(),
            store: Family::new_with_constructor(seconds),
            keys: Family::default(),
            connections: Gauge::default(),
            most_connections: Gauge::default(),
            dropped_lines: Counter::default(),
            webhook: Family::default(),
            certificate_until: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register_with_unit("request", "Time to answer requests", Unit::Seconds, metrics.requests.clone());
        registry.register("verifies", "Access tokens that were checked", metrics.verifies.0.clone());
        registry.register("exchanges", "HMAC tokens that were exchanged", metrics.exchanges.0.clone());
        registry.register("sign_ins", "Sign-ins of administrators", metrics.sign_ins.0.clone());
        registry.register_with_unit(
            "store",
            "Time of calls of the store, their wait included",
            Unit::Seconds,
            metrics.store.clone(),
        );
        registry.register("keys", "Access keys", metrics.keys.clone());
        registry.register("connections", "Connections that are open", metrics.connections.clone());
        registry.register("connections_limit", "Connections that may be open", metrics.most_connections.clone());
        registry.register(
            "log_lines_dropped",
            "Lines of the log that nothing read in time",
            metrics.dropped_lines.clone(),
        );
        for outcome in [MessageOutcome::Sent, MessageOutcome::Retried, MessageOutcome::GivenUp] {
            drop(metrics.webhook.get_or_create(&OutcomeLabels { outcome: outcome.as_str() }));
        }
        registry.register("webhook_messages", "Tries to send messages to the webhook", metrics.webhook.clone());
        registry.register_with_unit(
            "certificate_end",
            "When the TLS certificate ends, in seconds since 1970; 0 without TLS",
            Unit::Seconds,
            metrics.certificate_until.clone(),
        );
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", version);
        Self { registry, ..metrics }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, method: &'static str, route: &'static str, status: StatusCode, took: Duration) {
        let labels = RequestLabels { method, route, status: status.as_u16() };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A token, a secret or a password was checked.
    pub(crate) fn checked(&self, purpose: CheckedCredential, status: StatusCode) {
        let outcomes = match purpose {
            CheckedCredential::Verify => &self.verifies,
            CheckedCredential::Exchange => &self.exchanges,
            CheckedCredential::SignIn => &self.sign_ins,
        };
        outcomes.count(status);
    }

    /// A call of the store has ended.
    pub(crate) fn stored(&self, call: &'static str, took: Duration) {
        self.store.get_or_create(&StoreLabels { call }).observe(took.as_secs_f64());
    }

    /// How many keys there are with a status.
    pub(crate) fn set_keys(&self, status: Status, count: u64) {
        let labels = KeyLabels { status: status.as_str() };
        self.keys.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// How many connections are open, and may be.
    pub(crate) fn set_connections(&self, open: usize, most: usize) {
        for (gauge, count) in [(&self.connections, open), (&self.most_connections, most)] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// How many lines of the log were dropped since the start.
    pub(crate) fn set_dropped_lines(&self, count: u64) {
        self.dropped_lines.inner().store(count, Ordering::Relaxed);
    }

    /// A message for the webhook was sent, or not.
    pub(crate) fn messages(&self, outcome: MessageOutcome) {
        self.webhook.get_or_create(&OutcomeLabels { outcome: outcome.as_str() }).inc();
    }

    /// When the certificate ends, in seconds since 1970.
    pub(crate) fn set_certificate_until(&self, seconds: i64) {
        self.certificate_until.set(seconds);
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_follow_from_the_status() {
        let metrics = Metrics::new();
        for status in [200, 204, 401, 429, 400, 503] {
            metrics.checked(CheckedCredential::SignIn, StatusCode::from_u16(status).unwrap());
        }
        let text = metrics.text();
        for (outcome, count) in OUTCOMES.into_iter().zip([2, 1, 1, 1, 1]) {
            let line = format!("latchkey_sign_ins_total{{outcome=\"{outcome}\"}} {count}\n");
            assert!(text.contains(&line), "{line} in {text}");
        }
        assert!(text.contains("latchkey_verifies_total{outcome=\"refused\"} 0\n"), "{text}");
        assert!(text.contains(&format!("latchkey_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
        assert!(text.ends_with("# EOF\n"));
    }
}
