//! What all objects of one picture share: whose it is, what they refer to, who made them, and their UIDs.

use anyhow::{Context, Result, bail};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

use super::element::{Code, Row, coded, empty, item, list, row, sequence};
use super::kind::ObjectKind;
use super::patient::{deidentified, keyed, new_study, rows, said_of_removal};
use super::planes::Planes;
use super::stamp::Stamp;
use super::uid::uid;
use super::{DicomObject, Source};
use crate::bundle::Card;
use crate::scan::dicom::Origin;

/// Who makes the objects, and with what.
pub use crate::scan::dicom::PROGRAM;
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Parts of the body that have no side (PS3.16 annex L).
const UNPAIRED: [&str; 12] =
    ["ABDOMEN", "CHEST", "COCCYX", "CSPINE", "HEAD", "HEART", "LSPINE", "NECK", "PELVIS", "SKULL", "SSPINE", "TSPINE"];

/// The picture that objects are derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub series_uid: String,
    /// Of a file with several, counted from 1.
    pub frame: Option<u32>,
}

impl Reference {
    fn of(origin: &Origin) -> Option<Self> {
        Some(Self {
            sop_class_uid: origin.uid(tags::SOP_CLASS_UID)?,
            sop_instance_uid: origin.uid(tags::SOP_INSTANCE_UID)?,
            series_uid: origin.uid(tags::SERIES_INSTANCE_UID)?,
            frame: (origin.frames() > 1).then_some(origin.frame + 1),
        })
    }

    /// The object, whatever frame of it.
    pub fn instance_item(&self) -> InMemDicomObject {
        item([
            row(tags::REFERENCED_SOP_CLASS_UID, VR::UI, self.sop_class_uid.as_str()),
            row(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, self.sop_instance_uid.as_str()),
        ])
    }

    /// Image SOP Instance Reference Macro (PS3.3 10.3).
    pub fn item(&self) -> InMemDicomObject {
        let mut item = self.instance_item();
        if let Some(frame) = self.frame {
            item.put(row(tags::REFERENCED_FRAME_NUMBER, VR::IS, frame.to_string()));
        }
        item
    }

    /// One of Source Image Sequence, with whether what is derived lies over the picture.
    pub fn source_item(&self, is_in_place: bool) -> InMemDicomObject {
        let mut item = self.item();
        item.put(row(tags::SPATIAL_LOCATIONS_PRESERVED, VR::CS, if is_in_place { "YES" } else { "NO" }));
        let purpose = Code::dcm("121322", "Source image for image processing operation");
        item.put(coded(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, &purpose));
        item
    }

    /// The functional group Derivation Image (PS3.3 C.7.6.16.2.6).
    pub fn derivation(&self, how: &Code) -> Row {
        let derivation = item([
            coded(tags::DERIVATION_CODE_SEQUENCE, how),
            sequence(tags::SOURCE_IMAGE_SEQUENCE, vec![self.source_item(true)]),
        ]);
        sequence(tags::DERIVATION_IMAGE_SEQUENCE, vec![derivation])
    }

    /// The module Common Instance Reference, of an object in the same study (PS3.3 C.12.2).
    pub fn series_row(&self) -> Row {
        let series = item([
            row(tags::SERIES_INSTANCE_UID, VR::UI, self.series_uid.as_str()),
            sequence(tags::REFERENCED_INSTANCE_SEQUENCE, vec![self.instance_item()]),
        ]);
        sequence(tags::REFERENCED_SERIES_SEQUENCE, vec![series])
    }
}

/// A model as objects name it.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    pub card: &'a Card,
    /// Of its weights.
    pub sha256: &'a str,
}

/// What may be repeated of the picture's file.
fn under_profile(source: &Source<'_>) -> Result<Option<Origin>> {
    if !source.is_hidden() {
        return Ok(source.origin.cloned());
    }
    if source.secret.is_empty() {
        bail!("de-identified objects need a secret that their UIDs and dates follow from");
    }
    if burned_in(source.origin).as_deref() == Some("YES") {
        bail!(
            "its pixels carry annotations (Burned In Annotation is YES), so that it cannot be de-identified; clean the \
             picture first"
        );
    }
    Ok(source.origin.map(|origin| deidentified(origin, source.secret)))
}

/// What all objects of one picture share.
pub struct Shared<'a> {
    pub study_uid: String,
    /// `None` where nothing can be referred to: a photograph that has no object of its own.
    pub picture: Option<Reference>,
    pub planes: Planes,
    pub model: Option<Model<'a>>,
    /// Under the profile that is asked for.
    pub origin: Option<Origin>,
    patient_and_study: Vec<Row>,
    made: Stamp,
    /// What UIDs follow from: the picture, and how it was explained.
    picture_key: String,
    identity: String,
    lossy_bytes: Option<u64>,
}

