//! What can be wrong with a file of readings, in sentences for its reader.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// More of what the database says tells nobody anything.
const LONGEST_CHARS: usize = 160;

/// What was wrong with which file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct FileError {
    pub path: PathBuf,
    pub fault: Fault,
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("there is a file of this name already")]
    Exists,
    #[error("there is no such file")]
    Missing,
    #[error("it is no file of readings")]
    Other,
    #[error("it is {0} bytes large; no file of readings is")]
    TooLarge(u64),
    #[error("it was made by a newer version of this program (format {found}, this one knows {known})")]
    Newer { found: i32, known: i32 },
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("another window or program has it open; close it there first")]
    Busy,
    #[error("it cannot be written to, and so nothing is kept in it")]
    ReadOnly,
    #[error("the disk is full; the last change is not kept")]
    Full,
    #[error("a change cannot be kept: {0}")]
    Unfit(String),
    #[error("{0}")]
    System(String),
}

impl Fault {
    pub(super) fn damaged(says: impl std::fmt::Display) -> Self {
        Self::Damaged(harmless(&says.to_string()))
    }

    pub(super) fn of(self, path: &Path) -> FileError {
        FileError { path: path.to_owned(), fault: self }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let says = harmless(&error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Other,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => Self::Unfit(says),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied) => {
                Self::System(says)
            }
            _ => Self::Damaged(says),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing,
            std::io::ErrorKind::StorageFull => Self::Full,
            _ => Self::System(error.to_string()),
        }
    }
}

/// A database says in its messages what a foreign file tells it to: one short line without orders to a terminal.
fn harmless(says: &str) -> String {
    let line: String = says.lines().next().unwrap_or_default().chars().take(LONGEST_CHARS).collect();
    line.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}
