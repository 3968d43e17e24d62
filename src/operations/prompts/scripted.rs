//! A conversation whose answers are known beforehand, for tests of operations.

use std::collections::VecDeque;

use secrecy::SecretString;

use crate::operations::prompts::interrupt::{Flow, Stop};
use crate::operations::prompts::prompter::Prompter;
use crate::platform::process::signal_guard::SignalGuard;

/// Answers in turn, then the end of input; keeps all that was said and asked.
pub(crate) struct Scripted {
    answers: VecDeque<String>,
    /// Every line and every question, in order.
    pub(crate) said: Vec<String>,
    guard: SignalGuard,
}

impl Scripted {
    pub(crate) fn new(answers: &[&str]) -> Self {
        let answers = answers.iter().map(|&answer| answer.to_owned()).collect();
        Self { answers, said: Vec::new(), guard: SignalGuard::none() }
    }
}

impl Prompter for Scripted {
    fn is_interactive(&self) -> bool {
        true
    }

    fn say(&mut self, text: impl AsRef<str>) {
        self.said.push(text.as_ref().to_owned());
    }

    fn warn(&mut self, text: impl AsRef<str>) {
        self.say(text);
    }

    fn say_credential(&mut self, text: &str) -> Flow<()> {
        self.say(text);
        Ok(())
    }

    async fn ask(&mut self, question: impl AsRef<str>) -> Flow<String> {
        self.say(question);
        Ok(self.answers.pop_front().ok_or(Stop::Left)?)
    }

    async fn ask_hidden(&mut self, question: impl AsRef<str>) -> Flow<SecretString> {
        Ok(SecretString::from(self.ask(question).await?))
    }

    async fn flush(&mut self) -> Flow<()> {
        Ok(())
    }

    fn guard(&mut self) -> &mut SignalGuard {
        &mut self.guard
    }

    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Flow<T> {
        Ok(work.await)
    }
}

#[cfg(test)]
mod tests {
    use crate::operations::prompts::interrupt::Interrupt;
    use crate::operations::prompts::scripted::*;

    const WAYS: [(&str, &str); 4] = [("File", "write it"), ("Show key", ""), ("Close", "forget it"), ("Command", "")];

    #[tokio::test]
    async fn a_choice_is_a_number_or_a_word() {
        for (answer, chosen) in [("1", 0), ("file", 0), ("SHOW", 1), ("show key", 1), ("3", 2), ("f", 0), ("cl", 2)] {
            assert_eq!(Scripted::new(&[answer]).choose("Way", &WAYS).await.ok(), Some(chosen), "{answer}");
        }
        let mut prompter = Scripted::new(&["0", "5", "c", ""]);
        assert!(matches!(prompter.choose("Way", &WAYS).await, Err(Interrupt::Stop(Stop::Left))));
        assert_eq!(prompter.said[1], "2. Show key");
        assert_eq!(
            prompter.said.iter().filter(|line| *line == "Type a number from 1 to 4 or a word of the list.").count(),
            3
        );
        assert_eq!(prompter.said.iter().filter(|line| *line == "1. File: write it").count(), 2, "Enter lists them");
        let mut prompter = Scripted::new(&["3", "2", "BACK"]);
        assert_eq!(prompter.choose_or_leave("Way", 0, &WAYS).await.ok(), Some(Some(3)));
        assert_eq!(prompter.said[3], "3. Command");
        assert_eq!(prompter.choose_or_leave("Way", 1, &WAYS).await.ok(), Some(Some(1)));
        assert_eq!(prompter.choose_or_leave("Way", 1, &WAYS).await.ok(), Some(None));
    }

    #[tokio::test]
    async fn only_a_yes_is_a_yes() {
        for (answers, is) in [(&["maybe", "YES"][..], true), (&["y"], true), (&[""], false), (&["no"], false)] {
            assert_eq!(Scripted::new(answers).confirm("Delete it?").await.ok(), Some(is));
        }
        assert!(Scripted::new(&["maybe"]).confirm("Delete it?").await.is_err(), "the end of input is no answer");
    }
}
