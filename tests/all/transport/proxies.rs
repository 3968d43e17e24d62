//! Proxies of the test's own, on this machine.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use latchkey::client::{ConnectionSettings, Proxy, ProxyUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{ask, to, why_not};
use crate::support::authority::{ALWAYS, Authority};
use crate::support::mock::{Mock, always, serve_plain};

/// A name that only a proxy can know.
const HOST: &str = "keys.example";

/// A server for [`HOST`], whose connection goes through `proxy`.
fn through(authority: &Authority, proxy: &str) -> (ConnectionSettings, u16) {
    let port = authority.serve(Mock::default().router(), &[HOST], ALWAYS, None);
    let proxy = Proxy::Via(ProxyUrl::parse(proxy).unwrap());
    let connection =
        ConnectionSettings { ca_file: Some(authority.file()), proxy, ..to(&format!("https://{HOST}:{port}")) };
    (connection, port)
}

/// An HTTP proxy that leads every CONNECT to this machine, and tells what it was asked. It may want a password.
async fn http_proxy(wants: Option<&'static str>) -> (u16, UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connect(stream, wants, tell.clone()));
        }
    });
    (port, told)
}

async fn connect(mut stream: TcpStream, wants: Option<&'static str>, tell: UnboundedSender<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    tell.send(head.lines().next().unwrap().to_owned()).unwrap();
    if wants.is_some_and(|line| !head.to_lowercase().contains(&line.to_lowercase())) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).await.unwrap();
    }
    let port: u16 = head.split([':', ' ']).nth(2).unwrap().parse().unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

/// A SOCKS5 proxy (RFC 1928) for names that leads every one to this machine, and tells what it was asked.
async fn socks_proxy() -> (u16, UnboundedReceiver<String>) {
    let (tell, told) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let methods = {
                stream.read_u8().await.unwrap();
                stream.read_u8().await.unwrap()
            };
            stream.read_exact(&mut vec![0; methods.into()]).await.unwrap();
            stream.write_all(&[5, 0]).await.unwrap();
            let mut request = [0; 5];
            stream.read_exact(&mut request).await.unwrap();
            assert_eq!(request[..4], [5, 1, 0, 3], "a CONNECT to a name");
            let mut name = vec![0; request[4].into()];
            stream.read_exact(&mut name).await.unwrap();
            let port = stream.read_u16().await.unwrap();
            tell.send(format!("{}:{port}", String::from_utf8(name).unwrap())).unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut stream, &mut server).await });
        }
    });
    (port, told)
}

#[tokio::test]
async fn an_http_proxy_leads_to_the_server_and_its_name_is_still_checked() {
    let (proxy, mut told) = http_proxy(None).await;
    let authority = Authority::new("ours");
    let (connection, port) = through(&authority, &format!("http://127.0.0.1:{proxy}"));
    assert_eq!(ask(&connection).await.unwrap(), 0);
    assert_eq!(told.recv().await.unwrap(), format!("CONNECT {HOST}:{port} HTTP/1.1"));
    let other = ConnectionSettings { ca_file: Some(authority.file()), ..to(&format!("https://other.example:{port}")) };
    let why = why_not(&ConnectionSettings { proxy: connection.proxy, ..other }).await;
    assert!(why.contains("for another name (keys.example)"), "{why}");
}

#[tokio::test]
async fn a_socks_proxy_looks_the_name_up() {
    let (proxy, mut told) = socks_proxy().await;
    let authority = Authority::new("ours");
    let (connection, port) = through(&authority, &format!("socks5h://127.0.0.1:{proxy}"));
    assert_eq!(ask(&connection).await.unwrap(), 0);
    assert_eq!(told.recv().await.unwrap(), format!("{HOST}:{port}"));
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_gets_it_or_is_named() {
    let (proxy, _told) = http_proxy(Some("proxy-authorization: basic am86aHVudGVyMg==")).await; // jo:hunter2
    let authority = Authority::new("ours");
    assert_eq!(ask(&through(&authority, &format!("http://jo:hunter2@127.0.0.1:{proxy}")).0).await.unwrap(), 0);
    for wrong in ["", "jo:letmein@"] {
        let why = why_not(&through(&authority, &format!("http://{wrong}127.0.0.1:{proxy}")).0).await;
        assert!(why.starts_with("The proxy requires a user name and password"), "{why}");
        assert!(!why.contains("letmein"), "{why}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_to_blame() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let authority = Authority::new("ours");
    for scheme in ["http", "socks5h"] {
        let (connection, _) = through(&authority, &format!("{scheme}://jo:hunter2@127.0.0.1:{free}"));
        let error = ask(&connection).await.unwrap_err();
        let why = error.to_string();
        assert!(why.starts_with("The proxy can't connect to the server"), "{scheme}: {why}");
        assert!(error.is_passing());
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_of_another_kind_is_named() {
    let http = serve_plain(Mock::default().router()).await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap(); // takes connections and says nothing
    let authority = Authority::new("ours");
    for (port, what) in [(http, ""), (silent.local_addr().unwrap().port(), "connection timed out")] {
        let (connection, _) = through(&authority, &format!("socks5h://jo:hunter2@127.0.0.1:{port}"));
        let connect_timeout = std::time::Duration::from_millis(200);
        let why = why_not(&ConnectionSettings { connect_timeout, ..connection }).await;
        let words = format!("The proxy can't connect to the server (socks5h://127.0.0.1:{port}: {what}");
        assert!(why.starts_with(&words), "{why}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_to_blame() {
    let refusing = serve_plain(always(|| StatusCode::FORBIDDEN.into_response())).await;
    let authority = Authority::new("ours");
    let why = why_not(&through(&authority, &format!("http://127.0.0.1:{refusing}")).0).await;
    let words = format!("The proxy can't connect to the server (http://127.0.0.1:{refusing}: it refused to)");
    assert!(why.starts_with(&words), "{why}");
}

#[tokio::test]
async fn this_machine_is_reached_without_a_proxy() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let authority = Authority::new("ours");
    let port = authority.serve(Mock::default().router(), &["localhost"], ALWAYS, None);
    let proxy = Proxy::Via(ProxyUrl::parse(&format!("http://127.0.0.1:{free}")).unwrap());
    let connection =
        ConnectionSettings { ca_file: Some(authority.file()), proxy, ..to(&format!("https://localhost:{port}")) };
    assert_eq!(ask(&connection).await.unwrap(), 0);
}
