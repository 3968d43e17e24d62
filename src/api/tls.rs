//! The one TLS provider of the program.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::ApiError;

/// Makes ring the process's provider: reqwest and the server's TLS take it from there. May be called often.
pub fn install_tls() {
    // An error says that a provider is installed already: this one, since there is no other in the program.
    let _ = ring::default_provider().install_default();
}

/// TLS that trusts nobody, for a server on a Unix socket: it reads no certificates, which would take longer than
/// the first frame.
pub(super) fn trusting_nobody() -> Result<ClientConfig, ApiError> {
    let builder =
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| ApiError::NotStarted(error.to_string()))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
