//! The archive that PyTorch wrote before 0.1.10: its storages in one entry, its tensors in another.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use super::pickle::Walk;
use super::tensor::{self, Meaning};
use super::{Budget, LIST_BYTES, MOST_TENSORS, SMALL, Stop, refused, unless_broken};

/// Headers, and what entries are filled up to.
const BLOCK: u64 = 512;
/// Times and the like.
const LONGEST_NOTE: u64 = 4096;
/// An archive's entry of storages is read whole, into memory that grows by doubling.
const TIMES_IN_MEMORY: u64 = 4;
/// What the reader keeps of a storage or a tensor.
const RECORD: u64 = 1024;

/// Walks over the pickles in the archive's entries, which may have `most` bytes in memory.
pub fn check(mut file: BufReader<File>, most: u64) -> Result<(), Stop> {
    let found = file.get_ref().metadata().map_err(|_| Stop::Broken)?.len();
    if found > most / TIMES_IN_MEMORY {
        return Err(refused(format!(
            "it is a tar archive of {found} bytes, which is read as a whole; open it in PyTorch and save it again"
        )));
    }
    let mut budget = Budget::of_a_file();
    let mut at = 0_u64;
    loop {
        file.seek(SeekFrom::Start(at)).map_err(|_| Stop::Broken)?;
        let mut header = [0; BLOCK as usize];
        if file.read_exact(&mut header).is_err() || header.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let size = size(&header)?;
        unless_broken(entry(&header, &mut file.by_ref().take(size), size, &mut budget))?;
        at = at.saturating_add(BLOCK).saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
    }
}

fn entry(header: &[u8], body: &mut impl BufRead, size: u64, budget: &mut Budget) -> Result<(), Stop> {
    match header[156] {
        b'0' | 0 | b'5' => {}
        b'x' if size <= LONGEST_NOTE => {
            let mut note = Vec::new();
            body.read_to_end(&mut note).map_err(|_| Stop::Broken)?;
            let says = |what: &[u8]| note.windows(what.len()).any(|window| window == what);
            if says(b"path") || says(b"size") || says(b"GNU") {
                return Err(strange());
            }
        }
        _ => return Err(strange()),
    }
    let mut name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    match name {
        // A longer name begins elsewhere.
        _ if header[345..500].iter().any(|byte| *byte != 0) => Err(strange()),
        b"sys_info" => walk(body, &mut SMALL.clone()).map(|_| ()),
        b"storages" => storages(body, budget),
        b"tensors" => tensors(body, budget),
        b"pickle" => walk(body, budget).map(|_| ()),
        _ => Ok(()),
    }
}

/// A number of them, and of each its key, place and class, how many values it has, and these; then a list of views.
fn storages(body: &mut impl BufRead, budget: &mut Budget) -> Result<(), Stop> {
    for _ in 0..count(body)? {
        let Meaning::Stored(bytes) = walk(body, &mut SMALL.clone())? else { return Err(strange()) };
        budget.spend(RECORD)?;
        let length = number(body)?.checked_mul(bytes).ok_or(Stop::Broken)?;
        let passed = std::io::copy(&mut body.by_ref().take(length), &mut std::io::sink());
        if passed.map_err(|_| Stop::Broken)? < length {
            return Err(Stop::Broken);
        }
    }
    let mut views = Budget { bytes: LIST_BYTES, ..*budget };
    if matches!(walk(body, &mut views)?, Meaning::List) { Ok(()) } else { Err(strange()) }
}

/// A number of them, and of each its key, its storage's and class, how many sides it has, these, strides and offset.
fn tensors(body: &mut impl BufRead, budget: &mut Budget) -> Result<(), Stop> {
    for _ in 0..count(body)? {
        walk(body, &mut SMALL.clone())?;
        budget.spend(RECORD)?;
        // Its upper half once was.
        let sides = number(body)? & 0xffff_ffff;
        if sides > tensor::MOST_SIDES as u64 {
            return Err(refused(format!("a tensor in it has more than {} sides", tensor::MOST_SIDES)));
        }
        let mut numbers = || (0..sides).map(|_| number(body).map(|side| side as i64)).collect::<Result<Vec<_>, _>>();
        let (sides, strides) = (numbers()?, numbers()?);
        tensor::window(number(body)? as i64, &sides, &strides, budget)?;
    }
    Ok(())
}

fn count(body: &mut impl BufRead) -> Result<u64, Stop> {
    match walk(body, &mut SMALL.clone())? {
        Meaning::Int(count) if count <= MOST_TENSORS as i64 => u64::try_from(count).map_err(|_| Stop::Broken),
        _ => Err(refused(format!("its tar archive has more than {MOST_TENSORS} tensors or storages"))),
    }
}

fn walk(body: &mut impl BufRead, budget: &mut Budget) -> Result<Meaning, Stop> {
    Walk::new(body, budget).run().map(|pickled| pickled.kind)
}

/// The reader takes none below 0.
fn number(body: &mut impl BufRead) -> Result<u64, Stop> {
    let mut bytes = [0; 8];
    body.read_exact(&mut bytes).map_err(|_| Stop::Broken)?;
    Ok(u64::from_le_bytes(bytes))
}

/// In octal digits. There are other ways to write it, of which PyTorch uses none.
fn size(header: &[u8]) -> Result<u64, Stop> {
    let digits = header[124..136].split(|byte| *byte == 0).next().unwrap_or_default();
    let digits = std::str::from_utf8(digits).map_err(|_| strange())?;
    u64::from_str_radix(digits.trim(), 8).map_err(|_| strange())
}

fn strange() -> Stop {
    refused("it is a tar archive, but none that PyTorch wrote; open it in PyTorch and save it again")
}
