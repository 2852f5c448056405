//! From a file to a [`Scan`]: hostile input is refused before anything large is allocated.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::{Pixels, Scan, dicom, jpeg};

/// The largest file that is read.
const MOST_FILE_BYTES: u64 = 1 << 30;
/// The most pixels that are decoded: a square of 12,000.
pub(super) const MOST_PIXELS: u64 = 144_000_000;
/// The longest side.
const MOST_SIDE_PX: u32 = 65_535;

/// Why a file did not become a picture. Every text names the file and says what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("{}: there is no such file", .0.display())]
    NotFound(PathBuf),
    #[error("{}: no permission to read it", .0.display())]
    NoPermission(PathBuf),
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: is a folder where a picture is needed", .0.display())]
    IsFolder(PathBuf),
    #[error("{}: is empty (0 bytes)", .0.display())]
    Empty(PathBuf),
    #[error("{}: is not a picture that can be opened; DICOM, PNG, JPEG, TIFF, BMP and WebP are", .0.display())]
    NotAPicture(PathBuf),
    #[error("{}: is cut off before its end; copy it anew from where it came from", .0.display())]
    Truncated(PathBuf),
    #[error("{}: says that it is {width}×{height} pixels, which holds no picture", path.display())]
    NoPixels { path: PathBuf, width: u32, height: u32 },
    #[error("{}: says that it is {width}×{height} pixels; at most {} million pixels are opened", path.display(), MOST_PIXELS / 1_000_000)]
    TooManyPixels { path: PathBuf, width: u32, height: u32 },
    #[error("{}: is larger than {} MiB", .0.display(), MOST_FILE_BYTES >> 20)]
    TooLarge(PathBuf),
    #[error("{}: is damaged or of an unusual kind: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{}: holds no picture (DICOM, PNG, JPEG, TIFF, BMP or WebP)", .0.display())]
    NoPictures(PathBuf),
    #[error("{}: holds no pixels; it is a DICOM file without its picture", .0.display())]
    NoPixelData(PathBuf),
    #[error("{}: is a DICOM file, but not a picture ({what})", path.display())]
    NotAnImage { path: PathBuf, what: String },
    #[error("{}: its colours are given as {found}, which cannot be read; convert it to MONOCHROME2 or RGB", path.display())]
    Photometric { path: PathBuf, found: String },
    #[error("{}: is packed as {syntax}, which cannot be read; store it uncompressed, as JPEG, JPEG 2000 or RLE", path.display())]
    TransferSyntax { path: PathBuf, syntax: String },
    #[error("{}: its sizes contradict each other: {reason}", path.display())]
    LyingSize { path: PathBuf, reason: String },
    #[error("{}: has no frame {wanted}; it has {frames}", path.display())]
    NoFrame { path: PathBuf, wanted: u64, frames: u32 },
}

/// Reads and decodes the picture at `path`, turned upright as its EXIF orientation says.
///
/// # Errors
/// See [`ScanError`]; nothing that a file says about itself is believed before it is checked.
pub fn open(path: &Path) -> Result<Scan, ScanError> {
    open_frame(path, 0)
}

/// As [`open`], frame `frame` of a picture that has several, counted from 0.
///
/// # Errors
/// As [`open`], and a frame that the picture does not have.
pub fn open_frame(path: &Path, frame: u32) -> Result<Scan, ScanError> {
    let bytes = read(path)?;
    // Photographs are known by their first bytes, and none of those begins a DICOM file.
    if image::guess_format(&bytes).is_err() && dicom::is_dicom(&bytes) || dicom::has_mark(&bytes) {
        let (pixels, facts) = dicom::read(&bytes, path, frame)?;
        return Ok(Scan { pixels, path: path.to_owned(), facts: Some(Box::new(facts)) });
    }
    if frame > 0 {
        return Err(ScanError::NoFrame { path: path.to_owned(), wanted: u64::from(frame) + 1, frames: 1 });
    }
    let reader = ImageReader::new(Cursor::new(&bytes))
        .with_guessed_format()
        .map_err(|source| ScanError::Read { path: path.to_owned(), source })?;
    let format = reader.format().ok_or_else(|| ScanError::NotAPicture(path.to_owned()))?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(&bytes) {
        return Err(ScanError::Truncated(path.to_owned()));
    }
    let picture = decode(path, reader)?;
    Ok(Scan::new(Pixels::from_decoded(picture), path))
}

/// What a DICOM file says of its patient, as label and value, for somebody who asked; nothing for other pictures.
///
/// # Errors
/// A file that cannot be read.
pub fn personal(path: &Path) -> Result<Vec<(&'static str, String)>, ScanError> {
    let bytes = read(path)?;
    if dicom::is_dicom(&bytes) { dicom::personal(&bytes, path) } else { Ok(Vec::new()) }
}

fn read(path: &Path) -> Result<Vec<u8>, ScanError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => ScanError::NotFound(path.to_owned()),
        std::io::ErrorKind::PermissionDenied => ScanError::NoPermission(path.to_owned()),
        _ => ScanError::Read { path: path.to_owned(), source },
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(ScanError::IsFolder(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    BufReader::new(file).take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 {
        0 => Err(ScanError::Empty(path.to_owned())),
        n if n > MOST_FILE_BYTES => Err(ScanError::TooLarge(path.to_owned())),
        _ => Ok(bytes),
    }
}

fn decode(path: &Path, mut reader: ImageReader<Cursor<&Vec<u8>>>) -> Result<DynamicImage, ScanError> {
    // The default limit on memory counts for decoders that allocate before `dimensions` can be asked.
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MOST_SIDE_PX);
    limits.max_image_height = Some(MOST_SIDE_PX);
    limits.max_alloc = Some(MOST_PIXELS * 8);
    reader.limits(limits);
    let failed = |error| from_decoder(path, &error);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(ScanError::NoPixels { path: path.to_owned(), width, height });
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ScanError::TooManyPixels { path: path.to_owned(), width, height });
    }
    let orientation = decoder.orientation().map_err(failed)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn from_decoder(path: &Path, error: &ImageError) -> ScanError {
    let path = path.to_owned();
    match error {
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => ScanError::Truncated(path),
        ImageError::Limits(_) => ScanError::Damaged {
            path,
            reason: format!("it says that it is larger than {} million pixels", MOST_PIXELS / 1_000_000),
        },
        other => {
            let reason = other.to_string();
            let cut = ["unexpected end", "end of file", "eof", "not enough", "failed to fill"];
            if cut.iter().any(|sign| reason.to_lowercase().contains(sign)) {
                ScanError::Truncated(path)
            } else {
                ScanError::Damaged { path, reason }
            }
        }
    }
}
