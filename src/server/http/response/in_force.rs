//! Where a revocation is in force, as a header of its answer.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderName;
use axum::response::{IntoResponseParts, ResponseParts};

use crate::domain::InForce;
use crate::server::store::Store;

/// Says on how many servers what was just revoked is refused. Absent where there are no other servers to wait for.
#[derive(Default)]
pub(crate) struct InForceHeader(Option<InForce>);

const NAME: HeaderName = HeaderName::from_static(InForce::HEADER);

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
        if let Some(in_force) = self.0
            && let Ok(value) = in_force.to_string().parse()
        {
            parts.headers_mut().insert(NAME, value);
        }
        Ok(parts)
    }
}
