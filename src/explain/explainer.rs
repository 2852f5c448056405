//! One model on one device, explaining one picture after another.

use std::time::Instant;

use serde::Serialize;

use super::attention::NoBox;
use super::localisation::cam_box;
use super::{Attention, Verdict, attention, clear};
use crate::bundle::{Bundle, Calibration, Card};
use crate::geometry::Transform;
use crate::guard::panics::caught;
use crate::input::{self, InputError, ModelInput};
use crate::maps::ClassMaps;
use crate::method::{Asked, BackProjection, BackwardRule, Cam, CamMethod, Evidence, Magnitude};
use crate::network::{ComputeDevice, Network, NetworkError, Pass};
use crate::scan::Scan;

/// What the papers leave open, as it was chosen for one explanation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Settings {
    /// What happens at a ReLU on the way back.
    pub rule: BackwardRule,
    /// What the way back starts from.
    pub evidence: Evidence,
    /// From signed sums to responses.
    pub magnitude: Magnitude,
    /// Gaussian sigma of the red box's smoothing, in model pixels.
    pub smoothing_px: f32,
    /// Which map of one class.
    pub cam: Cam,
    /// The class that CAM and red box are of; the decided one where `None`.
    pub class: Option<usize>,
}

impl Settings {
    /// What the model card recommends.
    pub fn recommended(card: &Card) -> Self {
        let recommended = &card.explanation;
        Self {
            rule: recommended.rule,
            evidence: recommended.evidence,
            magnitude: recommended.magnitude,
            smoothing_px: recommended.smoothing_px,
            cam: Cam::default(),
            class: None,
        }
    }

    /// What of it the network must know.
    pub fn asked(&self) -> Asked {
        Asked { back_projection: BackProjection { rule: self.rule, evidence: self.evidence }, cam: self.cam }
    }
}

/// Of a network with a layer between its global pooling and its answer.
pub const NO_CAM: &str = "this network has no class activation map: it is one value for the whole picture; Grad-CAM and HiResCAM show places";

/// How long the parts took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct TimingsMs {
    /// Preprocessing.
    pub prepare: f64,
    /// Inference.
    pub forward: f64,
    /// The backward pass.
    pub back_projection: f64,
}

/// Everything that is known of one picture under one model.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Class scores, bias included.
    pub scores: Vec<f32>,
    /// What the model says.
    pub verdict: Verdict,
    /// By the method of the settings. Of a CAM M_c of every class, signed, bias left out: `[classes, h, w]` over the
    /// model's frame; of the others of the classes that have a response.
    pub cam: ClassMaps,
    /// Of another map than the CAM: the name of the layer that it is of.
    pub cam_layer: Option<String>,
    /// R(x|c) of every class that was back-projected, ascending; signed as the magnitude says, not scaled: `[held, H, W]`
    /// in the model's frame.
    pub response: ClassMaps,
    /// From model pixels to source pixels.
    pub source_from_model: Transform,
    /// Width and height of the picture.
    pub source_size_px: (u32, u32),
    /// Each class's share of the dominant response; `None` of a class that was not back-projected.
    pub response_shares: Vec<Option<f64>>,
    /// The red box: the most attentive region of the shown class.
    pub attention: Option<Attention>,
    /// Why not, where there is none.
    pub no_box: Option<NoBox>,
    /// The class that says that nothing was found, where the card marks one.
    pub normal: Option<usize>,
    /// What it was made with.
    pub settings: Settings,
    /// What computed it.
    pub device: String,
    /// How long it took.
    pub timings_ms: TimingsMs,
}

impl Explanation {
    /// The class that CAM and red box are of.
    pub fn shown_class(&self) -> usize {
        self.settings.class.unwrap_or(self.verdict.decided)
    }

