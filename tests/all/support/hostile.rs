//! What a hostile or a broken server may send as text.

/// Each with a name.
pub fn texts() -> Vec<(&'static str, String)> {
    let named = [
        ("an OSC 52 that sets the clipboard", "\u{1b}]52;c;UFdO\u{7}"),
        ("an OSC with C1 bytes", "\u{9d}0;t\u{9c}"),
        ("a CSI with a C1 byte", "\u{9b}31mred"),
        ("a title", "\u{1b}]0;pwn\u{1b}\\"),
        ("a DCS", "\u{1b}P+q544e\u{1b}\\"),
        ("an APC and a PM", "\u{1b}_Gx\u{1b}\\\u{1b}^x\u{1b}\\"),
        ("a question that the terminal would answer", "\u{1b}[6n\u{1b}[c\u{5}"),
        ("a cleared screen", "\u{1b}[2J\u{1b}[H\u{1b}c"),
        ("half an escape", "end\u{1b}"),
        ("a bidi override", "a\u{202e}gpj"),
        ("bidi isolates", "\u{2066}a\u{2067}b\u{2069}\u{200f}\u{61c}"),
        ("a forged row", "u\r\nADMIN ok \u{25cf} active"),
        ("a carriage return", "good\rbad"),
        ("backspaces", "abc\u{8}\u{8}\u{8}xyz"),
        ("tabs and a vertical one", "a\tb\u{b}c\u{c}d"),
        ("NUL and DEL", "a\0b\u{7f}c"),
        ("line and paragraph separators", "a\u{2028}b\u{2029}c\u{85}d"),
        ("tags", "a\u{e0041}\u{e007f}"),
        ("variation selectors and joiners", "a\u{fe0f}\u{200d}\u{200c}\u{200b}b\u{feff}"),
        ("a family", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"),
        ("right to left", "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{645}\u{631}\u{62d}"),
        ("fillers", "\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}\u{ad}"),
        ("private use", "\u{e000}\u{f8ff}\u{10ffff}\u{fff9}\u{fffb}"),
        ("only marks", "\u{301}\u{301}\u{301}\u{301}\u{301}"),
        ("wide", "\u{6771}\u{4eac}\u{90fd}\u{5e81}\u{820e}"),
        ("a lookalike of an escaped one", "a\\u{202e}gpj"),
        ("letters that look alike", "p\u{430}ypal"),
        ("a formula", "=HYPERLINK(\"http://x\")\u{1b}[31m"),
    ];
    let mut texts: Vec<_> = named.map(|(name, text)| (name, text.to_owned())).into();
    texts.push(("endless marks", format!("a{}", "\u{301}".repeat(2000))));
    texts.push(("long", format!("\u{1b}[31m{}", "x".repeat(10_000))));
    texts
}

/// A text as an ID, which has at most 128 characters, at least one of them.
pub fn as_id(text: &str, number: usize) -> String {
    let start: String = text.chars().take(100).collect();
    format!("{start}{number:04}")
}
