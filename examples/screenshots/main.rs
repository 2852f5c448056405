//! Pictures of the window, drawn without a display. A software Vulkan driver serves.
//!
//!     cargo run --release --example screenshots
//!     cargo run --release --example screenshots -- --review DIR [--scene all] [--size 3840x2160] [FILE|FOLDER...]
//!
//! The first makes all pictures of README and book anew, small enough for a repository (`small.rs`), most of them of
//! drawn phantoms in a window of 1280×800. The second makes pictures for review, dark and light, bit for bit, in two sizes (a
//! third one when it is asked for: its pictures are large). Scenes (`scenes.rs`) are windows of one thing each.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A panic is how this program fails.

mod archive;
mod printed;
mod scenes;
mod small;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use fovea::network::DeviceChoice;
use fovea::session::preferences::Theme;
use fovea::session::{Command, Options, SessionCommand, WindowCommand};
use fovea::ui::App;
use image::RgbImage;

#[derive(Parser)]
struct Arguments {
    /// Where the book's pictures go
    #[arg(long, default_value = "docs/screenshots")]
    out: PathBuf,
    /// Pictures for review instead, into this folder
    #[arg(long, value_name = "DIR")]
    review: Option<PathBuf>,
    /// Only this size, as WIDTHxHEIGHT
    #[arg(long, requires = "review")]
    size: Option<String>,
    /// Another model than that for eyes
    #[arg(long)]
    model: Option<String>,
    /// Folders with further models
    #[arg(long)]
    models: Vec<PathBuf>,
    /// One of the scenes by name, or `all`; of the book's pictures, only this one
    #[arg(long)]
    scene: Option<String>,
    /// Text size where the screen gives no hint, as at a first start on it: 3840x2160 with one pixel a point
    #[arg(long)]
    no_hint: bool,
    #[arg(requires = "review")]
    paths: Vec<PathBuf>,
}

/// What is asked for, window in physical pixels with physical pixels per point, theme.
type How<'a> = (&'a Arguments, (u32, u32, f32), Theme);

/// Window in physical pixels, and physical pixels per point.
const SIZES: [(u32, u32, f32); 3] = [(1280, 800, 1.0), (1920, 1080, 1.0), (3840, 2160, 2.0)];

/// What the window shows on the book's pages, besides scenes.
const OF_THE_WINDOW: [&str; 3] = ["window", "chest", "gate"];
/// The scenes on the book's pages.
const SCENES: [&str; 5] = ["day", "two-eyes", "evidence", "trust", "pacs"];

fn main() -> ExitCode {
    if printed::is_the_program() {
        return fovea::cli::run();
    }
    let arguments = Arguments::parse();
    std::fs::create_dir_all(arguments.review.as_ref().unwrap_or(&arguments.out)).unwrap();
    if arguments.review.is_some() {
        review(&arguments)
    } else {
        book(&arguments)
    }
    ExitCode::SUCCESS
}

/// All pictures of the book, or the one that is asked for.
fn book(arguments: &Arguments) {
    let is_wanted = |name: &str| arguments.scene.as_ref().is_none_or(|scene| scene == name);
    if OF_THE_WINDOW.into_iter().any(is_wanted) {
        window(arguments, SIZES[0], Theme::Dark);
    }
    let scenes = scenes::all().into_iter().filter(|scene| SCENES.contains(&scene.name) && is_wanted(scene.name));
    scenes.for_each(|scene| draw(arguments, &scene, SIZES[0], Theme::Dark));
    for (name, draw) in [("panel", printed::panel as fn() -> RgbImage), ("examples", printed::examples)] {
        if is_wanted(name) {
            small::save(draw(), &arguments.out.join(name).with_extension("webp"));
        }
    }
}

