//! What cannot be seen is shown, and nothing is wider than asked.

use crate::domain::display::untrusted::*;

fn shown(text: &str) -> String {
    Untrusted::new(text).to_display(200)
}

#[test]
fn what_cannot_be_seen_is_shown() {
    assert_eq!(shown("nightly backup"), "nightly backup");
    assert_eq!(shown("Grüße 東京"), "Grüße 東京");
    assert_eq!(shown("\u{1b}]52;c;UFdO\u{7}"), "^[]52;c;UFdO^G");
    assert_eq!(shown("\u{9d}0;t\u{9c}"), "\\u{9d}0;t\\u{9c}");
    assert_eq!(shown("a\u{202e}gpj"), "a\\u{202e}gpj");
    assert_eq!(shown("u\r\nADMIN ok"), "u^M\\nADMIN ok");
    assert_eq!(shown("\0\u{7f}"), "^@^?");
    assert_eq!(shown("\u{2028}\u{e0041}\u{fe0f}"), "\\u{2028}\\u{e0041}\\u{fe0f}");
}

#[test]
fn what_only_joins_or_selects_is_no_cause_for_doubt() {
    for (text, expected) in [
        ("\u{2764}\u{fe0f} prod", "\u{2764} prod"),
        ("\u{1f469}\u{200d}\u{1f4bb} dev", "\u{1f469}\u{1f4bb} dev"),
        ("\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}", "\u{1f3f3}\u{1f308}"),
        ("1\u{fe0f}\u{20e3}", "1\u{20e3}"),
        ("می\u{200c}خواهم", "میخواهم"),
        ("क्\u{200d}ष", "क्ष"),
    ] {
        assert_eq!(Untrusted::new(text).identity(40), expected);
    }
    for text in ["a\u{200c}dmin", "ad\u{200d}min", "a\u{fe0f}", "\u{200d}\u{1f4bb}", "می\u{200c}", "a\u{200c}خ"] {
        assert!(Untrusted::new(text).identity(40).starts_with("! "), "{text:?}");
    }
}

#[test]
fn noncharacters_are_shown() {
    assert_eq!(shown("\u{fffe}\u{fdd0}\u{1ffff}"), "\\u{fffe}\\u{fdd0}\\u{1ffff}");
    assert_eq!(shown("\u{fffd}"), "\u{fffd}");
}

#[test]
fn endless_marks_become_visible_text() {
    let zalgo = format!("a{}", "\u{301}".repeat(2000));
    let label = Untrusted::new(&zalgo).to_display(20);
    assert!(label.starts_with("a\u{301}\u{301}\u{301}\\u{301}"), "{label}");
    assert!(label.width() <= 20);
}

#[test]
fn a_cell_stays_small() {
    // One cluster by Unicode's rules, and 27 bytes: each part of it is a cluster of its own then.
    let text = Untrusted::new("क्ष्म्य्र्व").to_display(200);
    assert!(text.graphemes(true).all(|g| g.len() <= MAX_CLUSTER), "{text}");
    assert!(text.starts_with("क्ष्म") && text.contains("\\u{"), "{text}");
}

/// Whatever comes, what leaves fits the screen's cells: no control character, no more than 16 bytes in one.
#[test]
fn noise_fits_cells() {
    let pool = [
        'a',
        'é',
        '東',
        '\u{301}',
        '\u{1d165}',
        '\u{11083}',
        '\u{903}',
        '\u{1100}',
        '\u{1161}',
        '\u{11a8}',
        '🇩',
        '👩',
        '\u{200d}',
        '\u{fe0f}',
        '\u{202e}',
        '\u{94d}',
        '\u{915}',
        '\u{1b}',
        '\n',
        '\u{e0041}',
        '\u{d4e}',
        '\u{20e3}',
    ];
    let mut seed = 1_u32;
    for _ in 0..5_000 {
        let text: String = (0..12)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                pool[(seed >> 8) as usize % pool.len()]
            })
            .collect();
        let untrusted = Untrusted::new(&text);
        let label = untrusted.to_display(30);
        assert!(label.width() <= 30, "{text:?}");
        for shown in [label, untrusted.to_display(usize::MAX)] {
            assert!(shown.graphemes(true).all(|g| g.len() <= 16), "{text:?}: {shown}");
            assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)), "{text:?}: {shown}");
        }
    }
}

#[test]
fn nothing_is_wider_than_asked() {
    for cells in 0..12 {
        for text in ["", "abc", "東京都庁舎", "e\u{301}e\u{301}e\u{301}e\u{301}", "\u{1b}\u{1b}\u{1b}\u{1b}\u{1b}"]
        {
            assert!(Untrusted::new(text).to_display(cells).width() <= cells, "{text:?} in {cells}");
        }
    }
    assert_eq!(Untrusted::new("abcdef").to_display(4), "abc…");
}

#[test]
fn what_is_not_shown_as_it_came_is_marked() {
    assert_eq!(Untrusted::new("a\u{202e}b").identity(40), "! a\\u{202e}b");
    assert_eq!(Untrusted::new("a\\u{202e}b").identity(40), "a\\u{202e}b", "the same letters, and no mark");
}

#[test]
fn lines_are_shown_one_below_the_other_and_cut_at_the_end() {
    let text = Untrusted::new("error: no key\r\n\n  \u{1b}[31mred\nthird");
    assert_eq!(text.lines(100), ["error: no key", "  ^[[31mred", "third"]);
    assert_eq!(text.lines(20), ["error: no key", "  ^[[…"]);
    assert!(Untrusted::new("\n \n").lines(9).is_empty());
}
