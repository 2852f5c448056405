//! What layers are drawn from: an explanation, perhaps that of another rule beside it, and how they are to look.

use super::Style;
use crate::bundle::Card;
use crate::bundle::quality::UngradableMap;
use crate::compose::{CamScale, Scaled};
use crate::explain::Explanation;
use crate::geometry::PixelBox;
use crate::maps::ClassMaps;

/// An explanation with what drawing it takes.
#[derive(Debug, Clone, Copy)]
pub struct Maps<'a> {
    /// What they are of.
    pub explanation: &'a Explanation,
    /// The responses smoothed as the explanation's settings say.
    pub smoothed: &'a ClassMaps,
    /// The largest of them over all classes: full brightness at gain 1.
    pub peak: f32,
    /// Of the map of one class, the same for all classes.
    pub cam_scale: CamScale,
}

impl<'a> Maps<'a> {
    pub(super) fn scaled(&self) -> Scaled<'a> {
        (self.smoothed, self.peak)
    }

    /// The name of the rule that the responses came back by.
    pub fn rule(&self) -> &'static str {
        self.explanation.settings.rule.name()
    }
}

/// All that layers may look at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The model's.
    pub card: &'a Card,
    /// How they are to look.
    pub style: &'a Style,
    /// Of the rule in use.
    pub maps: Maps<'a>,
    /// Of the rule that is compared with.
    pub other: Option<Maps<'a>>,
    /// Where the picture cannot be graded.
    pub ungradable: Option<&'a UngradableMap>,
    /// Where the lit field of a retina ends, as a closed line in source pixels; empty where nothing is to be drawn.
    pub outline: &'a [(f64, f64)],
    /// What the red box shows, or why there is none.
    pub box_says: &'a str,
}

impl Scene<'_> {
    /// The red box in source pixels, where there is one and it is wanted.
    pub fn red_box(&self) -> Option<PixelBox> {
        self.maps.explanation.attention.filter(|_| self.style.boxed).map(|region| region.bounds)
    }

    /// As people call `class`.
    pub(super) fn class(&self, class: usize) -> String {
        self.card.classes[class].full_name()
    }

    pub(super) fn all_off(&self) -> bool {
        (0..self.card.classes.len()).all(|class| !self.style.is_on(class))
    }
}
