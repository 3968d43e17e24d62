//! The catalogue of actions: what each is called, how it is asked for, and what it does.
//!
//! The page's bindings, footer and help, the words of plain mode, the summaries of commands and the table of keys in
//! README come from it.

use ActionId as Id;

use super::permissions::Permissions;

/// Something that a user can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionId {
    Create,
    Delete,
    Switch,
    Activate,
    Deactivate,
    Edit,
    Show,
    Filter,
    FilterStatus,
    Sort,
    ReverseSort,
    Tokens,
    Profiles,
    SignOut,
    Help,
    Quit,
    CopyId,
    Row,
    ClearClipboard,
    List,
    Next,
    Doctor,
    Finish,
    All,
    Password,
    Admins,
    Sessions,
    Revoke,
    History,
    Events,
    Theme,
    Views,
    Undo,
    Overview,
    Usage,
    Dates,
    Columns,
    Mouse,
    Export,
    Identify,
    Rotate,
    Due,
    HandOvers,
}

/// One action of the catalogue. A text is empty where a front end does not have the action.
#[derive(Clone, Copy, Debug)]
pub struct ActionEntry {
    /// Which one.
    pub id: ActionId,
    /// What to press on the page's list: a character, or `Enter`. Plain mode takes the character too.
    pub press: &'static str,
    /// A word or two for the page's footer; empty if the footer has no room for it.
    pub hint: &'static str,
    /// The same where the other hints have left room; empty if it has one of the first kind.
    pub spare_hint: &'static str,
    /// The word of plain mode.
    pub word: &'static str,
    /// Its number in plain mode; 0 if it has no word. Scripts use numbers: one is never given to another action.
    pub number: usize,
    /// The command, without the program's name.
    pub command: &'static str,
    /// What it does, without a full stop.
    pub summary: &'static str,
    /// Other words by which people look for it in the help.
    pub keywords: &'static str,
    /// The same for the page, where it does less or more.
    page_summary: &'static str,
    pub changes_keys: bool,
    /// Whether it is about the selected key.
    pub needs_key: bool,
    /// Whether only superusers may do it.
    pub needs_superuser: bool,
}

