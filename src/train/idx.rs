//! MNIST's own files: IDX, gzipped. Sizes are checked before anything is allocated for them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use image::GrayImage;

use super::TrainError;
use super::data::{DataSet, Example, Values};
use crate::bundle::Card;
use crate::guard::regular;
use crate::input;
use crate::scan::{Pixels, Scan};

const PICTURES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
const MOST_ITEMS: usize = 1_000_000;
const MOST_SIDE_PX: usize = 256;

/// Pictures of one size.
struct Pictures {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

/// Reads the training digits, to learn from, and the test digits, to measure on.
pub fn read(card: &Card, folder: &Path) -> Result<DataSet, TrainError> {
    let learn = part(card, folder, "train")?;
    let held = part(card, folder, "t10k")?;
    let held_is = format!("{} test digits of MNIST (t10k), none seen in training", held.len());
    Ok(DataSet { learn, held, held_is, input: card.architecture.input(), ..DataSet::default() })
}

fn part(card: &Card, folder: &Path, name: &str) -> Result<Vec<Example>, TrainError> {
    let path = folder.join(format!("{name}-images-idx3-ubyte.gz"));
    let pictures = pictures(&path)?;
    let labels_path = folder.join(format!("{name}-labels-idx1-ubyte.gz"));
    let labels = labels(&labels_path)?;
    let area = pictures.width * pictures.height;
    if labels.is_empty() || pictures.bytes.len() / area != labels.len() {
        let reason = format!("holds {} labels for {} pictures", labels.len(), pictures.bytes.len() / area);
        return Err(TrainError::data(&labels_path, reason));
    }
    pictures
        .bytes
        .chunks_exact(area)
        .zip(labels)
        .map(|(bytes, label)| {
            let class = usize::from(label);
            if class >= card.classes.len() {
                return Err(TrainError::data(&labels_path, format!("label {label} is no digit")));
            }
            let failed = |error| TrainError::Input { path: path.clone(), error };
            let input = input::prepare(&scan(&path, &pictures, bytes), &card.preprocessing).map_err(failed)?;
            Ok(Example { values: Values::Ready(input.values), class, ..Example::default() })
        })
        .collect()
}

fn scan(path: &Path, pictures: &Pictures, bytes: &[u8]) -> Scan {
    let grey = GrayImage::from_fn(pictures.width as u32, pictures.height as u32, |x, y| {
        image::Luma([bytes[y as usize * pictures.width + x as usize]])
    });
    Scan::new(Pixels::from_grey8(&grey), path)
}

fn pictures(path: &Path) -> Result<Pictures, TrainError> {
    let mut file = open(path)?;
    let [magic, count, height, width] = header::<4>(path, &mut file)?;
    if magic != PICTURES_MAGIC as usize {
        return Err(TrainError::data(path, "is not an IDX file of pictures"));
    }
    let possible = 1..=MOST_SIDE_PX;
    if count > MOST_ITEMS || !possible.contains(&height) || !possible.contains(&width) {
        return Err(TrainError::data(path, format!("says that it holds {count} pictures of {width}×{height} pixels")));
    }
    Ok(Pictures { width, height, bytes: exactly(path, file, count * height * width)? })
}

fn labels(path: &Path) -> Result<Vec<u8>, TrainError> {
    let mut file = open(path)?;
    let [magic, count] = header::<2>(path, &mut file)?;
    if magic != LABELS_MAGIC as usize || count > MOST_ITEMS {
        return Err(TrainError::data(path, "is not an IDX file of labels"));
    }
    exactly(path, file, count)
}

fn open(path: &Path) -> Result<GzDecoder<BufReader<File>>, TrainError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            TrainError::data(path, "there is no such file; MNIST's four .gz files are needed")
        }
        _ => TrainError::data(path, format!("cannot be read: {error}")),
    };
    regular::open(path).map(|(file, _)| GzDecoder::new(BufReader::new(file))).map_err(failed)
}

/// The first `N` numbers, big-endian as in all IDX files.
fn header<const N: usize>(path: &Path, file: &mut impl Read) -> Result<[usize; N], TrainError> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let mut four = [0; 4];
        file.read_exact(&mut four).map_err(|_| TrainError::data(path, "is damaged or no gzipped IDX file"))?;
        *number = u32::from_be_bytes(four) as usize;
    }
    Ok(numbers)
}

fn exactly(path: &Path, file: impl Read, count: usize) -> Result<Vec<u8>, TrainError> {
    let mut bytes = Vec::new();
    let damaged = |error| TrainError::data(path, format!("is damaged or cut off: {error}"));
    file.take(count as u64 + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() != count {
        let reason = format!("holds {} bytes where its header says {count}", bytes.len());
        return Err(TrainError::data(path, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;

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
