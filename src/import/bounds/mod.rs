//! Whether a checkpoint may be given to its reader: what a file of a few bytes can grow to is bounded beforehand.
//!
//! An opcode of one byte makes an object of a hundred, a reference copies a whole tree, and a compressed entry says
//! itself how large it is. [`pickle`] walks the opcodes with a [`Budget`] and makes nothing of them, [`tensor`] knows
//! what the arguments of a tensor make its reader read, [`zip`] and [`tar`] find the pickles in their archives. What is
//! merely broken passes: the reader comes to the same place and says what is wrong there.

mod operand;
mod pickle;
mod tar;
mod tensor;
mod value;
mod zip;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use self::pickle::Walk;
use self::tensor::Meaning;

/// As many tensors as a checkpoint may have, and as many entries as its archive.
pub const MOST_TENSORS: usize = 100_000;
/// torch.save writes some 500 bytes for a tensor.
const MOST_PICKLE_BYTES: u64 = 32 << 20;
/// Of what a pickle makes. A tensor takes some 6 KB here, what refers to it again included.
const MOST_MEMORY: u64 = 160 << 20;
/// Of a pickle that holds one number or a few words.
const SMALL: Budget = Budget { bytes: 1 << 16, memory: 1 << 20, whole_storages: false };
/// Of a pickle that lists the storages of another.
const LIST_BYTES: u64 = 4 << 20;
/// Where a legacy file says that it is one, in two spellings.
const LEGACY_WITHIN: usize = 64;
const LEGACY_MAGIC: [&[u8]; 2] = [b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", b"119547037146038801333356"];
const TAR_MAGIC_AT: usize = 257;

/// Why a walk ended early.
#[derive(Debug)]
enum Stop {
    /// The reader will stop here too.
    Broken,
    Refused(String),
}

/// What is left to the pickles of a file.
#[derive(Clone, Copy, Debug)]
struct Budget {
    bytes: u64,
    memory: u64,
    /// Whether a storage must be read from its start to come to a tensor: compressed ones must.
    whole_storages: bool,
}

impl Budget {
    const fn of_a_file() -> Self {
        Self { bytes: MOST_PICKLE_BYTES, memory: MOST_MEMORY, whole_storages: false }
    }

    fn read(&mut self, bytes: u64) -> Result<(), Stop> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(|| alone("its pickle is far too long"))?;
        Ok(())
    }

    fn spend(&mut self, memory: u64) -> Result<(), Stop> {
        self.memory = self.memory.checked_sub(memory).ok_or_else(|| alone("its pickle makes far too many objects"))?;
        Ok(())
    }

    fn give_back(&mut self, memory: u64) {
        self.memory = self.memory.saturating_add(memory);
    }
}

fn refused(reason: impl Into<String>) -> Stop {
    Stop::Refused(reason.into())
}

/// The reader may never come to an entry that is broken, or take another of the same name.
fn unless_broken(walked: Result<(), Stop>) -> Result<(), Stop> {
    if matches!(walked, Err(Stop::Broken)) { Ok(()) } else { walked }
}

/// What is wrong, and the way out of it.
fn alone(what: &str) -> Stop {
    refused(format!(
        "{what} for a checkpoint of weights; in PyTorch, save these alone: torch.save(model.state_dict(), \"weights.pth\")"
    ))
}

/// Whether the file at `path`, whose entries may have `most` bytes together, can be read within bounds; else why not.
pub fn check(path: &Path, most: u64) -> std::io::Result<Result<(), String>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut start = Vec::new();
    file.by_ref().take(512).read_to_end(&mut start)?;
    file.rewind()?;
    let walked = if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        zip::check(file, most)
    } else if start.get(TAR_MAGIC_AT..TAR_MAGIC_AT + 5) == Some(b"ustar") {
        tar::check(file, most)
    } else if is_legacy(&start) {
        legacy(file)
    } else {
        Walk::new(&mut file, &mut Budget::of_a_file()).run().map(|_| ())
    };
    Ok(if let Err(Stop::Refused(reason)) = walked { Err(reason) } else { Ok(()) })
}

fn is_legacy(start: &[u8]) -> bool {
    let start = &start[..start.len().min(LEGACY_WITHIN)];
    LEGACY_MAGIC.iter().any(|magic| start.windows(magic.len()).any(|window| window == *magic))
}

/// Magic number, version and byte order, the object saved, and the list of its storages, whose bytes follow.
fn legacy(mut file: BufReader<File>) -> Result<(), Stop> {
    for _ in 0..3 {
        Walk::new(&mut file, &mut SMALL.clone()).run()?;
    }
    let mut budget = Budget::of_a_file();
    Walk::new(&mut file, &mut budget).run()?;
    let mut rest = Budget { bytes: LIST_BYTES, ..budget };
    let list = Walk::new(&mut file, &mut rest).run()?;
    // The reader would write out whatever is in the list's place.
    if matches!(list.kind, Meaning::List) { Ok(()) } else { Err(refused("it does not list its storages")) }
}
