//! `HAProxy`, with `assets/haproxy.cfg.example` and `assets/haproxy-verify.lua`.

use std::path::Path;
use std::process::Command;

use super::{Site, protects, set};

const EXAMPLE: &str = include_str!("../../../../assets/haproxy.cfg.example");
const SCRIPT: &str = include_str!("../../../../assets/haproxy-verify.lua");

fn haproxy(site: &Site<'_>) -> Command {
    let home = site.home.display();
    let socket = ("/run/latchkey/latchkey.sock", format!("{home}/serve.sock"));
    let script = site.home.join("haproxy-verify.lua");
    std::fs::write(
        &script,
        set(SCRIPT, &[("\"unix@/run/latchkey/latchkey.sock", format!("\"unix@{home}/serve.sock"))]),
    )
    .unwrap();
    let example = set(
        EXAMPLE,
        &[
            (
                "lua-load-per-thread /etc/haproxy/haproxy-verify.lua",
                format!("lua-load-per-thread {}", script.display()),
            ),
            (&format!("unix@{}", socket.0), format!("unix@{}", socket.1)),
            ("bind :443", format!("bind 127.0.0.1:{}", site.port)),
            ("/etc/ssl/private/latchkey.example.org.pem", format!("{home}/both.pem")),
            ("127.0.0.1:3000", format!("127.0.0.1:{}", site.app)),
        ],
    );
    let file = site.home.join("haproxy.cfg");
    std::fs::write(&file, example).unwrap();
    // Debian has it where users do not look.
    let debian = Path::new("/usr/sbin/haproxy");
    let mut command = Command::new(if debian.exists() { debian } else { Path::new("haproxy") });
    command.arg("-db").arg("-f").arg(file);
    command
}

#[tokio::test]
async fn what_haproxy_protects_opens_and_closes_with_the_key() {
    // HAProxy itself takes 16 KiB and 101 headers.
    protects(haproxy, 8000, 80).await;
}
