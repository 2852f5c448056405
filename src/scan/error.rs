//! Why a file did not become a picture, and the limits that it may meet.

use std::path::PathBuf;

use crate::guard::panics;

/// The largest file that is read.
pub const MOST_FILE_BYTES: u64 = 1 << 30;
/// The most pixels that are decoded: a square of 12,000.
pub(super) const MOST_PIXELS: u64 = 144_000_000;
/// Why a file did not become a picture. Every text names the file and says what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The fields are what the text names.
pub enum ScanError {
    /// No such file.
    #[error("{}: there is no such file", .0.display())]
    NotFound(PathBuf),
    /// A file that this user may not read.
    #[error("{}: no permission to read it", .0.display())]
    NoPermission(PathBuf),
    /// A file that the system does not give.
    #[error("{}: cannot be read: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    /// A folder in the place of a file.
    #[error("{}: is a folder where a picture is needed", .0.display())]
    IsFolder(PathBuf),
    /// A file of no bytes.
    #[error("{}: is empty (0 bytes)", .0.display())]
    Empty(PathBuf),
    /// A file of none of the formats that are read.
    #[error("{}: is not a picture that can be opened; DICOM, PNG, JPEG, TIFF, BMP and WebP are", .0.display())]
    NotAPicture(PathBuf),
    /// A file that ends before its picture does.
    #[error("{}: is cut off before its end; copy it from its source again", .0.display())]
    Truncated(PathBuf),
    /// A width or height of 0.
    #[error("{}: says that it is {width}×{height} pixels, which holds no picture", path.display())]
    NoPixels { path: PathBuf, width: u32, height: u32 },
    /// More pixels than any picture that is read has.
    #[error("{}: says that it is {width}×{height} pixels; at most {} million pixels are opened", path.display(), MOST_PIXELS / 1_000_000)]
    TooManyPixels { path: PathBuf, width: u32, height: u32 },
    /// A file of more than [`MOST_FILE_BYTES`].
    #[error("{}: is larger than {} MiB", .0.display(), MOST_FILE_BYTES >> 20)]
    TooLarge(PathBuf),
    /// A file that contradicts itself.
    #[error("{}: is damaged or of an unusual kind: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    /// A decoder that panicked.
    #[error("{}: {}", path.display(), panics::sentence(reason))]
    Fault { path: PathBuf, reason: String },
    /// A folder without a picture.
    #[error("{}: holds no picture (DICOM, PNG, JPEG, TIFF, BMP or WebP)", .0.display())]
    NoPictures(PathBuf),
    /// A DICOM file without pixels.
    #[error("{}: holds no pixels; it is a DICOM file without its picture", .0.display())]
    NoPixelData(PathBuf),
    /// A DICOM object of another kind.
    #[error("{}: is a DICOM file, but not a picture ({what})", path.display())]
    NotAnImage { path: PathBuf, what: String },
    /// A photometric interpretation that is not read (PS3.3 C.7.6.3.1.2).
    #[error("{}: its colours are given as {found}, which cannot be read; convert it to MONOCHROME2 or RGB", path.display())]
    Photometric { path: PathBuf, found: String },
    /// A transfer syntax that is not read (PS3.5 annex A).
    #[error("{}: is packed as {syntax}, which cannot be read; store it uncompressed, as JPEG, JPEG 2000 or RLE", path.display())]
    TransferSyntax { path: PathBuf, syntax: String },
    /// Pixel data of another length than its header says.
    #[error("{}: its sizes contradict each other: {reason}", path.display())]
    LyingSize { path: PathBuf, reason: String },
    /// A frame that the file does not have.
    #[error("{}: has no frame {wanted}; it has {frames}", path.display())]
    NoFrame { path: PathBuf, wanted: u64, frames: u32 },
}
