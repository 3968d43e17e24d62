//! When a key expires, while it is chosen: one press takes a preset, and what else is typed is read as the command line
//! reads it.

use chrono::{DateTime, Local, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use crate::domain::{Lifetimes, MOST_OVERLAP, sentence};
use crate::operations::keys::expiry::{Expires, expires_after};
use crate::operations::keys::rotate::overlap_after;
use crate::tui::field::Field;

/// The longest text that is a time: `2027-01-31T18:00:00+01:00`.
const LONGEST: usize = 25;

/// A way to say when a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryChoice {
    /// At once. Only for a key that is replaced, as are hours.
    Now,
    InHours(u32),
    InDays(u32),
    Never,
    /// What is typed.
    Other,
    /// What it is. Only for many keys, and for one that replaces another.
    Same,
}

impl ExpiryChoice {
    /// In the order in which they stand on screen.
    const PRESETS: [Self; 6] =
        [Self::InDays(7), Self::InDays(30), Self::InDays(90), Self::InDays(365), Self::Never, Self::Other];
    const OF_MANY: [Self; 7] =
        [Self::InDays(7), Self::InDays(30), Self::InDays(90), Self::InDays(365), Self::Never, Self::Other, Self::Same];
    const OF_OVERLAP: [Self; 6] =
        [Self::Now, Self::InHours(1), Self::InHours(24), Self::InDays(7), Self::InDays(30), Self::Other];

    /// As it is on screen, with room between a number and its unit or without.
    pub fn words(self, is_tight: bool) -> String {
        let between = if is_tight { "" } else { " " };
        match self {
            Self::Now => "now".to_owned(),
            Self::InHours(hours) => format!("{hours}{between}h"),
            Self::InDays(365) => format!("1{between}y"),
            Self::InDays(days) => format!("{days}{between}d"),
            Self::Never => "never".to_owned(),
            Self::Other => "other".to_owned(),
            Self::Same => "same".to_owned(),
        }
    }

    /// What to press for it: the first character of its words.
    pub fn press(self) -> char {
        self.words(true).chars().next().unwrap_or(' ')
    }
}

/// The expiry of a key, or of many, while it is chosen.
#[derive(Clone, Debug)]
pub struct ExpiryInput {
    pub chosen: ExpiryChoice,
    /// For [`ExpiryChoice::Other`].
    pub typed: Field,
    /// What the server allows.
    limits: Lifetimes,
    presets: &'static [ExpiryChoice],
    is_touched: bool,
}

impl ExpiryInput {
    /// For a new key: what the server's settings say, or never.
    pub fn of_new(limits: Lifetimes) -> Self {
        let (chosen, typed) = match limits {
            Lifetimes { default: Some(days), .. } => (ExpiryChoice::InDays(days), format!("{days}d")),
            Lifetimes { most: Some(most), .. } => (ExpiryChoice::InDays(most), format!("{most}d")),
            _ => (ExpiryChoice::Never, "90d".to_owned()),
        };
        let input = Self::new(chosen, &typed, limits);
        if input.choices().contains(&chosen) { input } else { Self { chosen: ExpiryChoice::Other, ..input } }
    }

    /// For a key that has an expiry, or none.
    pub fn of(expires_at: Option<DateTime<Utc>>, limits: Lifetimes) -> Self {
        match expires_at {
            Some(end) => {
                let typed = end.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string();
                Self::new(ExpiryChoice::Other, &typed, limits)
            }
            None => Self::new(ExpiryChoice::Never, "90d", limits),
        }
    }

    /// For many keys, which may keep theirs.
    pub fn of_many(limits: Lifetimes) -> Self {
        let days = limits.most.unwrap_or(90).min(90);
        Self { presets: &ExpiryChoice::OF_MANY, ..Self::new(ExpiryChoice::Same, &format!("{days}d"), limits) }
    }

