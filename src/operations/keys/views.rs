//! Views: searches with a name, those that every server has and the user's own.

use crate::client::Server;
use crate::domain::{Filter, Sort, View, views};

/// The views that are offered on a server: those that need no setting up, then the user's own.
pub(crate) fn offered(server: Option<&Server>, own: &[View]) -> Vec<View> {
    let me = server.and_then(|server| match &server.who {
        Some(who) => Some(who.username.raw_for_api()),
        None => server.profile.username.as_deref().filter(|_| !server.profile.signs_in),
    });
    let mut all = views(me);
    all.extend_from_slice(own);
    all
}

/// The view of this name.
pub(crate) fn named<'a>(views: &'a [View], name: &str) -> Result<&'a View, String> {
    let found = views.iter().find(|view| view.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
        format!("there is no view with this name; there are: {}", names.join(", "))
    })
}

/// The view that shows what a filter finds, if it is not all.
pub(crate) fn shown<'a>(views: &'a [View], filter: &Filter) -> Option<&'a View> {
    let status = filter.status.map(|status| format!("status:{}", status.as_str()));
    let search = match (filter.text.as_str(), &status) {
        ("", Some(status)) => status,
        (text, None) => text,
        _ => return None,
    };
    views.iter().find(|view| !view.search.is_empty() && view.search == search)
}

/// What a view is sorted by when it is chosen, where one order serves its question; else the list stays as it is sorted.
pub(crate) fn sort(view: &View) -> Option<Sort> {
    match view.search.as_str() {
        "expires:<30d" => Some(Sort::ExpiresAt),
        // Both keys of a pair have the same label, unless it was changed: so they stand together.
        "rotating" => Some(Sort::Label),
        _ => None,
    }
}

/// What a view finds, as a filter.
pub(crate) fn filter(view: &View) -> Filter {
    Filter { text: view.search.clone(), status: None }
}
