//! A picture's file in memory with its header read and nothing decoded: how much memory the rest will take is known here.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::error::{MOST_FILE_BYTES, MOST_PIXELS, ScanError};
use super::{Pixels, Scan, dicom, jpeg, tiff, webp};
use crate::guard::checksum::sha256_hex;
use crate::guard::{panics, regular};

/// The longest side.
const MOST_SIDE_PX: u32 = 65_535;
/// What a decoder may take before the size of the picture is known, and for what stands beside it: colour profiles, texts.
const MOST_BESIDE_BYTES: u64 = 32 << 20;

/// What a file's header says of its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Width and height.
    pub size_px: (u32, u32),
    /// The most memory that is taken while the picture is decoded, its file included.
    pub decoding_bytes: u64,
    /// What the decoded picture takes.
    pub kept_bytes: u64,
}

impl Header {
    /// Of one frame.
    pub fn pixels(&self) -> u64 {
        u64::from(self.size_px.0) * u64::from(self.size_px.1)
    }
}

/// A file that is about to be decoded.
#[derive(Debug)]
pub struct Encoded {
    /// What its header says.
    pub header: Header,
    path: PathBuf,
    bytes: Vec<u8>,
    frame: u32,
    /// `None` of DICOM.
    format: Option<ImageFormat>,
}

/// Bytes of the file at `path`, unread.
///
/// # Errors
/// No file, no permission, a folder, a pipe, nothing in it, or far too much.
pub fn file_bytes(path: &Path) -> Result<u64, ScanError> {
    match regular::open(path).map_err(|error| from_file(path, error))?.1 {
        0 => Err(ScanError::Empty(path.to_owned())),
        n if n > MOST_FILE_BYTES => Err(ScanError::TooLarge(path.to_owned())),
        n => Ok(n),
    }
}

/// The content of the file at `path`.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, ScanError> {
    let bytes = regular::read(path, MOST_FILE_BYTES).map_err(|error| from_file(path, error))?;
    if bytes.is_empty() { Err(ScanError::Empty(path.to_owned())) } else { Ok(bytes) }
}

fn from_file(path: &Path, error: std::io::Error) -> ScanError {
    let path = path.to_owned();
    match error.kind() {
        std::io::ErrorKind::NotFound => ScanError::NotFound(path),
        std::io::ErrorKind::PermissionDenied => ScanError::NoPermission(path),
        std::io::ErrorKind::IsADirectory => ScanError::IsFolder(path),
        std::io::ErrorKind::FileTooLarge => ScanError::TooLarge(path),
        _ => ScanError::Read { path, error },
    }
}

impl Encoded {
    /// Reads the file at `path`, of which frame `frame`, counted from 0, is wanted.
    ///
    /// # Errors
    /// See [`ScanError`]; nothing that a file says about itself is believed before it is checked.
    pub fn read(path: &Path, frame: u32) -> Result<Self, ScanError> {
        guarded(path, || Self::with_header(path, read_file(path)?, frame))
    }

    /// Like [`Self::read`], of a file that was read already: its bytes.
    ///
    /// # Errors
    /// Like [`Self::read`].
    pub fn of_bytes(path: &Path, bytes: Vec<u8>, frame: u32) -> Result<Self, ScanError> {
        let read = || match bytes.is_empty() {
            true => Err(ScanError::Empty(path.to_owned())),
            false => Self::with_header(path, bytes, frame),
        };
        guarded(path, read)
    }

    fn with_header(path: &Path, bytes: Vec<u8>, frame: u32) -> Result<Self, ScanError> {
        let path = path.to_owned();
        // Photographs are known by their first bytes, and none of those begins a DICOM file.
        let format = image::guess_format(&bytes).ok().filter(|_| !dicom::has_mark(&bytes));
        let header = match format {
            None if dicom::is_dicom(&bytes) => dicom::header(&bytes, &path, frame)?,
            None => return Err(ScanError::NotAPicture(path)),
            Some(_) if frame > 0 => {
                return Err(ScanError::NoFrame { path, wanted: u64::from(frame) + 1, frames: 1 });
            }
            Some(format) => photograph(&bytes, &path, format)?,
        };
        Ok(Self { header, path, bytes, frame, format })
    }

