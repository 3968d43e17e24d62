//! Limits the rate of sign-ins: guessing gets nowhere, and cannot lock an administrator out.
//!
//! A device that shows that the account has signed in there before has its own share for that account, and so has a
//! network from which it has: tries from elsewhere cannot use it up. All others share: by address, and by the account that
//! they name, whether it exists or not. The first tries of an address have a share apart, so that many addresses that keep
//! guessing don't keep out one that is new. (A client in the same network as an administrator can learn from this that the
//! account signs in from there; other clients can't.)
//!
//! Servers that share a database count there, so that guesses at several servers are limited as at one.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::server::auth::device_token::DeviceId;
use crate::server::store::{Store, StoreError, TryLimit};

/// Tries a minute from one address, whatever accounts it names.
const OF_ADDRESS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Tries a minute for one account from all unfamiliar addresses together: more than any one of them has.
const OF_ACCOUNT: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// The first tries of an address in an hour.
const FIRST: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// How often an address has another one.
const FIRST_EVERY: Duration = Duration::from_secs(30 * 60);
/// First tries a minute for one account, from all addresses together.
const OF_ACCOUNT_FIRST: NonZeroU32 = NonZeroU32::new(300).unwrap();
/// Tries a minute for one account from one device where it signed in before.
const OF_DEVICE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Tries a minute for one account from one familiar network.
const OF_PAIR: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Codes of hand-overs a minute from one network.
const OF_CODES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Names and addresses fall into 65,536 shares by a secret hash. Memory is bounded whatever is sent, and two that fall
/// into the same share are only limited together.
type Share = u16;
type SharesHere = RateLimiter<Share, HashMapStateStore<Share>, DefaultClock>;

/// How often sign-ins were tried.
pub(crate) struct Throttle {
    /// Where servers count together, if they do.
    store: Option<Store>,
    hasher: RandomState,
    addresses: SignInShares,
    firsts: SignInShares,
    accounts: SignInShares,
    accounts_first: SignInShares,
    pairs: SignInShares,
    devices: SignInShares,
    codes: SignInShares,
    confirmations: SignInShares,
}

/// The shares of one kind.
struct SignInShares {
    kind: &'static str,
    quota: Quota,
    here: SharesHere,
}

impl SignInShares {
    fn new(kind: &'static str, quota: Quota) -> Self {
        Self { kind, quota, here: SharesHere::hashmap(quota) }
    }
}

/// Why a try is not admitted.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    /// It is one too many; there may be another one after this time.
    TooMany(Duration),
    /// Tries can't be counted.
    Store(StoreError),
}

impl From<StoreError> for NotAdmitted {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Who tries to sign in. Each kind waits for itself only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInKind {
    /// From a device or a network where the account has signed in before.
    Known,
    /// From an address that has hardly tried before.
    Newcomer,
    /// From an address that tries again and again.
    Repeated,
}

impl Default for Throttle {
    fn default() -> Self {
        let shares = |kind, a_minute| SignInShares::new(kind, Quota::per_minute(a_minute));
        let hasher = RandomState::new();
        let first = Quota::with_period(FIRST_EVERY).unwrap_or(Quota::per_hour(FIRST)).allow_burst(FIRST);
        Self {
            store: None,
            hasher,
            addresses: shares("address", OF_ADDRESS),
            firsts: SignInShares::new("first", first),
            accounts: shares("account", OF_ACCOUNT),
            accounts_first: shares("account first", OF_ACCOUNT_FIRST),
            pairs: shares("pair", OF_PAIR),
            devices: shares("device", OF_DEVICE),
            codes: shares("code", OF_CODES),
            confirmations: shares("confirmation", OF_CODES),
        }
    }
}

impl Throttle {
    /// Counts in this store, if several servers can have it, or else in memory.
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.counts_tries().then(|| store.clone()), ..Self::default() }
    }

    /// Counts a try.
    pub(crate) async fn admit(
        &self,
        username: &str,
        network: &str,
        is_known_network: bool,
        device: Option<DeviceId>,
    ) -> Result<SignInKind, NotAdmitted> {
        if let Some(device) = device {
            return self.take(&self.devices, &device).await.map(|()| SignInKind::Known);
        }
        if is_known_network {
            let pair = format!("{username}\n{network}");
            return self.take(&self.pairs, pair.as_bytes()).await.map(|()| SignInKind::Known);
        }
        // The address first: a single one that keeps trying must not use up the account's share.
        let (username, network) = (username.as_bytes(), network.as_bytes());
        self.take(&self.addresses, network).await?;
        if self.take(&self.firsts, network).await.is_ok() && self.take(&self.accounts_first, username).await.is_ok() {
            return Ok(SignInKind::Newcomer);
        }
        self.take(&self.accounts, username).await.map(|()| SignInKind::Repeated)
    }

    /// Counts a try of a code.
    pub(crate) async fn admit_code(&self, network: &str) -> Result<(), NotAdmitted> {
        self.take(&self.codes, network.as_bytes()).await
    }

    /// Counts a word that a secret has arrived: apart, so that wrong codes before it don't hold it up.
    pub(crate) async fn admit_confirmation(&self, network: &str) -> Result<(), NotAdmitted> {
        self.take(&self.confirmations, network.as_bytes()).await
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are the share")]
    fn share(&self, of: &[u8]) -> Share {
        self.hasher.hash_one(of) as Share
    }

    async fn take(&self, shares: &SignInShares, of: &[u8]) -> Result<(), NotAdmitted> {
        let SignInShares { kind, quota, here } = shares;
        let taken = match &self.store {
            Some(store) => {
                let limit = TryLimit { kind, every: quota.replenish_interval(), burst: quota.burst_size().get() };
                store.count_try(limit, of).await?
            }
            None => {
                here.check_key(&self.share(of)).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
            }
        };
        taken.map_err(NotAdmitted::TooMany)
    }
}

