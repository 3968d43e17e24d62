//! Good certificates open, and of bad ones it is said what is wrong with them.

use latchkey::client::ConnectionSettings;

use super::{ask, to, why_not};
use crate::support::authority::{ALWAYS, Authority};
use crate::support::mock::{Mock, serve_plain};

/// A connection to `localhost` that trusts this authority.
fn trusting(authority: &Authority, port: u16) -> ConnectionSettings {
    ConnectionSettings { ca_file: Some(authority.file()), ..to(&format!("https://localhost:{port}")) }
}

#[tokio::test]
async fn an_own_authority_opens_beside_the_systems_or_alone() {
    let authority = Authority::new("ours");
    let mock = Mock::default();
    let port = authority.serve(mock.router(), &["localhost"], ALWAYS, None);
    for ca_only in [false, true] {
        assert_eq!(ask(&ConnectionSettings { ca_only, ..trusting(&authority, port) }).await.unwrap(), 0);
    }
    assert_eq!(mock.calls(), ["keys by nobody", "keys by nobody"], "without a session none is sent");
}

#[tokio::test]
async fn an_unknown_authority_is_said() {
    let authority = Authority::new("theirs");
    let mock = Mock::default();
    let port = authority.serve(mock.router(), &["localhost"], ALWAYS, None);
    for connection in [to(&format!("https://localhost:{port}")), trusting(&Authority::new("ours"), port)] {
        let why = why_not(&connection).await;
        assert!(why.contains("doesn't trust the authority that signed") && why.contains("ca_file"), "{why}");
    }
    assert_eq!(mock.calls(), [""; 0], "nothing was sent");
}

#[tokio::test]
async fn a_wrong_name_is_said_with_the_right_one() {
    let authority = Authority::new("ours");
    let mock = Mock::default();
    let port = authority.serve(mock.router(), &["keys.example", "other.example"], ALWAYS, None);
    let why = why_not(&trusting(&authority, port)).await;
    assert!(why.contains("for another name (keys.example, other.example)"), "{why}");
    let by_number = ConnectionSettings { ca_file: Some(authority.file()), ..to(&format!("https://127.0.0.1:{port}")) };
    assert!(why_not(&by_number).await.contains("for another name"));
    assert_eq!(mock.calls(), [""; 0]);
}

#[tokio::test]
async fn a_forward_leads_elsewhere_and_the_name_stays_checked() {
    let authority = Authority::new("ours");
    let mock = Mock::default();
    let port = authority.serve(mock.router(), &["keys.example"], ALWAYS, None);
    let by = |base: &str| {
        let connect_to = Some(([127, 0, 0, 1], port).into());
        ConnectionSettings { ca_file: Some(authority.file()), connect_to, ..to(base) }
    };
    assert_eq!(ask(&by("https://keys.example")).await.unwrap(), 0);
    assert_eq!(ask(&by("https://keys.example:9443")).await.unwrap(), 0);
    let why = why_not(&by("https://other.example")).await;
    assert!(why.contains("for another name (keys.example)"), "{why}");
    assert_eq!(mock.calls().len(), 2);
    // Even where a proxy is named: it would look the name up, and go where it leads.
    let proxy = latchkey::client::Proxy::Via(latchkey::client::ProxyUrl::parse("http://127.0.0.1:9").unwrap());
    assert_eq!(ask(&ConnectionSettings { proxy, ..by("https://keys.example") }).await.unwrap(), 0);
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_said() {
    let authority = Authority::new("ours");
    for (years, words) in [((2001, 2002), "has expired"), ((3000, 3001), "is not valid yet")] {
        let port = authority.serve(Mock::default().router(), &["localhost"], years, None);
        let why = why_not(&trusting(&authority, port)).await;
        assert!(why.contains(words) && why.contains("clock"), "{why}");
    }
}

#[tokio::test]
async fn a_renewed_authority_of_the_same_name_is_told_from_an_unknown_one() {
    let (old, new) = (Authority::new("ours"), Authority::new("ours"));
    let port = new.serve(Mock::default().router(), &["localhost"], ALWAYS, None);
    let why = why_not(&trusting(&old, port)).await;
    assert!(why.contains("the authority of that name") && why.contains("ca_file") && why.contains("old one"), "{why}");
}

/// A server that ends every handshake with this alert (RFC 8446, section 6.2).
fn alerting(alert: u8) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = std::io::Write::write_all(&mut stream, &[21, 3, 3, 0, 2, 2, alert]);
        }
    });
    port
}

