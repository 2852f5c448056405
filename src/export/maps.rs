//! The raw maps as NumPy's `.npz`: a contract that other programs lean on.

use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::explain::Explanation;
use crate::maps::ClassMaps;

/// The bytes of an `.npz` file with `cam` `[K, h, w]` and `response` `[R, H, W]` in f32, in the model's frame, signed
/// as the magnitude says and not scaled (pictures of `cam` share the record's `cam_scale`, of all classes); `response_classes` `[R]` (i64), the classes that the responses are of: all, or of
/// more than ten the most activated; and `source_from_model`, the 3×3 matrix (f64) that takes model pixels to
/// source pixels (pixel centres at .5).
///
/// # Errors
/// Only where the format itself cannot hold the maps.
pub fn npz(explanation: &Explanation) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    add(&mut archive, "cam", "<f4", &shape(&explanation.cam), explanation.cam.data.iter().map(|v| v.to_le_bytes()))?;
    let response = &explanation.response;
    add(&mut archive, "response", "<f4", &shape(response), response.data.iter().map(|v| v.to_le_bytes()))?;
    let classes = response.held.iter().map(|class| (*class as i64).to_le_bytes());
    add(&mut archive, "response_classes", "<i8", &[response.held.len()], classes)?;
    let matrix = explanation.source_from_model.0.iter().flatten().map(|v| v.to_le_bytes());
    add(&mut archive, "source_from_model", "<f8", &[3, 3], matrix)?;
    Ok(archive.finish()?.into_inner())
}

fn shape(maps: &ClassMaps) -> [usize; 3] {
    [maps.held.len(), maps.height, maps.width]
}

/// Adds one row-major array. `kind` is NumPy's name of the values' type, `N` its bytes.
fn add<const N: usize>(
    archive: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    kind: &str,
    shape: &[usize],
    values: impl Iterator<Item = [u8; N]>,
) -> ZipResult<()> {
    // Maps hardly shrink, and a stored array can be mapped into memory.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    archive.start_file(format!("{name}.npy"), stored)?;
    archive.write_all(&npy_header(kind, shape))?;
    let bytes: Vec<u8> = values.flatten().collect();
    Ok(archive.write_all(&bytes)?)
}

/// The head of NumPy's `.npy` format, version 1.0: magic, version, length, a dictionary padded to 64 bytes.
fn npy_header(kind: &str, shape: &[usize]) -> Vec<u8> {
    const BEFORE: usize = 10;
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    // A tuple of one needs its comma.
    let comma = if sizes.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}{comma}), }}", sizes.join(", "));
    let whole = (BEFORE + text.len() + 1).next_multiple_of(64);
    text.extend(std::iter::repeat_n(' ', whole - BEFORE - text.len() - 1));
    text.push('\n');
    let length = text.len() as u16;
    [b"\x93NUMPY\x01\x00", &length.to_le_bytes()[..], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_numpys_own() {
        // What numpy.lib.format.write_array_header_1_0 writes for zeros((2, 3), "<f4").
        let mut expected =
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".to_vec();
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(npy_header("<f4", &[2, 3]), expected);
        let one = npy_header("<i8", &[5]);
        assert!(
            one.len() == 128 && one[10..].starts_with(b"{'descr': '<i8', 'fortran_order': False, 'shape': (5,), }")
        );
    }
}
