//! Step two: an HMAC token from a secret and a content.

use zeroize::Zeroizing;

use crate::client::Target;
use crate::domain::secrets::credential_kind::ExpectedInput;
use crate::domain::{Content, CurlEndpoint, HmacToken, KeyId, SecretKey, curl_text, hmac_token};
use crate::operations::failure::{Exit, Failure};
use crate::operations::prompts::interrupt::Flow;
use crate::operations::prompts::prompter::Prompter;
use crate::platform::process::random;

/// Makes the HMAC token of a content; of a random one if there is none.
///
/// # Errors
///
/// The operating system gives no random numbers.
pub(crate) fn generate(secret: &str, content: Option<Content>) -> Result<(HmacToken, Content), Failure> {
    let content = content.map_or_else(random::content, Ok);
    let content =
        content.map_err(|error| Failure::new(Exit::Mistake, format!("No random numbers available: {error}.")))?;
    Ok((hmac_token(secret.as_bytes(), content.as_str().as_bytes()), content))
}

/// Asks for the content of an exchange that failed.
pub(crate) async fn ask_hashed_content(prompter: &mut impl Prompter) -> Flow<Content> {
    let typed = prompter.ask(format!("Content that was hashed (Enter for {}): ", Content::EXAMPLE)).await?;
    let content = Content::parse(if typed.is_empty() { Content::EXAMPLE } else { &typed });
    Ok(content.map_err(|error| Failure::usage(format!("Invalid content: {error}.")))?)
}

/// Checks a text that was typed as the content for an HMAC token of `secret`.
///
/// # Errors
///
/// Why it can't be that, for the middle of a sentence.
pub fn check_content(typed: &str, secret: &SecretKey) -> Result<Content, String> {
    if typed.contains(secret.expose()) {
        return Err("the content contains the secret and is sent unencrypted; remove it".to_owned());
    }
    ExpectedInput::Content.check(typed).map_err(|wrong| wrong.to_string())?;
    Content::parse(typed).map_err(|error| error.to_string())
}

/// The exchange with a server as a command for curl; a credential.
pub fn curl_command(target: &Target, id: &KeyId, token: &HmacToken, content: &Content) -> Zeroizing<String> {
    let endpoint = match target {
        Target::Url(base) => CurlEndpoint::Url(base.as_str()),
        Target::Socket(path) => CurlEndpoint::Socket(path),
    };
    curl_text(endpoint, id, token, content)
}
