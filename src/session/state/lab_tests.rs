//! Labels of the open list: how they come and go, and what is told of them.

use std::path::{Path, PathBuf};

use super::world::{Luck, PICTURES, World, decided};
use crate::evaluate::Truth;
use crate::labels::{Label, LabelTable, Matched};
use crate::method::BackwardRule;
use crate::session::command::{LabCommand, ListCommand, ReadingCommand, SessionCommand};
use crate::session::effect::Effect;
use crate::session::lab::Contrast;
use crate::session::message::{Event, LabelsRead};
use crate::session::worklist::{MatrixCell, Only, SortBy};

/// Reads a table that says these grades of the first pictures; empty for none.
fn label(world: &mut World, grades: &[&str]) {
    world.command(LabCommand::Labels(PathBuf::from("folder/l.csv")).into());
    answer(world, grades);
    world.settle();
}

/// Answers the table that is asked for.
fn answer(world: &mut World, grades: &[&str]) {
    let at = world.pool.iter().position(|effect| matches!(effect, Effect::ReadLabels { .. })).unwrap();
    let Effect::ReadLabels { number, file, .. } = world.pool.remove(at) else { unreachable!() };
    let line = |(path, grade): (&&str, &&str)| {
        (PathBuf::from(path), Label { image: (*path).to_owned(), grade: (*grade).to_owned(), ..Label::default() })
    };
    let labelled = PICTURES.iter().zip(grades).filter(|(_, grade)| !grade.is_empty()).map(line);
    let matched = Matched {
        pictures: labelled.collect(),
        without_picture: ["x1", "x2", "x3", "x4"].map(str::to_owned).to_vec(),
        without_label: 0,
    };
    let table = LabelTable { path: file, has_grades: true, ..LabelTable::default() };
    world.event(Event::LabelsRead { number, read: Ok(LabelsRead { table, matched }) });
}

fn truth(world: &World, picture: usize) -> Option<Truth> {
    world.state.worklist.get(Path::new(PICTURES[picture])).unwrap().truth.clone()
}

fn shown(world: &World) -> Vec<&str> {
    world.state.worklist.shown().map(|item| item.name.as_str()).collect()
}

#[test]
fn labels_are_matched_measured_and_what_is_left_over_is_said() {
    let mut world = World::opened(0);
    // The model `a` says 5 of the picture 0, 6 of 1, and so on.
    let said = |at: usize| decided(&world.state.cache.key(Path::new(PICTURES[at]), 0), "0");
    assert_eq!([0, 1, 2, 3].map(said), [5, 6, 7, 8]);
    label(&mut world, &["5", "6", "1", "5", "nonsense"]);
    let said = &world.state.notices.last().unwrap().text;
    assert!(said.starts_with("l.csv: labels of 4 of 6 pictures."), "{said}");
    assert!(said.contains("Without a label: 1 (5.dcm)"), "{said}");
    assert!(said.contains("Lines without a picture: 4 (x1, x2, x3, …)"), "{said}");
    assert!(said.contains("Lines that say nothing to this model: 1 ("), "{said}");
    assert_eq!((truth(&world, 2), truth(&world, 4)), (Some(Truth::Class(1)), None));
    let measured = world.state.measured().unwrap();
    assert_eq!((measured.matrix.n(), measured.matrix.accuracy()), (4, Some(0.5)));
    assert_eq!((measured.matrix.counts[1][7], measured.matrix.counts[5][8], measured.waiting), (1, 1, 0));
    // Digits are no grades: none of them stands for health, and each stands against all others.
    assert_eq!(measured.contrast, Contrast::Class(0));
    world.command(LabCommand::Contrast(Contrast::Class(5)).into());
    let measured = world.state.measured().unwrap();
    assert_eq!((measured.at(0.5).true_positives, measured.at(0.5).false_negatives), (1, 1));
    assert_eq!(
        (measured.at(0.5).sensitivity(), measured.prevalence(), measured.auc),
        (Some(0.5), Some(0.5), Some(0.75))
    );
    let only = |command: ListCommand| SessionCommand::List(command);
    world.command(only(ListCommand::Only(Only::Wrong, true)));
    assert_eq!(shown(&world), ["2.png", "3.png"]);
    world.command(only(ListCommand::ShowAll));
    let cell = MatrixCell { alone: None, truth: Some(1), said: None };
    world.command(only(ListCommand::Cell(cell)));
    assert_eq!(shown(&world), ["2.png"]);
    world.command(only(ListCommand::Cell(cell)));
    assert_eq!(shown(&world).len(), 6, "the same again shows all");
    world.command(LabCommand::Forget.into());
    assert_eq!((world.state.measured(), world.state.labels_file()), (None, None));
    world.check().unwrap();
}

