//! What all objects of one picture share: whose it is, what they refer to, who made them, and their UIDs.

use anyhow::{Context, Result, bail};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

use super::element::{Code, Row, coded, empty, item, list, row, sequence};
use super::kind::Kind;
use super::patient::{days_back, deidentified, keyed, new_study, rows, said_of_removal};
use super::planes::Planes;
use super::uid::uid;
use super::{DicomObject, Profile, Source};
use crate::bundle::Card;
use crate::export::date;
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
    /// Day and time of the objects' making, and the whole moment with its offset.
    made: (String, String),
    made_at: String,
    /// What UIDs follow from: the picture, and how it was explained.
    picture_key: String,
    identity: String,
}

impl<'a> Shared<'a> {
    /// `made_at` is a moment as ISO 8601 has it, in UTC; `identity` whatever objects depend on besides the picture.
    ///
    /// # Errors
    /// A picture with burnt-in names that is to be de-identified.
    pub fn new(source: &Source<'_>, model: Option<Model<'a>>, made_at: &str, identity: String) -> Result<Self> {
        let is_hidden = source.profile == Profile::DeIdentified;
        if is_hidden && source.secret.is_empty() {
            bail!("de-identified objects need a secret that their UIDs and dates follow from");
        }
        let origin =
            source.origin.map(|origin| if is_hidden { deidentified(origin, source.secret) } else { origin.clone() });
        if is_hidden && burned_in(origin.as_ref()).as_deref() == Some("YES") {
            bail!(
                "its pixels carry annotations (Burned In Annotation is YES), so that it cannot be de-identified; clean the picture first"
            );
        }
        let (mut day, time) = moment(made_at, origin.as_ref()).context("the moment of making is none")?;
        let mut offset = "+0000";
        if let Some(origin) = source.origin.filter(|_| is_hidden) {
            // A true date here would give those of the patient away.
            day = date::moved(&day, -(days_back(origin, source.secret) as i64)).unwrap_or(day);
            offset = "";
        }
        let utc = moment(made_at, None).filter(|_| !is_hidden).unwrap_or_else(|| (day.clone(), time.clone()));
        let made_at = format!("{}{}{offset}", utc.0, utc.1);
        let file_key = || match is_hidden {
            true => keyed("file", &[source.sha256], source.secret),
            false => source.sha256.to_owned(),
        };
        let reference =
            origin.as_ref().map(|origin| Reference::of(origin).context("the picture does not say which object it is"));
        let reference = reference.transpose()?;
        let picture_key = match &reference {
            Some(known) => format!("{} {}", known.sop_instance_uid, known.frame.unwrap_or(1)),
            None => format!("file {}", file_key()),
        };
        let (study_uid, patient_and_study) = match &origin {
            Some(origin) => {
                let study =
                    origin.uid(tags::STUDY_INSTANCE_UID).context("the picture does not say which study it is of")?;
                (study, rows(origin))
            }
            None => {
                let study = uid(&["study", &picture_key]);
                let patient = format!("FOVEA-{}", &uid(&["patient", &picture_key])[5..16]);
                let mut rows = new_study(&study, &patient, (&day, &time));
                if is_hidden {
                    rows.extend(said_of_removal());
                }
                (study, rows)
            }
        };
        let planes = Planes::of(origin.as_ref(), uid(&["frame of reference", &picture_key]));
        // An object that was corrected keeps its UID: the answer to other bytes is another one.
        let identity = format!("{identity}\n{}", file_key());
        let made = (day, time);
        Ok(Self {
            study_uid,
            picture: reference,
            planes,
            model,
            origin,
            patient_and_study,
            made,
            made_at,
            picture_key,
            identity,
        })
    }

    /// The same of a photograph that has an object of its own.
    pub fn referring_to_own_picture(self) -> Self {
        let own = Reference {
            sop_class_uid: Kind::Picture.sop_class_uid().to_owned(),
            sop_instance_uid: self.instance_uid(Kind::Picture, ""),
            series_uid: self.series_uid(Kind::Picture),
            frame: None,
        };
        Self { picture: Some(self.picture.clone().unwrap_or(own)), ..self }
    }

    /// A UID that follows from picture, model, settings and `what`.
    pub fn uid(&self, what: &str) -> String {
        uid(&[what, &self.picture_key, self.model.map_or("", |model| model.sha256), &self.identity])
    }

    fn instance_uid(&self, kind: Kind, which: &str) -> String {
        self.uid(&format!("{} {which}", kind.name()))
    }

    /// Each kind of one picture by one model is a series, for a frame of reference belongs to a whole series.
    fn series_uid(&self, kind: Kind) -> String {
        uid(&["series", kind.name(), &self.picture_key, self.model.map_or("", |model| model.sha256)])
    }

