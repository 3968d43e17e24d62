//! The keys of the list leave: as a file, or into a command.

use crate::operations::access::Access as _;
use crate::operations::deliver::{SaveContent, ask_command, ask_file, save};
use crate::operations::keys::bulk::counted;
use crate::operations::output::{KeyList, ListForm, ListWalk};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::plain::session::Session;
use crate::platform::delivery::OutputMode;

/// Cells of what a command printed: as much as is kept of it, and more.
const OUTPUT_CELLS: usize = 2000;
/// After so many pages it says how far it is.
const TOLD: u64 = 10_000;

pub(crate) async fn run(session: &mut Session) -> Flow<()> {
    let forms = [("CSV", ""), ("JSON lines", ""), ("Table", "columns for people"), ("Back", "")];
    let chosen = session.console.choose("Form of the exported list", &forms).await?;
    let Some(form) = ListForm::EXPORTS.get(chosen).copied() else { return Ok(()) };
    let ways = [("File", "write it to a new file that only you can read"), ("Command", ""), ("Back", "")];
    let target = match session.console.choose("Where to", &ways).await? {
        0 => ask_file(&mut session.console).await?,
        1 => ask_command(&mut session.console).await?,
        _ => None,
    };
    let Some(target) = target else { return Ok(()) };
    let mut walk = ListWalk::new(session.listing.query.clone(), u64::MAX, form.exported());
    let (mut list, mut text) = (KeyList::whole(form, None), Vec::new());
    let failed = |error: std::io::Error| Interrupt::failed(error.to_string());
    while let Some((request, most)) = walk.next() {
        let page = session.call(async |client| client.page(request, most).await).await?;
        let (before, keys) = (list.rows, walk.take(page));
        list.write(&mut text, &keys).map_err(failed)?;
        if list.rows / TOLD > before / TOLD {
            session.console.say(format!("{} read…", counted(list.rows)));
        }
    }
    list.end(&mut text).map_err(failed)?;
    let console = &mut session.console;
    console.flush().await?;
    match save(&target, &SaveContent::list(text), OutputMode::Kept, console.guard().signal()).await {
        Ok(saved) => {
            console.say(format!("Exported {}. {}", counted(list.rows), saved.sentences(OUTPUT_CELLS)));
            Ok(())
        }
        Err(failed) => Err(Interrupt::failed(failed.sentences("", OUTPUT_CELLS))),
    }
}
