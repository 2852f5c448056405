//! DICOMweb (PS3.18), the client side: STOW-RS, QIDO-RS, WADO-RS.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::PathBuf;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::{InMemDicomObject, Tag};
use serde_json::{Map, Value};
use ureq::http::{HeaderValue, Uri, header};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, RequestBuilder, SendBody, http};

use super::aside::{Pumped, aside};
use super::fetch::{Landing, MOST_OBJECT_BYTES, MOST_OBJECTS};
use super::message::status;
use super::multipart::{Parts, boundary};
use super::search::{found, is_wanted, keys};
use super::server::StoreStatus;
use super::study::{FoundStudy, MOST_FOUND, Query};
use super::{PacsError, Parcel, Patience, WebPeer, tls};
use crate::guard::regular;
use crate::page::base64;

/// Largest answer to a search or a store.
const MOST_ANSWER_BYTES: u64 = 16 << 20;
/// Largest file with a password or token.
const MOST_SECRET_BYTES: u64 = 64 << 10;
const JSON: &str = "application/dicom+json";
/// Objects unchanged, in whatever transfer syntax they are.
const OBJECTS: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";

/// A service, and how to talk to it.
#[derive(Clone)]
struct Service {
    agent: Agent,
    url: String,
    /// Host and port, for errors.
    name: String,
    authorization: Option<HeaderValue>,
}

fn here(what: impl Into<String>) -> PacsError {
    PacsError::Here(what.into())
}

impl Service {
    /// # Errors
    /// An invalid address, and invalid files.
    fn new(peer: &WebPeer, patience: Patience) -> Result<Self, PacsError> {
        let wrong = || here("the address of a DICOMweb service must be as `https://pacs.example/dicom-web`");
        let uri: Uri = peer.url.parse().map_err(|_| wrong())?;
        let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        if authority.as_str().contains('@') {
            return Err(here("the address of a DICOMweb service must hold no password: name a file with it"));
        }
        let (connect, answer) = (Some(patience.connect), Some(patience.answer));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Patients' data goes straight to the archive, never through a proxy.
            .proxy(None)
            .user_agent(concat!("fovea/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(connect)
            .timeout_connect(connect)
            .timeout_recv_response(answer)
            .timeout_per_read(answer)
            .timeout_per_write(answer)
            // For short answers; a study takes as long as it takes.
            .timeout_recv_body(answer)
            .tls_config(tls_config(peer)?);
        let authorization = authorization(peer)?;
        let url = peer.url.trim_end_matches('/').to_owned();
        Ok(Self { agent: config.build().into(), url, name: authority.to_string(), authorization })
    }

    fn with_secret<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        }
    }

    /// Without the address, which may name a patient.
    fn failed(&self, error: ureq::Error) -> PacsError {
        let peer = self.name.clone();
        match error {
            ureq::Error::Io(error) => PacsError::Away { peer, reason: error.to_string() },
            ureq::Error::Timeout(_) => PacsError::Away { peer, reason: "it did not answer in time".to_owned() },
            ureq::Error::HostNotFound => PacsError::Away { peer, reason: "its name is not known".to_owned() },
            ureq::Error::ConnectionFailed => PacsError::Away { peer, reason: "nobody is there".to_owned() },
            ureq::Error::Rustls(error) => PacsError::Refused { peer, reason: error.to_string() },
            ureq::Error::Tls(what) => PacsError::Refused { peer, reason: what.to_owned() },
            _ => PacsError::Nonsense { peer, reason: "what it said is no HTTP that can be followed".to_owned() },
        }
    }

    fn broke(&self, error: &std::io::Error) -> PacsError {
        PacsError::Away { peer: self.name.clone(), reason: error.to_string() }
    }

    fn nonsense(&self, reason: &str) -> PacsError {
        PacsError::Nonsense { peer: self.name.clone(), reason: reason.to_owned() }
    }

    /// The error of an HTTP status.
    fn refused(&self, code: http::StatusCode) -> PacsError {
        let peer = self.name.clone();
        match code.as_u16() {
            401 | 403 => {
                PacsError::Refused { peer, reason: "it does not let us in: user, password or token".to_owned() }
            }
            // Temporary: timeouts, too many requests, and problems on its side.
            code @ (408 | 425 | 429 | 500 | 502..=504 | 507) => PacsError::Http { peer, code, is_final: false },
            code => PacsError::Http { peer, code, is_final: true },
        }
    }

    fn json(&self, mut answer: http::Response<Body>) -> Result<Value, PacsError> {
        let body = answer.body_mut().with_config().limit(MOST_ANSWER_BYTES).read_to_vec();
        let body = body.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => self.nonsense("an answer that is far too long"),
            error => self.failed(error),
        })?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        // The parser's own message may quote what it read.
        serde_json::from_slice(&body).map_err(|_| self.nonsense("an answer that is no JSON"))
    }
}

