//! Readings across restarts, models and switches of "read first".

use std::path::PathBuf;

use super::world::{PICTURES, World};
use crate::method::BackwardRule;
use crate::reading::{FrameOf, Reading};
use crate::session::command::{ReadingCommand, SessionCommand};

fn of(picture: usize) -> FrameOf {
    FrameOf { path: PathBuf::from(PICTURES[picture]), frame: 0 }
}

fn reading(world: &World, picture: usize) -> Reading {
    world.state.readings.reading(&of(picture)).cloned().unwrap_or_default()
}

fn settled(world: &mut World, command: impl Into<SessionCommand>) {
    world.command(command.into());
    world.settle();
}

fn show(world: &mut World, picture: usize) {
    settled(world, SessionCommand::Show(PathBuf::from(PICTURES[picture])));
}

#[test]
fn a_reader_who_comes_back_goes_on_where_she_was() {
    let mut world = World::opened(0);
    settled(&mut world, SessionCommand::ReadFirst(true));
    show(&mut world, 1);
    assert!(world.state.awaits_reader() && world.state.shown().is_none());
    settled(&mut world, SessionCommand::Grade(3));
    settled(&mut world, SessionCommand::Rule(BackwardRule::Guided));
    settled(&mut world, ReadingCommand::Comment("pale disc".to_owned()));
    show(&mut world, 2);
    let mut again = world.again();
    again.open(0);
    again.settle();
    let on_screen = again.state.on_screen();
    assert_eq!(on_screen, Some(of(2)));
    assert!(again.state.awaits_reader(), "blind reading is not ended by a start anew");
    assert_eq!(again.state.choices.rule, Some(BackwardRule::Guided));
    assert_eq!((reading(&again, 1).class, reading(&again, 1).comment.as_str()), (Some(3), "pale disc"));
    assert!(!reading(&again, 1).answer_seen_before);
    show(&mut again, 1);
    assert!(again.state.shown().is_some());
    assert!(again.state.readings.entry(&of(0)).unwrap().answer_seen, "it was seen before blind reading began");
    show(&mut again, 0);
    assert!(!again.state.awaits_reader());
}

#[test]
fn switching_blind_reading_off_and_on_marks_what_was_seen() {
    let mut world = World::opened(0);
    settled(&mut world, SessionCommand::ReadFirst(true));
    show(&mut world, 1);
    settled(&mut world, SessionCommand::ReadFirst(false));
    assert!(world.state.shown().is_some());
    settled(&mut world, SessionCommand::ReadFirst(true));
    assert!(!world.state.awaits_reader(), "nobody is asked blind for what was seen");
    settled(&mut world, ReadingCommand::Grade(2));
    assert!(reading(&world, 1).answer_seen_before);
}

#[test]
fn a_digit_is_the_readers_grade_only_when_it_was_asked_for() {
    let mut world = World::opened(0);
    settled(&mut world, SessionCommand::Grade(2));
    assert_eq!(reading(&world, 0).class, None, "it switches a class of the map");
    settled(&mut world, ReadingCommand::Ask);
    settled(&mut world, SessionCommand::Grade(2));
    assert_eq!(reading(&world, 0).class, Some(2));
    assert!(!world.state.asks_grade());
}

#[test]
fn a_file_of_readings_opens_what_it_is_about() {
    let mut world = World::opened(2);
    settled(&mut world, ReadingCommand::Flag);
    settled(&mut world, ReadingCommand::Save(PathBuf::from("copy.fovea")));
    let mut again = world.again();
    again.open(0);
    again.settle();
    settled(&mut again, SessionCommand::Open(vec![PathBuf::from("copy.fovea")]));
    assert_eq!(again.state.worklist.len(), PICTURES.len() - 2);
    assert_eq!(again.state.readings_file(), Some(std::path::Path::new("copy.fovea")));
    assert!(reading(&again, 2).flagged);
    settled(&mut again, SessionCommand::Open(vec![PathBuf::from("none.fovea")]));
    assert_eq!(again.state.worklist.len(), PICTURES.len() - 2, "what cannot be read leaves all as it was");
}

#[test]
fn the_same_pictures_under_other_classes_are_other_readings() {
    let mut world = World::opened(0);
    settled(&mut world, ReadingCommand::Grade(4));
    let first = world.target.clone();
    settled(&mut world, SessionCommand::Open(vec![PathBuf::from(PICTURES[3])]));
    assert_ne!(world.target, first);
    assert_eq!(reading(&world, 0).class, None);
    world.open(0);
    world.settle();
    assert_eq!((world.target.clone(), reading(&world, 0).class), (first, Some(4)));
}
