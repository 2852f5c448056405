//! *From the PACS…*: a connection is written, studies are searched, found, fetched and opened, by mouse and by keys; what goes
//! wrong is said; nobody's name stays behind. The archive is a pretended one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use fovea::network::DeviceChoice;
use fovea::pacs::query::MOST_FOUND;
use fovea::pacs::{Archive, Connection, FoundStudy, PacsError, Peer, Query, Retrieval};
use fovea::session::archive::Archives;
use fovea::session::{ArchiveCommand, Options, ReadingCommand, WindowCommand};

use super::keyboard::{focused, key, tab_to, type_text};
use super::window::*;

/// An archive that has what it is given.
#[derive(Debug, Default)]
struct Pretended {
    studies: Mutex<Vec<FoundStudy>>,
    /// What it was asked for last.
    asked: Mutex<Option<Query>>,
    /// What it answers in place of an answer.
    refusal: Mutex<Option<fn() -> PacsError>>,
    /// Whether a study never comes to its end.
    is_slow: bool,
}

impl Pretended {
    fn refused(&self) -> Result<(), PacsError> {
        self.refusal.lock().unwrap().map_or(Ok(()), |error| Err(error()))
    }
}

impl Archives for Pretended {
    fn find(&self, _: &Archive, query: &Query, _: &dyn Fn() -> bool) -> Result<Vec<FoundStudy>, PacsError> {
        *self.asked.lock().unwrap() = Some(query.clone());
        self.refused()?;
        Ok(self.studies.lock().unwrap().clone())
    }

    fn retrieve(
        &self,
        _: &Archive,
        _: &str,
        folder: &Path,
        arrived: &dyn Fn(usize),
        may_go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<PathBuf>, PacsError> {
        self.refused()?;
        let mut all = Vec::new();
        for name in ["clear", "consolidation"] {
            let path = folder.join(format!("object-{}", all.len()));
            std::fs::copy(chest(name), &path).unwrap();
            all.push(path);
            arrived(all.len());
            while self.is_slow && may_go_on() {
                std::thread::sleep(Duration::from_millis(2));
            }
            if !may_go_on() {
                return Err(PacsError::Stopped);
            }
        }
        let report = folder.join("object-2");
        std::fs::write(&report, "no picture").unwrap();
        all.push(report);
        arrived(all.len());
        Ok(all)
    }

    fn echo(&self, _: &Archive, _: &dyn Fn() -> bool) -> Result<(), PacsError> {
        self.refused()
    }
}

fn chest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/chest-samples/phantom-chest-{name}.dcm"))
}

fn study(number: usize) -> FoundStudy {
    FoundStudy {
        study_uid: format!("1.2.826.0.1.3680043.9.{number}"),
        patient_id: format!("T-{number:03}"),
        patient_name: format!("Test^Number{number}"),
        study_date: format!("202603{:02}", 28 - number % 28),
        modalities: vec!["DX".to_owned()],
        description: "Chest".to_owned(),
        instances: Some(3),
    }
}

fn connection() -> Connection {
    let peer = Peer {
        host: "pacs.example".to_owned(),
        port: 104,
        ae_title: "ORTHANC".to_owned(),
        own_ae_title: "FOVEA".to_owned(),
        tls: None,
    };
    Connection { name: "Radiology".to_owned(), archive: Archive::Dimse { peer, retrieval: Retrieval::Get } }
}

/// A window over an archive, with all that it keeps in `folder`.
fn window(archive: &Arc<Pretended>, folder: &Path) -> Window {
    let options = Options {
        device: DeviceChoice::Cpu,
        preferences: Some(folder.join("settings.toml")),
        sessions: Some(folder.join("readings")),
        studies: Some(folder.join("studies")),
        archives: Arc::clone(archive) as Arc<dyn Archives>,
        ..Options::default()
    };
    build_from(options, false)
}

/// With the connection, and the dialog open.
fn connected(archive: &Arc<Pretended>, folder: &Path) -> Window {
    let mut window = window(archive, folder);
    window.state_mut().session.preferences.connections = vec![connection()];
    act(&mut window, WindowCommand::Archive);
    window
}

