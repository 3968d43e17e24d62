//! Reading a search: its parts, and the word or filter that each of them is.

use std::ops::Range;

use super::error::{SearchError, near};
use super::term::{ANY, Clause, NEVER, NEVER_USED, ROTATING, Term};
use super::times::{Moment, When};
use crate::domain::Status;
use crate::domain::key::query::conditions::TextPattern;

/// The names of filters that take a value.
const FIELDS: [&str; 8] = ["owner", "by", "status", "unused", "expires", "created", "refused", "reactivates"];
/// The most texts of a list.
const MOST_OF_LIST: usize = 32;

const KNOWN: &str =
    "use owner:, by:, status:, unused:, never-used, expires:, created:, refused:, rotating or reactivates:";

/// A part of the text between blanks that are not in quotes.
pub(super) struct Token {
    pub(super) at: Range<usize>,
    /// Its characters, each with its place and whether it was in quotes.
    chars: Vec<(usize, char, bool)>,
    /// Whether any of it was in quotes, be it nothing.
    has_quotes: bool,
}

impl Token {
    pub(super) fn all(text: &str) -> Result<Vec<Self>, SearchError> {
        let mut tokens = Vec::new();
        let mut chars = text.char_indices().peekable();
        while let Some(&(start, first)) = chars.peek() {
            if first.is_whitespace() {
                chars.next();
                continue;
            }
            let mut token = Self { at: start..text.len(), chars: Vec::new(), has_quotes: false };
            let mut opened = None;
            while let Some((place, c)) = chars.next() {
                match c {
                    '"' => {
                        token.has_quotes = true;
                        opened = if opened.is_some() { None } else { Some(place) };
                    }
                    '\\' if opened.is_some() && matches!(chars.peek(), Some((_, '"' | '\\'))) => {
                        token.chars.extend(chars.next().map(|(place, c)| (place, c, true)));
                    }
                    c if c.is_whitespace() && opened.is_none() => {
                        token.at.end = place;
                        break;
                    }
                    c => token.chars.push((place, c, opened.is_some())),
                }
            }
            if let Some(place) = opened {
                return Err(SearchError::new(place..text.len(), "this quote is not closed; add \" at its end"));
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    pub(super) fn term(&self) -> Result<Term, SearchError> {
        let is_bare = |n: usize, wanted: char| matches!(self.chars.get(n), Some((_, c, false)) if *c == wanted);
        let excluded = is_bare(0, '-') && (self.chars.len() > 1 || self.has_quotes);
        let rest = &self.chars[usize::from(excluded)..];
        // A name of ASCII letters before a colon, neither in quotes.
        let colon = rest.iter().position(|(_, c, quoted)| !quoted && *c == ':');
        let name = colon.filter(|&colon| colon > 0).map(|colon| &rest[..colon]);
        let is_name = |(_, c, quoted): &(usize, char, bool)| !quoted && (c.is_ascii_alphabetic() || "-_".contains(*c));
        let clause = match (name, colon) {
            (Some(name), Some(colon)) if name.iter().all(is_name) => self.filter(name, &rest[colon + 1..])?,
            _ => {
                let text: String = rest.iter().map(|(_, c, _)| c).collect();
                let is = |filter: &str| !self.has_quotes && text.eq_ignore_ascii_case(filter);
                if is(NEVER_USED) {
                    Clause::NeverUsed
                } else if is(ROTATING) {
                    Clause::Rotating
                } else {
                    Clause::Text(text)
                }
            }
        };
        Ok(Term { excluded, clause })
    }

    fn filter(&self, name: &[(usize, char, bool)], value: &[(usize, char, bool)]) -> Result<Clause, SearchError> {
        let word: String = name.iter().map(|(_, c, _)| c.to_ascii_lowercase()).collect();
        let starts = name.first().map_or(self.at.start, |(place, ..)| *place);
        let value_at = value.first().map_or(self.at.end, |(place, ..)| *place)..self.at.end;
        let text: String = value.iter().map(|(_, c, _)| c).collect();
        let wrong = |message: String| SearchError {
            at: if value_at.is_empty() { starts..self.at.end } else { value_at.clone() },
            message,
        };
        match word.as_str() {
            "owner" => list(value).map(Clause::Owner).map_err(wrong),
            "by" if text.is_empty() => Err(wrong("by: needs a name, as in by:mia".to_owned())),
            "by" => match list(value).map_err(&wrong)? {
                any if any.contains(&TextPattern::Is(String::new())) => {
                    Err(wrong("by: needs a name on each side of the comma, as in by:mia,jo".to_owned()))
                }
                any => Ok(Clause::By(any)),
            },
            "status" => statuses(&text).map(Clause::Status).map_err(wrong),
            "unused" => unused(&text).map(Clause::Unused).map_err(wrong),
            "expires" if text.eq_ignore_ascii_case(NEVER) => Ok(Clause::NeverExpires),
            "expires" => When::parse("expires", &text).map(Clause::Expires).map_err(wrong),
            "created" => When::parse("created", &text).map(Clause::Created).map_err(wrong),
            // A span alone is within that time.
            "refused" if matches!(Moment::parse(&text), Ok(Moment::Span(..))) => {
                When::parse("refused", &format!("<{text}")).map(Clause::Refused).map_err(wrong)
            }
            "refused" => When::parse("refused", &text).map(Clause::Refused).map_err(wrong),
            "reactivates" if text.eq_ignore_ascii_case(ANY) => Ok(Clause::Reactivates(None)),
            "reactivates" => {
                When::parse("reactivates", &text).map(|when| Clause::Reactivates(Some(when))).map_err(wrong)
            }
            _ => {
                let meant = near(&word, FIELDS).map_or_else(String::new, |near| format!(" (did you mean {near}:?)"));
                let message =
                    format!("there is no filter {word}:{meant}; {KNOWN}, or put it in quotes to find the text");
                Err(SearchError { at: starts..self.at.end, message })
            }
        }
    }
}

/// The texts of a list, whose commas are not in quotes.
fn list(value: &[(usize, char, bool)]) -> Result<Vec<TextPattern>, String> {
    let parts: Vec<_> = value.split(|(_, c, quoted)| *c == ',' && !quoted).collect();
    if parts.len() > MOST_OF_LIST {
        return Err(format!("at most {MOST_OF_LIST} are allowed in a list"));
    }
    let mut any = Vec::new();
    for part in parts {
        let text: String = part.iter().map(|(_, c, _)| c).collect();
        let pattern = match part {
            [.., (_, '*', false)] => TextPattern::Begins(text[..text.len() - 1].to_owned()),
            _ => TextPattern::Is(text),
        };
        if !any.contains(&pattern) {
            any.push(pattern);
        }
    }
    Ok(any)
}

fn statuses(text: &str) -> Result<Vec<Status>, String> {
    let mut any = Vec::new();
    for word in text.split(',') {
        let status = Status::parse(&word.to_ascii_lowercase());
        let status = status.ok_or("status: is active, inactive or expired, or several: status:active,expired")?;
        if !any.contains(&status) {
            any.push(status);
        }
    }
    Ok(any)
}

fn unused(text: &str) -> Result<Moment, String> {
    if text.starts_with('<') {
        return Err("unused:90d means not used for 90 days or longer; for the others, use -unused:90d".to_owned());
    }
    Moment::parse(text.trim_start_matches('>').trim_start_matches('=')).map_err(|why| format!("unused: {why}"))
}
