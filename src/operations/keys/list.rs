//! Listing keys: what is asked of the server, and what is said when it has none.

use crate::client::{Cursor, ListRequest};
use crate::domain::key::fields;
use crate::domain::{Filter, KeyQuery, Search, Untrusted};

/// The request for a page, with the uses of each key if they are shown. The total comes with it unless there is a text
/// filter: then the server would have to walk over all keys first.
pub(crate) fn request(query: &KeyQuery, place: Cursor, uses: bool) -> ListRequest {
    ListRequest { query: query.clone(), place, counted: query.filter.text.is_empty(), uses, export: None }
}

/// What is said in place of a list that is empty.
pub(crate) fn nothing_found(filter: &Filter) -> String {
    let text = Untrusted::new(&filter.text).to_display(usize::MAX);
    match (text.as_str(), filter.status) {
        ("", None) => "No access keys yet".to_owned(),
        ("", Some(status)) => format!("No {} keys", status.as_str()),
        (text, None) if is_words(text) => format!("No keys match “{text}” (searched: {}).", fields::searched()),
        (text, None) => format!("No keys match “{text}”."),
        (text, Some(status)) => format!("No {} keys match “{text}”.", status.as_str()),
    }
}

fn is_words(text: &str) -> bool {
    Search::parse(text).is_ok_and(|search| search.only_words().is_some())
}
