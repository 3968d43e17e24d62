//! A picture of every screen and state, at 80x24 and at a small size; of some at a large one.
//!
//! Times of the machine's zone are masked, digit for digit. To look at changed pictures: `cargo insta review`,
//! or run with `INSTA_UPDATE=always` and read the difference.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/hands.rs"]
mod hands;
#[path = "support/picture.rs"]
mod picture;
#[path = "support/typing.rs"]
mod typing;

#[path = "screens/dialogs.rs"]
mod dialogs;
#[path = "screens/page.rs"]
mod page;
#[path = "screens/servers.rs"]
mod servers;
#[path = "screens/stage.rs"]
mod stage;
#[path = "screens/tokens.rs"]
mod tokens;

/// Masks what depends on the time zone of the machine, digit for digit, so that widths stay true.
#[must_use]
pub fn mask_times(picture: &str) -> String {
    let chars: Vec<char> = picture.chars().collect();
    let mut out = chars.clone();
    let shape = |at: usize, shape: &str| {
        shape.chars().enumerate().all(|(i, s)| {
            chars.get(at + i).is_some_and(|c| match s {
                '#' => c.is_ascii_digit(),
                '~' => matches!(c, '+' | '-'),
                s => *c == s,
            })
        })
    };
    for at in 0..chars.len() {
        for pattern in ["####-##-##", "##:##:##", "##:##", " ~##:##"] {
            if shape(at, pattern) {
                for (i, s) in pattern.chars().enumerate() {
                    out[at + i] = if s == '~' { '+' } else { s };
                }
            }
        }
    }
    out.into_iter().collect()
}
