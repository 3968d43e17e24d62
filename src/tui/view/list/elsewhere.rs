//! What a search found in a column that has no room: it is told behind the label.

use ratatui::text::Span;

use super::layout::Layout;
use crate::domain::key::fields;
use crate::domain::key::fields::{FIELDS, FieldValue, KeyField};
use crate::domain::{AccessKey, Search, Untrusted, fold};
use crate::tui::state::State;
use crate::tui::theme;
use crate::tui::view::matches;

/// The fewest cells that what was found is told in, and those of the label before it.
const LEAST: (usize, usize) = (8, 12);

/// The words that the rows were searched for, folded.
pub(super) fn words(state: &State) -> Vec<String> {
    Search::parse(&state.list.shown.filter.text).map(|search| search.words()).unwrap_or_default()
}

/// A field in which a word was found that no column shows.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    field: &'static KeyField,
    text: &'a Untrusted,
}

/// Where a search found a key, if that is not to be seen in its row.
pub(super) fn found<'a>(key: &'a AccessKey, words: &[String], layout: &Layout) -> Option<Found<'a>> {
    if words.is_empty() || !layout.has_field("label") {
        return None;
    }
    let (shown, hidden): (Vec<&KeyField>, Vec<&KeyField>) =
        FIELDS.iter().filter(|field| fields::is_searched(field)).partition(|field| layout.has_field(field.name));
    let has = |field: &&KeyField, word: &str| match (field.value)(key) {
        FieldValue::Id(id) => fold(id.raw_for_api()).contains(word),
        _ => fold(field.raw_text(key)).contains(word),
    };
    let unseen = words.iter().filter(|word| !shown.iter().any(|field| has(field, word)));
    unseen.filter_map(|word| hidden.iter().find(|field| has(field, word))).find_map(|field| match (field.value)(key) {
        FieldValue::Text(text) => Some(Found { field, text: text? }),
        _ => None,
    })
}

impl Found<'_> {
    /// What is between the label and what was found, in so many cells for all.
    fn before(self, key: &AccessKey, width: usize) -> String {
        let title = format!(" {} {} ", theme::BETWEEN, self.field.column.title.to_lowercase());
        let cells = key.label.identity_width() + title.chars().count() + self.text.identity_width();
        if cells <= width { title } else { format!(" {} ", theme::BETWEEN) }
    }

    /// How many cells it takes behind the label of a key.
    pub(super) fn cells(self, key: &AccessKey) -> usize {
        let before = self.before(key, usize::MAX).chars().count();
        key.label.identity_width() + before + self.text.identity_width()
    }

    /// The label of a key and what was found, in so many cells.
    pub(super) fn spans(self, key: &AccessKey, width: usize, words: &[String]) -> Vec<Span<'static>> {
        let before = self.before(key, width);
        let taken = before.chars().count();
        let wanted = (taken + self.text.identity_width()).min(width.saturating_sub(LEAST.1)).max(taken + LEAST.0);
        let label = key.label.identity(width.saturating_sub(wanted).max(width / 2));
        let mut spans = matches::marked(&label, words);
        let used: usize = spans.iter().map(Span::width).sum();
        spans.push(Span::styled(before, theme::QUIET));
        let text = self.text.identity(width.saturating_sub(used + taken));
        let cells = used + taken + Span::raw(text.as_str()).width();
        spans.extend(matches::marked(&text, words));
        spans.push(Span::raw(" ".repeat(width.saturating_sub(cells))));
        spans
    }
}
