//! The list of keys, a page at a time.

use crate::client::{ApiError, Cursor, ListRequest, Page};
use crate::domain::key::fields;
use crate::domain::{AccessKey, Filter, KeyId, KeyQuery, Order, Sort, Status, Untrusted, sentence};
use crate::operations::access::Access as _;
use crate::operations::format::key_in_line;
use crate::operations::keys::overview::FrequentOwners;
use crate::operations::keys::{list, overview, views};
use crate::operations::prompts::input;
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::session::Session;

/// Keys a page: what a reader can take in at once, and less than a terminal of 24 lines.
const PAGE: usize = 20;
/// Cells of a label in a line of the list.
const LABEL_CELLS: usize = 100;

/// Lists from the first key.
pub(crate) async fn first(session: &mut Session) -> Flow<()> {
    page(session, Cursor::Start).await
}

/// Lists what follows.
pub(crate) async fn next(session: &mut Session) -> Flow<()> {
    match session.listing.after.clone() {
        Some(cursor) => page(session, Cursor::After(cursor)).await,
        None if session.listing.is_begun => {
            session.console.say("That was the last key. list starts again from the first.");
            Ok(())
        }
        None => first(session).await,
    }
}

/// Lists only keys that a search finds.
pub(crate) async fn filter(session: &mut Session, rest: &str) -> Flow<()> {
    let text = match rest {
        "" => {
            session
                .console
                .ask(&format!(
                    "Words in {}, or filters such as owner:jo unused:90d (Enter for all keys): ",
                    fields::searched()
                ))
                .await?
        }
        text => text.to_owned(),
    };
    let text = input::search(&text).map_err(|why| Interrupt::words(&why))?;
    session.listing.query.filter.text = text;
    first(session).await
}

/// Lists only keys of a status.
pub(crate) async fn status(session: &mut Session, rest: &str) -> Flow<()> {
    const CHOICES: [&str; 4] = ["all", Status::ALL[0].as_str(), Status::ALL[1].as_str(), Status::ALL[2].as_str()];
    let Some(n) = pick(session, rest, "Status", &CHOICES).await? else { return Ok(()) };
    session.listing.query.filter.status = n.checked_sub(1).map(|n| Status::ALL[n]);
    first(session).await
}

/// Lists what a view shows. Without a name, the views are told with how many keys each has.
pub(crate) async fn view(session: &mut Session, rest: &str) -> Flow<()> {
    session.signed_in().await?; // one view is of who that is
    let all = views::offered(Some(&session.connection.server), session.config.views());
    let view = if rest.is_empty() {
        let filters: Vec<Filter> = all.iter().map(views::filter).collect();
        let counts = session.call(async |client| client.counts(&filters).await).await;
        let counts = match counts {
            Err(Interrupt::Failed(_)) => vec![None; all.len()], // an older server doesn't count
            counts => counts?,
        };
        let keys = |count: Option<u64>| count.map_or_else(String::new, |n| format!(" ({n})"));
        let told: Vec<_> = all.iter().zip(counts).map(|(view, n)| format!("{}{}", view.title, keys(n))).collect();
        let choices: Vec<_> = all.iter().zip(&told).map(|(view, told)| (view.name.as_str(), told.as_str())).collect();
        // The numbers are the digits of the page.
        let Some(n) = session.console.choose_or_leave("View", 0, &choices).await? else { return Ok(()) };
        &all[n]
    } else {
        views::named(&all, rest).map_err(|why| Interrupt::words(&why))?
    };
    session.listing.query.filter = views::filter(view);
    first(session).await
}

/// Tells how many keys there are by last use, expiry and owner.
pub(crate) async fn overview(session: &mut Session) -> Flow<()> {
    let owners = session.call(async |client| match client.frequent_owners(FrequentOwners::MOST).await {
        Err(error @ (ApiError::NoCounts | ApiError::NotCounted)) => {
            let request = list::request(&KeyQuery::default(), Cursor::Start, false);
            let page = client.page(&request, ListRequest::PAGE).await?;
            Ok(FrequentOwners::new(Err(error), page.keys.iter()))
        }
        owners => Ok(FrequentOwners::new(Ok(owners?), std::iter::empty())),
    });
    let charts = overview::charts(&owners.await?);
    let filters: Vec<Filter> = charts.iter().flat_map(|chart| &chart.bars).map(|bar| bar.filter.clone()).collect();
    let counts = session.call(async |client| client.counts(&filters).await).await?;
    let mut counts = counts.into_iter();
    for chart in charts {
        session.console.say(format!("{}:", chart.title));
        for (bar, count) in chart.bars.iter().zip(&mut counts) {
            let count = count.map_or_else(|| "not counted in time".to_owned(), |count| count.to_string());
            session.console.say(format!("  {}: {count}", bar.title.to_display(LABEL_CELLS)));
        }
    }
    session.console.say("To list some of them, use filter or view.");
    Ok(())
}

