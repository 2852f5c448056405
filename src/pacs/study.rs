//! A search in an archive, and its results.

/// Matching keys of a search for studies; empty ones match anything. `*` and `?` are wildcards, as in C-FIND.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub patient_id: String,
    /// `Family^Given`, or the beginning of it.
    pub patient_name: String,
    /// First and last day, each `YYYYMMDD` or empty.
    pub study_date: [String; 2],
    /// Such as `CR`, `DX`, `OP`.
    pub modality: String,
}

impl std::fmt::Debug for Query {
    /// The name searched for belongs in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Query(hidden)")
    }
}

/// A study that an archive has.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FoundStudy {
    pub study_uid: String,
    pub patient_id: String,
    pub patient_name: String,
    /// `YYYYMMDD`, or empty.
    pub study_date: String,
    pub modalities: Vec<String>,
    pub description: String,
    /// Number of images, where the archive says it.
    pub instances: Option<u32>,
}

impl std::fmt::Debug for FoundStudy {
    /// A patient's name belongs in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Found(hidden)")
    }
}

/// Most studies taken from an answer: a search that finds more should be narrowed.
pub const MOST_FOUND: usize = 500;
