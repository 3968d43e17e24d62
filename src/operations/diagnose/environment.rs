//! What the program finds around it: fit for a bug report, so without a secret.

use std::path::Path;

use chrono::Utc;

use super::{Diagnosis, Fact, surroundings};
use crate::client::session_file::{SessionFile, SessionStorage};
use crate::client::{ApiError, Connection, ConnectionSettings, Health, Proxy, ProxyRoute, Target};
use crate::config::{Config, ServerLocation};
use crate::domain::diagnosis::{Evidence, Finding, diagnose as find};
use crate::domain::{BaseUrl, ClipboardChoice};
use crate::operations::account::sign_in::place;
use crate::operations::context::Context;
use crate::operations::failure::Exit;
use crate::operations::format::time;

/// Asks the server how it is.
pub(crate) async fn diagnose(connection: &Connection) -> (Diagnosis, Option<Health>) {
    let target = &connection.server.target;
    let (mut diagnosis, health) = match connection.client.health().await {
        Ok(health) => {
            let clocks = health.time.map(|theirs| (theirs, Utc::now()));
            let mut findings = find(&Evidence { clocks, ..Evidence::default() });
            findings.insert(0, Finding::note("The server answers.", ""));
            let concern = health.certificate.and_then(|validity| validity.concern(Utc::now()));
            findings.extend(concern.map(|concern| {
                Finding::note(format!("The server's certificate {concern}."), "Have it renewed before it expires.")
            }));
            let (found, exit) = readiness(connection).await;
            findings.extend(found);
            (Diagnosis { findings, exit }, Some(health))
        }
        Err(ApiError::NotFound(_)) => {
            let next = if target.is_passportal() { "" } else { "If it is not Passportal, check the base URL." };
            let what = "The server answers, but has no /health (Passportal has none).";
            (Diagnosis { findings: vec![Finding::note(what, next)], exit: Exit::Done }, None)
        }
        Err(error) => (Diagnosis::of_call(&error), None),
    };
    let hint = match target {
        Target::Url(base) => base.region_hint(),
        Target::Socket(_) => None,
    };
    let next = "If an exchange fails there, use your region's host in the base URL.";
    diagnosis.findings.extend(hint.map(|hint| Finding::note(hint, next)));
    (diagnosis, health)
}

/// What is wrong with the server's store, if something is. A server without that call is not asked further.
async fn readiness(connection: &Connection) -> (Option<Finding>, Exit) {
    match connection.client.ready().await {
        Ok(None) | Err(ApiError::NotFound(_)) => (None, Exit::Done),
        Ok(Some(warning)) => {
            let found = format!("The server works, but {}.", warning.to_display(200));
            let next = "See: latchkey guide servers";
            (Some(Finding::fault(found, next)), Exit::Done)
        }
        // A store that can't be written is as it must be where nothing is to be changed.
        Err(_) if connection.server.profile.read_only => (None, Exit::Done),
        Err(error) => {
            let next = "Until this is fixed, keys can't be created or changed.";
            (Some(Finding::fault(error.to_string(), next)), Exit::Unreachable)
        }
    }
}

/// The facts, in the order in which they are shown.
pub(crate) async fn facts(settings: &Context, config: Option<&Config>, health: Option<&Health>) -> Vec<Fact> {
    let mut facts = vec![("Version", format!("latchkey {}", env!("CARGO_PKG_VERSION")))];
    let default = settings.dirs.config.as_ref().map(|folder| folder.join("config.toml"));
    facts.push((
        "Settings",
        match (&settings.overrides.config, default) {
            (Some(file), _) => named(file),
            (None, Ok(file)) => named(&file),
            (None, Err(missing)) => missing.to_string(),
        },
    ));
    if let Some(config) = config {
        of_profile(&mut facts, config);
    }
    if let Some(health) = health {
        facts.push(("Server version", health.version.to_display(80)));
        facts.push(("Server time", health.time.map_or("unknown".to_owned(), time)));
    }
    facts.push(("Local time", time(Utc::now())));
    let state = settings.dirs.state.as_ref();
    facts.push(("State folder", state.map_or_else(ToString::to_string, |folder| folder.display().to_string())));
    let notices = config.map(Config::all_notices).unwrap_or_default().join(" ");
    facts.extend((!notices.is_empty()).then_some(("Notices", notices)));
    facts.extend(surroundings::facts(config.map_or(ClipboardChoice::default(), Config::clipboard)).await);
    facts
}

fn named(file: &Path) -> String {
    let there = if file.exists() { "" } else { " (no such file)" };
    format!("{}{there}", file.display())
}

fn of_profile(facts: &mut Vec<Fact>, config: &Config) {
    let name = config.chosen();
    let (Ok(profile), Ok(source)) = (config.profile(name), config.connection(name)) else { return };
    let marks = profile.marks(false);
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    facts.push(("Profile", format!("{name}{marks}")));
    facts.push(("Server", profile.server));
    match source {
        ServerLocation::Embedded(data) => facts.push(("Data folder", data.display().to_string())),
        ServerLocation::Remote(connection) => of_connection(facts, config, &connection),
    }
}

fn of_connection(facts: &mut Vec<Fact>, config: &Config, connection: &ConnectionSettings) {
    if !connection.target.is_passportal() {
        facts.push(("Session", session(config, connection)));
    }
    let Target::Url(base) = &connection.target else { return };
    let from = match (&connection.ca_file, connection.ca_only) {
        (None, _) => "the system's".to_owned(),
        (Some(file), true) => format!("only {}", file.display()),
        (Some(file), false) => format!("the system's and {}", file.display()),
    };
    facts.push(("TLS roots", from));
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "NO_PROXY", "no_proxy"] {
        facts.extend(std::env::var(name).ok().map(|value| (name, value)));
    }
    if let Some(certificate) = &connection.client_cert {
        facts.push(("Certificate", certificate.display().to_string()));
    }
    if let Some(to) = connection.connect_to {
        facts.push(("Connects to", format!("{to}, without a proxy")));
        return;
    }
    facts.extend(proxy(&connection.proxy, base).map(|proxy| ("Proxy", proxy)));
}

/// The remembered session, if there is one.
fn session(config: &Config, connection: &ConnectionSettings) -> String {
    let state = match config.state_folder() {
        Ok(state) => state,
        Err(missing) => return missing.to_string(),
    };
    let session = SessionFile::of(state, config.chosen(), &connection.target);
    let path = place(&session, session.keeper().unwrap_or(SessionStorage::File));
    match session.load(None, Utc::now()) {
        Ok(Some(session)) => {
            format!(
                "of {}, until {} at the latest, in {path}",
                session.username.to_display(60),
                time(session.expires_at)
            )
        }
        Ok(None) => {
            let command = config.command(config.chosen(), "login --remember");
            format!("none stored; {command} stores one in the kernel's keyring")
        }
        Err(error) => error.to_string(),
    }
}

/// The proxy that is named, without name and password, and whether this server is reached through it.
fn proxy(proxy: &Proxy, base: &BaseUrl) -> Option<String> {
    let route = match proxy.named(base) {
        Ok(route) => route,
        Err(error) => return Some(error.to_string()),
    };
    let Some(ProxyRoute { url, variable, skipped }) = route else {
        return matches!(proxy, Proxy::None).then(|| "none, as set in the settings".to_owned());
    };
    let used = skipped.map(|why| format!(", not used for this server ({why})")).unwrap_or_default();
    let by = variable.map_or(" from the settings".to_owned(), |name| format!(" from {name}"));
    Some(format!("{}{by}{used}", url.for_screen()))
}
