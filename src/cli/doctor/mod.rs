//! `latchkey doctor`: what is wrong, each finding with its next step.

mod case;
mod report;

use super::args::DoctorArgs;
use super::output;
use crate::client::Health;
use crate::config::Config;
use crate::domain::diagnosis::Finding;
use crate::operations::connect;
use crate::operations::context::Context;
use crate::operations::diagnose::{Diagnosis, environment, key};
use crate::operations::failure::{Exit, Failure};
use crate::server::StoreAccess;
use case::Case;

/// Looks at a key if an ID is given, else at the way to the server; writes what was found.
pub async fn run(args: &DoctorArgs, settings: &Context) -> Result<Exit, Failure> {
    let case = Case::read(args).await?;
    let (config, is_about_key) = (settings.config(), case.is_some());
    let (mut diagnosis, health) = match &config {
        Ok(config) => look(config, case, settings).await,
        Err(failure) => (Diagnosis::of(failure), None),
    };
    for found in &mut diagnosis.findings {
        found.next = settings.overrides.spell(&found.next);
    }
    // A bug report is about the surroundings; a key that does not work is not.
    let facts = if is_about_key {
        Vec::new()
    } else {
        environment::facts(settings, config.as_ref().ok(), health.as_ref()).await
    };
    output::print(|out| report::write(out, settings.format, &diagnosis, &facts))?;
    Ok(diagnosis.exit)
}

const FIRST_KEY: &str = "The folder is created with the first key.";

/// With the remembered session if there is one. A doctor asks for no password.
async fn look(config: &Config, case: Option<Case>, settings: &Context) -> (Diagnosis, Option<Health>) {
    let connection = match connect::open(config, config.chosen(), &settings.embedded, StoreAccess::Open).await {
        Ok(connection) => connection,
        // Nothing is wrong with a folder that was never used, unless it was named.
        Err(Failure { exit: Exit::NotFound, message, .. }) if case.is_none() && !config.has_named_data() => {
            return (Diagnosis { findings: vec![Finding::note(message, FIRST_KEY)], exit: Exit::Done }, None);
        }
        Err(failure) => return (Diagnosis::of(&failure), None),
    };
    match case {
        Some(Case { id, secret, failing }) => (key::diagnose(id, secret, failing, &connection).await, None),
        None => environment::diagnose(&connection).await,
    }
}
