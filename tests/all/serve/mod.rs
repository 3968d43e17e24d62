//! `latchkey serve` and `latchkey admin` as they are run: the real binary, TCP, TLS, sockets, proxies, other people's
//! clients.

mod admin;
mod backup;
mod clients;
mod gone;
mod hex;
mod limits;
mod listen_addrs;
mod log;
mod metrics;
mod page;
mod pressure;
mod profiles;
mod proxies;
mod requests;
mod settings;
mod signing_key;
mod stop;
mod throttle;
mod tls;
mod trail;
mod webhook;
