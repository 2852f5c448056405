//! A session without a window: the newest wish wins, stale answers are dropped, nothing is lost.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fovea::method::BackwardRule;
use fovea::network::DeviceChoice;
use fovea::session::cache::BUDGET_BYTES;
use fovea::session::worklist::SortBy;
use fovea::session::{Options, Session, SessionCommand};
use image::{Rgb, RgbImage};

/// A folder with `count` pictures and one with a small model that reads them.
struct Place {
    pictures: tempfile::TempDir,
    models: tempfile::TempDir,
}

impl Place {
    fn new(count: u8, side: u32) -> Self {
        let (pictures, models) = (tempfile::tempdir().unwrap(), common::small_models());
        for n in 0..count {
            let picture = RgbImage::from_fn(side, side, |x, y| Rgb([x as u8, y as u8, 20 * n]));
            picture.save(pictures.path().join(format!("{n:03}.png"))).unwrap();
        }
        Self { pictures, models }
    }

    fn picture(&self, n: u8) -> PathBuf {
        self.pictures.path().join(format!("{n:03}.png"))
    }

    fn session(&self, model: &str) -> Session {
        let folders = vec![self.models.path().to_owned()];
        let options =
            Options { folders, model: Some(model.to_owned()), device: DeviceChoice::Cpu, ..Options::default() };
        Session::start(options, Arc::new(|| {})).unwrap()
    }

    /// A session with the whole folder open and its first picture explained.
    fn opened(&self) -> Session {
        let mut session = self.session("small");
        session.apply(&SessionCommand::Open(vec![self.pictures.path().to_owned()]));
        wait(&mut session, |session| session.shown().is_some());
        session
    }
}

fn wait(session: &mut Session, ready: impl Fn(&Session) -> bool) {
    let start = Instant::now();
    while !ready(session) {
        assert!(start.elapsed() < Duration::from_secs(60), "the session never came so far");
        std::thread::sleep(Duration::from_millis(1));
        session.poll();
    }
}

fn is_shown(session: &Session, path: &Path) -> bool {
    session.current().is_some_and(|current| current.path == path) && session.shown().is_some()
}

#[test]
fn of_many_wishes_the_newest_wins() {
    let place = Place::new(9, 60);
    let mut session = place.opened();
    for n in 1..9 {
        session.apply(&SessionCommand::Show(place.picture(n)));
    }
    assert_eq!(session.selected(), Some(place.picture(8).as_path()));
    wait(&mut session, |session| is_shown(session, &place.picture(8)));
    // Answers to the older wishes may still come; none of them may take the place.
    std::thread::sleep(Duration::from_millis(300));
    session.poll();
    assert!(is_shown(&session, &place.picture(8)));
    assert!(session.network_runs() < 8, "{} runs: wishes that were given up ran too", session.network_runs());
}

#[test]
fn what_is_cancelled_leaves_what_was_open() {
    let place = Place::new(4, 900);
    let mut session = place.opened();
    session.apply(&SessionCommand::Show(place.picture(3)));
    session.apply(&SessionCommand::Cancel);
    assert_eq!(session.selected(), Some(place.picture(0).as_path()));
    std::thread::sleep(Duration::from_millis(300));
    session.poll();
    assert!(is_shown(&session, &place.picture(0)) && session.busy().is_none());
}

#[test]
fn a_picture_opened_before_the_model_stands_ready_is_explained_once() {
    let place = Place::new(1, 60);
    let mut session = place.session("small");
    session.apply(&SessionCommand::Open(vec![place.picture(0)]));
    wait(&mut session, |session| session.shown().is_some());
    assert_eq!(session.network_runs(), 1);
}

#[test]
fn a_bad_picture_in_a_list_is_said_and_stepped_over() {
    let place = Place::new(3, 60);
    fs::write(place.picture(0), "no picture").unwrap();
    let mut session = place.session("small");
    session.apply(&SessionCommand::Open(vec![place.pictures.path().to_owned()]));
    wait(&mut session, |session| session.shown().is_some());
    assert!(is_shown(&session, &place.picture(1)));
    assert!(session.notices[0].is_problem && session.notices[0].text.contains("000.png"));
    session.apply(&SessionCommand::Previous);
    assert_eq!(session.selected(), Some(place.picture(1).as_path()), "there is nothing to go back to");
}

#[test]
fn a_model_that_cannot_be_loaded_shows_the_picture_and_another_one_explains_it() {
    let place = Place::new(1, 60);
    let mut session = place.session("absent");
    session.apply(&SessionCommand::Open(vec![place.picture(0)]));
    wait(&mut session, |session| session.current().is_some() && !session.notices.is_empty());
    assert!(session.shown().is_none() && session.busy().is_none());
    session.apply(&SessionCommand::Model("small".to_owned()));
    wait(&mut session, |session| session.shown().is_some());
}

#[test]
fn a_long_list_stays_within_the_cache() {
    let place = Place::new(40, 2000);
    let mut session = place.opened();
    for n in 1..40 {
        session.apply(&SessionCommand::Next);
        wait(&mut session, |session| is_shown(session, &place.picture(n)));
        assert!(session.cached_bytes() <= BUDGET_BYTES, "{} bytes", session.cached_bytes());
    }
    assert!(session.cached_bytes() > BUDGET_BYTES / 2, "something is kept");
}

