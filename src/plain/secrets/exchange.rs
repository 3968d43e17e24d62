//! Steps two and three, for one pair of ID and secret: an HMAC token, the exchange, and what is wrong if it fails.

use chrono::Utc;

use crate::domain::diagnosis::{Finding, FindingKind};
use crate::domain::{Content, SecretKey};
use crate::operations::prompts::interrupt::{Flow, Interrupt};
use crate::operations::prompts::prompter::Prompter as _;
use crate::operations::tokens::hmac::{check_content, curl_command, generate};
use crate::operations::tokens::key_test;
use crate::operations::tokens::key_test::{TestInput, TestState};
use crate::operations::tokens::pair::Pair;
use crate::plain::secrets::delivery;
use crate::plain::secrets::delivery::Credential;
use crate::plain::session::Session;

/// Asks for a content; none means a random one.
pub(crate) async fn content(session: &mut Session, secret: &SecretKey) -> Flow<Option<Content>> {
    let typed = session.console.ask("Content (Enter for random text): ").await?;
    if typed.is_empty() {
        return Ok(None);
    }
    check_content(&typed, secret).map(Some).map_err(|why| Interrupt::words(&why))
}

/// Generates an HMAC token and offers it. Asks for the content.
pub(crate) async fn hmac(session: &mut Session, pair: &Pair) -> Flow<()> {
    let content = content(session, &pair.secret).await?;
    let (token, content) = generate(pair.secret.expose(), content)?;
    session.console.say(format!("Content: {}", content.as_str()));
    session
        .console
        .say("HMAC token: generated, not shown. With ID and content it is a credential until the key is deleted.");
    let request = curl_command(&pair.server.target, &pair.id, &token, &content);
    let request = Credential { name: "request for curl", text: &request, secret: token.expose() };
    let token = Credential::whole("HMAC token", token.expose());
    delivery::offer(session, &token, Some(&request)).await
}

/// Tests a key, says what came of it, and offers the access token.
pub(crate) async fn test(session: &mut Session, input: TestInput) -> Flow<()> {
    let client = session.connection.client.clone();
    let test = session.console.wait(key_test::run(input, &client)).await?;
    for finding in test.findings(Utc::now()) {
        say_finding(session, &finding);
    }
    let TestState::Works { grant, .. } = &test.state else { return Ok(()) };
    let token = Credential::whole("access token", grant.access_token.expose());
    delivery::offer(session, &token, None).await
}

/// Says what was found, and the next step.
pub(crate) fn say_finding(session: &mut Session, finding: &Finding) {
    let mark = match finding.kind {
        FindingKind::Fault => "Wrong: ",
        FindingKind::Running | FindingKind::Passed | FindingKind::Failed | FindingKind::Note => "",
    };
    session.console.say(format!("{mark}{}", finding.what));
    if !finding.next.is_empty() {
        session.console.say(format!("Next: {}", finding.next));
    }
}
