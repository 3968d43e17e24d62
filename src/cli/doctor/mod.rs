//! `latchkey doctor`: what is wrong, each finding with its next step.

mod case;
mod exchange;
mod report;

use super::args::DoctorArgs;
use super::output;
use crate::client::{ApiError, ConnectionSettings, Health, Target};
use crate::config::{Config, ServerLocation};
use crate::domain::{BaseUrl, ClipboardChoice};
use crate::operations::connect;
use crate::operations::connect::{ConnectError, Connection};
use crate::operations::context::Context;
use crate::operations::diagnose::Diagnosis;
use crate::operations::failure::{Exit, Failure};

/// Looks at a key if an ID is given, else at the way to the server; writes what was found.
pub async fn run(args: &DoctorArgs, settings: &Context) -> Result<Exit, Failure> {
    let case = case::Case::read(args).await?;
    let config = settings.config();
    let (mut diagnosis, health) = match &config {
        Ok(config) => look(config, case.as_ref()).await,
        Err(failure) => (Diagnosis::of(failure), None),
    };
    for found in &mut diagnosis.findings {
        found.next = settings.overrides.spell(&found.next);
    }
    // A bug report is about the surroundings; a key that does not work is not.
    let facts = match case {
        None => {
            let mut facts =
                crate::operations::diagnose::environment::facts(settings, config.as_ref().ok(), health.as_ref());
            let wish = config.as_ref().map_or(ClipboardChoice::default(), Config::clipboard);
            let notices = config.as_ref().map(Config::all_notices).unwrap_or_default().join(" ");
            facts.extend((!notices.is_empty()).then_some(("Notices", notices)));
            facts.extend(crate::operations::diagnose::surroundings::facts(wish).await);
            facts
        }
        Some(_) => Vec::new(),
    };
    let mut out = output::stdout();
    let written = report::write(&mut out, settings.format, &diagnosis, &facts);
    output::done(written, &mut out)?;
    Ok(diagnosis.exit)
}

async fn look(config: &Config, case: Option<&case::Case>) -> (Diagnosis, Option<Health>) {
    let (server, is_known) = match reach(config).await {
        Ok(reached) => reached,
        Err(error) => return (Diagnosis::of(&error.into()), None),
    };
    let found = match case {
        Some(case) => (exchange::diagnose(case, &server, is_known, base(config).as_ref()).await, None),
        None => crate::operations::diagnose::environment::diagnose(&server, base(config).as_ref()).await,
    };
    server.close().await;
    found
}

/// With the remembered session if there is one, and says whether there is. A doctor asks for no password.
async fn reach(config: &Config) -> Result<(Connection, bool), ConnectError> {
    match connect::server(config, config.chosen(), false).await {
        Err(ConnectError::NotSignedIn(..) | ConnectError::Api(ApiError::Passportal)) => {
            Ok((connect::without_session(config, config.chosen()).await?, false))
        }
        reached => Ok((reached?, true)),
    }
}

/// The server's address, if it is a URL.
fn base(config: &Config) -> Option<BaseUrl> {
    match config.connection(config.chosen()) {
        Ok(ServerLocation::Remote(ConnectionSettings { target: Target::Url(base), .. })) => Some(base),
        _ => None,
    }
}
