//! Raw maps of many pictures in one Zarr v3 group: arrays whose first axis is the picture.
//!
//! Which row is whose, and which rows count, is said elsewhere (`ledger`): a row that nobody names is free.

mod array;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zarrs::array::{ArrayError, Element, ZARR_NAN_F32, ZARR_NAN_F64, data_type};
use zarrs::filesystem::FilesystemStore;
use zarrs::group::GroupBuilder;
use zarrs::storage::StorageError;

use self::array::{Growing, Kind, METADATA, write_metadata};
use super::NOTICE;
use crate::explain::Explanation;
use crate::guard::whole::WriteError;
use crate::guard::{regular, whole};
use crate::maps::ClassMaps;

/// What a group says of itself is small.
const MOST_METADATA_BYTES: u64 = 4 << 20;
/// Pictures that share a chunk of what is small.
const SMALL_CHUNK: u64 = 4096;

const CAM: &str = "cam";
const RESPONSE: &str = "response";

/// Why maps could not be kept.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The fields are what the text names.
pub enum StoreError {
    /// What is there does not go with what comes.
    #[error("{}: {reason}", path.display())]
    Unfit { path: PathBuf, reason: String },
    /// A disk that takes no more, or a place that is not ours.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl StoreError {
    fn new(path: &Path, reason: impl Display) -> Self {
        Self::Unfit { path: path.to_owned(), reason: reason.to_string() }
    }

    /// Of a chunk in the array at `path`.
    fn of_chunk(path: &Path, error: ArrayError) -> Self {
        match error {
            ArrayError::StorageError(error) => Self::of_storage(path, &error),
            error => Self::new(path, error),
        }
    }

    fn of_storage(path: &Path, error: &StorageError) -> Self {
        let StorageError::IOError(error) = error else { return Self::new(path, error) };
        let said = || std::io::Error::new(error.kind(), error.to_string());
        let error = error.raw_os_error().map_or_else(said, std::io::Error::from_raw_os_error);
        WriteError::Write { path: path.to_owned(), error }.into()
    }
}

/// Where a picture's maps are, and what belongs to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// Along the first axis of every array.
    pub row: u64,
    /// The classes that the maps are of, in their order.
    pub cam_classes: Vec<usize>,
    /// The same of the responses: those that were projected back.
    pub response_classes: Vec<usize>,
    /// Row by row, of pixels with their centres at .5.
    pub source_from_model: [[f64; 3]; 3],
}

/// What is the same for all maps of a group.
pub struct About<'a> {
    /// The model's name.
    pub model: &'a str,
    /// Of its weights.
    pub model_sha256: &'a str,
    /// Their names in the model's order.
    pub classes: Vec<&'a str>,
    /// One number for model and settings: maps that were made otherwise do not stand beside these.
    pub made_by: &'a str,
}

/// A group that takes maps of one picture after another, from several threads.
pub struct MapStore {
    store: Arc<FilesystemStore>,
    folder: PathBuf,
    /// How many pictures a reader sees while the group grows; a row that is not filled yet is not a number.
    most_rows: u64,
    free: Mutex<Free>,
    arrays: Mutex<Option<Arc<Arrays>>>,
}

/// Which rows are free.
struct Free {
    /// Those that counted at the beginning.
    taken: BTreeSet<u64>,
    /// Nothing before it is free.
    next: u64,
}

struct Arrays {
    cam: Growing,
    response: Growing,
}

