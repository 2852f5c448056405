//! The raw maps as NumPy's `.npz`: a contract that other programs lean on.

use std::io::Cursor;

use ndarray::{ArrayView2, ArrayView3};
use ndarray_npy::{NpzWriter, WriteNpzError};

use crate::explain::{ClassMaps, Explanation};

/// The bytes of an `.npz` file with `cam` `[K, h, w]` and `response` `[K, H, W]` in f32, in the model's frame, signed
/// as the magnitude says and not scaled, and `source_from_model`, the 3×3 matrix (f64) that takes model pixels to
/// source pixels (pixel centres at .5).
///
/// # Errors
/// Only where the format itself cannot hold the maps.
pub fn npz(explanation: &Explanation) -> Result<Vec<u8>, WriteNpzError> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = NpzWriter::new(&mut bytes);
    writer.add_array("cam", &view(&explanation.cam))?;
    writer.add_array("response", &view(&explanation.response))?;
    writer.add_array("source_from_model", &ArrayView2::from(&explanation.source_from_model.0))?;
    writer.finish()?;
    Ok(bytes.into_inner())
}

fn view(maps: &ClassMaps) -> ArrayView3<'_, f32> {
    let shape = (maps.classes, maps.height, maps.width);
    match ArrayView3::from_shape(shape, &maps.data) {
        Ok(view) => view,
        Err(_) => unreachable!("class maps hold classes × height × width values"),
    }
}
