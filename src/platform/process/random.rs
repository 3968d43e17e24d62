//! What is drawn from the operating system's random source.

use crate::domain::Content;

/// A fresh content for an exchange.
pub fn content() -> Result<Content, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Content::from_random(&bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_contents_are_the_same() {
        assert_ne!(super::content().unwrap(), super::content().unwrap());
    }
}
