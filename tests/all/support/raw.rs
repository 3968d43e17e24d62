//! A server that answers with any bytes, also such as no HTTP library would send.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

/// What was asked.
pub struct Asked {
    pub method: String,
    pub path: String,
    /// The lines of the headers, the names in small letters.
    pub head: Vec<String>,
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Serves on a port of this machine until the test's process ends. An empty answer is none: the connection closes.
pub fn serve(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let answer = std::sync::Arc::clone(&answer);
            std::thread::spawn(move || one(connection, &*answer));
        }
    });
    port
}

/// An answer with a status and a JSON body.
pub fn json(status: u16, body: &Value) -> Vec<u8> {
    raw(&format!("{status} Said"), &[("content-type", "application/json")], &body.to_string())
}

/// The answer to a sign-in.
pub fn signed_in(username: &str, role: &str) -> Vec<u8> {
    let until = "2999-01-01T00:00:00Z";
    json(200, &json!({ "session_token": "st_x", "expires_at": until, "username": username, "role": role }))
}

/// An answer with a status line, headers and a body as they are.
pub fn raw(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// One request, one answer. A client that goes away early is none of our business.
fn one(mut connection: TcpStream, answer: &(impl Fn(&Asked) -> Vec<u8> + ?Sized)) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let (mut length, mut head) = (0, Vec::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let line = line.trim_end();
        let line = line
            .split_once(':')
            .map_or(line.to_owned(), |(name, value)| format!("{}:{value}", name.to_ascii_lowercase()));
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    let asked = Asked { method: words.next()?, path: words.next()?, head, body };
    connection.write_all(&answer(&asked)).ok()
}
