//! The commands: words, numbers and letters of the catalogue of actions.

use super::session::Session;
use super::{admin, servers};
use crate::client::Server;
use crate::operations::account::administrators::change_own_password;
use crate::operations::actions::{ActionEntry, ActionId, numbered};
use crate::operations::failure::{Exit, Failure};
use crate::operations::keys::activate::Switch;
use crate::operations::permissions::{Permissions, ReadOnly, why_no_sessions, why_not_superuser};
use crate::operations::prompts::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::keys::{all, change, create, due, export, history, identify, list, pending, rotate, show};
use crate::plain::secrets::{hand_overs, tokens};

/// Takes commands until the input ends.
pub(crate) async fn run(session: &mut Session) -> Stop {
    loop {
        let typed = match session.console.ask("Command (help lists them): ").await {
            Ok(typed) => typed,
            Err(Interrupt::Stop(stop)) => return stop,
            Err(Interrupt::Failed(failure)) => {
                session.fail(&failure.sentences());
                continue;
            }
        };
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((&typed, ""));
        let Some(action) = find(word) else {
            // What was typed may be a secret in the wrong place: it is not repeated.
            if !word.is_empty() {
                session.fail("Unknown command. Type help for a list.");
            }
            continue;
        };
        if action.id == ActionId::Quit {
            return Stop::Left;
        }
        let done = run_one(action, session, rest.trim()).await;
        if let Err(stop) = session.say_if_failed(done) {
            if stop == Stop::Left {
                session.tell_cut_short();
            }
            return stop;
        }
    }
}

fn find(typed: &str) -> Option<&'static ActionEntry> {
    let word = typed.to_lowercase();
    // On the page, a capital letter is another one.
    let is =
        |action: &&ActionEntry| word == action.word || typed == action.letter() || word == action.number.to_string();
    numbered().into_iter().find(|action| !typed.is_empty() && is(action))
}

async fn run_one(action: &ActionEntry, session: &mut Session, rest: &str) -> Flow<()> {
    if action.changes_keys {
        refuse_if_read_only(session)?;
    }
    if action.changes_keys || action.needs_superuser || action.id == ActionId::Sessions {
        session.signed_in().await?; // what they may do is known only then
        refuse_without_right(action, &session.connection.server)?;
    }
    if action.changes_keys {
        refuse_if_read_only(session)?;
    }
    if !rest.is_empty() && takes_nothing(action.id) {
        let words = format!("{} takes no arguments.", action.word);
        return Err(Failure::usage(words).next("To list other keys, use filter, status or next.").into());
    }
    match action.id {
        ActionId::List => list::first(session).await,
        ActionId::Next => list::next(session).await,
        ActionId::Filter => list::filter(session, rest).await,
        ActionId::FilterStatus => list::status(session, rest).await,
        ActionId::Views => list::view(session, rest).await,
        ActionId::Overview => list::overview(session).await,
        ActionId::Sort => list::sort(session, rest).await,
        ActionId::Show => show::run(session, rest).await,
        ActionId::History => history::of_key(session, rest).await,
        ActionId::Usage => show::usage(session, rest).await,
        ActionId::Events => history::all(session, rest).await,
        ActionId::Row => show::row(session, rest).await,
        ActionId::Create => create::run(session).await,
        ActionId::Rotate => rotate::run(session, rest).await,
        ActionId::Finish => pending::finish(session).await,
        ActionId::Undo => change::undo(session).await,
        ActionId::Edit => change::edit(session, rest).await,
        ActionId::Activate => change::switch(session, rest, Some(Switch::Activate)).await,
        ActionId::Deactivate => change::switch(session, rest, Some(Switch::Deactivate(None))).await,
        ActionId::Switch => change::switch(session, rest, None).await,
        ActionId::Delete => change::delete(session, rest).await,
        ActionId::All => all::run(session, rest).await,
        ActionId::Export => export::run(session).await,
        ActionId::Identify => identify::run(session, rest).await,
        ActionId::Due => due::run(session, rest).await,
        ActionId::HandOvers => hand_overs::run(session, rest).await,
        ActionId::Tokens => tokens::run(session, rest).await,
        ActionId::Doctor => servers::doctor(session).await,
        ActionId::Profiles => servers::choose(session, rest).await,
        ActionId::SignOut => session.sign_out().await,
        ActionId::Password => {
            let said = change_own_password(session, None, None).await?;
            session.console.say(said);
            Ok(())
        }
        ActionId::Admins => admin::administrators(session, rest).await,
        ActionId::Sessions => admin::sessions(session, rest).await,
        ActionId::Revoke => admin::revoke(session, rest).await,
        ActionId::Help => {
            help(session);
            Ok(())
        }
        // The first is done where commands are read; the others have no word.
        ActionId::Quit
        | ActionId::ReverseSort
        | ActionId::CopyId
        | ActionId::ClearClipboard
        | ActionId::Theme
        | ActionId::Dates
        | ActionId::Columns
        | ActionId::Mouse => Ok(()),
    }
}

/// Whether a command means nothing with a text behind it.
const fn takes_nothing(id: ActionId) -> bool {
    use ActionId::{Create, Doctor, Export, Finish, Help, List, Next, Overview, SignOut, Undo};
    matches!(id, List | Next | Overview | Create | Export | Finish | Doctor | SignOut | Help | Undo)
}

/// Refuses what only superusers may do, and to ask about sessions where there are none.
fn refuse_without_right(action: &ActionEntry, server: &Server) -> Result<(), Failure> {
    let why = match action.id {
        _ if action.needs_superuser => why_not_superuser(server),
        ActionId::Sessions => why_no_sessions(server).map(str::to_owned),
        _ => None,
    };
    why.map_or(Ok(()), |why| Err(Failure::new(Exit::Denied, why)))
}

fn refuse_if_read_only(session: &Session) -> Flow<()> {
    ReadOnly::of(&session.connection.server).map_or(Ok(()), |why| Err(Failure::from(why).into()))
}

/// Lists what is offered here.
fn help(session: &mut Session) {
    let permissions = Permissions::of(&session.connection.server);
    for action in numbered().into_iter().filter(|action| action.is_offered(permissions)) {
        let ActionEntry { number, word, summary, .. } = action;
        let letter = if action.letter().is_empty() { String::new() } else { format!(" ({})", action.letter()) };
        session.console.say(format!("{number}. {word}{letter}: {summary}."));
    }
    session
        .console
        .say("Type a command's number, word or letter. A key's number in the list or its ID, or a text, may follow.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_names_of_its_own() {
        for action in numbered() {
            let number = action.number.to_string();
            for name in [action.word, action.letter(), &number].into_iter().filter(|name| !name.is_empty()) {
                assert_eq!(find(name).map(|found| found.id), Some(action.id), "{name}");
            }
        }
        for none in ["", "sk_x", "0", "x", "y", "S", "n", "w"] {
            assert!(find(none).is_none(), "{none}");
        }
        assert_eq!(find("LIST").map(|found| found.id), Some(ActionId::List));
    }
}
