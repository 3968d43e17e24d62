//! What changed, in words: in a history, after an act, and where another administrator was faster.

mod words;

use crate::client::{Changes, Event, FieldChange};
use crate::domain::key::fields;
use crate::domain::{AccessKey, InForce, KeyId, Status, Texts, Untrusted, capitalized};
use crate::operations::format::time;
use crate::operations::messages;

pub(crate) use words::{Tense, Times, in_words, switched, until};

/// The fields that are no texts.
const STATUS: &str = "status";
const REACTIVATES_AT: &str = "reactivates_at";
const EXPIRES_AT: &str = "expires_at";

/// What differs between two readings of a key, of what an administrator can change. What a server doesn't keep differs
/// from nothing.
pub(crate) fn between(before: &AccessKey, now: &AccessKey) -> Vec<FieldChange> {
    let text = |text: &str| Some(Untrusted::new(text)).filter(|text| !text.is_empty());
    let change = |field: &str, old, new| FieldChange { field: Untrusted::new(field), old, new };
    let mut changes: Vec<_> = fields::written()
        .map(|(field, _)| (field.name, field.raw_text(before), field.raw_text(now)))
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| change(name, text(old), text(new)))
        .collect();
    // An expired key may have been switched off too, unseen.
    let switch = |key: &AccessKey| if key.status == Status::Inactive { Status::Inactive } else { Status::Active };
    let [old, new] = [before, now].map(switch);
    if old != new && before.status != Status::Expired && now.status != Status::Expired {
        changes.push(change(STATUS, text(old.as_str()), text(new.as_str())));
    }
    if before.reactivates_at != now.reactivates_at {
        let [old, new] = [before, now].map(|key| key.reactivates_at.and_then(|at| text(&time(at))));
        changes.push(change(REACTIVATES_AT, old, new));
    }
    if before.expires_at != now.expires_at {
        let [old, new] = [before, now].map(|key| key.expires_at.and_then(|end| text(&time(end))));
        changes.push(change(EXPIRES_AT, old, new));
    }
    changes
}

/// What takes a key back to what it was, if nothing else was changed since; none if nothing differs, or if the server
/// can't tell whether something else was.
pub(crate) fn back(before: &AccessKey, now: &AccessKey) -> Option<Changes> {
    let revision = Some(now.revision?);
    let mut changes = Changes { revision, ..Changes::default() };
    for change in between(before, now) {
        match change.field.raw_for_api() {
            // What an expired key is besides is not known.
            REACTIVATES_AT if before.status == Status::Expired => return None,
            STATUS | REACTIVATES_AT => {
                (changes.status, changes.reactivates_at) = (Some(before.status), before.reactivates_at);
            }
            EXPIRES_AT => changes.expires_at = Some(before.expires_at),
            name => set(&mut changes.texts, name, before)?,
        }
    }
    (changes != Changes { revision, ..Changes::default() }).then_some(changes)
}

/// What takes a change of a key back, before it is known what it made of the key; none as in [`back`].
pub(crate) fn inverse(before: &AccessKey, changes: &Changes) -> Option<Changes> {
    let mut texts = Texts::default();
    for (name, _) in changes.texts.iter() {
        set(&mut texts, name, before)?;
    }
    // An expired key may have been switched off already, unseen.
    let status = changes.status.filter(|_| before.status != Status::Expired).map(|_| before.status);
    let expires_at = changes.expires_at.map(|_| before.expires_at);
    let reactivates_at = before.reactivates_at.filter(|_| status.is_some());
    let inverse = Changes { texts, status, reactivates_at, expires_at, revision: None };
    let revision = Some(changes.revision? + 1);
    (inverse != Changes::default()).then_some(Changes { revision, ..inverse })
}

fn set(texts: &mut Texts, name: &str, key: &AccessKey) -> Option<()> {
    let field = fields::named(name)?;
    texts.set(field, field.raw_text(key)).ok()
}

/// The fields that name the other key of a rotation.
const PAIR: [&str; 2] = ["replaces", "replaced_by"];

/// Cells of a name, and of a value in a sentence that has several.
const NAME_CELLS: usize = 40;
const VALUE_CELLS: usize = 60;
/// Cells of a value in a dialog that shows the key too.
const SHORT_CELLS: usize = 24;

/// A key's label, or its ID if it has none.
fn name(key: &AccessKey) -> String {
    if key.label.is_empty() {
        key.id.to_display(KeyId::MAX_CHARS)
    } else {
        format!("“{}”", key.label.to_display(NAME_CELLS))
    }
}

/// What was done to a key, such as: `Saved “backup”. Expires 2027-12-31 (was 2026-12-09).`
pub(crate) fn saved(before: &AccessKey, now: &AccessKey, in_force: Option<InForce>) -> String {
    done("Saved", before, now, in_force)
}

