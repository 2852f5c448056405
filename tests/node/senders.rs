//! Senders that break off, that are not known, and that bring the node its own answers.

use dicom_core::{DataElement, PrimitiveValue};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries::IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT;
use dicom_ul::association::client::ClientAssociationOptions;
use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu};

use super::*;

#[test]
fn broken_senders_leave_nothing_and_own_results_are_not_answered() {
    let (folder, sources) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let archive = Archive::new();
    let node = Node::receiving(folder.path(), &log, &archive);
    half_send(node.address.unwrap(), &picture(sources.path(), 0));
    let stranger = Peer { own_ae_title: "STRANGER".to_owned(), ..node.peer() };
    let parcel = picture(sources.path(), 1);
    assert!(client::store(&stranger, std::slice::from_ref(&parcel), Patience::default(), &|| true).is_err());
    let sent = client::store(&node.peer(), &[parcel], Patience::default(), &|| true).unwrap();
    assert!(sent.iter().all(Result::is_ok));
    until("the answer", || is_done(&node, &log));
    assert_answered_once(&archive.holdings, 1);
    // The archive routes them back to where pictures go.
    let copies = std::fs::read_dir(archive.copies.path()).unwrap();
    let back: Vec<Parcel> = copies.map(|entry| routed(entry.unwrap().path())).collect();
    let count = back.len();
    let sent = client::store(&node.peer(), &back, Patience::default(), &|| true).unwrap();
    // A node takes pictures; of its own results that is the report panel.
    let taken = sent.iter().filter(|answer| answer.is_ok()).count();
    assert!(taken > 0, "{sent:?}");
    until("the end", || node.waits() == 0);
    assert_eq!(archive.holdings.lock().unwrap().len(), count, "nothing was answered");
    let outcomes: Vec<String> =
        audit(folder.path()).iter().map(|line| line["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes[0], "explained");
    assert!(outcomes[1..].iter().all(|outcome| outcome == "own-result") && outcomes.len() == 1 + taken, "{outcomes:?}");
    let figures = node.get("/metrics");
    node.end();
    assert_silent(folder.path(), &log.lock().unwrap(), &figures);
}

fn routed(file: PathBuf) -> Parcel {
    let object = dicom_object::open_file(&file).unwrap();
    let meta = object.meta();
    Parcel {
        sop_class_uid: meta.media_storage_sop_class_uid.trim_end_matches('\0').to_owned(),
        sop_instance_uid: meta.media_storage_sop_instance_uid.trim_end_matches('\0').to_owned(),
        transfer_syntax_uid: meta.transfer_syntax.trim_end_matches('\0').to_owned(),
        file,
    }
}

/// Sends the first half of an object and hangs up.
fn half_send(to: SocketAddr, parcel: &Parcel) {
    let mut association = ClientAssociationOptions::new()
        .calling_ae_title("SENDER")
        .called_ae_title("FOVEA")
        .with_presentation_context(parcel.sop_class_uid.as_str(), vec![parcel.transfer_syntax_uid.as_str()])
        .establish(to)
        .unwrap();
    let text = |tag: Tag, value: &str| DataElement::new(tag, VR::UI, PrimitiveValue::from(value));
    let us = |tag: Tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let command = InMemDicomObject::command_from_element_iter([
        text(tags::AFFECTED_SOP_CLASS_UID, &parcel.sop_class_uid),
        us(tags::COMMAND_FIELD, 1),
        us(tags::MESSAGE_ID, 1),
        us(tags::PRIORITY, 0),
        us(tags::COMMAND_DATA_SET_TYPE, 0),
        text(tags::AFFECTED_SOP_INSTANCE_UID, &parcel.sop_instance_uid),
    ]);
    let mut bytes = Vec::new();
    command.write_dataset_with_ts(&mut bytes, &IMPLICIT.erased()).unwrap();
    let presentation_context_id = association.presentation_contexts()[0].id;
    let value = |value_type, is_last, data| PDataValue { presentation_context_id, value_type, is_last, data };
    let file = std::fs::read(&parcel.file).unwrap();
    let half = file[file.len() / 3..file.len() / 2].to_vec();
    association.send(&Pdu::PData { data: vec![value(PDataValueType::Command, true, bytes)] }).unwrap();
    association.send(&Pdu::PData { data: vec![value(PDataValueType::Data, false, half)] }).unwrap();
    drop(association);
}
