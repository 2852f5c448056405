//! Archives: what is asked, what comes of it, and how long a study stays.

use std::path::{Path, PathBuf};

use super::world::{Luck, PICTURES, STUDY, World};
use crate::pacs::{Archive, Connection, FoundStudy, Query, WebPeer};
use crate::session::archive::{ArchiveAnswer, ArchiveJob, ArchiveQuestion, Private, Study, WaitingFor};
use crate::session::command::{ArchiveCommand, ReadingCommand, SessionCommand};
use crate::session::effect::Effect;
use crate::session::message::Event;

fn connection(name: &str) -> Connection {
    let peer = WebPeer { url: "https://pacs.example/dicom-web".to_owned(), ..WebPeer::default() };
    Connection { name: name.to_owned(), archive: Archive::Web(peer) }
}

/// A world that knows an archive.
fn world() -> World {
    let mut world = World::new();
    world.settle();
    world.command(ArchiveCommand::Keep(None, Box::new(connection("a"))).into());
    world
}

/// The question that is on its way.
fn asked(world: &World) -> Option<&ArchiveJob> {
    world.pool.iter().find_map(|effect| if let Effect::Ask(job) = effect { Some(&**job) } else { None })
}

fn search(world: &mut World) {
    world.command(ArchiveCommand::Search(Query::default()).into());
    world.settle();
}

fn fetch(world: &mut World, row: usize) {
    world.command(ArchiveCommand::Fetch { row, keep: None }.into());
}

/// A study that lies in a private folder.
fn private(place: &Path, uid: &str) -> Study {
    let private = Private::new(place).unwrap();
    let folder = private.path().join("study");
    std::fs::create_dir(&folder).unwrap();
    Study::new(folder, uid, Some(private)).counting(1, 0)
}

#[test]
fn a_study_is_searched_fetched_and_opened() {
    let mut world = world();
    search(&mut world);
    assert_eq!(world.state.found_studies().map(<[FoundStudy]>::len), Some(2));
    fetch(&mut world, 0);
    let waiting = world.state.waiting_for_archive().unwrap().what;
    assert_eq!(waiting, WaitingFor::Fetch { arrived: 0, of: None });
    let number = asked(&world).unwrap().number;
    world.event(Event::Archive { number, said: Ok(ArchiveAnswer::Arrived(3)) });
    assert_eq!(world.state.busy().unwrap().what, "Fetching the study: 3 objects");
    world.settle();
    assert_eq!(world.state.current().unwrap().path, Path::new(STUDY));
    assert!(world.state.take_study_has_come() && !world.state.take_study_has_come());
    assert_eq!(world.state.archive.studies(), 1);
    world.command(SessionCommand::Open(vec![PathBuf::from(PICTURES[0])]));
    assert_eq!(world.state.archive.studies(), 1, "still on the screen");
    world.settle();
    assert_eq!(world.state.archive.studies(), 0);
}

#[test]
fn what_is_stopped_comes_to_nothing() {
    let mut world = world();
    search(&mut world);
    for command in [ArchiveCommand::Stop.into(), SessionCommand::Cancel] {
        fetch(&mut world, 0);
        let stop = asked(&world).unwrap().stop.clone();
        world.command(command);
        assert!(stop.is_set() && world.state.waiting_for_archive().is_none());
        // It comes all the same.
        world.settle();
        assert!(world.state.current().is_none() && world.state.archive.studies() == 0);
    }
    assert!(world.state.found_studies().is_some(), "what was found stays");
    world.command(ArchiveCommand::Leave.into());
    assert!(world.state.found_studies().is_none(), "and is forgotten by who leaves");
}

#[test]
fn a_newer_question_ends_the_last() {
    let mut world = world();
    world.command(ArchiveCommand::Search(Query::default()).into());
    let first = asked(&world).unwrap().stop.clone();
    world.command(ArchiveCommand::Test(Box::new(connection("a"))).into());
    assert!(first.is_set());
    world.settle();
    assert_eq!(world.state.archive_answer(), Some(Ok("It answers.")));
    assert!(world.state.found_studies().is_none());
}

#[test]
fn what_goes_wrong_is_said_in_the_dialog() {
    let mut world = world();
    world.command(ArchiveCommand::Search(Query::default()).into());
    let last = world.pool.len() - 1;
    world.pool_done(last, Luck::Bad);
    world.settle();
    assert_eq!(world.state.archive_answer(), Some(Err("away: nobody there.")));
    assert!(world.state.notices.is_empty() && world.state.busy().is_none());
    search(&mut world);
    fetch(&mut world, 1);
    world.settle();
    let says = world.state.archive_answer().unwrap().unwrap_err();
    assert_eq!(says, "No picture of this study can be opened: one object of another kind came.");
    fetch(&mut world, 0);
    let last = world.pool.len() - 1;
    world.pool_done(last, Luck::DeviceLost);
    world.settle();
    assert!(world.state.waiting_for_archive().is_none() && world.state.notices.last().unwrap().is_problem);
    fetch(&mut world, 9);
    assert!(asked(&world).is_none(), "there is no such row");
}

