//! What can go wrong with a call, in words for the administrator.

use super::transport::{TransportError, blame};
use crate::domain::{AccessKey, Untrusted, sentence};

/// Why a call failed. Never holds a secret, a token or a URL.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// No answer: refused, lost or too late. Holds the host and port that were asked, and what happened.
    #[error("Can't reach {}.", .0.to_display(200))]
    Unreachable(Untrusted),
    /// The way to the server is blocked, and it is known by what.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The embedded server did not start.
    #[error("{0}")]
    NotStarted(String),
    /// 401: no session, or one that has ended.
    #[error("Not signed in: {}.", .0.to_display(120))]
    NotSignedIn(Untrusted),
    /// 401 of the sign-in.
    #[error("Incorrect user name or password.")]
    WrongCredentials,
    /// 429: too many tries.
    #[error("{}", too_many(*retry_after, &words.to_display(120)))]
    TooMany {
        /// The seconds to wait, if the server says how many.
        retry_after: Option<u64>,
        words: Untrusted,
    },
    /// 401 with code 1000: ID, secret and content do not fit, or the key is deleted, inactive or expired.
    #[error("Key verification failed (code 1000).")]
    Verification,
    /// 401 without that code, of an exchange: it needs no session, so that the pair was refused.
    #[error("The server refused the ID and the HMAC token: {}.", .0.to_display(120))]
    PairRefused(Untrusted),
    /// 404 of the sign-in: it is not a server of ours, or not its root.
    #[error("No latchkey sign-in at this address (404). Check the base URL.")]
    NoSignIn,
    /// What Passportal's API does not have. It is not asked for it: a password must not be typed there.
    #[error(
        "Passportal has no API for managing keys. Use its dashboard. latchkey hmac, token and doctor work with its \
         keys; so does t on the page."
    )]
    Passportal,
    /// The text of a filter is not in the language of searches.
    #[error("{}", sentence(.0))]
    BadSearch(String),
    /// An older server, which knows words and a status only.
    #[error(
        "This server can't filter by {}: it is older than this latchkey. Search for words alone, or update the server.",
        .0.to_display(60)
    )]
    NotFiltered(Untrusted),
    /// An older server, which knows fewer fields to sort by.
    #[error(
        "This server can't sort by {0}: it is older than this latchkey. Sort by another field, or update the server."
    )]
    NotSorted(&'static str),
    /// The keys are too many to be counted in time.
    #[error("The server could not count the keys in time.")]
    NotCounted,
    /// An older server, which counts one filter at a time.
    #[error("This server can't count several searches at once: it is older than this latchkey.")]
    NoCounts,
    /// An older server, or another one.
    #[error("This server doesn't count the uses of a key: it is older than this latchkey.")]
    NoUsage,
    /// An older server, or another one.
    #[error(
        "This server can't deactivate a key for a while: it is older than this latchkey. Deactivate it for good, or \
         update the server."
    )]
    NoReactivation,
    /// An older server, or another one.
    #[error("This server can't rotate keys: it is older than this latchkey. Create another key in place of this one.")]
    NoRotation,
    /// 409: a key can't be rotated, or its rotation can't be ended, as it is.
    #[error("{}", sentence(&.0.to_display(120)))]
    NotRotated(Untrusted),
    /// An older server, or another one.
    #[error("This server can't tell whose a secret is: it is older than this latchkey.")]
    NoIdentify,
    /// An older server, or another one.
    #[error("This server can't hand over secrets: it is older than this latchkey.")]
    NoHandovers,
    /// 403: this administrator may not do that.
    #[error("Not allowed: {}.", .0.to_display(120))]
    NotAllowed(Untrusted),
    /// 404: there is no such key, or it was deleted meanwhile.
    #[error("{}", sentence(&.0.to_display(120)))]
    NotFound(Untrusted),
    /// 412: another administrator changed the key after it was read. Holds it as it is now, if the server says that.
    #[error(
        "Another administrator has changed this key since you read it. Nothing was done. Look at it again, then repeat."
    )]
    Changed(Option<Box<AccessKey>>),
    /// 409 or 422: the attempt's name was used before, for something else or at this moment.
    #[error("{}", conflict(*.0, .1))]
    Conflict(u16, Untrusted),
    /// 422: the key that an earlier try of this attempt made was deleted since.
    #[error("The key was created, and it has been deleted since: nothing is left to finish.")]
    CreatedGone,
    /// Another 4xx.
    #[error("The server refused this ({0}): {words}.", words = .1.to_display(120))]
    Refused(u16, Untrusted),
    /// 5xx.
    #[error("The server failed ({status}): {}.{}", words.to_display(300), retry_after.map(try_again).unwrap_or_default())]
    Server {
        status: u16,
        words: Untrusted,
        /// The seconds to wait, if the server says how many.
        retry_after: Option<u64>,
    },
    /// A web page in place of an answer: a proxy, a captive portal or a sign-in page. Holds its title.
    #[error("{}", web_page(*.0, .1))]
    WebPage(u16, Untrusted),
    /// 3xx: the answer is said to be somewhere else. A session is never carried there.
    #[error("{}", redirected(*.0, .1.as_ref()))]
    SentElsewhere(u16, Option<Redirect>),
    /// An answer that is not of the contract.
    #[error("Can't read the server's response ({0}): {1}.")]
    Garbled(u16, &'static str),
}

