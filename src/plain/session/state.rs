//! The place of work: the server, who is signed in there, and the conversation.

use std::time::Duration;

use chrono::Utc;
use tokio::time::timeout;

use crate::client::{Changes, Client, Connection};
use crate::config::Config;
use crate::domain::AccessKey;
use crate::domain::{Profile, Untrusted};
use crate::operations::access::Access;
use crate::operations::connect;
use crate::operations::context::Context;
use crate::operations::deliver::Rescue;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::local_time;
use crate::operations::keys::bulk::Reversal;
use crate::operations::keys::pending::PendingCreates;
use crate::operations::messages;
use crate::operations::permissions::ReadOnly;
use crate::operations::prompts::interrupt::{Flow, Interrupt, Stop};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::console::Console;
use crate::plain::detect::PlainReason;
use crate::server::StoreAccess;

use super::Listing;

/// How long a start waits for what is due: a server that doesn't answer is told of by the first command.
const REMINDED_WITHIN: Duration = Duration::from_secs(3);

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub exit: Exit,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
}

/// What takes a change back, unless a key was changed since.
pub(crate) enum Undo {
    /// A key as the change left it, and what changes it back.
    One(Box<AccessKey>, Changes),
    Many(Vec<Reversal>),
}

/// All that an operation works with.
pub(crate) struct Session {
    pub(crate) console: Console,
    /// The server, and who is signed in.
    pub(crate) connection: Connection,
    /// What was listed last.
    pub(crate) listing: Listing,
    pub(crate) config: Config,
    /// How the program was started.
    pub(crate) settings: Context,
    /// The exit code, unless something else decides.
    pub(crate) exit: Exit,
    /// What takes the last change back.
    pub(crate) undo: Option<Undo>,
}

impl Session {
    /// Comes to the server of the chosen profile. One that is far away is not asked anything yet.
    pub(crate) async fn open(config: Config, settings: Context, why: PlainReason) -> Result<Self, Failure> {
        let mut console = Console::new(); // first of all: from here on no signal ends the program at once
        if let Some(folder) = connect::new_store(&config)? {
            match console.confirm(&messages::create_store(&folder)).await {
                Ok(true) => {}
                Err(Interrupt::Failed(failure)) => return Err(failure),
                Ok(false) | Err(Interrupt::Stop(_)) => {
                    return Err(Failure::new(Exit::Cancelled, messages::NOTHING_CREATED));
                }
            }
        }
        let connection = connect::open(&config, config.chosen(), &settings.embedded, StoreAccess::Create).await?;
        let (listing, exit) = (Listing::default(), Exit::Done);
        let mut session = Self { console, connection, listing, config, settings, exit, undo: None };
        session.console.say(why.sentence());
        session.introduce();
        for notice in session.config.notices() {
            session.console.say(notice);
        }
        session.remind().await;
        Ok(session)
    }

    /// Says what did not work. Where input doesn't come from a user, its output may not be read either: the exit code
    /// tells it too.
    pub(crate) fn fail(&mut self, words: &str) {
        self.console.say(words);
        self.note_exit(Exit::Mistake);
    }

    /// Keeps how something ended for the exit code, if no person is there to read it.
    pub(crate) fn note_exit(&mut self, exit: Exit) {
        if !self.console.is_interactive() {
            self.exit = self.exit.max(exit);
        }
    }

    /// Says why something failed; what comes next is up to the user.
    pub(crate) fn say_if_failed<T>(&mut self, done: Flow<T>) -> Result<(), Stop> {
        match done {
            Ok(_) => {}
            Err(Interrupt::Failed(failure)) => {
                self.fail(&failure.sentences());
                if failure.is_lost {
                    return Err(Stop::Left); // the user had left before
                }
            }
            Err(Interrupt::Stop(stop)) => return Err(stop),
        }
        Ok(())
    }

