//! Answers that are web pages: a proxy, a captive portal or a sign-in page speaks in the API's place.

use reqwest::header::{CONTENT_TYPE, HeaderMap};

use crate::domain::Untrusted;
use crate::domain::redact;

/// The title of a web page, empty if none. `None` if the answer is no web page.
pub(crate) fn title(headers: &HeaderMap, body: &[u8]) -> Option<Untrusted> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let text = String::from_utf8_lossy(body);
    let start: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(14).collect();
    let start = start.to_ascii_lowercase();
    let is_page = kind.starts_with("text/html")
        || kind.starts_with("application/xhtml")
        || start.starts_with("<!doctype html")
        || start.starts_with("<html");
    is_page.then(|| Untrusted::new(&redact(&inner_title(&text))))
}

fn inner_title(text: &str) -> String {
    let lower = text.to_ascii_lowercase(); // as long as `text`, byte for byte
    let inner = || {
        let open = lower.find("<title")?;
        let start = open + lower[open..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(text[start..end].split_whitespace().collect::<Vec<_>>().join(" "))
    };
    inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn shown(kind: Option<&'static str>, body: &str) -> Option<String> {
        let headers = kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))).into_iter().collect();
        title(&headers, body.as_bytes()).map(|title| title.to_display(60))
    }

    #[test]
    fn a_page_is_known_by_its_kind_or_its_looks() {
        let page = "<!DOCTYPE html><html><head><TITLE lang=en>\n Sign in \u{1b}[2J\n</TITLE>";
        assert_eq!(shown(Some("text/html; charset=utf-8"), page).unwrap(), "Sign in ^[[2J");
        assert_eq!(shown(None, page).unwrap(), "Sign in ^[[2J");
        assert_eq!(shown(Some("application/json"), "  \n<html><title>x").unwrap(), "");
        assert_eq!(shown(Some("text/html"), "").unwrap(), "");
        assert_eq!(shown(Some("text/html"), "<title>İ</title>").unwrap(), "İ");
    }

    #[test]
    fn json_and_plain_text_are_none() {
        assert_eq!(shown(Some("application/json"), r#"{"message": "<html>"}"#), None);
        assert_eq!(shown(None, "no such host"), None);
    }
}
