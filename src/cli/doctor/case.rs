//! What the user has at hand when something does not work.

use std::io;
use std::io::IsTerminal as _;
use std::path::Path;

use secrecy::ExposeSecret as _;

use crate::cli::args::DoctorArgs;
use crate::cli::prompts::Prompts;
use crate::cli::tokens::secret;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::domain::{KeyId, SecretKey};
use crate::operations::failure::Failure;
use crate::operations::tokens::hmac::ask_hashed_content;
use crate::operations::tokens::key_test::FailingToken;
use crate::platform::prompt;

/// A key that does not work, and what goes with it.
pub(crate) struct Case {
    pub(crate) id: KeyId,
    pub(crate) secret: Option<SecretKey>,
    pub(crate) failing: Option<FailingToken>,
}

impl Case {
    /// Reads what goes with the ID, and asks for it where a user can be asked; none without an ID.
    pub(crate) async fn read(args: &DoctorArgs) -> Result<Option<Self>, Failure> {
        let Some(id) = args.id.clone() else {
            return match args.secret.secret_file {
                None => Ok(None),
                Some(_) => Err(Failure::usage("--secret-file needs an Access key ID; nothing was checked.")
                    .next("Give both: latchkey doctor ID --secret-file FILE")),
            };
        };
        let (secret_file, token_file) = (args.secret.secret_file.as_deref(), args.hmac_file.as_deref());
        let secret_on_stdin = secret_file.map_or(!io::stdin().is_terminal(), |file| file == Path::new("-"));
        if secret_on_stdin && token_file == Some(Path::new("-")) {
            return Err(Failure::usage("Standard input can hold either the secret or the HMAC token.")
                .next("Give the secret with --secret-file FILE."));
        }
        let secret = secret::read_if_any(secret_file, ExpectedInput::Secret)?;
        let asks = prompt::is_possible() && secret.is_some();
        let failing_token = match token_file {
            None if !asks => None,
            file => secret::read_if_any(file, ExpectedInput::HmacToken)?,
        };
        let content = match &args.content {
            None if asks && failing_token.is_some() => Some(ask_hashed_content(&mut Prompts::new()).await?),
            given => given.clone(),
        };
        let secret = secret.map(|secret| SecretKey::foreign(secret.expose_secret()));
        Ok(Some(Self { id, secret, failing: failing_token.map(|text| FailingToken { text, content }) }))
    }
}
