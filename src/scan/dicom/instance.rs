//! Which object of a study a file is, and its place among the others: what a file of it is called after.

use dicom_dictionary_std::tags;

use super::attributes::{text, whole};
use super::source::Source;

/// Nothing that is wanted stands behind the instance number.
const END: u32 = 0x0020_0014;

/// Of a DICOM object.
#[derive(Clone, PartialEq, Eq)]
pub struct Instance {
    /// SOPInstanceUID (0008,0018).
    pub sop_instance_uid: String,
    /// `CR`, `DX`, `OP`; empty where the file does not say.
    pub modality: String,
    /// SeriesNumber (0020,0011).
    pub series_number: Option<i64>,
    /// InstanceNumber (0020,0013).
    pub instance_number: Option<i64>,
}

impl std::fmt::Debug for Instance {
    /// A UID leads to a patient.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Instance(hidden)")
    }
}

fn is_wanted(tag: u32) -> bool {
    matches!(tag, 0x0008_0018 | 0x0008_0060 | 0x0020_0011 | 0x0020_0013)
}

/// What the beginning of a DICOM file says; `None` where it does not say which object it is.
pub fn instance(head: &[u8]) -> Option<Instance> {
    let object = Source::beginning(head, is_wanted, END).ok()?;
    Some(Instance {
        sop_instance_uid: text(&object, tags::SOP_INSTANCE_UID)?,
        modality: text(&object, tags::MODALITY).unwrap_or_default(),
        series_number: whole(&object, tags::SERIES_NUMBER),
        instance_number: whole(&object, tags::INSTANCE_NUMBER),
    })
}
