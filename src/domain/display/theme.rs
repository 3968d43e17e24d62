//! Which colours the page has, as the setting `theme` says.

use std::str::FromStr;

/// A choice of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// For the background that the environment says the terminal has, else colours that can be read on both: a terminal
    /// isn't asked, since its answer may come late or never.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Nothing dimmed; warnings and errors on a background of their own.
    HighContrast,
    /// No colours.
    Mono,
}

/// A terminal's background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

impl Theme {
    /// All of them, in the order in which a press changes them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Dark, Self::Light, Self::HighContrast, Self::Mono];

    /// Its name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
        }
    }

    /// The one after it; after the last, the first.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|theme| *theme == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

impl FromStr for Theme {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|theme| theme.as_str() == name);
        found.ok_or_else(|| format!("theme is one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl Background {
    /// Which it is by rxvt's `COLORFGBG`, such as `15;0` or `0;default;15`: the last number is one of the 16 colours.
    pub fn of_colorfgbg(value: &str) -> Option<Self> {
        match value.rsplit(';').next()?.parse().ok()? {
            7 | 15 => Some(Self::Light),
            0..=6 | 8 => Some(Self::Dark),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::display::theme::*;

    #[test]
    fn each_is_known_by_its_name_and_comes_in_turn() {
        let mut theme = Theme::Auto;
        for expected in Theme::ALL {
            assert_eq!((theme, expected.as_str().parse()), (expected, Ok(expected)));
            theme = theme.next();
        }
        assert_eq!(theme, Theme::Auto);
        assert_eq!("blue".parse::<Theme>(), Err("theme is one of auto, dark, light, high-contrast, mono".into()));
    }

    #[test]
    fn backgrounds_are_told_apart() {
        for (value, background) in [
            ("15;0", Some(Background::Dark)),
            ("0;default;15", Some(Background::Light)),
            ("12;8", Some(Background::Dark)),
            ("default;default", None),
            ("", None),
            ("0;99", None),
        ] {
            assert_eq!(Background::of_colorfgbg(value), background, "{value}");
        }
    }
}
