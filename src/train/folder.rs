//! A clinic's own folder: pictures, and a table that says what they show and whose they are. Must not know Burn.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::data::{DataSet, Example};
use super::lesions::{self, Grid, Lesions};
use super::{Recipe, TrainError, photograph};
use crate::bundle::card::Decision;
use crate::labels::{self, Label};
use crate::lesions::LesionsError;
use crate::scan::find;

/// Every so many-th patient is left out of training.
const HELD_EVERY: usize = 5;
/// Most names listed where something does not match.
const MOST_NAMES: usize = 5;

/// A picture that the table knows.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    class: usize,
    /// What stays on one side: the patient, or the picture's own line.
    patient: String,
    mask: Option<PathBuf>,
}

/// Reads the pictures in `folder` and below that the table `csv` names. A fifth of the patients, spread over their worst
/// grades, is left out; without patients' names a fifth of the pictures.
///
/// # Errors
/// A table that cannot be used, a class that the recipe does not have, a mask that is none; no picture at all.
pub fn read(recipe: &Recipe, folder: &Path, csv: &Path) -> Result<DataSet, TrainError> {
    if recipe.card.output.decision == Decision::Threshold {
        return Err(TrainError::data(
            csv,
            format!(
                "{} needs its own folders, not a table: it chooses an operating point on patients of their own",
                recipe.name
            ),
        ));
    }
    let table = labels::read(csv)?;
    let masks = masks(&table, csv)?;
    let files = pictures(folder, &masks)?;
    let matched = labels::matched(&files, &table);
    let patients_are_named = matched.pictures.iter().all(|(_, label)| label.patient.is_some());
    let named = named(matched.pictures, recipe, csv)?;
    if named.is_empty() {
        let reason = format!("none of its {} lines names a picture in {}", table.len(), folder.display());
        return Err(TrainError::data(csv, reason));
    }
    let plan = recipe.plan()?;
    let cells = recipe.schedule.lesion_head.filter(|_| !masks.is_empty()).and_then(|head| lesions::shape(&plan, head));
    let read: Vec<Result<Example, TrainError>> = named.par_iter().map(|one| example(one, recipe, cells)).collect();
    let (mut examples, mut unreadable) = (Vec::new(), Vec::new());
    for (one, example) in named.iter().zip(read) {
        match example {
            Ok(example) => examples.push((one, example)),
            // A broken mask is a mistake of the table; a broken picture is one picture less.
            Err(error @ TrainError::Data { .. }) => return Err(error),
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    let left_out = left_out(matched.without_label, &matched.without_picture, &unreadable);
    let mut data = split(examples, patients_are_named);
    if data.learn.is_empty() || data.held.is_empty() {
        let reason = format!(
            "{} are too few patients to learn from some and measure on others",
            data.learn.len() + data.held.len()
        );
        return Err(TrainError::data(csv, reason + &left_out.map_or_else(String::new, |why| format!("; {why}"))));
    }
    data.described = Some(described(&data, recipe, patients_are_named));
    (data.left_out, data.input, data.cells, data.steps) = (left_out, plan.input(), cells, recipe.remaining_steps());
    Ok(data)
}

/// The masks that the table names, none of them outside of its folder.
fn masks(table: &[Label], csv: &Path) -> Result<HashSet<PathBuf>, TrainError> {
    let named = table.iter().filter_map(|label| label.mask.as_deref().map(|mask| (label, mask)));
    named
        .map(|(label, mask)| {
            mask_file(csv, mask).ok_or_else(|| {
                let reason = format!("`{}` has the mask `{mask}`, which is no file in the table's folder", label.image);
                TrainError::data(csv, reason)
            })
        })
        .collect()
}

fn mask_file(csv: &Path, mask: &str) -> Option<PathBuf> {
    let folder = csv.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    labels::inside(folder, mask)
}

/// The pictures of the folder that are no masks: those may bear the same names.
fn pictures(folder: &Path, masks: &HashSet<PathBuf>) -> Result<Vec<PathBuf>, TrainError> {
    let mut files = find::pictures(&[folder.to_owned()])?.pictures;
    files.retain(|file| masks.is_empty() || file.canonicalize().is_ok_and(|file| !masks.contains(&file)));
    Ok(files)
}

fn named(matched: Vec<(PathBuf, Label)>, recipe: &Recipe, csv: &Path) -> Result<Vec<Named>, TrainError> {
    let one = |(path, label): (PathBuf, Label)| {
        let Some(class) = recipe.card.class_index(&label.grade) else {
            let known: Vec<&str> = recipe.card.classes.iter().map(|class| class.name.as_str()).collect();
            let reason = format!("`{}` has the grade `{}`; known are {}", label.image, label.grade, known.join(", "));
            return Err(TrainError::data(csv, reason));
        };
        // A patient may be named like another one's picture.
        let patient =
            label.patient.map_or_else(|| format!("picture {}", label.image), |name| format!("patient {name}"));
        let mask = label.mask.and_then(|mask| mask_file(csv, &mask));
        Ok(Named { path, class, patient, mask })
    };
    matched.into_iter().map(one).collect()
}

fn example(one: &Named, recipe: &Recipe, cells: Option<[usize; 3]>) -> Result<Example, TrainError> {
    let mark = |grid: Grid| match &one.mask {
        Some(mask) => masked(mask, grid),
        None => Ok(grid.unknown()),
    };
    let example = photograph::read(&one.path, recipe, cells, mark)?;
    Ok(Example { class: one.class, ..example })
}

/// A mask that cannot be read is a mistake of the table, whatever it is.
fn masked(mask: &Path, grid: Grid) -> Result<Lesions, TrainError> {
    let pixels = lesions::read_mask(mask, grid.source_px).map_err(|error| match error {
        TrainError::Data { .. } | TrainError::Lesions(LesionsError::Data { .. }) => error,
        other => TrainError::data(mask, format!("is no mask that can be read ({other})")),
    })?;
    Ok(grid.of_mask(&pixels))
}

/// Every fifth patient, in the order of their worst grades and within a grade by chance that hangs on the name alone, is
/// left out.
fn split(examples: Vec<(&Named, Example)>, patients_are_named: bool) -> DataSet {
    let mut worst: BTreeMap<&str, usize> = BTreeMap::new();
    for (one, _) in &examples {
        let class = worst.entry(&one.patient).or_default();
        *class = one.class.max(*class);
    }
    let mut order: Vec<(usize, Vec<u8>, &str)> =
        worst.iter().map(|(name, class)| (*class, Sha256::digest(name).to_vec(), *name)).collect();
    order.sort();
    let groups: BTreeMap<&str, usize> = order.iter().enumerate().map(|(group, (_, _, name))| (*name, group)).collect();
    let mut data = DataSet::default();
    for (one, mut example) in examples {
        example.group = groups[one.patient.as_str()];
        let is_held = example.group % HELD_EVERY == HELD_EVERY / 2;
        if is_held { &mut data.held } else { &mut data.learn }.push(example);
    }
    let (pictures, patients) = (data.held.len(), count_groups(&data.held));
    data.held_is = if patients_are_named {
        format!("{pictures} pictures of {patients} patients of the folder, none of whom was seen in training")
    } else {
        format!(
            "{pictures} pictures of the folder, none seen in training; no patients were named, so one patient's may be on both sides"
        )
    };
    data
}

fn count_groups(examples: &[Example]) -> usize {
    examples.iter().map(|example| example.group).collect::<HashSet<_>>().len()
}

fn described(data: &DataSet, recipe: &Recipe, patients_are_named: bool) -> String {
    let of = if patients_are_named { format!(" of {} patients", count_groups(&data.learn)) } else { String::new() };
    let classes = recipe.card.classes.iter().zip(data.counts(recipe.card.classes.len()));
    let counts: Vec<String> = classes.map(|(class, count)| format!("{count} of {}", class.name)).collect();
    let marked = data.learn.iter().filter(|example| example.lesions.known.contains(&1.0)).count();
    let masks = if marked > 0 { format!(", {marked} of them with masks of lesions") } else { String::new() };
    format!("a folder of one's own: {} pictures{of} to learn from ({}){masks}", data.learn.len(), counts.join(", "))
}

/// Everything that does not match, once, as a sentence; `None` where all does.
fn left_out(without_label: usize, without_picture: &[String], unreadable: &[String]) -> Option<String> {
    let names = |names: &[String], separator: &str| {
        // Names come from files: no terminal is to be steered by one.
        let plain = |name: &String| name.replace(char::is_control, "?");
        let shown = names.iter().take(MOST_NAMES).map(plain).collect::<Vec<_>>().join(separator);
        let more = names.len().saturating_sub(MOST_NAMES);
        if more > 0 { format!("{shown}{separator}and {more} more") } else { shown }
    };
    let mut parts = Vec::new();
    if without_label > 0 {
        parts.push(format!("{} without a line in the table", counted(without_label, "picture")));
    }
    if !without_picture.is_empty() {
        let count = counted(without_picture.len(), "line");
        parts.push(format!("{count} without a picture ({})", names(without_picture, ", ")));
    }
    if !unreadable.is_empty() {
        let count = counted(unreadable.len(), "picture");
        parts.push(format!("{count} that cannot be read ({})", names(unreadable, "; ")));
    }
    (!parts.is_empty()).then(|| format!("left out: {}", parts.join(", ")))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
