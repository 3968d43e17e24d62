//! A page of a list around one of its keys.

use chrono::{DateTime, Utc};

use super::Store;
use super::error::StoreError;
use super::keys::{KeyPage, PageQuery};
use super::keyset::Keyset;

impl Store {
    /// The page that has a key of the list in its middle, and the place after which it begins. If the list doesn't have the
    /// key, or has it near its beginning, it is the first page, which begins after no place.
    pub(crate) async fn list_around(
        &self,
        request: PageQuery,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<(KeyPage, Option<Keyset>), StoreError> {
        let (sort, order) = (request.sort, request.order);
        let Some(place) = self.find(request.clone(), id, now).await? else {
            return Ok((self.list(request, now).await?, None));
        };
        let upward = PageQuery {
            order: order.flipped(),
            after: Some(place.clone()),
            limit: request.limit / 2,
            total: false,
            ..request.clone()
        };
        let above = self.list(upward, now).await?;
        if !above.more {
            return Ok((self.list(request, now).await?, None));
        }
        let limit = request.limit - above.keys.len();
        let after = Some(place.just_before(sort, order));
        let mut page = self.list(PageQuery { after, limit, ..request }, now).await?;
        page.keys.splice(0..0, above.keys.into_iter().rev());
        let start = page.keys.first().map(|first| first.place.just_before(sort, order));
        Ok((page, start))
    }
}
