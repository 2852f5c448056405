//! C-FIND for studies (PS3.4 C.4.1, study root), and turning responses into studies.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::{InMemDicomObject, Tag};
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::association::{Association, Heard, is_answer};
use super::classes::{FIND, PLAIN};
use super::client::check;
use super::message::{CommandSet, element, field, is_uid, status};
use super::parcel::{attributes, text};
use super::request::{Proposal, associate, broken, name};
use super::study::{FoundStudy, MOST_FOUND, Query};
use super::wire::Broken;
use super::{PacsError, Patience, Peer};

/// Of one answer.
const MOST_ANSWER_BYTES: usize = 256 << 10;
const UTF_8: &str = "ISO_IR 192";

/// Attributes requested of each study, as 0xggggeeee: the character set and those of [`FoundStudy`].
pub fn is_wanted(tag: u32) -> bool {
    matches!(
        tag,
        0x0008_0005 | 0x0008_0020 | 0x0008_0061 | 0x0008_1030 | 0x0010_0010 | 0x0010_0020 | 0x0020_000d | 0x0020_1208
    )
}

/// The matching keys, as attribute and value; empty ones are left out.
pub fn keys(query: &Query) -> Vec<(Tag, VR, String)> {
    let mut name = clean(&query.patient_name);
    if !name.is_empty() && !name.contains(['*', '?']) {
        name.push('*');
    }
    let [from, to] = query.study_date.each_ref().map(|day| clean(day));
    let date = match (from.is_empty(), to.is_empty()) {
        (true, true) => String::new(),
        _ if from == to => from,
        _ => format!("{from}-{to}"),
    };
    let keys = [
        (tags::STUDY_DATE, VR::DA, date),
        (tags::MODALITIES_IN_STUDY, VR::CS, clean(&query.modality).to_uppercase()),
        (tags::PATIENT_NAME, VR::PN, name),
        (tags::PATIENT_ID, VR::LO, clean(&query.patient_id)),
    ];
    keys.into_iter().filter(|(.., value)| !value.is_empty()).collect()
}

/// A backslash would split the value in two.
fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control() && *c != '\\').collect()
}

