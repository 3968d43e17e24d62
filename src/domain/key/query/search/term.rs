//! The words and filters of a search, and how they are written.

use std::fmt::{Display, Formatter, Write as _};

use super::times::{Moment, Sign, When};
use crate::domain::Status;
use crate::domain::key::query::conditions::TextPattern;

/// The filter for keys that were never used.
pub(super) const NEVER_USED: &str = "never-used";
/// The filter for keys whose rotation is under way.
pub(super) const ROTATING: &str = "rotating";
/// The value of `reactivates:` for keys that are deactivated for a while.
pub(super) const ANY: &str = "any";
/// The value of `expires:` for keys that never expire.
pub(super) const NEVER: &str = "never";

/// A word or a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Term {
    /// Whether it excludes the keys that it would find.
    pub(super) excluded: bool,
    pub(super) clause: Clause,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Clause {
    /// A text that is a part of the key. One in quotes may have blanks.
    Text(String),
    Owner(Vec<TextPattern>),
    By(Vec<TextPattern>),
    Status(Vec<Status>),
    Unused(Moment),
    NeverUsed,
    Expires(When),
    NeverExpires,
    Created(When),
    Rotating,
    Refused(When),
    /// None is at any time.
    Reactivates(Option<When>),
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { excluded, clause } = self;
        let not = if *excluded { "-" } else { "" };
        f.write_str(not)?;
        match clause {
            Clause::Text(text) => {
                let is_plain = !text.is_empty()
                    && !text.contains([':', '"'])
                    && !text.contains(char::is_whitespace)
                    && ![NEVER_USED, ROTATING].iter().any(|filter| text.eq_ignore_ascii_case(filter))
                    && (!text.starts_with('-') || (text == "-" && !excluded));
                if is_plain { f.write_str(text)? } else { quoted(f, text)? }
            }
            Clause::Owner(any) => list(f, "owner", any)?,
            Clause::By(any) => list(f, "by", any)?,
            Clause::Status(any) => {
                let words: Vec<_> = any.iter().map(|status| status.as_str()).collect();
                write!(f, "status:{}", words.join(","))?;
            }
            Clause::Unused(moment) => write!(f, "unused:{moment}")?,
            Clause::NeverUsed => f.write_str(NEVER_USED)?,
            Clause::Expires(when) => write!(f, "expires:{when}")?,
            Clause::NeverExpires => write!(f, "expires:{NEVER}")?,
            Clause::Created(when) => write!(f, "created:{when}")?,
            Clause::Refused(When::Compared(Sign::Less, span @ Moment::Span(..))) => write!(f, "refused:{span}")?,
            Clause::Refused(when) => write!(f, "refused:{when}")?,
            Clause::Rotating => f.write_str(ROTATING)?,
            Clause::Reactivates(None) => write!(f, "reactivates:{ANY}")?,
            Clause::Reactivates(Some(when)) => write!(f, "reactivates:{when}")?,
        }
        Ok(())
    }
}

impl Display for TextPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (text, star) = match self {
            Self::Is(text) => (text, ""),
            Self::Begins(text) => (text, "*"),
        };
        let is_plain = !text.contains(['"', '*', ',']) && !text.contains(char::is_whitespace);
        if is_plain && !(text.is_empty() && star.is_empty()) {
            f.write_str(text)?;
        } else {
            quoted(f, text)?;
        }
        f.write_str(star)
    }
}

/// Writes a filter that any of several texts meets. Several are in quotes: a server from before there were lists takes them
/// for one text, and shows that by the form in which it writes it.
fn list(f: &mut Formatter<'_>, name: &str, any: &[TextPattern]) -> std::fmt::Result {
    write!(f, "{name}:")?;
    let [first, others @ ..] = any else { return Ok(()) };
    if others.is_empty() {
        return write!(f, "{first}");
    }
    for (n, pattern) in any.iter().enumerate() {
        let (TextPattern::Is(text) | TextPattern::Begins(text)) = pattern;
        f.write_str(if n == 0 { "" } else { "," })?;
        quoted(f, text)?;
        f.write_str(if matches!(pattern, TextPattern::Begins(_)) { "*" } else { "" })?;
    }
    Ok(())
}

/// Writes a text in quotes.
fn quoted(f: &mut Formatter<'_>, text: &str) -> std::fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
