//! The lists that every administrator looks at.

/// A search with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its name in settings and on the command line.
    pub name: &'static str,
    pub title: &'static str,
    /// The search, in the language of [`Search`](super::Search).
    pub search: String,
}

/// The views that need no setting up, for the administrator `me`.
pub fn views(me: &str) -> Vec<View> {
    let view = |name, title, search: &str| View { name, title, search: search.to_owned() };
    let mine = super::TextPattern::Is(me.to_owned());
    vec![
        view("all", "All keys", ""),
        view("active", "Active", "status:active"),
        view("expiring", "Expiring within 30 days", "expires:<30d"),
        view("expired", "Expired", "status:expired"),
        view("inactive", "Inactive", "status:inactive"),
        view("unused", "Unused for 90 days", "unused:90d"),
        view("never-used", "Never used", "never-used"),
        view("mine", "Created by me", &format!("by:{mine}")),
        view("no-owner", "Without an owner", "owner:\"\""),
    ]
}
