//! A new key in place of one that is in use, and the end of its rotation.

use crate::client::{Creation, RotationEnd};
use crate::domain::{AccessKey, SecretKey};
use crate::operations::deliver::{
    COMMAND, Destination, FILE, Fate, Rescue, SaveContent, SaveTarget, ask_command, ask_file,
};
use crate::operations::format::local_time;
use crate::operations::keys::create::create;
use crate::operations::keys::pending::PendingCreates;
use crate::operations::keys::rotate::{
    self, Differences, Overlap, Pair, begun, finish_anyway, old_ends_at, overlap, refusal, successor, warnings,
};
use crate::operations::messages::{self, ready_to_use};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{BACK, Prompter as _};
use crate::plain::keys::form::ExpiryInput;
use crate::plain::keys::list::key;
use crate::plain::keys::{create as created, form, show};
use crate::plain::secrets::reveal;
use crate::plain::session::Session;
use crate::platform::delivery::{OutputMode, line};

/// Where the new secret goes.
const PLACES: [(&str, &str); 3] = [FILE, COMMAND, ("Later", "decide when there is the new secret")];
/// What can be done with a rotation that is under way.
const ENDS: [(&str, &str); 3] = [
    ("Finish", "end the old key now"),
    ("Undo", "delete the new key and give the old one its expiry again"),
    ("Close", "leave both keys as they are"),
];
/// Cells of what a command printed.
const OUTPUT_CELLS: usize = 2000;
const NO_KEY: &str = "No key was made.";

/// Asks for the overlap, what differs and where the secret goes, and rotates the key. Of a key that is being rotated, tells
/// how the pair is and offers to end it.
pub(crate) async fn run(session: &mut Session, rest: &str) -> Flow<()> {
    let rescue = session.rescue()?; // before anything is asked
    let old = key(session, rest).await?;
    if old.rotation.is_some() {
        return pair(session, &old).await;
    }
    if let Some(why) = refusal(&old) {
        return Err(Interrupt::failed(why));
    }
    show::facts(session, &old);
    form::tell_way_back(session, "then no key is made.");
    let asked = match ask(session).await? {
        Some(asked) => {
            let label = asked.1.texts.get("label").unwrap_or(old.label.raw_for_api()).to_owned();
            place(session, &old, &label).await?.map(|place| (asked, place))
        }
        None => None,
    };
    let Some(((overlap, differences), place)) = asked else {
        session.console.say(NO_KEY);
        return Ok(());
    };
    let now = session.connection.client.server_time().await;
    let seconds = overlap.seconds(now).map_err(Interrupt::words)?;
    let new = successor(&old, seconds, differences);
    for warning in warnings(&old, &new, now) {
        session.console.say(warning);
    }
    if !session.console.confirm("Rotate it?").await? {
        session.console.say(NO_KEY);
        return Ok(());
    }
    let mut journal = PendingCreates::of(&session.config);
    create(session, &new, &mut journal, async |session: &mut Session, creation| match creation {
        Creation::New(key, secret) => {
            session.console.say(begun(&old.id, old_ends_at(&old, &new, key.created_at), now));
            deliver(session, key, secret, place, &old, &rescue).await
        }
        Creation::Replayed(key) => created::lost(session, &key).await,
    })
    .await
}

/// What differs in the new key, and how long the old one still works; none to leave all as it is.
async fn ask(session: &mut Session) -> Flow<Option<(Overlap, Differences)>> {
    let question = format!(
        "The old key works for ({} or a time; {BACK} goes back; Enter for {}): ",
        Overlap::OFFERED.join(", "),
        Overlap::DEFAULT
    );
    let overlap = loop {
        let typed = session.console.ask(&question).await?;
        let text = match typed.as_str() {
            "" => Overlap::DEFAULT,
            BACK => return Ok(None),
            text => text,
        };
        match overlap(text) {
            Ok(overlap) => break overlap,
            Err(why) => session.console.say(format!("Invalid overlap: {why}.")),
        }
    };
    if !session.console.confirm("Should the new key differ in label, owner, note or expiry?").await? {
        return Ok(Some((overlap, Differences::default())));
    }
    let Some(texts) = form::texts(session, "Enter keeps it, - for none").await? else { return Ok(None) };
    let limits = form::lifetimes(session).await?;
    Ok(match form::expires(session, "Enter keeps it", limits).await? {
        ExpiryInput::Back => None,
        ExpiryInput::Kept => Some((overlap, Differences { texts, expires_at: None })),
        ExpiryInput::Is(end) => Some((overlap, Differences { texts, expires_at: Some(end) })),
    })
}

