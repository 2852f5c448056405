//! The list of a day: by patient and eye, searched, filtered and sorted, graded while nobody looks, and silent about what a
//! reader may not know yet.

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use fovea::network::DeviceChoice;
use fovea::reading::Identity;
use fovea::session::worklist::{Only, SortBy};
use fovea::session::{ListCommand, Options, SessionCommand, WindowCommand};
use fovea::ui::App;

use super::window::*;

/// Small pictures under these names, each a little different.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let drawn = image::open(moderate()).unwrap().resize(150, 100, image::imageops::FilterType::Triangle).to_rgb8();
        for (n, name) in names.iter().enumerate() {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut picture = drawn.clone();
            picture.put_pixel(0, 0, image::Rgb([n as u8, (n >> 8) as u8, 0]));
            picture.save(path).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn open(&self) -> Window {
        let mut window = build(None, false);
        open(&mut window, &[self.path().to_owned()]);
        window
    }

    /// With results kept in this folder's `.kept`.
    fn open_keeping(&self) -> Window {
        let results = Some(self.path().join(".kept/results.sqlite"));
        let mut window = Harness::builder().with_size([1280.0, 900.0]).with_max_steps(60).build_eframe(|creation| {
            let options = Options { device: DeviceChoice::Cpu, results, ..Options::default() };
            App::new(&creation.egui_ctx, options, Vec::new()).unwrap()
        });
        open(&mut window, &[self.path().to_owned()]);
        window
    }
}

fn shown(window: &Window) -> Vec<String> {
    window.state().session.worklist.shown().map(|item| item.label.clone()).collect()
}

fn is_graded(app: &App) -> bool {
    app.session.worklist.items().iter().all(|item| item.answer.is_some())
}

#[test]
fn pictures_stand_by_patient_and_no_two_look_or_export_alike() {
    let folder = Folder::new(&["jones/left.png", "jones/right.png", "smith/left.png", "smith/right.png"]);
    let mut window = folder.open();
    assert_eq!(shown(&window), ["jones/left.png", "jones/right.png", "smith/left.png", "smith/right.png"]);
    window.get_by_role_and_label(Role::Label, "jones · R L");
    window.get_by_role_and_label(Role::Label, "smith · R L");
    assert_eq!(window.state().window_title(), "jones/left.png — Fovea");
    act(&mut window, SessionCommand::Sort(SortBy::Patient));
    assert_eq!(shown(&window)[..2], ["jones/right.png", "jones/left.png"], "the right eye stands first");
    act(&mut window, SessionCommand::Show(folder.path().join("smith/left.png")));
    wait(&mut window, "the other", |app| {
        app.session.current().unwrap().path.ends_with("smith/left.png") && app.session.shown().is_some()
    });
    assert_eq!(window.state().window_title(), "smith/left.png — Fovea");
    let out = tempfile::tempdir().unwrap();
    export(&mut window, out.path());
    assert!(out.path().join("smith-left.json").exists());
}

#[test]
fn the_list_is_searched_by_key_and_what_is_found_is_walked() {
    let folder = Folder::new(&["12_left.png", "12_right.png", "13_left.png", "20_left.png"]);
    let mut window = folder.open();
    press(&mut window, Modifiers::NONE, Key::Slash);
    window.get_by_role_and_label(Role::SearchInput, "Search the list").type_text("patient 12");
    window.run_steps(4);
    assert_eq!(shown(&window), ["12_left.png", "12_right.png"]);
    window.get_by_label("2 of 4");
    press(&mut window, Modifiers::NONE, Key::Enter);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the second", |app| app.session.current().unwrap().path.ends_with("12_right.png"));
    press(&mut window, Modifiers::NONE, Key::PageDown);
    assert!(window.state().session.current().unwrap().path.ends_with("12_right.png"), "the last of those shown");
    window.get_by_role_and_label(Role::Button, "Show all").click();
    window.run_steps(3);
    assert_eq!(shown(&window).len(), 4);
    act(&mut window, ListCommand::Search("nobody".to_owned()));
    window.get_by_label("No picture is like that.");
    act(&mut window, ListCommand::ShowAll);
    act(&mut window, ListCommand::Only(Only::Flagged, true));
    assert!(shown(&window).is_empty());
    window.get_by_role_and_label(Role::Button, "Filter: on").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::CheckBox, "Flagged").click();
    window.run_steps(3);
    assert_eq!(shown(&window).len(), 4);
}

#[test]
fn all_pictures_are_graded_meanwhile_unless_that_is_paused() {
    let names: Vec<String> = (0..12).map(|n| format!("{n}_left.png")).collect();
    let folder = Folder::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut window = build(None, false);
    act(&mut window, ListCommand::GradeAll(false));
    open(&mut window, &[folder.path().to_owned()]);
    wait(&mut window, "what is next and how steady it is", |app| app.session.steady().is_some());
    std::thread::sleep(Duration::from_millis(300));
    window.run_steps(3);
    let graded = window.state().session.worklist.graded();
    assert!(graded < 6, "{graded} were graded although nobody wished it");
    window.get_by_role_and_label(Role::ProgressIndicator, &format!("{graded} of 12 graded"));
    window.get_by_role_and_label(Role::Button, "Go on").click();
    window.step();
    wait(&mut window, "all grades", is_graded);
    assert!(window.query_by_role(Role::ProgressIndicator).is_none(), "nothing is left to say");
    assert!(window.state().session.network_runs() < 6, "no maps were made of them");
}

