//! The tensors of a checkpoint file: PyTorch's zip, legacy and tar layouts, and safetensors, told by what is in the file.
//! Names, types and shapes come first, values only when they are asked for.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader};
use safetensors::{Dtype, SafeTensors};

use super::{ImportError, bounds};
use crate::guard::regular;

/// A training keeps more than weights: moments of its optimiser, and f64 where a user wished so.
const MOST_TIMES_THE_WEIGHTS: u64 = 16;
/// Of the header of a safetensors file, whose numbers take fifty times as much in memory. A tensor takes some 100 bytes.
const MOST_HEADER_BYTES: u64 = 4 << 20;
/// Of a tensor.
const LONGEST_NAME: usize = 1000;
const MOST_SIDES: usize = 8;
/// In characters.
const LONGEST_REASON: usize = 1000;

/// A tensor whose values have not been read.
#[derive(Debug)]
pub struct Stored {
    /// As the file has it, with the keys of the dictionaries around it.
    pub name: String,
    pub shape: Vec<usize>,
    /// Its type in words.
    pub kind: String,
    pub is_float: bool,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Pickled(pytorch_reader::Tensor),
    Safe { file: Arc<Vec<u8>>, range: Range<usize>, dtype: Dtype },
}

/// Lists the tensors of the file at `path`, for weights of `weight_bytes`.
pub fn open(path: &Path, weight_bytes: u64) -> Result<Vec<Stored>, ImportError> {
    let failed = |error| ImportError::Read { path: path.to_owned(), error };
    let (_, found) = regular::open(path).map_err(failed)?;
    let limit = weight_bytes.saturating_mul(MOST_TIMES_THE_WEIGHTS);
    if found > limit {
        return Err(ImportError::TooLarge { path: path.to_owned(), found, limit });
    }
    if let Some(header) = safetensors_header(path).map_err(failed)? {
        if header > MOST_HEADER_BYTES {
            let reason = format!("its header is {header} bytes; one of weights alone has at most {MOST_HEADER_BYTES}");
            return Err(unreadable(path, reason));
        }
        return listed(path, safe(path, regular::read(path, limit).map_err(failed)?)?);
    }
    bounds::check(path, limit).map_err(failed)?.map_err(|reason| unreadable(path, reason))?;
    let reader = PytorchReader::new(path).map_err(|error| unreadable(path, error))?;
    let mut tensors: Vec<_> = reader.into_tensors().into_iter().collect();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    listed(path, tensors.into_iter().map(|(name, tensor)| pickled(name, tensor)).collect())
}

/// `tensors`, where they are such that all can be looked at and named.
fn listed(path: &Path, tensors: Vec<Stored>) -> Result<Vec<Stored>, ImportError> {
    let refused = |reason| Err(unreadable(path, reason));
    if tensors.len() > bounds::MOST_TENSORS {
        return refused(format!("it has {} tensors; at most {} are read", tensors.len(), bounds::MOST_TENSORS));
    }
    for tensor in &tensors {
        if tensor.name.len() > LONGEST_NAME {
            let (start, length) = (tensor.name.chars().take(40).collect::<String>(), tensor.name.len());
            return refused(format!(
                "the name of its tensor `{start}…` has {length} bytes; at most {LONGEST_NAME} are read"
            ));
        }
        if tensor.shape.len() > MOST_SIDES {
            let (name, sides) = (&tensor.name, tensor.shape.len());
            return refused(format!("its tensor `{name}` has {sides} sides; at most {MOST_SIDES} are read"));
        }
    }
    Ok(tensors)
}

/// A safetensors file begins with the length of a JSON header, which is given back, and that with a brace.
fn safetensors_header(path: &Path) -> std::io::Result<Option<u64>> {
    let mut start = Vec::new();
    File::open(path)?.take(9).read_to_end(&mut start)?;
    let length = start.first_chunk::<8>().map(|length| u64::from_le_bytes(*length));
    Ok(length.filter(|_| start.get(8) == Some(&b'{') && !start.starts_with(b"PK")))
}

fn pickled(name: String, tensor: pytorch_reader::Tensor) -> Stored {
    let is_float = matches!(tensor.dtype(), DType::F64 | DType::F32 | DType::F16 | DType::BF16);
    let (shape, kind) = (tensor.shape().to_vec(), format!("{:?}", tensor.dtype()));
    Stored { name, shape, kind, is_float, values: Values::Pickled(tensor) }
}

fn safe(path: &Path, bytes: Vec<u8>) -> Result<Vec<Stored>, ImportError> {
    let file = Arc::new(bytes);
    let stored = SafeTensors::deserialize(&file).map_err(|error| unreadable(path, error))?;
    let one = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        let dtype = view.dtype();
        let is_float = matches!(dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16);
        let (shape, kind) = (view.shape().to_vec(), format!("{dtype:?}"));
        let start = view.data().as_ptr() as usize - file.as_ptr() as usize;
        let range = start..start + view.data().len();
        Stored { name, shape, kind, is_float, values: Values::Safe { file: Arc::clone(&file), range, dtype } }
    };
    let mut tensors = stored.tensors();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(tensors.into_iter().map(one).collect())
}

impl Stored {
    /// Reads the values, as f32.
    pub fn read(&self, path: &Path) -> Result<Vec<f32>, ImportError> {
        match &self.values {
            Values::Pickled(tensor) => {
                let bytes = tensor.read().map_err(|error| unreadable(path, error))?;
                // The reader gives the bytes in this machine's own order.
                Ok(match tensor.dtype() {
                    DType::F64 => numbers(&bytes, |b| f64::from_ne_bytes(b) as f32),
                    DType::F16 => numbers(&bytes, |b| f16::from_ne_bytes(b).to_f32()),
                    DType::BF16 => numbers(&bytes, |b| bf16::from_ne_bytes(b).to_f32()),
                    _ => numbers(&bytes, f32::from_ne_bytes),
                })
            }
            Values::Safe { file, range, dtype } => {
                let bytes = &file[range.clone()];
                Ok(match dtype {
                    Dtype::F64 => numbers(bytes, |b| f64::from_le_bytes(b) as f32),
                    Dtype::F16 => numbers(bytes, |b| f16::from_le_bytes(b).to_f32()),
                    Dtype::BF16 => numbers(bytes, |b| bf16::from_le_bytes(b).to_f32()),
                    _ => numbers(bytes, f32::from_le_bytes),
                })
            }
        }
    }
}

fn numbers<const N: usize>(bytes: &[u8], one: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| one(*chunk)).collect()
}

/// What readers say may quote the file.
fn unreadable(path: &Path, error: impl std::fmt::Display) -> ImportError {
    let mut reason = error.to_string();
    if let Some((end, _)) = reason.char_indices().nth(LONGEST_REASON) {
        reason.truncate(end);
        reason.push('…');
    }
    ImportError::Format { path: path.to_owned(), reason }
}
