//! What is asked of an archive, and what it found.

/// What a study is searched by; what is empty does not matter. `*` and `?` stand for anything, as in C-FIND.
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
    /// Whom one searches for belongs into no log.
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
    /// Of images, where the archive says it.
    pub instances: Option<u32>,
}

impl std::fmt::Debug for FoundStudy {
    /// Nobody's name belongs into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Found(hidden)")
    }
}

/// Most studies that are taken of an answer: who finds more should ask more closely.
pub const MOST_FOUND: usize = 500;
