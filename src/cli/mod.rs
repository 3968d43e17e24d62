//! What the program does without its page.

mod account;
pub mod admin;
pub mod args;
mod connect;
mod data;
mod doctor;
mod due;
mod events;
mod hand_overs;
mod keys;
mod manual;
mod options;
pub mod output;
mod prompts;
mod receive;
pub mod serve;
mod tokens;
pub mod usage;
mod webhook;

use std::pin::Pin;

pub use crate::operations::context::Context;
use crate::operations::context::runtime;
use crate::operations::failure::{Exit, Failure};

use args::Command;
use connect::{connect, connect_as_anyone, connect_to_change};

/// Does what one command says.
pub fn run(command: Command, settings: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Serve(_) => serve::run(settings),
        Command::Admin(what) => wait_for(settings, Box::pin(admin::run(&what, settings))),
        Command::Db(what) => wait_for(settings, Box::pin(data::db::run(&what, settings))),
        Command::Backup(args) => data::backup::backup(&args, settings),
        Command::Restore(args) => wait_for(settings, Box::pin(data::backup::restore(&args, settings))),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { dir } => manual::pages(dir.as_deref()),
        Command::Hmac(args) => tokens::hmac::run(&args, settings),
        Command::Login(args) => wait_for(settings, Box::pin(account::login::login(args, settings))),
        Command::Logout => wait_for(settings, Box::pin(account::login::logout(settings))),
        Command::Passwd(args) => wait_for(settings, Box::pin(account::passwd::run(&args, settings))),
        Command::Due(args) => wait_for(settings, Box::pin(due::run(&args, settings))),
        Command::Events(args) => wait_for(settings, Box::pin(events::run(args, settings))),
        Command::Sessions(command) => wait_for(settings, Box::pin(account::sessions::run(command, settings))),
        Command::Revoke(args) => wait_for(settings, Box::pin(account::revoke::run(&args, settings))),
        Command::Server(command) => wait_for(settings, Box::pin(data::server::run(&command, settings))),
        Command::Webhook(command) => wait_for(settings, Box::pin(webhook::run(&command, settings))),
        Command::Keys(command) => wait_for(settings, Box::pin(keys::run(command, settings))),
        Command::Token(args) => wait_for(settings, Box::pin(tokens::token::run(&args, settings))),
        Command::Receive(args) => wait_for(settings, Box::pin(receive::run(&args, settings))),
        Command::HandOvers(command) => wait_for(settings, Box::pin(hand_overs::run(command, settings))),
        Command::Verify(args) => wait_for(settings, Box::pin(tokens::verify::run(&args, settings))),
        Command::Doctor(args) => wait_for(settings, Box::pin(doctor::run(&args, settings))),
    }
}

/// Runs a command to its end, on this thread, and ends the embedded servers whatever came of it. Boxed, so that there is one
/// such function, not one for each command.
fn wait_for(
    settings: &Context,
    command: Pin<Box<dyn Future<Output = Result<Exit, Failure>> + '_>>,
) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let result = command.await;
        settings.embedded.stop().await;
        result
    });
    crate::platform::prompt::end_silence(); // an unanswered question may have left the terminal without echo
    runtime.shutdown_background(); // an unanswered question must not keep the program from ending
    result
}
