//! The colours of a report's page, light for paper and dark for screens.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::page::Rgb;

/// Whether a report is dark on light or light on dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum PageTheme {
    /// For paper.
    #[default]
    Light,
    /// As the window.
    Dark,
}

impl PageTheme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// As the command line and records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(super) fn ink(self) -> Ink {
        match self {
            Self::Light => Ink {
                ground: [255, 255, 255],
                raised: [243, 244, 246],
                faint: [212, 215, 220],
                quiet: [92, 97, 105],
                text: [20, 23, 27],
                warning: [158, 74, 0],
            },
            Self::Dark => Ink {
                ground: [17, 19, 22],
                raised: [27, 30, 34],
                faint: [58, 62, 68],
                quiet: [164, 170, 178],
                text: [238, 240, 242],
                warning: [255, 196, 92],
            },
        }
    }
}

/// The colours of a theme.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    pub ground: Rgb,
    /// Behind what belongs together.
    pub raised: Rgb,
    pub faint: Rgb,
    pub quiet: Rgb,
    pub text: Rgb,
    pub warning: Rgb,
}