impl<'a> Shared<'a> {
    /// `made_at` is a moment as ISO 8601 has it, in UTC; `identity` whatever objects depend on besides the picture.
    ///
    /// # Errors
    /// A picture that does not say which it is, or one with burnt-in names that is to be de-identified.
    pub fn new(source: &Source<'_>, model: Option<Model<'a>>, made_at: &str, identity: String) -> Result<Self> {
        let origin = under_profile(source)?;
        let made = Stamp::new(source, origin.as_ref(), made_at).context("the moment of making is none")?;
        let picture = match &origin {
            Some(origin) => Some(Reference::of(origin).context("the picture does not say which object it is")?),
            None => None,
        };
        let file_key = match source.is_hidden() {
            true => keyed("file", &[source.sha256], source.secret),
            false => source.sha256.to_owned(),
        };
        let picture_key = match &picture {
            Some(known) => format!("{} {}", known.sop_instance_uid, known.frame.unwrap_or(1)),
            None => format!("file {file_key}"),
        };
        let new_study_uid = uid(&["study", &picture_key]);
        let (study_uid, patient_and_study) = match &origin {
            Some(origin) => (origin.uid(tags::STUDY_INSTANCE_UID).unwrap_or(new_study_uid), rows(origin)),
            None => {
                let patient = format!("FOVEA-{}", &uid(&["patient", &picture_key])[5..16]);
                let rows = new_study(&new_study_uid, &patient, (&made.day, &made.time));
                let removal = if source.is_hidden() { said_of_removal() } else { Vec::new() };
                (new_study_uid, rows.into_iter().chain(removal).collect())
            }
        };
        let planes = Planes::of(origin.as_ref(), uid(&["frame of reference", &picture_key]));
        // An object that was corrected keeps its UID: the answer to other bytes is another one.
        let identity = format!("{identity}\n{file_key}");
        Ok(Self {
            study_uid,
            picture,
            planes,
            model,
            origin,
            patient_and_study,
            made,
            picture_key,
            identity,
            lossy_bytes: source.lossy_bytes,
        })
    }

    /// The same of a photograph that has an object of its own.
    pub fn referring_to_own_picture(self) -> Self {
        let own = Reference {
            sop_class_uid: ObjectKind::Picture.sop_class_uid().to_owned(),
            sop_instance_uid: self.instance_uid(ObjectKind::Picture, ""),
            series_uid: self.series_uid(ObjectKind::Picture, ""),
            frame: None,
        };
        Self { picture: Some(self.picture.clone().unwrap_or(own)), ..self }
    }

    /// A UID that follows from picture, model, settings and `what`.
    pub fn uid(&self, what: &str) -> String {
        uid(&[what, &self.picture_key, self.model.map_or("", |model| model.sha256), &self.identity])
    }

    fn instance_uid(&self, kind: ObjectKind, which: &str) -> String {
        self.uid(&format!("{} {which}", kind.name()))
    }

    /// Each object is a series of its own: a frame of reference belongs to a whole series, and a viewer that lists series
    /// (OHIF) opens the first map of one and no other.
    fn series_uid(&self, kind: ObjectKind, which: &str) -> String {
        uid(&["series", kind.name(), which, &self.picture_key, self.model.map_or("", |model| model.sha256)])
    }

