//! Administrators, their sessions, and the emergency brake.

use super::session::Session;
use crate::client::{AdminList, RevokeRequest, SessionEntry};
use crate::domain::{Role, Untrusted};
use crate::operations::access::Access as _;
use crate::operations::account::sessions::{EndSessions, ended};
use crate::operations::account::{administrators, revoke, sessions};
use crate::operations::failure::Failure;
use crate::operations::messages;
use crate::operations::permissions::may_change_administrators;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{Choice, Prompter as _};
use crate::server::auth::username::Username;

/// What can follow `admin`.
const ADMIN: &str = "admin add NAME adds one, admin role NAME changes a role, admin passwd NAME sets a password, admin \
                     remove NAME removes one. A number of the list does for a name.";
/// What can follow `sessions`.
const SESSIONS: &str = "sessions end NUMBER ends one of them, sessions end NAME all of an administrator.";

/// Lists administrators, or changes what is said.
pub(crate) async fn administrators(session: &mut Session, rest: &str) -> Flow<()> {
    let mut words = rest.split_whitespace();
    let (verb, given, more) = (words.next().unwrap_or("list"), words.next(), words.next());
    let verb = verb.to_lowercase();
    if verb == "list" && given.is_none() {
        return list(session).await;
    }
    if !["add", "role", "passwd", "remove"].contains(&verb.as_str())
        || more.is_some() && !["add", "role"].contains(&verb.as_str())
        || words.next().is_some()
    {
        return Err(Interrupt::failed(format!("That was not understood. {ADMIN}")));
    }
    may_change_administrators(&session.connection.server).map_err(Failure::from)?;
    let username = if verb == "add" { new_name(session, given).await? } else { which(session, given).await? };
    let is_own = session.connection.server.is_signed_in_as(username.as_str());
    let said = match verb.as_str() {
        "add" => {
            let role = role(session, more).await?;
            administrators::add(session, &username, role, None).await?
        }
        "role" => {
            let role = role(session, more).await?;
            if is_own && role != Role::Superuser {
                session.console.say(administrators::OWN_ROLE);
                if !session.console.confirm("Change it?").await? {
                    session.console.say(messages::NOTHING_CHANGED);
                    return Ok(());
                }
            }
            let said = administrators::set_role(session, &username, role, false).await?;
            if is_own && let Some(who) = &mut session.connection.server.who {
                who.role = Untrusted::new(role.as_str());
            }
            said
        }
        "passwd" => administrators::reset_password(session, &username, None).await?,
        _ => {
            let said = administrators::remove(session, &username, false, false).await?;
            if is_own {
                session.take_session_end();
                session.connection.server.profile.username = None;
            }
            said
        }
    };
    session.console.say(said);
    Ok(())
}

async fn list(session: &mut Session) -> Flow<()> {
    let AdminList { administrators, sessions } = session.call(async |client| client.admin_list().await).await?;
    for (n, one) in administrators.iter().enumerate() {
        let is_own = session.connection.server.is_signed_in_as(one.username.raw_for_api());
        session.console.say(format!("{}. {}.", n + 1, administrators::in_line(one, &sessions, is_own)));
    }
    if administrators.is_empty() {
        session.console.say(messages::NO_ADMINISTRATORS);
    }
    if !session.connection.server.profile.signs_in {
        session.console.say(messages::WITHOUT_ADMINISTRATORS);
    }
    session.console.say(ADMIN);
    session.listing.administrators = administrators;
    Ok(())
}

/// The administrator that is meant: a name, or a number of the list.
async fn which(session: &mut Session, given: Option<&str>) -> Flow<Username> {
    let given = match given {
        Some(given) => given.to_owned(),
        None => session.console.ask("Administrator (a name, or a number of the list): ").await?,
    };
    let listed = &session.listing.administrators;
    let is_name = listed.iter().any(|one| one.username.raw_for_api() == given.to_lowercase());
    let number = given.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|_| !is_name);
    let name = number.and_then(|at| listed.get(at)).map_or(given.as_str(), |one| one.username.raw_for_api());
    Ok(Username::parse(name).map_err(Failure::from)?)
}

