//! `latchkey serve` and `latchkey admin` as they are run: the real binary, TCP, TLS, sockets, nginx, other people's
//! clients.

mod admin;
mod clients;
mod gone;
mod limits;
mod listen_addrs;
mod log;
mod nginx;
mod page;
mod profiles;
mod stop;
mod throttle;
mod tls;
