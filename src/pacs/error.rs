//! What goes wrong between two machines, in words that name neither patients nor objects.

/// Why an archive did not do as asked. The words name the peer, never a patient.
#[derive(Debug, thiserror::Error)]
pub enum PacsError {
    /// Nobody there, or nobody who answers in time: worth another try later.
    #[error("{peer} cannot be reached: {reason}")]
    Away { peer: String, reason: String },
    /// Somebody is there and will not talk to us: names, presentation contexts or certificates do not agree.
    #[error("{peer} refuses the association: {reason}")]
    Refused { peer: String, reason: String },
    /// It answered with a failure (PS3.7 annex C); `is_final` where a second try would fail as the first.
    #[error("{peer} answered with status {status:#06x}: {meaning}")]
    Status { peer: String, status: u16, meaning: String, is_final: bool },
    /// A DICOMweb service answered with a failure of HTTP; `is_final` as there.
    #[error("{peer} answered with HTTP status {code}")]
    Http { peer: String, code: u16, is_final: bool },
    /// What it said is no DICOM that can be followed.
    #[error("{peer} said what cannot be understood: {reason}")]
    Nonsense { peer: String, reason: String },
    /// On this side: a file, a certificate, an address.
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
