//! A window under test, and the hands that work it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use fovea::network::DeviceChoice;
use fovea::session::{Command, Options, SessionCommand};
use fovea::ui::App;

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name)
}

pub fn moderate() -> PathBuf {
    sample("phantom-moderate.jpg")
}

pub type Window = Harness<'static, App>;

pub fn build(preferences: Option<PathBuf>, with_pixels: bool) -> Window {
    build_with(Vec::new(), None, preferences, with_pixels)
}

pub fn build_with(
    folders: Vec<PathBuf>,
    model: Option<String>,
    preferences: Option<PathBuf>,
    with_pixels: bool,
) -> Window {
    let options = Options { folders, model, device: DeviceChoice::Cpu, preferences, ..Options::default() };
    build_from(options, with_pixels)
}

pub fn build_from(options: Options, with_pixels: bool) -> Window {
    let mut builder = Harness::builder().with_size([1280.0, 1100.0]).with_max_steps(60);
    if with_pixels {
        builder = builder.wgpu();
    }
    builder.build_eframe(|creation| App::new(&creation.egui_ctx, options, Vec::new()).unwrap())
}

/// A window that keeps readings in `folder/readings`.
pub fn build_desk(folder: &Path) -> Window {
    let options = Options {
        device: DeviceChoice::Cpu,
        preferences: Some(folder.join("settings.toml")),
        sessions: Some(folder.join("readings")),
        ..Options::default()
    };
    build_from(options, false)
}

/// Whether something here can draw; where nothing can, tests that look at pixels are left out, and say so.
pub fn can_draw() -> bool {
    let can = !fovea::network::device::adapters().is_empty();
    if !can {
        eprintln!("left out: there is no Vulkan driver, not even a software one");
    }
    can
}

pub fn wait(window: &mut Window, what: &str, ready: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !ready(window.state()) {
        assert!(start.elapsed() < Duration::from_secs(60), "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(5));
        window.step();
    }
    window.run_steps(3);
}

pub fn act(window: &mut Window, command: impl Into<Command>) {
    window.state_mut().commands.push(command.into());
    window.run_steps(3);
}

pub fn open(window: &mut Window, paths: &[PathBuf]) {
    act(window, SessionCommand::Open(paths.to_vec()));
    let first = paths[0].clone();
    wait(window, "the explanation", |app| {
        let is_answered = app.session.shown().is_some() || app.session.answer_is_withheld();
        app.session.current().is_some_and(|current| current.path.starts_with(&first)) && is_answered
    });
}

/// A window with the moderate phantom explained.
pub fn opened() -> Window {
    let mut window = build(None, false);
    open(&mut window, &[moderate()]);
    window
}

/// Several presses that reach the program within one frame, as on a busy machine.
pub fn press_in_one_frame(window: &mut Window, key: Key, times: usize) {
    for pressed in [true, false].repeat(times) {
        let event = egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE };
        window.input_mut().events.push(event);
    }
    window.run_steps(3);
}

pub fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

/// Whether these words stand somewhere.
pub fn says(window: &Window, words: &str) -> bool {
    window.query_all_by_label_contains(words).next().is_some()
}

pub fn shown_class(window: &Window) -> usize {
    window.state().session.shown().unwrap().explanation.shown_class()
}

/// Through the dialog, as a user would.
pub fn export(window: &mut Window, folder: &Path) {
    window.get_by_role_and_label(Role::Button, "Export…").click();
    window.run_steps(4);
    window.get_by_role_and_label(Role::TextInput, "Folder").set_text_value_accesskit(folder.to_str().unwrap());
    window.run_steps(4);
    window.get_by_role_and_label(Role::Button, "Export").click();
    window.run_steps(2);
    wait(window, "the files", |app| app.session.notices.iter().any(|notice| notice.text.starts_with("Wrote ")));
}
