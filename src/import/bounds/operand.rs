//! What follows an opcode.

use std::io::{BufRead, Read};

use pytorch_reader::OpCode;

use super::pickle::Walk;
use super::{Stop, refused};

/// Of numbers and names that are written as lines.
const LONGEST_LINE: u64 = 4096;

impl<R: BufRead> Walk<'_, R> {
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.budget.read(N as u64)?;
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(|_| Stop::Broken)?;
        Ok(bytes)
    }

    /// How many bytes a string or a long number has.
    pub fn length(&mut self, op: OpCode) -> Result<u64, Stop> {
        use OpCode::*;
        Ok(match op {
            Long1 | ShortBinUnicode | ShortBinString | ShortBinBytes => u64::from(u8::from_le_bytes(self.bytes()?)),
            BinUnicode8 | BinBytes8 | ByteArray8 => u64::from_le_bytes(self.bytes()?),
            _ => u64::from(u32::from_le_bytes(self.bytes()?)),
        })
    }

    /// The next `length` bytes where they are at most `most`; longer ones are passed over.
    pub fn short(&mut self, length: u64, most: u64) -> Result<Option<Vec<u8>>, Stop> {
        self.budget.read(length)?;
        let mut bytes = Vec::new();
        let read = if length > most {
            std::io::copy(&mut self.from.by_ref().take(length), &mut std::io::sink()).map_err(|_| Stop::Broken)?
        } else {
            self.from.by_ref().take(length).read_to_end(&mut bytes).map_err(|_| Stop::Broken)? as u64
        };
        if read < length { Err(Stop::Broken) } else { Ok((length <= most).then_some(bytes)) }
    }

    /// A number or a name up to the end of its line.
    pub fn line(&mut self) -> Result<Vec<u8>, Stop> {
        let mut line = Vec::new();
        self.from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|_| Stop::Broken)?;
        self.budget.read(line.len() as u64)?;
        match line.pop() {
            Some(b'\n') => {}
            Some(_) if line.len() as u64 + 1 == LONGEST_LINE => {
                return Err(refused(format!("a number or name in its pickle has more than {LONGEST_LINE} bytes")));
            }
            _ => return Err(Stop::Broken),
        }
        Ok(line.strip_suffix(b"\r").map(<[u8]>::to_vec).unwrap_or(line))
    }

    /// Passes over a text up to the end of its line; says how long it is.
    pub fn text_line(&mut self) -> Result<u64, Stop> {
        let mut text = self.from.by_ref().take(self.budget.bytes.saturating_add(1));
        let length = text.skip_until(b'\n').map_err(|_| Stop::Broken)? as u64;
        self.budget.read(length)?;
        Ok(length)
    }

    pub fn index(&mut self) -> Result<u32, Stop> {
        let line = self.line()?;
        std::str::from_utf8(&line).ok().and_then(|line| line.parse().ok()).ok_or(Stop::Broken)
    }
}
