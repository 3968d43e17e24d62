//! The one table of routes. `assets/openapi.yaml` describes each of them, and a test compares the two.

use axum::routing::{MethodRouter, any, delete, get, patch, post, put};

use super::calls::{events, exchange, handovers, health, identify, keys, list, rotation, sealed, signing_key, usage};
use crate::server::http::calls::accounts::{admins, password, sessions, sign_in};
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

/// Where programs exchange an HMAC token for an access token.
pub(crate) const EXCHANGE: &str = "/api/v2/auth/client_token";
/// Where administrators sign in and out.
pub(crate) const SESSION: &str = "/api/v2/auth/session";
/// Where proxies ask whether a request may pass. Some ask with the method of that request (`forward_auth`), and Envoy's
/// `ext_authz` below this path, with its path too.
pub(crate) const VERIFY: &str = "/api/v2/auth/verify";
pub(crate) const BELOW_VERIFY: [&str; 2] = ["/api/v2/auth/verify/", "/api/v2/auth/verify/{*path}"];
/// One key. What is below it is about that key too.
pub(crate) const ONE_KEY: &str = "/api/v2/keys/{id}";
/// Secrets that are handed over.
pub(crate) const HANDOVERS: &str = "/api/v2/handovers";
/// For monitoring, and for proxies that ask whether this server is alive.
pub(crate) const HEALTH: &str = "/api/v2/health";
pub(crate) const READY: &str = "/api/v2/ready";

pub const ROUTES: [ApiRoute; 37] = [
    route("GET", "/api/v2/keys", || get(list::list)),
    route("GET", "/api/v2/keys/counts", || get(list::counts)),
    route("GET", "/api/v2/keys/owners", || get(list::owners)),
    route("GET", "/api/v2/keys/due", || get(list::due)),
    route("POST", "/api/v2/keys", || post(keys::create)),
    route("POST", "/api/v2/keys/identify", || post(identify::identify)),
    route("GET", ONE_KEY, || get(keys::show)),
    route("PATCH", ONE_KEY, || patch(keys::edit)),
    route("DELETE", ONE_KEY, || delete(keys::delete)),
    route("DELETE", "/api/v2/keys/{id}/sealed", || delete(sealed::delivered)),
    route("GET", "/api/v2/keys/{id}/events", || get(events::of_key)),
    route("GET", "/api/v2/keys/{id}/usage", || get(usage::of_key)),
    route("POST", "/api/v2/keys/{id}/rotate", || post(rotation::rotate)),
    route("POST", "/api/v2/keys/{id}/rotation/finish", || post(rotation::finish)),
    route("DELETE", "/api/v2/keys/{id}/rotation", || delete(rotation::undo)),
    route("GET", HANDOVERS, || get(handovers::list)),
    route("POST", HANDOVERS, || post(handovers::create)),
    route("DELETE", "/api/v2/handovers/{id}", || delete(handovers::take_back)),
    route("DELETE", "/api/v2/handovers/{id}/alarm", || delete(handovers::acknowledge)),
    route("POST", "/api/v2/handovers/open", || post(handovers::open)),
    route("POST", "/api/v2/handovers/confirm", || post(handovers::confirm)),
    route("POST", EXCHANGE, || post(exchange::client_token)),
    route("GET", VERIFY, || any(exchange::verify)),
    route("POST", SESSION, || post(sign_in::sign_in)),
    route("DELETE", SESSION, || delete(sign_in::sign_out)),
    route("PUT", "/api/v2/auth/password", || put(password::change)),
    route("GET", "/api/v2/events", || get(events::all)),
    route("GET", "/api/v2/admins", || get(admins::list)),
    route("POST", "/api/v2/admins", || post(admins::add)),
    route("PATCH", "/api/v2/admins/{name}", || patch(admins::change)),
    route("DELETE", "/api/v2/admins/{name}", || delete(admins::remove)),
    route("GET", "/api/v2/sessions", || get(sessions::list)),
    route("DELETE", "/api/v2/sessions/{id}", || delete(sessions::end)),
    route("POST", "/api/v2/revoke", || post(sessions::revoke)),
    route("POST", "/api/v2/signing_key", || post(signing_key::rotate)),
    route("GET", HEALTH, || get(health::health)),
    route("GET", READY, || get(health::ready)),
];

/// The template of a route as a text that lasts; `none` for a path that is no route.
pub(crate) fn template(route: Option<&str>) -> &'static str {
    let known = ROUTES.iter().map(|route| route.path).chain(BELOW_VERIFY);
    known.into_iter().find(|path| Some(*path) == route).unwrap_or("none")
}
