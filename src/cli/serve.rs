//! `latchkey serve`.

use std::io;
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use rustix::system::uname;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::args::serve::{LogFormat, Serve};
use super::options;
use crate::config::Config;
use crate::domain::{Lifetimes, sentence};
use crate::operations::context::{Context, check_descriptors};
use crate::operations::failure::{Exit, Failure};
use crate::platform::process::log_queue::LogQueue;
use crate::platform::process::signals::survive_file_size_limit;
use crate::server::net::tls::TlsFiles;
use crate::server::team::{HttpServer, Setup, SetupError};
use crate::server::{DatabaseAddress, HeldMasterKeys, LeaseSetup, blocking_threads};

/// How long the last lines of the log may take.
const LAST_LINES: Duration = Duration::from_secs(1);
/// How long a deletion may take beside the longest lease, in seconds.
const ANSWERED_WITHIN: u64 = 5;

/// Serves until SIGTERM or SIGINT.
pub fn run(settings: &Context) -> Result<Exit, Failure> {
    settings.only_data("latchkey serve")?;
    if settings.overrides.read_only {
        return Err(Failure::usage("A server cannot be read-only. Give its users the auditor role instead."));
    }
    let of_file = Config::of_serve(&settings.overrides, &settings.dirs)?;
    let args: &Serve = &options::options(&["serve"], &std::env::args_os().collect::<Vec<_>>(), &of_file)?;
    let database = args.database.as_deref().map(|url| database(url, args)).transpose()?;
    let folder = options::folder(settings, &of_file)?;
    let log = LogQueue::to_stderr().map_err(cannot_start)?;
    write_log(args, &log)?;
    let ended = serve(folder, database, args, log.clone());
    if !log.flush(LAST_LINES) {
        // Nothing reads standard error: a last word there would wait for ever.
        process::exit(ended.map_or_else(|failure| failure.exit, |()| Exit::Done) as i32);
    }
    ended.map(|()| Exit::Done)
}

fn serve(
    (data, master_key): (&Path, Option<&Path>),
    database: Option<(DatabaseAddress, LeaseSetup)>,
    args: &Serve,
    log: LogQueue,
) -> Result<(), Failure> {
    let limits = args.limits();
    let lifetimes = Lifetimes::new(args.max_lifetime, args.default_lifetime)
        .map_err(|problem| Failure::usage(sentence(&problem)))?;
    let files = args.tls_cert.clone().zip(args.tls_key.clone());
    let setup = Setup {
        data: data.to_owned(),
        master_key: master_key.map(Path::to_owned),
        database,
        listen: args.listen.clone(),
        metrics: args.metrics_listen.clone(),
        socket_mode: args.socket_mode,
        tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
        behind_proxy: args.behind_proxy,
        trusted_proxies: args.trusted_proxies.clone(),
        key_format: args.key_format,
        lifetimes,
        log: Some(log),
        logs_verifies: args.log_verifies,
        limits,
        keep_events: TimeDelta::days(args.keep_events),
        webhook: args.webhook.setup(),
    };
    check_descriptors()?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let threads = args.threads.or_else(|| thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let runtime = runtime
        .enable_all()
        .worker_threads(threads)
        .max_blocking_threads(blocking_threads())
        .build()
        .map_err(cannot_start)?;
    runtime.block_on(until_told(setup))?;
    runtime.shutdown_background();
    Ok(())
}

fn database(url: &str, args: &Serve) -> Result<(DatabaseAddress, LeaseSetup), Failure> {
    let address = args.database_files.address(url)?;
    if args.request_timeout < args.lease + ANSWERED_WITHIN {
        let why = format!(
            "A deletion waits for a server that is cut off until its lease has ended, so --request-timeout must be at \
             least {} with --lease {}.",
            args.lease + ANSWERED_WITHIN,
            args.lease
        );
        return Err(Failure::usage(why));
    }
    let name = args.name.clone().unwrap_or_else(|| uname().nodename().to_string_lossy().into_owned());
    Ok((address, LeaseSetup { length: Duration::from_secs(args.lease), name, master_keys: HeldMasterKeys::default() }))
}

async fn until_told(setup: Setup) -> Result<(), Failure> {
    survive_file_size_limit().map_err(cannot_start)?;
    // Before anything listens: a signal in between must not end us half-way.
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_start)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(cannot_start)?;
    let team = HttpServer::start(setup).await?;
    for place in &team.listens {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), place = %place, "listening");
    }
    for place in &team.metrics {
        tracing::info!(place = %place, "serving metrics");
    }
    let ended = loop {
        tokio::select! {
            () = came(&mut terminate) => break Ok(()),
            () = came(&mut interrupt) => break Ok(()),
            error = team.store_gone() => {
                tracing::error!(%error, "the store is gone");
                break Err(Failure::new(Exit::Mistake, error.to_string()));
            }
            () = team.watch_certificate() => {}
            () = came(&mut hang_up) => match team.reload() {
                Ok(true) => tracing::info!("reloaded the certificate"),
                Ok(false) => tracing::info!("no certificate to reload"),
                Err(error) => tracing::error!(%error, "could not reload the certificate; keeping the old one"),
            },
        }
    };
    tracing::info!("stopping");
    team.stop().await;
    tracing::info!("stopped");
    ended
}

async fn came(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await; // no signal can come any more
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn cannot_start(error: io::Error) -> Failure {
    Failure::new(Exit::Mistake, format!("Can't start the server: {error}."))
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Data(error) => error.into(),
            SetupError::Store(_) | SetupError::Listen { .. } => Self::new(Exit::Mistake, error.to_string()),
            SetupError::Webhook(error) => Self::usage(sentence(&error.to_string())),
            SetupError::Tls(_) | SetupError::Plain(_) | SetupError::OpenMetrics(_) | SetupError::OwnSocket(_) => {
                Self::usage(error.to_string())
            }
        }
    }
}

/// Our own lines and no other's: a library might log what a client sent.
fn write_log(args: &Serve, log: &LogQueue) -> color_eyre::Result<()> {
    let ours = Targets::new().with_target("latchkey", args.log_level);
    let log = log.clone();
    let lines = tracing_subscriber::fmt::layer().with_writer(move || log.clone()).with_ansi(false).with_target(false);
    let lines = match args.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(ours)).try_init()?;
    Ok(())
}
