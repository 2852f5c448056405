//! Single cases, most of which once left a session waiting for nothing, or showing what was of something else.

use std::path::{Path, PathBuf};

use super::world::{Luck, PICTURES, REFUSED, World, decided, scores};
use crate::export::Parts;
use crate::method::BackwardRule;
use crate::session::command::SessionCommand;
use crate::session::message::{Event, ExportWish};

fn show(world: &mut World, picture: usize) {
    world.command(SessionCommand::Show(PathBuf::from(PICTURES[picture])));
}

fn rule(world: &World) -> BackwardRule {
    world.state.shown().unwrap().explanation.settings.rule
}

fn is_answered(world: &World, picture: usize) -> bool {
    let is_current = world.state.current().is_some_and(|current| current.path == Path::new(PICTURES[picture]));
    world.check().unwrap();
    world.check_rest().unwrap();
    is_current && world.state.shown().is_some()
}

#[test]
fn a_rule_that_is_given_up_for_the_one_before_is_waited_for_no_longer() {
    let mut world = World::opened(0);
    let first = rule(&world);
    world.command(SessionCommand::Rule(BackwardRule::Guided));
    assert!(world.state.busy().is_some());
    world.work(Luck::Good);
    world.command(SessionCommand::Rule(first));
    assert_eq!(world.state.busy(), None);
    world.settle();
    assert!(is_answered(&world, 0));
    assert_eq!(rule(&world), first);
}

#[test]
fn a_model_that_fails_leaves_a_waiting_picture_to_the_last_one() {
    // Before the picture is begun, while it is decoded, and before and while the network looks at it.
    for steps in 0..4 {
        let mut world = World::opened(0);
        show(&mut world, 4);
        (0..steps).for_each(|_| world.work(Luck::Good));
        world.command(SessionCommand::Model("broken".to_owned()));
        assert!(world.state.busy().unwrap().what.contains("broken"));
        world.settle();
        assert!(is_answered(&world, 4), "after {steps} steps");
    }
}

#[test]
fn an_open_that_takes_long_does_not_replace_a_newer_wish() {
    let mut world = World::opened(0);
    world.command(SessionCommand::Open(vec![PathBuf::from(PICTURES[5])]));
    show(&mut world, 1);
    assert_eq!(world.state.busy(), None, "it was read ahead");
    world.settle();
    assert!(is_answered(&world, 1));
    assert_eq!(world.state.worklist.len(), PICTURES.len());
    // Of two opens the later one counts, whichever is answered first.
    world.command(SessionCommand::Open(vec![PathBuf::from(PICTURES[2])]));
    world.command(SessionCommand::Open(vec![PathBuf::from(PICTURES[3])]));
    let later = world.pool.len() - 1;
    world.pool_done(later, Luck::Good);
    world.settle();
    assert!(is_answered(&world, 3));
}

#[test]
fn an_open_that_finds_nothing_leaves_what_was_under_way() {
    let mut world = World::opened(0);
    show(&mut world, 4);
    world.command(SessionCommand::Open(vec![PathBuf::from("nowhere")]));
    let last = world.pool.len() - 1;
    world.pool_done(last, Luck::Bad);
    world.settle();
    assert!(is_answered(&world, 4));
}

#[test]
fn what_fails_ahead_of_the_user_is_marked_in_the_list_alone() {
    let mut world = World::opened(0);
    world.command(SessionCommand::Next);
    world.work(Luck::Good);
    world.work(Luck::Bad);
    world.settle();
    assert!(world.state.worklist.items()[3].problem.is_some());
    assert!(world.state.notices.is_empty(), "{:?}", world.state.notices);
    // Who chooses it is told.
    show(&mut world, 3);
    world.work(Luck::Good);
    world.work(Luck::Bad);
    world.settle();
    assert!(world.state.notices[0].text.starts_with("wanted: 3.png"));
    assert!(is_answered(&world, 1));
}

