//! Handing the secret of a new key over to someone else: by a code that opens it once.

mod opener;
mod receive;
mod told;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use zeroize::Zeroizing;

pub(crate) use crate::client::{Handover, HandoverEnd};
use crate::client::{NewHandover, Target};
use crate::domain::{HandoverCode, KeyId, SecretKey};
use crate::operations::access::Access;
use crate::operations::keys::since::span;
use crate::operations::messages;

pub(crate) use receive::{Received, receive};
pub(crate) use told::{Wrong, alarm, alarms, ended, identity, in_line, is_open, name, name_in, waits};

/// How long a code is good at most.
const MOST_TTL: TimeDelta = TimeDelta::days(7);

/// Reads how long a code shall be good: `30m`, `1h`, `7d`.
pub fn ttl(text: &str) -> Result<TimeDelta, &'static str> {
    let ttl = span(text).filter(|ttl| (TimeDelta::minutes(1)..=MOST_TTL).contains(ttl));
    ttl.ok_or("use a time from 1m to 7d, such as 30m, 1h or 2d")
}

/// The code that opens a secret, and the PIN if there is one. Never printed by accident.
#[derive(Debug)]
pub struct Ticket {
    pub code: HandoverCode,
    pin: Option<Pin>,
}

/// A PIN of six digits. Wiped when dropped.
struct Pin(Zeroizing<String>);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

impl Ticket {
    /// Draws a code, and a PIN if one is wanted.
    ///
    /// # Errors
    ///
    /// The operating system gives no random numbers.
    pub fn draw(with_pin: bool) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; HandoverCode::CHARS]);
        getrandom::fill(bytes.as_mut_slice())?;
        let mut number = Zeroizing::new([0; 8]);
        getrandom::fill(number.as_mut_slice())?;
        let pin = || Pin(Zeroizing::new(format!("{:06}", u64::from_le_bytes(*number) % 1_000_000)));
        Ok(Self { code: HandoverCode::from_random(&bytes), pin: with_pin.then(pin) })
    }

    /// The PIN, for the one who hands it on, and for nothing else.
    pub fn pin(&self) -> Option<&str> {
        self.pin.as_ref().map(|pin| pin.0.as_str())
    }

    /// Encrypts a secret.
    pub fn seal(&self, id: &KeyId, secret: &SecretKey, ttl: TimeDelta) -> Option<NewHandover> {
        let seconds = ttl.num_seconds().try_into().unwrap_or(u32::MAX);
        NewHandover::new(&self.code, self.pin(), id, secret, seconds)
    }
}

/// Why secrets can't be handed over by this server, if they can't: other people don't reach it.
pub const fn why_not(target: &Target) -> Option<&'static str> {
    match target {
        Target::Socket(_) => Some(messages::EMBEDDED_ONLY),
        Target::Url(_) => None,
    }
}

/// How the owner of the code gets the secret.
#[derive(Debug, Default)]
pub struct Commands {
    /// With this program.
    pub receive: String,
    /// With curl, which reads the code from its standard input. The shell draws an opener of the receiver's own and keeps it,
    /// so that the same line in the same shell gets the secret again if the answer was lost. One that came with the code
    /// would be known to whoever knows the code.
    pub curl: String,
    /// With curl in the same shell, once the secret has arrived.
    pub confirm: String,
}

impl Commands {
    /// None of a server that others can't reach.
    pub fn of(target: &Target, has_pin: bool) -> Option<Self> {
        let Target::Url(base) = target else { return None };
        let base = base.as_str().trim_end_matches('/');
        let data = if has_pin { "--data @-" } else { CODE };
        let path = format!("{base}/api/v2/handovers");
        Some(Self {
            receive: format!("latchkey receive --url {base} --secret-file FILE"),
            curl: format!("{DRAW}; {CURL} -H 'Accept: text/plain' {OPENER} {data} {path}/open"),
            confirm: format!("{CURL} {OPENER} {CODE} {path}/confirm"),
        })
    }
}

/// What the receiver runs last.
pub(crate) fn then_confirm(command: &str) -> String {
    format!("After the secret has arrived: {command}")
}

const CURL: &str = "curl -sS --fail-with-body";
const DRAW: &str = "opener=${opener:-$(head -c18 /dev/urandom|base64)}";
const OPENER: &str = "--data-urlencode opener=$opener";
const CODE: &str = "--data-urlencode code@-";

/// Takes back what waits under a code that was never told. The answer about it may have been lost, so it is looked for by its
/// key. Says what came of it.
pub(crate) async fn take_back_untold<A: Access>(access: &mut A, key: &KeyId) -> String {
    let settled = access.call(async |client| {
        let all = client.handovers().await?;
        let mut count = 0;
        for one in all.iter().filter(|one| one.key_id.raw_for_api() == key.raw_for_api() && is_open(one)) {
            client.settle_handover(&one.id, HandoverEnd::TakeBack).await?;
            count += 1;
        }
        Ok(count)
    });
    match settled.await {
        Ok(0) => "It was not handed over.".to_owned(),
        Ok(_) => "The hand-over was taken back: its code opens nothing.".to_owned(),
        Err(_) => {
            "It may wait on the server under a code that was not told: latchkey hand-overs take-back ID".to_owned()
        }
    }
}

/// What curl is given on its standard input.
pub const fn curl_input(has_pin: bool) -> &'static str {
    if has_pin { "code=CODE&pin=PIN, then Enter and Ctrl-D" } else { "the code, then Enter and Ctrl-D" }
}

/// Until when a code is good.
pub fn until(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
