//! Every terminal: kinds, sizes, characters, colours, and what comes in over them.

use std::time::Duration;

use rustix::process::Signal;
use rustix::termios::InputModes;
use tempfile::TempDir;

use super::life::started;
use crate::support::program::binary;
use crate::support::terminal::{Terminal, command, contains, count, latchkey};

/// Creates a key with this label, shows its secret, closes, looks at the help, and quits.
fn visit(mut terminal: Terminal, label: &str, stays: bool) -> Terminal {
    terminal.sees("No access keys yet");
    if stays {
        terminal.create_and_show_all_the_same(label)
    } else {
        terminal.create_and_show(label)
    };
    terminal.close();
    terminal.press("?");
    terminal.sees("Help");
    terminal.press("<Esc>");
    terminal.loses("Help");
    terminal.press("q");
    let (status, terminal) = terminal.ends();
    assert!(status.success());
    terminal
}

/// No byte beyond ASCII where the locale or the terminal has nothing else.
#[test]
fn ascii_where_utf_8_is_not() {
    for variables in [&[("LC_ALL", "C")][..], &[("LANG", "")], &[("TERM", "linux")], &[("TERM", "vt100")]] {
        let home = TempDir::new().unwrap();
        let mut command = latchkey(home.path());
        for (name, value) in variables {
            command = command.env(name, value);
        }
        let terminal = visit(Terminal::start(command), "Zürich", variables[0].0 == "TERM");
        assert!(terminal.bytes.is_ascii(), "{variables:?}");
        let text = String::from_utf8_lossy(&terminal.bytes);
        assert!(text.contains("+ ") && text.contains("Z\\u{fc}rich") && text.contains("* acti"), "{text}");
    }
    // The first variable that is set says it.
    let home = TempDir::new().unwrap();
    let command = latchkey(home.path()).env("LC_CTYPE", "de_DE.utf8").env("LANG", "C").env("LC_ALL", "");
    let terminal = visit(Terminal::start(command), "Zürich", false);
    assert!(contains(&terminal.bytes, "Zürich".as_bytes()));
}

/// As many colours as the terminal has, each by its shortest code; none on a terminal without or against the user's wish.
#[test]
fn colours_only_where_they_are_wanted() {
    let kinds = |bytes: &[u8]| -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let has = |code: &str| {
            let codes = text.split("\x1b[").filter_map(|rest| Some(rest.split_once('m')?.0));
            codes.into_iter().any(|codes| codes.trim_start_matches("0;") == code)
        };
        let kinds = [("31", "16"), ("38;5;196", "256"), ("38;2;230;0;0", "24 bits")];
        kinds.iter().filter(|(code, _)| has(code)).map(|(_, kind)| *kind).collect::<Vec<_>>().join(" ")
    };
    for (variable, value, colours) in [
        ("TERM", "xterm", "16"),
        ("NO_COLOR", "", "256"),
        ("COLORTERM", "truecolor", "24 bits"),
        ("NO_COLOR", "1", ""),
        ("TERM", "vt100", ""),
        ("TERM", "vt220", ""),
        ("TERM", "xterm-mono", ""),
    ] {
        let home = TempDir::new().unwrap();
        let mut terminal = Terminal::start(latchkey(home.path()).env(variable, value));
        terminal.sees("No access keys yet");
        terminal.press("<Ctrl-Z>"); // the answer is in the colour of errors
        terminal.sees("Can't suspend");
        terminal.press("q");
        let (_, terminal) = terminal.ends();
        assert_eq!(kinds(&terminal.bytes), colours, "{variable}={value}");
    }
}

