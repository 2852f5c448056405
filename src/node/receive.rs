//! Puts received pictures into the queue.

use std::path::Path;
use std::sync::Arc;

use super::Say;
use super::bell::Bell;
use super::queue::{Known, Queue, Taken};
use crate::pacs::Peer;
use crate::pacs::server::{Arrived, Handler, StoreStatus};

/// Handles received objects.
pub struct Receiver {
    pub queue: Arc<Queue>,
    /// Rung when a picture has arrived.
    pub arrived: Arc<Bell>,
    /// Peers known by AE title.
    pub peers: Vec<Peer>,
    pub say: Say,
}

impl Receiver {
    fn take(&self, path: &Path, arrived: &Arrived) -> StoreStatus {
        let known = Known::Object {
            sop_instance_uid: &arrived.parcel.sop_instance_uid,
            transfer_syntax_uid: &arrived.parcel.transfer_syntax_uid,
        };
        match self.queue.take(path, known) {
            Ok(Taken::New(_)) => {
                self.arrived.ring();
                StoreStatus::Success
            }
            Ok(Taken::Again) => StoreStatus::Success,
            Ok(Taken::Full) => {
                (self.say)("the queue is full; a sender was told to try again later");
                StoreStatus::OutOfResources
            }
            Err(error) => {
                (self.say)(&format!("a picture could not be stored, its sender was told to try again later: {error}"));
                let _ = std::fs::remove_file(path);
                StoreStatus::OutOfResources
            }
        }
    }
}

impl Handler for Receiver {
    fn has_room(&self) -> bool {
        self.queue.has_room().unwrap_or(false)
    }

    fn store(&self, arrived: Arrived) -> StoreStatus {
        self.take(&arrived.parcel.file, &arrived)
    }

    fn is_kept(&self, objects: &[(String, String)]) -> Vec<bool> {
        objects.iter().map(|(_, instance)| self.queue.knows(instance).unwrap_or(false)).collect()
    }

    fn peer(&self, ae_title: &str) -> Option<Peer> {
        self.peers.iter().find(|peer| peer.ae_title.trim() == ae_title.trim()).cloned()
    }

    fn note(&self, what: &str) {
        (self.say)(what);
    }
}