    /// For how long a key that is replaced works on.
    pub fn of_overlap() -> Self {
        let most = u32::try_from(MOST_OVERLAP.num_days()).ok();
        let limits = Lifetimes { most, default: None };
        Self { presets: &ExpiryChoice::OF_OVERLAP, ..Self::new(ExpiryChoice::InHours(24), "2d", limits) }
    }

    fn new(chosen: ExpiryChoice, typed: &str, limits: Lifetimes) -> Self {
        Self {
            chosen,
            typed: Field::selected(typed, LONGEST),
            limits,
            presets: &ExpiryChoice::PRESETS,
            is_touched: false,
        }
    }

    /// What can be chosen: no preset that the server refuses, except what a key has.
    pub fn choices(&self) -> Vec<ExpiryChoice> {
        let is_allowed = |choice: &ExpiryChoice| match (choice, self.limits.most) {
            (ExpiryChoice::InDays(days), Some(most)) => *days <= most,
            (ExpiryChoice::Never, Some(_)) => self.chosen == ExpiryChoice::Never,
            _ => true,
        };
        self.presets.iter().copied().filter(is_allowed).collect()
    }

    /// How one is chosen, in words and in fewer.
    pub(crate) fn presses(&self) -> [String; 2] {
        let presses: Vec<String> = self.choices().into_iter().map(|choice| choice.press().to_string()).collect();
        let presses = presses.join(" ");
        [format!("Press {presses}, or ← →"), format!("{presses} or ← →")]
    }

    /// Whether a text is asked for.
    pub fn takes_text(&self) -> bool {
        self.chosen == ExpiryChoice::Other
    }

    /// What the server allows, in words; empty if it allows all.
    pub fn limit_words(&self) -> String {
        self.limits.limit_words().unwrap_or_default()
    }

    /// The same in a few words.
    pub fn limit_hint(&self) -> String {
        self.limits
            .most
            .filter(|_| !self.is_overlap())
            .map_or_else(String::new, |most| format!("Server limit: {most} d"))
    }

    /// Of a new key: the server has said what it allows. A choice of the user's own stays.
    pub fn limit(&mut self, limits: Lifetimes) {
        if !self.is_touched && limits != self.limits {
            *self = Self::of_new(limits);
        }
        self.limits = limits;
    }

