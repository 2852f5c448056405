//! The model card `model.toml`: everything about a model that is not a weight, written for people and programs alike.
//!
//! This module must not know files, pictures or tensors; it says what a card may hold and refuses what makes no sense.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::blueprint::Blueprint;
use super::colour::Colour;
use super::family::{ConvStackSizes, DenseNetSizes, DescribedNetwork, GraphSizes};
use super::gate::Gate;
use super::quality::QualityRule;
use super::question::Question;
use super::steps::{self, Step};
use crate::method::{BackwardRule, Evidence, Magnitude};

/// Letters of a class's name and label.
const MOST_CLASS_NAME: usize = 64;
const MOST_LABEL: usize = 200;

/// A whole model card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Card {
    /// Short, for programs; the name of its folder.
    pub name: String,
    /// For people.
    pub title: String,
    /// Of the model.
    pub version: String,
    /// What the model reads, in words: "colour fundus photograph".
    pub reads: String,
    /// What it was made for.
    pub intended_use: String,
    /// What it cannot do, a sentence each.
    pub limits: Vec<String>,
    /// In the order of the network's outputs.
    pub classes: Vec<Class>,
    /// From a picture to the network's input, step by step.
    pub preprocessing: Vec<Step>,
    /// How to tell pictures that the model does not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// How to tell pictures that are unfit to be graded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityRule>,
    /// May be left out of a form that an import of ONNX fills.
    #[serde(default)]
    pub architecture: Architecture,
    /// What the network's outputs mean.
    pub output: Output,
    /// How its pictures are explained where nobody says otherwise.
    pub explanation: Recommended,
    /// The file of weights.
    pub weights: Weights,
    /// Where the weights come from.
    pub training: Training,
    /// What was measured of it.
    #[serde(default)]
    pub results: Vec<Measured>,
}

/// One class, in the order of the network's outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Short and stable, for programs: `2`.
    pub name: String,
    /// For people: `Moderate`.
    pub label: String,
    /// In CLEAR maps and legends.
    pub colour: Colour,
    /// Whether it says that nothing was found: such a class gets no red box.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normal: bool,
}

impl Class {
    /// As people call it: name and label, or the label alone where it begins with the name.
    pub fn full_name(&self) -> String {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
        if plain(&self.label).starts_with(&plain(&self.name)) {
            self.label.clone()
        } else {
            format!("{} {}", self.name, self.label)
        }
    }
}

/// The network's kind and sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "family")]
pub enum Architecture {
    /// Convolutions, ReLU, max pooling, a last convolution with one kernel per class, global average pooling.
    ConvStack(ConvStackSizes),
    /// DenseNet: dense blocks of norm-ReLU-conv layers, global average pooling, one linear layer.
    #[serde(rename = "densenet")]
    DenseNet(DenseNetSizes),
    /// A network by its name: `family::NamedGraph` lists them.
    Graph(GraphSizes),
    /// A network that the bundle describes itself, in a file beside the card.
    Described(DescribedNetwork),
}

impl Default for Architecture {
    fn default() -> Self {
        Self::Described(DescribedNetwork::default())
    }
}

impl Architecture {
    /// Channels, height and width of the network's input.
    pub fn input(&self) -> [usize; 3] {
        match self {
            Self::ConvStack(sizes) => sizes.input,
            Self::DenseNet(sizes) => sizes.input,
            Self::Graph(sizes) => sizes.input,
            Self::Described(network) => network.input,
        }
    }

    /// The network itself.
    ///
    /// # Errors
    /// Sizes that do not fit together or are too large, in a sentence that names the place.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        match self {
            Self::ConvStack(sizes) => sizes.blueprint(),
            Self::DenseNet(sizes) => sizes.blueprint(),
            Self::Graph(sizes) => sizes.blueprint(),
            Self::Described(network) => network.blueprint(),
        }
    }

    /// Name and content of the file that stands beside the card, where the network has one.
    ///
    /// # Errors
    /// A description that was not read.
    pub fn file_beside(&self) -> Result<Option<(&str, Vec<u8>)>, String> {
        match self {
            Self::Described(network) => network.to_file().map(Some),
            Self::ConvStack(_) | Self::DenseNet(_) | Self::Graph(_) => Ok(None),
        }
    }

    /// The family's name, as cards write it.
    pub fn family(&self) -> &'static str {
        match self {
            Self::ConvStack(_) => "conv-stack",
            Self::DenseNet(_) => "densenet",
            Self::Graph(_) => "graph",
            Self::Described(_) => "described",
        }
    }
}

