//! Whether a map is stable (Arun et al. 2021): on the picture mirrored, shifted and half a stop darker or lighter
//! (repeatability), and from a second model (reproducibility).

use serde::{Deserialize, Serialize};

use crate::evaluate::similarity::Similarity;
use crate::evaluate::subject::Subject;
use crate::explain::steady::Variant;
use crate::explain::{Examined, ExplainError, Explainer, SingleMap};
use crate::geometry::Transform;
use crate::method::MapKind;
use crate::statistics::MayGoOn;

/// One variant's maps, brought back to the picture's frame, against the picture's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeated {
    pub variant: Variant,
    /// Whether the same class was decided.
    pub stays: bool,
    pub maps: Vec<(MapKind, Similarity)>,
}

/// The maps of the class of `subject` in every variant that suits its picture; `None` where it may not go on.
///
/// # Errors
/// A variant that the model cannot read, or a device that fails.
pub fn measure(subject: &Subject<'_>, may_go_on: &MayGoOn<'_>) -> Result<Option<Vec<Repeated>>, ExplainError> {
    let explainer = subject.explainer;
    let mut all = Vec::new();
    for variant in Variant::REPEATED.into_iter().filter(|variant| variant.suits(subject.scan)) {
        if !may_go_on() {
            return Ok(None);
        }
        let examined = explainer.examine_for_maps(&variant.of(subject.scan))?;
        let stays = explainer.verdict(examined.scores()).decided == subject.class;
        let variant_from_source = variant.variant_from_source(subject.scan.size_px());
        let class = (explainer, subject.class);
        let Some(maps) = compared(subject, class, &examined, &variant_from_source, may_go_on)? else { return Ok(None) };
        all.push(Repeated { variant, stays, maps });
    }
    Ok(Some(all))
}

/// The maps of a second model of the same class against those of `subject`, in the picture's own frame; none where the
/// second model has no class of that name. `None` where it may not go on.
///
/// # Errors
/// A picture that the second model cannot read, or a device that fails.
pub fn measure_against(
    subject: &Subject<'_>,
    against: &Explainer,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<Vec<(MapKind, Similarity)>>, ExplainError> {
    let name = &subject.explainer.card.classes[subject.class].name;
    let Some(class) = against.card.class_index(name) else { return Ok(Some(Vec::new())) };
    let examined = against.examine_for_maps(subject.scan)?;
    compared(subject, (against, class), &examined, &Transform::IDENTITY, may_go_on)
}

/// The maps of `class` from `examined`, whose source lies at `other_from_source`, against those of `subject`.
fn compared(
    subject: &Subject<'_>,
    (explainer, class): (&Explainer, usize),
    examined: &Examined,
    other_from_source: &Transform,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<Vec<(MapKind, Similarity)>>, ExplainError> {
    let mut maps = Vec::new();
    for map in &subject.maps {
        if !may_go_on() {
            return Ok(None);
        }
        let other = explainer.single_map(examined, class, map.kind)?;
        maps.extend(other.and_then(|other| Some((map.kind, brought_back(subject, map, &other, other_from_source)?))));
    }
    Ok(Some(maps))
}

fn brought_back(
    subject: &Subject<'_>,
    map: &SingleMap,
    other: &SingleMap,
    other_from_source: &Transform,
) -> Option<Similarity> {
    let other_from_model = subject.source_from_model.then(other_from_source);
    let back = other.seen_from(&other_from_model, subject.size())?;
    Some(Similarity::of(&map.values, &back, subject.size(), &subject.field))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map that follows its picture is the same after mirroring, and another where it is not brought back.
    #[test]
    fn maps_of_variants_are_laid_over_the_picture() {
        let size_px = (24, 16);
        let map = |values: Vec<f32>, source_from_model| SingleMap {
            kind: MapKind::Cam,
            height: 16,
            width: 24,
            values,
            source_from_model,
        };
        let own = map((0..384).map(|i| ((i * 29) % 83) as f32).collect(), Transform::IDENTITY);
        let mirrored: Vec<f32> = own.values.chunks_exact(24).flat_map(|row| row.iter().rev().copied()).collect();
        let mirrored = map(mirrored, Transform::IDENTITY);
        let back = mirrored.seen_from(&Variant::Mirrored.variant_from_source(size_px), (16, 24)).unwrap();
        assert_eq!(back, own.values);
        // Another model that was given the right half alone, at twice the size.
        let half = map((0..384).map(|i| (i % 24) as f32).collect(), Transform::scale_then_move(0.5, 0.5, 12.0, 0.0));
        let back = half.seen_from(&Transform::IDENTITY, (16, 24)).unwrap();
        assert_eq!((back[0], back[12], back[23]), (0.0, 0.5, 22.5));
    }
}