async fn new_name(session: &mut Session, given: Option<&str>) -> Flow<Username> {
    let given = match given {
        Some(given) => given.to_owned(),
        None => session.console.ask("User name of the new administrator: ").await?,
    };
    Ok(Username::parse(&given).map_err(Failure::from)?)
}

async fn role(session: &mut Session, given: Option<&str>) -> Flow<Role> {
    if let Some(word) = given {
        let role = Role::parse(&word.to_lowercase());
        return role.ok_or_else(|| Interrupt::words("a role is superuser, administrator or auditor"));
    }
    let choices: [Choice<'_>; 3] = Role::ALL.map(|role| (role.as_str(), administrators::may(role)));
    Ok(Role::ALL[session.console.choose("Role", &choices).await?])
}

/// Lists sessions, or ends what is said.
pub(crate) async fn sessions(session: &mut Session, rest: &str) -> Flow<()> {
    let mut words = rest.split_whitespace();
    match (words.next().map(str::to_lowercase).as_deref(), words.next(), words.next()) {
        (None | Some("list"), None, _) => {
            let all = all_sessions(session).await?;
            for (n, one) in all.iter().enumerate() {
                session.console.say(format!("{}. {}.", n + 1, sessions::in_line(one)));
            }
            if all.is_empty() {
                session.console.say(messages::NO_SESSIONS);
            }
            if !session.connection.server.profile.signs_in {
                session.console.say(messages::WITHOUT_SESSIONS);
            }
            session.console.say(SESSIONS);
            session.listing.sessions = all;
            Ok(())
        }
        (Some("end"), given, None) => end(session, given).await,
        _ => Err(Interrupt::failed(format!("That was not understood. {SESSIONS}"))),
    }
}

async fn all_sessions(session: &mut Session) -> Flow<Vec<SessionEntry>> {
    session.call(async |client| client.sessions().await).await
}

async fn end(session: &mut Session, given: Option<&str>) -> Flow<()> {
    may_change_administrators(&session.connection.server).map_err(Failure::from)?;
    let given = match given {
        Some(given) => given.to_owned(),
        None => session.console.ask("Session (a number of the list), or administrator (a name): ").await?,
    };
    let all = all_sessions(session).await?;
    let name = Untrusted::new(&given.to_lowercase());
    let number = given.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let ends = if all.iter().any(|one| one.username == name) {
        EndSessions::all_of(&name, &all, &session.connection.server)
    } else {
        number.and_then(|at| session.listing.sessions.get(at)).map(EndSessions::one)
    };
    let Some(ends) = ends else {
        return Err(Interrupt::words("there is no such session to end; sessions lists them"));
    };
    session.console.say(&ends.consequence);
    if !session.console.confirm(&ends.question).await? {
        session.console.say("No session was ended.");
        return Ok(());
    }
    if ends.is_own {
        return session.sign_out().await;
    }
    let count = session.call(async |client| client.end_sessions(&ends.ids).await).await?;
    session.console.say(ended(count));
    Ok(())
}

/// Revokes what is said, or asks what.
pub(crate) async fn revoke(session: &mut Session, rest: &str) -> Flow<()> {
    may_change_administrators(&session.connection.server).map_err(Failure::from)?;
    let has = |what| rest.split_whitespace().any(|word| word.eq_ignore_ascii_case(what));
    let known = |word: &str| ["tokens", "sessions"].iter().any(|what| word.eq_ignore_ascii_case(what));
    let what = if rest.is_empty() {
        let mut choices: Vec<Choice<'_>> = revoke::CHOICES.map(|what| (revoke::name(what), "")).to_vec();
        choices.push(("Back", ""));
        let chosen = session.console.choose("Revoke", &choices).await?;
        let Some(what) = revoke::CHOICES.get(chosen) else {
            session.console.say(messages::NOTHING_REVOKED);
            return Ok(());
        };
        *what
    } else if rest.split_whitespace().all(known) {
        RevokeRequest { tokens: has("tokens"), sessions: has("sessions") }
    } else {
        return Err(Interrupt::failed("Type revoke tokens, revoke sessions, or revoke tokens sessions."));
    };
    let said = revoke::revoke(session, what, false).await?;
    session.console.say(said);
    if what.sessions && session.connection.server.profile.signs_in {
        session.take_session_end();
    }
    Ok(())
}
