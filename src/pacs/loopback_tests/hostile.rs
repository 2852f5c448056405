//! Callers who send nonsense, too slowly, or half.

use std::io::Write;
use std::net::TcpStream;

use super::*;
use crate::pacs::classes::{EXPLICIT_LITTLE, PLAIN, VERIFICATION};
use crate::pacs::client;
use crate::pacs::message::{CommandSet, element, field};
use crate::pacs::request::{Proposal, associate};

/// Sends bytes and reads until the server hangs up.
fn hang_up_after(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    answer
}

#[test]
fn nonsense_is_hung_up_on_and_harms_nobody() {
    with_server(
        |rules| rules.patience.connect = Duration::from_millis(300),
        |address, _, _| {
            let cases: [&[u8]; 9] = [
                b"",
                b"GET / HTTP/1.1\r\n\r\n",
                // A hello of TLS.
                &[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0],
                // A unit that says it has four gigabytes.
                &[1, 0, 255, 255, 255, 255, 0, 0],
                &[4, 0, 255, 255, 255, 255, 0, 0],
                // Half a head, an empty request, data before any request, and a unit of another kind.
                &[1, 0, 0],
                &[1, 0, 0, 0, 0, 0],
                &[4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3],
                &[99, 0, 0, 0, 0, 0],
            ];
            for case in cases {
                hang_up_after(address, case);
            }
            // On a busy machine even a friend may be too slow for so little patience.
            assert!((0..100).any(|_| client::echo(&peer(address), PATIENCE, &|| true).is_ok()));
        },
    );
}

#[test]
fn who_is_silent_or_dribbles_holds_no_place_for_ever() {
    let short = Patience { connect: Duration::from_millis(300), answer: Duration::from_millis(300) };
    with_server(
        |rules| {
            rules.patience = short;
            rules.most_associations = 1;
        },
        |address, _, _| {
            // Says nothing at all.
            hang_up_after(address, b"");
            // A byte now and then, of a unit that would be small.
            let mut stream = TcpStream::connect(address).unwrap();
            let mut sent = 0;
            while stream.write_all(&[if sent == 0 { 1 } else { 0 }]).is_ok() && sent < 1000 {
                sent += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(sent < 1000, "it was never hung up on");
            // Agreed on, then silent.
            let may_go_on = || true;
            // The one place is free a moment after its holder was hung up on.
            let again = || associate(&peer(address), &[Proposal::new(VERIFICATION, &PLAIN)], PATIENCE, &may_go_on).ok();
            let mut silent = (0..1000).find_map(|_| again()).expect("the place is free again");
            assert!(silent.command(Duration::from_secs(60)).is_err());
        },
    );
}

#[test]
fn half_an_object_leaves_nothing() {
    let whole = data_set("1.2.3.5", EXPLICIT_LITTLE, 300_000);
    with_server(
        |_| {},
        |address, shelf, _| {
            let may_go_on = || true;
            let proposals = [Proposal::new(CLASS, &[EXPLICIT_LITTLE])];
            let begin = || {
                let mut association = associate(&peer(address), &proposals, PATIENCE, &may_go_on).unwrap();
                let command = CommandSet::request(field::C_STORE, 1)
                    .uid(element::AFFECTED_CLASS, CLASS)
                    .uid(element::AFFECTED_INSTANCE, "1.2.3.5")
                    .with_data_set();
                association.send_command(1, &command).unwrap();
                association
            };
            // Gone without a word, broken off, and a command in the middle.
            drop(begin());
            begin().abort();
            let mut confused = begin();
            confused.send_command(1, &CommandSet::request(field::C_ECHO, 2)).unwrap();
            assert!(confused.command(PATIENCE.answer).is_err());
            // Cut in the middle of its data set, without the fragment that ends it.
            let mut cut = begin();
            let mut failing = whole[..200_000].chain(Broken);
            assert!(cut.send_data(1, &mut failing).is_err());
            drop(cut);
            client::echo(&peer(address), PATIENCE, &|| true).unwrap();
            assert!(shelf.arrived.lock().unwrap().is_empty());
        },
    );
}

/// A file that cannot be read on.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("broken"))
    }
}

#[test]
fn what_a_dead_server_left_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1-2-3.arriving"), "half").unwrap();
    std::fs::write(folder.path().join("1-2-3.dcm"), "whole").unwrap();
    with_server(
        |rules| rules.arrivals = folder.path().to_owned(),
        |_, _, arrivals| assert_eq!((names(arrivals, "arriving"), names(arrivals, "dcm")), (0, 1)),
    );
}