/// By a setting, and by a press.
#[test]
fn a_theme_is_chosen_by_a_setting_and_by_a_press() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "theme = \"dark\"\n").unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).arg("--config").arg(&config));
    terminal.sees("No access keys yet");
    terminal.gets(b"38;5;117"); // the accent on dark
    terminal.press("T");
    terminal.sees("Theme: light.");
    terminal.gets(b"38;5;25");
    terminal.press("TT");
    terminal.sees("Theme: mono.");
    terminal.press("q");
    assert!(terminal.ends().0.success());
    std::fs::write(&config, "theme = \"mono\"\n").unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).arg("--config").arg(&config));
    terminal.sees("No access keys yet");
    terminal.press("q");
    assert!(!String::from_utf8_lossy(&terminal.ends().1.bytes).contains("38;5;"));
}

/// Columns that are chosen on the page are in the settings then, with all that was there. The mouse is the terminal's again
/// at the end, even by a panic.
#[test]
fn columns_are_kept_and_the_mouse_is_given_back() {
    let home = TempDir::new().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "# mine\nmouse = true # at home\n\n[profiles.lab]\nsocket = \"x\"\n").unwrap();
    let mut terminal = Terminal::start(latchkey(home.path()).arg("--config").arg(&config));
    terminal.sees("No access keys yet");
    terminal.gets(b"\x1b[?1000h\x1b[?1006h");
    terminal.press("C<Down>K<Enter>");
    terminal.sees("Columns changed. Settings saved.");
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(written.starts_with("# mine\nmouse = true # at home\ncolumns = [\"label\", \"id\", "), "{written}");
    assert!(written.ends_with("\"note\"]\n\n[profiles.lab]\nsocket = \"x\"\n"), "{written}");
    // So is a filter that is saved as a view.
    terminal.press("vs");
    terminal.sees("The list shows all keys");
    terminal.sees("Views");
    terminal.press("<Esc>");
    terminal.loses("Views");
    terminal.press("fvsmine<Enter>");
    terminal.sees("There is another view with this name");
    terminal.press("<Space>too<Enter>");
    terminal.sees("View “mine too” added. Settings saved.");
    let with_view = std::fs::read_to_string(&config).unwrap();
    assert_eq!(with_view, format!("{written}\n[views]\n\"mine too\" = \"status:active\"\n"));
    terminal.press("v");
    terminal.sees("Views");
    terminal.sees("mine too  status:active");
    terminal.press("<End>d");
    terminal.sees("Delete the view “mine too”? Press d again.");
    terminal.press("d");
    terminal.sees("View “mine too” deleted. Settings saved.");
    terminal.loses("mine too  status:active");
    assert!(!std::fs::read_to_string(&config).unwrap().contains("mine too"));
    terminal.press("<Esc>");
    terminal.loses("Views");
    terminal.press("<Ctrl-Z>"); // there is no shell to come back from
    terminal.sees("Can't suspend");
    terminal.press("<F12>");
    let (_, terminal) = terminal.ends();
    assert_eq!(terminal.screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert_eq!(count(&terminal.bytes, b"\x1b[?1000h"), 1);
}