fn with(studies: usize) -> Arc<Pretended> {
    Arc::new(Pretended { studies: Mutex::new((1..=studies).map(study).collect()), ..Pretended::default() })
}

fn search(window: &mut Window) {
    window.get_by_role_and_label(Role::Button, "Search").click();
    window.run_steps(3);
    answered(window);
}

fn answered(window: &mut Window) {
    wait(window, "the archive", |app| app.session.waiting_for_archive().is_none());
}

fn is_open(window: &Window) -> bool {
    window.query_by_label("From the PACS").is_some()
}

fn row<'a>(window: &'a Window, number: usize) -> egui_kittest::Node<'a> {
    window.get_by(move |node| {
        let is_it = |label: String| label.contains(&format!("T-{number:03}"));
        node.role() == Role::ListBoxOption && node.label().is_some_and(is_it)
    })
}

/// All files below `folder`, with what stands in them.
fn all_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files =
        walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), std::fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn pacs_by_keys_alone_from_no_connection_to_an_open_study() {
    let (archive, folder) = (with(3), tempfile::tempdir().unwrap());
    let mut window = window(&archive, folder.path());
    window.run_steps(3);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::D);
    assert!(says(&window, "No archive is known here yet"));
    assert_eq!(focused(&window), "Add a connection…");
    key(&mut window, Key::Enter);
    for (field, text) in [("Name", "Radiology"), ("Host", "pacs.example"), ("AE title of the archive", "ORTHANC")] {
        tab_to(&mut window, field);
        type_text(&mut window, text);
    }
    tab_to(&mut window, "Test");
    key(&mut window, Key::Enter);
    answered(&mut window);
    assert!(says(&window, "It answers."));
    tab_to(&mut window, "Keep");
    key(&mut window, Key::Enter);
    assert_eq!(window.state().session.connection(), Some(&connection()));
    // The first field of the search has the keyboard by now.
    assert_eq!(focused(&window), "Patient's id");
    tab_to(&mut window, "Patient's name");
    type_text(&mut window, "Test^Number");
    key(&mut window, Key::Enter);
    answered(&mut window);
    assert_eq!(archive.asked.lock().unwrap().as_ref().unwrap().patient_name, "Test^Number");
    assert!(says(&window, "3 studies."));
    assert!(focused(&window).contains("T-001"), "{}", focused(&window));
    key(&mut window, Key::ArrowDown);
    assert!(focused(&window).contains("T-002"), "{}", focused(&window));
    key(&mut window, Key::Enter);
    wait(&mut window, "the study", |app| app.session.current().is_some());
    assert!(!is_open(&window), "the picture has the screen");
    let list = &window.state().session.worklist;
    let names: Vec<String> = list.items().iter().map(|item| item.name.clone()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(list.items().iter().all(|item| item.path.starts_with(folder.path().join("studies"))));
    assert!(window.state().session.preferences.recent.is_empty(), "it will not be there on another day");
    assert!(window.state().session.found_studies().is_none());
    wait(&mut window, "all", |app| app.session.busy().is_none());
    window.state().session.save_preferences();
    for (path, bytes) in all_below(folder.path()) {
        let is_picture = path.extension().is_some_and(|ending| ending == "dcm");
        let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(is_picture || !has("Number2") && !has("T-002") && !has("3680043.9.2"), "{}", path.display());
        assert!(!path.to_string_lossy().contains("3680043"), "{}", path.display());
    }
    let settings = std::fs::read_to_string(folder.path().join("settings.toml")).unwrap();
    assert!(settings.contains("pacs.example"));
    drop(window);
    assert!(all_below(&folder.path().join("studies")).is_empty(), "the pictures go with the window");
}

