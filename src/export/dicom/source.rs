//! What objects are of: the picture's file, and what becomes of its patient.

use std::path::Path;

use anyhow::Result;

use super::{Profile, secret};
use crate::scan::Encoded;
use crate::scan::dicom::Origin;

/// What the objects are of.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// `None` of a photograph, for which a new study is made.
    pub origin: Option<&'a Origin>,
    /// Of the picture's file.
    pub sha256: &'a str,
    /// Of a photograph that was compressed with losses: bytes of its file.
    pub lossy_bytes: Option<u64>,
    /// What of the patient stays in.
    pub profile: Profile,
    /// What de-identified UIDs and dates follow from ([`secret`]); not looked at otherwise.
    pub secret: &'a [u8],
}

impl Source<'_> {
    /// Whether nobody is to know whose the picture is.
    pub(super) fn is_hidden(&self) -> bool {
        self.profile == Profile::DeIdentified
    }
}

impl std::fmt::Debug for Source<'_> {
    /// A secret belongs in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("origin", &self.origin).field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// What objects of `profile` follow from: nothing where they are not de-identified. `salt` names the secret's file; where
/// `None`, it is one that is made for this user and kept.
///
/// # Errors
/// A file that cannot be read, or is too short to be a secret.
pub fn secret_of(profile: Profile, salt: Option<&Path>) -> Result<Vec<u8>> {
    match profile {
        Profile::DeIdentified => secret(salt),
        Profile::Kept => Ok(Vec::new()),
    }
}

/// What objects take from the picture's file, for as long as they are written: nobody's name is kept longer.
pub struct SourceFile {
    origin: Option<Origin>,
    sha256: String,
    lossy_bytes: Option<u64>,
    profile: Profile,
    secret: Vec<u8>,
}

impl SourceFile {
    /// Of `file`, whose SHA-256 is `sha256`; `secret` is that of `profile` ([`secret_of`]).
    ///
    /// # Errors
    /// A file without what the objects need.
    pub fn new(file: &Encoded, sha256: String, profile: Profile, secret: Vec<u8>) -> Result<Self> {
        Ok(Self { origin: file.origin()?, sha256, lossy_bytes: file.lossy_bytes(), profile, secret })
    }

    /// As the objects take it.
    pub fn source(&self) -> Source<'_> {
        Source {
            origin: self.origin.as_ref(),
            sha256: &self.sha256,
            lossy_bytes: self.lossy_bytes,
            profile: self.profile,
            secret: &self.secret,
        }
    }
}
