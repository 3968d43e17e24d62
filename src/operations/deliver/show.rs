//! Showing a credential on the terminal, where it stays.

use crate::domain::{ClipboardChoice, capitalized};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::{Choice, Prompter};
use crate::platform::surroundings::{Warning, look};

/// Shows a credential, after a question.
pub(crate) const SHOW: Choice<'static> = ("Show", "show it here, where it stays in the scrollback");

/// Says who else may see a credential, asks, and shows it. Returns whether it was shown.
pub(crate) async fn show(prompter: &mut impl Prompter, name: &str, text: &str) -> Flow<bool> {
    let found = prompter.wait(look(ClipboardChoice::default())).await?;
    for warning in found.warnings.iter().filter(|warning| **warning != Warning::Stays) {
        prompter.say(warning.sentence());
    }
    prompter.say(format!("Shown, the {name} stays in the scrollback until you clear it."));
    if !prompter.confirm("Show it?").await? {
        return Ok(false);
    }
    prompter.say(format!("{}, alone on the next line:", capitalized(name)));
    prompter.say_credential(text)?;
    prompter.flush().await?;
    Ok(true)
}
