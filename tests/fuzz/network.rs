//! What a caller may send to the listener: a request for an association, commands and data sets in fragments, with wrong
//! lengths, numbers and places.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use fovea::pacs::server::{Arrived, Handler, Listener, Rules, StoreStatus};
use fovea::pacs::{Patience, Peer};

use super::choices::Choices;

const CLASSES: [&str; 4] = ["1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.1.20.1", "1.2.3"];
const SYNTAXES: [&str; 4] =
    ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.50"];
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), answer: Duration::from_secs(5) };

/// Takes and forgets; keeps what was said of faults.
#[derive(Default)]
struct Nobody(Mutex<Vec<String>>);

impl Handler for Nobody {
    fn has_room(&self) -> bool {
        true
    }

    fn store(&self, arrived: Arrived) -> StoreStatus {
        std::fs::remove_file(arrived.parcel.file).unwrap();
        StoreStatus::Success
    }

    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool> {
        vec![true; objects.len()]
    }

    fn peer(&self, _ae_title: &str) -> Option<Peer> {
        None
    }

    fn note(&self, what: &str) {
        if what.starts_with("a fault ") {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
        }
    }
}

/// The listener, which goes on until the test ends.
static SERVER: LazyLock<(SocketAddr, Arc<Nobody>)> = LazyLock::new(|| {
    let rules = Rules {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        ae_title: "FOVEA".to_owned(),
        callers: Vec::new(),
        addresses: Vec::new(),
        most_associations: 64,
        most_object_bytes: 1 << 20,
        patience: PATIENCE,
        arrivals: Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-arrivals"),
        tls: None,
    };
    let listener = Listener::bind(rules).unwrap();
    let (address, nobody) = (listener.address(), Arc::new(Nobody::default()));
    let handler: Arc<dyn Handler> = nobody.clone();
    std::thread::spawn(move || listener.run(&handler, &AtomicBool::new(false)));
    (address, nobody)
});

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let mut units = vec![request(c)];
    for _ in 0..c.within(1, 3) {
        message(c, &mut units);
    }
    units.push(unit(c, 5, vec![0; 4]));
    for _ in 0..c.below(3) {
        let at = c.below(units.len());
        match c.below(4) {
            0 => c.rearrange(&mut units, |c| {
                let (kind, length) = (c.byte(), c.one(&[0, 4, 68, 300]));
                let inside = c.noise(length);
                unit(c, kind, inside)
            }),
            _ if units.is_empty() => {}
            _ => c.mangle(&mut units[at], &[4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3]),
        }
    }
    units.concat()
}

/// Of the protocol, seldom with a wrong length.
fn unit(c: &mut Choices<'_>, kind: u8, inside: Vec<u8>) -> Vec<u8> {
    let lie = if c.once_in(24) { c.odd() as u32 } else { 0 };
    [vec![kind, 0], (inside.len() as u32 ^ lie).to_be_bytes().to_vec(), inside].concat()
}

fn item(c: &mut Choices<'_>, kind: u8, inside: &[u8]) -> Vec<u8> {
    let lie = if c.once_in(48) { c.odd() as u16 } else { 0 };
    [&[kind, 0], (inside.len() as u16 ^ lie).to_be_bytes().as_slice(), inside].concat()
}

fn request(c: &mut Choices<'_>) -> Vec<u8> {
    let mut inside = vec![0, 1, 0, 0];
    for title in ["FOVEA", "CALLER"] {
        inside.extend(format!("{title:16}").bytes());
    }
    inside.extend([0; 32]);
    inside.extend(item(c, 0x10, b"1.2.840.10008.3.1.1.1"));
    for (at, class) in CLASSES.iter().enumerate() {
        let id = if c.once_in(24) { c.byte() } else { 2 * at as u8 + 1 };
        let class = item(c, 0x30, class.as_bytes());
        let syntax = c.of(&SYNTAXES);
        let syntax = item(c, 0x40, syntax.as_bytes());
        let context = [vec![id, 0, 0, 0], class, syntax].concat();
        inside.extend(item(c, 0x20, &context));
    }
    let most = if c.once_in(8) { c.odd() as u32 } else { 16_384 };
    let mut user = item(c, 0x51, &most.to_be_bytes());
    for _ in 0..c.below(3) {
        let (kind, length) = (c.one(&[0x52, 0x54, 0x55, 0x56, 0x58, 0x59, 0x77]), c.one(&[0, 1, 2, 4, 6, 30, 300]));
        let said = c.noise(length);
        user.extend(item(c, kind, &said));
    }
    inside.extend(item(c, 0x50, &user));
    unit(c, 1, inside)
}