#[test]
fn a_folder_that_was_graded_once_is_graded_when_it_is_opened_again() {
    let folder = Folder::new(&["1_left.png", "2_left.png", "3_left.png", "4_left.png", "5_left.png", "6_left.png"]);
    let mut window = folder.open_keeping();
    wait(&mut window, "all grades", is_graded);
    let answers = |window: &Window| {
        window.state().session.worklist.items().iter().map(|item| item.answer.clone().unwrap()).collect::<Vec<_>>()
    };
    let first = answers(&window);
    drop(window);
    let mut window = folder.open_keeping();
    wait(&mut window, "what was kept", is_graded);
    assert_eq!(answers(&window), first);
    act(&mut window, ListCommand::ClearResults);
    wait(&mut window, "the notice", |app| app.session.notices.iter().any(|notice| notice.text.contains("cleared")));
}

#[test]
fn a_blind_reader_learns_nothing_from_the_list() {
    let folder = Folder::new(&["1_left.png", "2_left.png", "3_left.png"]);
    let mut window = build(None, false);
    act(&mut window, SessionCommand::ReadFirst(true));
    act(&mut window, SessionCommand::Open(vec![folder.path().to_owned()]));
    wait(&mut window, "all grades", |app| app.session.worklist.len() == 3 && is_graded(app));
    for sort in SortBy::ALL {
        act(&mut window, SessionCommand::Sort(sort));
        assert_eq!(shown(&window), ["1_left.png", "2_left.png", "3_left.png"], "{sort:?}");
    }
    for grade in 0..5 {
        act(&mut window, ListCommand::Grade(Some(grade)));
        assert!(shown(&window).is_empty(), "grade {grade}");
    }
    act(&mut window, ListCommand::ShowAll);
    let names = window.state().session.worklist.classes().names().to_vec();
    assert!(names.iter().all(|name| !says(&window, &format!("left.png {name}"))));
    press(&mut window, Modifiers::NONE, Key::Num2);
    let hidden = window.state().session.worklist.items().iter().filter(|item| item.seen_answer().is_none()).count();
    assert_eq!(hidden, 2, "that of the picture that was read is told");
}

#[test]
fn whose_picture_it_is_can_be_said_and_how_files_are_named() {
    let folder = Folder::new(&["a x1.png", "b x1.png", "a x2.png"]);
    let mut window = folder.open();
    assert!(window.state().session.worklist.groups().is_empty());
    act(&mut window, WindowCommand::NamePattern);
    window.get_by_role_and_label(Role::TextInput, "Pattern").set_text_value_accesskit("{patient} x{any}");
    window.run_steps(4);
    window.get_by_label_contains("3 of 3 pictures are named so");
    window.get_by_role_and_label(Role::Button, "Use").click();
    window.run_steps(4);
    act(&mut window, SessionCommand::Sort(SortBy::Patient));
    window.get_by_role_and_label(Role::Label, "a");
    assert_eq!(shown(&window), ["a x1.png", "a x2.png", "b x1.png"]);
    act(&mut window, WindowCommand::Identity);
    window.get_by_role_and_label(Role::TextInput, "Patient").set_text_value_accesskit("77");
    window.get_by_role_and_label(Role::RadioButton, "Left").click();
    window.run_steps(4);
    window.get_by_role_and_label(Role::Button, "Keep").click();
    window.run_steps(4);
    window.get_by_role_and_label(Role::Label, "Patient 77 · L");
    let said = window.state().session.worklist.get(&folder.path().join("a x1.png")).unwrap().identity.clone();
    assert_eq!((said.patient.as_str(), said.is_private), ("77", false));
}

#[test]
fn a_number_out_of_a_dicom_file_is_shown_to_who_asks_for_names() {
    let folder = Folder::new(&["a.png"]);
    let mut window = folder.open();
    let path = folder.path().join("a.png");
    let identity = Identity { patient: "Z99".to_owned(), is_private: true, ..Identity::default() };
    act(&mut window, ListCommand::Identity(path.clone(), identity));
    let patient = |window: &Window| {
        let list = &window.state().session.worklist;
        list.patient(list.get(&path).unwrap()).unwrap()
    };
    assert_eq!(patient(&window), "Patient 1");
    act(&mut window, ListCommand::ShowNames(true));
    assert_eq!(patient(&window), "Z99");
}

#[test]
fn a_list_of_a_day_keeps_few_thumbnails_and_draws_what_is_seen() {
    let names: Vec<PathBuf> =
        (0..1200).map(|n| PathBuf::from(format!("{}_{}.png", n / 2, ["right", "left"][n % 2]))).collect();
    let folder = Folder::new(&names.iter().map(|name| name.to_str().unwrap()).collect::<Vec<_>>());
    let mut window = build(None, false);
    act(&mut window, ListCommand::GradeAll(false));
    open(&mut window, &[folder.path().to_owned()]);
    act(&mut window, SessionCommand::Sort(SortBy::Patient));
    let rows = window.query_all_by_role(Role::ListBoxOption).count();
    assert!((8..40).contains(&rows), "{rows} rows were laid out");
    let middle = folder.path().join("300_left.png");
    act(&mut window, SessionCommand::Show(middle.clone()));
    wait(&mut window, "the middle", |app| {
        app.session.current().unwrap().path == middle && app.session.shown().is_some()
    });
    let in_sight = |name: &str| {
        let mut rows = window.query_all_by_role(Role::ListBoxOption);
        rows.any(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(name)))
    };
    assert!(in_sight("300_left.png"), "what is shown is in sight");
    let thumbnails = |app: &App| app.session.worklist.items().iter().filter(|item| item.thumbnail.is_some()).count();
    assert!(thumbnails(window.state()) < 200);
}