#[test]
fn a_filter_by_labels_goes_with_them() {
    let mut world = World::opened(0);
    label(&mut world, &["5", "6", "1"]);
    for only in [Only::Wrong, Only::Unread] {
        world.command(SessionCommand::List(ListCommand::Only(only, true)));
    }
    assert_eq!(shown(&world), ["2.png"]);
    world.command(LabCommand::Forget.into());
    assert_eq!(world.state.worklist.filter().only, [Only::Unread], "the other one stays");
    assert_eq!(shown(&world).len(), 6);
}

#[test]
fn who_reads_blind_sees_a_label_once_the_picture_is_read() {
    let mut world = World::new();
    world.command(SessionCommand::ReadFirst(true));
    world.open(0);
    world.settle();
    label(&mut world, &["0", "1", "7", "0", "2", "3"]);
    assert!(world.state.worklist.items().iter().all(|item| item.truth.is_some() && item.seen_truth().is_none()));
    let measured = world.state.measured().unwrap();
    assert_eq!((measured.matrix.n(), measured.answers.len(), measured.hidden), (0, 0, 6));
    world.state.answers_are_listed(0..6);
    world.command(SessionCommand::List(ListCommand::Only(Only::Wrong, true)));
    assert!(shown(&world).is_empty());
    world.command(SessionCommand::List(ListCommand::ShowAll));
    world.command(ReadingCommand::Grade(4).into());
    let seen = |world: &World| world.state.worklist.items().iter().filter(|item| item.seen_truth().is_some()).count();
    assert_eq!((seen(&world), world.state.measured().unwrap().matrix.n()), (1, 1));
    world.check().unwrap();
}

#[test]
fn who_has_seen_a_label_does_not_read_blind() {
    let mut world = World::opened(0);
    label(&mut world, &["0", "1"]);
    // The answers are taken away: a label alone is in the rows.
    world.command(SessionCommand::List(ListCommand::GradeAll(false)));
    world.state.worklist.all_mut().for_each(|item| item.answer = None);
    world.state.answers_are_listed(0..6);
    let seen = |picture: usize| {
        let of = crate::reading::FrameOf { path: PathBuf::from(PICTURES[picture]), frame: 0 };
        world.state.readings.entry(&of).is_some_and(|entry| entry.answer_seen)
    };
    assert!(seen(1) && !seen(4));
}

#[test]
fn labels_stay_with_their_folder_and_are_read_anew_for_another_model() {
    let mut world = World::opened(0);
    label(&mut world, &["0", "1"]);
    world.command(LabCommand::Point(Some(0.25)).into());
    world.command(SessionCommand::Model("odd".to_owned()));
    world.settle();
    assert_eq!(truth(&world, 1), Some(Truth::Class(1)));
    assert_eq!(world.state.operating_point(), Some(0.5), "another model has points of its own");
    // The same pictures opened again: the table is read again, and nobody is told of it.
    let notices = world.state.notices.len();
    world.open(0);
    while !world.pool.iter().any(|effect| matches!(effect, Effect::ReadLabels { .. })) {
        if world.inbox.is_empty() {
            if world.pool.is_empty() { world.work(Luck::Good) } else { world.pool_done(0, Luck::Good) }
        } else {
            world.deliver();
        }
    }
    answer(&mut world, &["5", "1"]);
    world.settle();
    assert_eq!((truth(&world, 0), world.state.notices.len()), (Some(Truth::Class(5)), notices));
    // Others: a name means another picture there.
    world.open(3);
    world.settle();
    assert_eq!((world.state.labels_file(), truth(&world, 3)), (None, None));
    assert!(world.state.notices.iter().any(|notice| notice.text.contains("put away")));
    world.check().unwrap();
}

