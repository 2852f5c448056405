//! A Zarr v3 array that grows along its first axis: of maps a chunk is one picture, in a file of its own.
//!
//! A picture's chunk is written before anything says that the picture is done. Whoever is killed in between leaves a chunk
//! that nobody counts, and that the next picture in its row replaces.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use zarrs::array::builder::{ArrayBuilderDataType, ArrayBuilderFillValue};
use zarrs::array::codec::GzipCodec;
use zarrs::array::{Array, ArrayBuilder, ArrayMetadataOptions, BytesToBytesCodecTraits, Element};
use zarrs::filesystem::FilesystemStore;
use zarrs::metadata::ChunkKeySeparator;

use super::StoreError;
use crate::guard::whole::{self, OutputSet};

/// Of what many pictures share a chunk of, much is alike.
const GZIP_LEVEL: u32 = 1;

/// What an array is, but for how long.
pub struct Kind {
    pub name: &'static str,
    pub data_type: ArrayBuilderDataType,
    /// What stands where no picture was.
    pub fill: ArrayBuilderFillValue,
    /// Of one picture.
    pub shape: Vec<u64>,
    /// How many pictures share a chunk.
    pub chunk: u64,
    /// Maps are noise in their last bits: gzip takes 8 % off a response, and a quarter of a second for that.
    pub is_compressed: bool,
    /// Of each axis behind the first.
    pub axes: &'static [&'static str],
    pub attributes: Map<String, Value>,
}

/// An array in its folder.
pub struct Growing {
    array: Array<FilesystemStore>,
    folder: PathBuf,
}

impl Growing {
    /// The array called `name` in the group at `group`, where there is one.
    ///
    /// # Errors
    /// One that this program cannot read.
    pub fn there(store: &Arc<FilesystemStore>, group: &Path, name: &str) -> Result<Option<Self>, StoreError> {
        let folder = group.join(name);
        whole::sweep(&folder);
        if !folder.join(METADATA).exists() {
            return Ok(None);
        }
        let array = Array::open(store.clone(), &format!("/{name}"));
        let array = array.map_err(|error| StoreError::new(&folder, error))?;
        Ok(Some(Self { array, folder }))
    }

    /// The array of `kind` in the group at `group`, of `rows` pictures so far as a reader sees it.
    ///
    /// # Errors
    /// An array of another shape that is there already, and a place that cannot be written to.
    pub fn open(store: &Arc<FilesystemStore>, group: &Path, kind: &Kind, rows: u64) -> Result<Self, StoreError> {
        let full = |first: u64| [&[first][..], &kind.shape].concat();
        if let Some(there) = Self::there(store, group, kind.name)? {
            let had = there.array.shape().get(1..).unwrap_or_default();
            if had != kind.shape {
                let reason =
                    format!("it holds maps of {had:?} values, and these have {:?}; give another --out", kind.shape);
                return Err(StoreError::new(&there.folder, reason));
            }
        }
        let folder = group.join(kind.name);
        let gzip = || GzipCodec::new(GZIP_LEVEL).map_err(|error| StoreError::new(&folder, error));
        let codecs: Vec<Arc<dyn BytesToBytesCodecTraits>> =
            if kind.is_compressed { vec![Arc::new(gzip()?)] } else { Vec::new() };
        let axes = std::iter::once("picture").chain(kind.axes.iter().copied());
        let array = ArrayBuilder::new(full(rows), full(kind.chunk), kind.data_type.clone(), kind.fill.clone())
            .bytes_to_bytes_codecs(codecs)
            // One folder for all chunks, and not four for each.
            .chunk_key_encoding_default_separator(ChunkKeySeparator::Dot)
            .dimension_names(Some(axes))
            .attributes(kind.attributes.clone())
            .build(store.clone(), &format!("/{}", kind.name));
        let array = array.map_err(|error| StoreError::new(&folder, error))?;
        let growing = Self { array, folder };
        growing.announce()?;
        Ok(growing)
    }

    /// How many pictures a reader sees.
    pub fn rows(&self) -> u64 {
        self.array.shape().first().copied().unwrap_or_default()
    }

    /// Lets a reader see `rows` pictures.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn resize(&mut self, rows: u64) -> Result<(), StoreError> {
        let mut shape = self.array.shape().to_vec();
        if let Some(first) = shape.first_mut() {
            *first = rows;
        }
        self.array.set_shape(shape).map_err(|error| StoreError::new(&self.folder, error))?;
        self.announce()
    }

    /// Writes shape and attributes, whole or not at all.
    fn announce(&self) -> Result<(), StoreError> {
        let options = ArrayMetadataOptions::default().with_include_zarrs_metadata(false);
        write_metadata(&self.folder, &self.array.metadata_opt(&options))
    }

    /// Writes the chunk at `index` along the first axis, in the place of what was there. It is on the disk when this
    /// returns.
    ///
    /// # Errors
    /// Values that do not fill the chunk, and a place that cannot be written to.
    pub fn put<T: Element>(&self, index: u64, values: &[T]) -> Result<(), StoreError> {
        self.array.store_chunk(&self.at(index), values).map_err(|error| StoreError::of_chunk(&self.folder, error))
    }

    /// Removes the chunk at `index`, where there is one.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn erase(&self, index: u64) -> Result<(), StoreError> {
        self.array.erase_chunk(&self.at(index)).map_err(|error| StoreError::of_storage(&self.folder, &error))
    }

    fn at(&self, index: u64) -> Vec<u64> {
        let mut at = vec![0; self.array.dimensionality()];
        if let Some(first) = at.first_mut() {
            *first = index;
        }
        at
    }
}

/// Where the Zarr specification has what an array or a group says of itself.
pub const METADATA: &str = "zarr.json";

/// The file of the maps of one picture, in their array's folder.
pub fn chunk_of_maps(row: u64) -> String {
    format!("c.{row}.0.0.0")
}

/// Writes what an array or a group in `folder` says of itself, whole or not at all.
pub fn write_metadata(folder: &Path, metadata: &impl serde::Serialize) -> Result<(), StoreError> {
    let json = serde_json::to_vec_pretty(metadata).map_err(|error| StoreError::new(folder, error))?;
    let mut files = OutputSet::new(folder, "zarr", true);
    files.add("json", &json)?;
    files.finish()?;
    Ok(())
}
