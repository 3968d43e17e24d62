//! A command line that is not understood, said in one line that repeats no secret.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::looks_secret;
use crate::operations::failure::{Exit, Failure};
use crate::operations::format::Format;

/// What is said when a secret was typed where others can read it.
const KNOWN: &str = "If it was a secret, other users of this machine and the shell history may have it now. Replace \
    it, and pass the new one on standard input, in a file or at the prompt.";

/// The commands that take a secret or a password.
const TAKES_SECRETS: [&str; 8] = ["identify", "hmac", "token", "verify", "doctor", "login", "add", "passwd"];

/// Writes the help if it was asked for, else what is wrong; gives the exit code.
pub fn report(error: &clap::Error, arguments: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has seen enough (`| head`) is no failure.
            let _ = error.print();
            Exit::Done
        }
        _ => failure(error, arguments).report(format(arguments)),
    }
}

/// The form that was asked for, as far as it can be told.
fn format(arguments: &[OsString]) -> Format {
    let mut texts = arguments.iter().filter_map(|argument| argument.to_str());
    let asks = texts.clone().any(|text| text == "--output=json")
        || texts.by_ref().any(|text| text == "--output") && texts.next() == Some("json");
    if asks { Format::Json } else { Format::Table }
}

/// What is wrong with the command line.
pub(super) fn failure(error: &clap::Error, arguments: &[OsString]) -> Failure {
    let (words, command) = command(arguments);
    let help = ["latchkey"].into_iter().chain(words.iter().map(String::as_str)).chain(["--help"]);
    let help = help.collect::<Vec<_>>().join(" ");
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        let message = format!("{} needs a subcommand: {}.", words.join(" "), names.join(", "));
        return Failure::usage(message).next(format!("See {help}"));
    }
    match hidden(error, arguments) {
        Some(message) => Failure::usage(message).next(format!("{KNOWN} See {help}")),
        None => Failure::usage(message(error)).next(format!("See {help}")),
    }
}

/// Clap's own first paragraph, in one line.
fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let words = text.trim_start_matches("error: ").split("\n\nUsage:").next().unwrap_or_default();
    let words = words.split("\n\nFor more information").next().unwrap_or_default();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}.", line.trim_end_matches(['.', ':']))
}

/// Words that do not repeat what was typed, if that may be a secret: it looks like one, or it is where nothing is taken.
fn hidden(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument
            if !argument.starts_with('-') && (takes_secrets(arguments) || looks_secret(argument)) =>
        {
            Some("Unexpected argument (not repeated here).".to_owned())
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
            if text(ContextKind::InvalidValue).is_some_and(looks_secret) =>
        {
            let why = std::error::Error::source(error).map_or("it is not valid".to_owned(), ToString::to_string);
            Some(format!("Invalid value for {argument} (not repeated here): {why}."))
        }
        _ => {
            let rendered = error.render().to_string();
            let mut suspects = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
            suspects
                .any(|argument| {
                    looks_secret(argument)
                        && argument.split('=').any(|part| looks_secret(part) && rendered.contains(part))
                })
                .then(|| "The command line is not valid (not repeated here).".to_owned())
        }
    }
}

/// Whether a command was named that takes a secret, though never as an argument.
fn takes_secrets(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| TAKES_SECRETS.iter().any(|name| argument == name))
}

/// The words of the command that was meant, and the command.
fn command(arguments: &[OsString]) -> (Vec<String>, clap::Command) {
    let mut known = <super::args::Args as clap::CommandFactory>::command();
    let mut words = Vec::new();
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        if let Some(inner) = known.find_subcommand(argument).cloned() {
            words.push(argument.to_owned());
            known = inner;
        }
    }
    (words, known)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::Args;
    use super::*;

    fn said(arguments: &[&str]) -> String {
        let arguments: Vec<OsString> = ["latchkey"].iter().chain(arguments).map(OsString::from).collect();
        let error = Args::try_parse_from(&arguments).unwrap_err();
        let failure = failure(&error, &arguments);
        format!("{} {}", failure.message, failure.next.unwrap_or_default())
    }

    #[test]
    fn one_line_with_the_commands_help() {
        let said = said(&["keys", "lsit"]);
        assert!(said.contains("unrecognized subcommand 'lsit'") && said.contains("'list'"), "{said}");
        assert!(said.ends_with("See latchkey keys --help") && !said.contains('\n'), "{said}");
        let said = super::super::usage::tests::said(&["keys", "create", "mine"]);
        assert!(said.starts_with("unexpected argument 'mine' found"), "{said}");
        let said = super::super::usage::tests::said(&["keys", "list", "--limit", "0"]);
        assert!(said.contains("--limit") && said.ends_with("See latchkey keys list --help"), "{said}");
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        let secret = "sk_0123456789abcdefghij";
        for arguments in [
            &["hmac", secret][..],
            &["hmac", "hunter2"],
            &["verify", "hunter2"],
            &["keys", "show", secret],
            &["keys", "create", "--label", secret],
            &["hmac", "--content", secret],
            &["keys", "list", "--status", secret],
            &[secret],
            &["keys", secret],
            &[&format!("--secret={secret}")],
            &[&format!("--{secret}")],
        ] {
            let said = said(arguments);
            assert!(!said.contains(secret) && !said.contains("hunter2"), "{said}");
            assert!(arguments[0].starts_with("--secret=") || said.contains("Replace it"), "{arguments:?}: {said}");
        }
    }
}
