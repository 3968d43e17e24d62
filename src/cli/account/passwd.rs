//! `latchkey passwd`.

use std::path::Path;

use crate::cli::args::PasswdArgs;
use crate::cli::{connect, output};
use crate::operations::account::administrators::change_own_password;
use crate::operations::context::Context;
use crate::operations::failure::{Exit, Failure};
use crate::platform::secret_input::SecretSource;

/// Changes one's own password.
pub(crate) async fn run(args: &PasswdArgs, settings: &Context) -> Result<Exit, Failure> {
    let stdin = Some(Path::new("-"));
    if args.old_password_file.as_deref() == stdin && args.password_file.as_deref() == stdin {
        return Err(Failure::usage("Standard input can hold only one of the two passwords."));
    }
    let source = |file: &Option<_>| file.as_deref().map(|file| SecretSource::of_option(Some(file), ""));
    let mut access = connect(settings).await?;
    let changed = change_own_password(&mut access, source(&args.old_password_file), source(&args.password_file)).await;
    access.connection.end_session().await;
    output::say(changed?)
}