#[test]
fn what_can_be_stopped_ends_at_once_and_nothing_else_offers_it() {
    let mut world = World::new();
    assert!(!world.state.busy().unwrap().can_stop, "a model is loaded whole");
    world.settle();
    let stopped = |world: &mut World, begins: &str| {
        let busy = world.state.busy().unwrap();
        assert!(busy.can_stop && busy.what.starts_with(begins), "{busy:?}");
        world.command(SessionCommand::Cancel);
        assert_eq!(world.state.busy(), None);
        world.settle();
        world.check_rest().unwrap();
    };
    world.open(0);
    stopped(&mut world, "Looking for pictures");
    assert!(world.state.current().is_none());
    world.open(0);
    world.settle();
    show(&mut world, 4);
    stopped(&mut world, "Opening 4.png");
    assert!(is_answered(&world, 0));
    let first = rule(&world);
    world.command(SessionCommand::Rule(BackwardRule::Guided));
    stopped(&mut world, "Explaining 0.png");
    assert_eq!(world.state.settings().unwrap().rule, first, "the choice goes back to what is shown");
    assert!(is_answered(&world, 0));
    let (folder, name) = (PathBuf::from("f"), "n".to_owned());
    world.event(Event::Export(ExportWish { folder, name, parts: Parts::ALL, replace: false }));
    assert!(!world.state.busy().unwrap().can_stop, "files are written whole");
    world.settle();
    assert!(is_answered(&world, 0));
}

#[test]
fn frames_have_maps_of_their_own_and_going_back_costs_nothing() {
    let mut world = World::opened(5);
    let of_screen = |world: &World| {
        let key = world.state.current().unwrap().key();
        let shown = world.state.shown().unwrap();
        assert_eq!(shown.explanation.scores, scores(&key, "0", shown.explanation.settings.asked()));
        (key.frame, world.state.network_runs())
    };
    assert_eq!(of_screen(&world), (0, 1));
    world.command(SessionCommand::FrameNext);
    world.command(SessionCommand::FrameNext);
    world.settle();
    assert_eq!(of_screen(&world), (2, 2), "keys may come faster than frames");
    world.command(SessionCommand::Frame(0));
    world.settle();
    assert_eq!(of_screen(&world), (0, 2));
    let first = world.state.current().unwrap().key();
    assert_eq!(world.state.worklist.items()[0].answer.as_ref().unwrap().class, decided(&first, "0"));
}

#[test]
fn another_model_of_the_same_name_is_another_model() {
    let mut world = World::opened(0);
    let runs = world.state.network_runs();
    world.newest_a = 2;
    world.command(SessionCommand::Model("a".to_owned()));
    world.settle();
    assert!(is_answered(&world, 0) && world.state.network_runs() > runs);
    assert_eq!(world.state.shown().unwrap().explanation.scores[3], 2.0);
}

#[test]
fn the_answer_about_a_picture_that_is_not_read_stands_behind_a_wish_each_time() {
    let mut world = World::opened(0);
    world.command(SessionCommand::Model("odd".to_owned()));
    world.settle();
    assert!(is_answered(&world, 0) && !world.state.answer_is_withheld());
    show(&mut world, REFUSED);
    world.settle();
    assert!(world.state.answer_is_withheld() && world.state.shown().is_none() && world.state.compared().is_none());
    let graded = world.state.worklist.items()[REFUSED].answer.clone().unwrap();
    assert!(graded.is_refused && !world.state.worklist.items()[0].answer.as_ref().unwrap().is_refused);
    world.command(SessionCommand::AnswerAnyway);
    assert!(is_answered(&world, REFUSED));
    show(&mut world, 0);
    world.settle();
    show(&mut world, REFUSED);
    world.settle();
    assert!(world.state.answer_is_withheld());
}

