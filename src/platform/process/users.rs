//! The users of this machine.

use std::process::Command;

/// Asks for users that a directory service knows. By its whole path: what is in `PATH` may say anything.
const GETENT: &str = "/usr/bin/getent";

/// A user's name, in `/etc/passwd` or where else this machine keeps users.
pub(crate) fn name_of(uid: u32) -> Option<String> {
    let uid = uid.to_string();
    std::fs::read_to_string("/etc/passwd").ok().and_then(|users| named(&users, &uid)).or_else(|| {
        let asked = Command::new(GETENT).args(["passwd", &uid]).output().ok()?;
        named(std::str::from_utf8(&asked.stdout).ok()?, &uid)
    })
}

/// The name in lines of passwd(5): `name:password:uid:…`.
fn named(users: &str, uid: &str) -> Option<String> {
    let name = users.lines().find(|line| line.split(':').nth(2) == Some(uid))?.split(':').next()?;
    (!name.is_empty() && !name.contains(char::is_control)).then(|| name.to_owned())
}

/// The name of the user who runs this process, whatever the environment says: by the real user ID.
pub(crate) fn own_name() -> String {
    let uid = rustix::process::getuid().as_raw();
    name_of(uid).unwrap_or_else(|| format!("uid {uid}"))
}