    /// Takes another class for CAM and red box (the decided one where `None`). `smoothed` is the response after the
    /// smoothing of the settings.
    pub fn show_class(&mut self, class: Option<usize>, smoothed: &ClassMaps) {
        self.settings.class = class;
        let shown = self.shown_class();
        let size = (smoothed.width as u32, smoothed.height as u32);
        self.box_by(|explanation| {
            let map = smoothed.class(shown)?;
            let (source_from_model, size_px) = (&explanation.source_from_model, explanation.source_size_px);
            attention::most_attentive_in(map, size, shown, source_from_model, size_px)
        });
    }

    fn find_attention(&mut self) {
        self.box_by(|explanation| {
            let (sigma_px, shown) = (explanation.settings.smoothing_px, explanation.shown_class());
            let (source_from_model, size_px) = (&explanation.source_from_model, explanation.source_size_px);
            attention::most_attentive(&explanation.response, shown, sigma_px, source_from_model, size_px)
        });
    }

    fn box_by(&mut self, find: impl FnOnce(&Self) -> Option<Attention>) {
        let without = attention::without_box(self.shown_class(), &self.response_shares, self.normal);
        self.attention = if without.is_none() { find(self) } else { None };
        self.no_box = without.or_else(|| self.attention.is_none().then_some(NoBox::Empty));
    }

    /// What the map of one class is, in words: "CAM: evidence for 2 Moderate".
    pub fn cam_title(&self, class: &str) -> String {
        match (&self.cam_layer, self.settings.cam.method) {
            (Some(layer), method) => format!("{} at {layer}: {class}", method.title()),
            (None, method) => format!("{}: evidence for {class}", method.title()),
        }
    }