/// What was taken back.
pub(crate) fn undone(before: &AccessKey, now: &AccessKey, in_force: Option<InForce>) -> String {
    match only_switch(&between(before, now)) {
        Some(_) => format!("Undone. {}", saved(before, now, in_force)),
        None => done("Undone", before, now, in_force),
    }
}

/// When a key becomes active by itself.
fn again(when: &str) -> String {
    format!("active again at {when}")
}

/// What switched a key on or off, if nothing else was changed.
pub(crate) fn only_switch(changes: &[FieldChange]) -> Option<&'static str> {
    let is_switch = |change: &FieldChange| [STATUS, REACTIVATES_AT].contains(&change.field.raw_for_api());
    if changes.iter().all(is_switch) { changes.iter().find_map(switched) } else { None }
}

fn done(word: &str, before: &AccessKey, now: &AccessKey, in_force: Option<InForce>) -> String {
    let changes = between(before, now);
    let name = name(now);
    if let Some(switched) = only_switch(&changes) {
        let refused =
            if now.status == Status::Inactive { format!(" {}", messages::refused(in_force)) } else { String::new() };
        let again = now.reactivates_at.map(|at| format!(" {}.", capitalized(&again(&messages::minute(at)))));
        return format!("{} {name}.{refused}{}", capitalized(switched), again.unwrap_or_default());
    }
    if changes.is_empty() {
        return format!("{name} was already so. Nothing was changed.");
    }
    let is_renamed = changes.iter().any(|change| change.field.raw_for_api() == "label");
    let what = capitalized(&in_words(&changes, Tense::Edited, Times::Short, VALUE_CELLS));
    let still = match now.status {
        Status::Active => "",
        Status::Inactive if now.reactivates_at != before.reactivates_at => "",
        Status::Inactive => " It is inactive.",
        Status::Expired => " It has expired; requests with it are refused.",
    };
    // The new label names it already.
    if is_renamed { format!("{word}. {what}.{still}") } else { format!("{word} {name}. {what}.{still}") }
}

/// What another administrator did to a key since it was read; who it was, if that is known.
pub(crate) fn meanwhile(by: Option<&Untrusted>, before: &AccessKey, now: &AccessKey) -> String {
    let who = by.map_or_else(|| "Another administrator".to_owned(), |by| by.to_display(NAME_CELLS));
    let what = in_words(&between(before, now), Tense::Edited, Times::Short, SHORT_CELLS);
    let what = if what.is_empty() { what } else { format!(": {what}") };
    format!("{who} has changed this key meanwhile{what}.")
}

/// The same after an undo, which was not made.
pub(crate) fn not_undone(key: &AccessKey, words: &str) -> String {
    format!("Not undone: {}. {words}", name(key))
}

