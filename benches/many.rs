//! What `fovea explain` does with many pictures: pictures a second, how busy the cores are, and memory at its peak, with
//! and without a file for each layer; in turns with another program where `FOVEA_BEFORE` names one, such as an earlier
//! release.
//!
//!     FOVEA_BEFORE=/path/to/fovea FOVEA_PICTURES=100 cargo bench --bench many
//!
//! `FOVEA_PICTURES` says how many photographs are drawn (500), `FOVEA_TURNS` how often each program has its turn (1),
//! `FOVEA_DEVICE` what computes (`cpu`). Machines are noisy, so that programs take turns. Nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};
use rayon::prelude::*;

/// Of a photograph, a little more or less, in pixels.
const WIDTH_PX: usize = 2000;
const PHANTOMS: [&str; 5] = ["healthy-left", "healthy-right", "mild", "moderate", "severe"];

fn main() {
    let count = number("FOVEA_PICTURES", 500).max(1);
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    std::fs::create_dir(&pictures).unwrap();
    let phantoms = PHANTOMS.map(phantom);
    (0..count).into_par_iter().for_each(|index| draw(&phantoms[index % PHANTOMS.len()], index, &pictures));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{count} drawn photographs of about {WIDTH_PX} pixels, {cores} cores\n");
    let before = std::env::var_os("FOVEA_BEFORE").map(|path| ("before", PathBuf::from(path)));
    let programs: Vec<(&str, PathBuf)> =
        before.into_iter().chain([("fovea", PathBuf::from(env!("CARGO_BIN_EXE_fovea")))]).collect();
    for (what, words) in [("--no-layers", &["--no-layers"][..]), ("with all layers", &[])] {
        let mut sums: Vec<Run> = programs.iter().map(|_| Run::default()).collect();
        for turn in 0..number("FOVEA_TURNS", 1).max(1) {
            for ((name, program), sum) in programs.iter().zip(&mut sums) {
                let run = explain(program, &pictures, &folder.path().join(format!("{name}-{turn}")), words);
                println!("{what:<16} {name:<7} {}", run.says(count, cores));
                sum.add(&run);
            }
        }
        if let [before, now] = sums.as_slice() {
            println!("{what:<16} {:.2} times as many pictures a second as before\n", before.wall_s / now.wall_s);
        }
    }
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn phantom(name: &str) -> RgbImage {
    let path = format!("{}/assets/samples/phantom-{name}.jpg", env!("CARGO_MANIFEST_DIR"));
    image::open(path).unwrap().into_rgb8()
}

/// A phantom as large as a photograph, each of its own size and a little brighter or darker than the next.
fn draw(phantom: &RgbImage, index: usize, folder: &Path) {
    let width = (WIDTH_PX - 100 + index * 37 % 200) as u32;
    let height = (u64::from(width) * u64::from(phantom.height()) / u64::from(phantom.width())) as u32;
    let mut picture = resize(phantom, width, height, FilterType::Triangle);
    let light = 0.9 + 0.2 * (index * 7 % 11) as f32 / 10.0;
    picture.pixels_mut().for_each(|Rgb(pixel)| *pixel = pixel.map(|value| (f32::from(value) * light) as u8));
    let file = std::fs::File::create(folder.join(format!("p{index:04}.jpg"))).unwrap();
    JpegEncoder::new_with_quality(std::io::BufWriter::new(file), 92).encode_image(&picture).unwrap();
}

/// What one run of a program took.
#[derive(Default)]
struct Run {
    wall_s: f64,
    /// Of all cores together, where the system says so.
    cpu_s: Option<f64>,
    peak_mib: Option<f64>,
}

impl Run {
    fn add(&mut self, other: &Self) {
        self.wall_s += other.wall_s;
    }

    fn says(&self, count: usize, cores: usize) -> String {
        let busy = self.cpu_s.map(|cpu_s| 100.0 * cpu_s / self.wall_s / cores as f64);
        let busy = busy.map_or("not known".to_owned(), |busy| format!("{busy:.0} %"));
        let peak = self.peak_mib.map_or("not known".to_owned(), |mib| format!("{mib:.0} MiB"));
        let rate = count as f64 / self.wall_s;
        format!("{rate:6.2} pictures a second, cores busy {busy}, peak memory {peak}, {:.1} s", self.wall_s)
    }
}

fn explain(program: &Path, pictures: &Path, out: &Path, words: &[&str]) -> Run {
    let device = std::env::var("FOVEA_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
    let mut command = Command::new(program);
    command.arg("explain").arg(pictures).arg("--out").arg(out).args(["--device", device.as_str()]).args(words);
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut run = Run::default();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        run.cpu_s = cpu_s(child.id()).or(run.cpu_s);
        run.peak_mib = peak_mib(child.id()).or(run.peak_mib);
        std::thread::sleep(Duration::from_millis(20));
    };
    run.wall_s = start.elapsed().as_secs_f64();
    assert!(status.success(), "{} failed", program.display());
    // A disk may be too small for what 500 pictures become several times.
    std::fs::remove_dir_all(out).unwrap();
    run
}

/// Of `/proc/ID/stat` the 14th and 15th field, in hundredths of a second (proc_pid_stat(5)).
fn cpu_s(id: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0).filter(|seconds| *seconds > 0.0)
}

fn peak_mib(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