#[test]
fn connections_are_kept_chosen_and_deleted() {
    let mut world = world();
    let names = |world: &World| {
        world.state.preferences.connections.iter().map(|connection| connection.name.clone()).collect::<Vec<_>>()
    };
    world.command(ArchiveCommand::Keep(None, Box::new(connection("b"))).into());
    assert_eq!((names(&world), world.state.connection().unwrap().name.as_str()), (vec!["a".into(), "b".into()], "b"));
    world.command(ArchiveCommand::Keep(None, Box::new(connection("a"))).into());
    world.command(ArchiveCommand::Keep(None, Box::new(connection(" "))).into());
    assert_eq!(names(&world), ["a", "b"], "a name stands once, and is one");
    world.command(ArchiveCommand::Keep(Some("b".to_owned()), Box::new(connection("c"))).into());
    world.command(ArchiveCommand::Choose("a".to_owned()).into());
    assert_eq!((names(&world), world.state.connection().unwrap().name.as_str()), (vec!["a".into(), "c".into()], "a"));
    search(&mut world);
    world.command(ArchiveCommand::Choose("c".to_owned()).into());
    assert!(world.state.found_studies().is_none(), "studies are those of one archive");
    world.command(ArchiveCommand::Delete("c".to_owned()).into());
    assert_eq!((names(&world), world.state.connection().unwrap().name.as_str()), (vec!["a".into()], "a"));
    world.command(ArchiveCommand::Delete("a".to_owned()).into());
    search(&mut world);
    assert!(world.state.connection().is_none() && world.state.found_studies().is_none());
}

#[test]
fn the_latest_studies_stand_first() {
    let mut world = world();
    world.command(ArchiveCommand::Search(Query::default()).into());
    let number = asked(&world).unwrap().number;
    let study = |date: &str, name: &str| FoundStudy {
        study_date: date.to_owned(),
        patient_name: name.to_owned(),
        ..FoundStudy::default()
    };
    let found = vec![study("20260101", "B"), study("", "C"), study("20260301", "B"), study("20260301", "A")];
    world.event(Event::Archive { number, said: Ok(ArchiveAnswer::Found(found)) });
    let dates: Vec<&str> = world.state.found_studies().unwrap().iter().map(|study| study.study_date.as_str()).collect();
    assert_eq!(dates, ["20260301", "20260301", "20260101", ""]);
    assert_eq!(world.state.found_studies().unwrap()[0].patient_name, "A");
}

#[test]
fn a_private_study_leaves_no_trace_and_its_readings_stay() {
    let place = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for _ in 0..2 {
        let mut world = world();
        search(&mut world);
        fetch(&mut world, 0);
        let number = asked(&world).unwrap().number;
        world.pool.clear();
        let study = private(place.path(), "1.2.3");
        let folder = study.folder().to_owned();
        world.event(Event::Archive { number, said: Ok(ArchiveAnswer::Fetched(study)) });
        // The world has no pictures but its own: the one that is found stands for the folder.
        let Some(Effect::Find { number, .. }) = world.pool.pop() else { panic!("it is not opened") };
        let found = crate::scan::find::Found { pictures: vec![PathBuf::from(PICTURES[0])], ..Default::default() };
        world.event(Event::Found { number, found: Ok(found) });
        world.settle();
        assert!(folder.exists() && world.state.archive.studies() == 1);
        assert!(world.state.private_study(&folder).is_some());
        world.command(ReadingCommand::Grade(1).into());
        files.push(world.target.clone().unwrap());
        assert!(world.state.preferences.sessions.is_empty(), "there would be no pictures for who opened it");
        drop(world);
        assert!(!folder.exists() && std::fs::read_dir(place.path()).unwrap().next().is_none());
    }
    assert_eq!(files[0], files[1], "the same study has the same readings, wherever it lies");
    assert!(!files[0].starts_with(place.path()));
    let name = files[0].to_string_lossy();
    assert!(!name.contains("1.2.3"), "{name}");
}

#[test]
fn nothing_of_a_patient_is_printed() {
    let query = Query { patient_name: "Test^One".to_owned(), ..Query::default() };
    let commands = [ArchiveCommand::Search(query.clone()), ArchiveCommand::Fetch { row: 0, keep: None }];
    let job = |question| ArchiveJob { number: 1, archive: connection("a").archive, question, stop: Default::default() };
    let jobs =
        [job(ArchiveQuestion::Find(query)), job(ArchiveQuestion::Fetch { study_uid: "1.2.3".to_owned(), keep: None })];
    let found =
        FoundStudy { patient_name: "Test^One".to_owned(), study_uid: "1.2.3".to_owned(), ..FoundStudy::default() };
    let printed = format!("{commands:?}{jobs:?}{:?}", ArchiveAnswer::Found(vec![found]));
    assert!(!printed.contains("Test") && !printed.contains("1.2.3"), "{printed}");
}
