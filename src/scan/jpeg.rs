//! Whether a JPEG file is complete: decoders fill what is missing with grey, which a reader could take for a finding.

/// Whether the end marker follows the scan data of the JPEG in `bytes`.
pub fn is_complete(bytes: &[u8]) -> bool {
    scan_data(bytes).is_some_and(|data| data.windows(2).any(|pair| pair == [0xff, 0xd9]))
}

/// What follows the first start-of-scan marker. Segments before it, an embedded thumbnail included, are skipped.
fn scan_data(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let start = rest.iter().position(|b| *b != 0xff)?;
        let (marker, after) = (rest[start], &rest[start + 1..]);
        if start == 0 {
            return None;
        }
        if marker == 0xda {
            return Some(after);
        }
        let length = usize::from(u16::from_be_bytes([*after.first()?, *after.get(1)?]));
        rest = after.get(length..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded() -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 90]));
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("a small picture can be encoded");
        bytes.into_inner()
    }

    #[test]
    fn a_whole_file_is_complete_and_a_cut_one_is_not() {
        let bytes = encoded();
        assert!(is_complete(&bytes));
        for kept in [bytes.len() - 2, bytes.len() / 2, 20, 3, 1, 0] {
            assert!(!is_complete(&bytes[..kept]), "{kept} bytes");
        }
    }

    #[test]
    fn the_end_of_a_thumbnail_is_not_the_end() {
        let bytes = encoded();
        let mut cut = vec![0xff, 0xd8, 0xff, 0xe1, 0x00, 0x06, 0xff, 0xd9, 0x00, 0x00];
        cut.extend_from_slice(&bytes[2..bytes.len() - 2]);
        assert!(!is_complete(&cut));
    }
}
