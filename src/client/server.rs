//! Which server one works on, and how one gets to it.

use std::future::Future;

use super::{ApiError, Client, Target};
use crate::domain::{Identity, Profile};

/// The server that one works on.
#[derive(Clone, Debug)]
pub struct Server {
    pub profile: Profile,
    /// Where it listens: for a request that is to be run elsewhere.
    pub target: Target,
    /// Who is signed in, as far as it is known.
    pub who: Option<Identity>,
}

/// Whose creates are whose: the name of an attempt is known to the server under its session alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub profile: String,
    /// Who is signed in; none where nobody signs in.
    pub username: Option<String>,
}

impl Server {
    /// The profile and who is signed in there; none before somebody is, where one must be.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        let username = self.who.as_ref().map(|who| who.username.raw_for_api().to_owned());
        (!self.profile.signs_in || username.is_some()).then(|| Owner { profile: self.profile.name.clone(), username })
    }
}

/// A way to a server.
pub struct Connected {
    /// Its client; with a session if there is one already.
    pub client: Client,
    /// What the screen must know of it.
    pub server: Server,
}

/// What opens the way to a profile's server; without a name, to the one that this run begins with.
pub trait Connect: Send + 'static {
    /// Opens it. A server that is far away is not asked anything yet.
    fn connect(&mut self, profile: Option<String>) -> impl Future<Output = Result<Connected, ApiError>> + Send;
}

impl<F, C> Connect for F
where
    F: FnMut(Option<String>) -> C + Send + 'static,
    C: Future<Output = Result<Connected, ApiError>> + Send,
{
    fn connect(&mut self, profile: Option<String>) -> impl Future<Output = Result<Connected, ApiError>> + Send {
        self(profile)
    }
}