/// No size breaks it; one that the terminal does not say is taken from elsewhere, or guessed aloud.
#[test]
fn sizes() {
    for (rows, columns, sees) in [
        (1, 1, "T"),
        (2, 2, "Te"),
        (3, 3, "Ter"),
        (1, 5, "Termi"),
        (9, 40, "needs 40×10"),
        (10, 39, "needs 40×10"),
        (10, 40, "No access keys yet"),
        (120, 400, "No access keys yet"),
        (0, 0, "The terminal doesn't report its size: set it with stty rows"),
    ] {
        let home = TempDir::new().unwrap();
        let mut terminal = Terminal::start_at(latchkey(home.path()), rows, columns);
        terminal.sees(sees);
        terminal.press("q");
        assert!(terminal.ends().0.success(), "{rows}x{columns}");
    }
    let home = TempDir::new().unwrap();
    let command = latchkey(home.path()).env("LINES", "9").env("COLUMNS", "80");
    let mut terminal = Terminal::start_at(command, 0, 0);
    terminal.sees("80×9, needs");
    assert!(!terminal.text().contains("stty"));
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

/// It asks the terminal for one width and the background, needs no answer, takes no mouse, and writes nothing while idle.
#[test]
fn it_is_silent() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    assert!(terminal.is_silent_for(Duration::from_secs(3)), "{}", terminal.text());
    terminal.create_and_show("");
    terminal.close();
    terminal.press("?");
    terminal.sees("Help");
    terminal.sees("choose");
    assert!(terminal.is_silent_for(Duration::from_secs(2)), "{}", terminal.text());
    terminal.press("<Esc>");
    terminal.loses("Help");
    terminal.press("q");
    let (_, terminal) = terminal.ends();
    let text = String::from_utf8(terminal.bytes.clone()).unwrap();
    for mouse in ["?9", "?1000", "?1001", "?1002", "?1003", "?1005", "?1006", "?1015", "?1016"] {
        assert!(text.contains(&format!("{mouse}l")) && !text.contains(&format!("{mouse}h")), "{mouse}");
    }
    // They switch extended keyboards off, and are no questions.
    let text = text.replace("\x1b[>4m", "").replace("\x1b[>0u", "");
    // The width of one character is asked for, once; the title is said.
    assert_eq!(text.matches("\x1b[H●\x1b[6n").count(), 1);
    let titles: Vec<&str> = text.split("\x1b]2;").skip(1).filter_map(|rest| Some(rest.split_once('\x07')?.0)).collect();
    assert!(titles.iter().all(|title| title.starts_with("latchkey") && title.len() < 160), "{titles:?}");
    // So is the background.
    assert_eq!(text.matches("\x1b]11;?\x07").count(), 1);
    let text = text.replace("●\x1b[6n", "").replace("\x1b]2;latchkey", "").replace("\x1b]11;?\x07", "");
    // DA1 to DA3, CPR and DSR, DECRQM, kitty's keyboard, XTVERSION; colours, clipboard; XTGETTCAP and DECRQSS; ENQ.
    for query in ["[c", "[0c", "[>", "[=", "[6n", "[5n", "[?6n", "$p", "[?u", "\x1b]", "\x1bP", "\x05"] {
        assert!(!text.contains(query), "{query:?} in {text:?}");
    }
}

/// A link that takes nothing more does not keep the program from ending.
#[test]
fn a_stalled_link_does_not_hold_it() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let secret = terminal.create_and_show("");
    terminal.stall();
    // Each press of this redraws: far more than the line holds.
    for _ in 0..400 {
        terminal.send(b"ss\t");
    }
    terminal.signal(Signal::TERM);
    let status = terminal.waits_for_end();
    assert_eq!(status.code(), Some(128 + 15), "{status}");
    terminal.go_on();
    assert!(!terminal.text().contains(&secret), "{}", terminal.text());
}

/// A paste is text for a field or nothing, also when it holds the code that ends a paste.
#[test]
fn a_paste_presses_nothing() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    for paste in [&b"\x1b[200~d\ny\nq\x1b[201~"[..], b"\x1b[200~x\x1b[201~q\x03\r\x1b[201~"] {
        terminal.send(paste);
    }
    terminal.press("c");
    terminal.sees("Create access key");
    terminal.send(b"\x1b[200~nightly\x1b[31m\x07\nbackup\x1b[201~");
    terminal.sees("nightly[31m backup");
    terminal.press("<Esc>");
    terminal.loses("Create access key");
    terminal.sees("No access keys yet");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

