//! latchkey: API access keys in the terminal.
//!
//! ```text
//! main, lib     parse arguments, start a front end, report the exit
//!   tui         the page            ┐
//!   plain       plain lines         ├ never use each other
//!   cli         commands            ┘
//!   operations  what a user can do, written once for all three
//!   client      the HTTP client     ┐ meet over HTTP only
//!   server      the HTTP server     ┘
//!   config      settings and profiles
//!   platform    the machine: terminal, signals, clipboards, files
//!   domain      keys, credentials, queries; no I/O
//! ```
//!
//! A module may use what is below it in this list. `.ci/layers` checks that.

mod cli;
pub mod client;
pub mod config;
pub mod domain;
mod operations;
mod plain;
pub mod platform;
pub mod server;
pub mod tui;

use std::panic::AssertUnwindSafe;

use clap::Parser as _;
use color_eyre::eyre::WrapErr as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::args::Args;
use crate::client::ApiError;
use crate::config::{AppDirs, Config};
use crate::domain::{AmbiguousWidth, Charset, sentence};
use crate::operations::connect;
use crate::operations::context::{Context, runtime};
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::pending::PendingCreates;
use crate::operations::messages;
use crate::platform::process::signals::Signals;
use crate::platform::prompt;
use crate::platform::terminal_kind::TerminalKind;
use crate::server::StoreAccess;
use crate::server::embedded::EmbeddedServers;
use crate::tui::runtime::{Options, Runtime, ThisMachine};
use crate::tui::terminal::Tty;

/// Runs the program: what `main` does. Says on standard error what went wrong, if anything.
pub fn run() -> Exit {
    let hardened = crate::platform::process::harden::harden();
    let arguments: Vec<_> = std::env::args_os().collect();
    let args = match Args::try_parse_from(&arguments) {
        Ok(args) => args,
        Err(error) => return cli::usage::report(&error, &arguments),
    };
    let format = args.output;
    // A panic has been told by its hook; scripts get a code of ours for it.
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| start(args, hardened)));
    let Ok(result) = ended else { return Exit::Mistake };
    result.unwrap_or_else(|failure| {
        let exit = failure.report(format);
        // As a shell reports a program that a signal ended.
        failure.signal.map_or(exit, |number| std::process::exit(128 + number))
    })
}

fn start(args: Args, hardened: std::io::Result<()>) -> Result<Exit, Failure> {
    if !args.unhardened {
        let refused = "process memory can't be protected on this system; --unhardened continues anyway";
        hardened.wrap_err(refused)?;
    }
    let dirs = AppDirs::of_this_user(args.data.as_deref());
    crate::platform::process::panics::install(dirs.state.clone().ok());
    crate::client::install_tls();
    let settings =
        Context { format: args.output, overrides: args.overrides(), dirs, embedded: EmbeddedServers::default() };
    let overrides = settings.overrides.clone();
    let ended = match args.command {
        Some(_) if args.plain => {
            let words = "--plain replaces the page, which commands don't open.";
            Err(Failure::usage(words).next("Commands print plain lines anyway: omit --plain."))
        }
        Some(command) => cli::run(command, &settings),
        None => {
            let config = Config::load(&settings.overrides, &settings.dirs)?;
            match plain::PlainReason::find(args.plain) {
                Some(why) => talk_plainly(config, settings, why),
                None => open_page(config),
            }
        }
    };
    ended.map_err(|failure| failure.at(&overrides))
}

/// Does what the page does, in plain lines.
fn talk_plainly(config: Config, settings: Context, why: plain::PlainReason) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(plain::run(config, settings, why));
    runtime.shutdown_background(); // an unanswered question must not keep the program from ending
    let ended = ended?;
    match ended.signal {
        // As a shell reports a program that a signal ended.
        Some(signal) => std::process::exit(128 + signal),
        None => Ok(ended.exit),
    }
}

/// Asks for a line before the page opens. Ctrl-C ends it, also where the program was started with SIGINT ignored.
fn ask(question: String) -> Result<String, Failure> {
    let runtime = runtime()?;
    let answer = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            answer = tokio::task::spawn_blocking(move || prompt::line(&question)) => answer?,
            _ = interrupt.recv() => Err(std::io::ErrorKind::Interrupted.into()),
        }
    });
    runtime.shutdown_background(); // an unanswered question must not keep the program from ending
    answer.map_err(|error| match error.kind() {
        std::io::ErrorKind::Interrupted => Failure::of_signal(SignalKind::interrupt().as_raw_value()),
        _ => Failure::usage(format!("Can't ask on a terminal: {error}.")),
    })
}

/// Opens the page on the server of the chosen profile.
fn open_page(config: Config) -> Result<Exit, Failure> {
    if let Some(folder) = connect::new_store(&config)? {
        let question = format!("{} (yes or no, Enter for no): ", messages::create_store(&folder));
        let answer = ask(question)?;
        if !matches!(answer.trim().to_lowercase().as_str(), "yes" | "y") {
            return Err(Failure::new(Exit::Cancelled, messages::NOTHING_CREATED));
        }
    }
    let options = Options {
        profiles: config.profiles(),
        notices: config.notices().join(" "),
        columns: config.columns().clone(),
        dates: config.dates(),
        mouse: config.mouse(),
        views: config.views().to_vec(),
        settings: config.file().clone(),
        pending_creates: PendingCreates::of(&config),
    };
    let machine = ThisMachine::new(config.clipboard(), config.clipboard_for());
    let runtime = runtime()?;
    let kind = TerminalKind::here();
    let end = runtime.block_on(async {
        let signals = Signals::new();
        let kind = kind.of_width(config.ambiguous_width()).of_theme(config.theme());
        let asks_width = kind.charset == Charset::Utf8 && config.ambiguous_width() == AmbiguousWidth::Auto;
        let terminal = Tty::open(asks_width, kind.asks_background())?;
        let embedded = EmbeddedServers::default();
        let servers = embedded.clone();
        let link = crate::client::spawn(move |name: Option<String>| {
            let (config, servers) = (config.clone(), servers.clone());
            async move {
                let name = name.as_deref().unwrap_or(config.chosen());
                let opened = connect::open(&config, name, &servers, StoreAccess::Create).await;
                opened.map_err(|failure| ApiError::NotStarted(sentence(&failure.message)))
            }
        });
        tokio::task::yield_now().await; // the server starts on its thread while the first frame is drawn
        kind.charset.speak();
        let page = Runtime::new(terminal, kind, machine, signals, link, options);
        let end = page.run().await;
        embedded.stop().await;
        Ok::<_, std::io::Error>(end)
    });
    let end = end.map_err(|error| Failure::new(Exit::Mistake, error.to_string()))?;
    runtime.shutdown_background();
    match (end.words, end.signal) {
        (Some(words), _) => Err(Failure::new(Exit::Mistake, words)),
        // As a shell reports a program that a signal ended.
        (None, Some(signal)) => std::process::exit(128 + signal),
        (None, None) => Ok(Exit::Done),
    }
}