impl MapStore {
    /// The group at `folder`, which is made where it is missing. `taken` are the rows that count, `pictures` how many may
    /// come besides.
    ///
    /// # Errors
    /// A group of another model or of other settings, and a place that cannot be written to.
    pub fn open(folder: &Path, about: &About<'_>, taken: BTreeSet<u64>, pictures: usize) -> Result<Self, StoreError> {
        let store = FilesystemStore::new(folder).map_err(|error| StoreError::new(folder, error))?;
        whole::sweep(folder);
        match made_by(folder)? {
            Some(had) if had == about.made_by => {}
            // Nothing of it counts any more.
            Some(_) if taken.is_empty() => {
                std::fs::remove_dir_all(folder).map_err(|error| WriteError::Write { path: folder.to_owned(), error })?
            }
            Some(_) => {
                let reason = "its maps were made by another model or with other settings; give another --out";
                return Err(StoreError::new(folder, reason));
            }
            None => {}
        }
        let store = Arc::new(store);
        let group = GroupBuilder::new().attributes(attributes(about)).build(store.clone(), "/");
        let group = group.map_err(|error| StoreError::new(folder, error))?;
        write_metadata(folder, group.metadata())?;
        let last = taken.last().map_or(0, |row| row + 1);
        let most_rows = last.max((taken.len() + pictures) as u64);
        let (free, arrays) = (Mutex::new(Free { taken, next: 0 }), Mutex::new(None));
        Ok(Self { store, folder: folder.to_owned(), most_rows, free, arrays })
    }

    /// Keeps the maps of one picture in a row of their own. They are on the disk when this returns.
    ///
    /// # Errors
    /// Maps of another shape than those before, and a place that cannot be written to.
    pub fn put(&self, explanation: &Explanation) -> Result<Placed, StoreError> {
        let arrays = self.arrays(&explanation.cam, &explanation.response)?;
        let row = self.free_row();
        arrays.cam.put(row, &explanation.cam.data)?;
        arrays.response.put(row, &explanation.response.data)?;
        Ok(Placed {
            row,
            cam_classes: explanation.cam.held.clone(),
            response_classes: explanation.response.held.clone(),
            source_from_model: explanation.source_from_model.0,
        })
    }

    /// Whether the maps of `row` are there.
    pub fn has(&self, row: u64) -> bool {
        let chunk = array::chunk_of_maps(row);
        [CAM, RESPONSE].iter().all(|name| regular::is_filled(&self.folder.join(name).join(&chunk)))
    }

    /// The first row that nobody has. One that is being replaced is no longer somebody's at the next opening.
    fn free_row(&self) -> u64 {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while free.taken.contains(&free.next) {
            free.next += 1;
        }
        free.next += 1;
        free.next - 1
    }

    /// The arrays, of the shapes of the first maps.
    fn arrays(&self, cam: &ClassMaps, response: &ClassMaps) -> Result<Arc<Arrays>, StoreError> {
        let mut arrays = self.arrays.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(arrays) = &*arrays {
            return Ok(arrays.clone());
        }
        let open = |kind: Kind| Growing::open(&self.store, &self.folder, &kind, self.most_rows);
        let made = Arc::new(Arrays { cam: open(cam_kind(cam))?, response: open(response_kind(response))? });
        *arrays = Some(made.clone());
        Ok(made)
    }

    /// Ends with the rows of `placed` alone: what else was written goes, and what belongs to the maps is written beside
    /// them.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn finish(&self, placed: &BTreeMap<u64, Placed>) -> Result<(), StoreError> {
        let Some((last, first)) = placed.last_key_value() else { return Ok(()) };
        let rows = last + 1;
        for name in [CAM, RESPONSE] {
            let Some(mut maps) = Growing::there(&self.store, &self.folder, name)? else { continue };
            (0..maps.rows()).filter(|row| !placed.contains_key(row)).try_for_each(|row| maps.erase(row))?;
            maps.resize(rows)?;
        }
        let classes = |of: &[usize]| of.iter().map(|class| *class as i64).collect();
        let kind = classes_kind("cam_classes", &["class"], &first.cam_classes);
        self.beside(kind, rows, placed, |of| classes(&of.cam_classes))?;
        let kind = classes_kind("response_classes", &["response_class"], &first.response_classes);
        self.beside(kind, rows, placed, |of| classes(&of.response_classes))?;
        self.beside(matrix_kind(), rows, placed, |of| of.source_from_model.concat())
    }

    /// Writes an array of what is small, many pictures to a chunk.
    fn beside<T: Element + Copy>(
        &self,
        (kind, fill): (Kind, T),
        rows: u64,
        placed: &BTreeMap<u64, Placed>,
        values: impl Fn(&Placed) -> Vec<T>,
    ) -> Result<(), StoreError> {
        let array = Growing::open(&self.store, &self.folder, &kind, rows)?;
        let each = kind.shape.iter().product::<u64>() as usize;
        for chunk in 0..rows.div_ceil(SMALL_CHUNK) {
            let first = chunk * SMALL_CHUNK;
            let mut all = vec![fill; each * SMALL_CHUNK as usize];
            for (row, placed) in placed.range(first..first + SMALL_CHUNK) {
                let place = (row - first) as usize * each;
                let values = values(placed);
                let of_one = all.get_mut(place..place + each).filter(|of_one| of_one.len() == values.len());
                let of_one = of_one.ok_or_else(|| {
                    StoreError::new(
                        &self.folder,
                        format!("row {row} has {} values of {}, not {each}", values.len(), kind.name),
                    )
                })?;
                of_one.copy_from_slice(&values);
            }
            array.put(chunk, &all)?;
        }
        Ok(())
    }
}

