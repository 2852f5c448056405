//! Parametric Map, float (PS3.3 A.75): a map's own values, one class an object.

use anyhow::Result;
use dicom_core::VR;
use dicom_core::value::PrimitiveValue;
use dicom_dictionary_std::tags;

use super::DicomObject;
use super::element::{Code, Row, coded, decimals, item, list, row, sequence};
use super::frames::{Frames, content};
use super::kind::ObjectKind;
use super::shared::{Model, Shared};
use crate::compose::class_values;
use crate::export::{NOTICE, Pictures};
use crate::geometry::Transform;
use crate::maps::ClassMaps;
use crate::method::CamMethod;

/// A map of more pixels is written with every so many of them.
pub const MOST_PIXELS: u64 = 10_000_000;

/// One map of one class.
struct ClassMap<'a> {
    maps: &'a ClassMaps,
    class: usize,
    source_from_map: Transform,
    /// Of its file, in front of the class's name.
    ending: &'a str,
    title: String,
    /// What its values are.
    quantity: Code,
}

/// How many source pixels a side become one of a map.
pub fn step((width, height): (u32, u32)) -> u32 {
    let pixels = |step: u32| u64::from(width.div_ceil(step)) * u64::from(height.div_ceil(step));
    (1..).find(|step| pixels(*step) <= MOST_PIXELS).unwrap_or(1)
}

/// Gives the response of every class that has one, unsmoothed, and the class activation map of the shown class to `take`.
///
/// # Errors
/// A picture whose sides DICOM cannot say, and those of `take`.
pub fn each_map(
    shared: &Shared<'_>,
    model: Model<'_>,
    pictures: &Pictures<'_>,
    mut take: impl FnMut(DicomObject) -> Result<()>,
) -> Result<()> {
    let explanation = pictures.explanation;
    let settings = &explanation.settings;
    let response = |class: &usize| ClassMap {
        maps: &explanation.response,
        class: *class,
        source_from_map: explanation.source_from_model,
        ending: "pm",
        title: format!("CLEAR response, {}", model.card.classes[*class].full_name()),
        quantity: Code::dcm("130402", "Class activation"),
    };
    let mut all: Vec<ClassMap<'_>> = explanation.response.held.iter().map(response).collect();
    let shown = explanation.shown_class();
    // One value for the whole picture is no map.
    if explanation.cam_caveat().is_none() && explanation.cam.class(shown).is_some() {
        all.push(ClassMap {
            maps: &explanation.cam,
            class: shown,
            source_from_map: explanation.source_from_cam(),
            ending: "pm-cam",
            title: explanation.cam_title(&model.card.classes[shown].full_name()),
            quantity: match settings.cam.method {
                CamMethod::Cam => Code::dcm("130402", "Class activation"),
                CamMethod::GradCam | CamMethod::HiResCam => Code::dcm("130403", "Gradient-weighted class activation"),
            },
        });
    }
    for (number, map) in (1..).zip(&all) {
        take(object(shared, model, map, pictures.picture.dimensions(), number)?)?;
    }
    Ok(())
}

