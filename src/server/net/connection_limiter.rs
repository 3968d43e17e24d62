//! Limits the number of connections, in all and from each network.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::line_limiter::LineLimiter;
use super::throttle::network_of;
use super::trusted_proxies::TrustedProxies;

/// The slots of all listeners together.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter {
    all: Arc<Semaphore>,
    shares: ConnectionShares,
    most_of_network: usize,
    /// They bring many clients, and have no limit of their own.
    proxies: Arc<TrustedProxies>,
    refusals: Arc<LineLimiter>,
}

/// The slots that each network has taken. Has at most as many entries as there are slots.
type ConnectionShares = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// One connection's slot; free again when dropped.
pub(crate) struct ConnectionPermit {
    _one_of_all: OwnedSemaphorePermit,
    share: Option<(ConnectionShares, IpAddr)>,
}

impl ConnectionLimiter {
    pub(crate) fn new(all: usize, most_of_network: usize, proxies: Arc<TrustedProxies>) -> Self {
        let all = Arc::new(Semaphore::new(all));
        Self { all, shares: ConnectionShares::default(), most_of_network, proxies, refusals: Arc::default() }
    }

    /// Waits until one of all is free.
    pub(crate) async fn one_of_all(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.all).acquire_owned().await
    }

    /// Takes the slot for a client; `None` if its network has its share already.
    pub(crate) fn take(&self, one_of_all: OwnedSemaphorePermit, peer: Option<SocketAddr>) -> Option<ConnectionPermit> {
        let Some(peer) = peer.filter(|peer| !self.proxies.is_proxy(Some(*peer))) else {
            return Some(ConnectionPermit { _one_of_all: one_of_all, share: None });
        };
        let network = network_of(peer.ip().to_canonical());
        let mut shares = lock(&self.shares);
        let taken = shares.entry(network).or_default();
        if *taken >= self.most_of_network {
            if let Some(unlogged) = self.refusals.admit(Instant::now()) {
                let (from, limit) = (peer.ip().to_canonical(), self.most_of_network);
                tracing::warn!(%from, limit, unlogged, "refused a connection: too many from this address");
            }
            return None;
        }
        *taken += 1;
        Some(ConnectionPermit { _one_of_all: one_of_all, share: Some((Arc::clone(&self.shares), network)) })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((shares, network)) = &self.share else { return };
        let mut shares = lock(shares);
        if let Some(taken) = shares.get_mut(network) {
            *taken -= 1;
            if *taken == 0 {
                shares.remove(network);
            }
        }
    }
}

fn lock(shares: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    shares.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_network_has_its_share_and_gets_it_back() {
        let limiter = ConnectionLimiter::new(10, 2, Arc::default());
        let take = async |peer: &str| limiter.take(limiter.one_of_all().await.unwrap(), Some(peer.parse().unwrap()));
        let first = take("192.0.2.1:1").await.unwrap();
        let second = take("[::ffff:192.0.2.1]:2").await.unwrap();
        assert!(take("192.0.2.1:3").await.is_none());
        let _other = take("192.0.2.2:1").await.unwrap();
        drop(first);
        let third = take("192.0.2.1:4").await.unwrap();
        drop((second, third));
        let _v6 = [take("[2001:db8::1]:1").await.unwrap(), take("[2001:db8::2]:1").await.unwrap()];
        assert!(take("[2001:db8::3]:1").await.is_none(), "the same 64 bits");
        assert_eq!(lock(&limiter.shares).len(), 2, "who is gone is forgotten");
        assert_eq!(limiter.all.available_permits(), 7);
    }

    #[tokio::test]
    async fn a_proxy_may_take_all() {
        let limiter = ConnectionLimiter::new(3, 1, Arc::new(TrustedProxies::new(true, Vec::new())));
        let mut taken = Vec::new();
        for _ in 0..3 {
            let one = limiter.one_of_all().await.unwrap();
            taken.push(limiter.take(one, Some("127.0.0.1:1".parse().unwrap())).unwrap());
        }
        assert_eq!(limiter.all.available_permits(), 0);
    }
}
