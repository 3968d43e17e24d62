//! What is wrong with a key, a secret or an HMAC token.

use chrono::Utc;

use super::Diagnosis;
use crate::client::Connection;
use crate::domain::diagnosis::Finding;
use crate::domain::{KeyId, SecretKey};
use crate::operations::failure::Exit;
use crate::operations::tokens::key_test;
use crate::operations::tokens::key_test::{FailingToken, TestInput, TestState};
use crate::operations::tokens::pair::KeyServer;

/// Tests a key of the connection's server, with content of our own: the user's may be public by now.
pub(crate) async fn diagnose(
    id: KeyId,
    secret: Option<SecretKey>,
    failing: Option<FailingToken>,
    connection: &Connection,
) -> Diagnosis {
    let server = KeyServer::of(&connection.server);
    let may_sign_in = !server.may_look && !server.target.is_passportal();
    let input = TestInput { id, secret, server, content: None, is_doctor: true, failing };
    let test = key_test::run(input, &connection.client).await;
    let now = Utc::now();
    let (mut findings, exit) = (test.findings(now), test.exit(now));
    if may_sign_in && exit == Exit::NotGood && !matches!(test.state, TestState::Works { .. }) {
        let next = "Sign in with latchkey login --remember, then ask again.";
        findings.push(Finding::note("You are not signed in, so the key itself could not be looked up.", next));
    }
    Diagnosis { findings, exit }
}
