//! Texts that a key must have, in SQL.

use crate::server::store::postgres::args::SqlArgs;
use crate::server::store::postgres::keys::grams;
use crate::server::store::sought::Sought;

/// Hashes that a key must have which has the words.
pub(super) fn grams(sought: &Sought, args: &mut SqlArgs) -> Option<String> {
    (!sought.words.is_empty()).then(|| format!("k.grams @> {}", args.place(grams::of_words(&sought.words))))
}

/// Whether each word is in an ID or in a folded text, and nothing that must not be there.
pub(super) fn all(sought: &Sought, args: &mut SqlArgs) -> Vec<String> {
    let mut of_word = |word: &String| {
        let (lower, upper) = (args.place(word.clone()), args.place(word.to_ascii_uppercase()));
        format!(
            "(strpos(k.label_fold, {lower}) > 0 OR strpos(k.owner_fold, {lower}) > 0
              OR strpos(k.note_fold, {lower}) > 0 OR strpos(k.id, {upper}) > 0)"
        )
    };
    let mut all: Vec<String> = sought.words.iter().map(&mut of_word).collect();
    all.extend(sought.without.iter().map(|word| format!("NOT {}", of_word(word))));
    all
}
