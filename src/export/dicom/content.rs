//! Content items of a Structured Report (PS3.3 C.17.3): a tree of names and values. Knows no template.

use dicom_core::VR;
use dicom_core::value::PrimitiveValue;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::element::{Code, Row, coded, decimal, item, row, sequence};
use super::shared::Reference;

/// How an item hangs on the one above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Contains,
    HasObservationContext,
    HasConceptModifier,
    SelectedFrom,
}

impl Relation {
    fn name(self) -> &'static str {
        match self {
            Self::Contains => "CONTAINS",
            Self::HasObservationContext => "HAS OBS CONTEXT",
            Self::HasConceptModifier => "HAS CONCEPT MOD",
            Self::SelectedFrom => "SELECTED FROM",
        }
    }
}

/// An item with all below it.
pub fn content(relation: Relation, kind: &str, name: &Code, value: Vec<Row>) -> InMemDicomObject {
    let head = [
        row(tags::RELATIONSHIP_TYPE, VR::CS, relation.name()),
        row(tags::VALUE_TYPE, VR::CS, kind),
        coded(tags::CONCEPT_NAME_CODE_SEQUENCE, name),
    ];
    item(head.into_iter().chain(value))
}

/// The rows of a container that follows a template of PS3.16, where it has one.
pub fn container_rows(template: Option<&str>, below: Vec<InMemDicomObject>) -> Vec<Row> {
    let template = template.map(|template| {
        let of = [row(tags::MAPPING_RESOURCE, VR::CS, "DCMR"), row(tags::TEMPLATE_IDENTIFIER, VR::CS, template)];
        sequence(tags::CONTENT_TEMPLATE_SEQUENCE, vec![item(of)])
    });
    let mut rows = vec![row(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE"), sequence(tags::CONTENT_SEQUENCE, below)];
    rows.extend(template);
    rows
}

pub fn container(name: &Code, template: Option<&str>, below: Vec<InMemDicomObject>) -> InMemDicomObject {
    content(Relation::Contains, "CONTAINER", name, container_rows(template, below))
}

pub fn text(relation: Relation, name: &Code, says: &str) -> InMemDicomObject {
    content(relation, "TEXT", name, vec![row(tags::TEXT_VALUE, VR::UT, says)])
}

pub fn code(relation: Relation, name: &Code, value: &Code) -> InMemDicomObject {
    content(relation, "CODE", name, vec![coded(tags::CONCEPT_CODE_SEQUENCE, value)])
}

pub fn uid(relation: Relation, name: &Code, uid: &str) -> InMemDicomObject {
    content(relation, "UIDREF", name, vec![row(tags::UID, VR::UI, uid)])
}

/// A number without a unit, as a decimal and as the number itself.
pub fn number(name: &Code, value: f64) -> InMemDicomObject {
    let measured = item([
        coded(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, &Code::no_units()),
        row(tags::NUMERIC_VALUE, VR::DS, decimal(value)),
        row(tags::FLOATING_POINT_VALUE, VR::FD, PrimitiveValue::from(value)),
    ]);
    content(Relation::Contains, "NUM", name, vec![sequence(tags::MEASURED_VALUE_SEQUENCE, vec![measured])])
}

pub fn image(relation: Relation, name: &Code, picture: &Reference) -> InMemDicomObject {
    content(relation, "IMAGE", name, vec![sequence(tags::REFERENCED_SOP_SEQUENCE, vec![picture.item()])])
}

/// A line through `points_px` on `picture`, the corner of whose first pixel is (0, 0) (PS3.3 C.18.6).
pub fn polyline(name: &Code, points_px: &[(f64, f64)], picture: &Reference) -> InMemDicomObject {
    let numbers = points_px.iter().flat_map(|(x, y)| [*x as f32, *y as f32]).collect();
    let source = image(Relation::SelectedFrom, &Code::sct("260753009", "Source"), picture);
    content(
        Relation::Contains,
        "SCOORD",
        name,
        vec![
            row(tags::GRAPHIC_TYPE, VR::CS, "POLYLINE"),
            row(tags::GRAPHIC_DATA, VR::FL, PrimitiveValue::F32(numbers)),
            sequence(tags::CONTENT_SEQUENCE, vec![source]),
        ],
    )
}
