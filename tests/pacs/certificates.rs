//! Certificates for one test, in files.

use std::path::{Path, PathBuf};

use fovea::pacs::Tls;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A certificate with its key in files, signed by `by` or by itself.
pub fn certificate(folder: &Path, name: &str, by: Option<&Issuer<'_, KeyPair>>) -> (Tls, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    if by.is_none() {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = match by {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let [pem, key_pem] = ["pem", "key"].map(|ending| folder.join(format!("{name}.{ending}")));
    std::fs::write(&pem, certificate.pem()).unwrap();
    std::fs::write(&key_pem, key.serialize_pem()).unwrap();
    (Tls { authorities: None, certificate: Some(pem), key: Some(key_pem) }, key)
}

/// Who signs, with its certificate in a file.
pub fn authority(folder: &Path) -> (Option<PathBuf>, Issuer<'static, KeyPair>) {
    let (tls, key) = certificate(folder, "authority", None);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (tls.certificate, Issuer::new(params, key))
}
