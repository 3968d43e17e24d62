//! The language in which users ask for keys: the page's filter, `--search`, plain lines and saved views.
//!
//! `backup zurich owner:jo by:mia status:active,expired unused:90d never-used expires:<30d created:>2026-01-01 -test`

mod times;

use std::fmt::{Display, Formatter, Write as _};
use std::ops::Range;

use chrono::{DateTime, TimeZone, Utc};
use unicode_width::UnicodeWidthChar as _;

use times::{Moment, When};

use super::conditions::{Condition, Conditions, Test, TextPattern};
use crate::domain::{Status, fold, words};

/// What a user searches for. As text it is in the language, one blank between two terms; that text means the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    terms: Vec<Term>,
}

/// A word or a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Term {
    /// Whether it excludes the keys that it would find.
    excluded: bool,
    clause: Clause,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Clause {
    /// A text that is a part of the key. One in quotes may have blanks.
    Text(String),
    Owner(TextPattern),
    By(TextPattern),
    Status(Vec<Status>),
    Unused(Moment),
    NeverUsed,
    Expires(When),
    NeverExpires,
    Created(When),
}

/// Why a text is not in the language, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SearchError {
    /// The place of what is wrong, in bytes of the text.
    pub at: Range<usize>,
    /// What is wrong, and what is possible.
    pub message: String,
    /// Whether it may be right when more is typed at its end.
    pub is_unfinished: bool,
}

/// What can be asked besides words: the form, and what it finds.
pub const SEARCH_FILTERS: [(&str, &str); 12] = [
    ("owner:jo", "whose owner is jo; owner:jo* begins with jo"),
    ("owner:\"\"", "without an owner"),
    ("by:mia", "created by mia"),
    ("status:active", "also status:expired,inactive"),
    ("unused:90d", "not used for 90 days, and at least as old"),
    ("never-used", "not used since they were created"),
    ("expires:<30d", "expiring within 30 days"),
    ("expires:2027-01", "expiring in that month; also a day, or 2027-01-01..2027-01-15"),
    ("expires:never", "without an expiry"),
    ("created:<7d", "created in the last 7 days; >7d: before that"),
    ("created:>2026-12-31", "created after that day; <, <= and >= too"),
    ("-word, -filter", "without what it would find"),
];

/// The most characters of a search (HTTP contract: openapi.yaml).
const MOST_CHARS: usize = 1000;
/// The most words and filters: each is looked at in every key.
const MOST_TERMS: usize = 32;

const FIELDS: [&str; 6] = ["owner", "by", "status", "unused", "expires", "created"];
const NEVER_USED: &str = "never-used";
const NEVER: &str = "never";

const KNOWN: &str = "use owner:, by:, status:, unused:, never-used, expires: or created:";

