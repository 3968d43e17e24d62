//! An access key ID with its secret, and the server that knows the key.

use crate::client::{Server, Target};
use crate::domain::{BaseUrl, KeyId, SecretKey, looks_secret, sentence};

/// An access key ID with its secret, and the server that knows the key. Wiped when dropped.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The access key ID.
    pub id: KeyId,
    /// The secret access key.
    pub secret: SecretKey,
    /// The server that knows the key.
    pub server: KeyServer,
}

/// The server that knows a key.
#[derive(Clone, Debug)]
pub struct KeyServer {
    /// Its base URL, if it is not the profile's server.
    pub at: Option<BaseUrl>,
    pub target: Target,
    /// Its name for the screen.
    pub name: String,
    /// Whether its list of keys can be asked about the key without signing in first.
    pub may_look: bool,
}

impl KeyServer {
    /// The server of the profile.
    pub fn of(server: &Server) -> Self {
        let Server { profile, target, who } = server;
        let may_look = !profile.signs_in || who.is_some();
        Self { at: None, target: target.clone(), name: profile.server.clone(), may_look }
    }

    /// The server at a typed base URL, and what was made of a pasted address of a dashboard, in words. An empty text
    /// and the profile's own URL mean `here`, the profile's server.
    ///
    /// # Errors
    ///
    /// A sentence that says why the text is no base URL.
    pub fn at(typed: &str, here: Self) -> Result<(Self, Option<String>), String> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok((here, None));
        }
        if looks_secret(typed) && !typed.starts_with("http") {
            return Err("This looks like a secret, not a base URL.".to_owned());
        }
        let (base, notice) = BaseUrl::parse(typed).map_err(|error| sentence(&error.to_string()))?;
        let target = Target::Url(base.clone());
        if target == here.target {
            return Ok((here, notice));
        }
        let name = base.host_for_screen().to_owned();
        Ok((Self { at: Some(base), target, name, may_look: false }, notice))
    }
}
