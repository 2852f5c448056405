//! What `retina-dr` costs on the CPU: CAM and CLEAR in forward passes, a whole photograph in seconds, memory, start-up,
//! and the same work in PyTorch in the same run where a Python with torch is at hand (`FOVEA_PYTHON`, else `python3`).
//!
//!     cargo bench
//!
//! Machines are noisy: what is compared is timed in turns, and medians are printed. Nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::Cursor;
use std::process::{Command, Stdio};
use std::time::Instant;

use fovea::bundle::Library;
use fovea::compose::{CamScale, CamStyle, ClearStyle, cam_layer, clear_layer};
use fovea::explain::{Explainer, Settings};
use fovea::input::{self, ModelInput};
use fovea::method::BackwardRule;
use fovea::network::{Network, device};
use fovea::scan::{self, Scan};
use image::imageops::{FilterType, resize};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 15;
const CLASSES: [usize; 5] = [0, 1, 2, 3, 4];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let photograph = folder.path().join("photograph.jpg");
    let phantom = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/phantom-moderate.jpg");
    let small = scan::open(phantom.as_ref()).unwrap();
    let large = resize(&*small.to_rgb8(), 4288, 2848, FilterType::Triangle);
    let mut bytes = Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 92).encode_image(&large).unwrap();
    std::fs::write(&photograph, bytes.into_inner()).unwrap();
    drop(large);

    println!("device: {}\n", device::cpu().name);
    start_up();
    whole_photograph(&photograph);
    let explainer = explainer();
    let prepared = input::prepare(&small, &explainer.card.preprocessing).unwrap();
    let ours = network(explainer.network(), &prepared);
    composition(&explainer, &small);
    pytorch(&ours);
}

fn explainer() -> Explainer {
    Explainer::new(Library::open(&[]).unwrap().load("retina-dr").unwrap(), &device::cpu()).unwrap()
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn start_up() {
    let program = env!("CARGO_BIN_EXE_fovea");
    let once = || {
        let start = Instant::now();
        Command::new(program).arg("--help").stdout(Stdio::null()).status().unwrap();
        ms(start)
    };
    println!(
        "fovea --help                                  {:7.1} ms   (bar 20)",
        median((0..ROUNDS).map(|_| once()).collect())
    );
}

/// The command line on a whole photograph, in a process of its own so that its peak memory is its own.
fn whole_photograph(path: &std::path::Path) {
    let start = Instant::now();
    let scan = scan::open(path).unwrap();
    let decode = ms(start);
    let start = Instant::now();
    let explainer = explainer();
    let load = ms(start);
    let settings = Settings::recommended(&explainer.card);
    let explanation = explainer.explain(&scan, &settings).unwrap();
    let total = decode + ms(start);
    let t = explanation.timings_ms;
    println!("4288×2848 JPEG to all maps, model load included {total:5.0} ms   (bar 1500)");
    println!(
        "    decode {decode:.0}, load {load:.0}, prepare {:.0}, forward {:.0}, back-projection {:.0}",
        t.prepare, t.forward, t.back_projection
    );
    match peak_mib() {
        Some(mib) => println!("peak memory so far                            {mib:7.0} MiB  (bar 600)"),
        None => println!("peak memory: not known on this platform"),
    }
}

fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

struct Ours {
    forward: f64,
    cam: f64,
    clear: Vec<(BackwardRule, f64)>,
}

/// Forward pass alone, with the CAMs, and CLEAR of all classes, in turns.
fn network(network: &Network, input: &ModelInput) -> Ours {
    let (mut forward, mut cam) = (Vec::new(), Vec::new());
    let mut clear: Vec<(BackwardRule, Vec<f64>)> = BackwardRule::ALL.map(|rule| (rule, Vec::new())).into();
    for round in 0..ROUNDS + 2 {
        let start = Instant::now();
        network.forward(input).unwrap();
        let forward_ms = ms(start);
        let start = Instant::now();
        let pass = network.forward(input).unwrap();
        network.class_maps(&pass).unwrap();
        let cam_ms = ms(start);
        for (rule, times) in &mut clear {
            let start = Instant::now();
            network.back_project(&pass, &CLASSES, *rule).unwrap();
            times.push(ms(start));
        }
        // The first rounds warm caches and the thread pool.
        if round >= 2 {
            forward.push(forward_ms);
            cam.push(cam_ms);
        }
    }
    let ours = Ours {
        forward: median(forward),
        cam: median(cam),
        clear: clear.into_iter().map(|(rule, times)| (rule, median(times))).collect(),
    };
    println!("forward pass, 512×512                         {:7.1} ms", ours.forward);
    println!(
        "forward pass with the CAM of all five         {:7.1} ms = {:.2} forward passes (bar 1.05)",
        ours.cam,
        ours.cam / ours.forward
    );
    for (rule, time) in &ours.clear {
        let passes = time / ours.forward;
        println!(
            "CLEAR of all five, {:9}                  {time:7.1} ms = {passes:.2} forward passes (bar 6.5)",
            rule.name()
        );
    }
    ours
}

fn composition(explainer: &Explainer, scan: &Scan) {
    let explanation = explainer.explain(scan, &Settings::recommended(&explainer.card)).unwrap();
    let smoothed = explanation.response.smoothed(explanation.settings.smoothing_px);
    let colours: Vec<_> = explainer.card.classes.iter().map(|class| class.colour).collect();
    let (size, shown) = (scan.size_px(), explanation.shown_class());
    let scale = CamScale::of_all(&explanation.cam);
    let once = |_| {
        let start = Instant::now();
        cam_layer(&explanation.cam, shown, &explanation.source_from_cam(), size, scale, &CamStyle::default());
        let style = ClearStyle::default();
        clear_layer(&smoothed, &colours, &explanation.source_from_model, size, smoothed.peak(), &style);
        ms(start)
    };
    println!("both overlays at 1424×946                     {:7.1} ms", median((0..ROUNDS).map(once).collect()));
}

/// Runs `benches/pytorch.py` on the same weights and prints the ratios.
fn pytorch(ours: &Ours) {
    let python = std::env::var("FOVEA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(&python)
        .args([format!("{root}/benches/pytorch.py"), format!("{root}/models/retina-dr/weights.safetensors")])
        .output();
    let Some(theirs) =
        output.ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
    else {
        println!("\nPyTorch: not measured ({python} has no torch and safetensors; set FOVEA_PYTHON)");
        return;
    };
    println!("\n{:<34}{:>12}{:>12}{:>8}", "", "fovea ms", "PyTorch ms", "ratio");
    for line in theirs.lines() {
        let Some((name, time)) = line.split_once(' ').and_then(|(n, t)| Some((n, t.trim().parse::<f64>().ok()?)))
        else {
            println!("{line}");
            continue;
        };
        let mine = if name == "forward" {
            Some(ours.forward)
        } else {
            ours.clear.iter().find(|c| c.0.name() == name).map(|c| c.1)
        };
        if let Some(mine) = mine {
            let what = if name == "forward" { "forward pass".to_owned() } else { format!("CLEAR of all five, {name}") };
            println!("{what:<34}{mine:>12.1}{time:>12.1}{:>8.2}   (goal 1.0, bar 1.5)", mine / time);
        }
    }
}
