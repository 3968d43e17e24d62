//! Which colours the page has, as the setting `theme` says.

use std::str::FromStr;

/// A choice of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// For the background that the environment or the terminal says it has; until then, and where neither does, colours that
    /// can be read on both.
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

impl Background {
    /// Which it is by a colour as terminals write it (XParseColor): `rgb:` or `rgba:` and hexadecimal parts of up to four
    /// digits, or `#` and such parts of one length.
    pub fn of_colour(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let parts: Vec<&str> = match (text.strip_prefix("rgb"), text.strip_prefix('#')) {
            (Some(rest), _) => rest.strip_prefix('a').unwrap_or(rest).strip_prefix(':')?.split('/').take(3).collect(),
            (_, Some(digits)) if digits.is_ascii() && digits.len().is_multiple_of(3) && !digits.is_empty() => {
                let length = digits.len() / 3;
                (0..3).map(|at| &digits[at * length..(at + 1) * length]).collect()
            }
            _ => return None,
        };
        let [red, green, blue] = parts.as_slice() else { return None };
        let part = |digits: &str| {
            let is_one = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let most = 16_u32.pow(u32::try_from(digits.len()).ok()?.min(4)) - 1;
            let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_one)?;
            Some(match f64::from(value) / f64::from(most) {
                low if low <= 0.040_45 => low / 12.92,
                part => ((part + 0.055) / 1.055).powf(2.4),
            })
        };
        let light = 0.2126 * part(red)? + 0.7152 * part(green)? + 0.0722 * part(blue)?;
        // White and black have the same contrast to a luminance of 0.179 (WCAG 2.2).
        Some(if light < 0.179 { Self::Dark } else { Self::Light })
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
        for (colour, background) in [
            ("rgb:0000/0000/0000", Some(Background::Dark)),
            ("rgb:30/0a/24", Some(Background::Dark)),
            ("rgba:ffff/ffff/ffff/8000", Some(Background::Light)),
            ("#fdf6e3", Some(Background::Light)),
            ("#002b36", Some(Background::Dark)),
            ("rgb:f/f/f", Some(Background::Light)),
            ("rgb:0000/0000", None),
            ("rgb:+0/00/00", None),
            ("rgb:00000/0/0", None),
            ("rgb:0//0", None),
            ("#1234", None),
            ("#\u{e9}\u{e9}\u{e9}", None),
            ("?", None),
            ("", None),
        ] {
            assert_eq!(Background::of_colour(colour.as_bytes()), background, "{colour}");
        }
    }
}
