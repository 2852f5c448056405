//! What segmentation and maps have in common: pictures of one sample in functional groups (PS3.3 C.7.6.16, C.7.6.17).

use anyhow::{Context, Result};
use dicom_core::value::PrimitiveValue;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::element::{Code, Row, coded, empty, item, row, sequence};
use super::shared::Shared;
use crate::bundle::Card;

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
        let all = self.shared.into_iter().chain(planes).chain([anatomy(shared)]);
        let frames = self.each.len().to_string();
        let mut rows = vec![
            row(tags::NUMBER_OF_FRAMES, VR::IS, frames),
            row(tags::ROWS, VR::US, PrimitiveValue::from(lines)),
            row(tags::COLUMNS, VR::US, PrimitiveValue::from(columns)),
            row(tags::SAMPLES_PER_PIXEL, VR::US, PrimitiveValue::from(1_u16)),
            row(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
            row(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY"),
            row(tags::CONTENT_LABEL, VR::CS, self.content_label),
            row(tags::CONTENT_DESCRIPTION, VR::LO, self.content_description),
            empty(tags::CONTENT_CREATOR_NAME, VR::PN),
            sequence(tags::DIMENSION_ORGANIZATION_SEQUENCE, vec![item([organised()])]),
            sequence(tags::DIMENSION_INDEX_SEQUENCE, self.dimensions.iter().map(index).collect()),
            sequence(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![item(all)]),
            sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, self.each.into_iter().map(item).collect()),
        ];
        let lossy = shared.lossy(self.size_px);
        rows.extend(if lossy.is_empty() { vec![row(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00")] } else { lossy });
        rows.extend(shared.planes.reference());
        rows.extend(shared.picture.iter().flat_map(|picture| {
            [picture.series_row(), sequence(tags::SOURCE_IMAGE_SEQUENCE, vec![picture.source_item(true)])]
        }));
        Ok(rows)
    }
}

/// The group Frame Anatomy (PS3.3 C.7.6.16.2.8), which dcmqi cannot do without.
fn anatomy(shared: &Shared<'_>) -> Row {
    let said = |tag| shared.origin.as_ref().and_then(|origin| origin.text(tag));
    let side = said(tags::IMAGE_LATERALITY).or_else(|| said(tags::LATERALITY));
    let side = side.filter(|side| matches!(side.as_str(), "L" | "R" | "B")).unwrap_or_else(|| "U".to_owned());
    let anatomy = item([
        coded(
            tags::ANATOMIC_REGION_SEQUENCE,
            &region(shared.model.map(|model| model.card), said(tags::BODY_PART_EXAMINED)),
        ),
        row(tags::FRAME_LATERALITY, VR::CS, side),
    ]);
    sequence(tags::FRAME_ANATOMY_SEQUENCE, vec![anatomy])
}

/// What the picture is of, as far as model and file say.
fn region(card: Option<&Card>, body_part: Option<String>) -> Code {
    match body_part.as_deref() {
        _ if card.is_some_and(Card::reads_a_retina) => Code::sct("5665001", "Retina"),
        Some("CHEST") => Code::sct("816094009", "Chest"),
        Some("BREAST") => Code::sct("76752008", "Breast"),
        Some("HEAD") => Code::sct("69536005", "Head"),
        Some("EYE") => Code::sct("81745001", "Eye"),
        _ => Code::sct("38266002", "Entire body"),
    }
}

/// The group Frame Content.
pub fn content(indices: &[u32]) -> Row {
    let content: InMemDicomObject =
        item([row(tags::DIMENSION_INDEX_VALUES, VR::UL, PrimitiveValue::U32(indices.iter().copied().collect()))]);
    sequence(tags::FRAME_CONTENT_SEQUENCE, vec![content])
}
