//! The archive that torch.save writes: `data.pkl`, and an entry of bytes for every storage.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use ::zip::{CompressionMethod, ZipArchive};
use flate2::bufread::DeflateDecoder;

use super::pickle::Walk;
use super::{Budget, MOST_PICKLE_BYTES, MOST_TENSORS, Stop, alone, refused, unless_broken};

/// What every entry of the archive's directory, and its end, begin with.
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// How much of an entry comes before its name, and where in that are the lengths of what follows.
const BEFORE_THE_NAME: usize = 46;
const LENGTHS: [usize; 3] = [28, 30, 32];
/// Bytes of names, and what else is noted of entries.
const MOST_NAMES: u64 = 16 << 20;
/// One is right; weights may look like a few more.
const MOST_ENDS: usize = 16;
const AT_ONCE: usize = 1 << 16;

/// Walks over the pickles of the archive, whose entries may have `most` bytes together once unpacked.
pub fn check(mut file: BufReader<File>, most: u64) -> Result<(), Stop> {
    directory(file.get_mut())?;
    file.rewind().map_err(|_| Stop::Broken)?;
    let mut archive = ZipArchive::new(file).map_err(|_| Stop::Broken)?;
    let mut budget = Budget::of_a_file();
    let (mut unpacked, mut pickles) = (0_u64, Vec::new());
    for index in 0..archive.len() {
        // What cannot be found is not read either.
        let Ok(entry) = archive.by_index_raw(index) else { continue };
        unpacked = unpacked.saturating_add(entry.size());
        let is_pickle = |name: &[u8]| name.ends_with(b"data.pkl");
        if is_pickle(entry.name_raw()) || entry.name().is_ok_and(|name| is_pickle(name.as_bytes())) {
            pickles.push(index);
        } else {
            budget.whole_storages |= entry.compression() != CompressionMethod::Stored;
        }
    }
    if unpacked > most {
        return Err(refused(format!(
            "unpacked, it is {unpacked} bytes; a checkpoint of this network has at most {most}"
        )));
    }
    pickles.into_iter().try_for_each(|index| unless_broken(pickle(&mut archive, index, &mut budget)))
}

fn pickle(archive: &mut ZipArchive<BufReader<File>>, index: usize, budget: &mut Budget) -> Result<(), Stop> {
    let entry = archive.by_index_raw(index).map_err(|_| Stop::Broken)?;
    let (size, method) = (entry.size(), entry.compression());
    // The reader unpacks all of it before it looks at any.
    if size > MOST_PICKLE_BYTES {
        return Err(alone("its pickle is far too long"));
    }
    let packed = BufReader::new(entry);
    match method {
        CompressionMethod::Stored => Walk::new(&mut packed.take(size), budget).run()?,
        CompressionMethod::Deflated => {
            Walk::new(&mut BufReader::new(DeflateDecoder::new(packed)).take(size), budget).run()?
        }
        _ => return Err(Stop::Broken),
    };
    Ok(())
}

/// Bounds the archive's directory before anybody reads it, by whatever looks like an entry of one, wherever it lies.
fn directory(file: &mut File) -> Result<(), Stop> {
    file.rewind().map_err(|_| Stop::Broken)?;
    let (mut entries, mut names, mut ends) = (0, 0, 0);
    let mut bytes = Vec::with_capacity(AT_ONCE + BEFORE_THE_NAME);
    loop {
        let read = file.by_ref().take(AT_ONCE as u64).read_to_end(&mut bytes).map_err(|_| Stop::Broken)?;
        let mut rest = bytes.as_slice();
        while rest.skip_until(ENTRY[0]).map_err(|_| Stop::Broken)? > 0 {
            let at = bytes.len() - rest.len() - 1;
            // What begins within the last bytes is seen again with what follows.
            if read > 0 && at + BEFORE_THE_NAME > bytes.len() {
                break;
            }
            if bytes[at..].starts_with(END) {
                ends += 1;
            } else if bytes[at..].starts_with(ENTRY) {
                entries += 1;
                names += LENGTHS.iter().map(|field| length(&bytes, at + field)).sum::<u64>();
            }
        }
        if entries > MOST_TENSORS || names > MOST_NAMES || ends > MOST_ENDS {
            return Err(refused(format!(
                "its zip archive has more than {MOST_TENSORS} entries, or names of more than {MOST_NAMES} bytes"
            )));
        }
        if read == 0 {
            return Ok(());
        }
        bytes.drain(..(bytes.len() + 1).saturating_sub(BEFORE_THE_NAME));
    }
}

fn length(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 2).map_or(0, |two| u64::from(two[0]) + 256 * u64::from(two[1]))
}
