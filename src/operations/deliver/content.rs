//! What is delivered: a secret, in a form, or a list.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::domain::Credentials;
use crate::platform::delivery::line;

/// The text that is delivered, and the secret in it if it has one. A clone is not another copy of the text.
#[derive(Clone)]
pub struct SaveContent {
    text: Arc<Zeroizing<Vec<u8>>>,
    secret: Option<Arc<Zeroizing<String>>>,
}

/// What a delivery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveKind {
    Secret,
    /// An exported list.
    List,
}

impl SaveContent {
    /// A text that has this secret in it.
    pub fn secret(text: Zeroizing<Vec<u8>>, secret: &str) -> Self {
        Self { text: Arc::new(text), secret: Some(Arc::new(Zeroizing::new(secret.to_owned()))) }
    }

    /// A pair in its form; or why that form can't have it.
    pub fn credentials(credentials: &Credentials) -> Result<Self, &'static str> {
        Ok(Self::secret(line(&credentials.text()?), credentials.secret.expose()))
    }

    /// An exported list.
    pub fn list(text: Vec<u8>) -> Self {
        Self { text: Arc::new(Zeroizing::new(text)), secret: None }
    }

    pub const fn kind(&self) -> SaveKind {
        if self.secret.is_some() { SaveKind::Secret } else { SaveKind::List }
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The secret that neither a target nor the output of a command may have; a list has none.
    pub(super) fn needle(&self) -> Option<&str> {
        self.secret.as_ref().map(|secret| secret.as_str())
    }
}

impl fmt::Debug for SaveContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaveContent({:?})", self.kind())
    }
}
