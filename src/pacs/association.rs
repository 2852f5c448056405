//! An established association (PS3.8 7, PS3.7 6.3): commands and data sets, in fragments that both sides accept.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

use dicom_ul::pdu::{AbortRQServiceProviderReason, AbortRQSource, PDataValue, PDataValueType, Pdu};

use super::message::{CommandSet, MOST_COMMAND_BYTES};
use super::wire::{Broken, MOST_PDU_BYTES, Wire};

/// The smallest PDU length the other side may announce: with less, an object would be a million PDUs.
pub const LEAST_PDU_BYTES: u32 = 128;
/// Header of a fragment, within its PDU.
const FRAGMENT_HEAD_BYTES: u32 = 6;
/// A sender slower than this blocks a slot that others need.
const SLOWEST_BYTES_PER_S: u64 = 16 << 10;
/// How long to wait for the answer to a release request.
const PARTING: Duration = Duration::from_secs(5);

/// A presentation context: under this id, objects of this class in this transfer syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    pub id: u8,
    pub class: String,
    pub syntax: String,
}

/// What the other side wants.
#[derive(Debug)]
pub enum Heard {
    /// A request or a response, under the presentation context with this id.
    Command(u8, CommandSet),
    /// To release the association.
    Release,
}

/// What became of a data set that was read to its end.
#[derive(Debug)]
pub enum Body {
    Whole,
    TooLarge,
    /// It could not be written.
    NotWritten,
}

pub struct Association<'a> {
    wire: Wire<'a>,
    pub contexts: Vec<Context>,
    /// The longest PDU that the other side accepts, in bytes.
    most_out: u32,
    /// For each response, and each PDU of a data set.
    patience: Duration,
    fragments: VecDeque<PDataValue>,
    messages: u16,
}

impl<'a> Association<'a> {
    /// `most_out_bytes` as the other side announced it; 0 means no limit.
    ///
    /// # Errors
    /// A PDU length too small to send objects in.
    pub fn new(
        wire: Wire<'a>,
        contexts: Vec<Context>,
        most_out_bytes: u32,
        patience: Duration,
    ) -> Result<Self, Broken> {
        let most_out = if most_out_bytes == 0 { MOST_PDU_BYTES } else { most_out_bytes.min(MOST_PDU_BYTES) };
        if most_out < LEAST_PDU_BYTES {
            return Err(Broken::nonsense(format!("it takes units of {most_out} bytes alone")));
        }
        Ok(Self { wire, contexts, most_out, patience, fragments: VecDeque::new(), messages: 0 })
    }

    /// The message id of the next request.
    pub fn next_message(&mut self) -> u16 {
        self.messages = self.messages.wrapping_add(1);
        self.messages
    }

    pub fn context(&self, id: u8) -> Option<&Context> {
        self.contexts.iter().find(|context| context.id == id)
    }

    /// The id of the presentation context for objects of `class`, in `syntax` where that matters.
    pub fn context_for(&self, class: &str, syntax: Option<&str>) -> Option<u8> {
        let fits = |c: &&Context| c.class == class && syntax.is_none_or(|syntax| c.syntax == syntax);
        self.contexts.iter().find(fits).map(|context| context.id)
    }

    /// The next fragment; `None` where the other side asks for release.
    fn fragment(&mut self, until: Instant) -> Result<Option<PDataValue>, Broken> {
        loop {
            if let Some(fragment) = self.fragments.pop_front() {
                if self.context(fragment.presentation_context_id).is_none() {
                    return Err(Broken::nonsense("a message under a presentation context that was not agreed on"));
                }
                return Ok(Some(fragment));
            }
            match self.wire.receive(until)? {
                Pdu::PData { data } => self.fragments.extend(data),
                Pdu::ReleaseRQ => return Ok(None),
                Pdu::AbortRQ { .. } => return Err(Broken::Closed),
                _ => return Err(Broken::nonsense("a unit of the DICOM protocol that has no place here")),
            }
        }
    }

    /// The next command, which must arrive complete within `patience`.
    pub fn command(&mut self, patience: Duration) -> Result<Heard, Broken> {
        let until = Instant::now() + patience;
        let (mut bytes, mut context) = (Vec::new(), None);
        loop {
            let Some(fragment) = self.fragment(until)? else {
                return if context.is_none() {
                    Ok(Heard::Release)
                } else {
                    Err(Broken::nonsense("the end of an association in the middle of a command"))
                };
            };
            let id = fragment.presentation_context_id;
            if fragment.value_type != PDataValueType::Command || context.is_some_and(|known| known != id) {
                return Err(Broken::nonsense("data where a command should be"));
            }
            context = Some(id);
            bytes.extend(fragment.data);
            if bytes.len() > MOST_COMMAND_BYTES {
                return Err(Broken::nonsense(format!("a command of more than {MOST_COMMAND_BYTES} bytes")));
            }
            if fragment.is_last {
                let command = CommandSet::decode(&bytes);
                let command = command.ok_or_else(|| Broken::nonsense("a command that cannot be followed"))?;
                return Ok(Heard::Command(id, command));
            }
        }
    }

