//! How often a key was used and refused.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;

use super::{Answer, BODY_LIMIT, Client, NO_PATH};
use crate::client::ApiError;
use crate::domain::{AddressUsage, KeyId, KeyUsage, Untrusted, UsageCount, UsageSpan};

#[derive(Deserialize)]
struct WireUsage {
    since: DateTime<Utc>,
    span: String,
    counts: Vec<WireUsageCount>,
    addresses: Vec<WireAddressUsage>,
    address_count: u64,
    more_addresses: bool,
    tokens: u64,
    tokens_until: Option<DateTime<Utc>>,
    server_time: DateTime<Utc>,
}

#[derive(Deserialize)]
struct WireUsageCount {
    at: DateTime<Utc>,
    uses: u64,
    refusals: u64,
}

#[derive(Deserialize)]
struct WireAddressUsage {
    address: Untrusted,
    uses: u64,
    refusals: u64,
    last_used_at: Option<DateTime<Utc>>,
    last_refused_at: Option<DateTime<Utc>>,
}

impl Client {
    /// How a key was used in the last days, at most [`MOST_USAGE_DAYS`](crate::domain::MOST_USAGE_DAYS).
    ///
    /// # Errors
    ///
    /// [`ApiError::NoUsage`] of a server that doesn't count uses.
    pub async fn usage(&self, id: &KeyId, days: u16) -> Result<KeyUsage, ApiError> {
        let call = self.call(Method::GET, &["keys", id.raw_for_api(), "usage"]).query(&[("days", days)]);
        match Answer::of(self.send(call).await?, BODY_LIMIT).await?.read::<WireUsage>() {
            Err(ApiError::NotFound(words)) if words.raw_for_api().starts_with(NO_PATH) => Err(ApiError::NoUsage),
            answer => answer?.into_usage(),
        }
    }
}

impl WireUsage {
    fn into_usage(self) -> Result<KeyUsage, ApiError> {
        let count = |WireUsageCount { at, uses, refusals }| UsageCount { at, uses, refusals };
        let address = |one: WireAddressUsage| AddressUsage {
            address: one.address,
            uses: one.uses,
            refusals: one.refusals,
            used_at: one.last_used_at,
            refused_at: one.last_refused_at,
        };
        Ok(KeyUsage {
            since: self.since,
            until: self.server_time,
            span: UsageSpan::parse(&self.span).ok_or(ApiError::Garbled(200, "its counts are of an unknown span"))?,
            counts: self.counts.into_iter().map(count).collect(),
            addresses: self.addresses.into_iter().map(address).collect(),
            address_count: self.address_count,
            has_more_addresses: self.more_addresses,
            tokens: self.tokens,
            tokens_until: self.tokens_until,
        })
    }
}