    /// What must be said of a CAM that has no places.
    pub fn cam_caveat(&self) -> Option<&'static str> {
        (self.settings.cam.method == CamMethod::Cam && self.cam.width * self.cam.height == 1).then_some(NO_CAM)
    }

    /// The box around the largest part of the shown class's map above a fifth of its maximum (Zhou et al. 2016).
    pub fn cam_box(&self) -> Option<Attention> {
        cam_box(&self.cam, self.shown_class(), &self.source_from_cam(), self.source_size_px)
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
    /// The model cannot read the picture.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The device failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// A model on a device.
#[derive(Debug)]
pub struct Explainer {
    /// The model's.
    pub card: Card,
    /// Of its weights, lower-case hexadecimal.
    pub sha256: String,
    /// What a clinic's labelled pictures taught of this model.
    pub calibration: Option<Calibration>,
    network: Network,
}

impl Explainer {
    /// Puts the bundle's network on `device`.
    ///
    /// # Errors
    /// A device that cannot be started.
    pub fn new(bundle: Bundle, device: &ComputeDevice) -> Result<Self, NetworkError> {
        let network = guarded(device, || Ok(Network::load(&bundle, device)))?;
        Ok(Self { card: bundle.card, sha256: bundle.sha256, calibration: None, network })
    }

    /// The same model with what `fovea calibrate` kept of it.
    pub fn with_calibration(self, calibration: Option<Calibration>) -> Self {
        Self { calibration, ..self }
    }

    /// What the model says by these scores, one per class.
    pub fn verdict(&self, scores: &[f32]) -> Verdict {
        let output = &self.card.output;
        Verdict::from_scores(scores, output).calibrated(output, self.calibration.as_ref())
    }

    /// The network on its device.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What the model says of a picture, without a map.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn grade(&self, scan: &Scan) -> Result<Verdict, ExplainError> {
        Ok(self.grade_input(&input::prepare(scan, &self.card.preprocessing)?)?)
    }

    /// Like [`Self::grade`], of what the preprocessing made of a picture.
    ///
    /// # Errors
    /// An input of another shape than the network's, or a device that fails.
    pub fn grade_input(&self, input: &ModelInput) -> Result<Verdict, NetworkError> {
        let scores = guarded(self.network.device(), || self.network.scores(input))?;
        Ok(self.verdict(&scores))
    }

    /// Grades and explains one picture.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn explain(&self, scan: &Scan, settings: &Settings) -> Result<Explanation, ExplainError> {
        Ok(self.look_at(scan, settings.asked(), settings.class)?.into_explanation(settings))
    }

    /// Follows the card's preprocessing: all that a look needs of a picture.
    ///
    /// # Errors
    /// A picture that the model cannot read.
    pub fn prepare(&self, scan: &Scan) -> Result<PreparedPicture, InputError> {
        let start = Instant::now();
        let input = input::prepare(scan, &self.card.preprocessing)?;
        Ok(PreparedPicture { input, source_size_px: scan.size_px(), prepare_ms: milliseconds(start) })
    }

    /// Runs the network on a prepared picture as `settings` ask, and back once more by the rule `other`; one forward pass
    /// serves both. All that needs the device, and nothing else.
    ///
    /// # Errors
    /// A device that fails.
    pub fn look_beside(
        &self,
        prepared: &PreparedPicture,
        settings: &Settings,
        other: Option<BackwardRule>,
    ) -> Result<(Look, Option<Look>), NetworkError> {
        let examined = self.examine_prepared(prepared, settings.cam)?;
        let by = |settings: &Settings| self.back_project(&examined, settings.asked(), settings.class);
        let other = other.map(|rule| by(&Settings { rule, ..*settings })).transpose()?;
        Ok((by(settings)?, other))
    }

    /// Examines one picture and goes back once: all that needs the network, and nothing else.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn look(&self, scan: &Scan, asked: impl Into<Asked>) -> Result<Look, ExplainError> {
        self.look_at(scan, asked, None)
    }

    /// Like [`Self::look`], with `wanted` among the classes that are back-projected however little it is activated.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn look_at(&self, scan: &Scan, asked: impl Into<Asked>, wanted: Option<usize>) -> Result<Look, ExplainError> {
        let asked = asked.into();
        Ok(self.back_project(&self.examine(scan, asked.cam)?, asked, wanted)?)
    }

    /// Runs the network forward on one picture, with what a map of `cam` needs.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn examine(&self, scan: &Scan, cam: Cam) -> Result<Examined, ExplainError> {
        Ok(self.examine_prepared(&self.prepare(scan)?, cam)?)
    }

    fn examine_prepared(&self, prepared: &PreparedPicture, cam: Cam) -> Result<Examined, NetworkError> {
        let PreparedPicture { input, source_size_px, prepare_ms } = prepared;
        let start = Instant::now();
        let layer = cam.layer.or(self.network.usual_layer()).filter(|_| cam.method != CamMethod::Cam);
        let (pass, class_maps) = guarded(self.network.device(), || {
            let pass = self.network.forward_with(input, layer)?;
            let class_maps = self.network.class_maps(&pass)?;
            Ok((pass, class_maps))
        })?;
        let timings_ms = TimingsMs { prepare: *prepare_ms, forward: milliseconds(start), back_projection: 0.0 };
        let (source_from_model, source_size_px) = (input.source_from_model, *source_size_px);
        Ok(Examined { pass, class_maps, layer: cam.layer, source_from_model, source_size_px, timings_ms })
    }

    fn layer_name(&self, cam: Cam, pass: &Pass) -> Option<String> {
        let layer = pass.layer().filter(|_| cam.method != CamMethod::Cam)?;
        Some(self.network.layers()[layer].name.clone())
    }

    /// Goes back from what was examined; no forward pass is run again for another rule.
    ///
    /// # Errors
    /// A device that fails.
    pub fn back_project(
        &self,
        examined: &Examined,
        asked: impl Into<Asked>,
        wanted: Option<usize>,
    ) -> Result<Look, NetworkError> {
        let (start, asked) = (Instant::now(), asked.into());
        let Examined { pass, class_maps, source_from_model, source_size_px, timings_ms, .. } = examined;
        let classes = clear::most_activated(&pass.scores, wanted);
        let (signed_response, cam) = guarded(self.network.device(), || {
            let response = self.network.back_project(pass, &classes, asked.back_projection)?;
            let cam = match asked.cam.method {
                CamMethod::Cam => None,
                method => self.network.gradient_maps(pass, &classes, method == CamMethod::HiResCam)?,
            };
            Ok((response, cam.unwrap_or_else(|| class_maps.clone())))
        })?;
        Ok(Look {
            verdict: self.verdict(&pass.scores),
            normal: self.card.normal_class(),
            scores: pass.scores.clone(),
            cam,
            cam_layer: self.layer_name(asked.cam, pass),
            signed_response,
            asked,
            source_from_model: *source_from_model,
            source_size_px: *source_size_px,
            device: self.network.device().name.clone(),
            timings_ms: TimingsMs { back_projection: milliseconds(start), ..*timings_ms },
        })
    }
}