fn object(
    shared: &Shared<'_>,
    model: Model<'_>,
    map: &ClassMap<'_>,
    (width, height): (u32, u32),
    number: u32,
) -> Result<DicomObject> {
    let step = step((width, height));
    let size_px = (width.div_ceil(step), height.div_ceil(step));
    let part = 1.0 / f64::from(step);
    let picture_from_map = map.source_from_map.then(&Transform::scale_then_move(part, part, 0.0, 0.0));
    let values = class_values(map.maps, map.class, &picture_from_map, size_px).unwrap_or_default();
    let ends = values.iter().fold([0.0_f32; 2], |[low, high], value| [low.min(*value), high.max(*value)]);
    let planes = shared.planes.coarser(step);
    let mut groups = vec![content(&[1]), planes.position()];
    groups
        .extend(shared.picture.as_ref().map(|picture| picture.derivation(&Code::dcm("130401", "Visual explanation"))));
    let frames = Frames {
        size_px,
        content_label: if map.ending == "pm" { "CLEAR_RESPONSE" } else { "CLASS_ACTIVATION" },
        content_description: &map.title,
        shared: value_groups(map, model, ends),
        each: vec![groups],
        dimensions: &[(tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE, "Position")],
    };
    let mut rows = frames.rows(shared, planes.shared_groups())?;
    let coarse =
        if step > 1 { format!(", a value for each {step} by {step} pixels of the picture") } else { String::new() };
    let says = format!("{} by {}{coarse}; 0 outside of what the network saw. {NOTICE}", map.title, model.card.name);
    rows.extend([
        list(tags::IMAGE_TYPE, VR::CS, &IMAGE_TYPE),
        row(tags::DERIVATION_DESCRIPTION, VR::ST, says),
        row(tags::CONTENT_QUALIFICATION, VR::CS, "RESEARCH"),
        // A map holds nothing of the picture.
        row(tags::BURNED_IN_ANNOTATION, VR::CS, "NO"),
        row(tags::RECOGNIZABLE_VISUAL_FEATURES, VR::CS, "NO"),
        row(tags::PIXEL_PRESENTATION, VR::CS, "MONOCHROME"),
        row(tags::BITS_ALLOCATED, VR::US, PrimitiveValue::from(32_u16)),
        sequence(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new()),
        row(tags::FLOAT_PIXEL_DATA, VR::OF, PrimitiveValue::F32(values.into())),
    ]);
    let class = &model.card.classes[map.class];
    let which = format!("{} {}", map.ending, class.name);
    // What tells series apart goes first: a list of series shows some twenty letters.
    let kind = if map.ending == "pm" { "CLEAR response" } else { "class activation" };
    let title = format!("{}, {kind}", class.full_name());
    shared.object(ObjectKind::Map, (&which, number, &title), format!("{}-{}.dcm", map.ending, class.name), rows)
}

const IMAGE_TYPE: [&str; 4] = ["DERIVED", "PRIMARY", "VOLUME", "QUANTITY"];

/// The functional groups about values: they are stored as they are, and shown from the least to the largest.
fn value_groups(map: &ClassMap<'_>, model: Model<'_>, [low, high]: [f32; 2]) -> Vec<Row> {
    let (low, high) = (f64::from(low), f64::from(high));
    let width = if high > low { high - low } else { 1.0 };
    let window = item([
        decimals(tags::WINDOW_CENTER, &[low + width / 2.0]),
        decimals(tags::WINDOW_WIDTH, &[width]),
        row(tags::VOILUT_FUNCTION, VR::CS, "LINEAR_EXACT"),
    ]);
    let stored = item([
        decimals(tags::RESCALE_INTERCEPT, &[0.0]),
        decimals(tags::RESCALE_SLOPE, &[1.0]),
        row(tags::RESCALE_TYPE, VR::LO, "US"),
    ]);
    let quantity = item([
        row(tags::VALUE_TYPE, VR::CS, "CODE"),
        coded(tags::CONCEPT_NAME_CODE_SEQUENCE, &Code::sct("246205007", "Quantity")),
        coded(tags::CONCEPT_CODE_SEQUENCE, &map.quantity),
    ]);
    let real = item([
        row(tags::LUT_LABEL, VR::SH, model.card.classes[map.class].name.as_str()),
        row(tags::LUT_EXPLANATION, VR::LO, map.title.as_str()),
        coded(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, &Code::no_units()),
        row(tags::DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, VR::FD, PrimitiveValue::from(low)),
        row(tags::DOUBLE_FLOAT_REAL_WORLD_VALUE_LAST_VALUE_MAPPED, VR::FD, PrimitiveValue::from(high)),
        row(tags::REAL_WORLD_VALUE_INTERCEPT, VR::FD, PrimitiveValue::from(0.0_f64)),
        row(tags::REAL_WORLD_VALUE_SLOPE, VR::FD, PrimitiveValue::from(1.0_f64)),
        sequence(tags::QUANTITY_DEFINITION_SEQUENCE, vec![quantity]),
    ]);
    let kind = item([list(tags::FRAME_TYPE, VR::CS, &IMAGE_TYPE)]);
    vec![
        sequence(tags::FRAME_VOILUT_SEQUENCE, vec![window]),
        sequence(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, vec![stored]),
        sequence(tags::PARAMETRIC_MAP_FRAME_TYPE_SEQUENCE, vec![kind]),
        sequence(tags::REAL_WORLD_VALUE_MAPPING_SEQUENCE, vec![real]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_are_taken_by_whole_steps() {
        assert_eq!((step((3000, 3000)), step((4000, 3000)), step((12_000, 12_000))), (1, 2, 4));
        assert_eq!(step((1, 1)), 1);
    }
}
