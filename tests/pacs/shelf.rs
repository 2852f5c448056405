//! A server of ours that keeps what comes: for tests of the library and of the whole program alike.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fovea::pacs::server::{Arrived, Handler, Listener, Rules, StoreStatus, is_of_images};
use fovea::pacs::{Parcel, Patience, Peer};

/// Keeps what comes.
#[derive(Default)]
pub struct Shelf {
    pub arrived: Mutex<Vec<Parcel>>,
    pub notes: Mutex<Vec<String>>,
    pub is_full: AtomicBool,
    /// Whether objects of all classes are taken, and not pictures alone.
    pub takes_all: AtomicBool,
    /// What objects are refused with.
    pub refuses: Mutex<Option<StoreStatus>>,
    /// Where reports of storage commitment go.
    pub peer: Mutex<Option<Peer>>,
}

impl Handler for Shelf {
    fn has_room(&self) -> bool {
        !self.is_full.load(Ordering::Relaxed)
    }

    fn takes(&self, sop_class_uid: &str) -> bool {
        self.takes_all.load(Ordering::Relaxed) || is_of_images(sop_class_uid)
    }

    fn store(&self, arrived: Arrived) -> StoreStatus {
        if let Some(refusal) = *self.refuses.lock().unwrap() {
            return refusal;
        }
        let mut parcel = arrived.parcel;
        let kept = parcel.file.with_extension("dcm");
        std::fs::rename(&parcel.file, &kept).unwrap();
        parcel.file = kept;
        self.arrived.lock().unwrap().push(parcel);
        StoreStatus::Success
    }

    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool> {
        let arrived = self.arrived.lock().unwrap();
        objects.iter().map(|(_, instance)| arrived.iter().any(|parcel| parcel.sop_instance_uid == *instance)).collect()
    }

    fn peer(&self, _ae_title: &str) -> Option<Peer> {
        self.peer.lock().unwrap().clone()
    }

    fn note(&self, what: &str) {
        self.notes.lock().unwrap().push(what.to_owned());
    }
}

/// Of a server called FOVEA on this machine alone.
pub fn rules(arrivals: &Path) -> Rules {
    Rules {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        ae_title: "FOVEA".to_owned(),
        callers: Vec::new(),
        addresses: Vec::new(),
        most_associations: 4,
        most_object_bytes: 1 << 24,
        patience: Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(60) },
        arrivals: arrivals.to_owned(),
        tls: None,
    }
}

/// Ends the server also where the work panics.
struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does `work` beside a server; gives what it noted, a line each, once it has ended.
pub fn serving(rules: Rules, work: impl FnOnce(SocketAddr, &Shelf)) -> String {
    let listener = Listener::bind(rules).unwrap();
    let shelf = Arc::new(Shelf::default());
    let handler: Arc<dyn Handler> = shelf.clone();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| listener.run(&handler, &stop));
        let _stop = StopOnDrop(&stop);
        work(listener.address(), &shelf);
    });
    shelf.notes.lock().unwrap().join("\n")
}
