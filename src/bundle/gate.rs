//! Whether a picture is of the kind that a model reads, by a simple rule whose errors were measured: how colourful it
//! is, and how alike its coarse light and dark are to the mean of the model's own pictures.
//!
//! A gate warns; it does not stop anybody. Must not know pictures: `input::measure` takes their measures.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::measures::Measures;

/// Rows and columns of the coarse picture.
pub const SIDE: usize = 16;

/// The card's `[gate]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gate {
    /// What the model reads, to say what the picture does not look like: "a chest X-ray".
    pub reads: String,
    /// Least and greatest colour, see [`Measures::colour`].
    pub colour: [f64; 2],
    /// Least likeness to `template`, see [`Measures::likeness`].
    #[serde(default = "any_likeness", skip_serializing_if = "is_any_likeness")]
    pub likeness: f64,
    /// The mean coarse picture of the model's own kind, 16×16 grey values of 0–255, row by row. Without one, likeness
    /// does not matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template: Vec<u8>,
    /// Of a model of retinal photographs: what the lit field must reach at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Modalities whose DICOM pictures pass; others do not, whatever they look like. Empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<String>,
}

fn any_likeness() -> f64 {
    -1.0
}

fn is_any_likeness(likeness: &f64) -> bool {
    *likeness <= -1.0
}

impl Gate {
    /// Whether the gate is narrow enough to recommend its model for whatever passes.
    pub fn is_narrow(&self) -> bool {
        !self.template.is_empty() || self.field.is_some()
    }

    /// Refuses figures that make no sense.
    ///
    /// # Errors
    /// Names the figure.
    pub fn check(&self) -> Result<(), String> {
        if !self.template.is_empty() && self.template.len() != SIDE * SIDE {
            return Err(format!(
                "`gate.template` has {} values; {} are needed, or none",
                self.template.len(),
                SIDE * SIDE
            ));
        }
        let [least, most] = self.colour;
        if !(0.0..=1.0).contains(&least) || !(least..=1.0).contains(&most) || !(-1.0..=1.0).contains(&self.likeness) {
            return Err("`gate.colour` must rise within 0 and 1, `gate.likeness` lie between -1 and 1".to_owned());
        }
        self.field.as_ref().map_or(Ok(()), Field::check)
    }

    /// Whether `measures` are those of a picture of the model's kind.
    pub fn passes(&self, measures: &Measures) -> bool {
        let [least, most] = self.colour;
        let is_modality = measures
            .modality
            .as_ref()
            .is_none_or(|found| self.modalities.is_empty() || self.modalities.iter().any(|known| known == found));
        let is_alike = self.template.is_empty() || measures.likeness(&self.template) >= self.likeness;
        let is_field = self.field.is_none_or(|least| measures.field.is_some_and(|found| found.reaches(&least)));
        is_modality && is_alike && is_field && (least..=most).contains(&measures.colour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells that rise to the right, times `light`.
    fn slope(light: f64, colour: f64) -> Measures {
        let cells = (0..SIDE * SIDE).map(|i| light * (i % SIDE) as f64).collect();
        Measures { colour, cells, modality: None, field: None, quality: None, is_dark: false }
    }

    fn gate() -> Gate {
        Gate {
            reads: "a slope".to_owned(),
            colour: [0.0, 0.05],
            likeness: 0.8,
            template: (0..SIDE * SIDE).map(|i| (10 * (i % SIDE)) as u8).collect(),
            field: None,
            modalities: vec!["DX".to_owned()],
        }
    }

    #[test]
    fn colour_likeness_and_modality_each_decide() {
        let gate = gate();
        assert!(gate.check().is_ok());
        assert!(gate.passes(&slope(12.0, 0.0)), "lighter is as alike");
        assert!(!gate.passes(&slope(12.0, 0.3)), "too colourful");
        assert!(!gate.passes(&slope(-12.0, 0.0)), "the other way round");
        assert_eq!(slope(0.0, 0.0).likeness(&gate.template), 0.0, "an even picture is like nothing");
        let with = |modality: &str| gate.passes(&Measures { modality: Some(modality.to_owned()), ..slope(1.0, 0.0) });
        assert!(with("DX") && !with("MR"));
        let wide = Gate { template: Vec::new(), ..gate };
        assert!(wide.check().is_ok() && wide.passes(&slope(-12.0, 0.0)), "without a template likeness does not matter");
    }

    #[test]
    fn figures_that_make_no_sense_are_refused() {
        for bad in [
            Gate { template: vec![0; 7], ..gate() },
            Gate { colour: [0.5, 0.1], ..gate() },
            Gate { likeness: f64::NAN, ..gate() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
