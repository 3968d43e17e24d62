//! Pictures that are the same everywhere.

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
