//! Every status of every endpoint, through the real server on a real socket.

mod auth;
mod broken;
mod create;
mod data;
mod edit;
mod embedded;
mod errors;
mod handovers;
mod identify;
mod list;
mod query;
mod rotation;
mod search;
mod sign_in;
mod trail;
mod usage;
