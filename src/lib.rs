//! latchkey: API access keys in the terminal.
//!
//! ```text
//!  terminal ──bytes──▶ ui::terminal ──events──▶ ui::app ──effects──▶ ui ──requests──▶ api ──HTTP──▶ server
//!     ▲                                            │                  ▲                │              │
//!     └───────── ui::screen ◀──── ui::view ◀───────┘                  └────replies─────┘        server::store
//! ```
//!
//! `model` has the words of the field and knows nobody. `api` and `server` meet only over HTTP. `ui::app` is
//! all state and no I/O; `ui::view` draws it. This file is the only place where the parts meet.

pub mod api;
mod args;
mod cli;
pub mod config;
mod connector;
mod harden;
pub mod model;
mod panics;
pub mod server;
pub mod session_file;
pub mod ui;

use std::time::Duration;

use clap::Parser as _;
use color_eyre::Result;
use color_eyre::eyre::{WrapErr as _, eyre};

use args::{Args, Command};
use config::{Config, Places};
use connector::{Connector, Started};

/// Runs the program: what `main` does.
pub fn run() -> Result<()> {
    let hardened = harden::harden();
    let args = Args::parse();
    if !args.unhardened {
        hardened.wrap_err("this system does not let a program hide its memory; --unhardened goes on all the same")?;
    }
    let places = Places::of_this_user().wrap_err("no home directory: set HOME, or XDG_DATA_HOME")?;
    panics::install(places.state.clone())?;
    api::install_tls();
    let data = || args.data.clone().unwrap_or_else(|| places.data.clone());
    match &args.command {
        Some(Command::Fill { folder, keys }) => cli::fill(folder, *keys),
        Some(Command::Login(login)) => {
            let config = Config::load(&args.wishes(), &places)?;
            cli::tell_notices(&config);
            runtime()?.block_on(async { Ok(cli::login::login(&config, login).await?) })
        }
        Some(Command::Logout) => {
            let config = Config::load(&args.wishes(), &places)?;
            cli::tell_notices(&config);
            runtime()?.block_on(async { Ok(cli::login::logout(&config).await?) })
        }
        Some(Command::Serve(how)) => cli::serve::serve(&data(), how),
        Some(Command::Admin(what)) => cli::admin::admin(&data(), what),
        None => open_page(Config::load(&args.wishes(), &places)?),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .thread_keep_alive(Duration::from_secs(60 * 60)) // an idle thread that ends is a wake-up too
        .build()
}

/// Opens the page on the server of the chosen profile.
fn open_page(config: Config) -> Result<()> {
    let (profiles, notices) = (config.profiles(), config.notices().join(" "));
    let runtime = runtime()?;
    let last_words = runtime.block_on(async {
        let terminal = ui::Terminal::enter()?;
        let started = Started::default();
        let link = api::spawn(Connector::new(config, started.clone()));
        tokio::task::yield_now().await; // the server starts on its thread while the first frame is drawn
        let last_words = ui::Ui::new(terminal, link, profiles, &notices).run().await;
        started.stop().await;
        Ok::<_, std::io::Error>(last_words)
    })?;
    runtime.shutdown_background();
    last_words.map_or(Ok(()), |words| Err(eyre!(words)))
}
