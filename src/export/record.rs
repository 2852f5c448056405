//! The JSON record of one explained picture: a contract that other programs lean on.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::date::iso_date;
use super::ink::PageTheme;
use super::marks::MeasurementRecord;
use super::profile::Profile;
use super::store::Placed;
use crate::bundle::card::Decision;
use crate::bundle::quality::Quality;
use crate::bundle::question::{Answer, Word};
use crate::bundle::{Assessment, Card};
use crate::compose::CamScale;
use crate::explain::report::GateWords;
use crate::explain::{Attention, Explanation, MapAgreement, Report};
use crate::layers::{Layer, Scene, Style};
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use crate::reading::{Judgement, Reading};
use crate::scan::Scan;
use crate::scan::window::{GreyDisplay, Voi, Window};

/// Stands on every picture and in every record.
pub const NOTICE: &str = "Research use only, not for diagnosis";

/// Everything about one explained picture but the maps.
#[derive(Debug, Serialize)]
pub struct Record {
    /// The picture's file name; folders may be named after a patient.
    pub file: String,
    /// The picture's path as it was given, where somebody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of the picture's file, lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_sha256: Option<String>,
    /// When the record was made: UTC, as ISO 8601 has it.
    pub date: String,
    /// The model's name.
    pub model: String,
    /// Of its weights, lower-case hexadecimal.
    pub model_sha256: String,
    /// One number for picture, model and settings: who finds it again need not explain the picture again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_with: Option<String>,
    /// The endings of all files that belong to this record.
    pub files: Vec<String>,
    /// Of the pages among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_theme: Option<PageTheme>,
    /// Of the DICOM objects among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dicom_profile: Option<Profile>,
    /// What computed it.
    pub device: String,
    /// Of the program.
    pub version: String,
    /// [`NOTICE`].
    pub notice: &'static str,
    /// Of the picture.
    pub source_width_px: u32,
    /// Of the picture.
    pub source_height_px: u32,
    /// What the papers leave open, as it was chosen.
    pub settings: SettingsRecord,
    /// How the pictures were drawn.
    pub style: Style,
    /// The values at the two ends of the CAM's colours, the same for every class.
    pub cam_scale: CamScale,
    /// How grey values were shown; the model was given what its own preprocessing says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowRecord>,
    /// Of a file with several frames, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u32>,
    /// What a reader measured on the picture.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measurements: Vec<MeasurementRecord>,
    /// What a reader said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderRecord>,
    /// What stands at the top of window and panel, and is printed.
    pub report: ReportRecord,
    /// Whether verdict, most probable class and dominant response point to one class.
    pub agreement: MapAgreement,
    /// Whether the model reads such pictures; left out of a model without a gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateWords>,
    /// In the model's order.
    pub classes: Vec<ClassRecord>,
    /// Index into `classes`.
    pub decided: usize,
    /// Of a calibrated model: indices into `classes`, the answers that together hold the truth as often as promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade_set: Option<Vec<usize>>,
    /// What the model says to the questions of its card, such as whether the disease is referable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<QuestionRecord>,
    /// Of a model whose classes are findings of their own: the names of those at their operating points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<String>>,
    /// Of a model that judges quality: whether the picture can be graded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradable: Option<bool>,
    /// How fit it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// Why no fitter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<String>>,
    /// What speaks against believing the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was drawn, each with the values at the ends of its colours.
    pub layers: Vec<LayerRecord>,
    /// Indices into `classes`: those whose response was computed.
    pub response_classes: Vec<usize>,
    /// The red box, where there is one.
    pub boxes: Vec<BoxRecord>,
    /// Around the largest part of the CAM of the shown class, or of the map that stands in its place, above 20 % of its
    /// maximum (Zhou et al. 2016); left out where nothing speaks for the class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cam_box: Option<BoxRecord>,
    /// How long the parts took.
    pub timings_ms: TimingsRecord,
    /// Where the raw maps are that stand in no file of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maps: Option<Placed>,
}

/// The words of [`crate::explain::Report`]. Of a picture that the model does not read these say so, while decision and
/// probabilities stand below all the same, for research.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportRecord {
    /// The answer in large letters.
    pub headline: String,
    /// The probability that it goes by, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub figure: String,
    /// What stands below it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub beneath: String,
    /// How it follows from its figure.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// What the red box shows, or why there is none.
    #[serde(rename = "box")]
    pub box_says: String,
    /// Whether the answer is held back.
    pub is_refused: bool,
}

impl From<&Report> for ReportRecord {
    fn from(report: &Report) -> Self {
        Self {
            headline: report.headline.clone(),
            figure: report.figure.clone(),
            beneath: report.beneath.clone(),
            rule: report.rule.clone(),
            box_says: report.box_says.clone(),
            is_refused: report.is_refused,
        }
    }
}