/// By what the maps of a group were made that is there already.
fn made_by(folder: &Path) -> Result<Option<String>, StoreError> {
    let path = folder.join(METADATA);
    if !path.exists() {
        return Ok(None);
    }
    let failed = |reason: String| StoreError::new(&path, reason);
    let text = regular::read_text(&path, MOST_METADATA_BYTES).map_err(|error| failed(error.to_string()))?;
    let group: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    let made_by = group.pointer("/attributes/made_by").and_then(Value::as_str);
    made_by.map(|key| Some(key.to_owned())).ok_or_else(|| failed("this is no group of this program".to_owned()))
}

fn attributes(about: &About<'_>) -> Map<String, Value> {
    map(json!({
        "model": about.model,
        "model_sha256": about.model_sha256,
        "made_by": about.made_by,
        "classes": about.classes,
        "axes": "The first axis is the picture: `maps_row` of its row in the table. A row that no picture has is not a number.",
        "frames": "cam and response lie over the model's frame; source_from_model takes pixels of response, their centres \
                   at .5, to source pixels. A cell of cam spans response's width / cam's width of them.",
        "notice": NOTICE,
        "software": concat!("fovea ", env!("CARGO_PKG_VERSION")),
    }))
}

fn map(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

fn maps_kind(name: &'static str, maps: &ClassMaps, axes: &'static [&'static str], says: &str) -> Kind {
    Kind {
        name,
        data_type: data_type::float32().into(),
        fill: ZARR_NAN_F32.into(),
        shape: [maps.held.len(), maps.height, maps.width].map(|side| side as u64).to_vec(),
        chunk: 1,
        is_compressed: false,
        axes,
        attributes: map(json!({ "says": says, "classes_of_the_model": maps.classes })),
    }
}

fn cam_kind(maps: &ClassMaps) -> Kind {
    let says = "By the method of the settings, signed, not scaled; of the classes in cam_classes.";
    maps_kind(CAM, maps, &["class", "cam_y", "cam_x"], says)
}

fn response_kind(maps: &ClassMaps) -> Kind {
    let says = "R(x|c), signed as the magnitude says, not scaled; of the classes in response_classes: all, or of more than \
                ten the ten most activated.";
    maps_kind(RESPONSE, maps, &["response_class", "y", "x"], says)
}

/// The classes that a row's maps are of; -1 in a row that no picture has.
fn classes_kind(name: &'static str, axes: &'static [&'static str], classes: &[usize]) -> (Kind, i64) {
    let kind = Kind {
        name,
        data_type: data_type::int64().into(),
        fill: (-1_i64).into(),
        shape: vec![classes.len() as u64],
        chunk: SMALL_CHUNK,
        is_compressed: true,
        axes,
        attributes: map(json!({ "says": "Indices into the group's classes." })),
    };
    (kind, -1)
}

fn matrix_kind() -> (Kind, f64) {
    let kind = Kind {
        name: "source_from_model",
        data_type: data_type::float64().into(),
        fill: ZARR_NAN_F64.into(),
        shape: vec![3, 3],
        chunk: SMALL_CHUNK,
        is_compressed: true,
        axes: &["row", "column"],
        attributes: map(json!({ "says": "Takes model pixels to source pixels, pixel centres at .5." })),
    };
    (kind, f64::NAN)
}

#[cfg(test)]
mod tests;
