//! Questions to the server and its answers, and the task that carries them.
//!
//! The screen never waits: it puts a [`Request`] into one channel and finds a [`Reply`] in the other.

mod client;
mod connection;
mod error;
mod transport;
mod web_page;
mod wire;

use std::future::Future;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

pub use client::{Client, Exchanged, Session, Verdict};
pub use connection::{Connection, Proxy, ProxyUrl, Target};
pub use error::ApiError;
pub use transport::{TransportError, install_tls};

use crate::model::{AccessKey, Cursor, Filter, KeyId, KeyQuery, Label, SecretKey, Status};

/// One call to the server.
#[derive(Clone, Debug)]
pub enum Request {
    /// A page of keys. A newer one supersedes an older one that is still under way.
    List(ListRequest),
    /// How many keys match: apart from the page, which must not wait for it.
    Count(Filter),
    /// Create a key.
    Create(NewKey),
    /// Change a key.
    Edit(KeyId, Changes),
    /// Delete a key.
    Delete(KeyId),
}

/// Which page of which list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// The list.
    pub query: KeyQuery,
    /// The page's place in it.
    pub place: Place,
    /// Whether the answer shall hold the total. Costly under a text filter.
    pub counted: bool,
}

impl ListRequest {
    /// Keys a page: about five screens of 80x24, 25 kB of JSON.
    pub const PAGE: usize = 100;
}

/// The place of a page in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first page.
    Start,
    /// The last page.
    End,
    /// The page that follows a cursor.
    After(Cursor),
    /// The page that ends before a cursor.
    Before(Cursor),
}

/// A page of keys, in the order of its list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The keys.
    pub keys: Vec<AccessKey>,
    /// Where the page above ends; none if this is the first.
    pub before: Option<Cursor>,
    /// Where the page below begins; none if this is the last.
    pub after: Option<Cursor>,
    /// How many keys match, if it was asked.
    pub total: Option<u64>,
}

/// A name for one attempt to create, drawn once: however often it is sent, one key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Draws one: 128 random bits as hex.
    ///
    /// # Panics
    /// If the operating system has no random source. Nothing safe can be done without one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a system without random numbers cannot make keys")]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The attempt's name.
    pub idempotency_key: IdempotencyKey,
    /// Its label; may be empty.
    pub label: Label,
    /// When it stops working; never if none.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What shall change in a key; none means unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// A new label.
    pub label: Option<Label>,
    /// Switched on or off.
    pub status: Option<Status>,
    /// A new end: `Some(None)` is never.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// What came of creating a key.
#[derive(Clone, Debug)]
pub enum Creation {
    /// A new key, and the only copy of its secret.
    New(AccessKey, SecretKey),
    /// An earlier call made the key; its secret was sent then and cannot be sent again.
    Replayed(AccessKey),
}

/// What the server answered, with what it is about.
#[derive(Debug)]
pub enum Reply {
    /// The server can be asked now; holds its name for the screen. Or it never will be.
    Connected(Result<String, ApiError>),
    /// A page.
    Listed(ListRequest, Result<Page, ApiError>),
    /// A total.
    Counted(Filter, Result<u64, ApiError>),
    /// A new key.
    Created(Result<Creation, ApiError>),
    /// A changed key.
    Edited(KeyId, Result<AccessKey, ApiError>),
    /// A deleted key.
    Deleted(KeyId, Result<(), ApiError>),
}

/// The screen's ends of the two channels.
pub struct Link {
    /// Where questions go. 64: more than anyone can press while one answer is awaited.
    pub requests: mpsc::Sender<Request>,
    /// Where answers come from. 16: the task waits when the screen is behind.
    pub replies: mpsc::Receiver<Reply>,
}

/// Starts the API task. `connect` gives the client and the server's name; questions asked before wait for it.
///
/// The task ends when the screen drops its ends.
pub fn spawn<F>(connect: F) -> Link
where
    F: Future<Output = Result<(Client, String), ApiError>> + Send + 'static,
{
    let (requests, mut asked) = mpsc::channel(64);
    let (replies, answered) = mpsc::channel(16);
    tokio::spawn(async move {
        let client = match connect.await {
            Ok((client, name)) => {
                let _ = replies.send(Reply::Connected(Ok(name))).await;
                client
            }
            Err(error) => {
                let _ = replies.send(Reply::Connected(Err(error))).await;
                return;
            }
        };
        let mut calls = JoinSet::new();
        let mut reading = Reading::default();
        loop {
            let request = tokio::select! {
                request = asked.recv() => match request { Some(request) => request, None => break },
                Some(_) = calls.join_next() => continue,
            };
            let about = reading.supersede(&request);
            let (client, replies) = (client.clone(), replies.clone());
            let call = calls.spawn(async move {
                // A closed channel means that the screen is gone: nobody to tell.
                let _ = replies.send(answer(&client, request).await).await;
            });
            match about {
                Some(About::Page) => reading.page = Some(call),
                Some(About::Total(filter)) => reading.total = Some((filter, call)),
                None => {}
            }
        }
    });
    Link { requests, replies: answered }
}

/// The reading calls under way. Those that nobody waits for any more are broken off, and the server hears of it.
#[derive(Default)]
struct Reading {
    page: Option<AbortHandle>,
    total: Option<(Filter, AbortHandle)>,
}

enum About {
    Page,
    Total(Filter),
}

impl Reading {
    /// Breaks off what `request` supersedes; says which kind it is itself.
    fn supersede(&mut self, request: &Request) -> Option<About> {
        let (filter, about) = match request {
            Request::List(list) => (&list.query.filter, About::Page),
            Request::Count(filter) => (filter, About::Total(filter.clone())),
            Request::Create(_) | Request::Edit(..) | Request::Delete(_) => return None,
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
}

async fn answer(client: &Client, request: Request) -> Reply {
    match request {
        Request::List(list) => {
            let result = client.list(&list).await;
            Reply::Listed(list, result)
        }
        Request::Count(filter) => {
            let result = client.count(&filter).await;
            Reply::Counted(filter, result)
        }
        Request::Create(new) => Reply::Created(client.create(&new).await),
        Request::Edit(id, changes) => {
            let result = client.edit(&id, &changes).await;
            Reply::Edited(id, result)
        }
        Request::Delete(id) => {
            let result = client.delete(&id).await;
            Reply::Deleted(id, result)
        }
    }
}
