//! Makes a model's gate from pictures of its own kind, and measures how often it errs:
//!
//!     cargo run --release --example gate -- --own FOLDER... --other FOLDER... [--colour LEAST MOST]
//!
//! With `--by MODEL` no gate is made: that of the model's card is counted on all folders. With `--leave-out-each` the least
//! values of the lit field are learned from all folders of own pictures but one, and counted on that one and on the others.
//!
//! The first half of the own pictures, by name, gives template and least likeness (its 1st percentile less 0.05); the
//! second half and all others are what the errors are counted on.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A panic is how this program fails.

use std::path::PathBuf;

use clap::Parser;
use fovea::bundle::Library;
use fovea::bundle::field::Field;
use fovea::bundle::gate::Gate;
use fovea::bundle::measures::Measures;
use fovea::input;
use fovea::scan;
use rayon::prelude::*;

#[derive(Parser)]
struct Arguments {
    #[arg(long, num_args = 1.., required_unless_present = "by")]
    own: Vec<PathBuf>,
    #[arg(long, num_args = 0..)]
    other: Vec<PathBuf>,
    /// Least and greatest colour
    #[arg(long, num_args = 2, value_names = ["LEAST", "MOST"], default_values_t = [0.0, 1.0])]
    colour: Vec<f64>,
    /// Count by this model's gate
    #[arg(long, value_name = "MODEL")]
    by: Option<String>,
    /// Learn the field's limits from all own folders but one, each in turn
    #[arg(long)]
    leave_out_each: bool,
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(model) = &arguments.by {
        return count_by(model, arguments.own.iter().chain(&arguments.other));
    }
    if arguments.leave_out_each {
        return leave_out_each(&arguments.own, &arguments.other);
    }
    // Each folder is halved by itself, so that both halves hold pictures of every kind.
    let (mut make, mut count) = (Vec::new(), Vec::new());
    for folder in &arguments.own {
        let own = measured(folder);
        let (a, b) = own.split_at(own.len() / 2);
        make.extend_from_slice(a);
        count.extend_from_slice(b);
    }
    let cells = |i: usize| make.iter().map(|m| standardised(&m.cells)[i]).sum::<f64>() / make.len() as f64;
    let mean: Vec<f64> = (0..make[0].cells.len()).map(cells).collect();
    let template: Vec<u8> = mean.iter().map(|v| (128.0 + 40.0 * v).round().clamp(0.0, 255.0) as u8).collect();
    let mut likeness: Vec<f64> = make.iter().map(|m| m.likeness(&template)).collect();
    likeness.sort_by(f64::total_cmp);
    let least = ((likeness[likeness.len() / 100] - 0.05) * 100.0).round() / 100.0;
    let mut colours: Vec<f64> = make.iter().map(|m| m.colour).collect();
    colours.sort_by(f64::total_cmp);
    println!("colour of the own: {:.3} to {:.3}", colours[0], colours[colours.len() - 1]);
    let gate = Gate { colour: [arguments.colour[0], arguments.colour[1]], likeness: least, template, ..Gate::any("") };
    println!("likeness = {least}\ntemplate = {:?}", gate.template);
    let wrongly = count.iter().filter(|m| !gate.passes(m)).count();
    println!("own pictures turned away: {wrongly} of {}", count.len());
    let spread = |measures: &[Measures]| {
        let mut all: Vec<f64> = measures.iter().map(|m| m.likeness(&gate.template)).collect();
        all.sort_by(f64::total_cmp);
        let at = |part: f64| all[((all.len() - 1) as f64 * part).round() as usize];
        format!("likeness from {:.2} over {:.2} to {:.2}", at(0.0), at(0.5), at(1.0))
    };
    println!("own pictures: {}", spread(&count));
    for folder in &arguments.other {
        let others = measured(folder);
        println!("{}: {}", folder.display(), spread(&others));
        let through = others.iter().filter(|m| gate.passes(m)).count();
        let by_likeness = others.iter().filter(|m| m.likeness(&gate.template) >= least).count();
        println!(
            "let through of {}: {through} of {} ({by_likeness} by likeness alone)",
            folder.display(),
            others.len()
        );
    }
}

