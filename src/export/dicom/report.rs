//! Structured Report: Comprehensive SR after TID 1500 (PS3.16), preliminary and unverified.
//!
//! Says what the record says. A projection picture has no coordinates in a patient, so places are coordinates on the
//! picture.

use anyhow::Result;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::DicomObject;
use super::content::{Relation, code, container, container_rows, image, number, polyline, text, uid};
use super::element::{Code, Row, coded, item, row, sequence};
use super::kind::ObjectKind;
use super::shared::{Model, PROGRAM, Shared, VERSION};
use super::uid::uid as uid_of;
use super::words::{answer_code, class_code, question_code};
use crate::bundle::card::Class;
use crate::export::record::{BoxRecord, SettingsRecord};
use crate::export::{NOTICE, Record};

const STANDING: &str = "Preliminary and unverified: made by a program";

use Relation::{Contains, HasConceptModifier, HasObservationContext};

/// The report of an explained picture.
///
/// # Errors
/// Where the object cannot be written.
pub fn report(shared: &Shared<'_>, model: Model<'_>, record: &Record) -> Result<DicomObject> {
    let mut groups = vec![whole(shared, model, record)];
    if !record.report.is_refused {
        groups.extend(record.questions.iter().map(|question| {
            let said = vec![
                number(&probability(), f64::from(question.probability)),
                code(Contains, &Code::own("answer", "Answer"), &answer_code(question.answer)),
            ];
            group(
                shared,
                &question.name,
                &question_code(model.card, &question.name),
                &algorithm(model, &record.settings),
                said,
            )
        }));
        groups.extend(model.card.classes.iter().zip(&record.classes).map(|(class, said)| {
            let numbers = [
                (probability(), Some(f64::from(said.probability))),
                (Code::own("response-share", "Share of the dominant response"), said.response_share),
                (Code::own("operating-point", "Operating point"), said.operating_point.map(f64::from)),
            ];
            let said = numbers.into_iter().filter_map(|(name, value)| Some(number(&name, value?)));
            group(
                shared,
                &class.name,
                &class_code(model.card, class),
                &algorithm(model, &record.settings),
                said.collect(),
            )
        }));
        groups.extend(record.boxes.iter().filter_map(|found| region(shared, model, record, found)));
    }
    object(shared, groups)
}

/// The report of a picture without an answer.
///
/// # Errors
/// Like [`report`].
pub fn unanswered(shared: &Shared<'_>, reason: &str) -> Result<DicomObject> {
    let said = [vec![text(Contains, &Code::own("reason", "Why there is no answer"), reason)], standing()].concat();
    object(shared, vec![group(shared, "picture", &no_answer(), &[], said)])
}

fn no_answer() -> Code {
    Code::own("no-answer", "No answer")
}

fn probability() -> Code {
    Code::dcm("122157", "Probability")
}

/// What is said of the picture as a whole: decision, words, quality, what speaks against the answer.
fn whole(shared: &Shared<'_>, model: Model<'_>, record: &Record) -> InMemDicomObject {
    let decided = decided(model, record);
    let finding = decided.first().map_or_else(no_answer, |class| class_code(model.card, class));
    let finding = match (&record.findings, record.report.is_refused) {
        (Some(found), false) if found.is_empty() => Code::own("no-finding", "No finding at its operating point"),
        _ => finding,
    };
    let decision = Code::own("decision", "Decision");
    let mut said: Vec<InMemDicomObject> =
        decided.iter().map(|class| code(Contains, &decision, &class_code(model.card, class))).collect();
    let set = record.grade_set.iter().flatten().filter(|_| !record.report.is_refused);
    let of_set = Code::own("answer-set", "Answer that cannot be left out at the promised coverage");
    said.extend(
        set.filter_map(|c| model.card.classes.get(*c))
            .map(|class| code(Contains, &of_set, &class_code(model.card, class))),
    );
    if let Some(quality) = record.quality {
        let found = Code::own(&format!("quality-{}", quality.name()), quality.name());
        said.push(code(Contains, &Code::dcm("111050", "Quality Assessment"), &found));
    }
    said.extend(
        words(record).into_iter().filter(|(_, says)| !says.is_empty()).map(|(name, says)| text(Contains, &name, &says)),
    );
    said.extend(standing());
    group(shared, "picture", &finding, &algorithm(model, &record.settings), said)
}

