//! A server that takes its time with a create, made by hand: what happens meanwhile.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::stage::{COMMAND, Home};

const SECRET: &str = "sk_of-a-server-that-takes-its-time";

/// Tells when a create has come, and answers it when told to.
struct Slow {
    port: u16,
    came: Receiver<()>,
    go_on: Sender<()>,
}

fn slow() -> Slow {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ((tell, came), (go_on, told)) = (channel(), channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&stream.unwrap(), &tell, &told);
        }
    });
    Slow { port, came, go_on }
}

/// One call a connection.
fn answer(mut stream: &TcpStream, tell: &Sender<()>, told: &Receiver<()>) {
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
    let (status, body) = match first.split(' ').next().unwrap() {
        "POST" if first.contains("/auth/session") => (
            "200 OK",
            r#"{"session_token":"st_x","expires_at":"2999-01-01T00:00:00Z","username":"jo","role":"administrator"}"#
                .into(),
        ),
        "POST" => {
            tell.send(()).unwrap();
            told.recv().unwrap();
            let key = r#"{"id":"PK1","label":"","status":"active","created_at":"2026-01-01T00:00:00Z","created_by":"jo",
                "expires_at":null,"last_used_at":null,"last_used_from":null}"#;
            ("201 Created", format!(r#"{{"success":true,"key":{key},"secret_access_key":"{SECRET}"}}"#))
        }
        _ => ("204 No Content", String::new()),
    };
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{length}connection: close\r\n\r\n");
    let _ = stream.write_all((head + &body).as_bytes());
}

#[test]
fn a_create_under_way_is_finished_and_its_secret_kept() {
    let (home, server) = (Home::new(), slow());
    home.settings(&format!(
        "default_profile = \"far\"\n[profiles.far]\nbase_url = \"http://127.0.0.1:{}\"\nusername = \"jo\"\n",
        server.port
    ));
    let mut talk = home.talk();
    talk.answers(&[
        (COMMAND, "create"),
        ("Password of jo at 127.0.0.1", "anything"),
        ("Label", ""),
        ("for never): ", ""),
    ]);
    server.came.recv().unwrap();
    talk.send(b"\x03");
    talk.says("A key is being made: waiting for the server's answer, to keep its secret.");
    server.go_on.send(()).unwrap();
    let (status, text) = talk.ends();
    assert_eq!(status.code(), Some(8), "{text}");
    assert!(text.contains("is kept in") && !text.contains("sk_") && !text.contains("anything"), "{text}");
    assert_eq!(std::fs::read_to_string(&home.kept()[0]).unwrap(), format!("{SECRET}\n"));
}
