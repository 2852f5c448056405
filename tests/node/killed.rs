//! Killed at random moments, beside an archive that comes and goes.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

fn soak(usual: usize, much: usize) -> usize {
    if std::env::var_os("FOVEA_SOAK").is_some() { much } else { usual }
}

#[test]
fn every_picture_is_answered_once_whatever_is_killed_when() {
    let (count, kills) = (soak(8, 200), soak(4, 50));
    let (folder, sources) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node_folder = folder.path().join("node");
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut archive = Archive::new();
    let pictures: Vec<Parcel> = (0..count).map(|number| picture(sources.path(), number)).collect();
    let peer: Mutex<Option<Peer>> = Mutex::default();
    let mut node = Node::receiving(&node_folder, &log, &archive);
    *peer.lock().unwrap() = Some(node.peer());
    let is_sent = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // A modality: sends each until it hears of success.
        scope.spawn(|| {
            for parcel in &pictures {
                until("success", || {
                    let Some(peer) = peer.lock().unwrap().clone() else { return false };
                    let patience = Patience { connect: Duration::from_secs(2), answer: Duration::from_secs(20) };
                    let answers = client::store(&peer, std::slice::from_ref(parcel), patience, &|| true);
                    answers.is_ok_and(|answers| answers.iter().all(Result::is_ok))
                });
            }
            is_sent.store(true, Ordering::Relaxed);
        });
        for round in 0..kills {
            std::thread::sleep(Duration::from_millis(u64::from(rand::random::<u8>()) * 3));
            node.kill();
            *peer.lock().unwrap() = None;
            // The archive goes and comes, too.
            match round % 4 {
                1 => archive.close(),
                2 => archive.open(),
                _ => {}
            }
            node = Node::receiving(&node_folder, &log, &archive);
            *peer.lock().unwrap() = Some(node.peer());
            // A picture that is killed three times is given up, whoever kills it: each round answers one at least.
            let before = node.explained();
            until("progress", || node.explained() > before || node.queue()["waiting"] == 0);
        }
        if archive.running.is_none() {
            archive.open();
        }
        until("the last success", || is_sent.load(Ordering::Relaxed));
    });
    until("the last answer", || is_done(&node, &log));
    // What comes again is answered with success and nothing else.
    let again = client::store(&node.peer(), &pictures[..2], Patience::default(), &|| true).unwrap();
    assert!(again.iter().all(Result::is_ok));
    assert_eq!(node.waits(), 0);
    let figures = node.get("/metrics");
    assert!(figures.contains(&format!("fovea_pictures_total{{outcome=\"explained\"}} {count}\n")), "{figures}");
    node.end();
    assert_answered_once(&archive.holdings, count);
    let lines = audit(&node_folder);
    let numbers: BTreeSet<i64> = lines.iter().map(|line| line["picture"].as_i64().unwrap()).collect();
    assert_eq!((lines.len(), numbers.len()), (count, count), "a line for each, once");
    assert_silent(&node_folder, &log.lock().unwrap(), &figures);
}
