//! `latchkey keys list`: page by page, each key once.

use std::io;
use std::io::Write;

use crate::cli::args::ListArgs;
use crate::cli::output;
use crate::client::Connection;
use crate::domain::{Filter, KeyQuery, View, sentence};
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::list::nothing_found;
use crate::operations::keys::views;
use crate::operations::output::{KeyList, ListForm, ListWalk};

/// Writes all keys that match.
pub async fn run(args: &ListArgs, own: &[View], server: &Connection, format: Format) -> Result<Exit, Failure> {
    let all = views::offered(Some(&server.server), own);
    let view = args.view.as_deref().map(|name| views::named(&all, name)).transpose();
    let view = view.map_err(|why| Failure::usage(format!("--view: {why}.")))?;
    let searches = [view.map_or("", |view| view.search.as_str()), &args.search];
    let filter = Filter { text: searches.join(" ").trim().to_owned(), status: args.status };
    let order = args.order.unwrap_or_else(|| args.sort.natural_order());
    let query = KeyQuery { sort: args.sort, order, filter };
    let form = ListForm::from(format);
    let mut walk = ListWalk::new(query.clone(), args.limit.unwrap_or(u64::MAX), form.exported());
    let (mut list, mut out) = (KeyList::whole(form, output::width()), output::stdout());
    while let Some((request, most)) = walk.next() {
        let keys = walk.take(server.client.page(request, most).await?);
        // Each page is flushed: a reader has it while the next one is fetched.
        let written = list.write(&mut out, &keys);
        output::done(written, &mut out)?;
    }
    let written = list.end(&mut out);
    output::done(written, &mut out)?;
    if list.rows == 0 && format == Format::Table && output::is_terminal() {
        let _ = writeln!(io::stderr(), "{}", sentence(&nothing_found(&query.filter)));
    }
    Ok(Exit::Done)
}