fn review(arguments: &Arguments) {
    let wanted = |&&(width, height, _): &&(u32, u32, f32)| {
        arguments.size.as_ref().map_or(width < 3840, |size| *size == format!("{width}x{height}"))
    };
    let other: Vec<(u32, u32, f32)> = arguments
        .size
        .iter()
        .filter_map(|size| {
            let (width, height) = size.split_once('x')?;
            Some((width.parse().ok()?, height.parse().ok()?, 1.0))
        })
        .collect();
    let sizes = if SIZES.iter().any(|size| wanted(&size)) { SIZES.to_vec() } else { other };
    for size in sizes.iter().filter(wanted) {
        for theme in [Theme::Dark, Theme::Light] {
            match &arguments.scene {
                None => window(arguments, *size, theme),
                Some(name) => {
                    let scenes = scenes::all().into_iter().filter(|scene| name == "all" || name == scene.name);
                    scenes.for_each(|scene| draw(arguments, &scene, *size, theme));
                }
            }
        }
    }
}

/// A window of `width` and `height` physical pixels, `scale` of them a point.
fn harness(
    arguments: &Arguments,
    (width, height, scale): (u32, u32, f32),
    model: Option<&str>,
    theme: Theme,
) -> Harness<'static, App> {
    let native = if arguments.no_hint { 1.0 } else { scale };
    let (folders, model) = (arguments.models.clone(), model.map(str::to_owned));
    let mut harness = Harness::builder()
        .with_size([width as f32 / native, height as f32 / native])
        .with_pixels_per_point(native)
        .wgpu()
        .build_eframe(|creation| {
            let archives = Arc::new(archive::Invented);
            let options = Options { folders, model, device: DeviceChoice::Cpu, archives, ..Options::default() };
            let mut app = App::new(&creation.egui_ctx, options, Vec::new()).unwrap();
            app.session.preferences.theme = theme;
            // No path of the machine that draws them.
            app.session.preferences.export_folder = Some(PathBuf::from("results"));
            app
        });
    if arguments.no_hint {
        let viewport = harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.monitor_size = Some(egui::vec2(width as f32, height as f32));
        viewport.native_pixels_per_point = Some(native);
        harness.run_steps(3);
        // A desktop would keep the window's pixels; here its size is given in points.
        let zoom = harness.ctx.zoom_factor();
        harness.set_size(egui::vec2(width as f32, height as f32) / zoom);
    }
    harness
}

/// One scene in one size.
fn draw(arguments: &Arguments, scene: &scenes::Scene, size: (u32, u32, f32), theme: Theme) {
    let folder = tempfile::tempdir().unwrap();
    let paths = (scene.pictures)(folder.path());
    let mut harness = harness(arguments, size, Some(scene.model), theme);
    let first = paths[0].clone();
    harness.state_mut().commands.push(SessionCommand::Open(paths).into());
    let is_there = |app: &App| app.session.current().is_some_and(|current| current.path == first);
    // A picture that a model refuses may have no answer to show.
    wait(&mut harness, |app| is_there(app) && app.session.card().is_some() && app.session.busy().is_none());
    let ready = |app: &App| app.session.worklist.items().iter().all(|item| item.thumbnail.is_some());
    wait(&mut harness, ready);
    wait(&mut harness, |app| app.session.shown().is_some() || app.session.answer_is_withheld());
    harness.state_mut().commands.extend((scene.then)());
    harness.run_steps(4);
    wait(&mut harness, |app| app.session.busy().is_none() && app.session.grading().is_none());
    wait(&mut harness, |app| app.session.companion().is_none() || app.session.companion_shown().is_some());
    std::thread::sleep(Duration::from_millis(400));
    harness.run_steps(6);
    save(&mut harness, (arguments, size, theme), scene.name);
}

