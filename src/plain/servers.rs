//! Which server one works on, and how it is.

use super::session::Session;
use crate::operations::diagnose::environment::{diagnose, facts};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::secrets::exchange::say_finding;

/// Asks for another profile, and works on its server.
pub(crate) async fn choose(session: &mut Session, rest: &str) -> Flow<()> {
    let profiles = session.config.profiles();
    let name = if rest.is_empty() {
        let current = &session.connection.server.profile.name;
        let marks = profiles.iter().map(|p| [vec![p.server.as_str()], p.marks(p.name == *current)].concat().join(", "));
        let marks: Vec<String> = marks.collect();
        let choices: Vec<_> = profiles.iter().zip(&marks).map(|(p, marks)| (p.name.as_str(), marks.as_str())).collect();
        let Some(n) = session.console.choose_or_leave("Profile", 1, &choices).await? else { return Ok(()) };
        profiles[n].name.clone()
    } else {
        let found = profiles.iter().find(|profile| profile.name == rest);
        found
            .map(|profile| profile.name.clone())
            .ok_or_else(|| Interrupt::words("there is no profile with this name"))?
    };
    if name == session.connection.server.profile.name {
        session.introduce();
        return Ok(());
    }
    session.go_to(&name).await
}

/// Says what is known of the server and of the way to it: fit for a bug report, so without a secret.
pub(crate) async fn doctor(session: &mut Session) -> Flow<()> {
    let (diagnosis, health) = session.console.wait(diagnose(&session.connection)).await?;
    let facts = facts(&session.settings, Some(&session.config), health.as_ref());
    for (name, value) in session.console.wait(facts).await? {
        session.console.say(format!("{name}: {value}"));
    }
    for finding in &diagnosis.findings {
        say_finding(session, finding);
    }
    session.note_exit(diagnosis.exit);
    Ok(())
}