#[test]
fn a_table_that_is_given_up_or_cannot_be_read_changes_nothing() {
    let mut world = World::new();
    world.settle();
    world.command(SessionCommand::Open(vec![PathBuf::from("l.CSV")]));
    assert!(world.state.notices[0].text.starts_with("Open the pictures first"));
    world.open(0);
    world.settle();
    world.command(SessionCommand::Open(vec![PathBuf::from("l.CSV")]));
    let busy = world.state.busy().unwrap();
    assert!(busy.can_stop && busy.what == "Reading the labels");
    world.command(SessionCommand::Cancel);
    answer(&mut world, &["1"]);
    assert_eq!((world.state.busy(), world.state.labels_file()), (None, None));
    for luck in [Luck::Bad, Luck::DeviceLost] {
        world.command(LabCommand::Labels(PathBuf::from("l.csv")).into());
        let last = world.pool.len() - 1;
        world.pool_done(last, luck);
        world.settle();
        assert!(world.state.busy().is_none() && world.state.notices.last().unwrap().is_problem);
    }
    world.command(LabCommand::Labels(PathBuf::from("l.csv")).into());
    answer(&mut world, &[]);
    assert!(world.state.notices.last().unwrap().text.contains("names no picture of the list (x1"));
    assert_eq!(world.state.labels_file(), None);
}

#[test]
fn a_point_and_a_prevalence_stay_within_their_ranges() {
    let mut world = World::opened(0);
    label(&mut world, &["5", "6", "5", "6"]);
    world.command(LabCommand::Contrast(Contrast::Class(6)).into());
    world.command(LabCommand::Prevalence(Some(0.1)).into());
    // The model says 6 of the second picture with certainty, and of no other.
    let measured = world.state.measured().unwrap();
    let there = measured.among(0.5, 0.1).unwrap();
    assert_eq!((there.sensitivity, there.specificity, there.ppv), (0.5, 1.0, Some(1.0)));
    assert!((there.npv.unwrap() - 0.9 / 0.95).abs() < 1e-12);
    for (given, kept) in [(7.0, Some(1.0)), (-1.0, Some(0.0)), (f64::NAN, Some(0.5))] {
        world.command(LabCommand::Point(Some(given)).into());
        assert_eq!(world.state.operating_point(), kept);
    }
    world.command(LabCommand::Prevalence(Some(5.0)).into());
    assert_eq!(world.state.prevalence(), Some(1.0 - 1e-4));
    world.command(LabCommand::Contrast(Contrast::Class(99)).into());
    assert_eq!(world.state.contrast(), Some(Contrast::Class(0)), "a class that there is not");
}

#[test]
fn all_maps_are_made_where_the_list_stands_by_them_and_are_of_the_rule_in_use() {
    let mut world = World::opened(0);
    let known = |world: &World| {
        let answers = world.state.worklist.items().iter().filter_map(|item| item.answer.as_ref());
        answers.filter(|answer| answer.agrees.is_some()).count()
    };
    assert_eq!((known(&world), world.state.grading()), (1, None), "that of the picture on the screen");
    world.command(SessionCommand::Sort(SortBy::Mismatch));
    assert_eq!(world.state.grading().map(|progress| (progress.done, progress.all)), Some((1, 6)));
    world.settle();
    assert_eq!((known(&world), world.state.grading()), (6, None));
    // What was told of one rule is not told of another.
    world.command(SessionCommand::Sort(SortBy::Name));
    world.command(SessionCommand::Rule(BackwardRule::Guided));
    world.settle();
    assert_eq!(known(&world), 1);
    world.check().unwrap();
}
