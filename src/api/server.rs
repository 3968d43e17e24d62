//! Which server one works on, and how one gets to it.

use std::future::Future;

use chrono::{DateTime, Utc};

use super::{ApiError, Client, Target};
use crate::model::{Profile, Untrusted};

/// The server that one works on.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its profile.
    pub profile: Profile,
    /// Where it listens: for a request that is to be run elsewhere.
    pub target: Target,
    /// Who is signed in, as far as it is known.
    pub who: Option<Who>,
}

/// An administrator who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The name.
    pub username: Untrusted,
    /// What the server lets them do, in its word.
    pub role: Untrusted,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

impl Who {
    /// Whether they may only look (HTTP contract, part B).
    #[must_use]
    pub fn may_only_look(&self) -> bool {
        self.role.raw_for_api() == "auditor"
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
