//! A certificate authority of the test's own, and servers with its certificates.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// An authority, and a folder for what it signs.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// Years of a certificate's life.
pub type Years = (i32, i32);

/// Long enough for any clock.
pub const ALWAYS: Years = (2000, 4000);

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    /// The file of its own certificate.
    pub fn file(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem(), 0o644)
    }

    /// Certificate and key for some names, as two files.
    pub fn sign(&self, names: &[&str], years: Years) -> (PathBuf, PathBuf) {
        let (cert, key) = self.make(names, years);
        let stem = names.first().unwrap_or(&"none");
        (
            self.write(&format!("{stem}.pem"), &cert.pem(), 0o644),
            self.write(&format!("{stem}-key.pem"), &key.serialize_pem(), 0o600),
        )
    }

    /// Writes a file next to the others.
    pub fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A server on a port of this machine, with a certificate for `names`. It wants a certificate of `clients`.
    pub fn serve(&self, router: Router, names: &[&str], years: Years, clients: Option<&Self>) -> u16 {
        let (cert, key) = self.make(names, years);
        serve(router, cert.der(), &key, clients)
    }

    /// A server that shows the authority's own certificate.
    pub fn serve_itself(&self, router: Router) -> u16 {
        serve(router, self.issuer.der(), self.issuer.key(), None)
    }

    fn make(&self, names: &[&str], (from, to): Years) -> (rcgen::Certificate, KeyPair) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

fn serve(router: Router, cert: &CertificateDer<'static>, key: &KeyPair, clients: Option<&Authority>) -> u16 {
    latchkey::client::install_tls();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = match clients {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let config = config.with_single_cert(vec![cert.clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (listener, acceptor) =
        (tokio::net::TcpListener::from_std(listener).unwrap(), TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move { axum::serve(Tls { listener, acceptor }, router).await });
    port
}

/// A listener that speaks TLS, one handshake at a time.
struct Tls {
    listener: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<tokio::net::TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A path that nothing is at.
pub fn nowhere() -> &'static Path {
    Path::new("/nowhere/at-all.pem")
}
