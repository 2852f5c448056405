//! PDUs of the upper layer protocol (PS3.8 9.3) to and from the other side. Every wait has an end, and no buffer is as
//! large as the other side announces before the bytes are there.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use dicom_ul::pdu::{Pdu, read_pdu, write_pdu};
use rustls::{ClientConnection, ServerConnection, StreamOwned};

/// Longest PDU accepted, without its six-byte header: a usual value, with room for a request of 128 presentation
/// contexts.
pub const MOST_PDU_BYTES: u32 = 1 << 17;
const HEAD_BYTES: usize = 6;
/// How often `may_go_on` is asked.
const SLICE: Duration = Duration::from_millis(100);

/// Why a connection ended. Quotes no byte of what was sent.
#[derive(Debug)]
pub enum Broken {
    /// The other side hung up.
    Closed,
    /// It was silent for too long, or too slow.
    TimedOut,
    /// We must not go on.
    Stopped,
    /// What it sent is not DICOM.
    Nonsense(String),
    /// Network or TLS.
    Line(String),
    /// A file on this side.
    File(Error),
}

impl Broken {
    pub fn nonsense(what: impl Into<String>) -> Self {
        Self::Nonsense(what.into())
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("it hung up"),
            Self::TimedOut => f.write_str("it did not answer in time"),
            Self::Stopped => f.write_str("stopped"),
            Self::Nonsense(what) => f.write_str(what),
            Self::Line(what) => f.write_str(what),
            Self::File(error) => write!(f, "a file of our own: {error}"),
        }
    }
}

/// Marks an error as our own stop.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Halt;

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<Halt>()) {
            return Self::Stopped;
        }
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::TimedOut,
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected => Self::Closed,
            _ => Self::Line(error.to_string()),
        }
    }
}

/// A connection on which every read and write ends at a given time, or once `may_go_on` says no.
pub struct Timed<'a> {
    stream: TcpStream,
    until: Instant,
    may_go_on: &'a dyn Fn() -> bool,
}

impl Timed<'_> {
    /// The time left, at most one slice: then `may_go_on` is asked again.
    fn slice(&self) -> std::io::Result<Duration> {
        if !(self.may_go_on)() {
            return Err(Error::other(Halt));
        }
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(ErrorKind::TimedOut.into()),
            left => Ok(left.min(SLICE)),
        }
    }
}

fn is_only_a_slice(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            self.stream.set_read_timeout(Some(self.slice()?))?;
            match self.stream.read(buffer) {
                Err(error) if is_only_a_slice(&error) => {}
                done => return done,
            }
        }
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        loop {
            self.stream.set_write_timeout(Some(self.slice()?))?;
            match self.stream.write(buffer) {
                Err(error) if is_only_a_slice(&error) => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum Line<'a> {
    Plain(Timed<'a>),
    /// TLS, with us as the server.
    Called(Box<StreamOwned<ServerConnection, Timed<'a>>>),
    /// TLS, with us as the client.
    Calling(Box<StreamOwned<ClientConnection, Timed<'a>>>),
}

/// Whether a connection is encrypted, and which side of it we are.
pub enum Secrecy {
    None,
    Called(ServerConnection),
    Calling(ClientConnection),
}

/// The PDUs of one connection.
pub struct Wire<'a> {
    line: Line<'a>,
}

impl<'a> Wire<'a> {
    /// `may_go_on` is asked about ten times a second while waiting.
    pub fn new(stream: TcpStream, secrecy: Secrecy, may_go_on: &'a dyn Fn() -> bool) -> Self {
        // Commands are small, and each is answered.
        let _ = stream.set_nodelay(true);
        let timed = Timed { stream, until: Instant::now(), may_go_on };
        let line = match secrecy {
            Secrecy::None => Line::Plain(timed),
            Secrecy::Called(connection) => Line::Called(Box::new(StreamOwned::new(connection, timed))),
            Secrecy::Calling(connection) => Line::Calling(Box::new(StreamOwned::new(connection, timed))),
        };
        Self { line }
    }

    fn timed(&mut self) -> &mut Timed<'a> {
        match &mut self.line {
            Line::Plain(timed) => timed,
            Line::Called(stream) => &mut stream.sock,
            Line::Calling(stream) => &mut stream.sock,
        }
    }

    /// The next PDU, which must arrive complete before `until`.
    pub fn receive(&mut self, until: Instant) -> Result<Pdu, Broken> {
        self.timed().until = until;
        let mut head = [0; HEAD_BYTES];
        self.line.read_exact(&mut head)?;
        let [kind, _, length @ ..] = head;
        let length = u32::from_be_bytes(length);
        if !(1..=7).contains(&kind) {
            return Err(Broken::nonsense("what it sent is no unit of the DICOM protocol"));
        }
        if length > MOST_PDU_BYTES {
            return Err(Broken::nonsense(format!("a unit of {length} bytes, where {MOST_PDU_BYTES} were agreed on")));
        }
        let mut unit = head.to_vec();
        Read::by_ref(&mut self.line).take(length.into()).read_to_end(&mut unit)?;
        if unit.len() < HEAD_BYTES + length as usize {
            return Err(Broken::Closed);
        }
        // The parser's own words may quote what it read.
        match read_pdu(unit.as_slice(), MOST_PDU_BYTES, true) {
            Ok(Some(pdu)) => Ok(pdu),
            Ok(None) | Err(_) => Err(Broken::nonsense("a unit of the DICOM protocol that cannot be followed")),
        }
    }

    /// Sends a PDU, which must be sent before `until`.
    pub fn send(&mut self, pdu: &Pdu, until: Instant) -> Result<(), Broken> {
        let mut unit = Vec::new();
        write_pdu(&mut unit, pdu).map_err(|_| Broken::Line("a unit of ours cannot be written".to_owned()))?;
        self.timed().until = until;
        self.line.write_all(&unit)?;
        Ok(self.line.flush()?)
    }

    /// Closes the connection; TLS sends close_notify first.
    pub fn close(&mut self) {
        match &mut self.line {
            Line::Plain(_) => {}
            Line::Called(stream) => stream.conn.send_close_notify(),
            Line::Calling(stream) => stream.conn.send_close_notify(),
        }
        let _ = self.line.flush();
        let _ = self.timed().stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Read for Line<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Called(stream) => stream.read(buffer),
            Self::Calling(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Called(stream) => stream.write(buffer),
            Self::Calling(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Called(stream) => stream.flush(),
            Self::Calling(stream) => stream.flush(),
        }
    }
}
