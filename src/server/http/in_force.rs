//! Where a revocation is in force, as a header of its answer.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderName;
use axum::response::{IntoResponseParts, ResponseParts};

use crate::server::store::{InForce, Store};

/// Says on how many servers what was just revoked is refused: `servers=3, silent=0, ms=31`. A silent one has not heard
/// from the database for so long that it verifies nothing. Absent where there are no other servers to wait for.
#[derive(Default)]
pub(crate) struct InForceHeader(Option<InForce>);

const NAME: HeaderName = HeaderName::from_static("x-revoked");

impl InForceHeader {
    /// Waits until no server accepts what was revoked. Where that can't be learnt, it is true when the longest lease has
    /// ended, and the answer waits for that.
    pub(crate) async fn wait(store: &Store) -> Self {
        let began = tokio::time::Instant::now();
        let found = store.in_force().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot learn which servers obey a revocation; waiting for the longest lease to end");
            InForce { servers: 1, silent: 1, after: Duration::ZERO }
        });
        if found.servers == found.silent && found.servers > 0 {
            tokio::time::sleep_until(began + store.longest_lease()).await;
        }
        Self((found.servers > 0).then_some(InForce { after: began.elapsed(), ..found }))
    }
}

impl IntoResponseParts for InForceHeader {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Some(InForce { servers, silent, after }) = self.0
            && let Ok(value) = format!("servers={servers}, silent={silent}, ms={}", after.as_millis()).parse()
        {
            parts.headers_mut().insert(NAME, value);
        }
        Ok(parts)
    }
}
