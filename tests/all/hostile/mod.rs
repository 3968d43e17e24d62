//! Text of a server is shown escaped, wherever it comes from and wherever it goes.

mod headless;
mod page;
mod server;
