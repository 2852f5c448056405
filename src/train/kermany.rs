//! Kermany's children's chest X-rays as examples: label and patient are in the file's name.
//! Must not know Burn.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::TrainError;
use super::data::{DataSet, Example, Values};
use crate::bundle::Card;
use crate::input;
use crate::scan;

/// Every so many-th patient of a folder is left out of training.
const HELD_EVERY: usize = 5;

/// A child: the folder's kind and the number in the file's name. `person1000` is in the set with bacteria and with a
/// virus, so the kind of the infection is no part of it.
type Patient = (bool, u32);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    path: PathBuf,
    patient: Patient,
    class: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Learn,
    Tune,
    Held,
}

/// Reads `NORMAL` and `PNEUMONIA` of `folder` or of its `train`. Of every ten patients one is left out to choose the
/// operating point, and one to measure on.
pub fn read(card: &Card, folder: &Path) -> Result<DataSet, TrainError> {
    if card.classes.len() != 3 {
        return Err(TrainError::data(folder, "these pictures are of three classes: normal, bacteria, virus"));
    }
    let folder = if folder.join("train/NORMAL").is_dir() { folder.join("train") } else { folder.to_owned() };
    let mut named = listed(&folder, "NORMAL")?;
    named.extend(listed(&folder, "PNEUMONIA")?);
    let parts = parts(&named);
    let examples: Vec<(Part, Example)> = named
        .par_iter()
        .zip(parts)
        .map(|(Named { path, class, .. }, part)| {
            let failed = |error| TrainError::Input { path: path.clone(), error };
            let scan = scan::open(path)?;
            let input = input::prepare(&scan, &card.preprocessing).map_err(failed)?;
            let values = Values::Ready(input.values);
            Ok((part, Example { values, class: *class, thumbnail: input::thumbnail(&scan), ..Example::default() }))
        })
        .collect::<Result<_, TrainError>>()?;
    let mut data = DataSet { input: card.architecture.input(), ..DataSet::default() };
    for (part, example) in examples {
        match part {
            Part::Learn => data.learn.push(example),
            Part::Tune => data.tune.push(example),
            Part::Held => data.held.push(example),
        }
    }
    data.held_is = format!(
        "{} pictures of every tenth patient, neither seen in training nor when the operating point was chosen",
        data.held.len()
    );
    Ok(data)
}

/// The pictures of one folder, by name.
fn listed(folder: &Path, kind: &str) -> Result<Vec<Named>, TrainError> {
    let folder = folder.join(kind);
    let failed = |error| TrainError::data(&folder, format!("cannot be read ({error}); Kermany's folders are needed"));
    let mut named = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let Some((patient, class)) = meaning(&name) else {
            return Err(TrainError::data(&path, "its name says neither patient nor finding, as Kermany's names do"));
        };
        if patient.0 != (kind == "PNEUMONIA") {
            return Err(TrainError::data(&path, "lies in the folder of the other kind"));
        }
        named.push(Named { path, patient, class });
    }
    named.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(named)
}

/// Patient and class of `person12_bacteria_46.jpeg`, `IM-0115-0001.jpeg` or `NORMAL2-IM-0383-0001.jpeg`.
fn meaning(name: &str) -> Option<(Patient, usize)> {
    let number = |text: &str| text.parse().ok();
    if let Some(rest) = name.strip_prefix("person") {
        let (patient, rest) = rest.split_once('_')?;
        let class = match rest.split('_').next()? {
            "bacteria" => 1,
            "virus" => 2,
            _ => return None,
        };
        return Some(((true, number(patient)?), class));
    }
    let rest = name.strip_prefix("NORMAL2-").unwrap_or(name).strip_prefix("IM-")?;
    Some(((false, number(rest.split('-').next()?)?), 0))
}

/// Which part each picture belongs to; all pictures of a patient belong to one.
fn parts(named: &[Named]) -> Vec<Part> {
    let patients: BTreeSet<Patient> = named.iter().map(|n| n.patient).collect();
    let first_ill = patients.iter().filter(|(ill, _)| !ill).count();
    let ranks: std::collections::BTreeMap<Patient, usize> =
        patients.into_iter().enumerate().map(|(i, p)| (p, if p.0 { i - first_ill } else { i })).collect();
    let part = |rank: usize| match (rank % HELD_EVERY, rank / HELD_EVERY % 2) {
        (0, 0) => Part::Tune,
        (0, _) => Part::Held,
        _ => Part::Learn,
    };
    named.iter().map(|n| part(ranks[&n.patient])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_patient_and_class() {
        assert_eq!(meaning("person1000_bacteria_2931.jpeg"), Some(((true, 1000), 1)));
        assert_eq!(meaning("person1000_virus_1681.jpeg"), Some(((true, 1000), 2)));
        assert_eq!(meaning("NORMAL2-IM-0383-0001.jpeg"), Some(((false, 383), 0)));
        assert_eq!(meaning("IM-0115-0001.jpeg"), Some(((false, 115), 0)));
        for bad in ["person_bacteria_1.jpeg", "person1_fungus_1.jpeg", "holiday.jpeg", "IM-x-1.jpeg", ""] {
            assert_eq!(meaning(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_patient_is_in_two_parts() {
        let names = (0..60).flat_map(|i| {
            [
                format!("person{}_bacteria_{i}.jpeg", i / 2),
                format!("person{}_virus_{i}.jpeg", i / 2),
                format!("IM-{i:04}-0001.jpeg"),
            ]
        });
        let named: Vec<Named> = names
            .map(|name| {
                let (patient, class) = meaning(&name).unwrap();
                Named { path: name.into(), patient, class }
            })
            .collect();
        let parts = parts(&named);
        for (i, a) in named.iter().enumerate() {
            assert!(named.iter().zip(&parts).all(|(b, part)| a.patient != b.patient || parts[i] == *part));
        }
        let count = |part| parts.iter().filter(|p| **p == part).count();
        assert_eq!([Part::Learn, Part::Tune, Part::Held].map(count), [144, 18, 18]);
    }
}
