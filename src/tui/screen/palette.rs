//! The colours of each theme: what a role of [`theme`] looks like on a terminal of this kind.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use crate::domain::{Background, Theme};
use crate::platform::terminal_kind::{ColourDepth, TerminalKind};
use crate::tui::theme;
use crate::tui::theme::Role;

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellStyle {
    pub(super) fg: Ink,
    pub(super) bg: Ink,
    pub(super) modifier: Modifier,
}

/// A colour as the terminal is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// The terminal's own.
    Own,
    /// What is added to 30 or 40 (ECMA-48 SGR; 60 more for the bright ones, as aixterm).
    Basic(u8),
    /// One of xterm's 256.
    Indexed(u8),
    /// Red, green and blue, a byte each.
    Rgb(u32),
}

pub(super) const PLAIN: CellStyle = CellStyle { fg: Ink::Own, bg: Ink::Own, modifier: Modifier::empty() };

/// A colour on each depth.
#[derive(Clone, Copy, Debug)]
struct Shade {
    /// Red, green and blue, a byte each.
    rgb: u32,
    /// From 16 on: those below are of the user's palette.
    indexed: u8,
    /// As in [`Ink::Basic`]; none if none of the 16 can be read on every palette in use.
    basic: Option<u8>,
}

/// What a role looks like; the terminal's own colour where there is none.
#[derive(Clone, Copy, Debug)]
struct Look {
    fg: Option<Shade>,
    /// A role with a background is a bar: its colours are those of all that is on it.
    bg: Option<Shade>,
}

/// The looks of the roles; [`Role::Loud`] has the same in every theme.
struct Palette {
    accent: Look,
    good: Look,
    warning: Look,
    error: Look,
    quiet: Look,
    behind: Look,
    border: Look,
    header: Look,
    selected: Look,
    focus: Look,
    /// Whether what has no colour of its own may be dim.
    dims: bool,
}

const OWN: Look = Look { fg: None, bg: None };

const fn shade(rgb: u32, indexed: u8, basic: u8) -> Shade {
    Shade { rgb, indexed, basic: Some(basic) }
}

/// A colour that none of the 16 stands for.
const fn rich(rgb: u32, indexed: u8) -> Shade {
    Shade { rgb, indexed, basic: None }
}

const fn ink(fg: Shade) -> Look {
    Look { fg: Some(fg), bg: None }
}

const fn bar(fg: Shade, bg: Shade) -> Look {
    Look { fg: Some(fg), bg: Some(bg) }
}

const WHITE: Shade = shade(0xff_ff_ff, 231, 67);
/// The same, only where the background behind it has a colour of its own.
const PURE_WHITE: Shade = rich(0xff_ff_ff, 231);
const BLACK: Shade = shade(0, 16, 0);
/// White on red, the same in every theme.
const ALARM: Look = bar(WHITE, shade(0xb0_00_20, 124, 1));

/// For a background that isn't known: a colour has a contrast of 4.5 on black and on white only if its luminance is
/// between 0.175 and 0.183. Of the 16, only red and magenta can be read on both in the palettes that are in use: xterm's
/// yellow, green and cyan on white have a contrast of 1.3 to 2, its blue on black one of 2.
const NEUTRAL: Palette = Palette {
    accent: ink(rich(0x00_80_a8, 31)),
    good: ink(rich(0x00_8a_00, 28)),
    warning: ink(shade(0xd7_00_af, 163, 5)),
    error: ink(shade(0xe6_00_00, 196, 1)),
    quiet: OWN,
    behind: OWN,
    border: ink(rich(0x00_80_a8, 31)),
    header: bar(PURE_WHITE, rich(0x2b_4a_6f, 24)),
    selected: bar(PURE_WHITE, rich(0x2f_5f_9f, 25)),
    focus: bar(PURE_WHITE, rich(0x00_75_9a, 24)),
    dims: true,
};

const DARK: Palette = Palette {
    accent: ink(shade(0x7d_cf_ff, 117, 66)),
    good: ink(shade(0x9e_ce_6a, 149, 62)),
    warning: ink(shade(0xe0_af_68, 179, 63)),
    error: ink(shade(0xff_7a_93, 210, 61)),
    quiet: ink(rich(0xa4_ac_bd, 248)),
    behind: ink(rich(0x6b_72_82, 242)),
    border: ink(rich(0x5f_87_af, 67)),
    header: bar(PURE_WHITE, rich(0x2b_4a_6f, 24)),
    selected: bar(PURE_WHITE, rich(0x2f_5f_9f, 25)),
    focus: bar(rich(0x10_14_1c, 16), rich(0x7d_cf_ff, 117)),
    dims: true,
};