/// The actions, in the order of the page's footer and help.
pub static ACTIONS: [ActionEntry; 43] = [
    action(Id::Create, "Create an access key")
        .page("c", "create")
        .also("new add")
        .plain(7, "create")
        .command("keys create")
        .changing(),
    action(Id::Delete, "Delete an access key (with confirmation)")
        .page("d", "delete")
        .also("remove")
        .plain(11, "delete")
        .command("keys delete")
        .changing()
        .on_key(),
    action(Id::Switch, "Deactivate or activate an access key")
        .page("a", "deactivate")
        .also("disable enable suspend pause")
        .plain(18, "switch")
        .changing()
        .on_key(),
    action(Id::Activate, "Activate an access key").plain(9, "activate").command("keys activate").changing().on_key(),
    action(Id::Deactivate, "Deactivate an access key and its access tokens")
        .plain(10, "deactivate")
        .command("keys deactivate")
        .changing()
        .on_key(),
    action(Id::Edit, "Edit an access key")
        .page("e", "edit")
        .also("rename extend expiry owner note")
        .plain(8, "edit")
        .command("keys edit")
        .changing()
        .on_key(),
    action(Id::Rotate, "Replace an access key by a new one, with an overlap in which both work")
        .page("R", "")
        .spare("rotate")
        .also("renew roll finish")
        .page_summary("Rotate the key, or see the rotation under way")
        .plain(34, "rotate")
        .command("keys rotate")
        .changing()
        .on_key(),
    action(Id::Show, "Show the details of an access key")
        .page("Enter", "show")
        .also("usage uses refusals addresses info")
        .page_summary("Open or close the details")
        .plain(6, "show")
        .command("keys show")
        .on_key(),
    action(Id::Undo, "Undo your last change")
        .page("u", "")
        .spare("undo")
        .page_summary("Undo your last change (for 60 s)")
        .plain(32, "undo")
        .changing(),
    action(Id::Filter, "Filter by text")
        .page("/", "filter")
        .also("search find query")
        .page_summary("Filter by text as you type")
        .plain(3, "filter"),
    action(Id::FilterStatus, "Filter by status: all, active, expired, inactive")
        .page("f", "")
        .spare("status")
        .page_summary("Cycle the status filter: all, active, expired, inactive")
        .plain(4, "status"),
    action(Id::Views, "Show a view (a saved search)")
        .page("v", "views")
        .also("unused expiring inactive never")
        .plain(27, "view"),
    action(Id::Overview, "Show how many keys there are by last use, expiry and owner")
        .page("O", "")
        .spare("overview")
        .also("chart statistics count")
        .plain(28, "overview"),
    action(Id::Sort, "Sort by another field")
        .page("s", "sort")
        .page_summary("Sort by the next column")
        .plain(5, "sort"),
    action(Id::ReverseSort, "Reverse the sort order").page("S", "").spare("reverse"),
    action(Id::History, "Show the history of an access key")
        .page("h", "history")
        .also("events log audit")
        .plain(25, "history")
        .on_key(),
    action(Id::Events, "Show the trail: what administrators and keys did")
        .page("H", "")
        .spare("events")
        .also("events history log audit deleted refusals")
        .plain(26, "events")
        .command("events"),
    action(Id::Tokens, "Generate an HMAC or access token for any key").page("t", "test tokens").plain(12, "tokens"),
    action(Id::Profiles, "Switch to another profile").page("p", "profile").plain(14, "profiles"),
    action(Id::SignOut, "Sign out")
        .page("o", "")
        .spare("sign out")
        .also("logout log off")
        .plain(15, "signout")
        .command("logout"),
    action(Id::Password, "Change your password").page("P", "").spare("password").plain(21, "passwd").command("passwd"),
    action(Id::Admins, "Manage administrators")
        .page("A", "")
        .spare("administrators")
        .plain(22, "admin")
        .command("admin")
        .for_superusers(),
    action(Id::Sessions, "List and end sessions")
        .page("W", "")
        .spare("sessions")
        .plain(23, "sessions")
        .command("sessions"),
    action(Id::Revoke, "Revoke all access tokens or sessions in an emergency")
        .page("X", "")
        .spare("revoke")
        .plain(24, "revoke")
        .command("revoke")
        .changing()
        .for_superusers(),
    action(Id::Help, "Help")
        .page("?", "help")
        .page_summary("Help: type to find a command, Enter runs it (also : and Ctrl-P)")
        .plain(16, "help"),
    action(Id::Quit, "Quit").page("q", "quit").plain(17, "quit"),
    action(Id::CopyId, "Copy the access key ID").page("y", "").spare("copy ID").on_key(),
    action(Id::Row, "Print an access key as tab-separated text")
        .page("Y", "")
        .spare("copy row")
        .page_summary("Copy the access key as tab-separated text")
        .plain(20, "row")
        .on_key(),
    action(Id::ClearClipboard, "Clear the clipboard").page("x", "").spare("clear clipboard"),
    action(Id::Theme, "Change the colors")
        .page("T", "")
        .spare("theme")
        .also("colours dark light contrast")
        .page_summary("Next theme: auto, dark, light, high-contrast, mono"),
    action(Id::List, "List access keys")
        .page("r", "")
        .spare("refresh")
        .page_summary("Refresh now (automatic every minute)")
        .plain(1, "list")
        .command("keys list"),
    action(Id::Next, "List the next keys").plain(2, "next"),
    action(Id::Doctor, "Check the server and the connection to it").plain(13, "doctor"),
    action(Id::Finish, "Finish creating or rotating a key that was interrupted")
        .page("F", "")
        .plain(19, "finish")
        .changing(),
    action(Id::All, "Activate, deactivate, delete or edit all keys that the filter finds").plain(29, "all").changing(),
    action(Id::Usage, "Show how often an access key was used, and from where")
        .plain(30, "usage")
        .command("keys usage")
        .on_key(),
    action(Id::Dates, "Show relative, local or UTC times").page("D", "").spare("dates").also("zone"),
    action(Id::Columns, "Choose the columns and their order").page("C", "").spare("columns"),
    action(Id::Mouse, "Turn the mouse on or off (selecting text in the terminal needs it off)")
        .page("m", "")
        .spare("mouse"),
    action(Id::Export, "Export the listed keys as CSV, JSON lines or a table")
        .page("E", "")
        .spare("export")
        .also("save download")
        .page_summary("Export the list or the report of the last bulk change")
        .plain(31, "export"),
    action(Id::Identify, "Find out whose secret or token this is")
        .page("i", "")
        .spare("whose secret?")
        .also("identify leak leaked")
        .plain(33, "identify")
        .command("keys identify"),
    action(Id::Due, "List what needs attention soon: keys that expire, rotations that wait, deactivations that end")
        .page("!", "")
        .spare("expiring")
        .page_summary("List the keys that expire within 7 days (marked !!; ! is within 30 days)")
        .plain(35, "due")
        .command("due"),
    action(Id::HandOvers, "List secrets that are handed over, take them back, acknowledge alarms")
        .page("B", "")
        .spare("hand-overs")
        .page_summary("Take back a secret that is handed over, or acknowledge an alarm")
        .plain(36, "hand-overs")
        .command("hand-overs"),
];

