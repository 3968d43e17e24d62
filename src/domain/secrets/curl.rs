//! The exchange as text for `curl`, to be run elsewhere.

use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::{Content, HmacToken, KeyId};

/// Where the exchange goes.
#[derive(Clone, Copy, Debug)]
pub enum CurlEndpoint<'a> {
    /// A base URL, without a slash at its end.
    Url(&'a str),
    /// A server on a Unix socket.
    Socket(&'a Path),
}

/// The path of the exchange (HTTP contract, part A).
const PATH: &str = "/api/v2/auth/client_token";

/// A command for a POSIX shell. The secret is not in it; the HMAC token is, which is a credential, and the text says
/// so. curl reads it from its standard input, so that it is in no list of processes; the blank before `curl` keeps
/// it out of the history of shells that are told so (`HISTCONTROL=ignorespace`).
pub fn curl_text(endpoint: CurlEndpoint<'_>, id: &KeyId, token: &HmacToken, content: &Content) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(1024));
    // No header can hold a control character; an ID that has some is no ID of any server.
    let id: String = id.raw_for_api().chars().filter(|c| !c.is_control()).collect();
    text.push_str(" curl --config - <<'EOF'\n# A credential: with this text, anyone gets access tokens until key ");
    text.push_str(&id);
    text.push_str(" is deleted.\n");
    match endpoint {
        CurlEndpoint::Url(base) => option(&mut text, "url", &format!("{}{PATH}", base.trim_end_matches('/'))),
        CurlEndpoint::Socket(path) => {
            option(&mut text, "unix-socket", &path.to_string_lossy());
            option(&mut text, "url", &format!("http://localhost{PATH}"));
        }
    }
    option(&mut text, "header", &format!("x-key: {id}"));
    let hash = Zeroizing::new(format!("x-hash: {}", token.expose()));
    option(&mut text, "header", &hash);
    option(&mut text, "header", "content-type: application/json");
    let body = serde_json::json!({ "scope": "docs_api", "content": content.as_str() });
    option(&mut text, "data", &body.to_string());
    text.push_str("EOF\n");
    text
}

/// One line of a curl config file. Between quotes `\\`, `\"`, `\t`, `\n`, `\r` and `\v` are escapes (curl(1),
/// `--config`); other control characters mean nothing in a header or a JSON text and are left out.
fn option(text: &mut Zeroizing<String>, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(" = \"");
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text.push_str("\"\n");
}

#[cfg(test)]
mod tests {
    use crate::domain::hmac_token;
    use crate::domain::secrets::curl::*;

    #[test]
    fn says_what_it_is_and_has_no_secret() {
        let secret = "2".repeat(32);
        let content = Content::parse("two \"words\"\n\\").unwrap();
        let id = KeyId::parse(&"1".repeat(32)).unwrap();
        let token = hmac_token(secret.as_bytes(), content.as_str().as_bytes());
        let text = curl_text(CurlEndpoint::Url("https://instance.passportalmsp.com/"), &id, &token, &content);
        assert!(text.contains("# A credential") && text.contains(token.expose()) && !text.contains(&secret));
        assert!(text.contains("url = \"https://instance.passportalmsp.com/api/v2/auth/client_token\"\n"));
        assert!(
            text.contains(r#"data = "{\"content\":\"two \\\"words\\\"\\n\\\\\",\"scope\":\"docs_api\"}""#),
            "{}",
            *text
        );
        assert_eq!(text.lines().filter(|line| *line == "EOF").count(), 1);
        let text = curl_text(CurlEndpoint::Socket(Path::new("/a b/api.sock")), &id, &token, &content);
        assert!(
            text.contains("unix-socket = \"/a b/api.sock\"\nurl = \"http://localhost/api/v2/auth/client_token\"\n")
        );
    }
}
