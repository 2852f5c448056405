//! Where pixels lie in space. A projection picture lies nowhere; receivers want planes all the same, so it is given some
//! (PS3.3 C.7.6.16.2): without them OHIF waits forever and dcmqi refuses, and under another orientation nothing is shown.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::element::{Row, decimals, item, row, sequence};
use crate::scan::dicom::Origin;

/// Where pixels lie that are no frame's of a volume.
const INVENTED: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];

/// A plane of pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    pub frame_of_reference_uid: String,
    /// What the frame of reference hangs on; mostly nothing.
    pub indicator: String,
    /// Directions of a row and of a column.
    pub orientation: [f64; 6],
    /// Of the centre of the first pixel.
    pub position_mm: [f64; 3],
    /// From row to row, and from column to column.
    pub spacing_mm: [f64; 2],
    pub thickness_mm: f64,
}

impl Planes {
    /// Those of `origin` where it has its own, as a CT has; else invented ones in the frame of reference `invented_uid`, with
    /// its spacing where it has one.
    pub fn of(origin: Option<&Origin>, invented_uid: String) -> Self {
        let spacing_mm = origin.and_then(spacing).unwrap_or([1.0; 2]);
        let invented = Self {
            frame_of_reference_uid: invented_uid,
            indicator: String::new(),
            orientation: INVENTED,
            position_mm: [0.0; 3],
            spacing_mm,
            thickness_mm: 1.0,
        };
        origin.and_then(|origin| Self::own(origin, spacing_mm)).unwrap_or(invented)
    }

    fn own(origin: &Origin, spacing_mm: [f64; 2]) -> Option<Self> {
        let orientation = origin.decimals(tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT);
        let position = origin.decimals(tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT);
        let thickness = origin.decimals(tags::PIXEL_MEASURES_SEQUENCE, tags::SLICE_THICKNESS);
        Some(Self {
            frame_of_reference_uid: origin.uid(tags::FRAME_OF_REFERENCE_UID)?,
            indicator: origin.text(tags::POSITION_REFERENCE_INDICATOR).unwrap_or_default(),
            orientation: orientation.try_into().ok()?,
            position_mm: position.try_into().ok()?,
            spacing_mm,
            thickness_mm: thickness.first().copied().filter(|mm| *mm > 0.0).unwrap_or(1.0),
        })
    }

    /// Of pixels that are `times` as large, whose first one covers the first `times` × `times` of these.
    pub fn coarser(&self, times: u32) -> Self {
        let half = (f64::from(times) - 1.0) / 2.0;
        let [row_mm, column_mm] = self.spacing_mm;
        let mut position_mm = self.position_mm;
        for (axis, place) in position_mm.iter_mut().enumerate() {
            *place += half * (column_mm * self.orientation[axis] + row_mm * self.orientation[3 + axis]);
        }
        Self { position_mm, spacing_mm: self.spacing_mm.map(|mm| mm * f64::from(times)), ..self.clone() }
    }

    /// The module Frame of Reference (PS3.3 C.7.4.1).
    pub fn reference(&self) -> [Row; 2] {
        [
            row(tags::FRAME_OF_REFERENCE_UID, VR::UI, self.frame_of_reference_uid.as_str()),
            row(tags::POSITION_REFERENCE_INDICATOR, VR::LO, self.indicator.as_str()),
        ]
    }

    /// Functional groups that all frames share.
    pub fn shared_groups(&self) -> [Row; 2] {
        let measures = item([
            decimals(tags::SLICE_THICKNESS, &[self.thickness_mm]),
            decimals(tags::SPACING_BETWEEN_SLICES, &[self.thickness_mm]),
            decimals(tags::PIXEL_SPACING, &self.spacing_mm),
        ]);
        let orientation = item([decimals(tags::IMAGE_ORIENTATION_PATIENT, &self.orientation)]);
        [
            sequence(tags::PLANE_ORIENTATION_SEQUENCE, vec![orientation]),
            sequence(tags::PIXEL_MEASURES_SEQUENCE, vec![measures]),
        ]
    }

    /// The functional group of one frame.
    pub fn position(&self) -> Row {
        let position = item([decimals(tags::IMAGE_POSITION_PATIENT, &self.position_mm)]);
        sequence(tags::PLANE_POSITION_SEQUENCE, vec![position])
    }
}

/// In the patient, at the detector, or as scanned: whichever is said.
fn spacing(origin: &Origin) -> Option<[f64; 2]> {
    let all = [tags::PIXEL_SPACING, tags::IMAGER_PIXEL_SPACING, tags::NOMINAL_SCANNED_PIXEL_SPACING];
    let pair = |tag| <[f64; 2]>::try_from(origin.decimals(tags::PIXEL_MEASURES_SEQUENCE, tag)).ok();
    // Root attributes beside functional groups count, too.
    let of_file = |tag| {
        let element = origin.object.get(tag)?.to_multi_float64().ok()?;
        <[f64; 2]>::try_from(element).ok()
    };
    let found = all.into_iter().find_map(|tag| pair(tag).or_else(|| of_file(tag)));
    found.filter(|spacing| spacing.iter().all(|mm| mm.is_finite() && *mm > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarser_pixels_cover_what_the_finer_ones_did() {
        let fine = Planes { spacing_mm: [0.5, 0.2], position_mm: [1.0, 2.0, 3.0], ..Planes::of(None, "2.25.1".into()) };
        let coarse = fine.coarser(3);
        assert_eq!(coarse.spacing_mm.map(|mm| (mm * 1e9).round() / 1e9), [1.5, 0.6]);
        // The middle of three columns and of three rows.
        assert_eq!(coarse.position_mm.map(|mm| (mm * 1e9).round() / 1e9), [1.2, 2.5, 3.0]);
        let turned = Planes { orientation: [0.0, 1.0, 0.0, 0.0, 0.0, -1.0], ..fine };
        let moved = turned.coarser(2).position_mm.map(|mm| (mm * 1e9).round() / 1e9);
        assert_eq!(moved, [1.0, 2.1, 2.75], "half a column along y, half a row down z");
    }
}
