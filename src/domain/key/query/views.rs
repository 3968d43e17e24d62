//! The lists that administrators look at again and again.

/// A search with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its name in settings, on the command line and in plain lines.
    pub name: String,
    /// Its name on the page.
    pub title: String,
    /// The search, in the language of [`Search`](super::Search).
    pub search: String,
}

impl View {
    /// The most characters of a name.
    pub const MOST_NAME: usize = 32;

    /// One of the user's own: its title is its name.
    pub fn own(name: &str, search: &str) -> Self {
        Self { name: name.to_owned(), title: name.to_owned(), search: search.to_owned() }
    }

    /// Refuses what is no name for one of the user's own, beside those that there are.
    pub fn check_name(name: &str, own: &[Self]) -> Result<(), String> {
        if !(1..=Self::MOST_NAME).contains(&name.chars().count()) || name.contains(char::is_control) {
            return Err(format!("the name of a view has 1 to {} characters", Self::MOST_NAME));
        }
        if views(Some("me")).iter().chain(own).any(|view| view.name.eq_ignore_ascii_case(name)) {
            return Err("there is another view with this name; choose another one".to_owned());
        }
        Ok(())
    }
}

/// The views that need no setting up; one of them for the administrator `me`, if that is known.
pub fn views(me: Option<&str>) -> Vec<View> {
    let view =
        |name: &str, title: &str, search: &str| View { name: name.into(), title: title.into(), search: search.into() };
    let mut views = vec![
        view("all", "All keys", ""),
        view("active", "Active", "status:active"),
        view("expiring", "Expiring within 30 days", "expires:<30d"),
        view("expired", "Expired", "status:expired"),
        view("inactive", "Inactive", "status:inactive"),
        view("unused", "Unused for 90 days", "unused:90d"),
        view("never-used", "Never used", "never-used"),
        view("no-owner", "Without an owner", "owner:\"\""),
    ];
    views.push(view("rotating", "Rotations under way", "rotating"));
    views.push(view("reactivating", "Deactivated for a while", "reactivates:any"));
    let mine = me.map(|me| view("mine", "Created by me", &format!("by:{}", super::TextPattern::Is(me.to_owned()))));
    views.extend(mine);
    views.push(view("refused", "Refused within 7 days", "refused:7d"));
    views
}
