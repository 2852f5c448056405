//! Labels of the open list: a table is read, the matrix filters, the point moves, and who reads blind sees nothing of it.

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use fovea::session::worklist::{Only, SortBy};
use fovea::session::{LabCommand, ListCommand, SessionCommand, WindowCommand};
use fovea::ui::App;

use super::window::*;

const NONE: Modifiers = Modifiers::NONE;

/// Five small eyes, and a table of which grade each is.
struct Day(tempfile::TempDir);

impl Day {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, of) in [
            ("a.png", "phantom-healthy-left.jpg"),
            ("b.png", "phantom-mild.jpg"),
            ("c.png", "phantom-moderate.jpg"),
            ("d.png", "phantom-severe.jpg"),
            ("e.png", "phantom-healthy-right.jpg"),
        ] {
            let drawn = image::open(sample(of)).unwrap();
            let small = drawn.resize(300, 200, image::imageops::FilterType::Triangle).to_rgb8();
            small.save(folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn picture(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Opens the folder and waits for all grades; what the model says of each.
    fn open(&self, window: &mut Window) -> Vec<usize> {
        act(window, SessionCommand::Open(vec![self.path().to_owned()]));
        wait(window, "all grades", |app| {
            let items = app.session.worklist.items();
            items.len() == 5 && items.iter().all(|item| item.answer.is_some())
        });
        window.state().session.worklist.items().iter().map(|item| item.answer.as_ref().unwrap().class).collect()
    }

    fn table(&self, grades: &[usize]) -> PathBuf {
        let lines = ["a", "b.png", "c", "d", "e"].iter().zip(grades).map(|(name, grade)| format!("{name},{grade}\n"));
        let table = self.path().join("labels.csv");
        std::fs::write(&table, format!("image,grade\n{}other,3\n", lines.collect::<String>())).unwrap();
        table
    }
}

fn shown(window: &Window) -> Vec<String> {
    window.state().session.worklist.shown().map(|item| item.name.clone()).collect()
}

fn has_labels(app: &App) -> bool {
    app.session.measured().is_some()
}

/// Another grade than `grade`, so many away where there is room.
fn off(grade: usize, by: usize) -> usize {
    if grade + by < 5 { grade + by } else { grade - by }
}

#[test]
fn a_table_is_read_and_its_matrix_filters_the_list_by_mouse_and_by_keys() {
    let day = Day::new();
    let mut window = build(None, false);
    let said = day.open(&mut window);
    act(&mut window, WindowCommand::Evidence);
    assert!(says(&window, "Open a table of what is true"), "the panel says how to begin");
    // All is right but a, by one grade, and c, by two.
    let truth = [off(said[0], 1), said[1], off(said[2], 2), said[3], said[4]];
    act(&mut window, SessionCommand::Open(vec![day.table(&truth)]));
    wait(&mut window, "the labels", has_labels);
    assert!(says(&window, "labels of 5 of 5 pictures"));
    assert!(says(&window, "Lines without a picture: 1 (other)"));
    let name = |class: usize| {
        let class = &window.state().session.card().unwrap().classes[class];
        format!("{} {}", class.name, class.label)
    };
    let (wrong, right) = (name(truth[2]), name(said[2]));
    assert!(says(&window, &format!("label {wrong}, the model is wrong")), "the row says so");
    act(&mut window, SessionCommand::Sort(SortBy::Apart));
    assert_eq!(shown(&window)[..2], ["c.png", "a.png"]);
    act(&mut window, ListCommand::Only(Only::Wrong, true));
    assert_eq!(shown(&window), ["c.png", "a.png"]);
    act(&mut window, ListCommand::ShowAll);
    let cell = format!("label {wrong}, model {right}: 1 picture");
    window.get_by_role_and_label(Role::Cell, &cell).click();
    window.run_steps(3);
    assert_eq!(shown(&window), ["c.png"]);
    window.get_by_role_and_label(Role::Cell, &cell).click();
    window.run_steps(3);
    assert_eq!(shown(&window).len(), 5, "the same again shows all");
    // By keys: to the row's head, and Enter.
    window.get_by_role_and_label(Role::Grid, "Labels by answers, 5 by 5, 5 pictures").focus();
    window.run_steps(3);
    for _ in 0..truth[2] {
        press(&mut window, NONE, Key::ArrowDown);
    }
    press(&mut window, NONE, Key::ArrowLeft);
    press(&mut window, NONE, Key::Enter);
    let of_row: Vec<&str> = ["a.png", "b.png", "c.png", "d.png", "e.png"]
        .into_iter()
        .zip(truth)
        .filter(|(_, t)| *t == truth[2])
        .map(|(n, _)| n)
        .collect();
    let mut found = shown(&window);
    found.sort();
    assert_eq!(found, of_row);
    window.check_accessibility();
}

#[test]
fn the_point_moves_and_what_it_brings_with_it() {
    let day = Day::new();
    let mut window = build(None, false);
    let said = day.open(&mut window);
    // Half of them are referable by the labels, whatever the model says.
    act(&mut window, LabCommand::Labels(day.table(&[0, 3, 0, 3, 4])));
    wait(&mut window, "the labels", has_labels);
    assert_eq!(said.len(), 5);
    let figure = |window: &Window, name: &str| {
        let labels = window.query_all_by_role(Role::Label);
        let mut texts = labels.filter_map(|node| node.accesskit_node().label().or(node.accesskit_node().value()));
        texts.find(|text| text.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("no {name}"))
    };
    // To be drawn changes nothing: the program's own point lies on no step of the slider.
    let usual = window.state().session.operating_point().unwrap();
    assert!((usual / 0.005).fract() > 1e-6, "{usual} would tell nothing");
    window.run_steps(3);
    assert_eq!(window.state().session.operating_point(), Some(usual));
    assert!(
        window.query_by_role_and_label(Role::Button, "The program's point").unwrap().accesskit_node().is_disabled()
    );
    assert_eq!(window.state().session.prevalence(), None);
    // Everybody is called from 0 on, and nobody from 1 on.
    window.get_by_role_and_label(Role::Slider, "Operating point").set_value_accesskit(0.0);
    window.run_steps(3);
    assert_eq!(figure(&window, "Sensitivity"), "Sensitivity 100.0 %, 3 of 3");
    assert_eq!(figure(&window, "Specificity"), "Specificity 0.0 %, 0 of 2");
    assert!(figure(&window, "PPV").starts_with("PPV 60.0 %"), "that of the labels");
    window.get_by_role_and_label(Role::Slider, "Prevalence").set_value_accesskit(10.0);
    window.run_steps(3);
    assert!(figure(&window, "PPV").starts_with("PPV 10.0 %"), "{}", figure(&window, "PPV"));
    assert!(figure(&window, "NPV").starts_with("NPV –"), "nobody is told no");
    window.get_by_role_and_label(Role::Slider, "Operating point").set_value_accesskit(1.0);
    window.run_steps(3);
    assert_eq!(figure(&window, "Sensitivity"), "Sensitivity 0.0 %, 0 of 3");
    assert!(figure(&window, "NPV").starts_with("NPV 90.0 %"));
    window.get_by_role_and_label(Role::Button, "The program's point").click();
    window.run_steps(3);
    assert_eq!(window.state().session.operating_point(), Some(usual));
    // By the mouse: the upper right corner of the curve is where everybody is called.
    let plot = window.query_all_by_label_contains("ROC curve, area").next().unwrap().rect();
    let at = plot.right_top() + egui::vec2(-8.0, 8.0);
    window.drag_at(at);
    window.run_steps(2);
    window.drop_at(at);
    window.run_steps(3);
    assert_eq!(figure(&window, "Sensitivity"), "Sensitivity 100.0 %, 3 of 3");
    assert_eq!(figure(&window, "Specificity"), "Specificity 0.0 %, 0 of 2");
    let question = window.get_by_role_and_label(Role::ComboBox, "Question: Referable (grade 2 and above)");
    question.click();
    window.run_steps(3);
    window.get_by_label("Any retinopathy").click();
    window.run_steps(3);
    assert!(window.state().session.contrast() != first_question(&window));
}

fn first_question(window: &Window) -> Option<fovea::session::lab::Contrast> {
    let card = window.state().session.card().unwrap();
    fovea::session::lab::Contrast::all(card).first().copied()
}

#[test]
fn who_reads_blind_learns_nothing_of_the_labels() {
    let day = Day::new();
    let mut window = build(None, false);
    act(&mut window, SessionCommand::ReadFirst(true));
    let said = day.open(&mut window);
    let truth = [off(said[0], 1), said[1], off(said[2], 2), said[3], said[4]];
    act(&mut window, LabCommand::Labels(day.table(&truth)));
    wait(&mut window, "the labels", has_labels);
    for sort in SortBy::ALL {
        act(&mut window, SessionCommand::Sort(sort));
        assert_eq!(shown(&window), ["a.png", "b.png", "c.png", "d.png", "e.png"], "{sort:?}");
    }
    act(&mut window, ListCommand::Only(Only::Wrong, true));
    assert!(shown(&window).is_empty());
    act(&mut window, ListCommand::ShowAll);
    assert!(says(&window, "5 hidden until they are read"));
    assert!(!says(&window, "the model is wrong") && !says(&window, "as the model"));
    window.get_by_role_and_label(Role::Grid, "Labels by answers, 5 by 5, 0 pictures");
    act(&mut window, SessionCommand::Show(day.picture("a.png")));
    press(&mut window, NONE, Key::Num2);
    wait(&mut window, "the answer", |app| app.session.shown().is_some());
    assert!(says(&window, "the model is wrong"), "of the picture that was read");
    window.get_by_role_and_label(Role::Grid, "Labels by answers, 5 by 5, 1 pictures");
}

#[test]
fn labels_go_with_their_folder_and_the_panel_can_be_hidden() {
    let (day, other) = (Day::new(), Day::new());
    let mut window = build(None, false);
    let said = day.open(&mut window);
    act(&mut window, LabCommand::Labels(day.table(&said)));
    wait(&mut window, "the labels", has_labels);
    press(&mut window, NONE, Key::E);
    assert!(window.query_by_role(Role::Grid).is_none());
    press(&mut window, NONE, Key::E);
    window.get_by_role(Role::Grid);
    act(&mut window, SessionCommand::Open(vec![other.path().to_owned()]));
    wait(&mut window, "the other folder", |app| {
        app.session.current().is_some_and(|current| current.path.starts_with(other.path()))
    });
    assert!(window.state().session.measured().is_none() && window.state().session.labels_file().is_none());
    assert!(says(&window, "they are put away"));
    act(&mut window, LabCommand::Labels(other.path().join("gone.csv")));
    wait(&mut window, "the problem", |app| app.session.notices.iter().any(|notice| notice.is_problem));
}

#[test]
fn the_map_at_hand_is_tried_part_by_part() {
    let mut window = build_with(Vec::new(), Some("mnist".to_owned()), None, false);
    let folder = tempfile::tempdir().unwrap();
    let digit = folder.path().join("digit.png");
    // A ring with a bar, about as a digit is drawn.
    let picture = image::GrayImage::from_fn(28, 28, |x, y| {
        let off = (f64::from(x) - 13.5).hypot(f64::from(y) - 13.5);
        let is_ink = (6.0..9.0).contains(&off) || (y.abs_diff(14) < 2 && (6..22).contains(&x));
        image::Luma([if is_ink { 230 } else { 0 }])
    });
    picture.save(&digit).unwrap();
    open(&mut window, &[digit]);
    press(&mut window, NONE, Key::T);
    wait(&mut window, "all that is tried", |app| {
        app.session.trust().is_some() && !app.session.trust_is_open() && app.session.busy().is_none()
    });
    assert!(says(&window, "his map depends on the model") || says(&window, "his map does not depend on the model"));
    assert!(says(&window, "Map the model's own"), "the maps stand beside each other");
    assert!(says(&window, "Insertion and deletion: areas"));
    assert!(says(&window, "kept alone") && says(&window, "mirrored") | says(&window, "darker"));
    window.check_accessibility();
    // Another rule has a map of its own, on which nothing was tried.
    act(&mut window, SessionCommand::Rule(fovea::method::BackwardRule::Guided));
    wait(&mut window, "the other map", |app| app.session.busy().is_none() && app.session.shown().is_some());
    assert!(window.state().session.trust().is_none());
}

#[test]
fn a_gallery_is_made_of_flagged_pictures_and_says_so() {
    let day = Day::new();
    let mut window = build(None, false);
    let said = day.open(&mut window);
    act(&mut window, LabCommand::Labels(day.table(&[said[0], off(said[1], 1), said[2], said[3], said[4]])));
    wait(&mut window, "the labels", has_labels);
    act(&mut window, fovea::session::ReadingCommand::Flag);
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("examples.pdf");
    act(&mut window, LabCommand::Gallery(file.clone()));
    wait(&mut window, "the files", |app| app.session.notices.iter().any(|notice| notice.text.starts_with("Wrote 3")));
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF"));
    let drawn = std::fs::read_to_string(out.path().join("examples.svg")).unwrap();
    assert!(drawn.contains("Misclassified") && out.path().join("examples.png").exists());
    // What exists is not replaced.
    act(&mut window, LabCommand::Gallery(file));
    wait(&mut window, "the problem", |app| app.session.notices.iter().any(|notice| notice.is_problem));
}
