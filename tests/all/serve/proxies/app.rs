//! The application behind a proxy: it says what reached it, and echoes on a WebSocket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// Serves on a port of this machine until the test's process ends.
pub fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(connection));
        }
    });
    port
}

/// A proxy that goes away early is none of our business.
fn answer(mut connection: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    // As an application sees them that gets headers as variables.
    let header = |name: &str| {
        let values = lines.iter().filter_map(|line| line.split_once(": "));
        let values = values.filter(|(there, _)| there.replace('_', "-").eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.to_owned()).collect();
        Some(values.join(",")).filter(|values| !values.is_empty())
    };
    if header("upgrade").is_some() {
        // The answer to the key of RFC 6455, section 1.3, which HAProxy checks.
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        connection.write_all(head.as_bytes()).ok()?;
        std::io::copy(&mut reader, &mut connection).ok()?;
        return Some(());
    }
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
    let mut words = lines[0].split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let or_none = |name| header(name).unwrap_or_default();
    let key = or_none("x-access-key-id");
    let token = ["x-access-token", "x-api-token", "authorization"].map(or_none).concat();
    let body = format!("app {method} {path} key={key} token={token} bytes={length}");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    connection.write_all(format!("{head}{body}").as_bytes()).ok()
}
