//! Answering a request for an association: who may have one, and with which presentation contexts (PS3.8 9.3.2, 9.3.3).

use std::collections::BTreeSet;

use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationAC, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderPresentationReason, AssociationRJServiceUserReason, AssociationRJSource, AssociationRQ,
    Pdu, PresentationContextProposed, PresentationContextResult, PresentationContextResultReason, UserVariableItem,
};
use dicom_ul::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

use super::association::Context;
use super::classes::{COMMITMENT, IMPLICIT_LITTLE, PLAIN, VERIFICATION, is_read};
use super::request::{APPLICATION_CONTEXT, PROTOCOL_VERSION, most_bytes};
use super::wire::MOST_PDU_BYTES;

/// What was negotiated with a caller.
pub struct Agreed {
    pub answer: Pdu,
    pub contexts: Vec<Context>,
    pub most_out_bytes: u32,
    pub calling_ae_title: String,
}

/// Why a caller is refused an association.
#[derive(Debug)]
pub struct Refusal {
    pub answer: Box<Pdu>,
    /// For the log; quotes nothing that the caller sent.
    pub reason: &'static str,
}

/// Checks a request: our AE title, the calling AE titles allowed (`callers`; empty for all), and the SOP classes accepted.
pub fn agree(asked: Pdu, ae_title: &str, callers: &[String], takes: &dyn Fn(&str) -> bool) -> Result<Agreed, Refusal> {
    let Pdu::AssociationRQ(asked) = asked else {
        let source = AbortRQSource::ServiceProvider(AbortRQServiceProviderReason::UnexpectedPdu);
        return Err(Refusal { answer: Pdu::AbortRQ { source }.into(), reason: "no request for an association" });
    };
    if asked.protocol_version & PROTOCOL_VERSION == 0 {
        return Err(no(AssociationRJServiceUserReason::NoReasonGiven, "another version of the protocol"));
    }
    if asked.application_context_name.trim_end_matches(['\0', ' ']) != APPLICATION_CONTEXT {
        let reason = AssociationRJServiceUserReason::ApplicationContextNameNotSupported;
        return Err(no(reason, "another application context"));
    }
    if asked.called_ae_title.trim() != ae_title.trim() {
        return Err(no(AssociationRJServiceUserReason::CalledAETitleNotRecognized, "not our AE title"));
    }
    if !callers.is_empty() && !callers.iter().any(|caller| caller.trim() == asked.calling_ae_title.trim()) {
        return Err(no(AssociationRJServiceUserReason::CallingAETitleNotRecognized, "an AE title that may not come"));
    }
    let mut ids = BTreeSet::new();
    if !asked.presentation_contexts.iter().all(|context| context.id % 2 == 1 && ids.insert(context.id)) {
        let source = AbortRQSource::ServiceProvider(AbortRQServiceProviderReason::InvalidPduParameter);
        return Err(Refusal {
            answer: Pdu::AbortRQ { source }.into(),
            reason: "presentation contexts with wrong numbers",
        });
    }
    Ok(accepted(asked, takes))
}

fn no(reason: AssociationRJServiceUserReason, says: &'static str) -> Refusal {
    let source = AssociationRJSource::ServiceUser(reason);
    let answer = AssociationRJ { result: AssociationRJResult::Permanent, source };
    Refusal { answer: Pdu::AssociationRJ(answer).into(), reason: says }
}

/// The rejection sent while all slots are taken: transient, try again later.
pub fn full() -> Pdu {
    let reason = AssociationRJServiceProviderPresentationReason::LocalLimitExceeded;
    let source = AssociationRJSource::ServiceProviderPresentation(reason);
    Pdu::AssociationRJ(AssociationRJ { result: AssociationRJResult::Transient, source })
}

fn accepted(asked: AssociationRQ, takes: &dyn Fn(&str) -> bool) -> Agreed {
    let choices: Vec<Result<Context, (u8, PresentationContextResultReason)>> =
        asked.presentation_contexts.into_iter().map(|context| choose(context, takes)).collect();
    let result = |choice: &Result<Context, _>| match choice {
        Ok(context) => PresentationContextResult {
            id: context.id,
            reason: PresentationContextResultReason::Acceptance,
            transfer_syntax: context.syntax.clone(),
        },
        Err((id, reason)) => {
            let transfer_syntax = IMPLICIT_LITTLE.to_owned();
            PresentationContextResult {
                id: *id,
                reason: PresentationContextResultReason::clone(reason),
                transfer_syntax,
            }
        }
    };
    let answer = AssociationAC {
        protocol_version: PROTOCOL_VERSION,
        calling_ae_title: asked.calling_ae_title.clone(),
        called_ae_title: asked.called_ae_title,
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: choices.iter().map(result).collect(),
        user_variables: vec![
            UserVariableItem::MaxLength(MOST_PDU_BYTES),
            UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
            UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION_NAME.to_owned()),
        ],
    };
    Agreed {
        answer: Pdu::AssociationAC(answer),
        contexts: choices.into_iter().flatten().collect(),
        most_out_bytes: asked.user_variables.iter().find_map(most_bytes).unwrap_or(MOST_PDU_BYTES),
        calling_ae_title: asked.calling_ae_title.trim().to_owned(),
    }
}

/// The first proposed transfer syntax that is accepted for this class.
fn choose(
    proposed: PresentationContextProposed,
    takes: &dyn Fn(&str) -> bool,
) -> Result<Context, (u8, PresentationContextResultReason)> {
    let trimmed = |uid: &str| uid.trim_end_matches(['\0', ' ']).to_owned();
    let (id, class) = (proposed.id, trimmed(&proposed.abstract_syntax));
    let is_plain = matches!(class.as_str(), VERIFICATION | COMMITMENT);
    if !is_plain && !takes(&class) {
        return Err((id, PresentationContextResultReason::AbstractSyntaxNotSupported));
    }
    let mut syntaxes = proposed.transfer_syntaxes.iter().map(|syntax| trimmed(syntax));
    let syntax = syntaxes.find(|uid| if is_plain { PLAIN.contains(&uid.as_str()) } else { is_read(uid) });
    let syntax = syntax.ok_or((id, PresentationContextResultReason::TransferSyntaxesNotSupported))?;
    Ok(Context { id, class, syntax })
}
