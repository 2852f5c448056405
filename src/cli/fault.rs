//! Whose fault an error is, so that an engine knows whether to try again.

use std::io::ErrorKind;

use crate::explain::ExplainError;
use crate::guard::apart;
use crate::guard::memory::TooMuch;
use crate::guard::whole::WriteError;
use crate::ledger::LedgerError;
use crate::network::NetworkError;
use crate::scan::ScanError;

/// Exit status where the input or the request was at fault: trying again gives the same.
pub const BAD_INPUT: u8 = 2;
/// Exit status where the machine was at fault, or somebody stopped the work: `EX_TEMPFAIL` of `sysexits.h`.
pub const TRY_AGAIN: u8 = 75;

/// What an error came of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The picture: it stays bad for as long as its file is the same.
    Picture,
    /// What stands around it: a file that is not there or not ours to read, too little memory allowed. It stays so until
    /// somebody sees to it, and the file need not change for that.
    Place,
    /// As [`Self::Place`]: a file of another stands where a result would.
    Taken,
    /// The request: no picture can be done.
    Request,
    /// One file could not be reached just now.
    Reach,
    /// The machine: its disk is full, its device lost. Others would fail as well.
    Machine,
}

impl Fault {
    pub fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(|cause| known(cause)).unwrap_or(Self::Picture)
    }

    /// Whether the same may well succeed later.
    pub fn passes(self) -> bool {
        matches!(self, Self::Reach | Self::Machine)
    }

    /// Whether it is of no use to begin another picture.
    pub fn ends_all(self) -> bool {
        matches!(self, Self::Request | Self::Machine)
    }

    pub fn status(self) -> u8 {
        if self.passes() { TRY_AGAIN } else { BAD_INPUT }
    }
}

/// An error whose own words are all that is left of it, and whose fault it was.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{says}")]
pub struct Said {
    pub says: String,
    pub fault: Fault,
}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    if let Some(said) = cause.downcast_ref::<Said>() {
        return Some(said.fault);
    }
    if let Some(scan) = cause.downcast_ref::<ScanError>() {
        return Some(match scan {
            ScanError::NotFound(_) | ScanError::NoPermission(_) => Fault::Place,
            ScanError::Read { error, .. } if passes(error.kind()) => Fault::Reach,
            ScanError::Damaged { reason, .. } if reason.ends_with(apart::KILLED) => Fault::Reach,
            _ => Fault::Picture,
        });
    }
    let network = match cause.downcast_ref::<ExplainError>() {
        Some(ExplainError::Network(error)) => Some(error),
        _ => cause.downcast_ref::<NetworkError>(),
    };
    if let Some(network) = network {
        let is_lost = matches!(network, NetworkError::Device { is_gpu: true, .. });
        return Some(if is_lost { Fault::Machine } else { Fault::Picture });
    }
    let written = |error: &std::io::Error| if passes(error.kind()) { Fault::Machine } else { Fault::Request };
    match cause.downcast_ref::<WriteError>() {
        Some(WriteError::Write { error, .. }) => return Some(written(error)),
        Some(WriteError::Exists(_)) => return Some(Fault::Taken),
        Some(WriteError::Name(_)) => return Some(Fault::Picture),
        None => {}
    }
    match cause.downcast_ref::<LedgerError>() {
        Some(LedgerError::File { error, .. }) => return Some(written(error)),
        Some(LedgerError::Busy(_)) => return Some(Fault::Machine),
        Some(LedgerError::OtherSettings(_) | LedgerError::OtherSplit { .. }) => return Some(Fault::Request),
        None => {}
    }
    if cause.is::<TooMuch>() {
        return Some(Fault::Place);
    }
    let error = cause.downcast_ref::<std::io::Error>()?;
    passes(error.kind()).then_some(Fault::Machine)
}

/// Whether what a system says of a file may be otherwise later: all that is not about the file or the request itself.
fn passes(kind: ErrorKind) -> bool {
    use ErrorKind as Kind;
    !matches!(
        kind,
        Kind::NotFound
            | Kind::PermissionDenied
            | Kind::AlreadyExists
            | Kind::IsADirectory
            | Kind::NotADirectory
            | Kind::InvalidInput
            | Kind::InvalidData
            | Kind::InvalidFilename
            | Kind::UnexpectedEof
            | Kind::FileTooLarge
            | Kind::ReadOnlyFilesystem
            | Kind::Unsupported
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;
    use std::io::Error;
    use std::path::PathBuf;

    fn of(error: impl std::error::Error + Send + Sync + 'static) -> (Fault, u8) {
        let error = Err::<(), _>(error).context("where it was").unwrap_err();
        (Fault::of(&error), Fault::of(&error).status())
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let path = || PathBuf::from("p");
        // EIO and ESTALE, as network disks give them.
        for code in [5, 116] {
            let error = ScanError::Read { path: path(), error: Error::from_raw_os_error(code) };
            assert_eq!(of(error), (Fault::Reach, TRY_AGAIN), "{code}");
        }
        let broken = |reason: &str| ScanError::Damaged { path: path(), reason: format!("JPEG 2000: {reason}") };
        assert_eq!(of(broken(apart::KILLED)), (Fault::Reach, TRY_AGAIN));
        assert_eq!(of(broken("its decoder broke down")), (Fault::Picture, BAD_INPUT));
        assert_eq!(of(ScanError::Truncated(path())), (Fault::Picture, BAD_INPUT));
        assert_eq!(of(ScanError::NotFound(path())), (Fault::Place, BAD_INPUT));
        let full = |kind: ErrorKind| WriteError::Write { path: path(), error: kind.into() };
        assert_eq!(of(full(ErrorKind::StorageFull)), (Fault::Machine, TRY_AGAIN));
        assert_eq!(of(full(ErrorKind::QuotaExceeded)), (Fault::Machine, TRY_AGAIN));
        assert_eq!(of(full(ErrorKind::PermissionDenied)), (Fault::Request, BAD_INPUT));
        assert_eq!(of(WriteError::Exists(path())), (Fault::Taken, BAD_INPUT));
        let lost = |is_gpu| NetworkError::Device { device: "d".to_owned(), reason: "lost".to_owned(), is_gpu };
        assert_eq!(of(ExplainError::Network(lost(true))), (Fault::Machine, TRY_AGAIN));
        assert_eq!(of(lost(false)), (Fault::Picture, BAD_INPUT));
        assert_eq!(of(LedgerError::Busy(path())), (Fault::Machine, TRY_AGAIN));
        assert_eq!(of(TooMuch { needed_bytes: 2, limit_bytes: 1 }), (Fault::Place, BAD_INPUT));
        let memory = Error::from(ErrorKind::OutOfMemory);
        assert_eq!(of(memory), (Fault::Machine, TRY_AGAIN));
        assert_eq!(Fault::of(&anyhow::anyhow!("a word that nobody knows")), Fault::Picture);
    }
}