/// Lists in another order.
pub(crate) async fn sort(session: &mut Session, rest: &str) -> Flow<()> {
    let (field, order) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let fields = Sort::ALL.map(Sort::as_str);
    let word = Sort::parse(&field.to_lowercase()).map_or(field, |sort| sort.as_str());
    let Some(n) = pick(session, word, "Sort by", &fields).await? else { return Ok(()) };
    let sort = Sort::ALL[n];
    let natural = sort.natural_order();
    let order = match (field, order.trim()) {
        ("", _) => session.console.ask(format!("Direction (asc or desc, Enter for {}): ", natural.as_str())).await?,
        (_, order) => order.to_owned(),
    };
    let order = if order.is_empty() { Ok(natural) } else { input::order(&order) };
    let order = order.map_err(|why| Interrupt::words(&why))?;
    (session.listing.query.sort, session.listing.query.order) = (sort, order);
    first(session).await
}

/// A choice that may stand behind the command already; none to leave all as it is.
async fn pick(session: &mut Session, given: &str, question: &str, words: &[&str]) -> Flow<Option<usize>> {
    if given.is_empty() {
        let choices: Vec<_> = words.iter().map(|word| (*word, "")).collect();
        return session.console.choose_or_leave(question, 1, &choices).await;
    }
    let found = words.iter().position(|word| *word == given.to_lowercase());
    found.map(Some).ok_or_else(|| Interrupt::failed(format!("{question}: type one of {}.", words.join(", "))))
}

async fn page(session: &mut Session, place: Cursor) -> Flow<()> {
    let begins = place == Cursor::Start;
    let request = list::request(&session.listing.query, place, false);
    let page = session.call(async |client| client.page(&request, PAGE).await).await?;
    if begins {
        (session.listing.shown, session.listing.total) = (Vec::new(), page.total);
    }
    session.listing.is_begun = true;
    say_page(session, &page);
    session.listing.after = page.after;
    Ok(())
}

fn say_page(session: &mut Session, page: &Page) {
    let listing = &mut session.listing;
    let before = listing.shown.len();
    listing.shown.extend(page.keys.iter().map(|key| key.id.clone()));
    for (n, key) in page.keys.iter().enumerate() {
        session.console.say(format!("{}. {}", before + n + 1, key_in_line(key)));
    }
    let (last, of) = (listing.shown.len(), listing.total.map_or(String::new(), |total| format!(" of {total}")));
    let more = if page.after.is_some() { ". next lists more" } else { "" };
    let such = such(&listing.query);
    match page.keys.len() {
        0 if before > 0 => session.console.say("There are no more keys."),
        0 => session.console.say(sentence(&list::nothing_found(&listing.query.filter))),
        _ => session.console.say(format!("Keys {} to {last}{of}{such}{more}.", before + 1)),
    }
}

/// How the list differs from the one that is shown at first.
fn such(query: &KeyQuery) -> String {
    let Filter { text, status } = &query.filter;
    let with = if text.is_empty() {
        String::new()
    } else {
        format!(", filtered by: {}", Untrusted::new(text).to_display(LABEL_CELLS))
    };
    let only = status.map_or(String::new(), |status| format!(", only {}", status.as_str()));
    let is_usual = (query.sort, query.order) == (Sort::default(), Order::default());
    let by = format!(", by {} {}", query.sort.as_str(), query.order.as_str());
    format!("{with}{only}{}", if is_usual { "" } else { &by })
}

/// The key that is meant: a number of the list, or any ID. Asks if nothing is given.
pub(crate) async fn which(session: &mut Session, given: &str) -> Flow<KeyId> {
    let text = match given {
        "" => session.console.ask("Key (a number of the list, or an Access key ID): ").await?,
        text => text.to_owned(),
    };
    // No server's IDs are that short.
    if text.len() < 8 && text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        let number: Option<usize> = text.parse().ok();
        let found = number.and_then(|n| session.listing.shown.get(n.checked_sub(1)?)).cloned();
        return found.ok_or_else(|| Interrupt::words("no key with that number; list shows the numbers"));
    }
    input::key_id(&text).map_err(|why| Interrupt::words(&why))
}

/// The key that is meant, as the server knows it now.
pub(crate) async fn key(session: &mut Session, rest: &str) -> Flow<AccessKey> {
    let id = which(session, rest).await?;
    session.call(async |client| client.key(&id).await).await
}
