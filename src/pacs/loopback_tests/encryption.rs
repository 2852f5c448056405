//! TLS, with certificates of both sides.

use super::certificates::{authority, certificate};
use super::*;
use crate::pacs::classes::EXPLICIT_LITTLE;
use crate::pacs::{PacsError, Tls, client};

#[test]
fn encryption_asks_both_sides_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (authorities, issuer) = authority(folder);
    let known = |name: &str| Tls { authorities: authorities.clone(), ..certificate(folder, name, Some(&issuer)).0 };
    let (ours, theirs) = (known("ours"), known("theirs"));
    let (stranger, _) = certificate(folder, "stranger", None);
    let parcels = [object(folder, "1.2.3.1", EXPLICIT_LITTLE, 300_000)];
    with_server(
        |rules| rules.tls = Some(ours),
        |address, shelf, _| {
            let with = |tls: Option<Tls>| Peer { tls, ..peer(address) };
            client::echo(&with(Some(theirs.clone())), PATIENCE, &|| true).unwrap();
            client::store(&with(Some(theirs.clone())), &parcels, PATIENCE, &|| true).unwrap().remove(0).unwrap();
            assert_eq!(body(&shelf.arrived.lock().unwrap()[0]), body(&parcels[0]));
            let nobody = Tls { certificate: None, key: None, ..theirs.clone() };
            let false_name = Tls { authorities: authorities.clone(), ..stranger.clone() };
            let believes_others = Tls { authorities: stranger.certificate.clone(), ..theirs };
            for tls in [None, Some(nobody), Some(false_name), Some(believes_others)] {
                assert!(client::echo(&with(tls.clone()), PATIENCE, &|| true).is_err(), "{tls:?}");
            }
            let without = client::echo(&with(Some(Tls::default())), PATIENCE, &|| true).unwrap_err();
            assert!(matches!(without, PacsError::Here(_)), "{without}");
        },
    );
}