/// The network of an address: what one client can easily have. For IPv6 the first 64 bits (RFC 6177).
pub(crate) fn network(source: &str) -> String {
    source.parse().map_or_else(|_| source.to_owned(), |address| network_of(address).to_string())
}

/// The same of an address.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn tries(throttle: &Throttle, username: &str, network: &str, is_known_network: bool) -> usize {
        let mut admitted = 0;
        for _ in 0..100 {
            admitted += usize::from(throttle.admit(username, network, is_known_network, None).await.is_ok());
        }
        admitted
    }

    #[tokio::test]
    async fn one_address_is_slowed_down_and_leaves_the_account_some() {
        let throttle = Throttle::default();
        assert_eq!(tries(&throttle, "jo", "192.0.2.1", false).await, 10);
        assert_eq!(tries(&throttle, "mo", "192.0.2.1", false).await, 0);
        assert_eq!(tries(&throttle, "jo", "192.0.2.2", false).await, 10, "another address has its own");
        let refused = throttle.admit("jo", "192.0.2.1", false, None).await.unwrap_err();
        assert!(matches!(refused, NotAdmitted::TooMany(wait) if (1..=6).contains(&wait.as_secs())), "{refused:?}");
    }

    #[tokio::test]
    async fn many_addresses_are_slowed_down_and_familiar_ones_are_not() {
        let throttle = Throttle::default();
        // Two of a hundred may fall into one share by chance.
        let share = |text: &str| throttle.share(text.as_bytes());
        let mut shares = std::collections::HashSet::from(["203.0.113.1", "192.0.2.7"].map(share));
        let others = (0..256).map(|n| format!("198.51.100.{n}")).filter(|other| shares.insert(share(other)));
        let mut guessed = 0;
        for other in others.take(100) {
            guessed += tries(&throttle, "jo", &other, false).await;
        }
        assert_eq!(guessed, 200 + 30, "the first two of each, and those of the account");
        let new = throttle.admit("jo", "203.0.113.1", false, None).await.unwrap();
        assert_eq!(new, SignInKind::Newcomer, "who is new can try");
        assert_eq!(tries(&throttle, "jo", "192.0.2.1", true).await, 10);
        assert_eq!(tries(&throttle, "jo", "192.0.2.9", true).await, 10);
        assert_eq!(tries(&throttle, "mo", "192.0.2.7", false).await, 10, "another account is as it was");
    }

    #[tokio::test]
    async fn a_device_is_not_held_up_by_its_neighbours() {
        let throttle = Throttle::default();
        assert_eq!(tries(&throttle, "jo", "192.0.2.1", true).await, 10);
        for (device, expected) in [([1; 16], 10), ([2; 16], 10), ([1; 16], 0)] {
            let mut admitted = 0;
            for _ in 0..100 {
                admitted += usize::from(throttle.admit("jo", "192.0.2.1", true, Some(device)).await.is_ok());
            }
            assert_eq!(admitted, expected);
        }
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..200_000 {
            let _ = throttle.admit(&format!("name {n}"), &format!("network {n}"), false, None).await;
        }
        for shares in [&throttle.addresses, &throttle.accounts, &throttle.firsts] {
            assert!(shares.here.len() <= 65_536);
        }
    }

    #[test]
    fn a_network_is_what_one_client_can_have() {
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("local"), "local");
    }
}