/// What an explanation was made with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SettingsRecord {
    /// What happened at a ReLU on the way back.
    pub rule: BackwardRule,
    /// The rule that it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_rule: Option<BackwardRule>,
    /// What the way back started from.
    pub evidence: Evidence,
    /// From signed sums to responses.
    pub magnitude: Magnitude,
    /// Gaussian sigma, in model pixels.
    pub smoothing_px: f32,
    /// The map of one class that stands beside CLEAR's.
    pub cam: CamMethod,
    /// The layer that it is of, where it is no CAM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cam_layer: Option<String>,
    /// Index of the class that CAM and box are of.
    pub shown_class: usize,
    /// From probabilities to an answer.
    pub decision: Decision,
}

/// Window and level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowRecord {
    /// `linear`, `linear-exact`, `sigmoid` or `table`.
    pub function: &'static str,
    /// In the values of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centre: Option<f64>,
    /// In the values of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Whether light and dark were swapped.
    pub inverted: bool,
}

impl WindowRecord {
    fn new(display: &GreyDisplay) -> Self {
        let inverted = display.inverted;
        match &display.voi {
            Voi::Table(_) => Self { function: "table", centre: None, width: None, inverted },
            Voi::Window(Window { centre, width, function }) => {
                Self { function: function.name(), centre: Some(*centre), width: Some(*width), inverted }
            }
        }
    }
}

/// A reader's own answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReaderRecord {
    /// Who; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The class's name; empty of a picture that cannot be graded.
    pub class: String,
    /// Another class, given once the model's answer had been seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revised: Option<String>,
    /// From the picture's appearance to the answer; 0 where that is not known.
    pub seconds: f64,
    /// Whether the reader could not grade it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ungradable: bool,
    /// Whether the reader marked it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
    /// In the reader's words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// What the reader made of the model's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// Whether the model's answer could be seen before this one was given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub answer_seen_before: bool,
    /// When it was given: UTC, as ISO 8601 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl ReaderRecord {
    /// Of `reading` by the reader called `name`, in the classes of `card`; `None` of a picture that was not read.
    pub fn of(name: &str, reading: &Reading, card: &Card) -> Option<Self> {
        let class = reading.grade().and_then(|class| card.classes.get(class));
        let is_read = reading.ungradable || class.is_some();
        is_read.then(|| Self {
            name: name.to_owned(),
            class: class.map(|class| class.name.clone()).unwrap_or_default(),
            revised: reading.revised.and_then(|class| card.classes.get(class)).map(|class| class.name.clone()),
            seconds: reading.seconds.unwrap_or(0.0),
            ungradable: reading.ungradable,
            flagged: reading.flagged,
            comment: reading.comment.clone(),
            judgement: reading.judgement,
            answer_seen_before: reading.answer_seen_before,
            at: reading.at.clone(),
        })
    }
}

/// One class of the model.
#[derive(Debug, Serialize)]
pub struct ClassRecord {
    /// As the card has it.
    pub name: String,
    /// As the card has it.
    pub label: String,
    /// Between 0 and 1.
    pub probability: f32,
    /// From which probability on the finding is said to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_point: Option<f32>,
    /// Of the dominant response over the whole field; left out of a class whose response was not computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_share: Option<f64>,
    /// The same under the rule that is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_response_share: Option<f64>,
}

/// A layer of an explanation.
#[derive(Debug, Serialize)]
pub struct LayerRecord {
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub title: String,
    /// In the layer's own unit; a picture without colours of its own has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<CamScale>,
}

/// A yes-or-no question about ordered grades.
#[derive(Debug, Serialize)]
pub struct QuestionRecord {
    /// As the card has it.
    pub name: String,
    /// By the rule of the two most sensitive operating points: `yes`, `no` or `undecided`.
    pub answer: Word,
    /// That the answer is yes.
    pub probability: f32,
    /// From the most sensitive to the most specific.
    pub operating_points: Vec<PointRecord>,
}

/// An operating point that was measured, and whether this picture reaches it.
#[derive(Debug, Serialize)]
pub struct PointRecord {
    /// As it was measured.
    pub sensitivity: f32,
    /// As it was measured.
    pub specificity: f32,
    /// The threshold.
    pub probability: f32,
    /// Whether the picture reaches it.
    pub reached: bool,
}

impl From<Answer<'_>> for QuestionRecord {
    fn from(answer: Answer<'_>) -> Self {
        let points = answer.question.operating_points.iter().enumerate();
        let operating_points = points.map(|(index, point)| PointRecord {
            sensitivity: point.sensitivity,
            specificity: point.specificity,
            probability: point.probability,
            reached: index < answer.reached,
        });
        Self {
            name: answer.question.name.clone(),
            answer: answer.word(),
            probability: answer.probability,
            operating_points: operating_points.collect(),
        }
    }
}

/// A region of attention in source pixels.
#[derive(Debug, Serialize)]
pub struct BoxRecord {
    /// The class's name.
    pub class: String,
    /// Left edge, in source pixels.
    pub x: u32,
    /// Upper edge, in source pixels.
    pub y: u32,
    /// In source pixels.
    pub width: u32,
    /// In source pixels.
    pub height: u32,
    /// Of the class's whole response; of a CAM's box of all that speaks for the class in the CAM.
    pub share: f64,
}

