//! Sends messages in the background, a few at a time, and again when they are not accepted.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::messages;
use super::receiver::{Answer, Receiver};
use crate::server::metrics::{METRICS, MessageOutcome};
use crate::server::store::{ClaimedMessage, Settled, Store, StoreError};

/// How often it is looked for what has happened, and at most for what is due.
const LOOKED_EVERY: Duration = Duration::from_secs(15);
/// How many times as long as the look for what is due the pause after it is: it takes longer where many keys are due.
const LOOK_PAUSES: u32 = 100;
/// The longest of these pauses: the look may only have waited for the database.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How often it is looked for messages whose time has come.
const SENT_EVERY: Duration = Duration::from_secs(5);
/// How often old messages are deleted.
const FORGOTTEN_EVERY: Duration = Duration::from_secs(60 * 60);
/// How many messages are being sent at once.
const AT_ONCE: usize = 4;
/// How long the last ones may take when the server stops. They are sent again after that.
const LAST: Duration = Duration::from_secs(2);
/// The pauses after each try, in seconds: ten tries within three days (Standard Webhooks, "Retry schedule").
const PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Makes messages and sends them, until it is stopped.
pub(crate) struct WebhookSender {
    end: oneshot::Sender<()>,
    sending: JoinHandle<()>,
}

impl WebhookSender {
    pub(crate) fn start(store: Store, receiver: Receiver) -> Self {
        let (end, ended) = oneshot::channel();
        let file = receiver.secret_file.display();
        tracing::info!(host = receiver.host, secret_file = %file, is_new = receiver.is_new, "sending messages to the webhook");
        Self { end, sending: tokio::spawn(run(store, Arc::new(receiver), ended)) }
    }

    /// Waits for a moment until what is being sent has arrived.
    pub(crate) async fn stop(self) {
        drop(self.end);
        let _ = self.sending.await;
    }
}

async fn run(store: Store, receiver: Arc<Receiver>, ended: oneshot::Receiver<()>) {
    let mut sending = JoinSet::new();
    tokio::select! {
        () = work(&store, &receiver, &mut sending) => {}
        _ = ended => {}
    }
    let _ = timeout(LAST, async { while sending.join_next().await.is_some() {} }).await;
}

