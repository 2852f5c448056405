//! UIDs that follow from what an object is of: the same picture, model and settings give the same object again, so that
//! one that is sent twice, or made again after a crash, is one object in the archive.

use crate::guard::checksum::sha256_hex;

/// A UID below 2.25 (PS3.5 B.2) of the first 16 bytes of a SHA-256 over `parts`, as a UUID of version 8 (RFC 9562).
pub fn uid(parts: &[&str]) -> String {
    let number = u128::from_str_radix(&digest(parts)[..32], 16).unwrap_or_default();
    let version = (number & !(0xf << 76)) | (8 << 76);
    let variant = (version & !(0b11 << 62)) | (0b10 << 62);
    format!("2.25.{variant}")
}

/// Hexadecimal, of all parts in their order; where one ends counts too.
pub fn digest(parts: &[&str]) -> String {
    let bytes: Vec<u8> =
        parts.iter().flat_map(|part| [part.len().to_string().as_bytes(), b":", part.as_bytes()].concat()).collect();
    sha256_hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_give_equal_uids_and_others_give_others() {
        assert_eq!(uid(&["a", "b"]), uid(&["a", "b"]));
        let all = [uid(&["a", "b"]), uid(&["ab"]), uid(&["ab", ""]), uid(&["b", "a"]), uid(&[])];
        for (i, one) in all.iter().enumerate() {
            assert!(!all[..i].contains(one));
            assert!(one.len() <= 64 && one.starts_with("2.25.") && !one.starts_with("2.25.0"));
            let number: u128 = one[5..].parse().unwrap();
            assert_eq!((number >> 76 & 0xf, number >> 62 & 0b11), (8, 0b10));
        }
    }
}
