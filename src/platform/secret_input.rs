//! How a secret comes in: on standard input, from a private file, or typed without echo. Never from an argument.

use std::fs::File;
use std::io;
use std::io::{IsTerminal as _, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::text::NotText;
use super::{prompt, text};

/// The longest secret, in bytes: as long as a body that our server reads.
const MOST_BYTES: u64 = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// On standard input, to its end.
    Stdin,
    /// In a file that only its owner may read.
    File(PathBuf),
    /// In the user's head; holds the words to ask with.
    Prompt(String),
}

/// Why there is no secret. None of these says anything of what was read.
#[derive(Debug, thiserror::Error)]
pub enum SecretInputError {
    #[error("cannot read {path}: {source}; check its name and that you may read it")]
    File { path: PathBuf, source: io::Error },
    #[error(
        "other users can read {0}: restrict it (chmod 600) and treat what is in it as compromised; for a secret that a \
         container mounts so, name - in place of the file and give it on standard input"
    )]
    Readable(PathBuf),
    #[error(
        "standard input is a terminal, which would show what you type; pipe it in, or omit the option to be prompted"
    )]
    Terminal,
    #[error("cannot read standard input: {0}")]
    Stdin(io::Error),
    /// The question was not answered.
    #[error("{0}")]
    Prompt(io::Error),
    #[error("{0} is empty")]
    Empty(String),
    #[error("{0} has more than 64 KiB; check that it is the right file")]
    TooLong(String),
    #[error("{0} is {1}; save it as UTF-8")]
    NotText(String, NotText),
}

impl SecretSource {
    /// What `--…-file FILE` means: `-` is standard input; without the option the user is asked with `prompt`.
    pub fn of_option(file: Option<&Path>, prompt: &str) -> Self {
        match file {
            None => Self::Prompt(prompt.to_owned()),
            Some(path) if path == Path::new("-") => Self::Stdin,
            Some(path) => Self::File(path.to_owned()),
        }
    }
}

/// Takes a secret from where it is. One newline at its end (`\n` or `\r\n`) is no part of it.
pub fn read_secret(source: &SecretSource) -> Result<SecretString, SecretInputError> {
    match source {
        SecretSource::Stdin if io::stdin().is_terminal() => Err(SecretInputError::Terminal),
        SecretSource::Stdin => read(io::stdin().lock(), "standard input")?.map_err(SecretInputError::Stdin),
        SecretSource::File(path) => {
            let failed = |source| SecretInputError::File { path: path.clone(), source };
            let file = File::open(path).map_err(failed)?;
            let meta = file.metadata().map_err(failed)?;
            if meta.is_file() && meta.mode() & 0o077 != 0 {
                return Err(SecretInputError::Readable(path.clone()));
            }
            read(file, &path.display().to_string())?.map_err(failed)
        }
        SecretSource::Prompt(words) => prompt::hidden(words).map_err(SecretInputError::Prompt),
    }
}

/// The outer error is about what was read, the inner one about reading.
fn read(reader: impl Read, name: &str) -> Result<io::Result<SecretString>, SecretInputError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    if let Err(error) = reader.take(MOST_BYTES + 3).read_to_end(&mut bytes) {
        return Ok(Err(error));
    }
    let whole = bytes.strip_suffix(b"\n").map_or(bytes.as_slice(), |line| line.strip_suffix(b"\r").unwrap_or(line));
    if whole.len() as u64 > MOST_BYTES {
        return Err(SecretInputError::TooLong(name.to_owned()));
    }
    // All of it, since the newline of UTF-16 has two bytes.
    let text = text::decode(&bytes).map_err(|why| SecretInputError::NotText(name.to_owned(), why))?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err(SecretInputError::Empty(name.to_owned()));
    }
    Ok(Ok(SecretString::from(text)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn of_file(bytes: &[u8], mode: u32) -> Result<String, SecretInputError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        read_secret(&SecretSource::File(path)).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn one_newline_is_no_part_of_it() {
        for (bytes, secret) in
            [(&b"s"[..], "s"), (b"s\n", "s"), (b"s\r\n", "s"), (b"s\n\n", "s\n"), (b" s \n", " s "), (b"s\r", "s\r")]
        {
            assert_eq!(of_file(bytes, 0o600).unwrap(), secret);
        }
        let longest = vec![b'x'; 64 * 1024];
        assert_eq!(of_file(&[&longest[..], b"\r\n"].concat(), 0o400).unwrap().len(), longest.len());
    }

    #[test]
    fn what_is_no_secret_is_named_and_not_shown() {
        assert!(matches!(of_file(b"\n", 0o600), Err(SecretInputError::Empty(_))));
        assert!(matches!(of_file("\u{feff}".as_bytes(), 0o600), Err(SecretInputError::Empty(_))));
        assert_eq!(of_file("\u{feff}s\r\n".as_bytes(), 0o600).unwrap(), "s");
        assert!(matches!(of_file(&vec![b'x'; 64 * 1024 + 1], 0o600), Err(SecretInputError::TooLong(_))));
        assert!(matches!(of_file(b"\xff", 0o600), Err(SecretInputError::NotText(..))));
        for mode in [0o640, 0o604, 0o620] {
            let refused = of_file(b"sk_x", mode).unwrap_err().to_string();
            assert!(refused.contains("chmod 600") && !refused.contains("sk_x"), "{refused}");
        }
        let missing = read_secret(&SecretSource::File("/nowhere/secret".into())).unwrap_err().to_string();
        assert!(missing.contains("/nowhere/secret"), "{missing}");
    }

    #[test]
    fn a_dash_is_standard_input_and_nothing_is_a_question() {
        assert_eq!(SecretSource::of_option(Some(Path::new("-")), "Secret: "), SecretSource::Stdin);
        assert_eq!(SecretSource::of_option(Some(Path::new("a")), "Secret: "), SecretSource::File("a".into()));
        assert_eq!(SecretSource::of_option(None, "Secret: "), SecretSource::Prompt("Secret: ".to_owned()));
    }
}