    /// Of the whole file, lower-case hexadecimal.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.bytes)
    }

    /// What objects derived from the picture repeat of it; `None` of what is no DICOM.
    ///
    /// # Errors
    /// A DICOM file that does not say which object it is.
    pub fn origin(&self) -> Result<Option<dicom::Origin>, ScanError> {
        let read = || dicom::origin(&self.bytes, &self.path, self.frame);
        guarded(&self.path, || self.format.is_none().then(read).transpose())
    }

    /// How many bytes a photograph has that was compressed with losses, as every JPEG is; `None` of others, and of DICOM, which
    /// says so itself.
    pub fn lossy_bytes(&self) -> Option<u64> {
        (self.format == Some(ImageFormat::Jpeg)).then_some(self.bytes.len() as u64)
    }

    /// Decodes the picture, turned upright as its EXIF orientation says.
    ///
    /// # Errors
    /// Like [`Self::read`].
    pub fn decode(&self) -> Result<Scan, ScanError> {
        guarded(&self.path, || self.decode_all())
    }

    fn decode_all(&self) -> Result<Scan, ScanError> {
        let (bytes, path) = (self.bytes.as_slice(), self.path.as_path());
        let Some(format) = self.format else {
            let (pixels, facts) = dicom::read(bytes, path, self.frame)?;
            return Ok(Scan { pixels, path: path.to_owned(), facts: Some(Box::new(facts)) });
        };
        let failed = |error| from_decoder(path, &error);
        // A TIFF's decoder holds the picture to its limit; that of a PNG only what stands beside.
        let room = if format == ImageFormat::Png { 0 } else { self.header.decoding_bytes };
        let mut decoder = reader(bytes, format, MOST_BESIDE_BYTES + room).into_decoder().map_err(failed)?;
        let orientation = decoder.orientation().map_err(failed)?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
        picture.apply_orientation(orientation);
        Ok(Scan::new(Pixels::from_decoded(picture), path))
    }
}

/// Decoders are other people's: where a file finds a fault in one, that is the end of the picture alone.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, ScanError>) -> Result<T, ScanError> {
    panics::caught(work).unwrap_or_else(|reason| Err(ScanError::Fault { path: path.to_owned(), reason }))
}

fn reader(bytes: &[u8], format: ImageFormat, most_bytes: u64) -> ImageReader<Cursor<&[u8]>> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MOST_SIDE_PX);
    limits.max_image_height = Some(MOST_SIDE_PX);
    limits.max_alloc = Some(most_bytes);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader
}

fn photograph(bytes: &[u8], path: &Path, format: ImageFormat) -> Result<Header, ScanError> {
    let is_cut = match format {
        ImageFormat::Jpeg => !jpeg::is_complete(bytes),
        ImageFormat::WebP => !webp::is_complete(bytes),
        _ => false,
    };
    if is_cut {
        return Err(ScanError::Truncated(path.to_owned()));
    }
    let decoder = reader(bytes, format, MOST_BESIDE_BYTES).into_decoder().map_err(|e| from_decoder(path, &e))?;
    let ((width, height), colour) = (decoder.dimensions(), decoder.color_type());
    if width == 0 || height == 0 {
        return Err(ScanError::NoPixels { path: path.to_owned(), width, height });
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        return Err(ScanError::TooManyPixels { path: path.to_owned(), width, height });
    }
    if format == ImageFormat::Tiff && !tiff::has_sane_tiles(bytes, (width, height)) {
        let reason = "its tiles are far larger than its picture".to_owned();
        return Err(ScanError::Damaged { path: path.to_owned(), reason });
    }
    let kept = match colour {
        ColorType::L8 | ColorType::La8 | ColorType::L16 | ColorType::La16 => 2,
        ColorType::Rgb8 | ColorType::Rgba8 => 3,
        _ => 6,
    };
    // Decoded, turned upright and without transparency; the coefficients of a progressive JPEG stand besides.
    let coefficients = if format == ImageFormat::Jpeg { 6 } else { 0 };
    let a_pixel = 3 * u64::from(colour.bytes_per_pixel()) + coefficients;
    let decoding_bytes = bytes.len() as u64 + a_pixel * pixels;
    Ok(Header { size_px: (width, height), decoding_bytes, kept_bytes: kept * pixels })
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
