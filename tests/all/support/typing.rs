//! Key scripts: `c nightly<Space>backup<Enter>` is typed as a terminal sends it.

/// The presses of a script, each as the bytes that a terminal sends. Blanks between words are for reading;
/// `<Space>` is typed.
pub fn presses(script: &str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        if let Some(name) = rest.strip_prefix('<').and_then(|r| r.split_once('>')).map(|(name, _)| name) {
            out.push(named(name).to_vec());
            rest = &rest[name.len() + 2..];
            continue;
        }
        if c != ' ' {
            out.push(c.to_string().into_bytes());
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn named(name: &str) -> &'static [u8] {
    match name {
        "Space" => b" ",
        "Enter" => b"\r",
        "Tab" => b"\t",
        "BackTab" => b"\x1b[Z",
        "Esc" => b"\x1b",
        "Up" => b"\x1b[A",
        "Down" => b"\x1b[B",
        "Right" => b"\x1b[C",
        "Left" => b"\x1b[D",
        "Home" => b"\x1b[H",
        "End" => b"\x1b[F",
        "PageUp" => b"\x1b[5~",
        "PageDown" => b"\x1b[6~",
        "Backspace" => b"\x7f",
        "Ctrl-C" => b"\x03",
        "Ctrl-U" => b"\x15",
        "Ctrl-Z" => b"\x1a",
        "FocusLost" => b"\x1b[O",
        "FocusGained" => b"\x1b[I",
        "F11" => b"\x1b[23~",
        "F1" => b"\x1bOP",
        "F12" => b"\x1b[24~",
        name => panic!("no key is called {name}"),
    }
}
