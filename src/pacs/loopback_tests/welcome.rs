//! Who is let in, and what the others are told.

use super::*;
use crate::pacs::classes::{PLAIN, VERIFICATION};
use crate::pacs::client;
use crate::pacs::request::{Proposal, associate};

#[test]
fn who_may_not_come_is_told_so() {
    with_server(
        |rules| rules.callers = vec!["FRIEND".to_owned()],
        |address, _, _| {
            let friend = Peer { own_ae_title: "FRIEND".to_owned(), ..peer(address) };
            client::echo(&friend, PATIENCE, &|| true).unwrap();
            let refused = client::echo(&peer(address), PATIENCE, &|| true).unwrap_err();
            assert!(refused.to_string().contains("does not know our AE title"), "{refused}");
            let other = Peer { ae_title: "OTHER".to_owned(), ..friend };
            let refused = client::echo(&other, PATIENCE, &|| true).unwrap_err();
            assert!(refused.to_string().contains("goes by another AE title"), "{refused}");
        },
    );
    with_server(
        |rules| rules.addresses = vec!["192.0.2.1".parse().unwrap()],
        |address, _, _| assert!(client::echo(&peer(address), PATIENCE, &|| true).is_err()),
    );
}

#[test]
fn who_comes_when_all_places_are_taken_is_told_to_come_again() {
    with_server(
        |rules| rules.most_associations = 1,
        |address, _, _| {
            let may_go_on = || true;
            let first =
                associate(&peer(address), &[Proposal::new(VERIFICATION, &PLAIN)], PATIENCE, &may_go_on).unwrap();
            let refused = client::echo(&peer(address), PATIENCE, &|| true).unwrap_err();
            assert!(refused.is_worth_a_retry() && refused.to_string().contains("local limit"), "{refused}");
            first.release();
        },
    );
}
