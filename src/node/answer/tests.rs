#[path = "../../../tests/common/stroke.rs"]
mod stroke;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::FileMetaTableBuilder;

use self::stroke::{Uids, stroke};
use super::*;
use crate::guard::checksum::sha256_hex;
use crate::network::DeviceChoice;
use crate::node::AUTO;

const NAME: &str = "Inventedname^Jane";

fn by(model: &str, is_silent: bool, limit_bytes: u64) -> ByModels {
    let models = Models { names: vec![model.to_owned()], folders: Vec::new(), device: DeviceChoice::Cpu };
    ByModels::open(models, Profile::Kept, is_silent, limit_bytes).unwrap()
}

/// A file of a small grey picture, and whatever else is wished.
fn picture(folder: &Path, modality: &str, light: u8, others: &[(Tag, VR, &str)]) -> std::path::PathBuf {
    let of = Uids { instance: "1.2.3.4", study: "1.2.3.5", series: "1.2.3.6" };
    let usual = [
        (tags::MODALITY, VR::CS, modality),
        (tags::BODY_PART_EXAMINED, VR::CS, "KNEE"),
        (tags::PATIENT_NAME, VR::PN, NAME),
    ];
    let file = folder.join(format!("{modality}-{light}"));
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    stroke(&of, light, &[&usual, others].concat()).with_meta(meta).unwrap().write_to_file(&file).unwrap();
    file
}

fn answered(answers: &mut ByModels, file: &Path) -> Answer {
    let sha256 = std::fs::read(file).map(|bytes| sha256_hex(&bytes)).unwrap_or_default();
    answers.answer(file, &sha256).unwrap()
}

fn instances(answer: &Answer) -> Vec<&str> {
    answer.objects.iter().map(|object| object.sop_instance_uid.as_str()).collect()
}

#[test]
fn a_picture_is_explained_and_its_own_results_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut answers = by("mnist", false, 1 << 30);
    let file = picture(folder.path(), "OT", 255, &[]);
    let first = answered(&mut answers, &file);
    assert_eq!((first.outcome, first.model.as_deref()), (Outcome::Explained, Some("mnist")));
    let classes: Vec<&str> = first.objects.iter().map(|object| object.sop_class_uid).collect();
    for class in [uids::SECONDARY_CAPTURE_IMAGE_STORAGE, uids::PARAMETRIC_MAP_STORAGE] {
        assert!(classes.contains(&class), "{classes:?}");
    }
    assert_eq!(instances(&first), instances(&answered(&mut answers, &file)), "whoever has it has it once");
    // A picture that was corrected keeps its UID.
    let corrected = answered(&mut answers, &picture(folder.path(), "OT", 250, &[]));
    assert!(instances(&corrected).iter().all(|uid| !instances(&first).contains(uid)));
    for object in &first.objects {
        let back = folder.path().join("back");
        std::fs::write(&back, &object.bytes).unwrap();
        let again = answered(&mut answers, &back);
        assert_eq!((again.outcome, again.objects.len()), (Outcome::OwnResult, 0), "{}", object.ending);
    }
}

#[test]
fn what_cannot_be_explained_is_answered_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = picture(folder.path(), "MR", 255, &[]);
    let mut auto = by(AUTO, false, 1 << 30);
    let one = |answers: &mut ByModels, file: &Path, outcome, word: &str| {
        let answer = answered(answers, file);
        let reason = answer.reason.clone().unwrap_or_default();
        assert_eq!((answer.outcome, answer.objects.len()), (outcome, 1), "{reason}");
        assert!(reason.contains(word), "{word} in {reason}");
        assert!(!reason.contains("Inventedname") && !reason.contains(&*folder.path().to_string_lossy()), "{reason}");
        answer
    };
    let refused = one(&mut auto, &file, Outcome::NotRead, "none of the models");
    let silent = answered(&mut by(AUTO, true, 1 << 30), &file);
    assert_eq!((silent.outcome, silent.objects.len()), (Outcome::NotRead, 0));
    one(&mut by("mnist", false, 1 << 20), &file, Outcome::Unreadable, "GB of memory");
    let odd = picture(folder.path(), "OT", 9, &[(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "ODD")]);
    one(&mut auto, &odd, Outcome::Unreadable, "ODD");
    let given_up = auto.give_up(&file, &"ab".repeat(32)).unwrap();
    assert_eq!((given_up.outcome, given_up.objects.len()), (Outcome::GivenUp, 1));
    assert_ne!(instances(&given_up), instances(&refused));
}

#[test]
fn what_nobody_asked_about_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut answers = by("mnist", false, 1 << 30);
    let mut dropped = |file: &Path| {
        let answer = answered(&mut answers, file);
        assert!(answer.objects.is_empty());
        answer.outcome
    };
    let of_class = |class: &str| picture(folder.path(), "OT", 7, &[(tags::SOP_CLASS_UID, VR::UI, class)]);
    assert_eq!(dropped(&of_class(uids::SEGMENTATION_STORAGE)), Outcome::NoPicture);
    assert_eq!(dropped(&of_class(uids::BASIC_TEXT_SR_STORAGE)), Outcome::NoPicture);
    let no_study = picture(folder.path(), "OT", 8, &[(tags::STUDY_INSTANCE_UID, VR::UI, "")]);
    assert_eq!(dropped(&no_study), Outcome::Unfiled, "nothing can be filed with it");
    assert_eq!(dropped(&folder.path().join("gone")), Outcome::Lost);
}