    /// Takes a press on the row of choices; true if a text is to be typed next.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let choices = self.choices();
        let at = choices.iter().position(|choice| *choice == self.chosen).unwrap_or(0);
        let chosen = match key.code {
            KeyCode::Left => choices.get((at + choices.len() - 1) % choices.len()),
            KeyCode::Right | KeyCode::Char(' ') => choices.get((at + 1) % choices.len()),
            KeyCode::Char(c) => choices.iter().find(|choice| choice.press() == c.to_ascii_lowercase()),
            _ => None,
        };
        let Some(chosen) = chosen.copied() else { return false };
        (self.chosen, self.is_touched) = (chosen, true);
        chosen == ExpiryChoice::Other && matches!(key.code, KeyCode::Char(c) if c != ' ')
    }

    /// The expiry as it is chosen, `Some(None)` for never, none if it stays; `now` is to be the server's time.
    pub fn expires_at(&self, now: DateTime<Utc>) -> Result<Option<Option<DateTime<Utc>>>, String> {
        let expires = match self.chosen {
            ExpiryChoice::Same => return Ok(None),
            ExpiryChoice::Now => Expires::At(now),
            ExpiryChoice::InHours(hours) => Expires::At(now + TimeDelta::hours(hours.into())),
            ExpiryChoice::Never => Expires::Never,
            ExpiryChoice::InDays(days) => Expires::InDays(u64::from(days)),
            ExpiryChoice::Other if self.is_overlap() => {
                let seconds = overlap_after(self.typed.text(), now)
                    .and_then(|overlap| overlap.seconds(now).map_err(str::to_owned))
                    .map_err(|why| sentence(&why))?;
                Expires::At(now + TimeDelta::seconds(seconds.into()))
            }
            ExpiryChoice::Other => expires_after(self.typed.text(), now).map_err(|why| sentence(&why))?,
        };
        let end = expires.at(now);
        if self.limits.allows(end, now) { Ok(Some(end)) } else { Err(sentence(&self.limit_words())) }
    }

    fn is_overlap(&self) -> bool {
        self.presets.contains(&ExpiryChoice::Now)
    }

    /// What can be typed, in short and in shorter.
    pub(crate) fn examples(&self) -> [&'static str; 2] {
        if self.is_overlap() {
            ["e.g. 2h, 3d, 2027-01-31 18:00", "e.g. 2h, 3d"]
        } else {
            ["e.g. 180d, 2027-01-31, end of month", "e.g. 180d"]
        }
    }

    /// Whether something else was chosen than in `before`.
    pub fn differs(&self, before: &Self) -> bool {
        self.chosen != before.chosen || self.takes_text() && self.typed.text() != before.typed.text()
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::state::input::expiry_input::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default()
    }

    fn press(input: &mut ExpiryInput, c: char) -> bool {
        input.press(KeyEvent::from(KeyCode::Char(c)))
    }

    #[test]
    fn one_press_takes_a_preset() {
        let mut input = ExpiryInput::of_new(Lifetimes::default());
        assert_eq!(input.expires_at(now()), Ok(Some(None)));
        for (c, days) in [('7', 7), ('3', 30), ('9', 90), ('1', 365)] {
            assert!(!press(&mut input, c));
            assert_eq!(input.expires_at(now()), Ok(Some(Some(now() + chrono::TimeDelta::days(days)))), "{c}");
        }
        assert!(!press(&mut input, 'n'));
        assert_eq!(input.expires_at(now()), Ok(Some(None)));
        assert!(press(&mut input, 'o') && input.takes_text());
        let presses: Vec<char> =
            ExpiryInput::of_many(Lifetimes::default()).choices().iter().map(|c| c.press()).collect();
        assert_eq!(presses, ['7', '3', '9', '1', 'n', 'o', 's']);
    }

    #[test]
    fn what_is_typed_is_read_as_on_the_command_line() {
        let mut input = ExpiryInput::of_new(Lifetimes::default());
        press(&mut input, 'o');
        for (text, is_end) in [
            ("180d", true),
            ("2027-02-24", true),
            ("2027-01-31 18:00", true),
            ("2027-01-31T18:00:00Z", true),
            ("tomorrow", true),
            ("end of month", true),
            ("never", false),
        ] {
            input.typed = Field::new(text, LONGEST);
            assert!(input.expires_at(now()).is_ok_and(|end| end.is_some_and(|end| end.is_some() == is_end)), "{text}");
        }
        for text in ["", "yesterday", "2027-02-30", "1999-01-01", "2027-01-31 25:00", "0d"] {
            input.typed = Field::new(text, LONGEST);
            assert!(input.expires_at(now()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_sets_the_default_and_the_most() {
        let mut input = ExpiryInput::of_new(Lifetimes { most: Some(60), default: None });
        assert_eq!((input.chosen, input.typed.text()), (ExpiryChoice::Other, "60d"));
        assert_eq!(input.choices(), [ExpiryChoice::InDays(7), ExpiryChoice::InDays(30), ExpiryChoice::Other]);
        input.typed = Field::new("62d", LONGEST);
        assert_eq!(input.expires_at(now()), Err("At most 60 days from now, on this server.".to_owned()));
        let limits = Lifetimes { most: Some(90), default: Some(30) };
        let mut late = ExpiryInput::of_new(Lifetimes::default());
        late.limit(limits);
        assert_eq!(late.chosen, ExpiryChoice::InDays(30), "it was not touched");
        let mut touched = ExpiryInput::of_new(Lifetimes::default());
        press(&mut touched, '7');
        touched.limit(limits);
        assert_eq!(touched.chosen, ExpiryChoice::InDays(7));
    }
}
