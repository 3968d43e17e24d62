//! A server made by hand, for what the real one does not do: one answer after another, as a test wants it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use super::stage::Home;

/// Serves on a port of its own; a home whose profile it is. `answer` takes the first line of a call, and gives a status
/// and a body.
pub fn serve(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> Home {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(|stream| one_call(&stream.unwrap(), &answer)));
    let home = Home::new();
    home.settings(&format!(
        "default_profile = \"far\"\n[profiles.far]\nbase_url = \"http://127.0.0.1:{port}\"\nusername = \"jo\"\n",
    ));
    home
}

/// What every server says to who signs in and out.
pub fn session(call: &str) -> Option<(&'static str, String)> {
    let whose =
        r#"{"session_token":"st_x","expires_at":"2999-01-01T00:00:00Z","username":"jo","role":"administrator"}"#;
    match call {
        _ if !call.contains("/auth/session") => None,
        _ if call.starts_with("POST") => Some(("200 OK", whose.to_owned())),
        _ => Some(("204 No Content", String::new())),
    }
}

fn one_call(mut stream: &TcpStream, answer: &impl Fn(&str) -> (&'static str, String)) {
    let (mut lines, mut first, mut length) = (BufReader::new(stream), String::new(), 0);
    lines.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    lines.read_exact(&mut vec![0; length]).unwrap();
    let (status, body) = session(&first).unwrap_or_else(|| answer(&first));
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{length}connection: close\r\n\r\n");
    let _ = stream.write_all((head + &body).as_bytes());
}
