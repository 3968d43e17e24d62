//! Limits the rate of sign-ins: guessing gets nowhere, and cannot lock an administrator out.
//!
//! A device that shows that the account has signed in there before has its own share for that account, and so has a
//! network from which it has: tries from elsewhere cannot use it up. All others share: by address, and by the account that
//! they name, whether it exists or not. The first tries of an address have a share apart, so that many addresses that keep
//! guessing don't keep out one that is new. (A client in the same network as an administrator can learn from this that the
//! account signs in from there; no one else can.)

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::server::auth::device_token::DeviceId;

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

/// Names and addresses fall into 65,536 shares by a secret hash. Memory is bounded whatever is sent, and two that fall
/// into the same share are only limited together.
type Share = u16;
type SignInShares = RateLimiter<Share, HashMapStateStore<Share>, DefaultClock>;

/// How often sign-ins were tried.
pub(crate) struct Throttle {
    hasher: RandomState,
    addresses: SignInShares,
    firsts: SignInShares,
    accounts: SignInShares,
    accounts_first: SignInShares,
    pairs: SignInShares,
    devices: SignInShares,
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
        let shares = |a_minute| SignInShares::hashmap(Quota::per_minute(a_minute));
        let hasher = RandomState::new();
        let first = Quota::with_period(FIRST_EVERY).unwrap_or(Quota::per_hour(FIRST)).allow_burst(FIRST);
        Self {
            hasher,
            addresses: shares(OF_ADDRESS),
            firsts: SignInShares::hashmap(first),
            accounts: shares(OF_ACCOUNT),
            accounts_first: shares(OF_ACCOUNT_FIRST),
            pairs: shares(OF_PAIR),
            devices: shares(OF_DEVICE),
        }
    }
}

impl Throttle {
    /// Counts a try; if it is one too many, the error is how long to wait.
    pub(crate) fn admit(
        &self,
        username: &str,
        network: &str,
        is_known_network: bool,
        device: Option<DeviceId>,
    ) -> Result<SignInKind, Duration> {
        if let Some(device) = device {
            return self.take(&self.devices, device).map(|()| SignInKind::Known);
        }
        if is_known_network {
            return self.take(&self.pairs, (username, network)).map(|()| SignInKind::Known);
        }
        // The address first: a single one that keeps trying must not use up the account's share.
        self.take(&self.addresses, network)?;
        if self.take(&self.firsts, network).is_ok() && self.take(&self.accounts_first, username).is_ok() {
            return Ok(SignInKind::Newcomer);
        }
        self.take(&self.accounts, username).map(|()| SignInKind::Repeated)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are the share")]
    fn share(&self, of: impl Hash) -> Share {
        self.hasher.hash_one(of) as Share
    }

    fn take(&self, shares: &SignInShares, of: impl Hash) -> Result<(), Duration> {
        shares.check_key(&self.share(of)).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
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

    fn tries(throttle: &Throttle, username: &str, network: &str, is_known_network: bool) -> usize {
        (0..100).filter(|_| throttle.admit(username, network, is_known_network, None).is_ok()).count()
    }

    #[test]
    fn one_address_is_slowed_down_and_leaves_the_account_some() {
        let throttle = Throttle::default();
        assert_eq!(tries(&throttle, "jo", "192.0.2.1", false), 10);
        assert_eq!(tries(&throttle, "mo", "192.0.2.1", false), 0);
        assert_eq!(tries(&throttle, "jo", "192.0.2.2", false), 10, "another address has its own");
        let wait = throttle.admit("jo", "192.0.2.1", false, None).unwrap_err();
        assert!((1..=6).contains(&wait.as_secs()), "{wait:?}");
    }

    #[test]
    fn many_addresses_are_slowed_down_and_familiar_ones_are_not() {
        let throttle = Throttle::default();
        // Two of a hundred may fall into one share by chance.
        let mut shares = std::collections::HashSet::from(["203.0.113.1", "192.0.2.7"].map(|new| throttle.share(new)));
        let others = (0..256).map(|n| format!("198.51.100.{n}")).filter(|other| shares.insert(throttle.share(other)));
        let guessed: usize = others.take(100).map(|other| tries(&throttle, "jo", &other, false)).sum();
        assert_eq!(guessed, 200 + 30, "the first two of each, and those of the account");
        assert_eq!(throttle.admit("jo", "203.0.113.1", false, None), Ok(SignInKind::Newcomer), "who is new can try");
        assert_eq!(tries(&throttle, "jo", "192.0.2.1", true), 10);
        assert_eq!(tries(&throttle, "jo", "192.0.2.9", true), 10);
        assert_eq!(tries(&throttle, "mo", "192.0.2.7", false), 10, "another account is as it was");
    }

    #[test]
    fn a_device_is_not_held_up_by_its_neighbours() {
        let throttle = Throttle::default();
        assert_eq!(tries(&throttle, "jo", "192.0.2.1", true), 10);
        let of = |device| (0..100).filter(|_| throttle.admit("jo", "192.0.2.1", true, Some(device)).is_ok()).count();
        assert_eq!((of([1; 16]), of([2; 16]), of([1; 16])), (10, 10, 0));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..200_000 {
            let _ = throttle.admit(&format!("name {n}"), &format!("network {n}"), false, None);
        }
        assert!(
            throttle.addresses.len() <= 65_536 && throttle.accounts.len() <= 65_536 && throttle.firsts.len() <= 65_536
        );
    }

    #[test]
    fn a_network_is_what_one_client_can_have() {
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("local"), "local");
    }
}
