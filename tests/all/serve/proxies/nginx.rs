//! nginx, with `assets/nginx.conf.example`: what is behind it opens with a fresh access token, and closes at once when
//! the key is deactivated or deleted in the full-screen program.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustix::process::geteuid;
use tempfile::TempDir;

use super::{Proxy, Site, app, protects, set};
use crate::support::served::{Served, data};
use crate::support::terminal::{self, Terminal};

const EXAMPLE: &str = include_str!("../../../../assets/nginx.conf.example");

fn nginx(site: &Site<'_>) -> Command {
    let (home, port) = (site.home.display().to_string(), site.port);
    let example = set(
        EXAMPLE,
        &[
            ("server unix:/run/latchkey/latchkey.sock", format!("server unix:{home}/serve.sock")),
            ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
            ("server_name latchkey.example.org", "server_name localhost".to_owned()),
            ("/etc/ssl/certs/latchkey.example.org.pem", format!("{home}/tls.pem")),
            ("/etc/ssl/private/latchkey.example.org.key", format!("{home}/tls.key")),
            ("proxy_pass http://127.0.0.1:3000/", format!("proxy_pass http://127.0.0.1:{}/", site.app)),
        ],
    );
    // As root, nginx would serve as another user, who may not enter the folder.
    let user = if geteuid().is_root() { "user root;" } else { "" };
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path {home}/{kind};")).join(" ");
    let whole = format!(
        "{user} daemon off; master_process off; pid {home}/nginx.pid;
        events {{}}
        http {{ access_log off; {temporary} {example} }}"
    );
    std::fs::write(site.home.join("nginx.conf"), whole).unwrap();
    // Debian has it where users do not look.
    let debian = Path::new("/usr/sbin/nginx");
    let mut command = Command::new(if debian.exists() { debian } else { Path::new("nginx") });
    command.args(["-p".as_ref(), site.home.as_os_str(), "-c".as_ref(), site.home.join("nginx.conf").as_os_str()]);
    command.args(["-e", "stderr"]);
    command
}

#[tokio::test]
async fn it_takes_large_requests_other_methods_and_websockets() {
    protects(nginx, 20_000, 150).await;
}

#[tokio::test]
async fn what_nginx_protects_opens_and_closes_with_the_key() {
    let home = Arc::new(TempDir::new().unwrap());
    let place = format!("unix:{}/serve.sock", home.path().display());
    let server = Served::on(Arc::clone(&home), &["--listen", &place, "--behind-proxy", "--log-verifies"]);
    let nginx = Proxy::start(home.path(), app::serve(), nginx);
    assert_eq!(nginx.get("/app/door", "").await.0, 401, "no token");
    assert_eq!(nginx.get("/app/door", "nonsense").await.0, 401);
    assert_eq!(nginx.get("/latchkey-verify", "").await.0, 404, "internal");
    assert_eq!(nginx.get("/api/v2/health", "").await.0, 200);

    let mut screen = Terminal::start(terminal::latchkey(home.path()).arg("--data").arg(data(&home)));
    screen.sees("No access keys yet");
    let secret = screen.create_and_show("door");
    let id = screen.word("PK");
    screen.close();
    screen.sees("● active");
    let token = nginx.token(&id, &secret).await;
    let opened = (200, format!("app GET /door key={id} token= bytes=0"));
    assert_eq!(nginx.get("/app/door", &token).await, opened);

    screen.press("a");
    screen.sees("Deactivate access key");
    screen.press("<Tab><Enter>");
    screen.sees("○ inactive");
    assert_eq!(nginx.get("/app/door", &token).await.0, 401, "at once");
    screen.press("a");
    screen.sees("Activate access key");
    screen.press("<Tab><Enter>");
    screen.sees("● active");
    assert_eq!(nginx.get("/app/door", &token).await.0, 401, "the old token stays dead");
    let fresh = nginx.token(&id, &secret).await;
    assert_eq!(nginx.get("/app/door", &fresh).await, opened);

    screen.press("d");
    screen.sees("Delete access key");
    screen.press(&id[16..]);
    screen.press("<Enter>");
    screen.sees("Deleted ");
    assert_eq!(nginx.get("/app/door", &fresh).await.0, 401, "at once");
    screen.press("q");
    assert!(screen.ends().0.success());

    let (status, log) = server.stop();
    assert!(status.success());
    let verified = log.iter().filter(|line| line["route"] == "/api/v2/auth/verify").collect::<Vec<_>>();
    assert_eq!(verified.len(), 7, "nothing was cached");
    assert!(verified.iter().all(|line| line["from"] == "127.0.0.1"), "nginx names the client: {verified:#?}");
    assert!(
        verified.iter().all(|line| line["request_id"].as_str().unwrap().len() == 32),
        "and the request: {verified:#?}"
    );
}