/// For each folder of own pictures: the values of the lit field that all but a part of the others' pictures reach, how many
/// of the folder itself pass by these, and how many of the pictures of another kind.
fn leave_out_each(own: &[PathBuf], other: &[PathBuf]) {
    let [own, other] = [own, other].map(|folders| folders.iter().map(|f| (f, measured(f))).collect::<Vec<_>>());
    for part in [0.001, 0.002, 0.005, 0.01] {
        for (left, _) in &own {
            let rest = own.iter().filter(|(folder, _)| folder != left).flat_map(|(_, all)| all);
            let fields: Vec<Field> = rest.filter_map(|m| m.field).collect();
            let least = |value: Value| {
                let mut sorted: Vec<f64> = fields.iter().map(value).collect();
                sorted.sort_by(f64::total_cmp);
                sorted[(sorted.len() as f64 * part) as usize]
            };
            let [colour, red, yellow, roundness, dark_lines, line_cover, line_balance] =
                VALUES.map(|(_, value)| least(value));
            let field = Field { colour, red, yellow, roundness, dark_lines, line_cover, line_balance };
            println!("all but {part} of each value, without {}: {field:.3?}", left.display());
            let gate = Gate { field: Some(field), ..Gate::any("") };
            for (folder, all) in own.iter().filter(|(folder, _)| folder == left).chain(&other) {
                let passed = all.iter().filter(|m| gate.passes(m)).count();
                println!(
                    "  {}: {passed} of {} pass ({:.4})",
                    folder.display(),
                    all.len(),
                    passed as f64 / all.len() as f64
                );
            }
        }
    }
}

/// One measure of a field.
type Value = fn(&Field) -> f64;

const VALUES: [(&str, Value); 7] = [
    ("colour", |f| f.colour),
    ("red", |f| f.red),
    ("yellow", |f| f.yellow),
    ("roundness", |f| f.roundness),
    ("dark-lines", |f| f.dark_lines),
    ("line-cover", |f| f.line_cover),
    ("line-balance", |f| f.line_balance),
];

/// How many pictures of each folder pass, and how the measures of their fields lie.
fn count_by<'a>(model: &str, folders: impl Iterator<Item = &'a PathBuf>) {
    let card = Library::open(&[]).unwrap().find(model).unwrap().card.unwrap();
    let gate = card.gate.unwrap();
    for folder in folders {
        let all = measured(folder);
        let passed = all.iter().filter(|m| gate.passes(m)).count();
        println!("{}: {passed} of {} pass ({:.4})", folder.display(), all.len(), passed as f64 / all.len() as f64);
        let fields: Vec<_> = all.iter().filter_map(|m| m.field).collect();
        for (name, value) in VALUES {
            let mut sorted: Vec<f64> = fields.iter().map(value).collect();
            sorted.sort_by(f64::total_cmp);
            let at = |part: f64| sorted.get(((sorted.len().max(1) - 1) as f64 * part).round() as usize).copied();
            let at = |part: f64| at(part).unwrap_or(f64::NAN);
            println!(
                "  {name:<13} 1 % {:.3}  3 % {:.3}  half {:.3}  97 % {:.3}",
                at(0.01),
                at(0.03),
                at(0.5),
                at(0.97)
            );
        }
    }
}

fn measured(folder: &PathBuf) -> Vec<Measures> {
    let paths = scan::find::pictures(std::slice::from_ref(folder)).unwrap().pictures;
    paths.par_iter().filter_map(|path| scan::open(path).ok()).map(|scan| input::measure(&scan)).collect()
}

fn standardised(cells: &[f64]) -> Vec<f64> {
    let count = cells.len() as f64;
    let mean = cells.iter().sum::<f64>() / count;
    let deviation = (cells.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt().max(1e-6);
    cells.iter().map(|v| (v - mean) / deviation).collect()
}
