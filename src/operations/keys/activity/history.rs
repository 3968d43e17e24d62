//! What happened: the history of a key, and everything that administrators and keys did.

pub(crate) use crate::client::Event;
use crate::client::{EventScope, FieldChange, TrailFilter};
use crate::domain::{Filter, KeyId, Untrusted, near};
use crate::operations::format::local_time;
use crate::operations::keys::changes;
use crate::operations::keys::changes::{Tense, Times};
use crate::operations::keys::since::since;
use crate::operations::prompts::input::name;

/// Kinds of events about what administrators do besides changing keys.
const ADMINISTRATION: [&str; 9] = [
    "signed_in",
    "signed_out",
    "session_ended",
    "admin_added",
    "password_changed",
    "role_changed",
    "admin_removed",
    "tokens_revoked",
    "sessions_revoked",
];

/// The other kinds. Each kind can be asked for by its name alone.
const OTHERS: [&str; 23] = [
    "created",
    "edited",
    REACTIVATED,
    "used",
    "refused",
    "deleted",
    "rotated",
    "rotation_finished",
    "rotation_undone",
    "handed_over",
    "handover_opened",
    "handover_confirmed",
    "handover_taken_back",
    "handover_expired",
    "handover_tried_too_often",
    "handover_opened_again",
    "handover_acknowledged",
    "exported",
    "sign_in_refused",
    "restored",
    "copied",
    "master_key_rotated",
    "signing_key_rotated",
];

/// The kind of the end of a deactivation for a while, and how it reads.
const REACTIVATED: &str = "reactivated";
const BY_ITSELF: &str = "activated by itself";

/// Why a key was refused that a rotation had ended, which is told as an event of its own.
const USED_AFTER_ROTATION: &str = "used after rotation";

/// Ready questions: what they show, and the kinds of events.
pub(crate) const QUESTIONS: [(&str, &[&str]); 6] = [
    ("everything", &[]),
    (
        "changes to keys",
        &["created", "edited", REACTIVATED, "rotated", "rotation_finished", "rotation_undone", "deleted"],
    ),
    ("deleted keys", &["deleted"]),
    ("refusals", &["refused", "sign_in_refused"]),
    ("uses", &["used", "exported"]),
    ("administrators", &ADMINISTRATION),
];

/// What a filter of events may be.
pub(crate) const FILTER_HELP: &str =
    "a name, a kind such as deleted, a time such as 7d, an ID; or by:NAME admin:NAME key:ID";

/// Cells of a name, an ID and an address in a line.
const CELLS: usize = 64;
/// Cells of a value in a line: more than any of the contract's texts.
const VALUE_CELLS: usize = 600;

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuestion {
    pub(crate) filter: TrailFilter,
    /// Of the edits only those that activated or deactivated a key, as asked.
    switched: Option<&'static str>,
    /// A kind that a word may have been meant for which was taken for an administrator's name.
    doubt: Option<&'static str>,
}