/// Who changed a key last, by its newest events.
pub(crate) fn changed_by(events: &[Event]) -> Option<&Untrusted> {
    events.iter().find(|event| event.kind.raw_for_api() == "edited")?.by.as_ref()
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use crate::domain::KeyId;
    use crate::operations::keys::changes::*;

    fn key(label: &str, status: Status, end: Option<&str>) -> AccessKey {
        let expires_at = end.map(|end| end.parse().unwrap());
        let new = AccessKey::new(KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap(), Utc::now());
        AccessKey { label: Untrusted::new(label), status, expires_at, ..new }
    }

    #[test]
    fn each_change_has_the_value_before_and_after() {
        let words =
            |before: AccessKey, now: AccessKey| in_words(&between(&before, &now), Tense::Edited, Times::Short, 40);
        let (noon, later) = ("2026-12-09T12:00:00Z", "2027-12-31T12:00:00Z");
        let active = Status::Active;
        let off = |at: &str| AccessKey { reactivates_at: at.parse().ok(), ..key("a", Status::Inactive, None) };
        let [minute, five] = [noon, "2026-12-09T12:05:00Z"].map(|at| messages::minute(at.parse().unwrap()));
        for (before, now, expected) in [
            (key("a", active, None), key("a", active, None), ""),
            (key("a", active, None), key("b\u{1b}[2J", active, None), "label “b^[[2J” (was “a”)"),
            (key("", active, None), key("b", active, None), "label “b” (was empty)"),
            (key("a", active, None), key("", active, None), "no label (was “a”)"),
            (key("a", active, Some(noon)), key("a", active, Some(later)), "expires 2027-12-31 (was 2026-12-09)"),
            (key("a", active, Some(noon)), key("a", active, None), "never expires (was 2026-12-09)"),
            (key("a", active, None), key("a", active, Some(noon)), "expires 2026-12-09 (was never)"),
            (key("a", active, None), key("a", Status::Inactive, None), "deactivated"),
            (key("a", Status::Inactive, None), key("b", active, None), "label “b” (was “a”), activated"),
            (key("a", Status::Expired, Some(noon)), key("a", active, None), "never expires (was 2026-12-09)"),
            (key("a", active, None), off(noon), &format!("deactivated, active again at {minute}")),
            (off(noon), key("a", active, None), "activated"),
            (off(noon), off("2026-12-09T12:05:00Z"), &format!("deactivated until {five} (was until {minute})")),
            (off(noon), key("a", Status::Inactive, None), &format!("deactivated without a limit (was until {minute})")),
        ] {
            assert_eq!(words(before, now), expected);
        }
        let minute = key("a", active, Some("2026-12-09T12:30:00Z"));
        let same_day = words(key("a", active, Some(noon)), minute);
        // With the time of day, in whichever zone the test runs.
        assert!(same_day.contains(" (was 2026-12-09 "), "{same_day}");
    }

    #[test]
    fn an_act_is_told_by_what_it_changed() {
        let (active, off) = (Status::Active, Status::Inactive);
        let (old, new) = ("2026-12-09T12:00:00Z", "2027-12-31T12:00:00Z");
        for (before, now, saved_words, undone_words) in [
            (
                key("a", active, Some(old)),
                key("a", active, Some(new)),
                "Saved “a”. Expires 2027-12-31 (was 2026-12-09).",
                "Undone “a”. Expires 2027-12-31 (was 2026-12-09).",
            ),
            (
                key("a", active, None),
                key("b", active, None),
                "Saved. Label “b” (was “a”).",
                "Undone. Label “b” (was “a”).",
            ),
            (
                key("a", active, None),
                key("a", off, None),
                "Deactivated “a”. Requests with it are now refused.",
                "Undone. Deactivated “a”. Requests with it are now refused.",
            ),
            (
                key("", off, None),
                key("", active, None),
                "Activated PK7QW3N5ZJ0V4T8M2XHC.",
                "Undone. Activated PK7QW3N5ZJ0V4T8M2XHC.",
            ),
            (
                key("a", off, None),
                key("b", off, None),
                "Saved. Label “b” (was “a”). It is inactive.",
                "Undone. Label “b” (was “a”). It is inactive.",
            ),
        ] {
            assert_eq!(saved(&before, &now, None), saved_words);
            assert_eq!(undone(&before, &now, None), undone_words);
        }
        let (before, now) = (key("a", active, None), key("b", off, None));
        let mo = Untrusted::new("mo");
        assert_eq!(
            meanwhile(Some(&mo), &before, &now),
            "mo has changed this key meanwhile: label “b” (was “a”), deactivated."
        );
        assert_eq!(meanwhile(None, &now, &now), "Another administrator has changed this key meanwhile.");
    }

    #[test]
    fn a_change_is_taken_back_for_the_revision_that_it_made() {
        let end = "2026-12-09T12:00:00Z";
        let before = key("a", Status::Active, Some(end));
        let now = AccessKey { revision: Some(3), ..key("", Status::Inactive, None) };
        let changes = back(&before, &now).unwrap();
        assert_eq!((changes.revision, changes.status), (Some(3), Some(Status::Active)));
        assert_eq!(changes.expires_at, Some(Some(end.parse().unwrap())));
        assert_eq!(changes.texts.iter().collect::<Vec<_>>(), [("label", "a")]);
        assert_eq!(back(&now, &now), None);
        let at = end.parse().ok();
        let extended = AccessKey { reactivates_at: at, ..now.clone() };
        let changes = back(&extended, &now).unwrap();
        assert_eq!((changes.status, changes.reactivates_at), (Some(Status::Inactive), at));
        assert_eq!(back(&now, &extended).unwrap().reactivates_at, None, "for good, as it was");
        assert_eq!(back(&before, &AccessKey { revision: None, ..now }), None, "a server that has no revisions");
    }

    #[test]
    fn what_was_created_or_deleted_has_its_values_alone() {
        let change = |field: &str, old: Option<&str>, new: Option<&str>| FieldChange {
            field: Untrusted::new(field),
            old: old.map(Untrusted::new),
            new: new.map(Untrusted::new),
        };
        let gone = [change("label", Some("a"), None), change("status", Some("inactive"), None)];
        assert_eq!(in_words(&gone, Tense::Whole, Times::Short, 40), "label “a”, status inactive");
        let new = [change("expires_at", None, Some("2026-12-09T12:00:00Z")), change("role", None, Some("auditor"))];
        assert_eq!(in_words(&new, Tense::Whole, Times::Short, 40), "expires 2026-12-09, role auditor");
        let odd = [change("expires_at", None, Some("soon\u{1b}")), change("new_field", Some("1"), Some("2"))];
        assert_eq!(in_words(&odd, Tense::Edited, Times::Short, 40), "expires soon^[ (was never), new field 2 (was 1)");
    }
}