    /// That the picture lost something when it was compressed, which all that is derived from it says, too (PS3.3 C.7.6.1.1.5);
    /// nothing where that is not known. `size_px` is the picture's.
    pub fn lossy(&self, (width, height): (u32, u32)) -> Vec<Row> {
        if let Some(origin) = &self.origin {
            let is_lossy = origin.text(tags::LOSSY_IMAGE_COMPRESSION).as_deref() == Some("01");
            let said = [
                tags::LOSSY_IMAGE_COMPRESSION,
                tags::LOSSY_IMAGE_COMPRESSION_RATIO,
                tags::LOSSY_IMAGE_COMPRESSION_METHOD,
            ];
            return said.iter().filter(|_| is_lossy).filter_map(|tag| origin.object.get(*tag).cloned()).collect();
        }
        let Some(bytes) = self.lossy_bytes else { return Vec::new() };
        let ratio = 3.0 * f64::from(width) * f64::from(height) / bytes.max(1) as f64;
        vec![
            row(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01"),
            row(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, format!("{ratio:.2}")),
            row(tags::LOSSY_IMAGE_COMPRESSION_METHOD, VR::CS, "ISO_10918_1"),
        ]
    }

    /// Whether the picture's own pixels carry names, as its file says.
    pub fn burned_in(&self) -> Option<String> {
        burned_in(self.origin.as_ref())
    }

    /// Whole file of the object `which` of its kind, the `number`th of them and called `title` in a list of series, with `own`
    /// rows beside the shared ones.
    pub fn object(
        &self,
        kind: ObjectKind,
        (which, number, title): (&str, u32, &str),
        ending: String,
        own: impl IntoIterator<Item = Row>,
    ) -> Result<DicomObject> {
        let sop_instance_uid = self.instance_uid(kind, which);
        let rows = self.patient_and_study.iter().cloned();
        let rows = rows.chain(self.series(kind, (which, number, title)));
        let rows = rows.chain(equipment()).chain(self.common(kind, &sop_instance_uid));
        let object = InMemDicomObject::from_element_iter(rows.chain(own));
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
            .implementation_class_uid(uid(&[PROGRAM, "implementation"]))
            .implementation_version_name(format!("{}_{VERSION}", PROGRAM.to_uppercase()));
        let mut bytes = Vec::new();
        object.with_meta(meta)?.write_all(&mut bytes)?;
        Ok(DicomObject { ending, sop_class_uid: kind.sop_class_uid(), sop_instance_uid, bytes })
    }

    /// The module General Series (PS3.3 C.7.3.1).
    fn series(&self, kind: ObjectKind, (which, number, title): (&str, u32, &str)) -> Vec<Row> {
        let said = |tag| self.origin.as_ref().and_then(|origin| origin.text(tag));
        let by = self.model.map(|model| format!(" by {}", model.card.name)).unwrap_or_default();
        let mut rows = vec![
            row(tags::MODALITY, VR::CS, kind.modality()),
            row(tags::SERIES_INSTANCE_UID, VR::UI, self.series_uid(kind, which)),
            row(tags::SERIES_NUMBER, VR::IS, (kind.first_series_number() + number - 1).to_string()),
            row(tags::SERIES_DESCRIPTION, VR::LO, format!("{PROGRAM}: {title}{by}")),
        ];
        let part = said(tags::BODY_PART_EXAMINED);
        // Type 2C: there, though perhaps unknown, but of a part that has no sides; where frames say it themselves it must not
        // be.
        let has_sides = !part.as_deref().is_some_and(|part| UNPAIRED.contains(&part));
        if matches!(kind, ObjectKind::Picture | ObjectKind::Capture) && has_sides {
            let side = said(tags::IMAGE_LATERALITY).or_else(|| said(tags::LATERALITY));
            let side = side.filter(|side| matches!(side.as_str(), "L" | "R"));
            rows.push(side.map_or_else(|| empty(tags::LATERALITY, VR::CS), |side| row(tags::LATERALITY, VR::CS, side)));
        }
        if kind != ObjectKind::Report {
            rows.extend(part.map(|part| row(tags::BODY_PART_EXAMINED, VR::CS, part)));
        }
        rows
    }

    /// The module SOP Common (PS3.3 C.12.1), and when the content was made.
    fn common(&self, kind: ObjectKind, sop_instance_uid: &str) -> Vec<Row> {
        let (day, time) = (self.made.day.as_str(), self.made.time.as_str());
        let scheme = item([
            row(tags::CODING_SCHEME_DESIGNATOR, VR::SH, super::element::OWN_SCHEME),
            row(tags::CODING_SCHEME_NAME, VR::ST, "Classes and statements of models read by Fovea"),
        ]);
        let mut rows = vec![
            row(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
            row(tags::SOP_CLASS_UID, VR::UI, kind.sop_class_uid()),
            row(tags::SOP_INSTANCE_UID, VR::UI, sop_instance_uid),
            row(tags::INSTANCE_CREATION_DATE, VR::DA, day),
            row(tags::INSTANCE_CREATION_TIME, VR::TM, time),
            row(tags::CONTENT_DATE, VR::DA, day),
            row(tags::CONTENT_TIME, VR::TM, time),
            row(tags::INSTANCE_NUMBER, VR::IS, "1"),
            sequence(tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE, vec![scheme]),
        ];
        rows.extend(self.model.map(|model| self.contribution(model)));
        rows
    }

    fn contribution(&self, model: Model<'_>) -> Row {
        let contribution = item([
            coded(tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, &Code::dcm("109102", "Processing Equipment")),
            row(tags::MANUFACTURER, VR::LO, PROGRAM),
            row(tags::MANUFACTURER_MODEL_NAME, VR::LO, model.card.name.as_str()),
            list(tags::SOFTWARE_VERSIONS, VR::LO, &[&model.card.version.replace('\\', " "), model.sha256]),
            row(tags::CONTRIBUTION_DATE_TIME, VR::DT, self.made.at.as_str()),
            row(
                tags::CONTRIBUTION_DESCRIPTION,
                VR::ST,
                format!(
                    "Network that was explained; its weights have the SHA-256 {}. {}",
                    model.sha256,
                    crate::export::NOTICE
                ),
            ),
        ]);
        sequence(tags::CONTRIBUTING_EQUIPMENT_SEQUENCE, vec![contribution])
    }
}

fn burned_in(origin: Option<&Origin>) -> Option<String> {
    origin?.text(tags::BURNED_IN_ANNOTATION)
}

/// The modules General Equipment and Enhanced General Equipment (PS3.3 C.7.5).
fn equipment() -> [Row; 4] {
    [
        row(tags::MANUFACTURER, VR::LO, PROGRAM),
        row(tags::MANUFACTURER_MODEL_NAME, VR::LO, PROGRAM),
        // A program has no serial number, and an empty one is not allowed.
        row(tags::DEVICE_SERIAL_NUMBER, VR::LO, VERSION),
        row(tags::SOFTWARE_VERSIONS, VR::LO, VERSION),
    ]
}
