//! From a file to a [`Scan`]: hostile input is refused before anything large is allocated.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::error::{MOST_FILE_BYTES, MOST_PIXELS, ScanError};
use super::{Pixels, Scan, dicom, jpeg};

/// The longest side.
const MOST_SIDE_PX: u32 = 65_535;

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
