//! Whose eye a picture shows, and when it was taken.

use serde::{Deserialize, Serialize};

/// Which eye, or which side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Eye {
    /// Oculus dexter.
    Right,
    /// Oculus sinister.
    Left,
}

impl Eye {
    /// As readers write it.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Right => "R",
            Self::Left => "L",
        }
    }
}

/// What is known of whose picture it is. Nothing here stands in a record or an export unless somebody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Tells patients of one list apart; empty where nothing is known.
    pub patient: String,
    pub eye: Option<Eye>,
    /// When the picture was taken, as `2024-03-01`, perhaps with a time behind it.
    pub taken: Option<String>,
}