fn tls_config(peer: &WebPeer) -> Result<TlsConfig, PacsError> {
    let Some(keys) = &peer.tls else { return Ok(TlsConfig::default()) };
    let certificates = |path: &PathBuf| -> Result<Vec<Certificate<'static>>, PacsError> {
        let pem = tls::pem(path)?;
        let found: Vec<_> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            Err(here(format!("{}: it holds no certificate in PEM", path.display())))
        } else {
            Ok(found)
        }
    };
    let mut config = TlsConfig::builder();
    if let Some(authorities) = &keys.authorities {
        config = config.root_certs(RootCerts::new_with_certs(&certificates(authorities)?));
    }
    if let Some((certificate, key)) = tls::own(keys)? {
        let chain = certificates(certificate)?;
        let key_pem = tls::pem(key)?;
        let wrong = |_| here(format!("{}: it holds no private key in PEM", key.display()));
        let key = PrivateKey::from_pem(&key_pem).map_err(wrong)?;
        config = config.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
    }
    Ok(config.build())
}

/// A user and a password, or a token alone (RFC 7617, RFC 6750).
fn authorization(peer: &WebPeer) -> Result<Option<HeaderValue>, PacsError> {
    let Some(path) = &peer.secret else { return Ok(None) };
    let secret = regular::read_text(path, MOST_SECRET_BYTES);
    let secret = secret.map_err(|error| here(format!("{}: {error}", path.display())))?;
    let secret = secret.trim_end_matches(['\r', '\n']);
    let text = match peer.user.as_str() {
        "" => format!("Bearer {secret}"),
        user => format!("Basic {}", base64::encoded(format!("{user}:{secret}").as_bytes())),
    };
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| here(format!("{}: it holds more than one line, or no plain text", path.display())))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Sends all parcels by STOW-RS, each in a request of its own, and returns the outcome of each.
///
/// # Errors
/// Nothing can be sent at all: an invalid address or file of ours. Once `may_go_on` says no, the remaining parcels get
/// [`PacsError::Stopped`].
pub fn store(
    peer: &WebPeer,
    parcels: &[Parcel],
    patience: Patience,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<Result<(), PacsError>>, PacsError> {
    let service = Service::new(peer, patience)?;
    let one = |parcel: &Parcel| {
        let (service, parcel) = (service.clone(), parcel.clone());
        aside(may_go_on, move || store_one(&service, &parcel))?
    };
    Ok(parcels.iter().map(one).collect())
}

fn store_one(service: &Service, parcel: &Parcel) -> Result<(), PacsError> {
    let unreadable = |error| here(format!("a file that was to be sent cannot be read: {error}"));
    let (file, file_bytes) = regular::open(&parcel.file).map_err(unreadable)?;
    let border = format!("fovea-{:032x}", rand::random::<u128>());
    let before = format!("--{border}\r\nContent-Type: application/dicom\r\n\r\n");
    let after = format!("\r\n--{border}--\r\n");
    let all_bytes = before.len() as u64 + file_bytes + after.len() as u64;
    let mut body = before.as_bytes().chain(file.take(file_bytes)).chain(after.as_bytes());
    let request = service.agent.post(format!("{}/studies", service.url));
    let request = service
        .with_secret(request)
        .header(header::CONTENT_TYPE, format!("multipart/related; type=\"application/dicom\"; boundary={border}"))
        .header(header::CONTENT_LENGTH, all_bytes)
        .header(header::ACCEPT, JSON);
    let answer = request.send(SendBody::from_reader(&mut body)).map_err(|error| service.failed(error))?;
    let code = answer.status();
    // The body tells what failed, even with status 409 (PS3.18 10.5.3).
    if !matches!(code.as_u16(), 200 | 202 | 409) {
        return Err(service.refused(code));
    }
    let says = service.json(answer).unwrap_or_default();
    match failure(&says) {
        Some(status::DUPLICATE_INSTANCE) => Ok(()),
        Some(failed) => Err(PacsError::Status {
            peer: service.name.clone(),
            status: failed,
            meaning: status::meaning(failed).to_owned(),
            is_final: status::is_final(failed),
        }),
        None if code.as_u16() == 409 => Err(service.refused(code)),
        None => Ok(()),
    }
}

/// Why the object was not stored, if the answer says so (PS3.18 table I.2-1).
fn failure(says: &Value) -> Option<u16> {
    const FAILED: &str = "00081198";
    const REASON: &str = "00081197";
    // Some servers return the data set itself, some a list with it.
    let says = if says.is_array() { says.get(0)? } else { says };
    let failed = says.get(FAILED)?.get("Value")?.get(0)?;
    let reason = failed.get(REASON).and_then(|reason| reason.get("Value")?.get(0)?.as_u64());
    Some(reason.and_then(|reason| u16::try_from(reason).ok()).unwrap_or(status::FAILURE))
}

/// The studies that match, by QIDO-RS, at most [`MOST_FOUND`].
///
/// # Errors
/// Those of the connection, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn find(
    peer: &WebPeer,
    query: &Query,
    patience: Patience,
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<FoundStudy>, PacsError> {
    let (peer, query) = (peer.clone(), query.clone());
    aside(may_go_on, move || studies(&peer, &query, patience, MOST_FOUND))?
}

/// Whether it answers a search for one study.
///
/// # Errors
/// Where it does not, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn echo(peer: &WebPeer, patience: Patience, may_go_on: &dyn Fn() -> bool) -> Result<(), PacsError> {
    let peer = peer.clone();
    aside(may_go_on, move || studies(&peer, &Query::default(), patience, 1).map(drop))?
}