const LIGHT: Palette = Palette {
    accent: ink(shade(0x05_50_ae, 25, 4)),
    good: ink(rich(0x11_63_29, 22)),
    warning: ink(shade(0x7d_4e_00, 94, 5)),
    error: ink(shade(0xb3_00_1e, 124, 1)),
    quiet: ink(rich(0x57_60_6a, 241)),
    behind: ink(rich(0x8c_95_9f, 246)),
    border: ink(rich(0x6e_7f_99, 67)),
    header: bar(PURE_WHITE, rich(0x0b_3d_75, 24)),
    selected: bar(PURE_WHITE, rich(0x05_60_c8, 26)),
    focus: bar(PURE_WHITE, rich(0x05_50_ae, 25)),
    dims: true,
};

const HIGH_CONTRAST: Palette = Palette {
    accent: OWN,
    good: OWN,
    warning: bar(BLACK, shade(0xff_ff_00, 226, 3)),
    error: ALARM,
    quiet: OWN,
    behind: OWN,
    border: OWN,
    header: OWN,
    selected: OWN,
    focus: OWN,
    dims: false,
};

/// The palette of a terminal; none without colours.
fn palette(kind: TerminalKind) -> Option<&'static Palette> {
    if kind.colours == ColourDepth::Mono {
        return None;
    }
    Some(match (kind.theme, kind.background) {
        (Theme::Mono, _) => return None,
        (Theme::HighContrast, _) => &HIGH_CONTRAST,
        (Theme::Dark, _) | (Theme::Auto, Some(Background::Dark)) => &DARK,
        (Theme::Light, _) | (Theme::Auto, Some(Background::Light)) => &LIGHT,
        (Theme::Auto, None) => &NEUTRAL,
    })
}

impl Palette {
    const fn look(&self, role: Role) -> Look {
        match role {
            Role::Accent => self.accent,
            Role::Good => self.good,
            Role::Warning => self.warning,
            Role::Error => self.error,
            Role::Quiet => self.quiet,
            Role::Behind => self.behind,
            Role::Border => self.border,
            Role::Header => self.header,
            Role::Selected => self.selected,
            Role::Focus => self.focus,
            Role::Loud => ALARM,
        }
    }
}

impl Ink {
    fn of(shade: Option<Shade>, depth: ColourDepth) -> Self {
        match (shade, depth) {
            (None, _) | (_, ColourDepth::Mono) => Self::Own,
            (Some(shade), ColourDepth::Basic) => shade.basic.map_or(Self::Own, Self::Basic),
            (Some(shade), ColourDepth::Indexed) => Self::Indexed(shade.indexed),
            (Some(shade), ColourDepth::Rgb) => Self::Rgb(shade.rgb),
        }
    }

    /// The parameters of SGR that set it: `ground` is 30 for the text, 40 for the background.
    pub(super) fn parameters(self, ground: u8) -> String {
        match self {
            Self::Own => (ground + 9).to_string(),
            Self::Basic(code) => (ground + code).to_string(),
            Self::Indexed(index) => format!("{};5;{index}", ground + 8),
            Self::Rgb(rgb) => {
                let [_, r, g, b] = rgb.to_be_bytes();
                format!("{};2;{r};{g};{b}", ground + 8)
            }
        }
    }
}

