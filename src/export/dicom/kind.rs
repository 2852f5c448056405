//! The kinds of objects.

use dicom_dictionary_std::uids;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A photograph as an object, for the others to refer to.
    Picture,
    /// The report panel.
    Capture,
    Segmentation,
    Map,
    Report,
}

/// Name, SOP class, modality, number of the first series, title.
type Facts = (&'static str, &'static str, &'static str, u32, &'static str);

impl ObjectKind {
    /// Numbers of series are high, so that they stand behind those of the study.
    fn facts(self) -> Facts {
        match self {
            Self::Picture => ("picture", uids::SECONDARY_CAPTURE_IMAGE_STORAGE, "OT", 9100, "picture"),
            Self::Capture => ("capture", uids::SECONDARY_CAPTURE_IMAGE_STORAGE, "OT", 9101, "explanation"),
            Self::Segmentation => {
                ("segmentation", uids::SEGMENTATION_STORAGE, "SEG", 9102, "where each class dominates")
            }
            Self::Map => ("map", uids::PARAMETRIC_MAP_STORAGE, "OT", 9110, "map of a class"),
            Self::Report => ("report", uids::COMPREHENSIVE_SR_STORAGE, "SR", 9103, "report, preliminary"),
        }
    }

    /// Of which UIDs are made: never changed.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    pub fn sop_class_uid(self) -> &'static str {
        self.facts().1
    }

    pub fn modality(self) -> &'static str {
        self.facts().2
    }

    pub fn first_series_number(self) -> u32 {
        self.facts().3
    }

    pub fn title(self) -> &'static str {
        self.facts().4
    }
}
