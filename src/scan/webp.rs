//! Whether a WebP's chunks end before the file does: a decoder takes memory for what a chunk claims to hold.

/// Whether every chunk of the RIFF container in `bytes` ends within the file.
pub fn is_complete(bytes: &[u8]) -> bool {
    const HEAD: usize = 12;
    let mut at = HEAD;
    // Behind the last chunk some writers leave a byte or two.
    while let Some(length) = bytes.get(at + 4..at + 8).and_then(|four| four.first_chunk()) {
        let end = (at + 8).checked_add(u32::from_le_bytes(*length) as usize);
        match end.filter(|end| *end <= bytes.len()) {
            Some(end) => at = end.next_multiple_of(2),
            None => return false,
        }
    }
    bytes.len() >= HEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_that_reaches_beyond_the_file_is_not_complete() {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(9, 7).write_to(&mut bytes, image::ImageFormat::WebP).unwrap();
        let bytes = bytes.into_inner();
        assert!(is_complete(&bytes));
        assert!(!is_complete(&bytes[..bytes.len() - 3]) && !is_complete(&bytes[..7]));
        assert!(!is_complete(&[bytes.as_slice(), b"EXIF\xff\xff\xff\xffII"].concat()));
    }
}