/// How scores become probabilities and a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Output {
    /// From scores to probabilities.
    pub activation: OutputActivation,
    /// From probabilities to an answer.
    pub decision: Decision,
    /// Probabilities from which something is said to be there: one for `threshold`, one per class for `each-finding`,
    /// none for the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operating_points: Vec<f32>,
    /// Whether the classes are grades, each next to its neighbours: then a set of answers has no gaps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
    /// What is asked of ordered grades: any disease, referable disease.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
}

impl Output {
    /// The question whose answer stands at the top: the one with a `headline`, else the last.
    pub fn headline_question(&self) -> Option<&Question> {
        self.questions.iter().find(|question| question.headline.is_some()).or(self.questions.last())
    }

    /// Whether the classes are findings that may stand side by side.
    pub fn has_findings(&self) -> bool {
        self.decision == Decision::EachFinding
    }
}

/// From scores to probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputActivation {
    /// One class of several: probabilities sum to 1.
    Softmax,
    /// Each class by itself.
    Sigmoid,
}

/// From probabilities to the decided class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The class of the largest probability.
    MostProbable,
    /// For ordered classes: the first class at which the probabilities so far reach one half.
    Median,
    /// The first class stands for health: it is decided unless the probabilities of all others together reach the one
    /// operating point. Then the most probable of the others is.
    Threshold,
    /// Every class is a finding of its own, there from its own operating point on; several, or none, may be.
    EachFinding,
}

/// The explanation options that were measured to serve this model best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recommended {
    /// What happens at a ReLU on the way back.
    pub rule: BackwardRule,
    /// For each class, or against it; for it where the card says nothing.
    #[serde(default)]
    pub evidence: Evidence,
    /// From signed sums to responses.
    pub magnitude: Magnitude,
    /// Gaussian sigma for display and for the red box, in model pixels.
    pub smoothing_px: f32,
    /// How these were chosen.
    pub chosen_by: String,
}

/// The file of weights beside the card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Its name in the model's folder.
    pub file: String,
    /// Lower-case hexadecimal; empty in a card that comes without weights.
    pub sha256: String,
}

/// What the model was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Training {
    /// On what.
    pub data: String,
    /// Of the data.
    pub licence: String,
    /// How to do it again.
    pub command: String,
    /// What else there is to know.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One measured figure, on pictures that the model had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Measured {
    /// The figure's name.
    pub what: String,
    /// On which pictures.
    pub on: String,
    /// The figure.
    pub value: f64,
    /// Lowest and highest over the folds or seeds, or a 95 % interval over patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<[f64; 2]>,
    /// What always answering the most frequent class (or chance) would give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
}