#[test]
fn pacs_by_mouse_and_back_again_with_what_was_read() {
    let (archive, folder) = (with(3), tempfile::tempdir().unwrap());
    for round in 0..2 {
        let mut window = connected(&archive, folder.path());
        window.get_by_role_and_label(Role::Button, "Today").click();
        window.run_steps(3);
        search(&mut window);
        let [from, to] = archive.asked.lock().unwrap().clone().unwrap().study_date;
        assert!(from == to && from.len() == 8);
        assert!(window.query_by_role_and_label(Role::Button, "Open the study").is_some());
        row(&window, 3).click();
        window.run_steps(3);
        window.get_by_role_and_label(Role::Button, "Open the study").click();
        window.run_steps(2);
        wait(&mut window, "the study", |app| app.session.current().is_some() && app.session.readings_file().is_some());
        wait(&mut window, "all", |app| app.session.busy().is_none());
        let of = window.state().session.on_screen().unwrap();
        let flagged = |window: &Window| window.state().session.readings.reading(&of).is_some_and(|said| said.flagged);
        assert_eq!(flagged(&window), round == 1, "what was said is there when the study comes again");
        if round == 0 {
            act(&mut window, ReadingCommand::Flag);
            assert!(flagged(&window));
        }
        let file = window.state().session.readings_file().unwrap().to_owned();
        assert!(file.starts_with(folder.path().join("readings")), "not where it would be deleted");
    }
    assert_eq!(all_below(&folder.path().join("readings")).len(), 1, "one study, one file");
}

#[test]
fn pacs_keeps_a_copy_where_it_is_wanted() {
    let (archive, folder) = (with(1), tempfile::tempdir().unwrap());
    let mut window = connected(&archive, folder.path());
    let keep = folder.path().join("kept");
    window.get_by_role_and_label(Role::TextInput, "Keep a copy in").set_text_value_accesskit(keep.to_str().unwrap());
    window.run_steps(3);
    search(&mut window);
    row(&window, 1).click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "Open the study").click();
    window.run_steps(2);
    wait(&mut window, "the study", |app| app.session.current().is_some());
    assert!(window.state().session.current().unwrap().path.starts_with(&keep));
    assert_eq!(window.state().session.preferences.recent.len(), 1);
    drop(window);
    assert_eq!(all_below(&keep).len(), 2);
}

#[test]
fn pacs_says_what_went_wrong_and_what_to_do() {
    let (archive, folder) = (with(0), tempfile::tempdir().unwrap());
    let mut window = connected(&archive, folder.path());
    assert!(says(&window, "Empty fields do not matter"));
    search(&mut window);
    assert!(says(&window, "No study is like that"));
    let refused = || PacsError::Refused {
        peer: "pacs.example:104 (ORTHANC)".to_owned(),
        reason: "calling AE title not recognised".to_owned(),
    };
    *archive.refusal.lock().unwrap() = Some(refused);
    search(&mut window);
    assert!(says(&window, "Does the archive know this computer as FOVEA"));
    window.get_by_role_and_label(Role::Button, "Test").click();
    window.run_steps(2);
    answered(&mut window);
    assert!(says(&window, "refuses the association"));
    *archive.refusal.lock().unwrap() = None;
    *archive.studies.lock().unwrap() = (0..MOST_FOUND).map(study).collect();
    search(&mut window);
    assert!(says(&window, "More than can be shown: these are 500 of them"));
    *archive.refusal.lock().unwrap() = Some(refused);
    window.get_by_role_and_label(Role::ListBox, "500 studies").focus();
    window.run_steps(3);
    key(&mut window, Key::End);
    key(&mut window, Key::Enter);
    answered(&mut window);
    assert!(is_open(&window) && says(&window, "refuses the association"), "a study that does not come");
    window.get_by_role_and_label(Role::TextInput, "First day").set_text_value_accesskit("yesterday");
    window.run_steps(3);
    assert!(says(&window, "Write a day like 2026-03-01."));
}

#[test]
fn pacs_is_stopped_by_a_button_and_by_escape() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Arc::new(Pretended { studies: Mutex::new(vec![study(1)]), is_slow: true, ..Pretended::default() });
    let mut window = connected(&archive, folder.path());
    search(&mut window);
    for by_key in [false, true] {
        act(&mut window, ArchiveCommand::Fetch { row: 0, keep: None });
        wait(&mut window, "the first object", |app| {
            app.session.waiting_for_archive().is_some_and(|waiting| waiting.what.says().contains("1 of 3"))
        });
        assert!(says(&window, "Fetching the study: 1 of 3 objects"));
        if by_key {
            key(&mut window, Key::Escape);
        } else {
            window.get_by_role_and_label(Role::Button, "Stop").click();
            window.run_steps(3);
        }
        assert!(window.state().session.waiting_for_archive().is_none() && is_open(&window));
    }
    key(&mut window, Key::Escape);
    assert!(!is_open(&window), "and the next one closes it");
    assert!(window.state().session.found_studies().is_none());
    assert!(window.state().session.current().is_none());
}

