//! Whatever a server does with a secret, and whatever breaks, it is in no file, no message and on no screen.

use serde_json::json;
use tempfile::TempDir;

use crate::support::files;
use crate::support::raw;
use crate::support::terminal::{Terminal, contains, latchkey};

const SECRET: &str = "sk_live0ACCEPT0123456789abcdef";

/// A server that sends the secret in a wrong way.
fn careless(way: usize) -> u16 {
    raw::serve(move |asked| match (asked.method.as_str(), asked.path.trim_start_matches("/api/v2")) {
        ("POST", "/auth/session") => raw::signed_in("jo", "administrator"),
        ("GET", _) => raw::json(200, &json!({ "keys": [], "total": 0 })),
        ("POST", "/keys") => match way {
            0 => raw::json(201, &json!({ "key": {}, "secret_access_key": SECRET })),
            1 => raw::json(201, &json!({ "key": SECRET, "secret_access_key": { "x": SECRET } })),
            2 => raw::json(500, &json!({ "message": format!("could not store {SECRET}."), "code": 0 })),
            3 => raw::raw("500 Failed", &[("content-type", "text/html")], &format!("<html><title>{SECRET}</title>")),
            _ => raw::raw("500 Failed", &[], SECRET),
        },
        _ => raw::raw("204 No Content", &[], ""),
    })
}

#[test]
fn nothing_repeats_it() {
    for way in 0..5 {
        let home = TempDir::new().unwrap();
        let url = format!("http://127.0.0.1:{}", careless(way));
        let command = latchkey(home.path()).args(["--url", &url]);
        let mut page = Terminal::start(command.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace"));
        page.sees("Sign in to");
        page.press("jo<Tab>any<Space>password<Enter>");
        page.sees("No access keys yet");
        page.press("cx<Enter>");
        page.sees(["Can't read", "Can't read", "failed (500)", "is a web page", "failed (500)"][way]);
        page.press("<F12>"); // panics, in a debug build
        if !cfg!(debug_assertions) || std::env::var_os("LATCHKEY_UNDER_TEST").is_some() {
            page.press("<Ctrl-C>");
        }
        let (_, page) = page.ends();
        assert!(!contains(&page.bytes, &SECRET.as_bytes()[3..]), "{way}: on the screen");
        files::lack(home.path(), &SECRET[3..]);
    }
}
