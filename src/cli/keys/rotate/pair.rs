//! A rotation that is under way: its two keys, and its end.

use std::io;
use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::cli::connect::connect;
use crate::cli::connect_to_change;
use crate::cli::output;
use crate::cli::output::KeyRecord;
use crate::cli::prompts::Prompts;
use crate::client::{EndedRotation, RotationEnd};
use crate::domain::{AccessKey, KeyId};
use crate::operations::access::Access as _;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;
use crate::operations::keys::rotate::{self, Pair, UNDO_NOW, UNDOES, finish_anyway};
use crate::operations::messages;
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter as _;
use crate::server::StoreAccess;

/// Both keys as JSON.
#[derive(Serialize)]
struct PairRecord<'a> {
    old: KeyRecord<'a>,
    /// Null if it was deleted.
    new: Option<KeyRecord<'a>>,
    #[serde(flatten)]
    advice: Option<AdviceRecord<'a>>,
}

#[derive(Serialize)]
struct AdviceRecord<'a> {
    /// Whether nothing seems to need the old key; null if that can't be told.
    safe_to_finish: Option<bool>,
    /// Why, in a sentence.
    advice: &'a str,
}

/// Shows the pair.
pub(super) async fn status(id: &KeyId, settings: &Context) -> Result<Exit, Failure> {
    let mut access = connect(settings).await?;
    let now = access.connection.client.server_time().await;
    let read: Flow<Pair> = Pair::read(&mut access, id, now).await;
    access.connection.end_session().await;
    let pair = read?;
    let sentences = (settings.format == Format::Table).then(|| pair.sentences(now, output::time));
    write(settings.format, &pair.old, Some(&pair.new), sentences, Some(&pair.advice))
}

/// Said after a refusal or a question that wasn't answered with yes.
const NOT_FINISHED: &str = "The rotation was not finished.";

const NOT_UNDONE: &str = "The rotation was not undone.";

/// Finishes or undoes the rotation. One that has ended so before is as it shall be.
pub(super) async fn end(id: &KeyId, end: RotationEnd, is_sure: bool, settings: &Context) -> Result<Exit, Failure> {
    let mut access = connect_to_change(settings, Prompts::new(), StoreAccess::Open).await?;
    let ended = async {
        let now = access.connection.client.server_time().await;
        let Some(pair) = Pair::find(&mut access, id, now).await? else {
            let (ended, words) = rotate::ended_before(&mut access, id, end).await?;
            return Ok((ended, io::stderr().is_terminal().then_some(words)));
        };
        if end == RotationEnd::Finish && !is_sure {
            let words = pair.advice.words.as_str();
            let refused = |exit| Failure::new(exit, words).next(NOT_FINISHED);
            if !access.prompter().is_interactive() && pair.advice.is_safe != Some(true) {
                let next = format!("{NOT_FINISHED} Use --yes to finish it anyway.");
                return Err(refused(Exit::Conflict).command(next).into());
            }
            access.prompter().say(words);
            if !finish_anyway(access.prompter(), &pair.advice).await? {
                return Err(refused(Exit::Cancelled).into());
            }
        }
        if end == RotationEnd::Undo && !is_sure {
            let refused = |exit| Failure::new(exit, UNDOES).next(NOT_UNDONE);
            if !access.prompter().is_interactive() {
                return Err(refused(Exit::Usage).command(format!("{NOT_UNDONE} Use --yes to undo it.")).into());
            }
            access.prompter().say(UNDOES);
            if !access.prompter().confirm(UNDO_NOW).await? {
                return Err(refused(Exit::Cancelled).into());
            }
        }
        let ended = rotate::end(&mut access, &pair.old, end).await?;
        // A job that succeeds says nothing: cron would send it.
        let is_told = io::stderr().is_terminal() || ended.in_force.is_some();
        let words = messages::rotation_ended(end, &ended.result, ended.in_force);
        Ok((ended.result, is_told.then_some(words)))
    };
    let ended: Flow<(EndedRotation, Option<String>)> = ended.await;
    access.connection.end_session().await;
    let (ended, words) = ended?;
    if let (Some(words), Format::Table) = (words, settings.format) {
        let _ = writeln!(io::stderr(), "{words}");
    }
    write(settings.format, &ended.old, ended.new.as_ref(), None, None)
}

fn write(
    format: Format,
    old: &AccessKey,
    new: Option<&AccessKey>,
    sentences: Option<Vec<String>>,
    advice: Option<&rotate::Advice>,
) -> Result<Exit, Failure> {
    output::print(|out| match (format, sentences) {
        (Format::Table, Some(sentences)) => {
            sentences.iter().try_for_each(|sentence| writeln!(out, "{}", output::one_line(sentence)))
        }
        (Format::Table, None) => {
            let row = |title: &str, key: &AccessKey| {
                format!("{title}  {}  {}", output::one_line(key.id.raw_for_api()), key.status.as_str())
            };
            writeln!(out, "{}", row("old", old))?;
            new.map_or(Ok(()), |new| writeln!(out, "{}", row("new", new)))
        }
        (Format::Json, _) => {
            let record = PairRecord {
                old: KeyRecord::of(old),
                new: new.map(KeyRecord::of),
                advice: advice.map(|advice| AdviceRecord { safe_to_finish: advice.is_safe, advice: &advice.words }),
            };
            output::write_json(&mut *out, &record)?;
            writeln!(out)
        }
        (Format::Csv | Format::Tsv, _) => {
            let mut rows = output::Rows::new(out, format);
            rows.row(KeyRecord::names())?;
            for key in [Some(old), new].into_iter().flatten() {
                rows.row(KeyRecord::of(key).cells().map(output::cell))?;
            }
            rows.end()
        }
    })
}
