//! What a DICOM file says of its picture besides the pixels. No name, id or date is among it.

/// How far apart the centres of neighbouring pixels are, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// Between rows, so downwards.
    pub row_mm: f64,
    /// Between columns, so across.
    pub column_mm: f64,
    pub origin: SpacingOrigin,
}

/// Where a length in millimetres would hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpacingOrigin {
    /// In the patient: Pixel Spacing.
    Calibrated,
    /// At the detector, where everything is magnified: Imager Pixel Spacing.
    Imager,
}

impl SpacingOrigin {
    /// For people, after a length.
    pub fn says(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Imager => "at the detector",
        }
    }
}

/// What is known of a picture from a modality.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// `CR`, `DX`, `OP` …
    pub modality: Option<String>,
    pub body_part: Option<String>,
    /// `L`, `R`, `B` or `U`.
    pub laterality: Option<String>,
    /// `PA`, `AP`, `LL` …
    pub view_position: Option<String>,
    /// The patient's age, by which a model of children knows that a picture is not for it.
    pub age_years: Option<f64>,
    pub spacing: Option<Spacing>,
    /// How many frames the file holds, and which one this is, counted from 0.
    pub frames: u32,
    pub frame: u32,
    pub photometric: String,
    pub transfer_syntax: String,
}

impl Facts {
    /// The facts that are given, for a line of text: `DX · CHEST · PA · left`.
    pub fn line(&self) -> String {
        let side = self.laterality.as_deref().map(|side| match side {
            "L" => "left",
            "R" => "right",
            "B" => "both sides",
            other => other,
        });
        let parts = [self.modality.as_deref(), self.body_part.as_deref(), self.view_position.as_deref(), side];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}