/// On a link that stalls, what comes late is still a part of the paste. A paste that never ends lets Ctrl-C through.
#[test]
fn a_paste_cut_by_a_stall_presses_nothing() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let stalls = |terminal: &mut Terminal, said: &[u8]| {
        terminal.press("s"); // its seconds are the clock
        terminal.sees("hidden in 30 s");
        terminal.send(said);
        terminal.sees("hidden in 28 s");
    };
    let secret = terminal.create_and_show("");
    terminal.press("s");
    terminal.loses(&secret);
    stalls(&mut terminal, b"\x1b[200~notes: a, b");
    terminal.send(b"c backup list\ns\x03\x1b[201~");
    terminal.sees("hidden in 27 s");
    assert!(
        count(&terminal.bytes, b"]52;") == 0 && !terminal.text().contains("Close and lose it"),
        "{}",
        terminal.text()
    );
    terminal.press("s");
    terminal.loses(&secret);
    stalls(&mut terminal, b"\x1b[200~and no end");
    terminal.press("<Ctrl-C>"); // quits: the secret was seen
    assert!(terminal.ends().0.success());
}

#[test]
fn nothing_is_done_on_a_screen_that_is_too_small_to_show_it() {
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start_at(latchkey(home.path()), 8, 30);
    terminal.sees("Enlarge it or press q.");
    terminal.press("cfoo<Enter>csd");
    terminal.paste("text");
    terminal.resize(24, 80);
    terminal.sees("No access keys yet");
    terminal.press("c<Enter><Enter>");
    terminal.sees("Access key created");
    terminal.resize(8, 60);
    terminal.sees("Enlarge it or press Ctrl-C.");
    terminal.press("q<Tab>sc<Ctrl-C>");
    terminal.sees("Enlarge it to answer.");
    assert_eq!(count(&terminal.bytes, b"]52;"), 0);
    terminal.press("<Tab><Enter>");
    terminal.resize(24, 80);
    terminal.sees("Close and lose it");
    terminal.press("<Tab><Enter>");
    assert!(terminal.ends().0.success());
}

/// A serial line or `screen -X stuff` sends a paste as presses.
#[test]
fn a_paste_without_brackets_neither_shows_nor_saves_a_secret() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    terminal.press("c");
    terminal.sees("Create access key");
    for byte in b"nightly\rscw\rx\rscw\rx\r" {
        terminal.send(&[*byte]);
    }
    terminal.sees("Access key created");
    terminal.press("s");
    terminal.sees("hidden in");
    let secret = terminal.word("sk_");
    assert_eq!(count(&terminal.bytes, secret.as_bytes()), 1, "it was shown before");
    assert_eq!(count(&terminal.bytes, b"]52;"), 0, "it was copied");
    let saved = std::fs::read_dir(home.path()).unwrap().flatten();
    let saved: Vec<_> = saved.filter(|entry| entry.path().extension().is_some_and(|end| end == "secret")).collect();
    assert!(saved.is_empty(), "{saved:?}");
    terminal.close();
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

/// Three resizes while a secret is shown: it hides, and the dialog stays.
#[test]
fn a_resize_hides_a_secret() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let secret = terminal.create_and_show("");
    let before = count(&terminal.bytes, secret.as_bytes());
    for (rows, columns) in [(20, 70), (9, 30), (24, 80)] {
        terminal.resize(rows, columns);
    }
    terminal.loses(&secret);
    terminal.sees("Show key");
    assert_eq!(count(&terminal.bytes, secret.as_bytes()), before, "it was drawn again");
    terminal.close();
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

#[test]
fn a_shown_secret_hides_by_itself() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    let secret = terminal.create_and_show("");
    let shown = std::time::Instant::now();
    terminal.loses(&secret);
    let after = shown.elapsed().as_secs();
    assert!((28..33).contains(&after), "{after} s");
    terminal.sees("Show key");
    assert!(terminal.is_silent_for(Duration::from_secs(2)), "it still counts");
}

