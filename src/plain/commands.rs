//! The commands: one table binds numbers, words and letters, and words the help.

use super::session::Session;
use super::{change, create, list, pending, servers, show, tokens};
use crate::domain::Status;
use crate::operations::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompter::Prompter as _;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    List,
    Next,
    Filter,
    Status,
    Sort,
    Show,
    Create,
    Edit,
    Activate,
    Deactivate,
    Switch,
    Delete,
    Tokens,
    Doctor,
    Profiles,
    SignOut,
    Help,
    Quit,
    Finish,
}

/// One line of the table.
struct PlainCommand {
    act: Act,
    word: &'static str,
    /// What it is pressed by on the page; empty if it is not there. No other letter does anything: what does one thing there
    /// and another here would be a trap.
    letter: &'static str,
    what: &'static str,
    /// Whether it changes keys.
    changes: bool,
}

const fn looks(act: Act, word: &'static str, letter: &'static str, what: &'static str) -> PlainCommand {
    PlainCommand { act, word, letter, what, changes: false }
}

const fn changes(act: Act, word: &'static str, letter: &'static str, what: &'static str) -> PlainCommand {
    PlainCommand { act, word, letter, what, changes: true }
}

/// Every command. Its number is its place, whether it is offered or not: scripts may use numbers.
static COMMANDS: [PlainCommand; 19] = [
    looks(Act::List, "list", "r", "list the keys, from the first"),
    looks(Act::Next, "next", "", "list the keys that follow"),
    looks(Act::Filter, "filter", "/", "list only keys with a text in ID or label; without a text, all"),
    looks(Act::Status, "status", "f", "list only active, expired or inactive keys"),
    looks(Act::Sort, "sort", "s", "list in another order"),
    looks(Act::Show, "show", "", "show a key and what happened to it"),
    changes(Act::Create, "create", "c", "create a key"),
    changes(Act::Edit, "edit", "e", "change label and expiry of a key"),
    changes(Act::Activate, "activate", "", "activate a key again"),
    changes(Act::Deactivate, "deactivate", "", "deactivate a key"),
    changes(Act::Delete, "delete", "d", "delete a key"),
    looks(Act::Tokens, "tokens", "t", "HMAC token and access token for any key, and what is wrong with one"),
    looks(Act::Doctor, "doctor", "", "say how the server and the way to it are"),
    looks(Act::Profiles, "profiles", "p", "work on another profile's server"),
    looks(Act::SignOut, "signout", "o", "sign out"),
    looks(Act::Help, "help", "?", "this help"),
    looks(Act::Quit, "quit", "q", "quit"),
    changes(Act::Switch, "switch", "a", "deactivate a key, or activate it again"),
    changes(Act::Finish, "finish", "", "ask the server again for the create that was under way when latchkey ended"),
];

/// Takes commands until there is nobody to give them.
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
        let Some(command) = find(word) else {
            // What was typed may be a secret in the wrong place: it is not repeated.
            if !word.is_empty() {
                session.fail("That is no command: help lists them.");
            }
            continue;
        };
        if command.act == Act::Quit {
            return Stop::Left;
        }
        let done = command.run(session, rest.trim()).await;
        if let Err(stop) = session.say_if_failed(done) {
            return stop;
        }
    }
}

fn find(typed: &str) -> Option<&'static PlainCommand> {
    let word = typed.to_lowercase();
    let mut numbered = COMMANDS.iter().enumerate();
    // On the page, a capital letter is another one.
    let is = |(n, c): &(usize, &PlainCommand)| word == c.word || typed == c.letter || word == (n + 1).to_string();
    numbered.find(|command| !typed.is_empty() && is(command)).map(|(_, command)| command)
}

impl PlainCommand {
    async fn run(&self, session: &mut Session, rest: &str) -> Flow<()> {
        if self.changes {
            refuse_if_only_looks(session)?;
            session.signed_in().await?; // whether they may change something is known only then
            refuse_if_only_looks(session)?;
        }
        match self.act {
            Act::List => list::first(session).await,
            Act::Next => list::next(session).await,
            Act::Filter => list::filter(session, rest).await,
            Act::Status => list::status(session, rest).await,
            Act::Sort => list::sort(session, rest).await,
            Act::Show => show::run(session, rest).await,
            Act::Create => create::run(session).await,
            Act::Finish => pending::finish(session).await,
            Act::Edit => change::edit(session, rest).await,
            Act::Activate => change::switch(session, rest, Some(Status::Active)).await,
            Act::Deactivate => change::switch(session, rest, Some(Status::Inactive)).await,
            Act::Switch => change::switch(session, rest, None).await,
            Act::Delete => change::delete(session, rest).await,
            Act::Tokens => tokens::run(session, rest).await,
            Act::Doctor => servers::doctor(session).await,
            Act::Profiles => servers::choose(session, rest).await,
            Act::SignOut => session.sign_out().await,
            Act::Help | Act::Quit => {
                help(session);
                Ok(())
            }
        }
    }
}

/// Refuses to change something where nothing may be changed.
fn refuse_if_only_looks(session: &Session) -> Flow<()> {
    session.only_looks().map_or(Ok(()), |why| Err(Interrupt::failed(why)))
}

/// Lists what is offered here.
fn help(session: &mut Session) {
    let (only_looks, has_left_over) = (session.only_looks().is_some(), session.has_left_over);
    let is_offered = |c: &PlainCommand| !(only_looks && c.changes) && (has_left_over || c.act != Act::Finish);
    for (n, PlainCommand { word, letter, what, .. }) in COMMANDS.iter().enumerate().filter(|(_, c)| is_offered(c)) {
        let letter = if letter.is_empty() { String::new() } else { format!(" ({letter})") };
        session.console.say(format!("{}. {word}{letter}: {what}.", n + 1));
    }
    session.console.say("Type a number, a word or a letter; a key's number or ID, or a text, may follow.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_names_of_its_own() {
        for (n, command) in COMMANDS.iter().enumerate() {
            let number = (n + 1).to_string();
            for name in [command.word, command.letter, &number].into_iter().filter(|name| !name.is_empty()) {
                assert_eq!(find(name).map(|found| found.act), Some(command.act), "{name}");
            }
        }
        for none in ["", "sk_x", "0", "x", "y", "S", "v", "n", "w"] {
            assert!(find(none).is_none(), "{none}");
        }
        assert_eq!(find("LIST").map(|found| found.act), Some(Act::List));
    }
}
