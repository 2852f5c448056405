//! What the papers leave open, as options that are recorded with every result.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What happens to a back-projected signal where it meets a ReLU of the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BackwardRule {
    /// Nothing: the equation of the CLEAR paper as it is written.
    Linear,
    /// The positive part of what comes back passes (Zeiler & Fergus 2014).
    Deconvnet,
    /// What comes back passes where the forward ReLU let its input through.
    Gated,
    /// Both of the last two (guided back-propagation, Springenberg 2015).
    Guided,
}

impl BackwardRule {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Linear, Self::Deconvnet, Self::Gated, Self::Guided];

    /// Whether the forward ReLU's mask is applied on the way back.
    pub fn uses_forward_mask(self) -> bool {
        matches!(self, Self::Gated | Self::Guided)
    }

    /// Whether only the positive part of the returning signal passes.
    pub fn keeps_positive_only(self) -> bool {
        matches!(self, Self::Deconvnet | Self::Guided)
    }

    /// As the command line and records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Deconvnet => "deconvnet",
            Self::Gated => "gated",
            Self::Guided => "guided",
        }
    }
}

/// Which part of a class map M_c the way back starts from. A class's own kernel stands on both sides of it (z_L = k * f,
/// then back through k), so that a map taken with its sign would let a class that the network rejects respond like one
/// that it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// z_L = max(M_c, 0): where the class is spoken for, as in the paper's networks, whose last layer has a ReLU.
    #[default]
    For,
    /// z_L = min(M_c, 0): where it is spoken against.
    Against,
}

impl Evidence {
    /// Both.
    pub const ALL: [Self; 2] = [Self::For, Self::Against];

    /// As the command line and records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Against => "against",
        }
    }
}

/// The map of one class that stands beside the CLEAR map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CamMethod {
    /// Class activation map (Zhou 2016): the class's own weights over the last features.
    #[default]
    Cam,
    /// Grad-CAM (Selvaraju 2017): features weighted by the mean of the score's gradient, the positive part of their sum.
    GradCam,
    /// HiResCAM (Draelos 2020): features times the score's gradient, place by place.
    #[value(name = "hires-cam")]
    #[serde(rename = "hires-cam")]
    HiResCam,
}

impl CamMethod {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Cam, Self::GradCam, Self::HiResCam];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cam => "CAM",
            Self::GradCam => "Grad-CAM",
            Self::HiResCam => "HiResCAM",
        }
    }
}

/// A map of one class, and where in the network it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Cam {
    /// How it is made.
    pub method: CamMethod,
    /// Of the network's layers; the last of more than one cell where `None`. A CAM is always of the last.
    pub layer: Option<usize>,
}

/// How class maps go back to the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BackProjection {
    /// What happens at a ReLU.
    pub rule: BackwardRule,
    /// What the way back starts from.
    pub evidence: Evidence,
}

impl From<BackwardRule> for BackProjection {
    /// Of the evidence for each class.
    fn from(rule: BackwardRule) -> Self {
        Self { rule, evidence: Evidence::For }
    }
}

/// All that the network must be asked again for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asked {
    /// How the CLEAR response is made.
    pub back_projection: BackProjection,
    /// Which map of one class.
    pub cam: Cam,
}

impl From<BackwardRule> for Asked {
    /// The CAM, and the evidence for each class.
    fn from(rule: BackwardRule) -> Self {
        Self { back_projection: rule.into(), cam: Cam::default() }
    }
}

/// How the signed sum over the input channels becomes the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Magnitude {
    /// |v|, as in the CLEAR paper.
    Abs,
    /// max(v, 0): only what speaks for the class.
    Positive,
    /// v itself.
    Signed,
}

impl Magnitude {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Abs, Self::Positive, Self::Signed];

    /// The response of a signed sum.
    pub fn apply(self, value: f32) -> f32 {
        match self {
            Self::Abs => value.abs(),
            Self::Positive => value.max(0.0),
            Self::Signed => value,
        }
    }

    /// As the command line and records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abs => "abs",
            Self::Positive => "positive",
            Self::Signed => "signed",
        }
    }
}

/// A map of one class, among those that are judged against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum MapKind {
    /// [`CamMethod::Cam`].
    Cam,
    /// [`CamMethod::HiResCam`].
    #[value(name = "hires-cam")]
    #[serde(rename = "hires-cam")]
    HiResCam,
    /// [`CamMethod::GradCam`].
    GradCam,
    /// CLEAR's response under [`BackwardRule::Linear`].
    ClearLinear,
    /// CLEAR's response under [`BackwardRule::Deconvnet`].
    ClearDeconvnet,
    /// CLEAR's response under [`BackwardRule::Gated`].
    ClearGated,
    /// CLEAR's response under [`BackwardRule::Guided`].
    ClearGuided,
}

impl MapKind {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 7] = [
        Self::Cam,
        Self::HiResCam,
        Self::GradCam,
        Self::ClearLinear,
        Self::ClearDeconvnet,
        Self::ClearGated,
        Self::ClearGuided,
    ];

    /// CLEAR's map under `rule`.
    pub fn clear(rule: BackwardRule) -> Self {
        match rule {
            BackwardRule::Linear => Self::ClearLinear,
            BackwardRule::Deconvnet => Self::ClearDeconvnet,
            BackwardRule::Gated => Self::ClearGated,
            BackwardRule::Guided => Self::ClearGuided,
        }
    }

    /// The rule of a CLEAR map.
    pub fn rule(self) -> Option<BackwardRule> {
        BackwardRule::ALL.into_iter().find(|rule| Self::clear(*rule) == self)
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cam => CamMethod::Cam.title(),
            Self::HiResCam => CamMethod::HiResCam.title(),
            Self::GradCam => CamMethod::GradCam.title(),
            Self::ClearLinear => "CLEAR, linear",
            Self::ClearDeconvnet => "CLEAR, deconvnet",
            Self::ClearGated => "CLEAR, gated",
            Self::ClearGuided => "CLEAR, guided",
        }
    }

    /// For programs, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cam => "cam",
            Self::HiResCam => "hires-cam",
            Self::GradCam => "grad-cam",
            Self::ClearLinear => "clear-linear",
            Self::ClearDeconvnet => "clear-deconvnet",
            Self::ClearGated => "clear-gated",
            Self::ClearGuided => "clear-guided",
        }
    }
}