fn element(element: u16, value: &[u8]) -> Vec<u8> {
    [&[0, 0], element.to_le_bytes().as_slice(), &(value.len() as u32).to_le_bytes(), value].concat()
}

/// A command, and its data set where it has one, in fragments.
fn message(c: &mut Choices<'_>, units: &mut Vec<Vec<u8>>) {
    let (field, id) = c.one(&[(0x30u16, 1u8), (1, 3), (0x130, 5), (0x8100, 5), (0xfff, 1), (0x20, 1), (1, 7)]);
    let has_data = matches!(field, 1 | 0x130 | 0x20) != c.once_in(16);
    let mut command = Vec::new();
    command.extend(element(0x100, &field.to_le_bytes()));
    command.extend(element(0x110, &[1, 0]));
    command.extend(element(0x800, &if has_data { [0, 0] } else { [1, 1] }));
    for uid in [2, 3] {
        command.extend(element(uid, CLASSES[usize::from(id / 2)].as_bytes()));
    }
    for uid in [0x1000, 0x1001] {
        command.extend(element(uid, b"1.2.3.4\0"));
    }
    command.extend(element(0x1008, &[1, 0]));
    c.perhaps_mangle(8, &mut command, &[0, 0, 0, 1, 255, 255, 255, 255]);
    fragments(c, units, id, 1, &command);
    if has_data {
        let mut data = if field == 1 { object() } else { commitment() };
        c.perhaps_mangle(3, &mut data, &[0xfe, 0xff, 0, 0xe0, 255, 255, 255, 255]);
        fragments(c, units, id, 0, &data);
    }
}

fn fragments(c: &mut Choices<'_>, units: &mut Vec<Vec<u8>>, id: u8, kind: u8, bytes: &[u8]) {
    let size = c.one(&[1 << 14, 64, 20]);
    let count = bytes.len().div_ceil(size).max(1);
    for (at, part) in bytes.chunks(size).enumerate() {
        let flags = kind | if at + 1 == count { 2 } else { 0 };
        let flags = if c.once_in(48) { c.byte() } else { flags };
        let lie = if c.once_in(48) { c.odd() as u32 } else { 0 };
        let length = (part.len() as u32 + 2) ^ lie;
        let inside = [length.to_be_bytes().as_slice(), &[id, flags], part].concat();
        units.push(unit(c, 4, inside));
    }
}

fn tagged(tag: [u8; 4], vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    if vr == b"SQ" {
        return [&tag, vr.as_slice(), &[0, 0], &(value.len() as u32).to_le_bytes(), value].concat();
    }
    [&tag, vr.as_slice(), &(value.len() as u16).to_le_bytes(), value].concat()
}

/// An object of one attribute more than its UIDs.
fn object() -> Vec<u8> {
    let uids =
        [tagged([8, 0, 0x16, 0], b"UI", b"1.2.840.10008.5.1.4.1.1.7\0"), tagged([8, 0, 0x18, 0], b"UI", b"1.2.3.4\0")];
    [uids.concat(), tagged([0x20, 0, 0x0d, 0], b"UI", b"1.2\0"), tagged([0x28, 0, 0x10, 0], b"US", &[1, 0])].concat()
}

/// What storage commitment asks for.
fn commitment() -> Vec<u8> {
    let inside =
        [tagged([8, 0, 0x50, 0x11], b"UI", b"1.2\0"), tagged([8, 0, 0x55, 0x11], b"UI", b"1.2.3.4\0")].concat();
    let item = [&[0xfe, 0xff, 0, 0xe0], (inside.len() as u32).to_le_bytes().as_slice(), &inside].concat();
    [tagged([8, 0, 0x95, 0x11], b"UI", b"1.2\0"), tagged([8, 0, 0x99, 0x11], b"SQ", &item)].concat()
}

/// Says to the listener what the file at `path` holds; accepted is who was let in.
pub fn read(path: &Path) -> Result<(), String> {
    let (address, nobody) = &*SERVER;
    let bytes = std::fs::read(path).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // It may have hung up before all was said.
    let _ = stream.write_all(&bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    assert!(!end.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "it was never hung up on");
    let faults = std::mem::take(&mut *nobody.0.lock().unwrap_or_else(PoisonError::into_inner));
    assert!(faults.is_empty(), "{faults:?}");
    match answer.first() {
        Some(2) => Ok(()),
        Some(_) => Err("not let in".to_owned()),
        None => Err("hung up on".to_owned()),
    }
}
