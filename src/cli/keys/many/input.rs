//! Which keys to change.

use std::collections::HashSet;
use std::io;
use std::io::Read as _;

use crate::cli::args::{IdOrDash, key_id};
use crate::domain::KeyId;
use crate::operations::failure::Failure;
use crate::platform::text;

/// Bytes of IDs on standard input: a million IDs of ours, three times over.
const MOST_INPUT: u64 = 64 << 20;

/// The IDs as they were given, each once; `nothing` says that nothing was done.
pub(crate) fn ids(given: &[IdOrDash], nothing: &str) -> Result<Vec<KeyId>, Failure> {
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for id in given {
        let more = id.clone().map_or_else(|| read(io::stdin().lock(), nothing), |id| Ok(vec![id]))?;
        ids.extend(more.into_iter().filter(|id| seen.insert(id.clone())));
    }
    Ok(ids)
}

/// IDs, one a line. All are read and checked before the first key is changed.
fn read(input: impl io::Read, nothing: &str) -> Result<Vec<KeyId>, Failure> {
    let mut bytes = Vec::new();
    let read = input.take(MOST_INPUT + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("Can't read standard input: {error}.")))?;
    if bytes.len() as u64 > MOST_INPUT {
        return Err(Failure::usage("Standard input is longer than 64 MiB.").next(nothing));
    }
    let text = text::decode(&bytes)
        .map_err(|why| Failure::usage(format!("Standard input is {why}: save the list as UTF-8.")).next(nothing))?;
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
    let ids = lines.filter(|(_, line)| !line.is_empty()).map(|(n, line)| {
        // What is there is not repeated: it may be a secret.
        key_id(line).map_err(|why| {
            Failure::usage(format!("Line {n} of standard input isn't an access key ID: {why}.")).next(nothing)
        })
    });
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_checked_before_anything_is_changed() {
        let read = |text: &str| read(text.as_bytes(), "Nothing.").map_err(|failure| failure.message);
        assert_eq!(read(" PK1 \r\n\nPK2").unwrap().len(), 2);
        assert_eq!(read("").unwrap().len(), 0);
        assert_eq!(read("\u{feff}PK1\r\n").unwrap(), [KeyId::parse("PK1").unwrap()]);
        let refused = read("PK1\nsk_abcdefghijklmnop").unwrap_err();
        assert!(refused.contains("Line 2") && refused.contains("Secret access key") && !refused.contains("sk_abc"));
        assert!(read(&"f".repeat(129)).unwrap_err().contains("128"));
    }
}
