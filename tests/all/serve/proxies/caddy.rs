//! Caddy, with `assets/Caddyfile.example`.

use std::process::Command;

use super::{Site, protects, set};

const EXAMPLE: &str = include_str!("../../../../assets/Caddyfile.example");

fn caddy(site: &Site<'_>) -> Command {
    let (home, port) = (site.home.display(), site.port);
    let socket = "unix//run/latchkey/latchkey.sock";
    assert_eq!(EXAMPLE.matches(socket).count(), 2);
    let example = EXAMPLE.replace(socket, &format!("unix/{home}/serve.sock"));
    let example = set(
        &example,
        &[
            ("latchkey.example.org {", format!("https://localhost:{port} {{\n\ttls {home}/tls.pem {home}/tls.key")),
            ("127.0.0.1:3000", format!("127.0.0.1:{}", site.app)),
        ],
    );
    let file = site.home.join("Caddyfile");
    std::fs::write(&file, format!("{{\n\tadmin off\n\tauto_https off\n}}\n{example}")).unwrap();
    let mut command = Command::new("caddy");
    command.env("HOME", site.home).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command
}

#[tokio::test]
async fn what_caddy_protects_opens_and_closes_with_the_key() {
    protects(caddy, 20_000, 80).await;
}
