//! What the window costs beside the network: a frame after a slider move, in small and large windows, for small and
//! large pictures; the time from start to maps; memory with a photograph of 12 megapixels and over 200 pictures.
//!
//!     cargo bench --bench viewer
//!
//! Frames are laid out and composed as in the program but not painted: painting is the graphics card's part. The peer
//! is the same composition at the picture's full size, as an export does it. Nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use fovea::compose::{cam_layer, clear_layer};
use fovea::network::DeviceChoice;
use fovea::session::{Options, SessionCommand};
use fovea::ui::App;
use image::imageops::{FilterType, resize};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 25;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/phantom-moderate.jpg");
    let large = folder.path().join("large.jpg");
    let picture = fovea::scan::open(&small).unwrap();
    resize(&*picture.to_rgb8(), 4288, 2848, FilterType::Triangle).save(&large).unwrap();
    from_start(&small);
    println!("\nmedian of {ROUNDS} frames, ms                        at rest   both overlays   as an export composes");
    for (width, height, scale) in [(1280.0, 800.0, 1.0), (1920.0, 1080.0, 1.0), (3840.0, 2160.0, 2.0)] {
        for path in [&small, &large] {
            frames((width, height, scale), path);
        }
    }
    println!("\npeak memory with 4288×2848 open in 3840×2160      {:5.0} MiB   (bar 700)", peak_mib());
    many(folder.path());
}

fn window((width, height, scale): (f32, f32, f32)) -> Harness<'static, App> {
    let size = [width / scale, height / scale];
    Harness::builder().with_size(size).with_pixels_per_point(scale).build_eframe(|creation| {
        let options = Options { device: DeviceChoice::Cpu, ..Options::default() };
        App::new(&creation.egui_ctx, options, Vec::new()).unwrap()
    })
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn wait(window: &mut Harness<'_, App>, path: &Path) {
    while window.state().session.current().is_none_or(|current| current.path != path)
        || window.state().session.shown().is_none()
    {
        std::thread::sleep(Duration::from_millis(1));
        window.step();
    }
}

fn open(window: &mut Harness<'_, App>, path: &Path) {
    window.state_mut().commands.push(SessionCommand::Open(vec![path.to_owned()]).into());
    wait(window, path);
    window.run_steps(3);
}

fn from_start(path: &Path) {
    let start = Instant::now();
    let mut window = window((1280.0, 800.0, 1.0));
    window.step();
    let first = ms(start);
    open(&mut window, path);
    println!("first frame after {first:.0} ms, the sample's maps {:.0} ms after it   (bar 2000)", ms(start) - first);
}

fn frames(size: (f32, f32, f32), path: &Path) {
    let mut window = window(size);
    open(&mut window, path);
    // What is done while the user looks would stand in the way.
    let start = Instant::now();
    while window.state().session.steady().is_none() && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
        window.step();
    }
    let rest = median((0..ROUNDS).map(|_| timed(&mut window)).collect());
    let moved = |round: usize| {
        let opacity = 0.3 + 0.01 * round as f32;
        let commands = [
            SessionCommand::CamOpacity(opacity),
            SessionCommand::ClearOpacity(opacity),
            SessionCommand::Gain(1.0 + opacity),
        ];
        window.state_mut().commands.extend(commands.map(Into::into));
        // The commands of a frame are done at its end; the next one composes.
        window.step();
        let composed = window.state().layers_composed();
        let time = timed(&mut window);
        (time, window.state().layers_composed() - composed)
    };
    // The layers may be composed in either of the two frames: what counts is both together, less a frame at rest.
    let both: Vec<f64> = (0..ROUNDS).map(moved).map(|(time, _)| time).collect();
    let (width, height) = window.state().session.current().unwrap().picture.size_px();
    let full = median((0..5).map(|_| export_like(&window)).collect());
    println!(
        "{:4.0}×{:<4.0} window, {width}×{height} picture          {rest:5.1}           {:5.1}           {full:5.1}",
        size.0,
        size.1,
        median(both)
    );
}

fn timed(window: &mut Harness<'_, App>) -> f64 {
    let start = Instant::now();
    window.step();
    ms(start)
}

fn export_like(window: &Harness<'_, App>) -> f64 {
    let session = &window.state().session;
    let (shown, card, style) = (session.shown().unwrap(), session.card().unwrap(), &session.preferences.style);
    let (explanation, class) = (&shown.explanation, shown.explanation.shown_class());
    let size = explanation.source_size_px;
    let start = Instant::now();
    let scale = shown.cam_scale;
    cam_layer(&explanation.cam, class, &explanation.source_from_cam(), size, scale, &style.cam);
    let from_model = &explanation.source_from_model;
    clear_layer(&shown.smoothed, &style.colours(card), from_model, size, shown.peak, &style.clear);
    ms(start)
}

/// Two hundred pictures, one after another.
fn many(folder: &Path) {
    let sample = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/phantom-mild.jpg")).unwrap();
    let list = folder.join("list");
    std::fs::create_dir(&list).unwrap();
    let paths: Vec<PathBuf> = (0..200).map(|n| list.join(format!("{n:03}.jpg"))).collect();
    paths.iter().for_each(|path| std::fs::write(path, &sample).unwrap());
    let mut window = window((1280.0, 800.0, 1.0));
    window.state_mut().commands.push(SessionCommand::Open(vec![list]).into());
    wait(&mut window, &paths[0]);
    let mut line = String::new();
    for (index, path) in paths.iter().enumerate() {
        wait(&mut window, path);
        if [9, 49, 99, 199].contains(&index) {
            line.push_str(&format!("  {:.0} after {}", resident_mib(), index + 1));
        }
        window.state_mut().commands.push(SessionCommand::Next.into());
        window.step();
    }
    let cached = window.state().session.cached_bytes() >> 20;
    println!("resident MiB in a list of 200:{line}; the cache holds {cached} of at most 256");
}

fn peak_mib() -> f64 {
    status_mib("VmHWM:")
}

fn resident_mib() -> f64 {
    status_mib("VmRSS:")
}

fn status_mib(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).and_then(|line| line.split_whitespace().nth(1));
    line.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}
