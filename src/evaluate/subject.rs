//! One picture under one model, with all maps that are judged: what truth and places are measured on.

use super::fill::Planes;
use crate::explain::{ExplainError, Explainer, SingleMap, Verdict};
use crate::geometry::Transform;
use crate::input::{self, ModelInput, PreparedBytes};
use crate::method::MapKind;
use crate::scan::Scan;

/// From this value on, in its brightest channel, a pixel of a retina's picture is lit.
const LIT: u8 = 12;

/// A picture that was looked at once.
pub struct Subject<'a> {
    pub explainer: &'a Explainer,
    pub scan: &'a Scan,
    /// As the model is given it, before it is normalised.
    pub picture: Planes,
    /// Which pixels of it show anything, `[height, width]`: of a retina its lit field, else all.
    pub field: Vec<bool>,
    pub verdict: Verdict,
    /// The class that the maps are of.
    pub class: usize,
    pub maps: Vec<SingleMap>,
    pub source_from_model: Transform,
}

impl<'a> Subject<'a> {
    /// Looks at `scan` once and makes the maps of `kinds` of the decided class; kinds that the network does not have are
    /// left out.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn new(explainer: &'a Explainer, scan: &'a Scan, kinds: &[MapKind]) -> Result<Self, ExplainError> {
        let examined = explainer.examine_for_maps(scan)?;
        let verdict = explainer.verdict(examined.scores());
        let class = verdict.decided;
        let known = explainer.map_kinds();
        let mut maps = Vec::new();
        for kind in kinds.iter().filter(|kind| known.contains(kind)) {
            maps.extend(explainer.single_map(&examined, class, *kind)?);
        }
        drop(examined);
        let framed = input::prepare_bytes(scan, &explainer.card.preprocessing)?;
        let field = field(&framed, explainer.card.reads_a_retina());
        let source_from_model = framed.source_from_model;
        Ok(Self { explainer, scan, picture: planes(framed), field, verdict, class, maps, source_from_model })
    }

    /// Height and width of the model's grid.
    pub fn size(&self) -> (usize, usize) {
        (self.picture.height, self.picture.width)
    }

    /// Of the class that the maps are of, in the picture as it is.
    pub fn probability(&self) -> f32 {
        self.verdict.probabilities[self.class]
    }

    pub fn map(&self, kind: MapKind) -> Option<&SingleMap> {
        self.maps.iter().find(|map| map.kind == kind)
    }

    /// What the model says of a changed picture.
    ///
    /// # Errors
    /// A device that fails.
    pub fn says_of(&self, picture: Planes) -> Result<Verdict, ExplainError> {
        let Planes { values, channels, height, width } = picture;
        let values = input::finish(values, [channels, height, width], &self.explainer.card.preprocessing)?;
        let source_from_model = self.source_from_model;
        Ok(self.explainer.grade_input(&ModelInput { values, channels, height, width, source_from_model })?)
    }
}

fn planes(framed: PreparedBytes) -> Planes {
    let PreparedBytes { bytes, channels, height, width, .. } = framed;
    let of = |channel: usize| bytes.iter().skip(channel).step_by(channels.max(1)).map(|byte| f32::from(*byte));
    Planes { values: (0..channels).flat_map(of).collect(), channels, height, width }
}

/// Of a retina everything between the first and the last lit pixel of a row; of other pictures all.
fn field(framed: &PreparedBytes, reads_a_retina: bool) -> Vec<bool> {
    let (width, area) = (framed.width, framed.width * framed.height);
    if !reads_a_retina {
        return vec![true; area];
    }
    let lit: Vec<bool> =
        framed.bytes.chunks_exact(framed.channels.max(1)).map(|pixel| pixel.iter().any(|v| *v > LIT)).collect();
    let mut field = vec![false; area];
    for (row, line) in field.chunks_exact_mut(width).zip(lit.chunks_exact(width)) {
        if let (Some(first), Some(last)) = (line.iter().position(|lit| *lit), line.iter().rposition(|lit| *lit)) {
            row[first..=last].fill(true);
        }
    }
    // A picture without any light has no field to speak of.
    if field.contains(&true) { field } else { vec![true; area] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_of_a_retina_is_what_lies_between_its_lit_ends() {
        let bytes = [0, 40, 0, 90, 0, 0, 0, 0, 0, 0, 0, 13].iter().flat_map(|v| [0, *v, 0]).collect();
        let framed = PreparedBytes { bytes, channels: 3, height: 3, width: 4, source_from_model: Transform::IDENTITY };
        let found: String = field(&framed, true).iter().map(|is_in| if *is_in { 'x' } else { '.' }).collect();
        assert_eq!(found, ".xxx.......x");
        assert!(field(&framed, false).iter().all(|is_in| *is_in));
        let planes = planes(framed);
        assert_eq!(&planes.values[12..16], [0.0, 40.0, 0.0, 90.0]);
    }
}