#[tokio::test]
async fn a_handshake_without_anything_in_common_is_not_blamed_on_a_client_certificate() {
    for (alert, words) in [
        (40, "no TLS version, cipher suite or curve in common"),
        (70, "no TLS version, cipher suite or curve in common"),
        (71, "no TLS version, cipher suite or curve in common"),
        (112, "no certificate for this name"),
        (80, "an error of its own"),
        (116, "requires a client certificate"),
        (46, "TLS alert CertificateUnknown"),
        (200, "TLS alert 200"),
    ] {
        let why = why_not(&to(&format!("https://localhost:{}", alerting(alert)))).await;
        assert!(why.contains(words), "{alert}: {why}");
        assert_eq!(why.contains("client certificate"), alert == 116, "{alert}: {why}");
        assert!(!why.contains("latchkey "), "the doctor would take it for a command: {why}");
    }
}

#[tokio::test]
async fn an_authority_in_a_servers_place_is_said() {
    let authority = Authority::new("ours");
    let port = authority.serve_itself(Mock::default().router());
    let why = why_not(&trusting(&authority, port)).await;
    assert!(why.contains("is a certificate authority's") && why.contains("CA:FALSE"), "{why}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_wanted() {
    let (authority, clients) = (Authority::new("ours"), Authority::new("clients"));
    let port = authority.serve(Mock::default().router(), &["localhost"], ALWAYS, Some(&clients));
    let (cert, key) = clients.sign(&["jo"], ALWAYS);
    let both = [&cert, &key].map(|file| std::fs::read_to_string(file).unwrap()).concat();
    let both = clients.write("both.pem", &both, 0o600);
    let trusted = trusting(&authority, port);
    let with = |cert: &std::path::Path, key: Option<&std::path::Path>| ConnectionSettings {
        client_cert: Some(cert.to_owned()),
        client_key: key.map(std::path::Path::to_owned),
        ..trusted.clone()
    };
    assert_eq!(ask(&with(&cert, Some(&key))).await.unwrap(), 0);
    assert_eq!(ask(&with(&both, None)).await.unwrap(), 0);

    let why = why_not(&trusted).await;
    assert!(why.contains("requires a client certificate") && why.contains("client_cert and client_key"), "{why}");
    let (cert, key) = authority.sign(&["jo"], ALWAYS);
    let why = why_not(&with(&cert, Some(&key))).await;
    assert!(why.contains("doesn't accept the client certificate that client_cert names"), "{why}");
}

#[tokio::test]
async fn what_speaks_no_tls_or_not_at_all_is_said() {
    let port = serve_plain(Mock::default().router()).await;
    let why = why_not(&to(&format!("https://localhost:{port}"))).await;
    assert!(why.contains("doesn't use TLS"), "{why}");

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let why = why_not(&to(&format!("https://127.0.0.1:{free}"))).await;
    assert_eq!(why, format!("Can't reach 127.0.0.1:{free}: connection refused."));

    let why = why_not(&to("https://no-such-host.invalid")).await;
    assert!(why.contains("Can't resolve the server's name"), "{why}");
}

#[tokio::test]
async fn patience_ends() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap(); // takes connections and says nothing
    let port = silent.local_addr().unwrap().port();
    let base = format!("https://127.0.0.1:{port}");
    let timeout = std::time::Duration::from_millis(50);
    let why = why_not(&ConnectionSettings { timeout, ..to(&base) }).await;
    assert_eq!(why, format!("Can't reach 127.0.0.1:{port}: no response in time."));
    let why = why_not(&ConnectionSettings { connect_timeout: timeout, ..to(&base) }).await;
    assert_eq!(why, format!("Can't reach 127.0.0.1:{port}: connection timed out."));
}

#[tokio::test]
async fn plain_http_to_a_port_that_speaks_tls_is_said() {
    let port = Authority::new("ours").serve(Mock::default().router(), &["localhost"], ALWAYS, None);
    let why = why_not(&to(&format!("http://127.0.0.1:{port}"))).await;
    assert!(why.contains("isn't HTTP. If it uses TLS, write https://"), "{why}");
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in other.incoming() {
            let _ = std::io::Write::write_all(&mut connection.unwrap(), b"SSH-2.0-OpenSSH_9.2\r\n");
        }
    });
    let why = why_not(&to(&format!("http://127.0.0.1:{port}"))).await;
    assert!(why.contains("isn't HTTP") && why.contains("check the port"), "{why}");
}

#[tokio::test]
async fn plain_http_on_this_machine_reads_no_certificates() {
    let port = serve_plain(Mock::default().router()).await;
    // A file that cannot be read would be named.
    let ca_file = Some(crate::support::authority::nowhere().to_owned());
    assert_eq!(ask(&ConnectionSettings { ca_file, ..to(&format!("http://127.0.0.1:{port}")) }).await.unwrap(), 0);
}
