//! The sentences that more than one front end says, by subject.

use std::path::Path;

use chrono::{DateTime, Local, Utc};

use super::format::{grouped, relative};
use super::keys::bulk::counted;
use crate::client::{ApiError, EndedRotation, NewKey, PendingCreate, RotationEnd};
use crate::domain::{AccessKey, InForce, KeyId, Rotation, Status, Texts, Untrusted, capitalized, sentence};

/// Cells of the server's words within a sentence.
const CELLS: usize = 120;
/// Cells of a label within a sentence.
const LABEL_CELLS: usize = 60;

/// A time of day here; with its date if that isn't today's.
pub(crate) fn minute(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&Local);
    let form = if at.date_naive() == Local::now().date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    at.format(form).to_string()
}

// Creating a key

/// A key that has no ID yet, within a sentence.
pub(crate) fn key_labelled(texts: &Texts) -> String {
    match texts.label() {
        "" => "a key without a label".to_owned(),
        label => format!("a key labelled “{}”", Untrusted::new(label).to_display(LABEL_CELLS)),
    }
}

/// What is done to make a new key, within a sentence.
pub(crate) fn creating(new: &NewKey) -> String {
    match &new.replaces {
        Some(old) => format!("rotating {}", old.id.to_display(ID_CELLS)),
        None => format!("creating {}", key_labelled(&new.texts)),
    }
}

/// A key creation whose outcome an earlier run did not learn; `next` says what to do about it.
pub(crate) fn interrupted_create(left: &PendingCreate, next: &str) -> String {
    let at = left.at.format("%Y-%m-%d %H:%M UTC");
    let kept = left.secret_until.map(|until| format!(" {}", secret_kept(until))).unwrap_or_default();
    let what = capitalized(&creating(&left.new));
    format!("{what} at {at} was interrupted.{kept} {next}")
}

/// What can be had again of a key whose creation was cut off.
pub(crate) fn secret_kept(until: DateTime<Utc>) -> String {
    let until = until.with_timezone(&Local).format("%H:%M");
    format!("If the key was created, the server keeps its secret for you until {until}.")
}

/// Of the embedded server, before a secret is handed over.
pub(crate) const EMBEDDED_ONLY: &str = "Other people can't reach the embedded server. To hand secrets over, run a team server (latchkey serve) on this data folder.";

/// A code for a hand-over could not be drawn or used.
pub(crate) const NO_CODE: &str = "The code could not be made.";

/// What the one who gets a secret runs.
pub(crate) fn receive_by(command: &str) -> String {
    format!("They run: {command}")
}

/// Nothing of it is left by any run.
pub(crate) const NOTHING_UNFINISHED: &str = "There is no unfinished key creation.";

/// Another process has what could be finished.
pub(crate) const UNFINISHED_ELSEWHERE: &str = "Another latchkey on this machine has an unfinished key creation open. Finish it there (F on the page), or quit that one.";

/// What to do about a key creation that cannot be finished any more.
pub(crate) const SECRET_MAY_BE_LOST: &str = "If the key is in the list and you don't have its secret, delete it.";

// A data folder without keys

/// The question before a store is made in a folder that the user named.
pub(crate) fn create_store(folder: &Path) -> String {
    let folder = Untrusted::new(&folder.display().to_string()).to_display(PATH_CELLS);
    format!("There are no access keys in {folder}. Create a data folder there?")
}

/// Cells of a path within a sentence.
const PATH_CELLS: usize = 200;
pub(crate) const NOTHING_CREATED: &str = "Nothing was created.";

// Whose secret is this?

pub(crate) const PASTE_LEAK: &str = "Paste the secret, the token or a line that holds one (hidden): ";
/// What was typed is not what was asked for.
pub(crate) const NOTHING_SENT: &str = "Nothing was sent anywhere.";

// Signing in and out

/// A user name with its role.
pub(crate) fn identity(username: &Untrusted, role: &Untrusted) -> String {
    format!("{} ({})", username.to_display(60), role.to_display(40))
}

/// A session ended while something was being done.
pub(crate) const SESSION_EXPIRED: &str = "Your session has expired. Sign in again to continue where you left off.";
/// Signing out where no session is open.
pub(crate) const NOT_SIGNED_IN: &str = "You are not signed in.";
/// Signing out of the embedded server.
pub(crate) const NO_SIGN_IN: &str = "The embedded server needs no sign-in; nothing to sign out of.";

