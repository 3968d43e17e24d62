//! Where one works and as whom: at the top of every page, and in the title of the terminal's window.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::domain::{Charset, Profile, Untrusted};
use crate::tui::state::State;
use crate::tui::theme;
use crate::tui::wrap::squeezed;

/// The most cells for a name, and for a role.
const NAME: usize = 32;
const ROLE: usize = 16;
/// The most cells for a host or a folder in the window's title.
const TITLE_PLACE: usize = 48;
/// A cut name or place with fewer cells than this says nothing.
const LEAST: usize = 6;

/// Who works where. Of what doesn't fit the folder or host is cut first, then the profile's name, and last who it is.
pub(super) struct Place {
    is_production: bool,
    /// Who is signed in, or runs the program at the embedded server; none before that is known.
    who: Option<String>,
    /// The role of who is signed in, in parentheses.
    role: String,
    /// Its name, and what is said about it where there is room.
    profile: (String, &'static str),
    /// The host or the folder, and so. Empty where it is the profile's name.
    server: (String, &'static str),
}

impl Place {
    pub(super) fn of(state: &State) -> Option<Self> {
        let server = state.server.as_ref().filter(|_| state.connecting.is_none())?;
        let Profile { name, server: host, folder, username, signs_in, production, read_only } = &server.profile;
        let shown = |text: &str| Untrusted::new(text).to_display(usize::MAX);
        let who = match &server.who {
            Some(who) => Some(who.username.to_display(usize::MAX)),
            None => username.as_deref().filter(|_| !signs_in).map(shown),
        };
        let role = server.who.as_ref().map(|who| format!(" ({})", who.role.to_display(ROLE))).unwrap_or_default();
        let kind = if *read_only { " (read-only)" } else { "" };
        let place = match folder {
            Some(folder) => (shown(folder), " (embedded)"),
            // A server without a profile is called by its host.
            None if name == host => (String::new(), ""),
            None => (shown(host), ""),
        };
        Some(Self {
            is_production: *production,
            who: who.map(|who| squeezed(&who, NAME)),
            role,
            profile: (shown(name), kind),
            server: place,
        })
    }

    /// Cells of all of it.
    pub(super) fn whole(&self) -> usize {
        let (server, about) = &self.server;
        let server = if server.is_empty() { 0 } else { between() + server.width() + about.len() };
        self.least() + server
    }

    /// Cells of all but the folder or host.
    pub(super) fn least(&self) -> usize {
        let who = self.who.as_ref().map_or(0, |who| who.width() + self.role.width() + between());
        self.mark().width() + who + self.profile.0.width() + self.profile.1.len() + 1
    }

    const fn mark(&self) -> &'static str {
        if self.is_production { " PRODUCTION  " } else { "" }
    }

    /// In so many cells, with a blank at the end.
    pub(super) fn line(&self, room: usize) -> Line<'static> {
        let mut spans = Vec::new();
        if self.is_production {
            spans = vec![Span::styled(" PRODUCTION ", theme::LOUD), Span::raw(" ")];
        }
        let mut left = room.saturating_sub(self.mark().width() + 1);
        let mut words = Vec::new();
        if let Some(who) = &self.who {
            let name = left.saturating_sub(self.role.width());
            let cut = if name < LEAST && who.width() > name {
                squeezed(who, left.max(1))
            } else {
                squeezed(who, name) + &self.role
            };
            left = left.saturating_sub(cut.width() + between());
            words.push(cut);
        }
        // The two share what there is, unless one needs less than its half; too little is the profile's alone.
        let others = between() + self.server.0.width();
        let (name, kind) = &self.profile;
        // That nothing can be changed is worth more than where.
        let is_told = !kind.is_empty() && name.width() + kind.len() <= left;
        let room =
            if is_told || left < 2 * LEAST + between() { left } else { (left / 2).max(left.saturating_sub(others)) };
        let profile = fitting(&self.profile, room);
        let used = if profile.is_empty() { 0 } else { profile.width() + between() };
        let server = fitting(&self.server, left.saturating_sub(used));
        words.extend([profile, server].into_iter().filter(|words| !words.is_empty()));
        spans.push(Span::raw(format!("{} ", words.join(&format!(" {} ", theme::BETWEEN)))));
        Line::from(spans)
    }
}

/// Cells between two facts.
fn between() -> usize {
    theme::BETWEEN.width() + 2
}

/// A text that fits, without its middle if it must be, and nothing if too little would be left; with what is said about
/// it if there is room.
fn fitting((text, about): &(String, &'static str), room: usize) -> String {
    match text.width() {
        0 => String::new(),
        width if width + about.len() <= room => format!("{text}{about}"),
        width if width <= room || room >= LEAST => squeezed(text, room),
        _ => String::new(),
    }
}

/// The title of the terminal's window: whose keys these are, by which profile, where. No control characters and never
/// long, whatever names there are.
pub(crate) fn title(state: &State) -> String {
    let Some(Place { who, role, profile: (profile, _), server: (server, _), .. }) = Place::of(state) else {
        return "latchkey".to_owned();
    };
    let who = who.map(|who| who + &role).unwrap_or_default();
    let facts = [squeezed(&profile, NAME), who, squeezed(&server, TITLE_PLACE)];
    let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    let title = format!("latchkey: {}", facts.join(&format!(" {} ", theme::BETWEEN)));
    match Charset::spoken() {
        Charset::Utf8 => title,
        _ => title.replace(theme::BETWEEN, "-").replace(theme::CUT, "~"),
    }
}
