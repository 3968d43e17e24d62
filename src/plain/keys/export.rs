//! An export of the keys of the list: to a file or a command.

use crate::domain::capitalized;
use crate::operations::access::Access as _;
use crate::operations::deliver::{FILE, SaveContent, ask_command, ask_file, save};
use crate::operations::keys::bulk::counted;
use crate::operations::messages::{exported, keys_read};
use crate::operations::output::{ExportForm, KeyList, ListForm, ListWalk};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::{Choice, Prompter as _};
use crate::plain::session::Session;
use crate::platform::delivery::OutputMode;

/// Cells of what a command printed: as much as is kept of it, and more.
const OUTPUT_CELLS: usize = 2000;
const BACK: Choice<'static> = ("Back", "");
/// Keys between two reports of progress.
const STEP: u64 = 10_000;

pub(crate) async fn run(session: &mut Session) -> Flow<()> {
    let names = ExportForm::ALL.map(|form| capitalized(form.name()));
    let forms = names.iter().map(|name| (name.as_str(), "")).chain([BACK]).collect::<Vec<_>>();
    let chosen = session.console.choose("Form of the exported list", &forms).await?;
    let Some(form) = ExportForm::ALL.get(chosen).copied() else { return Ok(()) };
    let ways = [FILE, ("Command", "give it to a command on its standard input"), BACK];
    let target = match session.console.choose("Where to", &ways).await? {
        0 => ask_file(&mut session.console).await?,
        1 => ask_command(&mut session.console).await?,
        _ => None,
    };
    let Some(target) = target else { return Ok(()) };
    let form = ListForm::from(form);
    let mut walk = ListWalk::new(session.listing.query.clone(), u64::MAX, form.exported());
    let (mut list, mut text) = (KeyList::whole(form, None), Vec::new());
    let failed = |error: std::io::Error| Interrupt::failed(error.to_string());
    while let Some((request, most)) = walk.next() {
        let page = session.call(async |client| client.page(request, most).await).await?;
        let (before, keys) = (list.rows, walk.take(page));
        list.write(&mut text, &keys).map_err(failed)?;
        if list.rows / STEP > before / STEP {
            session.console.say(keys_read(list.rows, None));
        }
    }
    list.end(&mut text).map_err(failed)?;
    let console = &mut session.console;
    console.flush().await?;
    match save(&target, &SaveContent::list(text), OutputMode::Kept, console.guard().signal()).await {
        Ok(saved) => {
            let words = exported(&counted(list.rows), &saved.sentences(OUTPUT_CELLS));
            words.lines().for_each(|line| console.say(line));
            Ok(())
        }
        Err(failed) => Err(Interrupt::failed(failed.sentences("", OUTPUT_CELLS).replace('\n', " "))),
    }
}