#[test]
fn a_second_rule_is_looked_at_beside_the_first_and_follows_the_picture() {
    let mut world = World::opened(0);
    let first = rule(&world);
    world.command(SessionCommand::Compare(Some(BackwardRule::Guided)));
    assert!(is_answered_but_busy(&world) && world.state.compared().is_none());
    world.settle();
    let of_second = |world: &World| world.state.compared().map(|shown| shown.explanation.settings.rule);
    assert_eq!((rule(&world), of_second(&world)), (first, Some(BackwardRule::Guided)));
    world.command(SessionCommand::Class(Some(3)));
    assert_eq!(world.state.compared().unwrap().explanation.shown_class(), 3, "both show one class");
    world.command(SessionCommand::Next);
    world.settle();
    assert!(is_answered(&world, 1));
    assert_eq!((rule(&world), of_second(&world)), (first, Some(BackwardRule::Guided)));
    // The same rule twice costs nothing and differs in nothing.
    let runs = world.state.network_runs();
    world.command(SessionCommand::Compare(Some(first)));
    world.settle();
    assert_eq!((of_second(&world), world.state.network_runs()), (Some(first), runs));
    // One that fails takes itself away, not the first.
    world.command(SessionCommand::Compare(Some(BackwardRule::Gated)));
    [Luck::Good, Luck::Good, Luck::Good, Luck::Bad].into_iter().for_each(|luck| world.work(luck));
    world.settle();
    assert!(is_answered(&world, 1) && world.state.choices.compare.is_none() && world.state.compared().is_none());
    assert!(world.state.worklist.items()[1].problem.is_none());
}

fn is_answered_but_busy(world: &World) -> bool {
    world.state.shown().is_some() && world.state.busy().is_some()
}

#[test]
fn steadiness_is_tried_last_and_hidden_with_the_answer() {
    let mut world = World::new();
    world.command(SessionCommand::ReadFirst(true));
    world.open(0);
    while world.state.current().is_none_or(|current| current.steady.is_none()) {
        assert!(!world.is_quiet());
        if !world.inbox.is_empty() {
            world.deliver();
        } else if !world.pool.is_empty() {
            world.pool_done(0, Luck::Good);
        } else {
            world.work(Luck::Good);
        }
    }
    assert!(world.state.worklist.items()[1..3].iter().all(|item| item.answer.is_some()), "neighbours went first");
    assert_eq!(world.state.busy(), None);
    assert!(world.state.steady().is_none() && world.state.shown().is_none());
    world.command(SessionCommand::Grade(2));
    assert!(world.state.steady().unwrap().is_steady());
}

#[test]
fn a_lost_device_offers_the_cpu_and_leaves_what_is_open() {
    let mut world = World::opened(0);
    world.command(SessionCommand::Rule(BackwardRule::Guided));
    [Luck::Good, Luck::Good, Luck::Good, Luck::DeviceLost].into_iter().for_each(|luck| world.work(luck));
    world.settle();
    let notice = world.state.notices.last().unwrap();
    assert_eq!(notice.action, Some(("Use the CPU", SessionCommand::UseCpu)));
    assert!(is_answered(&world, 0));
    world.command(SessionCommand::UseCpu);
    assert_eq!(world.state.busy().unwrap().what, "Loading the model a");
    world.settle();
    assert!(is_answered(&world, 0));
}

/// The first two pictures are one patient's eyes, the third an earlier one of the first eye.
fn of_one_patient(world: &mut World) {
    use crate::reading::{Eye, Identity};
    let all = [(Eye::Left, "2024-05-02"), (Eye::Right, "2024-05-02"), (Eye::Left, "2021-01-01")];
    for (picture, (eye, taken)) in PICTURES.into_iter().zip(all) {
        let identity =
            Identity { patient: "p".to_owned(), eye: Some(eye), taken: Some(taken.to_owned()), ..Identity::default() };
        world.state.worklist.item_mut(Path::new(picture)).unwrap().identity = identity;
    }
}

fn beside(world: &World) -> Option<(usize, bool)> {
    let companion = world.state.companion()?;
    let place = PICTURES.iter().position(|name| Path::new(name) == companion.path()).unwrap();
    Some((place, world.state.companion_shown().is_some()))
}

#[test]
fn both_eyes_stand_beside_each_other_from_picture_to_picture() {
    let mut world = World::opened(0);
    of_one_patient(&mut world);
    assert_eq!(beside(&world), None);
    world.command(SessionCommand::OtherEye);
    world.settle();
    assert_eq!(beside(&world), Some((1, true)));
    assert!(world.state.is_mirrored() && world.state.companion_is_left(), "the right eye on the left");
    show(&mut world, 1);
    world.settle();
    assert_eq!(beside(&world), Some((0, true)));
    assert!(world.state.is_mirrored() && !world.state.companion_is_left());
    world.command(SessionCommand::Prior);
    world.settle();
    assert_eq!(beside(&world), None, "there is no earlier one of this eye");
    show(&mut world, 0);
    world.settle();
    assert_eq!(beside(&world), Some((2, true)));
    assert!(!world.state.is_mirrored() && !world.state.companion_is_left());
    world.command(SessionCommand::Prior);
    assert_eq!(beside(&world), None, "the same again takes it away");
    world.command(SessionCommand::Beside(Some(PathBuf::from(PICTURES[3]))));
    world.settle();
    assert_eq!(beside(&world), Some((3, true)));
    world.check().unwrap();
    world.check_rest().unwrap();
}

