//! The state of a training in one safetensors file that appears whole or not at all.
//!
//! Chance needs no place in it: what is drawn depends on the seed and the step. Must not know Burn.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::TrainError;
use super::optimiser::Moments;
use crate::bundle::{TensorSpec, WeightMap, WeightTensor};
use crate::guard::regular;
use crate::guard::whole::OutputSet;

/// Everything that the next step needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What the result depends on; a checkpoint of other settings is refused.
    pub settings: String,
    /// Steps done.
    pub step: usize,
    pub network: WeightMap,
    /// Running mean of the weights.
    pub mean: WeightMap,
    pub moments: Moments,
}

impl Checkpoint {
    /// Writes the file beside its place, then puts it there.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let bytes = self.to_bytes().map_err(|error| TrainError::Store(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut file = OutputSet::new(folder, &name, true).synced();
        file.add_file(&name, &bytes).map_err(TrainError::Export)?;
        file.finish().map_err(TrainError::Export)?;
        Ok(())
    }

    /// The checkpoint at `path`, or `None` where there is none.
    ///
    /// # Errors
    /// One of other settings, a broken file, or tensors other than `specs`.
    pub fn load(path: &Path, settings: &str, specs: &[TensorSpec]) -> Result<Option<Self>, TrainError> {
        let failed = |reason: String| TrainError::Checkpoint { path: path.to_owned(), reason };
        let bytes = match regular::read(path, most_bytes(specs)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(format!("cannot be read: {error}"))),
        };
        let broken = |error: safetensors::SafeTensorError| failed(format!("is no whole checkpoint ({error})"));
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let notes = header.metadata().clone().unwrap_or_default();
        let found = notes.get("settings").cloned().unwrap_or_default();
        if found != settings {
            let (found, wanted) = first_difference(&found, settings);
            return Err(TrainError::OtherSettings { path: path.to_owned(), found, wanted });
        }
        let number = |name: &str| notes.get(name).and_then(|text| text.parse().ok());
        let (Some(step), Some(steps)) = (number("step"), number("moments")) else {
            return Err(failed("does not say how far it came".to_owned()));
        };
        let stored = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let group = |prefix: &str, learned_only: bool| {
            let wanted = specs.iter().filter(|spec| !learned_only || !spec.name.contains(".running_"));
            wanted.map(|spec| tensor(&stored, prefix, spec)).collect::<Option<WeightMap>>()
        };
        let parts = (group("network", false), group("mean", false), group("first", true), group("second", true));
        let (Some(network), Some(mean), Some(first), Some(second)) = parts else {
            return Err(failed("lacks a tensor of this network".to_owned()));
        };
        Ok(Some(Self { settings: found, step, network, mean, moments: Moments { first, second, steps } }))
    }

    fn to_bytes(&self) -> Result<Vec<u8>, safetensors::SafeTensorError> {
        let groups = [
            ("network", &self.network),
            ("mean", &self.mean),
            ("first", &self.moments.first),
            ("second", &self.moments.second),
        ];
        let mut stored: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (prefix, weights) in groups {
            for (name, t) in weights {
                let bytes = t.values.iter().flat_map(|v| v.to_le_bytes()).collect();
                stored.push((format!("{prefix}/{name}"), t.shape.clone(), bytes));
            }
        }
        let view = |shape: &Vec<usize>, bytes| TensorView::new(Dtype::F32, shape.clone(), bytes);
        let views = stored.iter().map(|(name, shape, bytes)| Ok((name.as_str(), view(shape, bytes)?)));
        let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
        let notes = HashMap::from([
            ("settings".to_owned(), self.settings.clone()),
            ("step".to_owned(), self.step.to_string()),
            ("moments".to_owned(), self.moments.steps.to_string()),
        ]);
        safetensors::serialize(views, Some(notes))
    }
}

/// Four copies of the network's values, and a header of the same number of names.
fn most_bytes(specs: &[TensorSpec]) -> u64 {
    let values: usize = specs.iter().map(TensorSpec::values).sum();
    16 * values as u64 + 1024 * specs.len() as u64 + (1 << 20)
}

fn tensor(stored: &SafeTensors<'_>, prefix: &str, spec: &TensorSpec) -> Option<(String, WeightTensor)> {
    let view = stored.tensor(&format!("{prefix}/{}", spec.name)).ok()?;
    if view.dtype() != Dtype::F32 || view.shape() != spec.shape {
        return None;
    }
    let values = view.data().as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    Some((spec.name.clone(), WeightTensor { shape: spec.shape.clone(), values }))
}

/// The first parts, separated by commas, in which two settings differ.
fn first_difference(found: &str, wanted: &str) -> (String, String) {
    let pair = found.split(',').zip(wanted.split(',')).find(|(a, b)| a != b);
    let tidy = |text: &str| text.replace(['"', '{', '}'], "").trim().to_owned();
    pair.map_or_else(|| ("less".to_owned(), "more".to_owned()), |(a, b)| (tidy(a), tidy(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> (Checkpoint, Vec<TensorSpec>) {
        let weights = |v: f32| {
            let tensor = |n: usize| WeightTensor { shape: vec![n], values: vec![v; n] };
            WeightMap::from([("a.bias".to_owned(), tensor(2)), ("a.norm.running_mean".to_owned(), tensor(3))])
        };
        let specs = weights(0.0).into_iter().map(|(name, t)| TensorSpec { name, shape: t.shape }).collect();
        let learned = |v| weights(v).into_iter().filter(|(name, _)| name == "a.bias").collect();
        let moments = Moments { first: learned(3.0), second: learned(4.0), steps: 9 };
        let settings = "epochs: 2, batch: 4".to_owned();
        (Checkpoint { settings, step: 9, network: weights(1.0), mean: weights(2.0), moments }, specs)
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/checkpoint");
        let (saved, specs) = checkpoint();
        assert_eq!(Checkpoint::load(&path, &saved.settings, &specs).unwrap(), None);
        saved.save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path, &saved.settings, &specs).unwrap(), Some(saved));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn other_settings_and_broken_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let (saved, specs) = checkpoint();
        saved.save(&path).unwrap();
        let refusal = |settings: &str| Checkpoint::load(&path, settings, &specs).unwrap_err().to_string();
        assert!(refusal("epochs: 2, batch: 8").contains("batch: 4; now batch: 8"));
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        assert!(refusal(&saved.settings).contains("no whole checkpoint"));
    }
}
