//! The sessions of administrators: how they read, and ending them.

use crate::client::{Server, SessionEntry};
use crate::domain::Untrusted;
use crate::operations::format::local_time;

/// Cells of a name and of an address in a sentence.
const CELLS: usize = 64;

/// A number of sessions.
pub(crate) fn counted(count: usize) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

/// A session in one line.
pub(crate) fn in_line(one: &SessionEntry) -> String {
    format!(
        "{} ({}), from {}, since {}, last seen {}, ends {}{}",
        one.username.to_display(CELLS),
        one.role.to_display(CELLS),
        one.from.to_display(CELLS),
        local_time(one.created_at),
        local_time(one.last_seen_at),
        local_time(one.ends_at),
        if one.current { ", this session" } else { "" },
    )
}

/// What can be ended at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSessions {
    /// Their IDs.
    pub ids: Vec<Untrusted>,
    /// Before it is done.
    pub question: String,
    /// What that means.
    pub consequence: String,
    /// Whether it is the session that asks: ending it is signing out.
    pub is_own: bool,
}

impl EndSessions {
    /// One session.
    pub(crate) fn one(session: &SessionEntry) -> Self {
        let name = session.username.to_display(CELLS);
        let consequence = if session.current {
            "This is the session that you are using: you will be signed out.".to_owned()
        } else {
            format!("{name} has to sign in again there.")
        };
        Self {
            ids: vec![session.id.clone()],
            question: format!("End the session of {name} from {}?", session.from.to_display(CELLS)),
            consequence,
            is_own: session.current,
        }
    }

    /// All sessions of an administrator, except the one that asks; none if there is no such session.
    pub(crate) fn all_of(username: &Untrusted, sessions: &[SessionEntry], server: &Server) -> Option<Self> {
        let of = sessions.iter().filter(|session| session.username == *username && !session.current);
        let ids: Vec<_> = of.map(|session| session.id.clone()).collect();
        if ids.is_empty() {
            return None;
        }
        let (name, is_own) = (username.to_display(CELLS), server.is_signed_in_as(username.raw_for_api()));
        let (whose, consequence) = if is_own {
            (format!("your {} elsewhere", counted(ids.len())), "This session stays open.".to_owned())
        } else {
            let all = if ids.len() == 1 { counted(1) } else { format!("all {}", counted(ids.len())) };
            (format!("{all} of {name}"), format!("{name} has to sign in again."))
        };
        Some(Self { ids, question: format!("End {whose}?"), consequence, is_own: false })
    }
}

/// How many were ended; others had ended by themselves.
pub(crate) fn ended(count: usize) -> String {
    match count {
        0 => "The session had already ended.".to_owned(),
        1 => "1 session was ended.".to_owned(),
        count => format!("{count} sessions were ended."),
    }
}