impl EventQuestion {
    /// Reads a filter as it is typed: who, what, since when, which key, in any order.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Filter::check(text)?;
        let mut question = Self::default();
        let filter = &mut question.filter;
        for word in text.split_whitespace() {
            let is_name =
                |field: &str| !field.is_empty() && field.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c));
            let (field, value) = word.split_once(':').filter(|(field, _)| is_name(field)).unwrap_or(("", word));
            let field = field.to_lowercase();
            let field = field.as_str();
            if !field.is_empty() && !FIELDS.contains(&field) {
                return Err(format!(
                    "there is no filter {field}: for events{}; use by:, admin:, kind:, key: or since:",
                    meant(near(field, FIELDS), ":")
                ));
            }
            if value.is_empty() {
                return Err(format!("{field}: needs a value. Use {FILTER_HELP}"));
            }
            let is_time = value.starts_with(|c: char| c.is_ascii_digit()) && since(value).is_ok();
            match field {
                "since" => filter.since = Some(since(value)?),
                "" if is_time => filter.since = Some(since(value)?),
                "key" => set(&mut filter.key, KeyId::parse(value).map_err(|error| error.to_string())?, "key")?,
                "" if KeyId::looks_like_ours(value) => {
                    set(&mut filter.key, KeyId::parse(value).map_err(|error| error.to_string())?, "key")?;
                }
                "admin" => set(&mut filter.admin, one_name(value)?, "administrator")?,
                "kind" => {
                    for kind in value.split(',').filter(|kind| !kind.is_empty()) {
                        if !is_kind(kind) {
                            return Err(no_such_kind(kind, kinds().chain(SWITCHES)));
                        }
                        question.switched = question.switched.or(kind_of(kind, &mut filter.kinds));
                    }
                }
                "" if is_kind(value) => question.switched = question.switched.or(kind_of(value, &mut filter.kinds)),
                _ => {
                    set(&mut filter.by, one_name(value)?, "administrator")?;
                    let kinds = kinds().chain(SWITCHES);
                    question.doubt = if field.is_empty() { near(&on_the_wire(value), kinds) } else { None };
                }
            }
        }
        Ok(question)
    }

    /// The same, of the kinds of a ready question where the filter names none.
    pub(crate) fn of_kinds(mut self, kinds: &[&str]) -> Self {
        if self.filter.kinds.is_empty() {
            self.filter.kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        }
        self
    }

    /// Whether an answer's event is one that was asked for.
    pub(crate) fn shows(&self, event: &Event) -> bool {
        let is_edit = event.kind.raw_for_api() == "edited";
        !is_edit || self.switched.is_none_or(|word| switches(event).any(|switched| switched == word))
    }

    /// What may be wrong with it, where no event is found.
    pub(crate) fn doubt(&self) -> Option<String> {
        let (by, kind) = (self.filter.by.as_deref()?, self.doubt?);
        Some(format!("{} was read as a name. Did you mean {kind}?", Untrusted::new(by).to_display(CELLS)))
    }

    /// Which events the server is asked for.
    pub(crate) fn scope(&self) -> EventScope {
        EventScope::Trail(self.filter.clone())
    }
}

/// A kind of event on the command line.
pub(crate) fn kind(text: &str) -> Result<String, String> {
    let kind = on_the_wire(&name(text)?);
    if kinds().any(|known| known == kind) { Ok(kind) } else { Err(no_such_kind(text, kinds())) }
}

/// That a word is no kind of event, and those that there are.
fn no_such_kind(word: &str, known: impl Iterator<Item = &'static str> + Clone) -> String {
    let (meant, known) = (meant(near(&on_the_wire(word), known.clone()), ""), known.collect::<Vec<_>>().join(", "));
    format!("there is no kind {}{meant}; use one of {known}", Untrusted::new(word).to_display(CELLS))
}

/// What a word may have been meant for.
fn meant(near: Option<&str>, end: &str) -> String {
    near.map_or_else(String::new, |near| format!(" (did you mean {near}{end}?)"))
}

/// One administrator's name: no name has a comma.
fn one_name(text: &str) -> Result<String, String> {
    if text.contains(',') { Err("name one administrator only".to_owned()) } else { Ok(text.to_owned()) }
}

const FIELDS: [&str; 5] = ["by", "admin", "kind", "key", "since"];
const SWITCHES: [&str; 2] = ["activated", "deactivated"];

fn set<T>(place: &mut Option<T>, value: T, what: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("name one {what} only")),
    }
}

/// The contract's word for a kind as people write it.
fn on_the_wire(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

fn is_kind(word: &str) -> bool {
    let word = on_the_wire(word);
    kinds().any(|kind| kind == word) || SWITCHES.contains(&word.as_str())
}

/// Every kind of event.
fn kinds() -> impl Iterator<Item = &'static str> + Clone {
    OTHERS.into_iter().chain(ADMINISTRATION)
}

