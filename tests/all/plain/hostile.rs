//! Text of a hostile server: it is shown, and does nothing. That no control byte comes is held by every conversation.

use serde_json::json;

use super::by_hand::serve;
use super::talk::{COMMAND, HEARD, Talk, latchkey};
use crate::support::raw;

/// Escape sequences, C1, a forged line, bidi, tags, endless marks.
fn evil(field: &str) -> String {
    format!(
        "{field}\u{1b}]52;c;UFdO\u{7}\u{9d}0;t\u{9c}\r\nProfile: forged\u{202e}\u{e0041}a{}",
        "\u{301}".repeat(2000)
    )
}

#[test]
fn whatever_a_server_says_is_one_line_of_visible_text() {
    let home = serve(|asked| {
        let key = json!({
            "id": evil("id").chars().take(100).collect::<String>(), "label": evil("label"), "status": "active",
            "created_at": "2026-01-01T00:00:00Z", "created_by": evil("by"), "expires_at": null,
            "last_used_at": "2026-01-01T00:00:00Z", "last_used_from": evil("from"), "owner": evil("owner"), "note": evil("note"),
        });
        let event = json!({
            "at": "2026-01-01T00:00:00Z", "kind": evil("kind"), "by": evil("by"), "from": evil("from"),
            "detail": evil("detail"),
        });
        match asked.method.as_str() {
            "POST" => raw::json(201, &json!({ "key": key, "secret_access_key": "sk_\u{1b}]52;c;UFdO\u{7}" })),
            "PATCH" => raw::json(500, &json!({ "message": evil("message") })),
            _ if asked.path.contains("/events") => raw::json(200, &json!({ "events": [event], "next_cursor": null })),
            _ if asked.path.contains("/keys/") => raw::json(200, &json!({ "key": key })),
            _ => raw::json(200, &json!({ "keys": [key], "next_cursor": null, "total": 1 })),
        }
    });
    for locale in ["C.UTF-8", "C"] {
        let mut talk = Talk::start(latchkey(&home).env("LC_ALL", locale));
        talk.answers(&[(COMMAND, "list"), ("Password", "x"), ("1. label^[]52;c;", HEARD), (COMMAND, "show 1")]);
        talk.answers(&[("Label: label^[]", HEARD), ("Event: ", HEARD), ("kind^[]52", HEARD), (COMMAND, "a 1")]);
        talk.answers(&[("Deactivate it?", "y"), ("message^[]52;c;UFdO^G", HEARD), (COMMAND, "create")]);
        talk.writes("");
        talk.answers(&[("for never): ", ""), ("Secret access key (1", "3"), ("Show it?", "y")]);
        talk.answers(&[("It has characters that this terminal cannot show", "2"), ("Command (Enter", "cat >secret")]);
        talk.answers(&[("finished successfully", "6"), ("is ready to use", HEARD)]);
        let said = talk.quits();
        assert!(said.contains("\\u{202e}") && said.matches("\r\nProfile: ").count() == 1, "{said}");
        assert!(
            !said.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)) && !said.contains("\u{301}\u{301}\u{301}\u{301}")
        );
        assert!(locale == "C.UTF-8" || said.is_ascii());
        assert_eq!(
            std::fs::read(home.path("secret")).unwrap(),
            b"sk_\x1b]52;c;UFdO\x07\n",
            "as it is, where it belongs"
        );
    }
}
