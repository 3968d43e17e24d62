//! `latchkey serve` and `latchkey admin` as they are run: the real binary, TCP, TLS, sockets, nginx, other people's
//! clients.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

#[path = "support/child_env.rs"]
mod child_env;
#[path = "support/openapi.rs"]
mod openapi;
#[path = "support/served.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod served;
#[path = "support/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod support;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod terminal;
#[path = "support/typing.rs"]
mod typing;

#[path = "serve/admin.rs"]
mod admin;
#[path = "serve/clients.rs"]
mod clients;
#[path = "serve/places.rs"]
mod dirs;
#[path = "serve/limits.rs"]
mod limits;
#[path = "serve/log.rs"]
mod log;
#[path = "serve/nginx.rs"]
mod nginx;
#[path = "serve/page.rs"]
mod page;
#[path = "serve/profiles.rs"]
mod profiles;
#[path = "serve/stop.rs"]
mod stop;
#[path = "serve/throttle.rs"]
mod throttle;
#[path = "serve/tls.rs"]
mod tls;
