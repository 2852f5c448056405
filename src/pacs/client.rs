//! As the side that asks (SCU): C-STORE, and the association that it goes over.

use super::{PacsError, Parcel, Patience, Peer};

/// Sends all parcels over one association, in their order; each with what became of it. A parcel whose class or syntax
/// the other side does not take fails alone.
///
/// # Errors
/// Where no association came about; then nothing was sent. Where one broke, the parcels that were not answered have
/// [`PacsError::Away`].
pub fn store(_peer: &Peer, _parcels: &[Parcel], _patience: Patience) -> Result<Vec<Result<(), PacsError>>, PacsError> {
    Err(PacsError::Here("sending is not built yet".to_owned()))
}
