//! What the page does, line by line: for screen readers, serial consoles and `expect`.
//!
//! Nothing moves and nothing is drawn. One line says one thing, and what was said stays where it is; so a secret is only
//! shown if that is asked for twice. Questions wait for their answers: there is nothing here for a task of its own to do.

mod admin;
mod commands;
mod console;
mod detect;
mod keys;
mod secrets;
mod servers;
mod session;

pub use detect::PlainReason;
pub use session::Ended;

use crate::config::Config;
use crate::operations::context::Context;
use crate::operations::failure::Failure;
use session::Session;

/// Works until the user leaves. Needs a tokio runtime on this thread.
pub async fn run(config: Config, settings: Context, why: PlainReason) -> Result<Ended, Failure> {
    let mut session = Session::open(config, settings, why).await?;
    let stop = commands::run(&mut session).await;
    Ok(session.close(stop).await)
}
