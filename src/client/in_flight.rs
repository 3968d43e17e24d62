//! The reading calls under way. Abandoned calls are cancelled, and the server sees the connection close.

use tokio::task::AbortHandle;

use super::Request;
use crate::domain::Filter;

/// At most one page and one total are read at a time.
#[derive(Default)]
pub(crate) struct InFlight {
    page: Option<AbortHandle>,
    total: Option<(Filter, AbortHandle)>,
}

/// What a reading call reads.
pub(crate) enum About {
    Page,
    Total(Filter),
}

impl InFlight {
    /// Breaks off what `request` supersedes; says what it reads itself, if it reads.
    pub(crate) fn supersede(&mut self, request: &Request) -> Option<About> {
        let (filter, about) = match request {
            Request::List(list) => (&list.query.filter, About::Page),
            Request::Count(filter) => (filter, About::Total(filter.clone())),
            _ => return None,
        };
        if let About::Page = about
            && let Some(older) = self.page.take()
        {
            older.abort();
        }
        if let Some((_, older)) = self.total.take_if(|(counted, _)| counted != filter) {
            older.abort();
        }
        Some(about)
    }

    /// Remembers the call that reads it.
    pub(crate) fn note(&mut self, about: About, call: AbortHandle) {
        match about {
            About::Page => self.page = Some(call),
            About::Total(filter) => self.total = Some((filter, call)),
        }
    }

    /// Breaks off everything.
    pub(crate) fn stop(&mut self) {
        let total = self.total.take().map(|(_, call)| call);
        for call in self.page.take().into_iter().chain(total) {
            call.abort();
        }
    }
}