impl Card {
    /// Reads a card and checks that it is sensible.
    ///
    /// # Errors
    /// One sentence that names the place: bad TOML, an unknown field, or sizes that do not fit together.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, |file| Err(format!("its network stands in {file}, a file beside it")))
    }

    /// Like [`Self::parse`]; `beside` reads a file that stands beside the card.
    ///
    /// # Errors
    /// Like [`Self::parse`], and a description of the network that cannot be read or does not belong to the card.
    pub fn parse_with(text: &str, beside: impl FnOnce(&str) -> Result<Vec<u8>, String>) -> Result<Self, String> {
        let mut card = Self::form(text)?;
        if let Architecture::Described(network) = &mut card.architecture
            && !network.file.is_empty()
        {
            if !is_plain_file(&network.file) {
                return Err(format!("`architecture.file` is `{}`; it must be a plain file name", network.file));
            }
            let bytes = beside(&network.file)?;
            network.load(&bytes)?;
        }
        card.check()?;
        Ok(card)
    }

    /// Reads a card whose network is still to come; [`Self::check`] must follow.
    ///
    /// # Errors
    /// Bad TOML or an unknown field.
    pub fn form(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim().to_owned())
    }

    /// The position of the class whose name or label is `text`, regardless of case.
    pub fn class_index(&self, text: &str) -> Option<usize> {
        self.classes.iter().position(|c| c.name.eq_ignore_ascii_case(text) || c.label.eq_ignore_ascii_case(text))
    }

    /// The class that says that nothing was found: the one marked so, else the first under `threshold`, which stands for
    /// health.
    pub fn normal_class(&self) -> Option<usize> {
        let first = (self.output.decision == Decision::Threshold).then_some(0);
        self.classes.iter().position(|class| class.normal).or(first)
    }

    /// Whether pictures are cropped to a retina before the network sees them.
    pub fn reads_a_retina(&self) -> bool {
        self.preprocessing.iter().any(|step| matches!(step, Step::CropToRetina { .. }))
    }

    /// What people call one of the classes.
    pub fn noun(&self) -> &'static str {
        match &self.output {
            output if output.has_findings() => "finding",
            output if output.ordered => "grade",
            _ => "class",
        }
    }

    /// Whether there are weights that belong to this card; without them it is a form to be filled by an import.
    pub fn has_weights(&self) -> bool {
        !self.weights.sha256.is_empty()
    }

    /// # Errors
    /// One sentence that names what makes no sense.
    pub fn check(&self) -> Result<(), String> {
        if !(2..=1000).contains(&self.classes.len()) {
            return Err(format!("`classes` has {} entries; 2 to 1000 make sense", self.classes.len()));
        }
        if !is_plain_file(&self.name) {
            return Err(format!("`name` is `{}`; use letters, digits, `-` and `_`", self.name));
        }
        self.check_classes()?;
        if !is_plain_file(&self.weights.file) {
            return Err(format!("`weights.file` is `{}`; it must be a plain file name", self.weights.file));
        }
        if !(0.0..=64.0).contains(&self.explanation.smoothing_px) {
            return Err("`explanation.smoothing-px` must lie between 0 and 64".to_owned());
        }
        self.check_output()?;
        self.gate.as_ref().map_or(Ok(()), Gate::check)?;
        self.quality.as_ref().map_or(Ok(()), QualityRule::check)?;
        self.architecture.blueprint()?;
        steps::check(&self.preprocessing, self.architecture.input())
    }

    /// Names become parts of files' names, and are how people and programs tell classes apart.
    fn check_classes(&self) -> Result<(), String> {
        let mut known = HashSet::new();
        self.check_normal()?;
        for (index, Class { name, label, .. }) in self.classes.iter().enumerate() {
            let place = format!("`classes[{index}]`");
            if !is_plain_file(name) || name.len() > MOST_CLASS_NAME {
                let says = "letters, digits, `-` and `_`, and a longer `label` for people";
                return Err(format!(
                    "{place}: `name` is `{}`; use up to {MOST_CLASS_NAME} {says}",
                    name.escape_debug()
                ));
            }
            if label.chars().any(char::is_control) || label.len() > MOST_LABEL {
                return Err(format!("{place}: `label` must be one line of at most {MOST_LABEL} letters"));
            }
            if !known.insert(name.to_lowercase()) {
                return Err(format!("{place}: another class is called `{name}` too"));
            }
        }
        Ok(())
    }

    /// Of classes that exclude each other one stands for health; grades and `threshold` begin with it.
    fn check_normal(&self) -> Result<(), String> {
        let normal: Vec<usize> = (0..self.classes.len()).filter(|class| self.classes[*class].normal).collect();
        let is_first = self.output.ordered || self.output.decision == Decision::Threshold;
        match normal[..] {
            [] => Ok(()),
            [class] if class == 0 || !is_first => Ok(()),
            [class] => {
                Err(format!("`classes[{class}]` is `normal`; of grades and under `threshold` the first class is"))
            }
            _ => Err(format!("`classes` has {} that are `normal`; one can be", normal.len())),
        }
    }

    fn check_output(&self) -> Result<(), String> {
        let Output { activation, decision, operating_points, ordered, questions } = &self.output;
        if !questions.is_empty() && (!ordered || *activation != OutputActivation::Softmax) {
            return Err("`output.questions` are for `ordered` classes under `softmax`".to_owned());
        }
        questions.iter().try_for_each(|question| question.check(self.classes.len()))?;
        if questions.iter().filter(|question| question.headline.is_some()).count() > 1 {
            return Err("`output.questions` has more than one `headline`; one answer stands at the top".to_owned());
        }
        let (needed, wanted) = match decision {
            Decision::MostProbable | Decision::Median => (0, None),
            Decision::Threshold => (1, Some(OutputActivation::Softmax)),
            Decision::EachFinding => (self.classes.len(), Some(OutputActivation::Sigmoid)),
        };
        if operating_points.len() != needed {
            let found = operating_points.len();
            return Err(format!("`output.operating-points` has {found} entries; this `decision` needs {needed}"));
        }
        if !operating_points.iter().all(|point| *point > 0.0 && *point <= 1.0) {
            return Err("every one of `output.operating-points` must lie between 0 and 1".to_owned());
        }
        match wanted {
            Some(wanted) if wanted != *activation => {
                Err("`output.decision` and `output.activation` do not fit: `threshold` goes with `softmax`, `each-finding` with `sigmoid`".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Whether `name` can be a file or folder here and on every other system: no way out of a folder, nothing hidden.
fn is_plain_file(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(fits)
}