    /// Says where one is.
    pub(crate) fn introduce(&mut self) {
        let Profile { name, server, folder, production, read_only, .. } = &self.connection.server.profile;
        let folder = folder.as_ref().map(|folder| format!(" ({folder})")).unwrap_or_default();
        let mark = if *production { ", PRODUCTION" } else { "" };
        let read_only = if *read_only { format!(" {}", ReadOnly::Profile) } else { String::new() };
        self.console.say(format!("Profile: {name}{mark}. Server: {server}{folder}.{read_only}"));
        self.console.mark(if *production { format!("[PRODUCTION {name}] ") } else { String::new() });
        self.say_who();
    }

    /// Says who is signed in, and what they left over.
    pub(super) fn say_who(&mut self) {
        if let Some(who) = &self.connection.server.who {
            let until = local_time(who.expires_at);
            let who = messages::identity(&who.username, &who.role);
            self.console.say(format!("Signed in as {who}, until {until} at the latest."));
        }
        self.tell_pending();
    }

    /// Says what was left over at this server, once it is known whose it would be. It stays free for another latchkey to
    /// finish until the user asks for it here.
    pub(crate) fn tell_pending(&mut self) {
        if let Some(owner) = self.owner().filter(|_| ReadOnly::of(&self.connection.server).is_none()) {
            let mut journal = PendingCreates::of(&self.config);
            journal.tell(&owner, Utc::now(), "The command finish finishes it.", |text| self.console.say(text));
        }
    }

    /// Works on another profile's server. If there is no way to it, all stays as it is.
    pub(crate) async fn go_to(&mut self, name: &str) -> Flow<()> {
        let connection = connect::open(&self.config, name, &self.settings.embedded, StoreAccess::Create).await?;
        self.config.choose(name).map_err(|error| Interrupt::words(&error.to_string()))?;
        self.connection.end_session().await;
        (self.connection, self.listing, self.undo) = (connection, Listing::default(), None);
        self.introduce();
        self.remind().await;
        Ok(())
    }

    /// Says what is due where nobody has to sign in for it; else it is said after the sign-in.
    async fn remind(&mut self) {
        let is_here = self.connection.server.profile.folder.is_some();
        if is_here || self.connection.server.who.is_some() {
            let _ = timeout(REMINDED_WITHIN, self.tell_due()).await;
        }
    }

    /// The last place for a secret that found no other; made sure of before there is one.
    pub(crate) fn rescue(&self) -> Flow<Rescue> {
        Ok(Rescue::prepare(&self.settings.dirs.state)?)
    }

    /// Says that a script's input ended at a question. A person who leaves there knows.
    pub(crate) fn tell_cut_short(&mut self) {
        if !self.console.is_interactive() {
            self.console.say("The input ended before the command was complete: it was cancelled.");
            if self.exit == Exit::Done {
                self.exit = Exit::Cancelled;
            }
        }
    }

    /// The server's name for questions.
    pub(crate) fn server_name(&self) -> String {
        Untrusted::new(&self.connection.server.profile.server).to_display(120)
    }

    /// Ends what this run has begun, and says the last words.
    pub(crate) async fn close(mut self, stop: Stop) -> Ended {
        self.connection.end_session().await;
        self.settings.embedded.stop().await;
        self.console.end().await;
        match stop {
            Stop::Left | Stop::Gone => Ended { exit: self.exit, signal: None },
            // A secret that had to be kept in a file weighs more than the signal.
            Stop::Signal(_) if self.exit == Exit::Undelivered => Ended { exit: self.exit, signal: None },
            Stop::Signal(number) => Ended { exit: Exit::Cancelled, signal: Some(number) },
        }
    }
}

impl Access for Session {
    type Prompter = Console;

    fn prompter(&mut self) -> &mut Console {
        &mut self.console
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    async fn client(&mut self) -> Flow<Client> {
        self.signed_in().await
    }

    fn session_ended(&mut self) -> bool {
        let signs_in = self.connection.server.profile.signs_in;
        if signs_in {
            self.forget_session();
        }
        signs_in
    }
}
