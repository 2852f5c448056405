//! DICOMweb (PS3.18) as the side that asks: STOW-RS, QIDO-RS, WADO-RS.

use super::{PacsError, Parcel, Patience, WebPeer};

/// Sends all parcels by STOW-RS, each in a request of its own; each with what became of it.
///
/// # Errors
/// Where nothing could be sent at all.
pub fn store(
    _peer: &WebPeer,
    _parcels: &[Parcel],
    _patience: Patience,
) -> Result<Vec<Result<(), PacsError>>, PacsError> {
    Err(PacsError::Here("sending is not built yet".to_owned()))
}
