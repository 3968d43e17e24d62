//! Lists of keys, and how many there are.
//!
//! Words and a status are asked for as they always were, whatever server it is. All else goes as one text in `query`,
//! which a server that understands it repeats: one that ignores it, or refuses it, is from before.

use chrono::Local;
use reqwest::{Method, RequestBuilder};

use super::{Answer, BODY_LIMIT, Client};
use crate::client::wire::{WireCounts, WireDue, WireKey, WireOwners, WirePage};
use crate::client::{ApiError, Cursor, ListRequest, Page};
use crate::domain::{AccessKey, Filter, KeyQuery, Lifetimes, Order, Search, Sort, Status, USAGE_DAYS, Untrusted};

/// Reading on would never end where a server always names a next page.
const MOST_EMPTY_PAGES: u32 = 100;

/// The most filters whose keys are counted at once (HTTP contract: openapi.yaml).
const MOST_COUNTS: usize = 32;

/// A filter as it is sent.
enum SentFilter {
    /// For every server.
    Words { text: String, status: Option<&'static str> },
    /// For servers that know the language; with what it asks besides words.
    Search { query: String, besides: String },
}

impl Client {
    /// A page of at most `limit` keys, up to the contract's 1,000; in the list's order wherever it was asked from. A
    /// server may have pages with nothing in them before the last one: they are passed over.
    pub async fn page(&self, request: &ListRequest, limit: usize) -> Result<Page, ApiError> {
        let mut request = request.clone();
        for _ in 0..MOST_EMPTY_PAGES {
            let page = match self.one_page(&request, limit).await {
                // An older server.
                Err(ApiError::Refused(400, why)) if request.uses && says(&why, "usage_days: is not a known") => {
                    request.uses = false;
                    continue;
                }
                Err(ApiError::Refused(400, why))
                    if matches!(request.place, Cursor::Around(_)) && says(&why, "around: is not a known") =>
                {
                    request.place = Cursor::Start;
                    continue;
                }
                page => page?,
            };
            request.place = match (&request.place, &page.before, &page.after) {
                _ if !page.keys.is_empty() => return Ok(page),
                (Cursor::Start | Cursor::After(_) | Cursor::Around(_), _, Some(next)) => Cursor::After(next.clone()),
                (Cursor::End | Cursor::Before(_), Some(next), _) => Cursor::Before(next.clone()),
                _ => return Ok(page),
            };
        }
        Err(ApiError::Garbled(200, "it is one of 100 pages in a row that have no keys"))
    }

    async fn one_page(&self, request: &ListRequest, limit: usize) -> Result<Page, ApiError> {
        let upward = matches!(request.place, Cursor::End | Cursor::Before(_));
        let order = if upward { request.query.order.flipped() } else { request.query.order };
        let call = self
            .call(Method::GET, &["keys"])
            .query(&[("limit", limit.to_string().as_str())])
            .query(&[("sort", request.query.sort.as_str()), ("order", order.as_str())])
            .query(&[("total", request.counted)]);
        let question = SentFilter::of(&request.query.filter)?;
        let call = question.put(call);
        let call = match request.export {
            Some(form) => call.query(&[("export", form)]),
            None => call,
        };
        let call = if request.uses { call.query(&[("usage_days", USAGE_DAYS)]) } else { call };
        let call = match &request.place {
            Cursor::After(cursor) | Cursor::Before(cursor) => call.query(&[("cursor", &cursor.0)]),
            Cursor::Around(id) => call.query(&[("around", id.raw_for_api())]),
            Cursor::Start | Cursor::End => call,
        };
        let answer = Answer::of(self.send(call).await?, BODY_LIMIT).await?;
        let page = question.page(&answer, request.query.sort)?.into_page(&request.place)?;
        Ok(Page { ahead: self.clock.ahead(), ..page })
    }

    /// What the server allows as the expiry of keys.
    pub async fn lifetimes(&self) -> Result<Lifetimes, ApiError> {
        let request =
            ListRequest { query: KeyQuery::default(), place: Cursor::Start, counted: false, uses: false, export: None };
        Ok(self.one_page(&request, 1).await?.lifetimes)
    }

    /// How many keys a filter finds.
    pub async fn count(&self, filter: &Filter) -> Result<u64, ApiError> {
        let call = self.call(Method::GET, &["keys"]).query(&[("limit", "1"), ("order", Order::Asc.as_str())]);
        let question = SentFilter::of(filter)?;
        let answer = Answer::of(self.send(question.put(call)).await?, BODY_LIMIT).await?;
        question.page(&answer, Sort::default())?.total.ok_or(ApiError::NotCounted)
    }

    /// The keys that need attention within so many days. Of an older server only those that expire.
    pub async fn due(&self, days: u16) -> Result<Vec<AccessKey>, ApiError> {
        let call = self.call(Method::GET, &["keys", "due"]).query(&[("days", days)]);
        match Answer::of(self.send(call).await?, BODY_LIMIT).await?.read::<WireDue>() {
            // For an older server, this is a key that it doesn't have.
            Err(ApiError::NotFound(_)) => {
                let filter = Filter { text: format!("status:active expires:<{days}d"), status: None };
                let query = KeyQuery { sort: Sort::ExpiresAt, order: Order::Asc, filter };
                let request = ListRequest { query, place: Cursor::Start, counted: false, uses: false, export: None };
                Ok(self.page(&request, 1000).await?.keys)
            }
            due => due?.keys.into_iter().map(WireKey::into_key).collect(),
        }
    }

