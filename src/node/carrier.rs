//! Where answers go.

use std::path::{Path, PathBuf};

use crate::guard::whole::{OutputSet, WriteError};
use crate::pacs::{PacsError, Parcel, Patience, Peer, WebPeer, client, web};

/// A place that answers go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// By C-STORE.
    Dimse(Peer),
    /// By STOW-RS.
    Web(WebPeer),
    /// As files.
    Folder(PathBuf),
}

impl Destination {
    /// Its name in the queue, in status and metrics; without a password.
    pub fn name(&self) -> String {
        match self {
            Self::Dimse(peer) => format!("{}@{}:{}", peer.ae_title, peer.host, peer.port),
            Self::Web(peer) => without_secrets(&peer.url),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

/// An address may contain user name and password, and a token in its query.
fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// Delivers objects to one destination.
pub trait Carrier: Sync {
    /// Sends all of them and returns the outcome of each. Asks `may_go_on` while it waits.
    ///
    /// # Errors
    /// Nothing was sent at all.
    fn carry(&self, parcels: &[Parcel], may_go_on: &dyn Fn() -> bool) -> Result<Vec<Result<(), PacsError>>, PacsError>;
}

/// A destination, and how long to wait for it.
#[derive(Debug, Clone)]
pub struct To {
    pub destination: Destination,
    pub patience: Patience,
}

impl Carrier for To {
    fn carry(&self, parcels: &[Parcel], may_go_on: &dyn Fn() -> bool) -> Result<Vec<Result<(), PacsError>>, PacsError> {
        match &self.destination {
            Destination::Dimse(peer) => client::store(peer, parcels, self.patience, may_go_on),
            Destination::Web(peer) => web::store(peer, parcels, self.patience, may_go_on),
            Destination::Folder(folder) => {
                let one =
                    |parcel: &Parcel| if may_go_on() { put(folder, &parcel.file) } else { Err(PacsError::Stopped) };
                Ok(parcels.iter().map(one).collect())
            }
        }
    }
}

/// Copies a result into the output folder, replacing an earlier copy.
fn put(folder: &Path, file: &Path) -> Result<(), PacsError> {
    let bytes = std::fs::read(file).map_err(|error| PacsError::Here(format!("{}: {error}", file.display())))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut set = OutputSet::new(folder, &name, true).synced();
    let failed = |error: WriteError| PacsError::Away { peer: folder.display().to_string(), reason: error.to_string() };
    set.add_file(&name, &bytes).map_err(failed)?;
    set.finish().map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_named_without_its_secrets() {
        let web = |url: &str| Destination::Web(WebPeer { url: url.to_owned(), ..WebPeer::default() }).name();
        assert_eq!(web("https://u:secret@pacs.example:8042/dicom-web?token=x"), "https://pacs.example:8042/dicom-web");
        assert_eq!(web("http://pacs.example"), "http://pacs.example/");
        let peer = Peer {
            host: "10.0.0.1".to_owned(),
            port: 104,
            ae_title: "PACS".to_owned(),
            own_ae_title: "FOVEA".to_owned(),
            tls: None,
        };
        assert_eq!(Destination::Dimse(peer).name(), "PACS@10.0.0.1:104");
    }

    #[test]
    fn results_come_into_a_folder_whole_and_twice_is_once() {
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("ab-1.sc.dcm"), folder.path().join("out"));
        std::fs::write(&file, "whole").unwrap();
        let to = To { destination: Destination::Folder(out.clone()), patience: Patience::default() };
        let parcel = Parcel {
            sop_class_uid: "1".to_owned(),
            sop_instance_uid: "2".to_owned(),
            transfer_syntax_uid: "3".to_owned(),
            file,
        };
        for _ in 0..2 {
            assert!(to.carry(std::slice::from_ref(&parcel), &|| true).unwrap().iter().all(Result::is_ok));
        }
        assert_eq!(std::fs::read(out.join("ab-1.sc.dcm")).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
    }
}
