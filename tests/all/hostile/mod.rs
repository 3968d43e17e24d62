//! Rules I1, I2 and I4: text of a server is shown escaped, wherever it comes from and wherever it goes.

mod headless;
mod page;
mod server;
