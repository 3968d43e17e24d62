//! Text that came from a server, and the one gate through which it reaches a screen.

mod confusable;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::display::charset::{Charset, SECOND_CELL};
pub use confusable::ConfusableWarning;

/// Text from outside. It has no `Display`: it reaches a screen only escaped, by [`to_display`](Self::to_display).
#[derive(Clone, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Untrusted(String);

/// More combining marks than this on one base are escaped: no script needs more.
const MAX_MARKS: usize = 3;
/// A cell of the screen takes 16 bytes: what follows on the same base is escaped. One less, since a mark may come to
/// stand on the brace that ends an escape.
const MAX_CLUSTER: usize = 15;

impl Untrusted {
    /// Wraps a text as it came.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// One line for the screen, at most `max_cells` wide; an ellipsis marks what was cut.
    pub fn to_display(&self, max_cells: usize) -> String {
        fit(&escape(&self.0), max_cells)
    }

    /// Its lines that aren't blank, each for a line of the screen, at most so many cells altogether; an ellipsis marks what
    /// was cut.
    pub fn lines(&self, max_cells: usize) -> Vec<String> {
        let mut left = max_cells;
        let mut lines = Vec::new();
        for line in self.0.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if left == 0 {
                break;
            }
            let line = fit(&escape(line), left);
            left = left.saturating_sub(line.width() + 1);
            lines.push(line);
        }
        lines
    }

    /// [`to_display`](Self::to_display) of a name, marked by a `!` if it may be [`confusable`](Self::confusable).
    pub fn identity(&self, max_cells: usize) -> String {
        if is_printable_ascii(&self.0) {
            fit(&self.0, max_cells)
        } else if self.confusable().is_some() {
            fit(&format!("! {}", escape(&self.0)), max_cells)
        } else {
            self.to_display(max_cells)
        }
    }

    /// Why a reader may take it for another text than it is.
    pub fn confusable(&self) -> Option<ConfusableWarning> {
        if is_printable_ascii(&self.0) {
            None
        } else if let plain = without_joiners(&self.0)
            && spell(&plain, false) != plain
        {
            Some(ConfusableWarning::Unseen)
        } else if confusable::mixes_scripts(&self.0) {
            Some(ConfusableWarning::Scripts)
        } else {
            None
        }
    }

    /// How many cells the whole text takes on screen.
    pub fn width(&self) -> usize {
        if is_printable_ascii(&self.0) { self.0.len() } else { escape(&self.0).width() }
    }

    /// How many cells the whole [`identity`](Self::identity) takes.
    pub fn identity_width(&self) -> usize {
        self.width() + if self.confusable().is_some() { 2 } else { 0 }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text as it came: to send it back or compare it, never for a screen.
    pub fn raw_for_api(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&escape(&self.0), f)
    }
}

/// Whether a text is of printable ASCII alone, as nearly all are: each character is seen, and takes one cell.
pub fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// Makes what cannot be seen visible: `^[` for ESC, `\u{202e}` for a bidi override.
fn escape(text: &str) -> String {
    let charset = Charset::spoken();
    let shown = spell(&without_joiners(text), charset == Charset::Ascii);
    if charset == Charset::Wide && !is_printable_ascii(&shown) { widen(&shown) } else { shown }
}

/// Counts the second cell of what takes two. Marks stay with their base.
fn widen(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for cluster in text.graphemes(true) {
        out.push_str(cluster);
        if cluster.width() == 1 && cluster.chars().any(|c| Charset::Wide.widens(c)) {
            out.push(SECOND_CELL);
        }
    }
    out
}

/// Leaves out what only says how the characters beside it are drawn: the selectors and joiners of emoji, of which each
/// terminal makes another width, and the joiners between letters that join.
fn without_joiners(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{200c}', '\u{200d}', '\u{fe0e}', '\u{fe0f}']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let (before, after) = (out.chars().next_back(), rest.peek().copied());
        let both = |is: fn(char) -> bool| before.is_some_and(is) && after.is_some_and(is);
        let only_draws = match c {
            '\u{fe0e}' | '\u{fe0f}' => before.is_some_and(is_emoji) || after == Some('\u{20e3}'),
            '\u{200d}' => both(is_emoji) || both(joins),
            '\u{200c}' => both(joins),
            _ => false,
        };
        if !only_draws {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character may begin or continue an emoji: those of its blocks that no alphabet has.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0xa9 | 0xae | 0x203c | 0x2049 | 0x2100..=0x27bf | 0x2900..=0x297f | 0x2b00..=0x2bff
        | 0x3030 | 0x303d | 0x3297 | 0x3299 | 0x1f000..=0x1faff)
}

/// Whether a letter is of a script that writes joiners between letters (UAX 31, section 2.3).
fn joins(c: char) -> bool {
    use Script::{
        Arabic, Bengali, Devanagari, Gujarati, Gurmukhi, Kannada, Malayalam, Oriya, Sinhala, Syriac, Tamil, Telugu,
    };
    let scripts =
        [Arabic, Bengali, Devanagari, Gujarati, Gurmukhi, Kannada, Malayalam, Oriya, Sinhala, Syriac, Tamil, Telugu];
    scripts.contains(&c.script())
}

fn spell(text: &str, ascii: bool) -> String {
    if is_printable_ascii(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        let (mut marks, mut bytes) = (0, 0);
        for c in cluster.chars() {
            let zero_width = unicode_width::UnicodeWidthChar::width(c) == Some(0);
            marks += usize::from(zero_width);
            bytes += c.len_utf8();
            match c {
                '\n' => out.push_str("\\n"),
                '\0'..='\u{1f}' => {
                    out.push('^');
                    out.push(char::from(c as u8 + 64));
                }
                '\u{7f}' => out.push_str("^?"),
                _ if is_invisible(c) || marks > MAX_MARKS || bytes > MAX_CLUSTER || zero_width && out.is_empty() => {
                    out.extend(c.escape_unicode());
                }
                _ if ascii && !c.is_ascii() => out.extend(c.escape_unicode()),
                _ => out.push(c),
            }
        }
    }
    out
}

/// Characters that draw nothing or reorder what is around them: categories Cc, Cf, Zl, Zp and
/// Co, noncharacters, tags, variation selectors, Hangul fillers, the blank braille pattern.
pub fn is_invisible(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe
        || matches!(u32::from(c),
        0x80..=0x9f | 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
        | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
        | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..=0x0010_ffff)
}

/// Cuts to a number of cells at a grapheme's border, with an ellipsis for what is missing.
fn fit(text: &str, max_cells: usize) -> String {
    if text.len() <= max_cells && is_printable_ascii(text) || text.width() <= max_cells {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut cells = 0;
    let mut clusters = text.graphemes(true).peekable();
    while let Some(cluster) = clusters.next() {
        let second = clusters.next_if(|next| next.starts_with(SECOND_CELL)).unwrap_or("");
        cells += cluster.width() + second.width();
        if cells + 1 > max_cells {
            break;
        }
        out.push_str(cluster);
        out.push_str(second);
    }
    if max_cells > 0 {
        out.push(Charset::spoken().ellipsis());
    }
    out
}