impl Search {
    /// Reads a text in the language. Never fails for words alone, unless they are too many.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        if let Some((place, _)) = text.char_indices().nth(MOST_CHARS) {
            return Err(SearchError::new(place..text.len(), format!("at most {MOST_CHARS} characters are allowed")));
        }
        let mut search = Self::default();
        for token in Token::all(text)? {
            if search.terms.len() == MOST_TERMS {
                let message = format!("at most {MOST_TERMS} words and filters are allowed");
                return Err(SearchError::new(token.at, message));
            }
            search.terms.push(token.term()?);
        }
        Ok(search)
    }

    /// A search for words as they are: nothing in them is a filter.
    pub fn of_words(text: &str) -> Self {
        let term = |word: &str| Term { excluded: false, clause: Clause::Text(word.to_owned()) };
        Self { terms: text.split_whitespace().map(term).collect() }
    }

    /// Whether it finds every key.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The words, if there is nothing else: what every server can search for.
    pub fn only_words(&self) -> Option<String> {
        let word = |term: &Term| match (&term.clause, term.excluded) {
            (Clause::Text(text), false) if !text.contains(char::is_whitespace) => Some(text.clone()),
            _ => None,
        };
        Some(self.terms.iter().map(word).collect::<Option<Vec<_>>>()?.join(" "))
    }

    /// What it asks besides words, in the language: for a server that can't answer it.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let terms = self.terms.iter().filter(|term| term.excluded || !matches!(term.clause, Clause::Text(_)));
        Self { terms: terms.cloned().collect() }
    }

    /// The words that must be in a key, folded: to mark them where they are shown.
    pub fn words(&self) -> Vec<String> {
        let of = |term: &Term| match (&term.clause, term.excluded) {
            (Clause::Text(text), false) => contained(text),
            _ => Vec::new(),
        };
        self.terms.iter().flat_map(of).collect()
    }

    /// Adds a status that keys must have.
    #[must_use]
    pub fn and_status(mut self, status: Option<Status>) -> Self {
        let term = |status| Term { excluded: false, clause: Clause::Status(vec![status]) };
        self.terms.extend(status.map(term));
        self
    }

    /// The same with the days and months of a time zone as times, for a server elsewhere. Spans stay: they count from the
    /// server's time.
    #[must_use]
    pub fn in_zone(mut self, zone: &impl TimeZone) -> Self {
        for term in &mut self.terms {
            match &mut term.clause {
                Clause::Unused(moment) => *moment = moment.start_in(zone).map_or(*moment, Moment::At),
                Clause::Expires(when) | Clause::Created(when) => *when = when.in_zone(zone),
                _ => {}
            }
        }
        self
    }

    /// What it means at `now`, with days as they are in `zone`.
    pub fn conditions(&self, now: DateTime<Utc>, zone: &impl TimeZone) -> Conditions {
        let mut all = Vec::new();
        for Term { excluded, clause } in &self.terms {
            let mut meets = |test| all.push(Condition { excluded: *excluded, test });
            match clause {
                Clause::Text(text) if *excluded => {
                    let text = fold(text);
                    if !text.trim().is_empty() {
                        meets(Test::Contains(text.trim().to_owned()));
                    }
                }
                Clause::Text(text) => contained(text).into_iter().for_each(|text| meets(Test::Contains(text))),
                Clause::Owner(TextPattern::Is(text)) => meets(Test::Owner(TextPattern::Is(fold(text)))),
                Clause::Owner(TextPattern::Begins(text)) => meets(Test::Owner(TextPattern::Begins(fold(text)))),
                Clause::By(pattern) => meets(Test::CreatedBy(pattern.clone())),
                Clause::Status(any) => meets(Test::Status(any.clone())),
                Clause::Unused(moment) => meets(Test::UnusedSince(moment.before(now, zone))),
                Clause::NeverUsed => meets(Test::NeverUsed),
                Clause::Expires(when) => meets(Test::Expires(when.range(now, zone, true))),
                Clause::NeverExpires => meets(Test::NeverExpires),
                Clause::Created(when) => meets(Test::Created(when.range(now, zone, false))),
            }
        }
        Conditions(all)
    }
}

/// What a key must contain to have a text: all of its words, or the text as a whole if it was in quotes.
fn contained(text: &str) -> Vec<String> {
    if !text.contains(char::is_whitespace) {
        return words(text).collect();
    }
    let text = fold(text).trim().to_owned();
    if text.is_empty() { Vec::new() } else { vec![text] }
}

impl SearchError {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), is_unfinished: false }
    }

    /// The text and, below it, marks under what is wrong. Control characters are left out.
    pub fn marked(&self, text: &str) -> String {
        let (mut shown, mut marks) = (String::new(), String::new());
        for (place, c) in text.char_indices().filter(|(_, c)| !c.is_control()) {
            shown.push(c);
            let mark = if self.at.contains(&place) { '^' } else { ' ' };
            marks.extend(std::iter::repeat_n(mark, c.width().unwrap_or(0)));
        }
        if self.at.start >= text.len() {
            marks.push('^');
        }
        format!("{shown}\n{}", marks.trim_end())
    }
}

/// A part of the text between blanks that are not in quotes.
struct Token {
    at: Range<usize>,
    /// Its characters, each with its place and whether it was in quotes.
    chars: Vec<(usize, char, bool)>,
    /// Whether any of it was in quotes, be it nothing.
    has_quotes: bool,
    /// Whether it is the last of the text, with no blank behind it.
    is_last: bool,
}

