//! MNIST's own files: IDX, gzipped. Sizes are checked before anything is allocated for them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use image::GrayImage;

use super::{Pixels, Scan};
use crate::guard::regular;

const PICTURES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
const MOST_ITEMS: usize = 1_000_000;
const MOST_SIDE_PX: usize = 256;
/// Unpacked; a small file may claim, and be packed from, far more.
const MOST_BYTES: usize = 1 << 30;

/// Why a pair of IDX files cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct IdxError {
    pub path: PathBuf,
    pub reason: String,
}

impl IdxError {
    fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

/// Labelled grey pictures of one size.
#[derive(Debug, Clone)]
pub struct Digits {
    path: PathBuf,
    width: usize,
    height: usize,
    bytes: Vec<u8>,
    labels: Vec<u8>,
}

impl Digits {
    /// The files of pictures and of labels of `part` (MNIST's are `train` and `t10k`) in `folder`.
    pub fn files(folder: &Path, part: &str) -> [PathBuf; 2] {
        [format!("{part}-images-idx3-ubyte.gz"), format!("{part}-labels-idx1-ubyte.gz")].map(|name| folder.join(name))
    }

    /// Reads the pair of files of [`Self::files`].
    ///
    /// # Errors
    /// A file that is missing, broken or of another kind, and files of which one has more than the other.
    pub fn read(folder: &Path, part: &str) -> Result<Self, IdxError> {
        let [path, labels_path] = Self::files(folder, part);
        let Pictures { width, height, bytes } = pictures(&path)?;
        let labels = labels(&labels_path)?;
        let found = bytes.len() / (width * height);
        if labels.is_empty() || found != labels.len() {
            let reason = format!("holds {} labels for {found} pictures", labels.len());
            return Err(IdxError::new(&labels_path, reason));
        }
        Ok(Self { path, width, height, bytes, labels })
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Each picture with its label.
    pub fn scans(&self) -> impl Iterator<Item = (Scan, u8)> + '_ {
        self.bytes.chunks_exact(self.width * self.height).map(|bytes| self.scan(bytes)).zip(self.labels.iter().copied())
    }

    fn scan(&self, bytes: &[u8]) -> Scan {
        let grey = GrayImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            image::Luma([bytes[y as usize * self.width + x as usize]])
        });
        Scan::new(Pixels::from_grey8(&grey), &self.path)
    }
}

/// Pictures of one size.
struct Pictures {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

fn pictures(path: &Path) -> Result<Pictures, IdxError> {
    let mut file = open(path)?;
    let [magic, count, height, width] = header::<4>(path, &mut file)?;
    if magic != PICTURES_MAGIC as usize {
        return Err(IdxError::new(path, "is not an IDX file of pictures"));
    }
    let possible = 1..=MOST_SIDE_PX;
    let is_possible = count <= MOST_ITEMS && possible.contains(&height) && possible.contains(&width);
    if !is_possible || count * height * width > MOST_BYTES {
        return Err(IdxError::new(path, format!("says that it holds {count} pictures of {width}×{height} pixels")));
    }
    Ok(Pictures { width, height, bytes: exactly(path, file, count * height * width)? })
}

fn labels(path: &Path) -> Result<Vec<u8>, IdxError> {
    let mut file = open(path)?;
    let [magic, count] = header::<2>(path, &mut file)?;
    if magic != LABELS_MAGIC as usize || count > MOST_ITEMS {
        return Err(IdxError::new(path, "is not an IDX file of labels"));
    }
    exactly(path, file, count)
}

fn open(path: &Path) -> Result<GzDecoder<BufReader<File>>, IdxError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => IdxError::new(path, "there is no such file; MNIST's four .gz files are needed"),
        _ => IdxError::new(path, format!("cannot be read: {error}")),
    };
    regular::open(path).map(|(file, _)| GzDecoder::new(BufReader::new(file))).map_err(failed)
}

/// The first `N` numbers, big-endian as in all IDX files.
fn header<const N: usize>(path: &Path, file: &mut impl Read) -> Result<[usize; N], IdxError> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let mut four = [0; 4];
        file.read_exact(&mut four).map_err(|_| IdxError::new(path, "is damaged or no gzipped IDX file"))?;
        *number = u32::from_be_bytes(four) as usize;
    }
    Ok(numbers)
}

fn exactly(path: &Path, file: impl Read, count: usize) -> Result<Vec<u8>, IdxError> {
    let mut bytes = Vec::new();
    let damaged = |error| IdxError::new(path, format!("is damaged or cut off: {error}"));
    file.take(count as u64 + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() != count {
        let reason = format!("holds {} bytes where its header says {count}", bytes.len());
        return Err(IdxError::new(path, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzipped(folder: &Path, numbers: &[u32], bytes: &[u8]) -> PathBuf {
        let path = folder.join("file.gz");
        let mut file = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        for number in numbers {
            file.write_all(&number.to_be_bytes()).unwrap();
        }
        file.write_all(bytes).unwrap();
        file.finish().unwrap();
        path
    }

    #[test]
    fn pictures_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let read = pictures(&gzipped(folder.path(), &[0x803, 2, 1, 3], &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!((read.width, read.height, read.bytes), (3, 1, vec![1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn pictures_come_with_their_labels() {
        let folder = tempfile::tempdir().unwrap();
        let [pictures, labels] = Digits::files(folder.path(), "t10k");
        std::fs::rename(gzipped(folder.path(), &[0x803, 2, 1, 3], &[1, 2, 3, 4, 5, 6]), pictures).unwrap();
        std::fs::rename(gzipped(folder.path(), &[0x801, 2], &[7, 9]), &labels).unwrap();
        let digits = Digits::read(folder.path(), "t10k").unwrap();
        let found: Vec<(u8, u8)> =
            digits.scans().map(|(scan, label)| (scan.to_rgb8().get_pixel(2, 0).0[0], label)).collect();
        assert_eq!((found, digits.len()), (vec![(3, 7), (6, 9)], 2));
        std::fs::rename(gzipped(folder.path(), &[0x801, 1], &[7]), labels).unwrap();
        let refusal = Digits::read(folder.path(), "t10k").unwrap_err().to_string();
        assert!(refusal.contains("holds 1 labels for 2 pictures"), "{refusal}");
    }

    #[test]
    fn broken_files_are_refused_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |numbers: &[u32], bytes: &[u8]| {
            pictures(&gzipped(folder.path(), numbers, bytes)).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(refusal(&[0x801, 2, 1, 3], &[0; 6]).contains("not an IDX file of pictures"));
        assert!(refusal(&[0x803, 2, 1, 3], &[0; 5]).contains("holds 5 bytes where its header says 6"));
        assert!(refusal(&[0x803, 2, 1, 3], &[0; 7]).contains("holds 7 bytes"));
        assert!(refusal(&[0x803, u32::MAX, 28, 28], &[]).contains("says that it holds 4294967295"));
        assert!(refusal(&[0x803], &[]).contains("is damaged"));
        std::fs::write(folder.path().join("plain.gz"), b"no gzip at all").unwrap();
        assert!(pictures(&folder.path().join("plain.gz")).is_err());
        assert!(pictures(&folder.path().join("absent.gz")).is_err());
    }
}