/// Where a redirect leads.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The address, without what may be a credential in it.
    pub to: Untrusted,
    /// The base URL to use instead, if the same call is there.
    pub base: Option<Untrusted>,
}

impl ApiError {
    /// Whether asking again later may help.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Server { .. } | Self::Garbled(..) => true,
            Self::Transport(way) => way.is_passing(),
            Self::WebPage(status, _) => *status >= 500,
            _ => false,
        }
    }

    /// Whether it is about the way to the server: nothing of the API has answered.
    pub const fn is_about_way(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Transport(_) | Self::Server { .. } | Self::SentElsewhere(..) => true,
            Self::WebPage(status, _) => *status != 404, // of a path that a proxy in front doesn't pass on
            _ => false,
        }
    }

    /// Whether it is about who asks.
    pub const fn is_denial(&self) -> bool {
        matches!(self, Self::NotSignedIn(_) | Self::WrongCredentials | Self::NotAllowed(_) | Self::Passportal)
    }

    /// Whether a sign-in is needed first.
    pub const fn needs_sign_in(&self) -> bool {
        matches!(self, Self::NotSignedIn(_))
    }

    /// Whether ID and HMAC token were refused in an exchange.
    pub const fn is_refused_pair(&self) -> bool {
        matches!(self, Self::Verification | Self::PairRefused(_))
    }

    /// Whether it is about the one key that was asked for, and another may well be changed.
    pub const fn is_about_key(&self) -> bool {
        matches!(
            self,
            Self::NotFound(_)
                | Self::Changed(_)
                | Self::Conflict(..)
                | Self::CreatedGone
                | Self::NotRotated(_)
                | Self::Refused(..)
        )
    }

    /// Whether asking again never helps.
    pub const fn is_lasting(&self) -> bool {
        matches!(self, Self::Passportal)
    }
}

/// The header is no word of users.
fn conflict(status: u16, words: &Untrusted) -> String {
    match (status, words.raw_for_api().contains("Idempotency-Key")) {
        (422, true) => {
            "The server has made a key for this with other values. If it is in the list and you don't have its \
                        secret, delete it."
                .to_owned()
        }
        (_, true) => "The server is still working on the first request. Try again.".to_owned(),
        _ => format!("The server refused to repeat this: {}.", words.to_display(120)),
    }
}

fn too_many(wait: Option<u64>, words: &str) -> String {
    let when = wait.map_or_else(|| " Try again later.".to_owned(), try_again);
    format!("Too many attempts: {words}.{when}")
}

fn try_again(seconds: u64) -> String {
    match seconds {
        1 => " Try again in 1 second.".to_owned(),
        _ => format!(" Try again in {seconds} seconds."),
    }
}

fn redirected(status: u16, redirect: Option<&Redirect>) -> String {
    let to = redirect.map_or_else(|| "another address".to_owned(), |redirect| redirect.to.to_display(120));
    let next = match redirect.and_then(|redirect| redirect.base.as_ref()) {
        Some(base) => format!("If you trust that address, use the base URL {}.", base.to_display(120)),
        None => "There may be a sign-in page in front of the server, or the base URL or the proxy is wrong.".to_owned(),
    };
    format!("The server redirects ({status}) to {to}, and redirects are not followed. {next}")
}

fn web_page(status: u16, title: &Untrusted) -> String {
    let title = if title.is_empty() { String::new() } else { format!(" titled “{}”", title.to_display(60)) };
    format!(
        "The answer ({status}) is a web page{title}, not the API. There may be a proxy or a sign-in page in front \
         of the server, or the base URL is wrong."
    )
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        blame(&error, None)
    }
}