    /// Whether the picture's own pixels carry names, as its file says.
    pub fn burned_in(&self) -> Option<String> {
        burned_in(self.origin.as_ref())
    }

    /// Whole file of the object `which` of its kind, number `number` of its series, with `own` rows beside the shared ones.
    pub fn object(
        &self,
        kind: Kind,
        (which, number): (&str, u32),
        ending: String,
        own: impl IntoIterator<Item = Row>,
    ) -> Result<DicomObject> {
        let sop_instance_uid = self.instance_uid(kind, which);
        let rows = self.patient_and_study.iter().cloned();
        let rows = rows.chain(self.series(kind)).chain(equipment()).chain(self.common(kind, &sop_instance_uid, number));
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
    fn series(&self, kind: Kind) -> Vec<Row> {
        let said = |tag| self.origin.as_ref().and_then(|origin| origin.text(tag));
        let by = self.model.map(|model| format!(" by {}", model.card.name)).unwrap_or_default();
        let mut rows = vec![
            row(tags::MODALITY, VR::CS, kind.modality()),
            row(tags::SERIES_INSTANCE_UID, VR::UI, self.series_uid(kind)),
            row(tags::SERIES_NUMBER, VR::IS, kind.series_number().to_string()),
            row(tags::SERIES_DESCRIPTION, VR::LO, format!("{PROGRAM}: {}{by}", kind.title())),
            row(tags::SERIES_DATE, VR::DA, self.made.0.as_str()),
            row(tags::SERIES_TIME, VR::TM, self.made.1.as_str()),
        ];
        let part = said(tags::BODY_PART_EXAMINED);
        // Type 2C: there, though perhaps unknown, but of a part that has no sides; where frames say it themselves it must not
        // be.
        let has_sides = !part.as_deref().is_some_and(|part| UNPAIRED.contains(&part));
        if matches!(kind, Kind::Picture | Kind::Capture) && has_sides {
            let side = said(tags::IMAGE_LATERALITY).or_else(|| said(tags::LATERALITY));
            let side = side.filter(|side| matches!(side.as_str(), "L" | "R"));
            rows.push(side.map_or_else(|| empty(tags::LATERALITY, VR::CS), |side| row(tags::LATERALITY, VR::CS, side)));
        }
        if kind != Kind::Report {
            rows.extend(part.map(|part| row(tags::BODY_PART_EXAMINED, VR::CS, part)));
        }
        rows
    }

    /// The module SOP Common (PS3.3 C.12.1), and when the content was made.
    fn common(&self, kind: Kind, sop_instance_uid: &str, number: u32) -> Vec<Row> {
        let (day, time) = (self.made.0.as_str(), self.made.1.as_str());
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
            row(tags::INSTANCE_NUMBER, VR::IS, number.to_string()),
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
            row(tags::CONTRIBUTION_DATE_TIME, VR::DT, self.made_at.as_str()),
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

/// `YYYYMMDD` and `HHMMSS` of a moment in UTC, in the zone of `origin` where its file says one: all times of an object are
/// in that.
fn moment(iso: &str, origin: Option<&Origin>) -> Option<(String, String)> {
    let digits: String = iso.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at_checked(8).filter(|(_, time)| time.len() == 6)?;
    let zone = origin.and_then(|origin| origin.text(tags::TIMEZONE_OFFSET_FROM_UTC));
    let offset = zone.and_then(|zone| offset_minutes(&zone)).unwrap_or(0);
    let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().ok();
    let minutes = part(0..2)? * 60 + part(2..4)? + offset;
    let day = date::moved(day, minutes.div_euclid(1440))?;
    let of_day = minutes.rem_euclid(1440);
    Some((day, format!("{:02}{:02}{}", of_day / 60, of_day % 60, &time[4..6])))
}

/// `+0530` in minutes.
fn offset_minutes(zone: &str) -> Option<i64> {
    let sign = match zone.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let number: i64 = zone.get(1..5).filter(|_| zone.len() == 5)?.parse().ok()?;
    Some(sign * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_the_zone_of_the_file() {
        let said = |zone: &str| {
            let object = InMemDicomObject::from_element_iter([row(tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, zone)]);
            moment("2024-02-29T23:10:05Z", Some(&Origin { object, frame: 0 })).unwrap()
        };
        assert_eq!(said("+0530"), ("20240301".to_owned(), "044005".to_owned()));
        assert_eq!(said("-0930"), ("20240229".to_owned(), "134005".to_owned()));
        assert_eq!(said("nonsense"), ("20240229".to_owned(), "231005".to_owned()));
        assert_eq!(moment("2024-02-29T23:10:05Z", None), Some(("20240229".to_owned(), "231005".to_owned())));
        assert_eq!(moment("yesterday", None), None);
    }
}
