//! The home directory in paths that a user writes.

use std::path::{Path, PathBuf};

/// This user's home directory, by `HOME` or the list of users. A relative one would be another in each working folder.
pub(crate) fn home_dir() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}

/// The path that a shell would make of `typed`: `~` and a leading `~/` are `home`.
pub(crate) fn expand_home(typed: &str, home: &Path) -> PathBuf {
    match typed.strip_prefix('~') {
        Some("") => home.to_owned(),
        // Without its slashes: join would take the rest for an absolute path.
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}

/// The path as a user would write it: below the home directory with `~`.
pub(crate) fn from_home(path: &Path) -> PathBuf {
    // A home directory `/`, as some services have, shortens nothing.
    let home = home_dir().filter(|home| home.parent().is_some());
    let below = home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned));
    below.map_or_else(|| path.to_owned(), |rest| Path::new("~").join(rest))
}

#[cfg(test)]
mod tests {
    use crate::platform::process::home::*;

    #[test]
    fn only_a_tilde_of_its_own_is_the_home_directory() {
        let expand = |typed| expand_home(typed, Path::new("/home/jo"));
        for (typed, path) in [
            ("~", "/home/jo"),
            ("~/a", "/home/jo/a"),
            ("~//etc", "/home/jo/etc"),
            ("~root/a", "~root/a"),
            ("a/~/b", "a/~/b"),
            ("/a", "/a"),
            ("", ""),
        ] {
            assert_eq!(expand(typed), Path::new(path), "{typed}");
        }
    }
}
