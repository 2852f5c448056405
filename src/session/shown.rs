//! What is computed from one look of the network under the current choices, off the window's thread.
//!
//! Must not know the network or the user interface.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::compose::CamScale;
use crate::explain::{Explanation, Look, Settings};
use crate::layers::Maps;
use crate::maps::ClassMaps;

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// An explanation under given choices, ready to be drawn.
#[derive(Debug)]
pub struct Shown {
    /// Unique among all `Shown` of this run.
    pub id: u64,
    pub explanation: Explanation,
    /// The responses after smoothing.
    pub smoothed: ClassMaps,
    /// The largest smoothed response: full brightness at gain 1.
    pub peak: f32,
    /// The CAM's colour scale, one for all classes.
    pub cam_scale: CamScale,
}

impl Shown {
    pub fn new(look: &Arc<Look>, settings: &Settings) -> Self {
        let explanation = look.as_ref().clone().into_explanation(settings);
        let smoothed = explanation.response.smoothed(settings.smoothing_px);
        let cam_scale = CamScale::of_all(&explanation.cam);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, peak: smoothed.peak(), explanation, smoothed, cam_scale }
    }

    /// For layers to be drawn from.
    pub fn maps(&self) -> Maps<'_> {
        Maps { explanation: &self.explanation, smoothed: &self.smoothed, peak: self.peak, cam_scale: self.cam_scale }
    }

    /// The values of the maps at a source position, or `None` where the network did not look.
    pub fn probe(&self, x: f64, y: f64) -> Option<Probe> {
        let explanation = &self.explanation;
        let (mx, my) = explanation.source_from_model.inverse()?.apply(x, y);
        let field = |at: f64, cells: usize| (0.0..=cells as f64).contains(&at);
        if !(field(mx, self.smoothed.width) && field(my, self.smoothed.height)) {
            return None;
        }
        let (cx, cy) = explanation.source_from_cam().inverse()?.apply(x, y);
        Some(Probe {
            cam: explanation.cam.sample(explanation.shown_class(), cx, cy)?,
            responses: (0..self.smoothed.classes).map(|c| self.smoothed.sample(c, mx, my)).collect(),
        })
    }
}

/// The maps' values at one position.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// For the shown class.
    pub cam: f32,
    /// For every class, smoothed as on the screen; `None` where it was not computed.
    pub responses: Vec<Option<f32>>,
}

impl Probe {
    /// The class that responds most among those switched on.
    pub fn dominant(&self, is_on: impl Fn(usize) -> bool) -> Option<usize> {
        let responding = self.responses.iter().enumerate().filter_map(|(c, r)| Some((c, (*r)?)));
        let there = responding.filter(|(c, response)| is_on(*c) && *response > 0.0);
        there.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(class, _)| class)
    }
}
