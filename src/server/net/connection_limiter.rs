//! Limits the number of connections, in all and from each network.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::line_limiter::LineLimiter;
use super::throttle::network_of;
use super::trusted_proxies::TrustedProxies;

/// A connection that waits for its client is left alone for so long: an answer may still be on its way out.
const GRACE: Duration = Duration::from_millis(100);

/// The slots of all listeners together.
#[derive(Clone)]
pub(crate) struct ConnectionLimiter {
    all: Arc<Semaphore>,
    most: usize,
    shares: ConnectionShares,
    most_of_network: usize,
    /// They bring many clients, and have no limit of their own.
    proxies: Arc<TrustedProxies>,
    refusals: Arc<LineLimiter>,
    closed: Arc<LineLimiter>,
}

/// What each network has taken. Has few more entries than there are slots.
type ConnectionShares = Arc<Mutex<HashMap<IpAddr, Share>>>;

#[derive(Default)]
struct Share {
    taken: usize,
    /// Those that wait for their client to send something, the longest wait first.
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    since: Instant,
    close: Arc<Notify>,
}

/// One connection's slot; free again when dropped.
pub(crate) struct ConnectionPermit {
    _slot: OwnedSemaphorePermit,
    place: Option<Place>,
}

/// A connection's place in the share of its network.
struct Place {
    shares: ConnectionShares,
    network: IpAddr,
    close: Arc<Notify>,
}

impl ConnectionLimiter {
    pub(crate) fn new(most: usize, most_of_network: usize, proxies: Arc<TrustedProxies>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most)),
            most,
            shares: ConnectionShares::default(),
            most_of_network,
            proxies,
            refusals: Arc::default(),
            closed: Arc::default(),
        }
    }

    /// How many slots there are.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// How many slots are taken.
    pub(crate) fn taken(&self) -> usize {
        self.most - self.all.available_permits()
    }

    /// Takes the slot for a client, when one is free; `None` if its network has its share already.
    pub(crate) async fn admit(&self, peer: Option<SocketAddr>) -> Option<ConnectionPermit> {
        let place = match peer.filter(|peer| !self.proxies.is_proxy(Some(*peer))) {
            None => None,
            Some(peer) => Some(self.place(peer.ip().to_canonical())?),
        };
        Some(ConnectionPermit { _slot: self.slot().await?, place })
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let network = network_of(address);
        let mut shares = lock(&self.shares);
        let share = shares.entry(network).or_default();
        if share.taken >= self.most_of_network {
            if let Some(unlogged) = self.refusals.admit(Instant::now()) {
                let limit = self.most_of_network;
                tracing::warn!(from = %address, limit, unlogged, "refused a connection: too many from this address");
            }
            return None;
        }
        share.taken += 1;
        Some(Place { shares: Arc::clone(&self.shares), network, close: Arc::default() })
    }

    /// Waits for a free slot. While there is none, connections that wait for their client are closed.
    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(slot) = Arc::clone(&self.all).try_acquire_owned() {
                return Some(slot);
            }
            self.close_one(Instant::now());
            if let Ok(slot) = timeout(GRACE, Arc::clone(&self.all).acquire_owned()).await {
                return slot.ok();
            }
        }
    }

    /// Closes the connection that has waited longest, of the network that has most of them: whoever opens many and sends
    /// nothing keeps nobody else out.
    fn close_one(&self, now: Instant) {
        let mut shares = lock(&self.shares);
        let waits = |share: &Share| share.waiting.front().map(|first| now.saturating_duration_since(first.since));
        let longest = shares.values_mut().filter_map(|share| {
            let waited = waits(share).filter(|waited| *waited >= GRACE)?;
            Some(((share.waiting.len(), waited), share))
        });
        let most = longest.max_by_key(|(rank, _)| *rank);
        if let Some(first) = most.and_then(|(_, share)| share.waiting.pop_front()) {
            first.close.notify_one();
            if let Some(unlogged) = self.closed.admit(now) {
                let limit = self.most;
                tracing::warn!(limit, unlogged, "closed a connection that sent nothing: all connections are taken");
            }
        }
    }
}

impl ConnectionPermit {
    /// The connection waits for its client.
    pub(crate) fn waits(&self) {
        if let Some(Place { shares, network, close }) = &self.place
            && let Some(share) = lock(shares).get_mut(network)
        {
            share.waiting.push_back(Waiting { since: Instant::now(), close: Arc::clone(close) });
        }
    }

    /// The client has sent all of a request.
    pub(crate) fn works(&self) {
        if let Some(place) = &self.place {
            place.works(&mut lock(&place.shares));
        }
    }

    /// Waits until the connection has to close, since others need its slot.
    pub(crate) async fn must_close(&self) {
        match &self.place {
            Some(place) => place.close.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Place {
    fn works(&self, shares: &mut HashMap<IpAddr, Share>) {
        if let Some(share) = shares.get_mut(&self.network) {
            share.waiting.retain(|waiting| !Arc::ptr_eq(&waiting.close, &self.close));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shares = lock(&self.shares);
        self.works(&mut shares);
        if let Some(share) = shares.get_mut(&self.network) {
            share.taken -= 1;
            if share.taken == 0 {
                shares.remove(&self.network);
            }
        }
    }
}

fn lock(shares: &Mutex<HashMap<IpAddr, Share>>) -> MutexGuard<'_, HashMap<IpAddr, Share>> {
    shares.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_network_has_its_share_and_gets_it_back() {
        let limiter = ConnectionLimiter::new(10, 2, Arc::default());
        let take = async |peer: &str| limiter.admit(Some(peer.parse().unwrap())).await;
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
            taken.push(limiter.admit(Some("127.0.0.1:1".parse().unwrap())).await.unwrap());
        }
        assert_eq!(limiter.all.available_permits(), 0);
    }

    #[tokio::test]
    async fn the_network_with_most_waiting_connections_loses_the_oldest() {
        let limiter = ConnectionLimiter::new(9, 9, Arc::default());
        let mut taken = Vec::new();
        for peer in ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.2:2", "192.0.2.2:3", "192.0.2.3:1"] {
            taken.push(limiter.admit(Some(peer.parse().unwrap())).await.unwrap());
        }
        let [single, first, second, busy, last] = &taken[..] else { panic!("five") };
        for permit in &taken {
            permit.waits();
        }
        busy.works();
        let closes = async |permit: &ConnectionPermit| timeout(Duration::ZERO, permit.must_close()).await.is_ok();
        limiter.close_one(Instant::now());
        assert!(!closes(first).await, "it has just begun");
        let later = Instant::now() + GRACE;
        limiter.close_one(later);
        assert!(closes(first).await && !closes(second).await);
        limiter.close_one(later);
        assert!(closes(single).await, "the longest wait, where networks have as many");
        for _ in 0..3 {
            limiter.close_one(later);
        }
        assert!(closes(second).await && closes(last).await && !closes(busy).await);
    }
}