#[test]
fn what_stands_beside_follows_rule_and_model_and_gives_nothing_away() {
    let mut world = World::opened(0);
    of_one_patient(&mut world);
    world.command(SessionCommand::OtherEye);
    world.settle();
    world.command(SessionCommand::Rule(BackwardRule::Linear));
    world.settle();
    let rule = world.state.companion_shown().unwrap().explanation.settings.rule;
    assert_eq!(rule, BackwardRule::Linear);
    // Whatever else is wanted while it is on its way, it comes.
    world.command(SessionCommand::Rule(BackwardRule::Guided));
    world.work(Luck::Good);
    world.command(SessionCommand::Compare(Some(BackwardRule::Linear)));
    world.settle();
    assert_eq!(beside(&world), Some((1, true)));
    let mut blind = World::new();
    blind.command(SessionCommand::ReadFirst(true));
    blind.open(0);
    blind.settle();
    of_one_patient(&mut blind);
    blind.command(SessionCommand::OtherEye);
    blind.settle();
    assert_eq!(beside(&blind), Some((1, false)), "neither has been read");
    blind.command(SessionCommand::Grade(3));
    assert!(blind.state.shown().is_some());
    assert_eq!(beside(&blind), Some((1, false)), "it has not been read itself");
    world.command(SessionCommand::Beside(Some(PathBuf::from(PICTURES[REFUSED]))));
    world.command(SessionCommand::Model("odd".to_owned()));
    world.settle();
    assert_eq!(beside(&world), Some((REFUSED, false)), "the model does not read such pictures");
    assert_eq!(world.state.companion_says(), crate::bundle::NOT_FOR_THIS_MODEL);
    world.check_rest().unwrap();
}

#[test]
fn measurements_stay_with_their_frame() {
    use crate::scan::measure::{Measurement, MeasurementKind, from_value, to_value};
    use crate::session::command::Measuring;
    let mut world = World::opened(0);
    let made = Measurement::new(MeasurementKind::Length, vec![[0.0, 0.0], [3.0, 4.0]]).unwrap();
    let measure = |world: &mut World, change| world.command(SessionCommand::Measure(change));
    let values = |world: &World| world.state.measurements().map(|(_, figures)| figures.value).collect::<Vec<_>>();
    measure(&mut world, Measuring::Add(made.clone()));
    let longer = Measurement::new(MeasurementKind::Length, vec![[0.0, 0.0], [6.0, 8.0]]).unwrap();
    measure(&mut world, Measuring::Add(longer.clone()));
    assert_eq!((values(&world), world.state.selected_measurement()), (vec![5.0, 10.0], Some(1)));
    measure(&mut world, Measuring::Change(0, longer));
    assert_eq!((values(&world), world.state.selected_measurement()), (vec![10.0, 10.0], Some(0)));
    show(&mut world, 1);
    assert_eq!((values(&world), world.state.selected_measurement()), (vec![], None));
    show(&mut world, 0);
    assert_eq!(values(&world), [10.0, 10.0]);
    measure(&mut world, Measuring::Select(Some(1)));
    measure(&mut world, Measuring::Delete);
    measure(&mut world, Measuring::Delete);
    assert_eq!(values(&world), [10.0], "nothing is selected any more");
    let kept = to_value(world.state.measurements_of(Path::new(PICTURES[0]), 0));
    measure(&mut world, Measuring::Clear);
    assert!(values(&world).is_empty());
    world.state.restore_measurements(Path::new(PICTURES[0]), 0, from_value(&kept));
    assert_eq!(values(&world), [10.0]);
}