#[test]
fn pacs_hides_names_and_forgets_whom_one_searched_for() {
    let (archive, folder) = (with(2), tempfile::tempdir().unwrap());
    let mut window = connected(&archive, folder.path());
    window.get_by_role_and_label(Role::TextInput, "Patient's id").set_text_value_accesskit("T-*");
    window.get_by_role_and_label(Role::TextInput, "Modality").set_text_value_accesskit("dx");
    window.run_steps(3);
    search(&mut window);
    assert!(says(&window, "Test, Number2"));
    window.get_by_role_and_label(Role::CheckBox, "Hide names").click();
    window.run_steps(3);
    assert!(!says(&window, "Number2") && !says(&window, "T-002") && says(&window, "•••"));
    window.get_by_role_and_label(Role::Button, "Close").click();
    window.run_steps(3);
    act(&mut window, WindowCommand::Archive);
    let value = |name: &str| window.get_by_role_and_label(Role::TextInput, name).value().unwrap_or_default();
    assert_eq!((value("Patient's id").as_str(), value("Modality").as_str()), ("", "dx"));
    assert!(!says(&window, "•••"), "what was found is forgotten");
}

#[test]
fn pacs_connections_are_edited_and_deleted() {
    let (archive, folder) = (with(0), tempfile::tempdir().unwrap());
    let mut window = connected(&archive, folder.path());
    window.get_by_role_and_label(Role::Button, "Edit…").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::TextInput, "Port").set_text_value_accesskit("none");
    window.run_steps(3);
    assert!(says(&window, "A port is a number"));
    window.get_by_role_and_label(Role::RadioButton, "DICOMweb").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::TextInput, "Address").set_text_value_accesskit("http://pacs.example/dicom-web/");
    window.run_steps(3);
    assert!(says(&window, "Not encrypted"));
    window.get_by_role_and_label(Role::Button, "Keep").click();
    window.run_steps(3);
    let connections = &window.state().session.preferences.connections;
    assert!(
        matches!(&connections[..], [Connection { archive: Archive::Web(web), .. }] if web.url.ends_with("dicom-web"))
    );
    window.get_by_role_and_label(Role::Button, "Edit…").click();
    window.run_steps(3);
    key(&mut window, Key::Escape);
    assert!(is_open(&window) && window.query_by_label("Address").is_none(), "Escape leaves the form alone");
    window.get_by_role_and_label(Role::Button, "Edit…").click();
    window.run_steps(3);
    for name in ["Delete", "Really delete it"] {
        window.get_by_role_and_label(Role::Button, name).click();
        window.run_steps(3);
    }
    assert!(says(&window, "No archive is known here yet"));
}

#[test]
fn pacs_dialog_fits_small_windows_and_large_text() {
    let (archive, folder) = (with(40), tempfile::tempdir().unwrap());
    let mut window = connected(&archive, folder.path());
    search(&mut window);
    for (width, height, scale) in [(640.0, 480.0, 1.0), (1280.0, 800.0, 2.0), (1280.0, 800.0, 1.0)] {
        window.set_size(egui::vec2(width, height));
        window.state_mut().session.preferences.text_scale = Some(scale);
        window.run_steps(6);
        let content = window.ctx.content_rect();
        let close = window.get_by_role_and_label(Role::Button, "Close").rect();
        assert!(content.contains_rect(close), "{width}×{height} at {scale}: {close:?} in {content:?}");
        window.get_by_role_and_label(Role::Button, "Edit…").click();
        window.run_steps(4);
        let back = window.get_by_role_and_label(Role::Button, "Back").rect();
        assert!(content.contains_rect(back), "{width}×{height} at {scale}: {back:?} in {content:?}");
        window.get_by_role_and_label(Role::Button, "Back").click();
        window.run_steps(4);
    }
}
