//! What a DICOM file says of its picture besides the pixels. No name, id or date is among it.

/// How far apart the centres of neighbouring pixels are, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// Between rows, so downwards.
    pub row_mm: f64,
    /// Between columns, so across.
    pub column_mm: f64,
    /// Where in the way of the rays these lengths hold.
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
    /// BodyPartExamined (0018,0015).
    pub body_part: Option<String>,
    /// `L`, `R`, `B` or `U`.
    pub laterality: Option<String>,
    /// `PA`, `AP`, `LL` …
    pub view_position: Option<String>,
    /// The patient's age, by which a model of children knows that a picture is not for it.
    pub age_years: Option<f64>,
    /// Millimetres per pixel, where the file says so.
    pub spacing: Option<Spacing>,
    /// Which way in the patient rows and columns go: to the right and downwards (Patient Orientation).
    pub orientation: Option<[String; 2]>,
    /// What grey values are in: `HU` …
    pub value_unit: Option<String>,
    /// How many frames the file holds.
    pub frames: u32,
    /// The frame that was decoded, counted from 0.
    pub frame: u32,
    /// PhotometricInterpretation (0028,0004).
    pub photometric: String,
    /// TransferSyntaxUID (0002,0010).
    pub transfer_syntax: String,
}

impl Facts {
    /// The letters for a view's edges, left, right, top and bottom, where the file says which way the picture lies.
    pub fn edges(&self) -> Option<[String; 4]> {
        let [row, column] = self.orientation.as_ref()?;
        Some([opposite(row)?, row.clone(), opposite(column)?, column.clone()])
    }

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

/// The way back of `direction`: `R` of `L`, `PF` of `AH`; `None` of what is no direction in a patient.
fn opposite(direction: &str) -> Option<String> {
    let turned = |letter| match letter {
        'A' => Some('P'),
        'P' => Some('A'),
        'R' => Some('L'),
        'L' => Some('R'),
        'H' => Some('F'),
        'F' => Some('H'),
        _ => None,
    };
    (!direction.is_empty()).then(|| direction.chars().map(turned).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposites_are_those_of_the_standard_and_nothing_is_invented() {
        assert_eq!(opposite("L").as_deref(), Some("R"));
        assert_eq!(opposite("AF").as_deref(), Some("PH"));
        assert_eq!((opposite(""), opposite("LE")), (None, None));
    }
}