/// A terminal as a crashed program left it is taken over, and nothing of that shows.
#[test]
fn modes_that_others_left_on_are_reset() {
    let home = TempDir::new().unwrap();
    let left =
        "\\033[2;20r\\033[?6h\\033[4h\\033[?1000h\\033[?1003h\\033[?1006h\\033[?1h\\033=\\033[>4;2m\\033[7m\\016";
    let script = format!("printf '{left}'; {}; printf 'end''ed'; read _", binary());
    let mut terminal = Terminal::start(command("sh", home.path()).args(["-c", &script]));
    terminal.sees("No access keys yet");
    let rows: Vec<String> = terminal.screen.screen().rows(0, 80).collect();
    assert!(rows[0].contains("API Keys") && rows[23].contains("quit"), "{rows:?}");
    assert_eq!(terminal.screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert!(!terminal.screen.screen().application_cursor() && !terminal.screen.screen().application_keypad());
    let entered = terminal.bytes.windows(8).position(|window| window == b"\x1b[?1049h").unwrap();
    for reset in ["\x1b[>4m", "\x1b[>0u", "\x1b[4l", "\x1b[?6l", "\x0f"] {
        assert!(contains(&terminal.bytes[entered..], reset.as_bytes()), "{reset:?}");
    }
    terminal.press("q");
    terminal.sees("ended");
    assert!(contains(&terminal.bytes, b"\x1b[<u"));
}

/// A serial line needs XON/XOFF, and whoever presses Ctrl-S there knows Ctrl-Q. Held up, the page still leaves the terminal
/// as it was.
#[test]
fn flow_control_stays_as_it_was() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    assert!(terminal.modes().input_modes.contains(InputModes::IXON));
    terminal.send(b"\x13?");
    assert!(terminal.is_silent_for(Duration::from_millis(300)));
    terminal.send(b"\x11");
    terminal.sees("Help");
    terminal.press("<Esc>");
    terminal.loses("Help");
    terminal.send(b"\x13");
    terminal.press("<Ctrl-C>");
    assert!(terminal.ends().0.success());
    // Where it is switched off, the two are no presses that mean something.
    let stty = format!("stty -ixon; exec {}", binary());
    let mut terminal = Terminal::start(command("sh", home.path()).args(["-c", &stty]));
    terminal.sees("No access keys yet");
    assert!(!terminal.modes().input_modes.contains(InputModes::IXON));
    terminal.send(b"\x13\x11");
    terminal.press("?");
    terminal.sees("Help");
    terminal.press("<Ctrl-C>");
    assert!(terminal.waits_for_end().success());
}

/// The note is taken back when the size has come.
#[test]
fn the_note_about_an_unknown_size_goes_with_it() {
    let home = TempDir::new().unwrap();
    let mut terminal = Terminal::start_at(latchkey(home.path()), 0, 0);
    terminal.sees("The terminal doesn't report its size");
    terminal.resize(24, 80);
    terminal.loses("The terminal doesn't report its size");
    terminal.sees("No access keys yet");
    terminal.press("q");
    assert!(terminal.ends().0.success());
}

/// The window says whose keys these are, and gets its own title back: from the terminal's stack.
#[test]
fn the_window_has_a_title_while_the_page_runs() {
    let home = TempDir::new().unwrap();
    let mut terminal = started(home.path());
    terminal.gets(b"\x1b]2;latchkey: local \xc2\xb7 ");
    terminal.press("<Ctrl-C>");
    let (_, terminal) = terminal.ends();
    let at = |code: &[u8]| terminal.bytes.windows(code.len()).position(|window| window == code);
    assert!(at(b"\x1b[22;2t").unwrap() < at(b"\x1b]2;").unwrap());
    assert!(at(b"~/.local/share/latchkey\x07").unwrap() < at(b"\x1b[23;2t").unwrap());
    // Without titles, or without a stack of them.
    for term in ["vt220", "st-256color", "rxvt-unicode-256color"] {
        let mut poor = Terminal::start(latchkey(home.path()).env("TERM", term));
        poor.sees("No access keys yet");
        poor.press("<Ctrl-C>");
        assert!(!contains(&poor.ends().1.bytes, b"\x1b]"), "{term}"); // no question either
    }
}