/// The classes that the model decided for; none of an answer that is held back.
fn decided<'a>(model: Model<'a>, record: &Record) -> Vec<&'a Class> {
    let classes = &model.card.classes;
    match &record.findings {
        _ if record.report.is_refused => Vec::new(),
        Some(found) => classes.iter().filter(|class| found.contains(&class.name)).collect(),
        None => classes.get(record.decided).into_iter().collect(),
    }
}

/// The words of the record; empty ones are not there.
fn words(record: &Record) -> Vec<(Code, String)> {
    let report = &record.report;
    let gate = record.gate.as_ref().and_then(|gate| gate.says.clone());
    let disagreement = record.agreement.says.clone().filter(|_| !report.is_refused);
    let shown = if report.is_refused { String::new() } else { report.box_says.clone() };
    vec![
        (Code::own("headline", "Answer in words"), [&*report.headline, &*report.figure].join(" ").trim().to_owned()),
        (Code::own("beneath", "What stands beneath the answer"), report.beneath.clone()),
        (Code::own("rule", "How the answer follows"), report.rule.clone()),
        (Code::own("disagreement", "What does not agree"), disagreement.unwrap_or_default()),
        (Code::own("gate", "What the model's gate says"), gate.unwrap_or_default()),
        (
            Code::own("quality-reasons", "Why the quality is no better"),
            record.reasons.iter().flatten().cloned().collect::<Vec<_>>().join("; "),
        ),
        (Code::own("box", "What the box shows"), shown),
    ]
}

/// What holds of all of it.
fn standing() -> Vec<InMemDicomObject> {
    [NOTICE, STANDING].iter().map(|says| text(Contains, &Code::dcm("121106", "Comment"), says)).collect()
}

/// TID 1501: what is said of one thing.
fn group(
    shared: &Shared<'_>,
    tracked: &str,
    finding: &Code,
    algorithm: &[InMemDicomObject],
    said: Vec<InMemDicomObject>,
) -> InMemDicomObject {
    let source =
        shared.picture.as_ref().map(|picture| image(Contains, &Code::dcm("121112", "Source of Measurement"), picture));
    let below = tracking(shared, tracked).into_iter().chain([found(finding)]).chain(algorithm.iter().cloned());
    container(&measurement_group(), Some("1501"), below.chain(source).chain(said).collect())
}

/// TID 1410: the red box, as a closed line on the picture.
fn region(shared: &Shared<'_>, model: Model<'_>, record: &Record, found_box: &BoxRecord) -> Option<InMemDicomObject> {
    let picture = shared.picture.as_ref()?;
    let class = model.card.classes.iter().find(|class| class.name == found_box.class)?;
    let side = |start: u32, length: u32| (f64::from(start), f64::from(start) + f64::from(length));
    let ((left, right), (top, bottom)) = (side(found_box.x, found_box.width), side(found_box.y, found_box.height));
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    let share = Code::own("box-share", "Share of the class's response inside");
    let below =
        tracking(shared, &format!("box {}", class.name)).into_iter().chain([found(&class_code(model.card, class))]);
    let below = below.chain(algorithm(model, &record.settings));
    let below = below
        .chain([polyline(&Code::dcm("111030", "Image Region"), &corners, picture), number(&share, found_box.share)]);
    Some(container(&measurement_group(), Some("1410"), below.collect()))
}

fn measurement_group() -> Code {
    Code::dcm("125007", "Measurement Group")
}

fn found(finding: &Code) -> InMemDicomObject {
    code(Contains, &Code::dcm("121071", "Finding"), finding)
}

fn tracking(shared: &Shared<'_>, tracked: &str) -> [InMemDicomObject; 2] {
    let number = shared.uid(&format!("tracking {tracked}"));
    [
        text(HasObservationContext, &Code::dcm("112039", "Tracking Identifier"), tracked),
        uid(HasObservationContext, &Code::dcm("112040", "Tracking Unique Identifier"), &number),
    ]
}