/// How long each part took, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TimingsRecord {
    /// From file to pixels.
    pub decode: f64,
    /// Preprocessing.
    pub prepare: f64,
    /// Inference.
    pub forward: f64,
    /// The backward pass.
    pub back_projection: f64,
    /// All of these.
    pub total: f64,
}

impl Record {
    /// Of the record's own file.
    pub const ENDING: &str = "json";

    /// The record of `explanation`, made from the picture called `file` by the model of `card`, in the words of `report`.
    pub fn new(
        file: String,
        (card, model_sha256): (&Card, &str),
        explanation: &Explanation,
        report: &Report,
        style: &Style,
        decode_ms: f64,
    ) -> Self {
        let verdict = &explanation.verdict;
        let classes = card.classes.iter().enumerate().map(|(c, class)| ClassRecord {
            name: class.name.clone(),
            label: class.label.clone(),
            probability: verdict.probabilities[c],
            operating_point: verdict.findings.as_ref().and_then(|_| card.output.operating_points.get(c).copied()),
            response_share: explanation.response_shares[c],
            compared_response_share: None,
        });
        let box_record = |region: &Attention| BoxRecord {
            class: card.classes[region.class].name.clone(),
            x: region.bounds.x,
            y: region.bounds.y,
            width: region.bounds.width,
            height: region.bounds.height,
            share: region.share,
        };
        let questions = card.output.questions.iter();
        let timings = &explanation.timings_ms;
        let refusal = report.gate.as_ref().and_then(|gate| gate.says.clone());
        let warnings = explanation.cam_caveat().map(str::to_owned).into_iter().chain(refusal);
        Self {
            file,
            path: None,
            picture_sha256: None,
            date: iso_date(SystemTime::now()),
            model: card.name.clone(),
            model_sha256: model_sha256.to_owned(),
            made_with: None,
            files: Vec::new(),
            report_theme: None,
            dicom_profile: None,
            device: explanation.device.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            notice: NOTICE,
            source_width_px: explanation.source_size_px.0,
            source_height_px: explanation.source_size_px.1,
            settings: SettingsRecord {
                rule: explanation.settings.rule,
                compare_rule: None,
                evidence: explanation.settings.evidence,
                magnitude: explanation.settings.magnitude,
                smoothing_px: explanation.settings.smoothing_px,
                cam: explanation.settings.cam.method,
                cam_layer: explanation.cam_layer.clone(),
                shown_class: explanation.shown_class(),
                decision: card.output.decision,
            },
            style: style.clone(),
            cam_scale: CamScale::of_all(&explanation.cam),
            window: None,
            frame: None,
            measurements: Vec::new(),
            reader: None,
            report: report.into(),
            agreement: report.agreement.clone(),
            gate: report.gate.clone(),
            classes: classes.collect(),
            decided: verdict.decided,
            grade_set: verdict.class_set.clone(),
            questions: questions.map(|question| question.answer(&verdict.probabilities).into()).collect(),
            findings: verdict
                .findings
                .as_ref()
                .map(|findings| findings.iter().map(|c| card.classes[*c].name.clone()).collect()),
            gradable: None,
            quality: None,
            reasons: None,
            warnings: warnings.collect(),
            layers: Vec::new(),
            response_classes: explanation.response.held.clone(),
            boxes: explanation.attention.iter().map(box_record).collect(),
            cam_box: explanation.cam_box().as_ref().map(box_record),
            timings_ms: TimingsRecord {
                decode: decode_ms,
                prepare: timings.prepare,
                forward: timings.forward,
                back_projection: timings.back_projection,
                total: decode_ms + timings.prepare + timings.forward + timings.back_projection,
            },
            maps: None,
        }
    }

    /// Adds how fit the picture is.
    pub fn with_quality(self, assessed: Option<&Assessment>) -> Self {
        let gradable = assessed.map(Assessment::is_gradable);
        let (quality, reasons) = (assessed.map(|a| a.quality), assessed.map(|a| a.reasons.clone()));
        Self { gradable, quality, reasons, ..self }
    }

    /// Adds what was drawn, and what another rule says where one stands beside.
    pub(super) fn of_layers(mut self, layers: impl Iterator<Item = Layer>, scene: &Scene<'_>) -> Self {
        let record = |layer: Layer| LayerRecord {
            name: layer.kind().name(),
            title: layer.kind().title(scene),
            scale: layer.kind().scale(scene).map(|(low, high)| CamScale { low, high }),
        };
        self.layers = layers.map(record).collect();
        if let Some(other) = scene.other.map(|other| other.explanation) {
            self.settings.compare_rule = Some(other.settings.rule);
            for (class, share) in self.classes.iter_mut().zip(&other.response_shares) {
                class.compared_response_share = *share;
            }
        }
        self
    }

    /// Adds how `scan` was shown.
    pub fn of_scan(self, scan: &Scan, display: Option<&GreyDisplay>) -> Self {
        let own = scan.grey().map(crate::scan::GreyValues::default_display);
        let window = display.or(own.as_ref()).map(WindowRecord::new);
        let frame = scan.facts.as_ref().filter(|facts| facts.frames > 1).map(|facts| facts.frame + 1);
        Self { window, frame, ..self }
    }
}
