//! The account that the program works as: on a jump host several people may share it.

use std::fs;

/// Who works, and who logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user ID that we work as.
    pub user: u32,
    /// The user who logged in, whatever account they work as now; `None` if there was no login, or the kernel doesn't tell.
    pub login: Option<u32>,
}

impl Account {
    /// Asks the kernel: `geteuid(2)`, and `/proc/self/loginuid` (proc(5)).
    pub fn read() -> Self {
        let login = fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| parse(&text));
        Self { user: rustix::process::geteuid().as_raw(), login }
    }

    /// What to know before something is kept in this account, in a sentence; none if it seems to be one person's own.
    pub fn warning(self) -> Option<String> {
        let Self { user, login } = self;
        match login {
            _ if user == 0 => Some(
                "This account is root. Everyone who can become root on this machine can read what is \
                    stored."
                    .to_owned(),
            ),
            Some(login) if login != user => Some(format!(
                "You logged in as user {login} and are working as user {user}. Everyone who shares this account can \
                 read what is stored."
            )),
            _ => None,
        }
    }
}

/// The kernel writes -1 if there is none.
fn parse(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|user| *user != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_others_share_is_warned_of() {
        let words = |user, login| Account { user, login }.warning().unwrap_or_default();
        assert_eq!(words(1000, Some(1000)), "");
        assert_eq!(words(1000, None), "");
        assert!(words(0, None).contains("This account is root"));
        assert!(words(0, Some(1000)).contains("This account is root"));
        assert!(words(1001, Some(1000)).contains("logged in as user 1000 and are working as user 1001"));
        assert!(words(1001, Some(0)).contains("logged in as user 0"));
    }

    #[test]
    fn the_kernels_words_are_understood() {
        assert_eq!((parse("1000\n"), parse("4294967295"), parse("")), (Some(1000), None, None));
        assert_eq!(Account::read().user, rustix::process::geteuid().as_raw());
    }
}
