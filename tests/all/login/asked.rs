//! Name and password are asked on a terminal, and the password does not show.

use axum::Router;

use super::home::Home;
use crate::support::authority::{ALWAYS, Authority};
use crate::support::mock::{Mock, PASSWORD, TOKEN, serve_plain};
use crate::support::terminal::{Terminal, latchkey};

/// Serves on a thread of its own: this test waits for a terminal.
fn serve_aside(router: Router) -> u16 {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tell.send(serve_plain(router).await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
}

#[test]
fn name_and_password_are_asked_and_the_password_does_not_show() {
    let mock = Mock::default();
    let port = serve_aside(mock.router());
    let home = Home::with_team(&format!("http://127.0.0.1:{port}"), "");
    let mut terminal = Terminal::start(latchkey(&home.at("")).args(["login", "--remember=file"]));
    terminal.sees(&format!("User name at 127.0.0.1:{port} (Enter to cancel):"));
    terminal.send(b"jo\r");
    terminal.sees(&format!("Password of jo at 127.0.0.1:{port} (Enter to cancel):"));
    terminal.send(PASSWORD.as_bytes());
    terminal.send(b"\r");
    let (status, terminal) = terminal.ends();
    assert!(status.success());
    let shown = String::from_utf8_lossy(&terminal.bytes).into_owned();
    assert!(shown.contains("Signed in to 127.0.0.1:") && shown.contains("as jo (administrator)"), "{shown}");
    assert!(!shown.contains(PASSWORD) && !shown.contains("battery") && !shown.contains(TOKEN), "{shown}");
    assert!(home.session().exists());
}

#[tokio::test]
async fn a_server_that_cannot_be_trusted_is_said_before_a_password_is_asked() {
    let (authority, mock) = (Authority::new("theirs"), Mock::default());
    let port = authority.serve(mock.router(), &["localhost"], ALWAYS, None);
    let home = Home::with_team(&format!("https://localhost:{port}"), "username = \"jo\"");
    let seen = tokio::task::spawn_blocking(move || {
        let seen = |args: &[&str], begin: &[u8], leave: &[u8]| {
            let mut terminal = Terminal::start(latchkey(&home.at("")).args(args));
            terminal.send(begin);
            terminal.sees("doesn't trust the authority");
            terminal.send(leave);
            String::from_utf8_lossy(&terminal.ends().1.bytes).into_owned()
        };
        [
            seen(&["login"], b"", b""),
            seen(&["keys", "list"], b"", b""),
            seen(&["--plain"], b"list\r", b"quit\r"),
            seen(&[], b"", b"q"),
        ]
    });
    for seen in seen.await.unwrap() {
        assert!(!seen.contains("Password"), "{seen}");
    }
    assert_eq!(mock.calls(), [""; 0]);
}

#[tokio::test]
async fn the_doctor_says_what_to_do_about_a_certificate_and_an_authority_can_be_named_for_one_run() {
    let authority = Authority::new("ours");
    let url = format!("https://localhost:{}", authority.serve(Mock::default().router(), &["localhost"], ALWAYS, None));
    let home = Home::with_team("https://elsewhere.invalid", "");
    let ended = home.run(&["--url", &url, "doctor"], "", &[]).await;
    assert!(ended.out.contains("wrong  This computer doesn't trust the authority"), "{ended:?}");
    assert!(ended.out.contains("       Name the authority's certificate with ca_file"), "{ended:?}");
    assert!(!ended.out.contains("whether it is running") && ended.code == Some(6), "{ended:?}");
    let file = authority.file();
    let ended = home.run(&["--url", &url, "--ca-file", file.to_str().unwrap(), "doctor"], "", &[]).await;
    assert!(ended.good && ended.out.contains("The server answers"), "{ended:?}");
    assert!(ended.out.contains(&format!("the system's and {}", file.display())), "{ended:?}");
    let ended = home.run(&["--url", "http://127.0.0.1:1", "--ca-file", "x", "doctor"], "", &[]).await;
    assert!(ended.out.contains("--ca-file is for servers with an https:// URL"), "{ended:?}");
}

#[test]
fn giving_up_signs_nobody_in() {
    let mock = Mock::default();
    let port = serve_aside(mock.router());
    let home = Home::with_team(&format!("http://127.0.0.1:{port}"), "username = \"jo\"");
    let mut terminal = Terminal::start(latchkey(&home.at("")).args(["login", "--remember=file"]));
    terminal.sees("Password of jo");
    terminal.send(b"half\x03");
    assert!(!terminal.ends().0.success());
    assert_eq!(mock.calls(), [""; 0]);
    assert!(!home.session().exists());
}
