//! How long a certificate is good.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

/// From when until when a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// Warn this long before a certificate expires: automatic renewal happens earlier.
const SOON: TimeDelta = TimeDelta::days(30);

/// The last moment of the year 9999, which every certificate has ended by (RFC 5280, section 4.1.2.5).
const LAST: Duration = Duration::from_secs(253_402_300_799);

impl Validity {
    /// Reads it from a certificate; `None` from what is none.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = EndEntityCert::try_from(certificate).ok()?;
        // webpki looks at the time first, and says what it found; it has no other way to ask.
        let verify = |at| {
            let (usage, at) = (KeyUsage::server_auth(), UnixTime::since_unix_epoch(at));
            certificate.verify_for_usage(&[], &[], &[], at, usage, None, None).err()
        };
        let time = |time: UnixTime| DateTime::from_timestamp(i64::try_from(time.as_secs()).ok()?, 0);
        let until = match verify(LAST)? {
            webpki::Error::CertExpired { not_after, .. } => time(not_after)?,
            _ => time(UnixTime::since_unix_epoch(LAST))?,
        };
        let from = match verify(Duration::ZERO)? {
            webpki::Error::CertNotValidYet { not_before, .. } => time(not_before)?,
            _ => DateTime::UNIX_EPOCH,
        };
        Some(Self { from, until })
    }

    /// The last moment at which it is good.
    pub const fn until(&self) -> DateTime<Utc> {
        self.until
    }

    /// What is wrong with it or soon will be, after "the certificate".
    pub fn concern(&self, now: DateTime<Utc>) -> Option<String> {
        let date = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC");
        if now > self.until {
            Some(format!("expired on {}", date(self.until)))
        } else if now < self.from {
            Some(format!("is not valid before {}", date(self.from)))
        } else if self.until - now < SOON {
            let days = (self.until - now).num_days();
            let left = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            Some(format!("expires on {}, in {left}", date(self.until)))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_times_are_those_of_the_certificate() {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 3, 1), date_time_ymd(2026, 6, 1));
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let validity = Validity::of(made.der()).unwrap();
        let concern = |now: &str| validity.concern(format!("{now}Z").parse().unwrap());
        assert_eq!(concern("2026-02-28T23:59:59").unwrap(), "is not valid before 2026-03-01 00:00 UTC");
        assert_eq!(concern("2026-03-01T00:00:00"), None);
        assert_eq!(concern("2026-05-02T00:00:00"), None, "30 days are enough");
        assert_eq!(concern("2026-05-02T00:00:01").unwrap(), "expires on 2026-06-01 00:00 UTC, in 29 days");
        assert_eq!(concern("2026-05-30T12:00:00").unwrap(), "expires on 2026-06-01 00:00 UTC, in 1 day");
        assert_eq!(concern("2026-06-01T00:00:01").unwrap(), "expired on 2026-06-01 00:00 UTC");
        assert_eq!(Validity::of(&CertificateDer::from(vec![1, 2, 3])), None);
    }

    #[test]
    fn one_without_an_end_has_none_that_is_near() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let validity = Validity::of(made.cert.der()).unwrap();
        assert_eq!(validity.concern("2026-06-01T00:00:00Z".parse().unwrap()), None);
    }
}
