//! What DICOM objects say of the patient.

use serde::{Deserialize, Serialize};

/// What the objects say of the patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Patient and study as they are, so that the objects go back where the picture came from.
    #[default]
    Kept,
    /// By PS3.15's basic profile: names and ids removed, dates shifted, UIDs remapped, the same way for all objects of a
    /// patient.
    DeIdentified,
}
