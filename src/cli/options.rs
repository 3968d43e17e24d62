//! The options of `latchkey serve`, and of commands that work on the data of one: of the command line, and where one isn't
//! given there, of the settings file.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory as _};

use super::args::Args as CommandLine;
use super::usage;
use crate::config::{ConfigError, ServeSetting};
use crate::operations::context::Context;
use crate::operations::failure::Failure;

/// The settings that are no options of the command itself, but of all commands.
const DATA: &str = "data";
const MASTER_KEY: &str = "master_key_file";

/// The options of a command by their names below `[serve]` in the settings file.
fn command<A: Args>() -> Command {
    A::augment_args(Command::new("latchkey"))
}

/// The options of a run whose command line is `arguments`, of the subcommand with this `path`.
pub(crate) fn options<A: Args>(path: &[&str], arguments: &[OsString], settings: &[ServeSetting]) -> Result<A, Failure> {
    let wrong = |error: &clap::Error| usage::failure(error, arguments);
    let given = CommandLine::command().try_get_matches_from(arguments).map_err(|error| wrong(&error))?;
    let given = path.iter().try_fold(&given, |given, name| given.subcommand_matches(name));
    let given = given.cloned().unwrap_or_default();
    let mut words = vec![OsString::from("latchkey")];
    for option in command::<A>().get_arguments() {
        let id = option.get_id().as_str();
        if is_given(&given, id) {
            let values = given.get_raw(id).into_iter().flatten().map(OsString::from);
            words.extend(spelt(option, &values.collect::<Vec<_>>()));
        } else if let Some(setting) = settings.iter().find(|setting| setting.name == id) {
            check::<A>(option, setting)?;
            words.extend(spelt(option, &setting.values));
        }
    }
    let parsed = command::<A>().try_get_matches_from(words).and_then(|matches| A::from_arg_matches(&matches));
    parsed.map_err(|error| wrong(&error))
}

/// The data folder and the master key's file that are meant where options don't name others.
pub(crate) fn folder<'a>(
    settings: &'a Context,
    of_file: &'a [ServeSetting],
) -> Result<(&'a Path, Option<&'a Path>), Failure> {
    let named = |name| of_file.iter().find(|setting| setting.name == name)?.values.first().map(Path::new);
    let data = match (&settings.overrides.data, named(DATA)) {
        (None, Some(named)) => named,
        _ => settings.data()?,
    };
    Ok((data, settings.overrides.master_key.as_deref().or_else(|| named(MASTER_KEY))))
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).unwrap_or(false) && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// An option with these values, as words of a command line.
fn spelt(option: &Arg, values: &[OsString]) -> Vec<OsString> {
    let name = format!("--{}", option.get_long().unwrap_or_default());
    if !option.get_action().takes_values() {
        return vec![name.into()];
    }
    let word = |value: &OsString| {
        let mut word = OsString::from(format!("{name}="));
        word.push(value);
        word
    };
    values.iter().map(word).collect()
}

/// Refuses a value that the option would not take, and says where it is in the file.
fn check<A: Args>(option: &Arg, setting: &ServeSetting) -> Result<(), ConfigError> {
    let alone = std::iter::once("latchkey".into()).chain(spelt(option, &setting.values));
    match command::<A>().try_get_matches_from(alone) {
        // What it needs besides may be there.
        Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => Err(setting.error(&problem(&error))),
        _ => Ok(()),
    }
}

/// What is wrong with a value, without the value.
fn problem(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => format!("must be one of {}", valid.join(", ")),
        _ => std::error::Error::source(error).map_or_else(|| "is not valid".to_owned(), ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cli::args::serve::Serve;
    use crate::config::{SERVE_SETTINGS, SettingKind, Spot};

    #[test]
    fn each_option_is_a_setting() {
        let mut options: Vec<_> =
            command::<Serve>().get_arguments().map(|option| option.get_id().as_str().to_owned()).collect();
        options.extend([DATA, MASTER_KEY].map(str::to_owned));
        options.sort();
        let mut settings = SERVE_SETTINGS.map(|(name, _)| name);
        settings.sort_unstable();
        assert_eq!(options, settings);
        for option in command::<Serve>().get_arguments() {
            let kind = SERVE_SETTINGS.iter().find(|(name, _)| *name == option.get_id().as_str()).unwrap().1;
            assert_eq!(kind == SettingKind::Flag, !option.get_action().takes_values(), "{}", option.get_id());
        }
    }

    fn setting(name: &'static str, values: &[&str]) -> ServeSetting {
        let spot = Spot { path: PathBuf::from("c"), line: 7, column: 3 };
        ServeSetting { name, values: values.iter().map(OsString::from).collect(), spot }
    }

    fn made(arguments: &[&str], settings: &[ServeSetting]) -> Result<Serve, String> {
        let arguments: Vec<_> = ["latchkey", "serve"].iter().chain(arguments).map(OsString::from).collect();
        options(&["serve"], &arguments, settings).map_err(|failure| failure.message)
    }

    #[test]
    fn the_command_line_comes_first() {
        let settings = [
            setting("lease", &["9"]),
            setting("listen", &["unix:/a", "127.0.0.1:1"]),
            setting("log_verifies", &[]),
            setting("threads", &["3"]),
            setting("tls_cert", &["/cert"]),
            setting("tls_key", &["/key"]),
        ];
        let serve = made(&["--lease", "7", "--listen", "127.0.0.1:2"], &settings).unwrap();
        assert_eq!((serve.lease, serve.threads, serve.log_verifies), (7, Some(3), true));
        assert_eq!(serve.listen.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.1:2"]);
        assert_eq!(serve.tls_key, Some(PathBuf::from("/key")));
        let serve = made(&[], &settings).unwrap();
        assert_eq!((serve.lease, serve.listen.len(), serve.stop_timeout), (9, 2, 20));
        let alone = made(&[], &settings[4..5]).unwrap_err();
        assert!(alone.contains("--tls-key"), "{alone}");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place_and_not_repeated() {
        for (name, value, why) in [
            ("lease", "0", "lease: 0 is not in 1..=20"),
            ("listen", "here", "listen: "),
            ("socket_mode", "0777", "socket_mode: must be a mode from 0600 to 0666"),
            ("key_format", "base64", "key_format: must be one of prefixed, hex"),
            ("log_format", "xml", "log_format: must be one of text, json"),
        ] {
            let said = made(&[], &[setting(name, &[value])]).unwrap_err();
            assert!(said.starts_with(&format!("c, line 7, column 3: {why}")), "{said}");
        }
    }
}
