//! What is tried on a map: part by part, below the reader's wishes, and given up with what it was of.

use std::path::PathBuf;

use super::world::{Luck, PICTURES, World};
use crate::method::BackwardRule;
use crate::session::command::SessionCommand;
use crate::session::trust::TrustPart;

fn parts(world: &World) -> Option<usize> {
    world.state.trust().map(<[_]>::len)
}

#[test]
fn everything_is_tried_once_and_kept() {
    let mut world = World::opened(0);
    assert_eq!(parts(&world), None, "nobody asked");
    world.command(SessionCommand::Trust);
    assert_eq!((parts(&world), world.state.trying().unwrap().0), (Some(0), TrustPart::Strong));
    let busy = world.state.busy().unwrap();
    assert!(busy.can_stop && busy.what == "Trying the map: strong pixels kept and removed", "{busy:?}");
    world.settle();
    assert_eq!((parts(&world), world.state.trust_is_open()), (Some(TrustPart::ALL.len()), false));
    // There and back: nothing is tried again, and another picture has nothing yet.
    world.command(SessionCommand::Show(PathBuf::from(PICTURES[1])));
    world.settle();
    assert_eq!(parts(&world), None);
    world.command(SessionCommand::Show(PathBuf::from(PICTURES[0])));
    world.settle();
    assert_eq!((parts(&world), world.state.busy()), (Some(TrustPart::ALL.len()), None));
    world.check().unwrap();
}

#[test]
fn a_wish_goes_before_it_and_another_map_ends_it() {
    let mut world = World::opened(0);
    world.command(SessionCommand::Trust);
    world.work(Luck::Good);
    world.deliver();
    assert_eq!(parts(&world), Some(1));
    // Another rule: what was tried of the first one stays with it.
    let rule = world.state.settings().unwrap().rule;
    world.command(SessionCommand::Rule(BackwardRule::Guided));
    assert_eq!((parts(&world), world.state.trying()), (None, None));
    world.settle();
    world.command(SessionCommand::Rule(rule));
    world.settle();
    assert_eq!((parts(&world), world.state.trust_is_open()), (Some(1), true));
    world.command(SessionCommand::Trust);
    world.settle();
    assert_eq!(parts(&world), Some(TrustPart::ALL.len()));
}

#[test]
fn what_is_cancelled_or_fails_is_waited_for_no_longer() {
    let mut world = World::opened(0);
    world.command(SessionCommand::Trust);
    world.command(SessionCommand::Cancel);
    assert_eq!((world.state.busy(), world.worker_has_work()), (None, false));
    world.command(SessionCommand::Trust);
    while world.worker_has_work() {
        world.work(Luck::Bad);
    }
    world.settle();
    assert!(world.state.busy().is_none() && world.state.notices.last().unwrap().text.contains("could not be tried"));
    world.check_rest().unwrap();
}

#[test]
fn nothing_is_tried_on_an_answer_that_may_not_be_seen() {
    let mut world = World::new();
    world.command(SessionCommand::ReadFirst(true));
    world.open(0);
    world.settle();
    world.command(SessionCommand::Trust);
    assert_eq!((world.state.trying(), parts(&world)), (None, None));
    assert!(world.state.notices.last().unwrap().text.contains("no map to be tried"));
}
