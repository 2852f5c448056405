//! Whether a picture is of the kind that a model reads, by a simple rule whose errors were measured: how colourful it
//! is, and how alike its coarse light and dark are to the mean of the model's own pictures.
//!
//! A picture that does not pass gets no answer at first, but on request. Must not know pictures:
//! `input::measure` takes their measures.

mod words;

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
    /// The greatest roundness of the lit field, see [`Field::roundness`]: what lies in a round field is no radiograph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roundest: Option<f64>,
    /// Of a model of retinal photographs: what the lit field must reach at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Modalities whose DICOM pictures pass; others do not, whatever they look like. Empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<String>,
    /// Modalities whose word stands in for the lines of `field`: a file that says it is an ophthalmic photograph needs no
    /// vessels to show that it is one, only colour and a round field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vouching: Vec<String>,
    /// BodyPartExamined (0018,0015) of DICOM pictures that pass; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body_parts: Vec<String>,
    /// ViewPosition (0018,5101) of DICOM pictures that pass; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
    /// Least and greatest age in years, of files that give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<[f64; 2]>,
}

/// Why a picture is none for a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Misfit {
    /// Another Modality (0008,0060).
    Modality,
    /// Another BodyPartExamined (0018,0015).
    BodyPart,
    /// Another ViewPosition (0018,5101).
    View,
    /// A patient of another age, in years.
    Age(f64),
    /// By what it looks like.
    Appearance,
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

    /// Whether the model is to answer a picture of `measures` that nobody chose it for: the picture passes, and not because
    /// nearly everything does.
    pub fn recommends(&self, measures: &Measures) -> bool {
        self.passes(measures) && (self.is_narrow() || self.is_named(&measures.words))
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
        let ages = self.ages.is_none_or(|[least, most]| least >= 0.0 && least <= most && most <= 150.0);
        if !ages || !self.roundest.is_none_or(|most| (0.0..=1.0).contains(&most)) {
            return Err("`gate.ages` must rise within 0 and 150, `gate.roundest` lie between 0 and 1".to_owned());
        }
        self.field.as_ref().map_or(Ok(()), Field::check)
    }

    /// A gate that everything passes.
    pub fn any(reads: &str) -> Self {
        Self {
            reads: reads.to_owned(),
            colour: [0.0, 1.0],
            likeness: any_likeness(),
            template: Vec::new(),
            roundest: None,
            field: None,
            modalities: Vec::new(),
            vouching: Vec::new(),
            body_parts: Vec::new(),
            views: Vec::new(),
            ages: None,
        }
    }

    /// Whether `measures` are those of a picture of the model's kind.
    pub fn passes(&self, measures: &Measures) -> bool {
        self.misfit(measures).is_none()
    }

    /// What speaks against the picture, the file's own words first.
    pub fn misfit(&self, measures: &Measures) -> Option<Misfit> {
        self.contradicted(&measures.words).or_else(|| (!self.looks_so(measures)).then_some(Misfit::Appearance))
    }

    fn looks_so(&self, measures: &Measures) -> bool {
        let [least, most] = self.colour;
        let is_alike = self.template.is_empty() || measures.likeness(&self.template) >= self.likeness;
        let roundness = measures.field.map_or(0.0, |found| found.roundness);
        let is_vouched = self.is_vouched(&measures.words);
        let reaches = |least: Field, found: Field| {
            if is_vouched { found.reaches_but_for_lines(&least) } else { found.reaches(&least) }
        };
        let is_field = self.field.is_none_or(|least| measures.field.is_some_and(|found| reaches(least, found)));
        let is_round = self.roundest.is_some_and(|most| roundness > most);
        is_alike && is_field && !is_round && (least..=most).contains(&measures.colour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::measures::FileWords;

    /// Cells that rise to the right, times `light`.
    fn slope(light: f64, colour: f64) -> Measures {
        let cells = (0..SIDE * SIDE).map(|i| light * (i % SIDE) as f64).collect();
        Measures { colour, cells, words: FileWords::default(), field: None, quality: None, is_dark: false }
    }

    fn gate() -> Gate {
        Gate {
            colour: [0.0, 0.05],
            likeness: 0.8,
            template: (0..SIDE * SIDE).map(|i| (10 * (i % SIDE)) as u8).collect(),
            modalities: vec!["DX".to_owned()],
            ..Gate::any("a slope")
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
        let with = |modality: &str| {
            let words = FileWords { modality: Some(modality.to_owned()), ..FileWords::default() };
            gate.passes(&Measures { words, ..slope(1.0, 0.0) })
        };
        assert!(with("DX") && !with("MR"));
        let wide = Gate { template: Vec::new(), ..gate };
        assert!(wide.check().is_ok() && wide.passes(&slope(-12.0, 0.0)), "without a template likeness does not matter");
    }

    /// A round field of 0.95 with colour and no vessel.
    fn round() -> Measures {
        let field = Field {
            colour: 0.4,
            red: 0.3,
            yellow: 0.3,
            roundness: 0.95,
            dark_lines: 0.0,
            line_cover: 0.0,
            line_balance: -0.2,
        };
        Measures { field: Some(field), ..slope(12.0, 0.0) }
    }

    #[test]
    fn what_lies_in_a_round_field_is_no_radiograph() {
        assert!(gate().passes(&round()), "by coarse light alone");
        let chest = Gate { roundest: Some(0.9), ..gate() };
        assert!(!chest.passes(&round()) && chest.passes(&slope(12.0, 0.0)));
    }

    #[test]
    fn a_file_that_says_it_is_an_ophthalmic_photograph_needs_no_vessels() {
        let least = Field { dark_lines: 0.05, line_cover: 0.05, line_balance: 0.1, ..round().field.unwrap() };
        let retina = Gate { field: Some(least), vouching: vec!["OP".to_owned()], ..Gate::any("a retina") };
        let said = |modality: &str| FileWords { modality: Some(modality.to_owned()), ..FileWords::default() };
        assert!(!retina.passes(&round()) && !retina.passes(&Measures { words: said("SC"), ..round() }));
        assert!(retina.passes(&Measures { words: said("OP"), ..round() }));
        let grey = Field { colour: 0.0, ..least };
        assert!(
            !retina.passes(&Measures { words: said("OP"), field: Some(grey), ..round() }),
            "nor one without colour"
        );
    }

    #[test]
    fn figures_that_make_no_sense_are_refused() {
        for bad in [
            Gate { template: vec![0; 7], ..gate() },
            Gate { colour: [0.5, 0.1], ..gate() },
            Gate { likeness: f64::NAN, ..gate() },
            Gate { ages: Some([18.0, 0.0]), ..gate() },
            Gate { roundest: Some(f64::NAN), ..gate() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