/// Adds a kind; activations and deactivations are edits.
fn kind_of(word: &str, kinds: &mut Vec<String>) -> Option<&'static str> {
    let word = on_the_wire(word);
    let switched = SWITCHES.into_iter().find(|switched| **switched == word);
    kinds.push(switched.map_or(word, |_| "edited".to_owned()));
    switched
}

/// What of an edit switched the key: servers from before say it in a word.
fn switches(event: &Event) -> impl Iterator<Item = &'static str> + '_ {
    let words = event.detail.as_ref().map_or("", Untrusted::raw_for_api).split(", ");
    let told = words.filter_map(|word| SWITCHES.into_iter().find(|switched| *switched == word));
    event.changes.iter().filter_map(changes::switched).chain(told)
}

/// What happened, in a word or two: `created`, `deactivated`, `refused ×14`.
pub(crate) fn what(event: &Event) -> String {
    let word = word(event);
    if event.count > 1 { format!("{word} ×{}", event.count) } else { word }
}

/// The same without how often: an edit that does nothing else than switch a key is called by that.
pub(crate) fn word(event: &Event) -> String {
    if event.kind.raw_for_api() == REACTIVATED {
        return BY_ITSELF.to_owned();
    }
    if said(event) == USED_AFTER_ROTATION {
        return USED_AFTER_ROTATION.to_owned();
    }
    let is_of_switch = |change: &FieldChange| ["status", "reactivates_at"].contains(&change.field.raw_for_api());
    let is_switch = event.kind.raw_for_api() == "edited"
        && event.changes.iter().all(is_of_switch)
        && (!event.changes.is_empty() || !said(event).contains(", "));
    let switched = switches(event).next().filter(|_| is_switch);
    switched.map_or_else(|| event.kind.to_display(CELLS).replace('_', " "), str::to_owned)
}

fn said(event: &Event) -> &str {
    event.detail.as_ref().map_or("", Untrusted::raw_for_api)
}

/// Old and new values, or why it was refused; empty if [`what`] says it all. A value takes so many cells at the most.
pub(crate) fn details(event: &Event, times: Times, cells: usize) -> String {
    let word = what(event);
    if word == BY_ITSELF || said(event) == USED_AFTER_ROTATION {
        return String::new();
    }
    if SWITCHES.contains(&word.as_str()) {
        return changes::until(&event.changes, times).unwrap_or_default();
    }
    let tense = match event.kind.raw_for_api() {
        "created" | "deleted" | "admin_added" | "admin_removed" => Tense::Whole,
        _ => Tense::Edited,
    };
    match changes::in_words(&event.changes, tense, times, cells) {
        words if words.is_empty() => event.detail.as_ref().map_or(String::new(), |text| text.to_display(cells)),
        words => words,
    }
}

/// What an event is about: the ID of a key, or an administrator's name; nothing for what is about the server.
pub(crate) fn about(event: &Event) -> Option<&Untrusted> {
    event.key.as_ref().or(event.admin.as_ref())
}

