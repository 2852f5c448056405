//! What tells a retinal photograph from anything else, whatever its camera, crop and field: a lit round field, red over
//! green over blue, with lines darker than both their sides, which are vessels.

use serde::{Deserialize, Serialize};

/// What was measured of the lit field of a picture; on a card the least values that pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Field {
    /// Mean of (largest − smallest channel) / 255 within the field.
    pub colour: f64,
    /// (R − G) / (R + G) of the field's means.
    pub red: f64,
    /// (G − B) / (G + B) of the field's means.
    pub yellow: f64,
    /// The field's overlap with the disc or ellipse of its own box, over their union.
    pub roundness: f64,
    /// How strong lines are that are darker in green than both their sides, in hundredths of the field's green.
    pub dark_lines: f64,
    /// The part of the field that belongs to dark lines, however faint: a ball has its seams and nothing else.
    pub line_cover: f64,
    /// (dark − bright) / (dark + bright) lines: noise has as many of either, an angiogram has bright ones.
    pub line_balance: f64,
}

/// What a grey picture with a round field and vessels is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GreyRetina {
    RedFree,
    Angiogram,
}

impl GreyRetina {
    pub fn name(self) -> &'static str {
        match self {
            Self::RedFree => "a red-free photograph of a retina",
            Self::Angiogram => "an angiogram of a retina",
        }
    }
}

impl Field {
    /// Whether every value is at least that of `least`.
    pub fn reaches(&self, least: &Self) -> bool {
        self.reaches_but_for_lines(least)
            && self.dark_lines >= least.dark_lines
            && self.line_cover >= least.line_cover
            && self.line_balance >= least.line_balance
    }

    /// Whether colour and shape are at least those of `least`, whatever the vessels.
    pub fn reaches_but_for_lines(&self, least: &Self) -> bool {
        self.colour >= least.colour
            && self.red >= least.red
            && self.yellow >= least.yellow
            && self.roundness >= least.roundness
    }

    /// A retina without colour: vessels dark in a red-free photograph, bright in an angiogram.
    pub fn grey_retina(&self, least: &Self) -> Option<GreyRetina> {
        /// A single tint counts as grey too.
        const GREY: f64 = 0.02;
        /// Chests are grey too and have bright lines, their ribs; of 200 none was rounder than 0.88.
        const ROUND: f64 = 0.92;
        let is_tinted = self.red < -0.5;
        if self.roundness < ROUND || (self.colour > GREY && !is_tinted) {
            return None;
        }
        match self.line_balance {
            balance if balance >= least.line_balance && self.dark_lines >= least.dark_lines => {
                Some(GreyRetina::RedFree)
            }
            balance if balance <= -least.line_balance => Some(GreyRetina::Angiogram),
            _ => None,
        }
    }

    /// Refuses figures that make no sense.
    ///
    /// # Errors
    /// Names the place.
    pub fn check(&self) -> Result<(), String> {
        let all =
            [self.colour, self.red, self.yellow, self.roundness, self.dark_lines, self.line_cover, self.line_balance];
        if all.iter().all(|value| (-1.0..=100.0).contains(value)) {
            Ok(())
        } else {
            Err("the values of `gate.field` must lie between -1 and 100".to_owned())
        }
    }
}
