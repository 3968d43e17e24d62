//! A conversation with a person, or with a script that plays one. Plain mode holds it on its console, commands on the
//! terminal they were started from.

use std::io;
use std::io::Write as _;

use secrecy::SecretString;

use crate::domain::Untrusted;
use crate::operations::prompts::interrupt::Flow;
use crate::platform::process::signal_guard::SignalGuard;

/// What there is to choose from: a word to answer with, and what it does (empty if the word says it).
pub(crate) type Choice<'a> = (&'a str, &'a str);

/// What is typed at a question to leave all as it is.
pub(crate) const BACK: &str = "back";

/// Says something on standard error.
pub(crate) fn warn(text: impl AsRef<str>) {
    // Standard error may be gone with the terminal: that is no reason to fail.
    let _ = writeln!(io::stderr(), "latchkey: {}", Untrusted::new(text.as_ref()).to_display(usize::MAX));
}

/// Says lines and asks questions. Every question fails with [`Stop`](crate::operations::prompts::interrupt::Stop) when
/// the input has ended or a signal came.
pub(crate) trait Prompter {
    /// Whether a person is there to answer. If not, a question gets whatever a script has to say, or the end of input.
    fn is_interactive(&self) -> bool;

    /// Says one thing, on one line. It is seen at the latest with the next question, [`wait`](Self::wait) or
    /// [`flush`](Self::flush).
    fn say(&mut self, text: impl AsRef<str>);

    /// Says something at once, beside the conversation: on standard error.
    fn warn(&mut self, text: impl AsRef<str>) {
        warn(text);
    }

    /// Says a credential, alone on a line; fails if the terminal cannot show all of it.
    fn say_credential(&mut self, text: &str) -> Flow<()>;

    /// Asks for a line; the answer comes without blanks at its ends.
    async fn ask(&mut self, question: impl AsRef<str>) -> Flow<String>;

    /// Asks for a secret, which is not shown while it is typed.
    async fn ask_hidden(&mut self, question: impl AsRef<str>) -> Flow<SecretString>;

    async fn flush(&mut self) -> Flow<()>;

    /// Signals, which are held back as long as the conversation lasts.
    fn guard(&mut self) -> &mut SignalGuard;

    /// From now on a signal ends the conversation and no more the program at once.
    fn hold_signals(&mut self) {}

    /// Waits for a call or other work; a signal ends the wait and drops the work.
    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Flow<T>;

    /// Asks a question that only a yes answers with yes.
    async fn confirm(&mut self, question: &str) -> Flow<bool> {
        loop {
            match self.ask(format!("{question} (yes or no, Enter for no): ")).await?.to_lowercase().as_str() {
                "yes" | "y" => return Ok(true),
                "" | "no" | "n" => return Ok(false),
                _ => self.say("Type yes or no."),
            }
        }
    }

    /// Lists the choices, and asks for one; returns its index.
    async fn choose(&mut self, question: &str, choices: &[Choice<'_>]) -> Flow<usize> {
        self.list(1, choices);
        self.choose_again(question, choices).await
    }

    /// The same where no choice leads back: the word for that is taken too, and gives none. The numbers begin with
    /// `first`.
    async fn choose_or_leave(&mut self, question: &str, first: usize, choices: &[Choice<'_>]) -> Flow<Option<usize>> {
        self.list(first, choices);
        self.answer(question, first, choices, true).await
    }

    /// Says the choices, one a line, with their numbers.
    fn list(&mut self, first: usize, choices: &[Choice<'_>]) {
        for (n, (word, what)) in choices.iter().enumerate() {
            self.say(format!("{}. {word}{}{what}", n + first, if what.is_empty() { "" } else { ": " }));
        }
    }

    /// Asks for one of the choices that were listed before, by its number, its words, or a beginning of them that no
    /// other choice has.
    async fn choose_again(&mut self, question: &str, choices: &[Choice<'_>]) -> Flow<usize> {
        loop {
            if let Some(chosen) = self.answer(question, 1, choices, false).await? {
                return Ok(chosen);
            }
        }
    }

    /// Asks until it is one of the choices; none for the word that leads back.
    async fn answer(
        &mut self,
        question: &str,
        first: usize,
        choices: &[Choice<'_>],
        can_leave: bool,
    ) -> Flow<Option<usize>> {
        let range = format!("{first} to {}", first + choices.len() - 1);
        let (leave, or_leave) =
            if can_leave { (format!(", {BACK} leaves"), format!(", or {BACK}")) } else { Default::default() };
        let question = format!("{question} ({range}, Enter lists them{leave}): ");
        loop {
            let typed = self.ask(&question).await?.to_lowercase();
            if typed.is_empty() {
                self.list(first, choices);
                continue;
            }
            if can_leave && typed == BACK {
                return Ok(None);
            }
            let is_meant = |(n, (words, _)): &(usize, &Choice<'_>)| {
                typed == (n + first).to_string() || words.to_lowercase().starts_with(&typed)
            };
            let mut meant = choices.iter().enumerate().filter(is_meant);
            if let (Some((n, _)), None) = (meant.next(), meant.next()) {
                return Ok(Some(n));
            }
            self.say(format!("Type a number from {range} or a word of the list{or_leave}."));
        }
    }
}