const fn action(id: ActionId, summary: &'static str) -> ActionEntry {
    let (press, hint, word, command) = ("", "", "", "");
    ActionEntry {
        id,
        press,
        hint,
        spare_hint: "",
        word,
        number: 0,
        command,
        summary,
        keywords: "",
        page_summary: summary,
        changes_keys: false,
        needs_key: false,
        needs_superuser: false,
    }
}

impl ActionEntry {
    const fn page(mut self, press: &'static str, hint: &'static str) -> Self {
        (self.press, self.hint) = (press, hint);
        self
    }

    /// Its word for the footer, where the others have left room.
    const fn spare(mut self, hint: &'static str) -> Self {
        self.spare_hint = hint;
        self
    }

    const fn also(mut self, keywords: &'static str) -> Self {
        self.keywords = keywords;
        self
    }

    const fn page_summary(mut self, summary: &'static str) -> Self {
        self.page_summary = summary;
        self
    }

    const fn plain(mut self, number: usize, word: &'static str) -> Self {
        (self.number, self.word) = (number, word);
        self
    }

    const fn command(mut self, command: &'static str) -> Self {
        self.command = command;
        self
    }

    const fn changing(mut self) -> Self {
        self.changes_keys = true;
        self
    }

    const fn on_key(mut self) -> Self {
        self.needs_key = true;
        self
    }

    const fn for_superusers(mut self) -> Self {
        self.needs_superuser = true;
        self
    }

    /// What it does on the page, without a full stop.
    pub const fn help(&self) -> &'static str {
        self.page_summary
    }

    /// The letter that plain mode takes too; empty if it has none.
    pub fn letter(&self) -> &'static str {
        if self.press.len() == 1 { self.press } else { "" }
    }

    /// Whether it is offered: only if it is permitted.
    pub const fn is_offered(&self, permissions: Permissions) -> bool {
        !(self.changes_keys && permissions.read_only.is_some()) && (permissions.superuser || !self.needs_superuser)
    }
}

pub fn summary(id: ActionId) -> &'static str {
    ACTIONS.iter().find(|action| action.id == id).map_or("", |action| action.summary)
}

/// Other words by which people look for an action.
pub fn keywords(id: ActionId) -> &'static str {
    ACTIONS.iter().find(|action| action.id == id).map_or("", |action| action.keywords)
}

pub fn needs_key(id: ActionId) -> bool {
    ACTIONS.iter().any(|action| action.id == id && action.needs_key)
}

pub fn needs_superuser(id: ActionId) -> bool {
    ACTIONS.iter().any(|action| action.id == id && action.needs_superuser)
}

pub fn changes_keys(id: ActionId) -> bool {
    ACTIONS.iter().any(|action| action.id == id && action.changes_keys)
}

/// The actions of plain mode, in the order of their numbers.
pub fn numbered() -> Vec<&'static ActionEntry> {
    let mut actions: Vec<_> = ACTIONS.iter().filter(|action| !action.word.is_empty()).collect();
    actions.sort_unstable_by_key(|action| action.number);
    actions
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_action_is_offered_somewhere_under_names_of_its_own() {
        let mut names = HashSet::new();
        for action in &ACTIONS {
            assert!(!(action.press.is_empty() && action.word.is_empty()), "{action:?}");
            assert!(!action.summary.is_empty() && !action.summary.ends_with('.'), "{action:?}");
            for (kind, name) in [("press", action.press), ("word", action.word), ("command", action.command)] {
                assert!(name.is_empty() || names.insert((kind, name)), "{name}");
            }
        }
    }

    #[test]
    fn scripts_keep_their_numbers() {
        let numbers = numbered();
        assert!(numbers.iter().enumerate().all(|(n, action)| action.number == n + 1));
        let words: Vec<&str> = numbers.iter().map(|action| action.word).collect();
        assert_eq!(
            words.join(" "),
            "list next filter status sort show create edit activate deactivate delete tokens doctor profiles signout \
             help quit switch finish row passwd admin sessions revoke history events \
             view overview all usage export undo identify rotate due hand-overs"
        );
    }
}
