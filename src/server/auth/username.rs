//! Names of administrators, and the passwords that they may choose.

use super::passwords::composed;
use secrecy::{ExposeSecret, SecretString};

/// An administrator's name: up to 64 of a-z, 0-9 and `.`, `_`, `-`, `@`, `+`. Upper case is read as lower case. No two
/// of these characters look alike, so that no name can be mistaken for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// A text that is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user name must have 1 to 64 characters: letters a to z, digits, or . _ - @ +")]
pub struct UsernameError;

/// Why a password is refused. NIST SP 800-63B, section 3.1.1: length is what counts, rules of composition do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 12 characters; holds how many there are.
    #[error(
        "the password has {0} characters and needs at least {FEWEST_CHARS}; use a few words or a password generator"
    )]
    TooShort(usize),
    #[error("the password has more than 1024 bytes; check that it is the right text")]
    TooLong,
    #[error("the password contains a line break or another control character, which can't be typed when signing in")]
    NotOneLine,
    #[error("the password is too easy to guess; it must not contain the user name or repeat a single character")]
    Guessable,
}

impl Username {
    /// The most characters of a name.
    const MOST: usize = 64;

    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let name = text.to_ascii_lowercase();
        let fits = (1..=Self::MOST).contains(&name.len());
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".@+_-".contains(c);
        if fits && name.chars().all(known) { Ok(Self(name)) } else { Err(UsernameError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The fewest characters of a password. NIST SP 800-63B-4 asks for 15 without and 8 with a second factor; the rate of
/// guesses is limited here, so 12.
pub const FEWEST_CHARS: usize = 12;
/// The most bytes of a password.
const MOST_BYTES: usize = 1024;

pub fn check_password(username: &Username, password: &SecretString) -> Result<(), PasswordError> {
    let text = composed(password.expose_secret());
    let mut chars = text.chars();
    match text.chars().count() {
        n if n < FEWEST_CHARS => return Err(PasswordError::TooShort(n)),
        _ if text.len() > MOST_BYTES => return Err(PasswordError::TooLong),
        _ if text.contains(char::is_control) => return Err(PasswordError::NotOneLine),
        _ => {}
    }
    let first = chars.next();
    let holds_name = username.0.len() >= 4 && text.to_ascii_lowercase().contains(&username.0);
    if holds_name || chars.all(|c| Some(c) == first) { Err(PasswordError::Guessable) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_without_case() {
        assert_eq!(Username::parse("Jo.Doe-2@example.org").unwrap().as_str(), "jo.doe-2@example.org");
        for text in ["", "jo doe", "jö", "јо", "jo\n", "jo/..", &"x".repeat(65)] {
            assert_eq!(Username::parse(text), Err(UsernameError), "{text:?}");
        }
    }

    #[test]
    fn passwords_are_long_and_nothing_else() {
        let check = |text: &str| check_password(&Username::parse("johanna").unwrap(), &SecretString::from(text));
        assert_eq!(check("eleven char"), Err(PasswordError::TooShort(11)));
        assert_eq!(check("ünïcödé zwö"), Err(PasswordError::TooShort(11)));
        assert_eq!(check("twelve chars"), Ok(()));
        assert_eq!(check(&"ab".repeat(512)), Ok(()));
        assert_eq!(check(&"ab".repeat(513)), Err(PasswordError::TooLong));
        assert_eq!(check(&"a".repeat(20)), Err(PasswordError::Guessable));
        assert_eq!(check("two lines\nof it"), Err(PasswordError::NotOneLine));
        assert_eq!(check("hello JOHANNA 1"), Err(PasswordError::Guessable));
    }
}
