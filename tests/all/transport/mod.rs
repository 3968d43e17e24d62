//! The way to a server: certificates, proxies, answers that come from elsewhere, signing in.

mod answers;
mod files;
mod proxies;
mod tls;

use latchkey::client::{ApiError, Client, ConnectionSettings, Target};
use latchkey::domain::{BaseUrl, Filter};

/// A connection to a base URL, without the proxy that this machine may have.
fn to(base: &str) -> ConnectionSettings {
    let (base, notice) = BaseUrl::parse(base).unwrap();
    assert_eq!(notice, None);
    ConnectionSettings { proxy: latchkey::client::Proxy::None, ..ConnectionSettings::new(Target::Url(base)) }
}

/// Asks a server for something.
async fn ask(connection: &ConnectionSettings) -> Result<u64, ApiError> {
    Client::connect(connection, None)?.count(&Filter::default()).await
}

/// What is said when a server cannot be asked.
async fn why_not(connection: &ConnectionSettings) -> String {
    ask(connection).await.unwrap_err().to_string()
}
