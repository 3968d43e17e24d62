//! Into the page, by a real terminal.

use tempfile::TempDir;

use super::server::{How, ROWS, start};
use crate::support::hostile::texts;
use crate::support::terminal::{Terminal, latchkey};
use crate::support::written::strange;

fn open(home: &TempDir, port: u16) -> Terminal {
    let mut page = Terminal::start(latchkey(home.path()).args(["--url", &format!("http://127.0.0.1:{port}")]));
    page.resize(30, 140);
    page.sees("Sign in to");
    page.press("jo<Tab>any<Space>password<Enter>");
    page.sees("Signed in as");
    page.sees("6 keys");
    page.press("jk"); // towards the end of the first page: the second comes, by the cursor that the server gave
    let rows = |page: &Terminal| {
        page.text().lines().filter(|line| line.contains("1 d ago") && line.contains("● active")).count()
    };
    page.waits_for("both pages", |page| rows(page) == ROWS);
    page
}

/// Nothing that is no visible text and no code of ours; no more than three marks on one base.
#[track_caller]
fn harmless(name: &str, bytes: &[u8]) {
    let found = strange(bytes);
    assert!(found.is_empty(), "{name}: {found:?}");
    let marks = "\u{301}".repeat(4);
    assert!(!crate::support::terminal::contains(bytes, marks.as_bytes()), "{name}: endless marks");
}

#[test]
fn every_dialog_shows_it_escaped() {
    for (name, text) in texts() {
        let home = TempDir::new().unwrap();
        let mut page = open(&home, start(&text, How::Done));
        page.press("<Enter>"); // the details
        page.sees("Details");
        page.press("e");
        page.sees("Edit access key");
        page.press("<Home><End><Esc>");
        page.loses("Edit access key");
        page.press("a");
        page.sees("Deactivate access key");
        page.press("<Tab><Enter>");
        page.loses("Deactivate access key");
        page.press("t");
        page.sees("Secret access key");
        page.press("<Esc>");
        page.loses("Secret access key");
        page.press("cx<Enter>");
        page.sees("Access key created");
        page.press("s");
        page.sees("sk_hostile-server");
        page.press("t");
        page.sees("[Test again]");
        page.press("<Esc>");
        page.sees("[Test key]");
        page.close();
        page.press("/x<Enter>");
        page.sees("keys match");
        page.press("y");
        page.sees("sent to the clipboard");
        // The confirmation is by the ID's end, whatever the label looks like.
        page.press("d");
        page.sees("Delete access key");
        page.press("0000<Enter>");
        page.sees("are now refused");
        page.press("q");
        let (status, page) = page.ends();
        assert!(status.success());
        harmless(name, &page.bytes);
    }
}

#[test]
fn every_error_shows_it_escaped() {
    for (name, text) in texts() {
        for how in [How::Refused, How::Page] {
            let home = TempDir::new().unwrap();
            let mut page = open(&home, start(&text, how));
            let words = if how == How::Page { "is a web page" } else { "failed (500)" };
            page.press("cx<Enter>");
            page.sees(words);
            page.press("<Esc>");
            page.loses(words);
            page.press("a<Tab><Enter>");
            page.sees(words);
            page.press("<Esc>");
            page.loses(words);
            page.press("d");
            page.press("0000<Enter>");
            page.sees(words);
            page.press("<Ctrl-C>");
            let (_, page) = page.ends();
            harmless(name, &page.bytes);
        }
    }
}

#[test]
fn what_is_not_shown_as_it_came_is_marked() {
    let home = TempDir::new().unwrap();
    let mut page = open(&home, start("pay\u{202e}lor", How::Done));
    page.sees("! pay\\u{202e}lor0000");
    page.sees("! pay\\u{202e}lor ");
    let mixed = TempDir::new().unwrap();
    let mut page = open(&mixed, start("p\u{430}ypal", How::Done));
    page.sees("! p\u{430}ypal ");
    page.press("d");
    page.sees("Mixed scripts: some letters");
    let same = TempDir::new().unwrap();
    let page = open(&same, start("pay\\u{202e}lor", How::Done));
    assert!(page.text().contains("pay\\u{202e}lor0000") && !page.text().contains("! pay"), "{}", page.text());
}
