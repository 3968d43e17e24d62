//! Every status of every endpoint, through the real server on a real socket.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/fill.rs"]
mod fill;
#[path = "support/openapi.rs"]
mod openapi;
#[path = "support/server.rs"]
mod support;

#[path = "server/auth.rs"]
mod auth;
#[path = "server/broken.rs"]
mod broken;
#[path = "server/create.rs"]
mod create;
#[path = "server/data.rs"]
mod data;
#[path = "server/edit.rs"]
mod edit;
#[path = "server/embedded.rs"]
mod embedded;
#[path = "server/errors.rs"]
mod errors;
#[path = "server/list.rs"]
mod list;
#[path = "server/search.rs"]
mod search;
#[path = "server/sign_in.rs"]
mod sign_in;
