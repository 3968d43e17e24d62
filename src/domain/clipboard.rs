//! Which clipboard a user wishes for.

use std::str::FromStr;

/// What `--clipboard` or the setting `clipboard` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClipboardChoice {
    /// The one that the surroundings suggest.
    #[default]
    Auto,
    Tmux,
    Screen,
    /// The terminal's, told directly.
    Osc52,
    /// That of the X display.
    X11,
    /// That of the Wayland session.
    Wayland,
    /// None.
    Off,
}

impl ClipboardChoice {
    /// Their names, in the order of the help.
    pub const NAMES: [&str; 7] = ["auto", "tmux", "screen", "osc52", "x11", "wayland", "off"];
}

impl FromStr for ClipboardChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "auto" => Self::Auto,
            "tmux" => Self::Tmux,
            "screen" => Self::Screen,
            "osc52" => Self::Osc52,
            "x11" => Self::X11,
            "wayland" => Self::Wayland,
            "off" => Self::Off,
            _ => return Err(format!("clipboard is one of {}", Self::NAMES.join(", "))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_understood_and_no_other() {
        for name in ClipboardChoice::NAMES {
            assert!(name.parse::<ClipboardChoice>().is_ok(), "{name}");
        }
        assert!("xclip".parse::<ClipboardChoice>().unwrap_err().contains("osc52"));
    }
}
