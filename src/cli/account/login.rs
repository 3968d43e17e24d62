//! `latchkey login` and `latchkey logout`.

use std::io;
use std::io::Write as _;

use crate::cli::args::{LoginArgs, Remember};
use crate::cli::prompts::Prompts;
use crate::client::session_file::SessionStorage;
use crate::operations::account::sign_in;
use crate::operations::account::sign_in::SignInOptions;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::platform::secret_input::SecretSource;

/// Signs in.
pub(crate) async fn login(args: LoginArgs, settings: &Context) -> Result<Exit, Failure> {
    let LoginArgs { remember, username, password_file } = args;
    let password = password_file.as_deref().map(|file| SecretSource::of_option(Some(file), ""));
    let remember = remember.map(|remember| match remember {
        Remember::Keyring => SessionStorage::Keyring,
        Remember::File => SessionStorage::File,
    });
    let options = SignInOptions { username, password, remember };
    sign_in::login(&mut Prompts::new(), &settings.config()?, options, say).await?;
    Ok(Exit::Done)
}

/// Signs out.
pub(crate) async fn logout(settings: &Context) -> Result<Exit, Failure> {
    sign_in::logout(&settings.config()?, say).await?;
    Ok(Exit::Done)
}

fn say(words: &str) {
    // A closed standard output is no reason to leave a session open.
    let _ = writeln!(io::stdout(), "{words}");
}