/// The data set of a request (PS3.4 C.6.2.1).
fn identifier(query: &Query, syntax: &str) -> Option<Vec<u8>> {
    let empty = |tag, vr| DataElement::empty(tag, vr);
    let mut asked = InMemDicomObject::from_element_iter([
        empty(tags::STUDY_DATE, VR::DA),
        DataElement::new(tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        empty(tags::MODALITIES_IN_STUDY, VR::CS),
        empty(tags::STUDY_DESCRIPTION, VR::LO),
        empty(tags::PATIENT_NAME, VR::PN),
        empty(tags::PATIENT_ID, VR::LO),
        empty(tags::STUDY_INSTANCE_UID, VR::UI),
        empty(tags::NUMBER_OF_STUDY_RELATED_INSTANCES, VR::IS),
    ]);
    for (tag, vr, value) in keys(query) {
        if !value.is_ascii() {
            asked.put(DataElement::new(tags::SPECIFIC_CHARACTER_SET, VR::CS, UTF_8));
        }
        asked.put(DataElement::new(tag, vr, value));
    }
    let mut bytes = Vec::new();
    asked.write_dataset_with_ts(&mut bytes, TransferSyntaxRegistry.get(syntax)?).ok()?;
    Some(bytes)
}

/// The study in a response; `None` where it has no UID, or none of the modalities asked for: not every archive matches
/// by these.
pub fn found(object: &InMemDicomObject, query: &Query) -> Option<FoundStudy> {
    let study_uid = Some(text(object, tags::STUDY_INSTANCE_UID)).filter(|uid| is_uid(uid))?;
    let modalities: Vec<String> = text(object, tags::MODALITIES_IN_STUDY)
        .split(['\\', ','])
        .map(|one| one.trim().to_owned())
        .filter(|one| !one.is_empty())
        .collect();
    let wanted = clean(&query.modality).to_uppercase();
    if !wanted.is_empty() && !wanted.contains(['*', '?']) && !modalities.is_empty() && !modalities.contains(&wanted) {
        return None;
    }
    Some(FoundStudy {
        study_uid,
        patient_id: text(object, tags::PATIENT_ID),
        patient_name: text(object, tags::PATIENT_NAME),
        study_date: text(object, tags::STUDY_DATE),
        modalities,
        description: text(object, tags::STUDY_DESCRIPTION),
        instances: text(object, tags::NUMBER_OF_STUDY_RELATED_INSTANCES).trim().parse().ok(),
    })
}

/// The studies that match, at most [`MOST_FOUND`].
///
/// # Errors
/// Those of the connection, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn find(
    peer: &Peer,
    query: &Query,
    patience: Patience,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<FoundStudy>, PacsError> {
    let mut association = associate(peer, &[Proposal::new(FIND, &PLAIN)], patience, may_go_on)?;
    let Some(id) = association.context_for(FIND, None) else {
        association.release();
        return Err(PacsError::Refused { peer: name(peer), reason: "it cannot be searched for studies".to_owned() });
    };
    match answers(&mut association, id, query, patience) {
        Ok((studies, status)) => {
            association.release();
            match status {
                Some(status::CANCEL) if studies.len() == MOST_FOUND => {}
                status => check(peer, status)?,
            }
            Ok(studies)
        }
        Err(error) => {
            association.abort();
            Err(broken(peer, error))
        }
    }
}

/// The studies, and the status of the final response.
fn answers(
    association: &mut Association<'_>,
    id: u8,
    query: &Query,
    patience: Patience,
) -> Result<(Vec<FoundStudy>, Option<u16>), Broken> {
    let syntax = association.context(id).map(|context| context.syntax.clone()).unwrap_or_default();
    let asked = identifier(query, &syntax).ok_or_else(|| Broken::Line("a request cannot be written".to_owned()))?;
    let message = association.next_message();
    let command = CommandSet::request(field::C_FIND, message)
        .uid(element::AFFECTED_CLASS, FIND)
        .number(element::PRIORITY, 0)
        .with_data_set();
    association.send_command(id, &command)?;
    association.send_data(id, &mut asked.as_slice())?;
    let (mut studies, mut is_called_off) = (Vec::new(), false);
    loop {
        let Heard::Command(id, command) = association.command(patience.answer)? else {
            return Err(Broken::nonsense("the end of an association in the middle of a search"));
        };
        if !is_answer(&command, message, field::C_FIND) {
            return Err(Broken::nonsense("something that is no answer to a search"));
        }
        let data = match command.has_data_set() {
            true => association.data_in_memory(id, MOST_ANSWER_BYTES)?,
            false => Vec::new(),
        };
        match command.status() {
            Some(status) if status::is_pending(status) => {
                let object = attributes(&data, &syntax, is_wanted);
                studies.extend(object.and_then(|object| found(&object, query)).filter(|_| studies.len() < MOST_FOUND));
                if studies.len() == MOST_FOUND && !is_called_off {
                    is_called_off = true;
                    association.send_command(id, &CommandSet::cancel(message))?;
                }
            }
            status => return Ok((studies, status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_is_asked_for_and_no_more() {
        let query = Query {
            patient_name: "Müller\\".to_owned(),
            study_date: ["20240101".to_owned(), String::new()],
            modality: "op".to_owned(),
            ..Query::default()
        };
        for syntax in PLAIN {
            let bytes = identifier(&query, syntax).unwrap();
            assert!(bytes.windows(8).any(|part| part == "Müller*".as_bytes()), "as UTF-8");
            let read = attributes(&bytes, syntax, |_| true).unwrap();
            assert_eq!(text(&read, tags::PATIENT_NAME), "Müller*");
            assert_eq!(text(&read, tags::SPECIFIC_CHARACTER_SET), UTF_8);
            assert_eq!(text(&read, tags::STUDY_DATE), "20240101-");
            assert_eq!(text(&read, tags::MODALITIES_IN_STUDY), "OP");
            assert_eq!(text(&read, tags::PATIENT_ID), "");
        }
    }

    #[test]
    fn answers_in_other_alphabets_are_read() {
        let file = |set: &str, name: &[u8]| {
            let mut bytes = Vec::new();
            let mut element = |tag: [u8; 4], vr: &[u8; 2], value: &[u8]| {
                bytes.extend(tag);
                bytes.extend(vr);
                bytes.extend((value.len() as u16).to_le_bytes());
                bytes.extend(value);
            };
            element([8, 0, 5, 0], b"CS", set.as_bytes());
            element([8, 0, 0x61, 0], b"CS", b"OP\\SC ");
            element([0x10, 0, 0x10, 0], b"PN", name);
            element([0x20, 0, 0x0d, 0], b"UI", b"1.2\0");
            attributes(&bytes, super::super::classes::EXPLICIT_LITTLE, is_wanted).unwrap()
        };
        let query = Query { modality: "OP".to_owned(), ..Query::default() };
        let latin = found(&file("ISO_IR 100", b"M\xfcller^A "), &query).unwrap();
        assert_eq!(
            (latin.patient_name.as_str(), &latin.modalities[..]),
            ("Müller^A", &["OP".to_owned(), "SC".to_owned()][..])
        );
        assert_eq!(found(&file("ISO_IR 192", "山田 ".as_bytes()), &query).unwrap().patient_name, "山田");
        assert_eq!(found(&file("ISO_IR 192", b"a "), &Query { modality: "CR".to_owned(), ..query }), None);
    }
}