/// A destination, and what was typed for it: a file whose name has parts of the new key in it gets that name later.
struct Place {
    destination: Destination,
    target: SaveTarget,
}

/// A destination that was tried; `Some(None)` if it is chosen later, and none to leave all as it is.
async fn place(session: &mut Session, old: &AccessKey, label: &str) -> Flow<Option<Option<Place>>> {
    loop {
        let Some(chosen) = session.console.choose_or_leave("New secret", 1, &PLACES).await? else { return Ok(None) };
        let target = match chosen {
            0 => ask_file(&mut session.console).await?,
            1 => ask_command(&mut session.console).await?,
            _ => return Ok(Some(None)),
        };
        let Some(target) = target else { continue };
        let before = target.named(|pattern| pattern.is_of_each().then(|| pattern.before(old, label)));
        match before.map_or_else(|| target.open(), |path| Destination::open(&path)) {
            Ok(destination) => return Ok(Some(Some(Place { destination, target }))),
            Err(refused) => session.console.say(refused.sentences("", OUTPUT_CELLS).replace('\n', " ")),
        }
    }
}

/// Brings the new secret to its destination; without one, or if that fails, offers it until it is somewhere.
async fn deliver(
    session: &mut Session,
    key: AccessKey,
    secret: SecretKey,
    place: Option<Place>,
    old: &AccessKey,
    rescue: &Rescue,
) -> Flow<()> {
    if let Some(Place { destination, target }) = place {
        let destination = match target.named(|pattern| pattern.after(old, &key)) {
            Some(path) => destination.renamed(path),
            None => destination,
        };
        let content = SaveContent::secret(line(secret.expose()), secret.expose());
        let given = destination.give(&content, OutputMode::Kept, session.console.guard().signal()).await;
        match given {
            Ok(saved) => {
                saved.sentences(OUTPUT_CELLS).lines().for_each(|line| session.console.say(line));
                if saved.fate() == Fate::Kept {
                    session.console.say(ready_to_use(&key));
                    return Ok(());
                }
            }
            Err(failed) => session.console.say(failed.sentences("", OUTPUT_CELLS).replace('\n', " ")),
        }
    }
    reveal::run(session, key, secret, rescue).await
}

/// Tells how a pair is, and ends its rotation if that is asked for.
async fn pair(session: &mut Session, key: &AccessKey) -> Flow<()> {
    let now = session.connection.client.server_time().await;
    let pair = Pair::read(session, &key.id, now).await?;
    for sentence in pair.sentences(now, local_time) {
        session.console.say(sentence);
    }
    let end = match session.console.choose("Rotation", &ENDS).await? {
        0 => RotationEnd::Finish,
        1 => RotationEnd::Undo,
        _ => return Ok(()),
    };
    if end == RotationEnd::Finish && !finish_anyway(&mut session.console, &pair.advice).await? {
        session.console.say(messages::NOTHING_CHANGED);
        return Ok(());
    }
    finish(session, &pair.old, end).await
}

/// Offers to undo a rotation whose new secret is lost.
pub(super) async fn take_back(session: &mut Session, new: &AccessKey) -> Flow<()> {
    if session.console.confirm("Undo the rotation?").await? {
        return finish(session, new, RotationEnd::Undo).await;
    }
    session.console.say("Both keys were kept.");
    Ok(())
}

async fn finish(session: &mut Session, key: &AccessKey, end: RotationEnd) -> Flow<()> {
    let ended = rotate::end(session, key, end).await?;
    session.console.say(messages::rotation_ended(end, &ended.result, ended.in_force));
    Ok(())
}