/// What the preprocessing made of a picture.
#[derive(Debug)]
pub struct PreparedPicture {
    input: ModelInput,
    source_size_px: (u32, u32),
    prepare_ms: f64,
}

/// A picture that the network has run forward on, with all that its ways back need.
#[derive(Debug)]
pub struct Examined {
    pub(super) pass: Pass,
    pub(super) class_maps: ClassMaps,
    /// The layer that was asked for.
    layer: Option<usize>,
    pub(super) source_from_model: Transform,
    source_size_px: (u32, u32),
    timings_ms: TimingsMs,
}

impl Examined {
    /// Class scores, bias included.
    pub fn scores(&self) -> &[f32] {
        &self.pass.scores
    }

    /// Whether a map of `cam` can be made from here.
    pub fn serves(&self, cam: Cam) -> bool {
        cam.method == CamMethod::Cam || (self.pass.layer().is_some() && self.layer == cam.layer)
    }
}

/// What one look of the network gives under one way back, before a magnitude is taken: every later choice of
/// class, magnitude or smoothing starts from here and needs no network.
#[derive(Debug, Clone)]
pub struct Look {
    /// Class scores, bias included.
    pub scores: Vec<f32>,
    /// What the model says.
    pub verdict: Verdict,
    /// Like [`Explanation::normal`].
    pub normal: Option<usize>,
    /// Like [`Explanation::cam`].
    pub cam: ClassMaps,
    /// Like [`Explanation::cam_layer`].
    pub cam_layer: Option<String>,
    /// The signed sum over the input channels of what came back, `[held, H, W]` in the model's frame: of all classes, or
    /// where there are more of the ten most activated, ascending.
    pub signed_response: ClassMaps,
    /// What the network was asked.
    pub asked: Asked,
    /// From model pixels to source pixels.
    pub source_from_model: Transform,
    /// Width and height of the picture.
    pub source_size_px: (u32, u32),
    /// What computed it.
    pub device: String,
    /// How long it took.
    pub timings_ms: TimingsMs,
}

impl Look {
    /// Takes the magnitude, and works out what follows from it. What was `asked` of the network
    /// replaces the settings' own.
    pub fn into_explanation(self, settings: &Settings) -> Explanation {
        let mut response = self.signed_response;
        let BackProjection { rule, evidence } = self.asked.back_projection;
        response.data.iter_mut().for_each(|v| *v = settings.magnitude.apply(*v));
        let mut explanation = Explanation {
            response_shares: clear::shares(&response),
            scores: self.scores,
            verdict: self.verdict,
            cam: self.cam,
            cam_layer: self.cam_layer,
            response,
            source_from_model: self.source_from_model,
            source_size_px: self.source_size_px,
            attention: None,
            no_box: None,
            normal: self.normal,
            settings: Settings { rule, evidence, cam: self.asked.cam, ..*settings },
            device: self.device,
            timings_ms: self.timings_ms,
        };
        explanation.find_attention();
        explanation
    }
}

/// GPU drivers may panic deep inside when a device is lost; that ends the picture, not the program.
pub(super) fn guarded<T>(
    device: &ComputeDevice,
    work: impl FnOnce() -> Result<T, NetworkError>,
) -> Result<T, NetworkError> {
    let (name, is_gpu) = (&device.name, device.is_gpu);
    let failed = |reason| Err(NetworkError::Device { device: name.clone(), reason, is_gpu });
    caught(work).unwrap_or_else(failed)
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
