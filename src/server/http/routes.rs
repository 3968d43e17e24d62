//! The one table of routes. `assets/openapi.yaml` describes each of them, and a test compares the two.

use axum::routing::{MethodRouter, any, delete, get, patch, post};

use super::calls::{events, exchange, health, keys, list, sign_in};
use crate::server::state::AppState;

/// A method and a path that the server answers.
pub struct ApiRoute {
    /// In upper case.
    pub method: &'static str,
    /// As in `OpenAPI`: `{id}` is one segment.
    pub path: &'static str,
    pub(crate) answer: fn() -> MethodRouter<AppState>,
}

const fn route(method: &'static str, path: &'static str, answer: fn() -> MethodRouter<AppState>) -> ApiRoute {
    ApiRoute { method, path, answer }
}

/// Where proxies ask whether a request may pass. Some ask with the method of that request (`forward_auth`), and Envoy's
/// `ext_authz` below this path, with its path too.
pub(crate) const VERIFY: &str = "/api/v2/auth/verify";
pub(crate) const BELOW_VERIFY: [&str; 2] = ["/api/v2/auth/verify/", "/api/v2/auth/verify/{*path}"];
/// One key. What is below it is about that key too.
pub(crate) const ONE_KEY: &str = "/api/v2/keys/{id}";
/// For monitoring, and for proxies that ask whether this server is alive.
pub(crate) const HEALTH: &str = "/api/v2/health";
pub(crate) const READY: &str = "/api/v2/ready";

pub const ROUTES: [ApiRoute; 12] = [
    route("GET", "/api/v2/keys", || get(list::list)),
    route("POST", "/api/v2/keys", || post(keys::create)),
    route("GET", ONE_KEY, || get(keys::show)),
    route("PATCH", ONE_KEY, || patch(keys::edit)),
    route("DELETE", ONE_KEY, || delete(keys::delete)),
    route("GET", "/api/v2/keys/{id}/events", || get(events::events)),
    route("POST", "/api/v2/auth/client_token", || post(exchange::client_token)),
    route("GET", VERIFY, || any(exchange::verify)),
    route("POST", "/api/v2/auth/session", || post(sign_in::sign_in)),
    route("DELETE", "/api/v2/auth/session", || delete(sign_in::sign_out)),
    route("GET", HEALTH, || get(health::health)),
    route("GET", READY, || get(health::ready)),
];