/// Signed out here only.
pub(crate) fn not_told(error: &ApiError) -> String {
    format!("Signed out here, but the server could not be told: {error}")
}

// Passwords

/// After one's own password was changed.
pub(crate) const PASSWORD_CHANGED: &str = "Your password was changed. Your other sessions have ended.";
/// Nothing was typed.
pub(crate) const PASSWORD_KEPT: &str = "Your password was not changed.";
/// The old one is required, so that someone who finds a session open can't take over the account.
pub(crate) const WRONG_OLD_PASSWORD: &str = "The old password is incorrect. Your password was not changed.";
pub(crate) const PASSWORDS_DIFFER: &str = "The passwords don't match. Nothing was changed.";
/// Of the embedded server.
pub(crate) const NO_PASSWORD: &str = "The embedded server has no passwords: its user is the one who runs latchkey.";

// Administrators and sessions

/// In place of a list of them.
pub(crate) const NO_ADMINISTRATORS: &str = "There are no administrators.";
/// Of the embedded server.
pub(crate) const WITHOUT_ADMINISTRATORS: &str = "The embedded server needs none: the user who runs latchkey has full access. Administrators sign in to a team server \
     (latchkey serve) on the same data folder.";
pub(crate) const PASSPORTAL_ADMINISTRATORS: &str = "Passportal users are managed in its dashboard.";
/// In place of a list of sessions.
pub(crate) const NO_SESSIONS: &str = "There are no sessions.";
/// Of the embedded server.
pub(crate) const WITHOUT_SESSIONS: &str = "The embedded server needs no sign-in. Sessions are those of a team server (latchkey serve) on the same data folder.";
pub(crate) const NOTHING_REVOKED: &str = "Nothing was revoked.";

// The secret of a new key

/// The title of what tells of it.
pub(crate) const CREATED: &str = "Access key created";
/// Before it was saved.
pub(crate) const SAVE_NOW: &str = "Save the secret now. You can't view it again after Close.";
/// Closing a secret that is nowhere else.
pub(crate) const NOT_SAVED: &str = "You haven't shown, copied or saved the secret.";
/// Closing a secret that may be nowhere else.
pub(crate) const NOT_CONFIRMED: &str =
    "The copy could not be confirmed. Close only if you have saved the secret elsewhere.";
/// The question after it.
pub(crate) const LOSE_IT: &str = "Close anyway? It can't be recovered.";

/// After a secret was closed.
pub(crate) fn ready_to_use(key: &AccessKey) -> String {
    let name = if key.label.is_empty() {
        key.id.to_display(KeyId::MAX_CHARS)
    } else {
        format!("“{}”", key.label.to_display(LABEL_CELLS))
    };
    format!("{name} is ready to use. The secret has been erased from latchkey.")
}

/// After a refusal or a question that wasn't answered with yes.
pub(crate) const NOTHING_CHANGED: &str = "Nothing was changed.";

/// After an undo without a change; `limit` says for how long there is one, if not for ever.
pub(crate) fn nothing_to_undo(limit: &str) -> String {
    format!(
        "Nothing to undo. Only your last change of keys can be undone{limit}; a deletion or a finished rotation can't."
    )
}

/// The same where a rotation is under way, on the page.
pub(crate) const UNDO_ROTATION: &str = "Nothing to undo in the list. To undo the rotation of this key press R, then u.";

/// Before a key is made, where that can't be begun.
pub(crate) const NO_KEY_MADE: &str = "No key was made.";

/// After the result of a change of more keys than are kept for an undo.
pub(crate) const TOO_MUCH_TO_UNDO: &str = " These are too many keys to be undone.";

// Rotating

/// After a rotation was finished or undone.
pub(crate) fn rotation_ended(end: RotationEnd, ended: &EndedRotation, in_force: Option<InForce>) -> String {
    let (old, refused) = (ended.old.id.to_display(ID_CELLS), refused(in_force));
    match end {
        RotationEnd::Finish => format!("Rotation finished: {old} has expired. {refused} This can't be undone."),
        RotationEnd::Undo => {
            let works = match ended.old.expires_at {
                Some(end) => format!("works until {}, as before", minute(end)),
                None => "never expires, as before".to_owned(),
            };
            format!("Rotation undone: {old} {works}. The new key was deleted.")
        }
    }
}