fn window(arguments: &Arguments, (width, height, scale): (u32, u32, f32), theme: Theme) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    let paths = if arguments.paths.is_empty() { vec![samples] } else { arguments.paths.clone() };
    let size = (width, height, scale);
    let mut harness = harness(arguments, size, arguments.model.as_deref(), theme);
    let how = (arguments, size, theme);
    harness.run_steps(4);
    // One size shows the dialogs; the others show that the window fits.
    let everything = !arguments.paths.is_empty() || (width == SIZES[0].0 && theme == Theme::Dark);
    if everything {
        save(&mut harness, how, "start");
    }
    harness.state_mut().commands.push(SessionCommand::Open(paths).into());
    wait(&mut harness, |app| app.session.shown().is_some());
    let count = harness.state().session.worklist.len();
    // Of the samples the last: there headline, map and box agree.
    let middle = if arguments.paths.is_empty() { count - 1 } else { 0 };
    for index in middle..count.min(middle + 8) {
        let path = harness.state().session.worklist.items()[index].path.clone();
        harness.state_mut().commands.push(SessionCommand::Show(path.clone()).into());
        wait(&mut harness, |app| {
            app.session.current().is_some_and(|current| current.path == path) && app.session.shown().is_some()
        });
        let ready = |app: &App| app.session.worklist.items().iter().all(|item| item.thumbnail.is_some());
        wait(&mut harness, ready);
        wait(&mut harness, |app| app.session.grading().is_none());
        let stem = if arguments.paths.is_empty() { "window".to_owned() } else { format!("window-{index}") };
        save(&mut harness, how, &stem);
        if arguments.paths.is_empty() {
            break;
        }
    }
    if !everything {
        return;
    }
    harness.state_mut().commands.push(WindowCommand::More.into());
    harness.state_mut().commands.push(SessionCommand::OnBlack(false).into());
    harness.run_steps(6);
    save(&mut harness, how, "more");
    for (command, what) in
        [(WindowCommand::Help, "keys"), (WindowCommand::ModelCard, "card"), (WindowCommand::Export, "export")]
    {
        harness.state_mut().commands.push(command.into());
        harness.run_steps(6);
        std::thread::sleep(Duration::from_millis(700));
        // The export's preview is drawn beside.
        while harness.query_by_label("Drawing the preview…").is_some() {
            std::thread::sleep(Duration::from_millis(20));
            harness.step();
        }
        harness.run_steps(6);
        save(&mut harness, how, what);
        harness.state_mut().commands.push(WindowCommand::Escape.into());
        harness.run_steps(4);
    }
    if arguments.paths.is_empty() {
        chests(&mut harness, how);
    }
}

/// A chest X-ray under its own model, and an eye under the chest's.
fn chests(harness: &mut Harness<'_, App>, how: How<'_>) {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let is_shown = |app: &App, file: &Path| {
        let is_model = app.session.card().is_some_and(|card| card.name == "cxr-pneumonia");
        let has_answer = app.session.shown().is_some() || app.session.answer_is_withheld();
        is_model && app.session.current().is_some_and(|c| c.path == file) && has_answer
    };
    let commands = &mut harness.state_mut().commands;
    commands.push(WindowCommand::More.into());
    commands
        .extend([SessionCommand::OnBlack(true), SessionCommand::Model("cxr-pneumonia".to_owned())].map(Command::from));
    for (what, file) in [
        ("chest", assets.join("chest-samples/phantom-chest-consolidation.dcm")),
        ("gate", assets.join("samples/phantom-moderate.jpg")),
    ] {
        harness.state_mut().commands.push(SessionCommand::Open(vec![file.clone()]).into());
        wait(harness, |app| is_shown(app, &file));
        save(harness, how, what);
    }
}

fn wait(harness: &mut Harness<'_, App>, ready: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !ready(harness.state()) {
        assert!(start.elapsed() < Duration::from_secs(240), "the window never came so far");
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    harness.run_steps(4);
}

/// Keeps what the window shows, where it is wanted.
fn save(harness: &mut Harness<'_, App>, (arguments, (width, height, _), theme): How<'_>, what: &str) {
    let mode = if theme == Theme::Dark { "dark" } else { "light" };
    if let Some(folder) = &arguments.review {
        let path = folder.join(format!("{what}-{width}x{height}-{mode}.png"));
        harness.render().unwrap().save(&path).unwrap();
        println!("{}", path.display());
    } else if (OF_THE_WINDOW.contains(&what) || SCENES.contains(&what))
        && arguments.scene.as_ref().is_none_or(|scene| scene == what)
    {
        let picture = image::DynamicImage::from(harness.render().unwrap()).into_rgb8();
        small::save(picture, &arguments.out.join(what).with_extension("webp"));
    }
}