    /// The response to the request with message id `message`.
    pub fn answer(&mut self, message: u16, field: u16) -> Result<CommandSet, Broken> {
        match self.command(self.patience)? {
            Heard::Command(_, command) if is_answer(&command, message, field) => Ok(command),
            _ => Err(Broken::nonsense("something that is no answer to what was asked")),
        }
    }

    /// Reads the data set that follows a command under `context` and writes it to `sink` as it arrives. One that cannot be
    /// written, or exceeds `most_bytes`, is still read for up to twice that, so that the other side can be told why.
    ///
    /// # Errors
    /// A broken connection, a sender that is too slow, or something that is no data set.
    pub fn data(&mut self, context: u8, sink: &mut dyn Write, most_bytes: u64) -> Result<Body, Broken> {
        let (started, mut received, mut body) = (Instant::now(), 0u64, Body::Whole);
        loop {
            let fair = Duration::from_secs(received / SLOWEST_BYTES_PER_S);
            let until = (Instant::now() + self.patience).min(started + self.patience + fair);
            let fragment = self.fragment(until)?;
            let fragment = fragment.ok_or_else(|| Broken::nonsense("the end of an association within a data set"))?;
            if fragment.value_type != PDataValueType::Data || fragment.presentation_context_id != context {
                return Err(Broken::nonsense("a command within a data set"));
            }
            received += fragment.data.len() as u64;
            if received > most_bytes.saturating_mul(2) {
                return Err(Broken::nonsense(format!("a data set of more than {most_bytes} bytes")));
            }
            if received > most_bytes {
                body = Body::TooLarge;
            }
            if matches!(body, Body::Whole) && sink.write_all(&fragment.data).is_err() {
                body = Body::NotWritten;
            }
            if fragment.is_last {
                return Ok(body);
            }
        }
    }

    /// Like [`Self::data`], into memory.
    ///
    /// # Errors
    /// As there, or a data set that is too large.
    pub fn data_in_memory(&mut self, context: u8, most_bytes: usize) -> Result<Vec<u8>, Broken> {
        let mut bytes = Vec::new();
        match self.data(context, &mut bytes, most_bytes as u64)? {
            Body::Whole => Ok(bytes),
            _ => Err(Broken::nonsense(format!("a data set of more than {most_bytes} bytes"))),
        }
    }

    /// Reads a data set and discards it.
    pub fn skip_data(&mut self, context: u8, most_bytes: u64) -> Result<(), Broken> {
        self.data(context, &mut std::io::sink(), most_bytes).map(drop)
    }

    pub fn send_command(&mut self, context: u8, command: &CommandSet) -> Result<(), Broken> {
        self.send_fragments(context, PDataValueType::Command, &mut command.encode().as_slice())
    }

    /// Sends `data` as the data set of the preceding command.
    pub fn send_data(&mut self, context: u8, data: &mut dyn Read) -> Result<(), Broken> {
        self.send_fragments(context, PDataValueType::Data, data)
    }

    fn send_fragments(&mut self, context: u8, kind: PDataValueType, data: &mut dyn Read) -> Result<(), Broken> {
        let most = ((self.most_out - FRAGMENT_HEAD_BYTES) & !1) as usize;
        let mut data = BufReader::with_capacity(most, data);
        loop {
            let mut bytes = Vec::with_capacity(most);
            data.by_ref().take(most as u64).read_to_end(&mut bytes).map_err(Broken::File)?;
            let is_last = data.fill_buf().map_err(Broken::File)?.is_empty();
            let value_type = kind.clone();
            let fragment = PDataValue { presentation_context_id: context, value_type, is_last, data: bytes };
            self.wire.send(&Pdu::PData { data: vec![fragment] }, Instant::now() + self.patience)?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Releases the association; failures no longer matter.
    pub fn release(mut self) {
        let until = Instant::now() + PARTING;
        if self.wire.send(&Pdu::ReleaseRQ, until).is_ok() {
            let _ = self.wire.receive(until);
        }
        self.wire.close();
    }

    /// Confirms a release request.
    pub fn released(mut self) {
        let _ = self.wire.send(&Pdu::ReleaseRP, Instant::now() + PARTING);
        self.wire.close();
    }

    /// Aborts the association.
    pub fn abort(mut self) {
        let source = AbortRQSource::ServiceProvider(AbortRQServiceProviderReason::ReasonNotSpecified);
        let _ = self.wire.send(&Pdu::AbortRQ { source }, Instant::now() + PARTING);
        self.wire.close();
    }
}

/// Whether `command` is the response to the request with this message id and command field.
pub fn is_answer(command: &CommandSet, message: u16, field: u16) -> bool {
    command.field() == field | super::message::field::ANSWER
        && command.value(super::message::element::ANSWERED_MESSAGE) == Some(message)
}
