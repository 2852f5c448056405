//! What segmentation and maps have in common: pictures of one sample in functional groups (PS3.3 C.7.6.16, C.7.6.17).

use anyhow::{Context, Result};
use dicom_core::value::PrimitiveValue;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::element::{Row, empty, item, row, sequence};
use super::shared::Shared;

/// What the frames of an object are.
pub struct Frames<'a> {
    /// Width and height.
    pub size_px: (u32, u32),
    pub content_label: &'a str,
    pub content_description: &'a str,
    /// Groups that all frames share besides those of the planes.
    pub shared: Vec<Row>,
    /// The groups of each frame.
    pub each: Vec<Vec<Row>>,
    /// By which frames are told apart: attribute, its functional group, what it is called.
    pub dimensions: &'a [(Tag, Tag, &'a str)],
}

impl Frames<'_> {
    /// # Errors
    /// A picture whose sides DICOM cannot say.
    pub fn rows(self, shared: &Shared<'_>, planes: [Row; 2]) -> Result<Vec<Row>> {
        let side = |pixels: u32| u16::try_from(pixels).context("the picture has more than 65535 pixels a side");
        let (columns, lines) = (side(self.size_px.0)?, side(self.size_px.1)?);
        let organisation = shared.uid(&format!("dimensions {}", self.content_label));
        let organised = || row(tags::DIMENSION_ORGANIZATION_UID, VR::UI, organisation.as_str());
        let index = |(attribute, group, label): &(Tag, Tag, &str)| {
            item([
                organised(),
                row(tags::DIMENSION_INDEX_POINTER, VR::AT, PrimitiveValue::from(*attribute)),
                row(tags::FUNCTIONAL_GROUP_POINTER, VR::AT, PrimitiveValue::from(*group)),
                row(tags::DIMENSION_DESCRIPTION_LABEL, VR::LO, *label),
            ])
        };
        let all = self.shared.into_iter().chain(planes);
        let frames = self.each.len().to_string();
        let mut rows = vec![
            row(tags::NUMBER_OF_FRAMES, VR::IS, frames),
            row(tags::ROWS, VR::US, PrimitiveValue::from(lines)),
            row(tags::COLUMNS, VR::US, PrimitiveValue::from(columns)),
            row(tags::SAMPLES_PER_PIXEL, VR::US, PrimitiveValue::from(1_u16)),
            row(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
            row(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY"),
            row(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00"),
            row(tags::CONTENT_LABEL, VR::CS, self.content_label),
            row(tags::CONTENT_DESCRIPTION, VR::LO, self.content_description),
            empty(tags::CONTENT_CREATOR_NAME, VR::PN),
            sequence(tags::DIMENSION_ORGANIZATION_SEQUENCE, vec![item([organised()])]),
            sequence(tags::DIMENSION_INDEX_SEQUENCE, self.dimensions.iter().map(index).collect()),
            sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![item(all)]),
            sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, self.each.into_iter().map(item).collect()),
        ];
        rows.extend(shared.planes.reference());
        rows.extend(shared.picture.iter().flat_map(|picture| {
            [picture.series_row(), sequence(tags::SOURCE_IMAGE_SEQUENCE, vec![picture.source_item(true)])]
        }));
        Ok(rows)
    }
}

/// The group Frame Content.
pub fn content(indices: &[u32]) -> Row {
    let content: InMemDicomObject =
        item([row(tags::DIMENSION_INDEX_VALUES, VR::UL, PrimitiveValue::U32(indices.iter().copied().collect()))]);
    sequence(tags::FRAME_CONTENT_SEQUENCE, vec![content])
}
