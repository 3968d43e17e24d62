//! Limits the number of connections, in all and from each network.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
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
    begun: Instant,
    all: Arc<Semaphore>,
    most: usize,
    shares: Arc<Mutex<Shares>>,
    most_of_network: usize,
    /// They bring many clients, and have no limit of their own.
    proxies: Arc<TrustedProxies>,
    refusals: Arc<LineLimiter>,
    closed: Arc<LineLimiter>,
}

/// The connections of each network. Has few more entries than there are slots.
type Shares = HashMap<IpAddr, Vec<Arc<Wait>>>;

/// Whether a connection waits for its client to send something. Each request changes this, so that it takes no lock.
struct Wait {
    /// When the limiter was made.
    begun: Instant,
    /// Since when, in nanoseconds after that; 0 if it doesn't wait.
    since: AtomicU64,
    close: Notify,
}

impl Wait {
    fn new(begun: Instant) -> Self {
        Self { begun, since: AtomicU64::new(0), close: Notify::new() }
    }

    fn begin(&self) {
        let since = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.since.store(since.max(1), Ordering::Relaxed);
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    /// How long it has waited by now.
    fn lasts(&self, now: Instant) -> Option<Duration> {
        let since = Some(self.since.load(Ordering::Relaxed)).filter(|since| *since > 0)?;
        Some(now.saturating_duration_since(self.begun).saturating_sub(Duration::from_nanos(since)))
    }
}

/// One connection's slot; free again when dropped.
pub(crate) struct ConnectionPermit {
    _slot: OwnedSemaphorePermit,
    place: Option<Place>,
}

/// A connection's place in the share of its network.
struct Place {
    shares: Arc<Mutex<Shares>>,
    network: IpAddr,
    wait: Arc<Wait>,
}

impl ConnectionLimiter {
    pub(crate) fn new(most: usize, most_of_network: usize, proxies: Arc<TrustedProxies>) -> Self {
        Self {
            begun: Instant::now(),
            all: Arc::new(Semaphore::new(most)),
            most,
            shares: Arc::default(),
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
        if share.len() >= self.most_of_network {
            if let Some(unlogged) = self.refusals.admit(Instant::now()) {
                let limit = self.most_of_network;
                tracing::warn!(from = %address, limit, unlogged, "refused a connection: too many from this address");
            }
            return None;
        }
        let wait = Arc::new(Wait::new(self.begun));
        share.push(Arc::clone(&wait));
        Some(Place { shares: Arc::clone(&self.shares), network, wait })
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

    /// Closes the connection that has waited longest, of the network that has most of them: a client that opens many and
    /// sends nothing keeps no other client out.
    fn close_one(&self, now: Instant) {
        let shares = lock(&self.shares);
        let longest = shares.values().filter_map(|share| {
            let waiting = share.iter().filter_map(|wait| Some((wait.lasts(now)?, wait)));
            let count = waiting.clone().count();
            let (lasts, wait) = waiting.max_by_key(|(lasts, _)| *lasts).filter(|(lasts, _)| *lasts >= GRACE)?;
            Some(((count, lasts), wait))
        });
        if let Some((_, wait)) = longest.max_by_key(|(rank, _)| *rank) {
            wait.end();
            wait.close.notify_one();
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
        if let Some(place) = &self.place {
            place.wait.begin();
        }
    }

    /// The client has sent all of a request.
    pub(crate) fn works(&self) {
        if let Some(place) = &self.place {
            place.wait.end();
        }
    }

    /// Waits until the connection has to close, since others need its slot.
    pub(crate) async fn must_close(&self) {
        match &self.place {
            Some(place) => place.wait.close.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shares = lock(&self.shares);
        if let Some(share) = shares.get_mut(&self.network) {
            share.retain(|wait| !Arc::ptr_eq(wait, &self.wait));
            if share.is_empty() {
                shares.remove(&self.network);
            }
        }
    }
}

fn lock(shares: &Mutex<Shares>) -> MutexGuard<'_, Shares> {
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