    /// How many keys each of several filters finds; `None` where the server did not count them in time.
    pub async fn counts(&self, filters: &[Filter]) -> Result<Vec<Option<u64>>, ApiError> {
        let mut all = Vec::new();
        for some in filters.chunks(MOST_COUNTS) {
            match self.some_counts(some).await {
                // An older server doesn't know every word of the query language: only what has it isn't counted.
                Err(ApiError::Refused(400, _)) if some.len() > 1 => {
                    for one in some {
                        match self.some_counts(std::slice::from_ref(one)).await {
                            Err(ApiError::Refused(400, _)) => all.push(None),
                            counts => all.extend(counts?),
                        }
                    }
                }
                counts => all.extend(counts?),
            }
        }
        Ok(all)
    }

    /// The owners that most keys have, at most so many (1 to 32), the most frequent first.
    pub async fn frequent_owners(&self, limit: usize) -> Result<Vec<Untrusted>, ApiError> {
        let call = self.call(Method::GET, &["keys", "owners"]).query(&[("limit", limit)]);
        // For an older server, this is a key that it doesn't have.
        let answer: WireOwners = match Answer::of(self.send(call).await?, BODY_LIMIT).await?.read() {
            Err(ApiError::NotFound(_)) => return Err(ApiError::NoCounts),
            answer => answer?,
        };
        let owners = answer.owners.ok_or(ApiError::NotCounted)?;
        Ok(owners.into_iter().take(limit).map(|count| count.owner).collect())
    }

    async fn some_counts(&self, filters: &[Filter]) -> Result<Vec<Option<u64>>, ApiError> {
        let queries = filters.iter().map(query_text).collect::<Result<Vec<_>, _>>()?;
        let pairs: Vec<(&str, &str)> = queries.iter().map(|query| ("query", query.as_str())).collect();
        let call = self.call(Method::GET, &["keys", "counts"]).query(&pairs);
        // For an older server, this is a key that it doesn't have.
        let answer: WireCounts = match Answer::of(self.send(call).await?, BODY_LIMIT).await?.read() {
            Err(ApiError::NotFound(_)) => return Err(ApiError::NoCounts),
            answer => answer?,
        };
        let counted = answer.counts.iter().map(|count| count.query.as_str());
        if counted.eq(queries.iter().map(String::as_str)) {
            Ok(answer.counts.into_iter().map(|count| count.total).collect())
        } else {
            Err(ApiError::Garbled(200, "it counts something else than was asked"))
        }
    }
}

/// A search as it is sent: with days as they are here. Both as text, in one form.
fn query_text(filter: &Filter) -> Result<String, ApiError> {
    Ok(search(filter)?.and_status(filter.status).in_zone(&Local).to_string())
}

fn search(filter: &Filter) -> Result<Search, ApiError> {
    Search::parse(&filter.text).map_err(|error| ApiError::BadSearch(error.to_string()))
}

impl SentFilter {
    fn of(filter: &Filter) -> Result<Self, ApiError> {
        let search = search(filter)?;
        Ok(match search.only_words() {
            Some(text) => Self::Words { text, status: filter.status.map(Status::as_str) },
            None => Self::Search { query: query_text(filter)?, besides: search.without_words().to_string() },
        })
    }

    fn put(&self, call: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Words { text, status } => {
                let text = (!text.is_empty()).then_some(("q", text.as_str()));
                let pairs: Vec<_> = text.into_iter().chain(status.map(|status| ("status", status))).collect();
                call.query(&pairs)
            }
            Self::Search { query, .. } => call.query(&[("query", query)]),
        }
    }

    /// Understands an answer, if the server did as it was asked.
    fn page(&self, answer: &Answer, sort: Sort) -> Result<WirePage, ApiError> {
        let page: WirePage = match (answer.read(), self) {
            (Err(ApiError::Refused(400, why)), Self::Search { besides, .. }) if says(&why, "query: is not a known") => {
                return Err(not_filtered(besides));
            }
            (Err(ApiError::Refused(400, why)), _) if says(&why, "sort: is not one of") => {
                return Err(ApiError::NotSorted(sort.as_str()));
            }
            (answer, _) => answer?,
        };
        match self {
            Self::Search { query, besides } if page.query.as_ref() != Some(query) => return Err(not_filtered(besides)),
            _ => {}
        }
        // Servers from before say nothing of what they sort by, and may not know these.
        if matches!(sort, Sort::ExpiresAt | Sort::CreatedBy) && page.sort.as_deref() != Some(sort.as_str()) {
            return Err(ApiError::NotSorted(sort.as_str()));
        }
        Ok(page)
    }
}

fn says(why: &Untrusted, words: &str) -> bool {
    why.raw_for_api().starts_with(words)
}

fn not_filtered(besides: &str) -> ApiError {
    ApiError::NotFiltered(Untrusted::new(besides))
}
