//! What can go wrong between two machines, in words that name neither patients nor objects.

/// Why an archive did not do as asked. Messages name the peer, never a patient.
#[derive(Debug, thiserror::Error)]
pub enum PacsError {
    /// Nobody there, or no answer in time: worth another attempt later.
    #[error("{peer} cannot be reached: {reason}")]
    Away { peer: String, reason: String },
    /// It is there, but will not talk to us: AE titles, presentation contexts or certificates do not match.
    #[error("{peer} refuses the association: {reason}")]
    Refused { peer: String, reason: String },
    /// It answered with a failure (PS3.7 annex C); `is_final` where a second attempt would fail like the first.
    #[error("{peer} answered with status {status:#06x}: {meaning}")]
    Status { peer: String, status: u16, meaning: String, is_final: bool },
    /// A DICOMweb service answered with an HTTP error; `is_final` as above.
    #[error("{peer} answered with HTTP status {code}")]
    Http { peer: String, code: u16, is_final: bool },
    /// Its answer is not valid DICOM.
    #[error("{peer} said what cannot be understood: {reason}")]
    Nonsense { peer: String, reason: String },
    /// A problem on this side: a file, a certificate, an address.
    #[error("{0}")]
    Here(String),
    #[error("stopped")]
    Stopped,
}

impl PacsError {
    /// Whether the same may succeed later.
    pub fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Away { .. } | Self::Nonsense { .. } | Self::Refused { .. } => true,
            Self::Status { is_final, .. } | Self::Http { is_final, .. } => !is_final,
            Self::Here(_) | Self::Stopped => false,
        }
    }
}
