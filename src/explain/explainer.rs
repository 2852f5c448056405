//! One model on one device, explaining one picture after another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde::Serialize;

use super::{Attention, BackwardRule, ClassMaps, Magnitude, Verdict, attention, clear};
use crate::bundle::{Bundle, Card};
use crate::geometry::Transform;
use crate::input::{self, InputError, ModelInput};
use crate::network::{ComputeDevice, ConvStack, NetworkError};
use crate::scan::Scan;

/// What the papers leave open, as it was chosen for one explanation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Settings {
    pub rule: BackwardRule,
    pub magnitude: Magnitude,
    /// Gaussian sigma of the red box's smoothing, in model pixels.
    pub smoothing_px: f32,
    /// The class that CAM and red box are of; the decided one where `None`.
    pub class: Option<usize>,
}

impl Settings {
    /// What the model card recommends.
    pub fn recommended(card: &Card) -> Self {
        let recommended = &card.explanation;
        Self {
            rule: recommended.rule,
            magnitude: recommended.magnitude,
            smoothing_px: recommended.smoothing_px,
            class: None,
        }
    }
}

/// How long the parts took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct TimingsMs {
    pub prepare: f64,
    pub forward: f64,
    pub back_projection: f64,
}

/// Everything that is known of one picture under one model.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Class scores, bias included.
    pub scores: Vec<f32>,
    pub verdict: Verdict,
    /// M_c of every class, signed, bias left out: `[classes, h, w]` over the model's frame.
    pub cam: ClassMaps,
    /// R(x|c) of every class, signed as the magnitude says, not scaled: `[classes, H, W]` in the model's frame.
    pub response: ClassMaps,
    pub source_from_model: Transform,
    pub source_size_px: (u32, u32),
    /// Each class's share of the dominant response.
    pub response_shares: Vec<f64>,
    pub attention: Option<Attention>,
    pub settings: Settings,
    pub device: String,
    pub timings_ms: TimingsMs,
}

impl Explanation {
    /// The class that CAM and red box are of.
    pub fn shown_class(&self) -> usize {
        self.settings.class.unwrap_or(self.verdict.decided)
    }

    /// Takes positions of the CAM's cells to source pixels.
    pub fn source_from_cam(&self) -> Transform {
        let sx = self.response.width as f64 / self.cam.width as f64;
        let sy = self.response.height as f64 / self.cam.height as f64;
        Transform::scale_then_move(sx, sy, 0.0, 0.0).then(&self.source_from_model)
    }
}

/// Why a picture could not be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// A model on a device.
#[derive(Debug)]
pub struct Explainer {
    pub card: Card,
    pub sha256: String,
    network: ConvStack,
}

impl Explainer {
    /// Puts the bundle's network on `device`.
    ///
    /// # Errors
    /// A device that cannot be started.
    pub fn new(bundle: Bundle, device: &ComputeDevice) -> Result<Self, NetworkError> {
        let network = guarded(device, || Ok(ConvStack::load(&bundle, device)))?;
        Ok(Self { card: bundle.card, sha256: bundle.sha256, network })
    }

    pub fn network(&self) -> &ConvStack {
        &self.network
    }

    /// Grades and explains one picture.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn explain(&self, scan: &Scan, settings: &Settings) -> Result<Explanation, ExplainError> {
        let start = Instant::now();
        let input = input::prepare(scan, &self.card.preprocessing)?;
        let prepare = milliseconds(start);
        let raw = self.look(&input, settings.rule)?;
        Ok(self.conclude(raw, &input, scan.size_px(), settings, prepare))
    }

    fn look(&self, input: &ModelInput, rule: BackwardRule) -> Result<Raw, NetworkError> {
        let classes: Vec<usize> = (0..self.network.classes()).collect();
        guarded(self.network.device(), || {
            let start = Instant::now();
            let pass = self.network.forward(input)?;
            let cam = self.network.class_maps(&pass)?;
            let forward_ms = milliseconds(start);
            let start = Instant::now();
            let response = self.network.back_project(&pass, &classes, rule)?;
            Ok(Raw { scores: pass.scores, cam, response, forward_ms, back_projection_ms: milliseconds(start) })
        })
    }

    fn conclude(
        &self,
        raw: Raw,
        input: &ModelInput,
        source_size_px: (u32, u32),
        settings: &Settings,
        prepare: f64,
    ) -> Explanation {
        let Raw { scores, cam, mut response, forward_ms, back_projection_ms } = raw;
        response.data.iter_mut().for_each(|v| *v = settings.magnitude.apply(*v));
        let verdict = Verdict::from_scores(&scores, &self.card.output);
        let shown = settings.class.unwrap_or(verdict.decided);
        let source_from_model = input.source_from_model;
        Explanation {
            attention: attention::most_attentive(
                &response,
                shown,
                settings.smoothing_px,
                &source_from_model,
                source_size_px,
            ),
            response_shares: clear::shares(&response),
            scores,
            verdict,
            cam,
            response,
            source_from_model,
            source_size_px,
            settings: *settings,
            device: self.network.device().name.clone(),
            timings_ms: TimingsMs { prepare, forward: forward_ms, back_projection: back_projection_ms },
        }
    }
}

/// What one look of the network gives, before magnitudes are taken.
struct Raw {
    scores: Vec<f32>,
    cam: ClassMaps,
    response: ClassMaps,
    forward_ms: f64,
    back_projection_ms: f64,
}

/// GPU drivers may panic deep inside when a device is lost; that ends the picture, not the program.
fn guarded<T>(device: &ComputeDevice, work: impl FnOnce() -> Result<T, NetworkError>) -> Result<T, NetworkError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "it gave no reason".to_owned());
        Err(NetworkError::Device { device: device.name.clone(), reason })
    })
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