/// TID 4019: which network with which weights, and how it was explained.
fn algorithm(model: Model<'_>, settings: &SettingsRecord) -> Vec<InMemDicomObject> {
    let parameters = [
        format!("weights SHA-256 {}", model.sha256),
        format!(
            "rule {}, evidence {}, magnitude {}, smoothing {} px, map of one class {}",
            settings.rule.name(),
            settings.evidence.name(),
            settings.magnitude.name(),
            settings.smoothing_px,
            settings.cam.title()
        ),
        format!("{PROGRAM} {VERSION}"),
    ];
    let known = [
        (Code::dcm("111001", "Algorithm Name"), model.card.name.as_str()),
        (Code::dcm("111003", "Algorithm Version"), model.card.version.as_str()),
    ];
    let parameter = Code::dcm("111002", "Algorithm Parameters");
    let known = known.iter().map(|(name, says)| text(HasConceptModifier, name, says));
    known.chain(parameters.iter().map(|says| text(HasConceptModifier, &parameter, says))).collect()
}

/// The whole document: TID 1500 around the groups, flags, and what it is evidence of.
fn object(shared: &Shared<'_>, groups: Vec<InMemDicomObject>) -> Result<DicomObject> {
    let mut below = context();
    if let Some(picture) = &shared.picture {
        let listed = image(Contains, &Code::sct("260753009", "Source"), picture);
        let library = container(&Code::dcm("126200", "Image Library Group"), None, vec![listed]);
        below.push(container(&Code::dcm("111028", "Image Library"), None, vec![library]));
    }
    below.push(container(&Code::dcm("126010", "Imaging Measurements"), None, groups));
    let mut rows = vec![
        row(tags::VALUE_TYPE, VR::CS, "CONTAINER"),
        coded(tags::CONCEPT_NAME_CODE_SEQUENCE, &Code::dcm("126000", "Imaging Measurement Report")),
        row(tags::COMPLETION_FLAG, VR::CS, "PARTIAL"),
        row(tags::COMPLETION_FLAG_DESCRIPTION, VR::LO, STANDING),
        row(tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED"),
        row(tags::PRELIMINARY_FLAG, VR::CS, "PRELIMINARY"),
        sequence(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, Vec::new()),
        sequence(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, Vec::new()),
    ];
    rows.extend(container_rows(Some("1500"), below));
    rows.extend(evidence(shared));
    shared.object(ObjectKind::Report, ("", 1, ObjectKind::Report.title()), "sr.dcm".to_owned(), rows)
}

/// TID 1204 and TID 1001: language and observer; what was reported on.
fn context() -> Vec<InMemDicomObject> {
    let language = Code::dcm("121049", "Language of Content Item and Descendants");
    let observer = |value: &str, meaning: &str| Code::dcm(value, meaning);
    vec![
        code(HasConceptModifier, &language, &Code::new("en", "RFC5646", "English")),
        code(HasObservationContext, &observer("121005", "Observer Type"), &Code::dcm("121007", "Device")),
        uid(HasObservationContext, &observer("121012", "Device Observer UID"), &uid_of(&[PROGRAM, VERSION])),
        text(HasObservationContext, &observer("121013", "Device Observer Name"), PROGRAM),
        text(HasObservationContext, &observer("121014", "Device Observer Manufacturer"), PROGRAM),
        text(HasObservationContext, &observer("121015", "Device Observer Model Name"), &format!("{PROGRAM} {VERSION}")),
        code(
            HasConceptModifier,
            &Code::dcm("121058", "Procedure reported"),
            &Code::sct("363679005", "Imaging procedure"),
        ),
    ]
}

/// The picture as evidence (PS3.3 C.17.2).
fn evidence(shared: &Shared<'_>) -> Option<Row> {
    let picture = shared.picture.as_ref()?;
    let series = item([
        row(tags::SERIES_INSTANCE_UID, VR::UI, picture.series_uid.as_str()),
        sequence(tags::REFERENCED_SOP_SEQUENCE, vec![picture.instance_item()]),
    ]);
    let study = item([
        row(tags::STUDY_INSTANCE_UID, VR::UI, shared.study_uid.as_str()),
        sequence(tags::REFERENCED_SERIES_SEQUENCE, vec![series]),
    ]);
    Some(sequence(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, vec![study]))
}
