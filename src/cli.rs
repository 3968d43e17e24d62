//! What the program does without its page.

pub mod admin;
mod ask;
mod connect;
mod deliver;
mod doctor;
mod exit;
mod hmac;
mod keys;
pub mod login;
mod manual;
mod output;
pub mod prompt;
pub mod reach;
mod secret;
pub mod secret_input;
pub mod serve;
mod token;
pub(crate) mod usage;
mod verify;

use std::io::Write as _;
use std::path::Path;

use color_eyre::Result;

pub use connect::Settings;
pub(crate) use deliver::{Delivered, Held, Rescue};
pub(crate) use doctor::facts;
pub use exit::{EXIT_CODES, Exit, Failure};
pub(crate) use keys::{Unsent, send};

use crate::args::Command;
use crate::config::{Config, Wishes};
use crate::server;
use connect::{connect, connect_as_anyone, connect_to_change};

/// Does what one command says.
pub fn run(command: Command, settings: &Settings) -> Result<Exit, Failure> {
    match command {
        Command::Fill { folder, keys } => fill(&folder, keys).map(|()| Exit::Done).map_err(Failure::from),
        Command::Serve(how) => serve::run(&how, settings),
        Command::Admin(what) => admin::run(&what, settings),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { dir } => manual::pages(dir.as_deref()),
        Command::Hmac(args) => hmac::run(&args, settings),
        Command::Login(args) => wait_for(async {
            login::login(&settings.config()?, &args).await?;
            Ok(Exit::Done)
        }),
        Command::Logout => wait_for(async {
            login::logout(&settings.config()?).await?;
            Ok(Exit::Done)
        }),
        Command::Keys(command) => wait_for(keys::run(command, settings)),
        Command::Token(args) => wait_for(token::run(&args, settings)),
        Command::Verify(args) => wait_for(verify::run(&args, settings)),
        Command::Doctor(args) => wait_for(doctor::run(&args, settings)),
    }
}

/// Runs a command to its end, on this thread.
fn wait_for(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Mistake, format!("The program cannot start: {error}.")))?;
    let result = runtime.block_on(command);
    prompt::end_silence(); // the question that nobody answered may have left the terminal silent
    runtime.shutdown_background(); // a question that nobody answers must not hold us
    result
}

/// Says on standard error what the settings made of what was written, such as of a pasted address.
pub fn tell_notices(config: &Config) {
    for notice in config.notices() {
        let _ = writeln!(std::io::stderr(), "latchkey: {notice}");
    }
}

/// Fills a data folder with made-up keys, and says how far it is.
fn fill(folder: &Path, keys: u64) -> Result<()> {
    let mut told = 0;
    server::fill::fill(folder, keys, &mut |done| {
        if done == keys || done >= told + 50_000 {
            told = done;
            let _ = writeln!(std::io::stdout(), "{done} of {keys} keys");
        }
    })?;
    let wishes = Wishes { data: Some(folder.to_owned()), ..Wishes::default() };
    let _ = writeln!(std::io::stdout(), "Look at them with: {}", wishes.command("").trim_end());
    Ok(())
}
