//! TLS (PS3.15 B): rustls, with certificates from PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::{PacsError, Tls};
use crate::guard::regular;

/// Largest file with certificates or a key.
const MOST_PEM_BYTES: u64 = 4 << 20;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn wrong(path: &Path, what: impl std::fmt::Display) -> PacsError {
    PacsError::Here(format!("{}: {what}", path.display()))
}

/// The text of a PEM file.
///
/// # Errors
/// A file that cannot be read.
pub fn pem(path: &Path) -> Result<Vec<u8>, PacsError> {
    regular::read(path, MOST_PEM_BYTES).map_err(|error| wrong(path, error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PacsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem(path)?).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(wrong(path, "it holds no certificate in PEM")),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, PacsError> {
    PrivateKeyDer::from_pem_slice(&pem(path)?).map_err(|_| wrong(path, "it holds no private key in PEM"))
}

fn roots(path: &Path) -> Result<RootCertStore, PacsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|error| wrong(path, error))?;
    }
    Ok(store)
}

/// Our own certificates and key, where both are named.
///
/// # Errors
/// One without the other.
pub fn own(keys: &Tls) -> Result<Option<(&PathBuf, &PathBuf)>, PacsError> {
    match (&keys.certificate, &keys.key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(lonely), None) => Err(wrong(lonely, "a certificate without its key: name both")),
        (None, Some(lonely)) => Err(wrong(lonely, "a key without its certificate: name both")),
    }
}

/// A client connection to `host`.
///
/// # Errors
/// Invalid files; without `authorities` nobody could be trusted.
pub fn calling(keys: &Tls, host: &str) -> Result<ClientConnection, PacsError> {
    let Some(authorities) = &keys.authorities else {
        let says = "encryption needs to know whose certificates are believed: name a file of authorities";
        return Err(PacsError::Here(says.to_owned()));
    };
    let versions = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = versions.map_err(setting)?.with_root_certificates(roots(authorities)?);
    let config = match own(keys)? {
        Some((path, key_path)) => {
            builder.with_client_auth_cert(certificates(path)?, key(key_path)?).map_err(|error| wrong(path, error))?
        }
        None => builder.with_no_client_auth(),
    };
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| PacsError::Here(format!("`{}` is no host's name", host.escape_debug())))?;
    ClientConnection::new(Arc::new(config), name).map_err(setting)
}

/// A server configuration: with `authorities`, callers need a certificate signed by one of them.
///
/// # Errors
/// Invalid files.
pub fn called(keys: &Tls) -> Result<Arc<ServerConfig>, PacsError> {
    let Some((path, key_path)) = own(keys)? else {
        return Err(PacsError::Here("who listens encrypted needs a certificate and its key".to_owned()));
    };
    let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = versions.map_err(setting)?;
    let builder = match &keys.authorities {
        Some(authorities) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots(authorities)?.into(), provider());
            builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(authorities, error))?)
        }
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(certificates(path)?, key(key_path)?);
    config.map(Arc::new).map_err(|error| wrong(path, error))
}

/// A connection for one caller.
///
/// # Errors
/// Those of rustls.
pub fn connection(config: &Arc<ServerConfig>) -> Result<ServerConnection, PacsError> {
    ServerConnection::new(config.clone()).map_err(setting)
}

fn setting(error: rustls::Error) -> PacsError {
    PacsError::Here(format!("encryption cannot be set up: {error}"))
}
