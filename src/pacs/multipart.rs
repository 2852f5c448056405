//! Several objects in one HTTP body (RFC 2046 5.1), taken apart as they arrive; none is held in memory as a whole.

use std::io::{Error, ErrorKind, Read, Result, Write};

/// Read at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Of the lines in front of a part, and of what stands before the first.
const MOST_HEAD_BYTES: usize = 16 << 10;
/// RFC 2046 5.1.1.
const MOST_BOUNDARY_CHARACTERS: usize = 70;

/// The boundary that a `Content-Type` of `multipart/related` names.
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/related") {
        return None;
    }
    let mut rest = parameters;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        // A value in quotes may hold semicolons.
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if name.trim().eq_ignore_ascii_case("boundary") {
            let value = value.trim();
            return (1..=MOST_BOUNDARY_CHARACTERS).contains(&value.len()).then(|| value.to_owned());
        }
        rest = next.trim_start().trim_start_matches(';');
    }
    None
}

/// The parts of a body.
pub struct Parts<R> {
    from: R,
    delimiter: Vec<u8>,
    /// Read, but not yet passed on.
    buffer: Vec<u8>,
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

impl<R: Read> Parts<R> {
    pub fn new(from: R, boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no line before it.
        Self { from, delimiter, buffer: b"\r\n".to_vec() }
    }

    /// Reads more; an end has no place where this is called.
    fn fill(&mut self) -> Result<()> {
        let had = self.buffer.len();
        self.buffer.resize(had + CHUNK_BYTES, 0);
        let read = loop {
            match self.from.read(&mut self.buffer[had..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => break done,
            }
        };
        self.buffer.truncate(had + *read.as_ref().unwrap_or(&0));
        if read? == 0 { Err(broken("a body that ends in the middle of a part")) } else { Ok(()) }
    }

    /// Advances to the next part; `false` where there is none. The rest of the previous one is skipped.
    ///
    /// # Errors
    /// A body that is malformed or ends too early.
    pub fn advance(&mut self) -> Result<bool> {
        self.part(&mut std::io::sink(), u64::MAX)?;
        self.buffer.drain(..self.delimiter.len());
        // What may stand behind a boundary is blanks alone, and two dashes are the end.
        let mut passed = 0;
        loop {
            while self.buffer.len() < 2 {
                self.fill()?;
            }
            match [self.buffer[0], self.buffer[1]] {
                [b'-', b'-'] => return Ok(false),
                [b'\r', b'\n'] => break,
                [b' ' | b'\t', _] if passed < MOST_HEAD_BYTES => drop(self.buffer.drain(..1)),
                _ => return Err(broken("a part that does not begin as one")),
            }
            passed += 1;
        }
        // The end of that line is also the empty line of a part without any head.
        loop {
            if let Some(at) = position(&self.buffer, b"\r\n\r\n") {
                self.buffer.drain(..at + 4);
                return Ok(true);
            }
            if self.buffer.len() > MOST_HEAD_BYTES + CHUNK_BYTES {
                return Err(broken("a part with too long a head"));
            }
            self.fill()?;
        }
    }

    /// Writes this part to `sink`; returns whether it was no larger than `most_bytes`. Anything beyond is read, but not
    /// written.
    ///
    /// # Errors
    /// A broken connection, a file that cannot be written, or a body that ends within the part.
    pub fn part(&mut self, sink: &mut dyn Write, most_bytes: u64) -> Result<bool> {
        let mut written = 0u64;
        let mut give = |bytes: &[u8]| {
            written = written.saturating_add(bytes.len() as u64);
            if written <= most_bytes { sink.write_all(bytes) } else { Ok(()) }
        };
        loop {
            if let Some(at) = position(&self.buffer, &self.delimiter) {
                give(&self.buffer[..at])?;
                self.buffer.drain(..at);
                return Ok(written <= most_bytes);
            }
            // The end may be the beginning of a boundary.
            let certain = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
            give(&self.buffer[..certain])?;
            self.buffer.drain(..certain);
            self.fill()?;
        }
    }
}

/// Where `wanted` begins first.
fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == wanted[0]) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in small pieces.
    struct Drops<'b>(&'b [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn parts(body: &[u8], piece: usize) -> Result<Vec<Vec<u8>>> {
        let (mut parts, mut all) = (Parts::new(Drops(body, piece), "xyz"), Vec::new());
        while parts.advance()? {
            let mut part = Vec::new();
            parts.part(&mut part, u64::MAX)?;
            all.push(part);
        }
        Ok(all)
    }

    #[test]
    fn parts_are_what_was_put_in() {
        let tricky = b"\r\n--xy\r\n\r\n--x\r\r\n-".to_vec();
        let large = vec![b'\r'; 3000];
        let inside = [b"one".to_vec(), Vec::new(), tricky, large];
        let mut body = b"before".to_vec();
        for part in &inside {
            body.extend(b"\r\n--xyz \r\nContent-Type: application/dicom\r\n\r\n");
            body.extend(part);
        }
        body.extend(b"\r\n--xyz--\r\nafter");
        for piece in [1, 2, 7, 1000, 100_000] {
            assert_eq!(parts(&body, piece).unwrap(), inside);
        }
        assert_eq!(parts(b"--xyz\r\n\r\na\r\n--xyz--", 3).unwrap(), [b"a".to_vec()]);
        assert_eq!(parts(b"--xyz--", 3).unwrap(), [] as [Vec<u8>; 0]);
    }

    #[test]
    fn what_is_cut_or_no_such_body_is_an_error() {
        let whole = b"--xyz\r\nA: b\r\n\r\nabc\r\n--xyz--";
        for cut in 0..whole.len() - 1 {
            assert!(parts(&whole[..cut], 5).is_err(), "cut at {cut}");
        }
        assert!(parts(b"--xyz!\r\n\r\n", 5).is_err());
        let endless = [b"--xyz\r\n".to_vec(), vec![b'a'; 1 << 20]].concat();
        assert!(parts(&endless, 1 << 16).is_err());
    }

    #[test]
    fn a_part_that_is_too_large_is_passed_over() {
        let body = b"--xyz\r\n\r\nabcdef\r\n--xyz\r\n\r\ngh\r\n--xyz--";
        let mut parts = Parts::new(&body[..], "xyz");
        let mut kept = Vec::new();
        assert!(parts.advance().unwrap());
        assert!(!parts.part(&mut kept, 3).unwrap());
        assert!(parts.advance().unwrap());
        kept.clear();
        assert!(parts.part(&mut kept, 3).unwrap());
        assert_eq!(kept, b"gh");
        assert!(!parts.advance().unwrap());
    }

    #[test]
    fn boundaries_are_found() {
        let of = |text| boundary(text);
        assert_eq!(of("multipart/related; type=\"application/dicom; a=b\"; boundary=abc"), Some("abc".to_owned()));
        assert_eq!(of("Multipart/Related;BOUNDARY=\"a;b\";type=x"), Some("a;b".to_owned()));
        assert_eq!(of("application/dicom; boundary=abc"), None);
        assert_eq!(of("multipart/related; boundary="), None);
        assert_eq!(of(&format!("multipart/related; boundary={}", "a".repeat(71))), None);
    }
}
