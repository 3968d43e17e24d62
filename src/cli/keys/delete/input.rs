//! Which keys to delete.

use std::collections::HashSet;
use std::io::{self, BufRead as _};

use crate::args::IdOrDash;
use crate::cli::exit::Failure;
use crate::model::KeyId;
use crate::model::role::Wanted;

/// Bytes of IDs on standard input: a million IDs of ours, three times over.
const MOST_INPUT: u64 = 64 << 20;

/// The IDs as they were given, each once.
pub(super) fn ids(given: &[IdOrDash]) -> Result<Vec<KeyId>, Failure> {
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for id in given {
        let more = id.clone().map_or_else(|| read(io::stdin().lock()), |id| Ok(vec![id]))?;
        ids.extend(more.into_iter().filter(|id| seen.insert(id.clone())));
    }
    Ok(ids)
}

/// IDs, one a line. All are read and checked before the first key is deleted.
fn read(input: impl io::BufRead) -> Result<Vec<KeyId>, Failure> {
    let mut ids = Vec::new();
    for (n, line) in input.take(MOST_INPUT).lines().enumerate() {
        let line = line.map_err(|error| Failure::usage(format!("Standard input cannot be read: {error}.")))?;
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        // What stands there is not repeated: it may be a secret.
        let wrong = |why: String| {
            Failure::usage(format!("Line {} of standard input is no access key ID: {why}.", n + 1))
                .next("Nothing was deleted.")
        };
        Wanted::KeyId
            .check(text)
            .or_else(|role| if role.is_certain { Err(wrong(role.to_string())) } else { Ok(()) })?;
        ids.push(KeyId::parse(text).map_err(|error| wrong(error.to_string()))?);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_checked_before_anything_is_deleted() {
        let read = |text: &str| read(text.as_bytes()).map_err(|failure| failure.message);
        assert_eq!(read(" PK1 \r\n\nPK2").unwrap().len(), 2);
        assert_eq!(read("").unwrap().len(), 0);
        let refused = read("PK1\nsk_abcdefghijklmnop").unwrap_err();
        assert!(refused.contains("Line 2") && refused.contains("Secret access key") && !refused.contains("sk_abc"));
        assert!(read(&"f".repeat(129)).unwrap_err().contains("128"));
    }
}
