//! What the page does, line by line: for screen readers, serial consoles and `expect`.
//!
//! Nothing moves and nothing is drawn. One line says one thing, and what was said stays where it is; so a secret is only
//! shown if that is asked for twice. Questions wait for their answers: there is nothing here for a task of its own to do.

mod choice;
mod create;
mod desk;
mod form;
mod forms;
mod left_over;
mod list;
mod menu;
mod reveal;
mod servers;
mod show;
mod step;
mod talk;
mod tokens;
mod trouble;
mod ways;

pub use choice::Why;
pub use desk::Ended;

use crate::cli::{Failure, Settings};
use crate::config::Config;
use desk::Desk;

/// Works until the user leaves. Needs a tokio runtime on this thread.
pub async fn run(config: Config, settings: Settings, why: Why) -> Result<Ended, Failure> {
    let mut desk = Desk::open(config, settings, why).await?;
    let stop = menu::run(&mut desk).await;
    Ok(desk.close(stop).await)
}