/// How a cell is written on a terminal of this kind.
pub(super) fn style(kind: TerminalKind, cell: &Cell) -> CellStyle {
    let modifier = cell.modifier.difference(theme::UNSEEN);
    let Some(palette) = palette(kind).filter(|_| cell.fg != Color::Reset || cell.bg != Color::Reset) else {
        return CellStyle { modifier, ..PLAIN };
    };
    let inks = |colour: Color| {
        let look = Role::of(colour).map_or(OWN, |role| palette.look(role));
        (Ink::of(look.fg, kind.colours), Ink::of(look.bg, kind.colours))
    };
    let (fg, bg) = inks(cell.bg);
    if bg != Ink::Own {
        return CellStyle { fg, bg, modifier: modifier.difference(Modifier::REVERSED | Modifier::DIM) };
    }
    // Where a bar has no colours of its own it is reversed, and so is all on it: a status in its colour would be a block.
    if modifier.contains(Modifier::REVERSED) {
        return CellStyle { modifier: modifier.difference(Modifier::DIM), ..PLAIN };
    }
    let (fg, bg) = inks(cell.fg);
    let bright = if palette.dims && fg == Ink::Own { Modifier::empty() } else { Modifier::DIM };
    CellStyle { fg, bg, modifier: modifier.difference(bright) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Backgrounds that terminals have: black, VS Code, Dracula, Solarized, Ubuntu, Windows Terminal.
    const DARK_ONES: [u32; 6] = [0, 0x1e_1e_1e, 0x28_2a_36, 0x00_2b_36, 0x30_0a_24, 0x0c_0c_0c];
    /// White, Solarized, GNOME.
    const LIGHT_ONES: [u32; 3] = [0xff_ff_ff, 0xfd_f6_e3, 0xf6_f5_f4];

    /// The colour of one of xterm's 256, from 16 on: a cube of 6 by 6 by 6, then 24 greys.
    fn indexed(index: u8) -> u32 {
        let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u32::from(step) };
        if index >= 232 {
            return (8 + 10 * u32::from(index - 232)) * 0x01_01_01;
        }
        let at = index - 16;
        level(at / 36) << 16 | level(at / 6 % 6) << 8 | level(at % 6)
    }

    /// The contrast of two colours, from 1 to 21 (WCAG 2.2).
    fn contrast(one: u32, other: u32) -> f64 {
        let light = |rgb: u32| {
            let part = |part: u8| match f64::from(part) / 255.0 {
                low if low <= 0.040_45 => low / 12.92,
                part => ((part + 0.055) / 1.055).powf(2.4),
            };
            let [_, r, g, b] = rgb.to_be_bytes();
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b) + 0.05
        };
        (light(one) / light(other)).max(light(other) / light(one))
    }

    /// Text of each role on these backgrounds, by its exact and its indexed colour.
    fn can_be_read(palette: &Palette, backgrounds: &[u32], least: f64) {
        for role in Role::ALL {
            let look = palette.look(role);
            let is_text = !matches!(role, Role::Behind | Role::Border);
            for colour in [|shade: Shade| shade.rgb, |shade: Shade| indexed(shade.indexed)] {
                let grounds = look.bg.map_or_else(|| backgrounds.to_vec(), |bg| vec![colour(bg)]);
                let (Some(fg), true) = (look.fg.map(colour), is_text) else { continue };
                for ground in grounds {
                    let found = contrast(fg, ground);
                    assert!(found >= least, "{role:?}: {fg:06x} on {ground:06x} has {found:.2}");
                }
            }
        }
    }

    #[test]
    fn text_has_a_contrast_of_four_and_a_half() {
        can_be_read(&DARK, &DARK_ONES, 4.5);
        can_be_read(&LIGHT, &LIGHT_ONES, 4.5);
        can_be_read(&HIGH_CONTRAST, &[0, 0xff_ff_ff], 7.0);
        // The 256 have no colour that is as far from black as from white; the others have.
        can_be_read(&NEUTRAL, &[0, 0xff_ff_ff], 3.9);
        for look in Role::ALL.map(|role| NEUTRAL.look(role)).iter().filter(|look| look.bg.is_none()) {
            let ends = look.fg.map(|fg| contrast(fg.rgb, 0).min(contrast(fg.rgb, 0xff_ff_ff)));
            assert!(ends.is_none_or(|least| least >= 4.35), "{look:?}: {ends:?}");
        }
    }

    #[test]
    fn a_bar_has_its_own_colours_or_is_reversed() {
        let mut cell = Cell::default();
        cell.set_style(theme::status(crate::domain::Status::Expired).1).set_style(theme::SELECTED);
        let on = |colours| style(TerminalKind { colours, ..TerminalKind::RICH }, &cell);
        let rich = CellStyle { fg: Ink::Indexed(231), bg: Ink::Indexed(25), modifier: Modifier::empty() };
        assert_eq!(on(ColourDepth::Indexed), rich);
        let basic = CellStyle { modifier: Modifier::REVERSED, ..PLAIN };
        assert_eq!(on(ColourDepth::Basic), basic);
        assert_eq!(on(ColourDepth::Mono), basic);
    }

    #[test]
    fn what_is_quiet_is_dim_only_without_a_colour() {
        let mut cell = Cell::default();
        cell.set_style(theme::QUIET);
        let dims = |kind: TerminalKind| style(kind, &cell).modifier.contains(Modifier::DIM);
        assert!(dims(TerminalKind::RICH));
        assert!(!dims(TerminalKind { colours: ColourDepth::Indexed, ..TerminalKind::RICH.of_theme(Theme::Dark) }));
        assert!(!dims(TerminalKind::RICH.of_theme(Theme::HighContrast)));
        assert!(dims(TerminalKind::RICH.of_theme(Theme::Mono)));
    }
}