/// Makes messages and begins to send them. Never ends; may be dropped at any time.
async fn work(store: &Store, receiver: &Arc<Receiver>, sending: &mut JoinSet<()>) {
    let [mut turns, mut alarms, mut forgets] = [SENT_EVERY, LOOKED_EVERY, FORGOTTEN_EVERY].map(interval);
    for interval in [&mut turns, &mut alarms, &mut forgets] {
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let (mut is_failing, mut next_look) = (false, Instant::now());
    loop {
        let done = tokio::select! {
            () = sleep_until(next_look) => {
                let begun = Instant::now();
                let made = messages::remind(store, Utc::now()).await;
                next_look = Instant::now() + if made.is_ok() { pause(begun.elapsed()) } else { LOOKED_EVERY };
                made
            }
            _ = alarms.tick() => messages::alarm(store, Utc::now()).await,
            _ = turns.tick() => Ok(()),
            _ = forgets.tick() => store.forget_messages(Utc::now()).await,
            Some(_) = sending.join_next() => Ok(()),
        };
        let done = match done {
            Ok(()) => send(store, receiver, sending).await,
            failed => failed,
        };
        if let (Err(error), false) = (&done, is_failing) {
            tracing::warn!(%error, "can't look for messages for the webhook; trying again");
        }
        is_failing = done.is_err();
    }
}

/// How long after a look for what is due, which took so long, the next one is.
fn pause(look: Duration) -> Duration {
    look.saturating_mul(LOOK_PAUSES).clamp(LOOKED_EVERY, LONGEST_PAUSE)
}

/// Begins to send as many messages as may be sent at once.
async fn send(store: &Store, receiver: &Arc<Receiver>, sending: &mut JoinSet<()>) -> Result<(), StoreError> {
    let free = AT_ONCE.saturating_sub(sending.len());
    if free > 0 && !receiver.is_gone() {
        for message in store.claim_messages(free, Utc::now()).await? {
            sending.spawn(send_one(store.clone(), Arc::clone(receiver), message));
        }
    }
    Ok(())
}

async fn send_one(store: Store, receiver: Arc<Receiver>, message: ClaimedMessage) {
    let now = Utc::now();
    // Should the key not be read, it is sent; should it not be dropped, it is claimed once more.
    if let Ok(Some(key)) = store.key(&message.key_id, now).await
        && message.is_outdated(&key, now)
    {
        let _ = store.drop_message(message).await;
        return;
    }
    let answer = receiver.send(&message.id, &message.body, Utc::now()).await;
    let now = Utc::now();
    let settled = match &answer {
        Answer::Accepted(_) => Settled::Sent,
        Answer::Gone => Settled::GivenUp,
        Answer::Refused(_, wait) => next_try(message.tries, *wait, now).map_or(Settled::GivenUp, Settled::Again),
    };
    let (host, id, kind, tries) = (&receiver.host, &message.id, &message.kind, message.tries);
    match (&answer, settled) {
        (Answer::Accepted(status), _) => {
            METRICS.messages(MessageOutcome::Sent);
            tracing::info!(host, id, kind, tries, status = status.as_u16(), "webhook message accepted");
        }
        (Answer::Refused(why, _), Settled::Again(next)) => {
            METRICS.messages(MessageOutcome::Retried);
            tracing::warn!(host, id, kind, tries, why, %next, "webhook message not accepted; it will be sent again");
        }
        (Answer::Refused(why, _), _) => {
            METRICS.messages(MessageOutcome::GivenUp);
            tracing::error!(host, id, kind, tries, why, "webhook message given up");
        }
        (Answer::Gone, _) => {
            METRICS.messages(MessageOutcome::GivenUp);
            tracing::error!(
                host,
                id,
                kind,
                tries,
                "the webhook's receiver wants no more messages (410 Gone): none is sent until this server is restarted"
            );
        }
    }
    if let Err(error) = store.settle_message(message, settled, now).await {
        tracing::warn!(%error, "can't store what became of a webhook message; it may be sent again");
    }
}

/// When a message that was tried so often is tried again: a little later than the schedule has it, so that servers don't all
/// come at once, and not before the receiver wants it.
fn next_try(tries: i64, wait: Option<Duration>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pause = PAUSES.get(usize::try_from(tries - 1).ok()?)? * 1000;
    let mut random = [0];
    let _ = getrandom::fill(&mut random);
    let pause = pause + pause * i64::from(random[0]) / 2_560;
    let wait = wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(0));
    Some(now + TimeDelta::milliseconds(pause.max(wait)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_look_delays_the_next_one_for_some_minutes_only() {
        let pauses = [0, 10, 1_000, 30_000, u64::MAX].map(|millis| pause(Duration::from_millis(millis)).as_secs());
        assert_eq!(pauses, [15, 15, 100, 300, 300]);
    }

    #[test]
    fn pauses_grow_and_end_after_three_days() {
        let now = Utc::now();
        let pauses: Vec<i64> =
            (1..=10).map_while(|tries| Some((next_try(tries, None, now)? - now).num_seconds())).collect();
        assert_eq!(pauses.len(), PAUSES.len());
        for (pause, planned) in pauses.iter().zip(PAUSES) {
            assert!((planned..=planned + planned / 10).contains(pause), "{pause} for {planned}");
        }
        let days = pauses.iter().sum::<i64>() / 86_400;
        assert_eq!(days, 3);
        let asked = next_try(1, Some(Duration::from_secs(90)), now).unwrap();
        assert_eq!((asked - now).num_seconds(), 90);
    }
}
