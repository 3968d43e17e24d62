//! The users of this machine.

/// A user's name in `/etc/passwd` (passwd(5): `name:password:uid:…`).
pub(crate) fn name_of(uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let name = users.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()))?.split(':').next()?;
    (!name.is_empty() && !name.contains(char::is_control)).then(|| name.to_owned())
}
