//! Deleting a key, and what confirms what can't be undone.

use crate::domain::{AccessKey, KeyId, Status};
use crate::operations::format::key_in_line;
use crate::operations::keys::bulk::Unusual;
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;

/// What a user types to confirm what can't be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    word: String,
    /// What that is, if it isn't plain: after the question, and in place of a second one.
    explained: Option<(&'static str, &'static str)>,
    /// The name of a production profile: it is typed too.
    production: Option<String>,
}

impl Confirmation {
    /// The end of the ID and, in production, the profile's name.
    pub fn new(id: &KeyId, production: Option<String>) -> Self {
        Self { word: id.last_four(), explained: Some(("the end of the ID", "The ID ends in")), production }
    }

    /// A name or another word and, in production, the profile's name.
    pub fn of_name(name: &str, production: Option<String>) -> Self {
        Self { word: name.to_owned(), explained: None, production }
    }

    /// The name of the production profile that is typed too.
    pub fn production(&self) -> Option<&str> {
        self.production.as_deref()
    }

    /// What has to be typed.
    pub fn phrase(&self) -> String {
        self.production.as_ref().map_or_else(|| self.word.clone(), |name| format!("{} {name}", self.word))
    }

    /// Whether this confirms. Case doesn't matter.
    pub fn is_given_by(&self, typed: &str) -> bool {
        typed.eq_ignore_ascii_case(&self.phrase())
    }

    pub fn question(&self) -> String {
        match (self.explained, &self.production) {
            (Some((what, _)), None) => format!("To confirm, type {} ({what}): ", self.word),
            _ => format!("To confirm, type {}: ", self.phrase()),
        }
    }

    /// The question where there is little room.
    pub fn short_question(&self) -> String {
        match self.production {
            None => format!("Type {} to confirm: ", self.word),
            Some(_) => format!("Type {}: ", self.phrase()),
        }
    }

    /// What to do after an answer that doesn't confirm, where it can be typed again.
    pub fn refusal(&self, typed: &str) -> String {
        if typed.is_empty() {
            format!("Type {} to confirm, or press Esc to cancel.", self.phrase())
        } else {
            self.mismatch()
        }
    }

    /// What is wrong with an answer that doesn't confirm.
    pub fn mismatch(&self) -> String {
        match (self.explained, &self.production) {
            (Some((_, is)), None) => format!("That doesn't match. {is} {}.", self.word),
            _ => format!("That doesn't match. Type {}.", self.phrase()),
        }
    }
}

/// Tells which key is to be deleted, its use if that is known, and what that means, and asks for the confirmation; says
/// so if it isn't given.
pub(crate) async fn confirm(
    prompter: &mut impl Prompter,
    key: &AccessKey,
    impact: Option<String>,
    production: Option<String>,
) -> Flow<Result<(), String>> {
    let confirmation = Confirmation::new(&key.id, production);
    prompter.say(format!("{}.", key_in_line(key)));
    for words in Unusual::protection(key).into_iter().chain(impact) {
        prompter.say(words);
    }
    prompter.say(messages::delete_warning(key));
    if key.status == Status::Active {
        prompter.say("To be able to take it back, deactivate the key instead.");
    }
    let typed = prompter.ask(confirmation.question()).await?;
    Ok(if confirmation.is_given_by(&typed) { Ok(()) } else { Err(confirmation.mismatch()) })
}

#[cfg(test)]
mod tests {
    use crate::operations::keys::delete::*;

    #[test]
    fn the_end_of_the_id_confirms_and_in_production_the_profile_too() {
        let id = KeyId::parse("PK7QW3N5ZJ0V4T8M2XHC").unwrap();
        let plain = Confirmation::new(&id, None);
        let live = Confirmation::new(&id, Some("live".to_owned()));
        assert!(plain.is_given_by("2xhc") && live.is_given_by("2XHC live"));
        for wrong in ["", "XHC", "2XHC ", "PK7QW3N5ZJ0V4T8M2XHC"] {
            assert!(!plain.is_given_by(wrong) && !live.is_given_by(wrong), "{wrong}");
        }
        assert!(!live.is_given_by("2XHC") && !live.is_given_by("2XHC local"));
        assert!(live.question().contains("2XHC live") && live.mismatch().contains("2XHC live"));
    }
}