impl Token {
    fn all(text: &str) -> Result<Vec<Self>, SearchError> {
        let mut tokens = Vec::new();
        let mut chars = text.char_indices().peekable();
        while let Some(&(start, first)) = chars.peek() {
            if first.is_whitespace() {
                chars.next();
                continue;
            }
            let mut token = Self { at: start..text.len(), chars: Vec::new(), has_quotes: false, is_last: true };
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
                        (token.at.end, token.is_last) = (place, false);
                        break;
                    }
                    c => token.chars.push((place, c, opened.is_some())),
                }
            }
            if let Some(place) = opened {
                let error = SearchError::new(place..text.len(), "this quote is not closed; add \" at its end");
                return Err(SearchError { is_unfinished: true, ..error });
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn term(&self) -> Result<Term, SearchError> {
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
                if !self.has_quotes && text.eq_ignore_ascii_case(NEVER_USED) {
                    Clause::NeverUsed
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
            is_unfinished: self.is_last,
        };
        let pattern = || match value {
            [.., (_, '*', false)] => TextPattern::Begins(text[..text.len() - 1].to_owned()),
            _ => TextPattern::Is(text.clone()),
        };
        match word.as_str() {
            "owner" => Ok(Clause::Owner(pattern())),
            "by" if text.is_empty() => Err(wrong("by: needs a name, as in by:mia".to_owned())),
            "by" => Ok(Clause::By(pattern())),
            "status" => statuses(&text).map(Clause::Status).map_err(wrong),
            "unused" => unused(&text).map(Clause::Unused).map_err(wrong),
            "expires" if text.eq_ignore_ascii_case(NEVER) => Ok(Clause::NeverExpires),
            "expires" => When::parse("expires", &text).map(Clause::Expires).map_err(wrong),
            "created" => When::parse("created", &text).map(Clause::Created).map_err(wrong),
            _ => {
                let near = FIELDS.into_iter().max_by(|one, other| {
                    strsim::jaro_winkler(one, &word).total_cmp(&strsim::jaro_winkler(other, &word))
                });
                let near = near.filter(|near| strsim::jaro_winkler(near, &word) > 0.8);
                let meant = near.map_or_else(String::new, |near| format!(" (did you mean {near}:?)"));
                let message =
                    format!("there is no filter {word}:{meant}; {KNOWN}, or put it in quotes to find the text");
                Err(SearchError { at: starts..self.at.end, message, is_unfinished: self.is_last })
            }
        }
    }
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

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (n, Term { excluded, clause }) in self.terms.iter().enumerate() {
            let between = if n == 0 { "" } else { " " };
            let not = if *excluded { "-" } else { "" };
            write!(f, "{between}{not}")?;
            match clause {
                Clause::Text(text) => {
                    let is_plain = !text.is_empty()
                        && !text.contains([':', '"'])
                        && !text.contains(char::is_whitespace)
                        && !text.eq_ignore_ascii_case(NEVER_USED)
                        && (!text.starts_with('-') || (text == "-" && !excluded));
                    if is_plain { f.write_str(text)? } else { quoted(f, text)? }
                }
                Clause::Owner(pattern) => write!(f, "owner:{pattern}")?,
                Clause::By(pattern) => write!(f, "by:{pattern}")?,
                Clause::Status(any) => {
                    let words: Vec<_> = any.iter().map(|status| status.as_str()).collect();
                    write!(f, "status:{}", words.join(","))?;
                }
                Clause::Unused(moment) => write!(f, "unused:{moment}")?,
                Clause::NeverUsed => f.write_str(NEVER_USED)?,
                Clause::Expires(when) => write!(f, "expires:{when}")?,
                Clause::NeverExpires => write!(f, "expires:{NEVER}")?,
                Clause::Created(when) => write!(f, "created:{when}")?,
            }
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
        let is_plain = !text.contains(['"', '*']) && !text.contains(char::is_whitespace);
        if is_plain && !(text.is_empty() && star.is_empty()) {
            f.write_str(text)?;
        } else {
            quoted(f, text)?;
        }
        f.write_str(star)
    }
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

#[cfg(test)]
mod tests;