// Deleting.

/// Cells of an ID and of a label in a sentence that has both: it may have to fit two rows of the page.
const ID_CELLS: usize = 40;
const NAME_CELLS: usize = 30;

/// What the deletion of a key means, also for the other key of a rotation that is under way.
pub(crate) fn delete_warning(key: &AccessKey) -> String {
    let what = match key.status {
        Status::Active => "Requests with this key will fail immediately. This can't be undone.",
        Status::Expired | Status::Inactive => "Requests with this key are refused already. Deleting can't be undone.",
    };
    let other = |id: &KeyId| id.to_display(ID_CELLS);
    match &key.rotation {
        None => what.to_owned(),
        Some(Rotation::ReplacedBy(new)) => format!("{what} {} has replaced it.", other(new)),
        Some(Rotation::Replaces(old)) if key.last_used_at.is_none() => {
            format!("{what} The old key {} then expires as it did before the rotation.", other(old))
        }
        Some(Rotation::Replaces(old)) => {
            format!("{what} The old key {} still ends with the overlap: set its expiry to keep it.", other(old))
        }
    }
}
pub(crate) const NOTHING_DELETED: &str = "Nothing was deleted.";

/// After a key was deleted; its label if it is known.
pub(crate) fn deleted(id: &KeyId, label: Option<&Untrusted>, in_force: Option<InForce>) -> String {
    let (id, refused) = (id.to_display(ID_CELLS), refused(in_force));
    match label {
        Some(label) if !label.is_empty() => {
            format!("Deleted “{}” ({id}). {refused}", label.to_display(NAME_CELLS))
        }
        _ => format!("Deleted {id}. {refused}"),
    }
}

/// After a key was deleted or deactivated: where requests with it are refused.
pub(crate) fn refused(in_force: Option<InForce>) -> String {
    format!("Requests with it are now refused{}.", in_force.map(InForce::words).unwrap_or_default())
}

// Exports

/// How many keys were read so far; of how many, if that is known.
pub(crate) fn keys_read(read: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{} of {} read…", grouped(read), counted(total)),
        None => format!("{} read…", counted(read)),
    }
}

/// An export succeeded; `where_to` is in sentences.
pub(crate) fn exported(what: &str, where_to: &str) -> String {
    format!("Exported {what}. {where_to}")
}

// Tokens

/// The exchange failed.
pub(crate) const NO_TOKEN: &str = "No access token was issued.";
/// The server can't say whether an access token is good.
pub(crate) const NO_VERIFICATION: &str = "This server has no call that verifies an access token (Passportal has none).";
/// The server knows the access token as this key's.
pub(crate) const TOKEN_ACCEPTED: &str = "The server accepts the token for this key.";
/// The exchange succeeded.
pub(crate) const TOKEN_RECEIVED: &str = "Access token received.";

/// When an access token expires: how long from now, and at which time here and in UTC.
pub(crate) fn token_expiry(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = at - now;
    let form = if left.num_hours().abs() < 24 { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let (here, utc) = (at.with_timezone(&Local).format(form).to_string(), at.format(form).to_string());
    let time = format!("{here} ({utc} UTC)");
    let expires = if left.num_seconds() > 0 { "Expires" } else { "Expired" };
    format!("{expires} {}, at {time}.", relative(at, now))
}

/// The server knows the access token as that of the key `id`, which is not the one that was exchanged.
pub(crate) fn token_of_another_key(id: &KeyId) -> String {
    format!("The server accepts the token but says it belongs to key {}.", id.to_display(KeyId::MAX_CHARS))
}

/// Whether the access token is good is not known; `why` is a sentence.
pub(crate) fn token_not_verified(why: &str) -> String {
    format!("The token could not be verified: {why}")
}

/// The server refuses an access token, in its words.
pub(crate) fn token_refused(words: &Untrusted) -> String {
    sentence(&format!("the server refuses the access token: {}", words.to_display(CELLS)))
}

/// A secret waits for someone else.
pub(crate) fn handed_over(until: DateTime<Utc>) -> String {
    format!("Handed over: until {}, the code opens it once.", minute(until))
}