fn studies(peer: &WebPeer, query: &Query, patience: Patience, most: usize) -> Result<Vec<FoundStudy>, PacsError> {
    const WANTED: [Tag; 3] =
        [tags::STUDY_DESCRIPTION, tags::MODALITIES_IN_STUDY, tags::NUMBER_OF_STUDY_RELATED_INSTANCES];
    let service = Service::new(peer, patience)?;
    let name = |tag: Tag| format!("{:04X}{:04X}", tag.0, tag.1);
    let mut request = service.agent.get(format!("{}/studies", service.url)).query("limit", most.to_string());
    for (tag, vr, value) in keys(query) {
        // In an address `^` is written `%5E`, which Orthanc 1.10 does not read back: anything in its place finds it.
        let value = if vr == VR::PN { value.replace('^', "*") } else { value };
        request = request.query(name(tag), value);
    }
    for tag in WANTED {
        request = request.query("includefield", name(tag));
    }
    let request = service.with_secret(request).header(header::ACCEPT, JSON);
    let answer = request.call().map_err(|error| service.failed(error))?;
    match answer.status().as_u16() {
        200 => {}
        204 => return Ok(Vec::new()),
        _ => return Err(service.refused(answer.status())),
    }
    match service.json(answer)? {
        Value::Array(all) => {
            let studies = all.into_iter().filter_map(|one| found(&object(one), query));
            Ok(studies.take(MOST_FOUND).collect())
        }
        Value::Null => Ok(Vec::new()),
        _ => Err(service.nonsense("an answer that is no list of studies")),
    }
}

/// The wanted attributes of a JSON data set; one that cannot be read is left out.
fn object(json: Value) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    let Value::Object(all) = json else { return object };
    for (key, value) in all {
        if u32::from_str_radix(&key, 16).is_ok_and(is_wanted) {
            let alone = Value::Object(Map::from_iter([(key, value)]));
            if let Ok(read) = dicom_json::from_value::<InMemDicomObject>(alone) {
                read.into_iter().for_each(|element| drop(object.put(element)));
            }
        }
    }
    object
}

/// Fetches all pictures of a study by WADO-RS.
///
/// # Errors
/// Those of the connection, and [`PacsError::Stopped`] once `may_go_on` says no.
pub fn retrieve(
    peer: &WebPeer,
    study_uid: &str,
    landing: &Landing,
    patience: Patience,
    arrived: &dyn Fn(usize),
    may_go_on: &dyn Fn() -> bool,
) -> Result<Vec<PathBuf>, PacsError> {
    let service = Service::new(peer, patience)?;
    let request = service.agent.get(format!("{}/studies/{study_uid}", service.url));
    let request = service.with_secret(request).header(header::ACCEPT, OBJECTS);
    let request = request.config().timeout_recv_body(None).build();
    let answer = aside(may_go_on, move || request.call())?.map_err(|error| service.failed(error))?;
    if !matches!(answer.status().as_u16(), 200 | 206) {
        return Err(service.refused(answer.status()));
    }
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).and_then(boundary);
    let kind = kind.ok_or_else(|| service.nonsense("an answer that holds no objects"))?;
    let body = answer.into_body().into_with_config().limit(u64::MAX).reader();
    let mut body = Pumped::new(body, may_go_on)?;
    let done = take_apart(&service, Parts::new(&mut body, &kind), landing, arrived);
    if body.is_stopped { Err(PacsError::Stopped) } else { done.map(|()| landing.paths()) }
}

fn take_apart<R: Read>(
    service: &Service,
    mut parts: Parts<R>,
    landing: &Landing,
    arrived: &dyn Fn(usize),
) -> Result<(), PacsError> {
    let file_name = landing.folder().join(format!("{}.{}", std::process::id(), super::receive::ENDING));
    let broke = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::InvalidData => service.nonsense(&error.to_string()),
        _ => service.broke(&error),
    };
    let mut count = 0;
    while parts.advance().map_err(broke)? {
        count += 1;
        if count > MOST_OBJECTS {
            return Err(service.nonsense("a study of far too many objects"));
        }
        let cannot = |error| here(format!("{}: {error}", landing.folder().display()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&file_name).map_err(cannot)?;
        let taken = parts.part(&mut file, MOST_OBJECT_BYTES).map_err(broke).map(|is_whole| {
            drop(file);
            if is_whole { landing.take(&file_name) } else { StoreStatus::CannotUnderstand }
        });
        let _ = std::fs::remove_file(&file_name);
        if taken? == StoreStatus::OutOfResources {
            return Err(here(format!("{}: no more files can be put there", landing.folder().display())));
        }
        arrived(landing.count());
    }
    Ok(())
}