#[test]
fn the_list_is_sorted_by_the_grades_that_are_known() {
    let place = Place::new(3, 60);
    let mut session = place.opened();
    wait(&mut session, |session| session.worklist.items().iter().all(|item| item.answer.is_some()));
    session.apply(&SessionCommand::Sort(SortBy::Grade));
    let grades: Vec<usize> = session.worklist.shown().map(|item| item.answer.as_ref().unwrap().class).collect();
    assert!(grades.is_sorted_by(|a, b| a >= b), "{grades:?}");
    assert_eq!(session.selected(), Some(place.picture(0).as_path()));
}

#[test]
fn a_file_that_makes_a_decoder_panic_takes_no_other_with_it() {
    let place = Place::new(3, 60);
    // A palette that is no multiple of three bytes, with transparency.
    fs::write(place.picture(0), include_bytes!("fuzz/found/palette-of-47-bytes.png")).unwrap();
    let mut session = place.session("small");
    session.apply(&SessionCommand::Open(vec![place.pictures.path().to_owned()]));
    wait(&mut session, |session| is_shown(session, &place.picture(1)));
    let told = session.notices.iter().filter(|notice| notice.text.contains("a fault of fovea")).count();
    assert_eq!(told, 1, "{:?}", session.notices);
    session.apply(&SessionCommand::Show(place.picture(0)));
    session.apply(&SessionCommand::Show(place.picture(2)));
    wait(&mut session, |session| is_shown(session, &place.picture(2)));
}

#[test]
fn a_picture_that_needs_too_much_memory_is_refused_before_it_is_decoded() {
    let place = Place::new(2, 2000);
    let folders = vec![place.models.path().to_owned()];
    let model = Some("small".to_owned());
    let options = Options { folders, model, device: DeviceChoice::Cpu, limit_bytes: 50_000_000, ..Options::default() };
    let mut session = Session::start(options, Arc::new(|| {})).unwrap();
    session.apply(&SessionCommand::Open(vec![place.picture(1)]));
    wait(&mut session, |session| !session.notices.is_empty());
    assert!(session.notices[0].text.contains("GB of memory, the limit is 0;"), "{:?}", session.notices);
}

#[test]
fn a_rule_given_up_for_the_first_one_leaves_nothing_to_wait_for() {
    let place = Place::new(1, 60);
    let mut session = place.opened();
    let rule = |session: &Session| session.shown().map(|shown| shown.explanation.settings.rule);
    let first = rule(&session).unwrap();
    session.apply(&SessionCommand::Rule(BackwardRule::Guided));
    session.apply(&SessionCommand::Rule(first));
    std::thread::sleep(Duration::from_millis(300));
    session.poll();
    wait(&mut session, |session| session.busy().is_none());
    assert_eq!(rule(&session), Some(first));
}

#[test]
fn a_model_that_fails_while_a_picture_waits_leaves_it_to_the_last_model() {
    let place = Place::new(4, 1500);
    let mut session = place.opened();
    session.apply(&SessionCommand::Show(place.picture(3)));
    // The picture is being decoded by now: its explanation gives way to the model.
    std::thread::sleep(Duration::from_millis(4));
    session.apply(&SessionCommand::Model("absent".to_owned()));
    wait(&mut session, |session| is_shown(session, &place.picture(3)) && session.busy().is_none());
    assert!(session.notices.iter().any(|notice| notice.text.contains("absent")), "{:?}", session.notices);
}

#[test]
fn a_neighbour_that_fails_ahead_is_marked_in_the_list_and_nowhere_else() {
    let place = Place::new(3, 60);
    fs::write(place.picture(1), "no picture").unwrap();
    let mut session = place.opened();
    wait(&mut session, |session| session.worklist.items()[1].problem.is_some());
    assert!(session.notices.is_empty(), "{:?}", session.notices);
}

#[test]
fn an_answer_is_tried_on_variants_once_nothing_else_is_to_do() {
    let place = Place::new(3, 60);
    let mut session = place.opened();
    wait(&mut session, |session| session.steady().is_some());
    assert_eq!(session.network_runs(), 3, "the neighbours went first");
    let (steady, verdict) = (session.steady().unwrap(), &session.shown().unwrap().explanation.verdict);
    assert_eq!((steady.decided[0].as_slice(), steady.variants.len()), ([verdict.decided].as_slice(), 4));
    assert_eq!(steady.decided.len(), 5);
    session.apply(&SessionCommand::Next);
    assert!(session.steady().is_none(), "of the other picture nothing is known");
    wait(&mut session, |session| session.steady().is_some());
    session.apply(&SessionCommand::Previous);
    assert!(session.shown().is_none() || session.steady().is_some(), "what was tried is kept");
}

#[test]
fn two_rules_stand_side_by_side() {
    let place = Place::new(2, 60);
    let mut session = place.opened();
    let first = session.shown().unwrap().explanation.settings.rule;
    session.apply(&SessionCommand::Compare(Some(BackwardRule::Guided)));
    wait(&mut session, |session| session.compared().is_some() && session.busy().is_none());
    let compared = session.compared().unwrap().explanation.settings.rule;
    assert_eq!((session.shown().unwrap().explanation.settings.rule, compared), (first, BackwardRule::Guided));
    session.apply(&SessionCommand::Compare(None));
    assert!(session.compared().is_none());
}

#[test]
fn a_relative_path_is_kept_as_one_that_holds_from_anywhere() {
    let options = Options { device: DeviceChoice::Cpu, ..Options::default() };
    let mut session = Session::start(options, Arc::new(|| {})).unwrap();
    session.apply(&SessionCommand::Open(vec![PathBuf::from("assets/samples")]));
    wait(&mut session, |session| session.current().is_some());
    assert!(session.worklist.items().iter().all(|item| item.path.is_absolute()));
    assert!(session.worklist.opened()[0].is_absolute());
}