/// An event in a line; with what it is about, unless that is known.
pub(crate) fn in_line(event: &Event, is_about_known: bool) -> String {
    let part = |word: &str, text: Option<&Untrusted>| {
        text.filter(|text| !text.is_empty()).map_or(String::new(), |text| format!(", {word}{}", text.to_display(CELLS)))
    };
    let about = part("", about(event).filter(|_| !is_about_known));
    let label = event.label.as_ref().filter(|label| !is_about_known && !label.is_empty());
    let about = label.map_or(about.clone(), |label| format!("{about} “{}”", label.to_display(CELLS)));
    let (by, from) = (part("by ", event.by.as_ref()), part("from ", event.from.as_ref()));
    let details = match details(event, Times::Zoned, VALUE_CELLS) {
        words if words.is_empty() => words,
        words => format!(": {words}"),
    };
    format!("{}, {}{about}{by}{from}{details}", local_time(event.at), what(event))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use crate::client::FieldChange;
    use crate::operations::keys::activity::history::*;

    fn event(kind: &str, changes: &[(&str, Option<&str>, Option<&str>)]) -> Event {
        let changes = changes.iter().map(|(field, old, new)| FieldChange {
            field: Untrusted::new(field),
            old: old.map(Untrusted::new),
            new: new.map(Untrusted::new),
        });
        Event {
            at: "2026-11-26T11:38:00Z".parse().unwrap(),
            kind: Untrusted::new(kind),
            key: Some(Untrusted::new("PK7QW3N5ZJ0V4T8M2XHC")),
            label: None,
            admin: None,
            by: Some(Untrusted::new("mo")),
            from: Some(Untrusted::new("192.0.2.1")),
            detail: None,
            changes: changes.collect(),
            count: 1,
        }
    }

    #[test]
    fn a_filter_is_understood_in_any_order() {
        let asked = EventQuestion::parse("Jo deleted 7d sign-in-refused PK7QW3N5ZJ0V4T8M2XHC").unwrap().filter;
        assert_eq!((asked.by.as_deref(), asked.kinds.join(" ")), (Some("Jo"), "deleted sign_in_refused".to_owned()));
        assert!(asked.since.is_some_and(|since| (Utc::now() - since - TimeDelta::days(7)).num_minutes() == 0));
        assert_eq!(asked.key.unwrap().raw_for_api(), "PK7QW3N5ZJ0V4T8M2XHC");
        let asked =
            EventQuestion::parse("by:deleted admin:7d kind:used,edited key:0a since:2026-01-31").unwrap().filter;
        assert_eq!((asked.by.as_deref(), asked.admin.as_deref()), (Some("deleted"), Some("7d")));
        assert_eq!((asked.kinds.len(), asked.key.unwrap().raw_for_api()), (2, "0a"));
        assert_eq!(EventQuestion::parse(" "), Ok(EventQuestion::default()));
        let secret = format!("by:sk_{}", "a1B2".repeat(13));
        for bad in ["jo mo", "since:yesterday", "by:", "key:a key:b", "by:jo,mo", secret.as_str()] {
            assert!(EventQuestion::parse(bad).is_err(), "{bad}");
        }
        for (bad, says) in [
            ("kind:used,delted", "there is no kind delted (did you mean deleted?); use one of created, edited, "),
            ("kind:x", "there is no kind x; use one of created, "),
            ("jo unusd:90d", "there is no filter unusd: for events; use by:, admin:, kind:, key: or since:"),
            ("Sincee:90d", "there is no filter sincee: for events (did you mean since:?); use by:"),
        ] {
            let why = EventQuestion::parse(bad).unwrap_err();
            assert!(why.starts_with(says), "{why}");
        }
        assert!(EventQuestion::parse("kind:x").unwrap_err().ends_with("activated, deactivated"));
        let asked = EventQuestion::parse("delted").unwrap();
        assert_eq!(asked.doubt().as_deref(), Some("delted was read as a name. Did you mean deleted?"));
        for sure in ["by:delted", "mia", "deleted"] {
            assert_eq!(EventQuestion::parse(sure).unwrap().doubt(), None, "{sure}");
        }
        assert_eq!(kind("Sign-In-Refused").as_deref(), Ok("sign_in_refused"));
        assert!(kind("activated").is_err_and(|why| !why.contains("deactivated")));
    }

    #[test]
    fn activations_are_asked_for_as_they_are_called() {
        let asked = EventQuestion::parse("deactivated").unwrap();
        assert_eq!(asked.filter.kinds, ["edited"]);
        let off = event("edited", &[("status", Some("active"), Some("inactive"))]);
        let old = Event { detail: Some(Untrusted::new("label, deactivated")), ..event("edited", &[]) };
        assert!(asked.shows(&off) && asked.shows(&old));
        assert!(!asked.shows(&event("edited", &[("label", Some("a"), Some("b"))])));
        assert!(EventQuestion::default().shows(&off));
        assert_eq!(EventQuestion::default().of_kinds(&["used"]).filter.kinds, ["used"]);
        assert_eq!(asked.of_kinds(&["used"]).filter.kinds, ["edited"]);
    }

    #[test]
    fn an_event_says_what_happened_and_both_values() {
        let said = |event: &Event| (what(event), details(event, Times::Short, 40));
        let of = |word: &str, details: &str| (word.to_owned(), details.to_owned());
        assert_eq!(said(&event("edited", &[("status", Some("active"), Some("inactive"))])), of("deactivated", ""));
        let both = [("label", Some("a"), Some("b")), ("status", Some("inactive"), Some("active"))];
        assert_eq!(said(&event("edited", &both)), of("edited", "label “b” (was “a”), activated"));
        assert_eq!(said(&event("deleted", &[("label", Some("a"), None)])), of("deleted", "label “a”"));
        let old = Event { detail: Some(Untrusted::new("activated")), ..event("edited", &[]) };
        assert_eq!(said(&old), of("activated", ""));
        let old = Event { detail: Some(Untrusted::new("label, activated")), ..event("edited", &[]) };
        assert_eq!(said(&old), of("edited", "label, activated"));
        let for_a_while = [("status", Some("active"), Some("inactive")), ("reactivates_at", None, Some("x"))];
        assert_eq!(what(&event("edited", &for_a_while)), "deactivated");
        let by_itself = [("status", Some("inactive"), Some("active")), ("reactivates_at", Some("x"), None)];
        assert_eq!(said(&event("reactivated", &by_itself)), of("activated by itself", ""));
        let refused = Event { count: 14, detail: Some(Untrusted::new("wrong\u{1b}")), ..event("refused", &[]) };
        assert_eq!(said(&refused), of("refused ×14", "wrong^["));
        assert_eq!(said(&event("sign_in_refused", &[])), of("sign in refused", ""));
        let late = Event { count: 2, detail: Some(Untrusted::new("used after rotation")), ..event("refused", &[]) };
        assert_eq!(said(&late), of("used after rotation ×2", ""));
        let rotated = [("replaced_by", None, Some("PK2")), ("expires_at", None, Some("2026-11-27T11:38:00Z"))];
        let (word, details) = said(&event("rotated", &rotated));
        assert!(word == "rotated" && details.starts_with("replaced by PK2, expires 2026-11-27"), "{details}");
        assert_eq!(what(&event("rotation_undone", &[])), "rotation undone");
        let line = in_line(&event("edited", &both), false);
        assert!(
            line.ends_with(", edited, PK7QW3N5ZJ0V4T8M2XHC, by mo, from 192.0.2.1: label “b” (was “a”), activated"),
            "{line}"
        );
        let labelled = Event { label: Some(Untrusted::new("b\u{1b}")), ..event("edited", &both) };
        assert!(in_line(&labelled, false).contains(", PK7QW3N5ZJ0V4T8M2XHC “b^[”, by mo"));
        assert!(in_line(&labelled, true).contains(", edited, by mo"));
    }

    #[test]
    fn every_kind_of_the_contract_can_be_asked_for() {
        let api = include_str!("../../../../assets/openapi.yaml");
        let rows = api.split("    EventKind:\n").nth(1).unwrap().lines().skip(2);
        let kinds: Vec<_> = rows.map_while(|row| row.strip_prefix("        - ")).collect();
        assert!(
            kinds.iter().all(|kind| crate::operations::keys::activity::history::kinds().any(|known| known == *kind))
                && kinds.len() == crate::operations::keys::activity::history::kinds().count(),
            "{kinds:?}"
        );
        assert!(
            QUESTIONS
                .iter()
                .flat_map(|(_, kinds)| *kinds)
                .all(|kind| crate::operations::keys::activity::history::kinds().any(|known| known == *kind))
        );
    }
}
