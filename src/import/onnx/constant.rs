//! The constants of an ONNX file: weights, and the small lists of integers that say shapes and axes.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use half::{bf16, f16};
use prost::bytes::Bytes;

use super::file::Tensor;
use crate::guard::regular;

/// Integers that a constant may have: they are shapes, axes and indices.
const MOST_INTEGERS: usize = 4096;
/// Of one constant.
pub const MOST_AXES: usize = 8;
/// Values of one constant of floats (1 GiB).
const MOST_FLOATS: usize = 1 << 28;

/// A tensor that does not depend on the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    pub dims: Vec<usize>,
    pub values: Values,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

impl Constant {
    pub fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Self { dims, values: Values::Floats(values) }
    }

    /// A list.
    pub fn integers(values: Vec<i64>) -> Self {
        Self { dims: vec![values.len()], values: Values::Integers(values) }
    }

    /// Reads a tensor's values; those of a file of their own lie in `folder`.
    ///
    /// # Errors
    /// Values of another type, fewer or more than the dimensions say, and a file that cannot be read.
    pub fn read(tensor: &Tensor, folder: &Path) -> Result<Self, String> {
        let sides = tensor.dims.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<Vec<_>>>();
        let count = sides.as_ref().and_then(|sides| sides.iter().try_fold(1usize, |all, side| all.checked_mul(*side)));
        let (Some(dims), Some(count)) =
            (sides, count.filter(|count| *count <= MOST_FLOATS && tensor.dims.len() <= MOST_AXES))
        else {
            return Err(format!("a constant of so many values or axes is not possible (`{}`)", tensor.name));
        };
        let raw = if tensor.is_external { Some(external(tensor, folder)?) } else { tensor.raw.clone() };
        let listed = || tensor.listed.iter().flat_map(|part| part.iter().copied()).collect::<Vec<u8>>();
        let bytes = raw.map(|bytes| bytes.to_vec());
        let is_raw = bytes.is_some();
        let bytes = bytes.unwrap_or_else(listed);
        let values = match (tensor.kind, is_raw) {
            (1, _) => Values::Floats(numbers(&bytes, f32::from_le_bytes)),
            (11, _) => Values::Floats(numbers(&bytes, |eight| f64::from_le_bytes(eight) as f32)),
            (10, true) => Values::Floats(numbers(&bytes, |two| f16::from_le_bytes(two).to_f32())),
            (16, true) => Values::Floats(numbers(&bytes, |two| bf16::from_le_bytes(two).to_f32())),
            (6 | 7, _) if count > MOST_INTEGERS => return Err(format!("{count} integers are too many")),
            (6, true) => Values::Integers(numbers(&bytes, |four| i64::from(i32::from_le_bytes(four)))),
            (7, true) => Values::Integers(numbers(&bytes, i64::from_le_bytes)),
            (6 | 7, false) => Values::Integers(tensor.varints.clone()),
            (kind, _) => return Err(format!("constants of ONNX's type {kind} are not read, floats and int64 are")),
        };
        let read = Self { dims, values };
        match read.len() {
            found if found == count => Ok(read),
            found => Err(format!("the constant `{}` of {:?} has {found} values", tensor.name, read.dims)),
        }
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Floats(values) => values.len(),
            Values::Integers(values) => values.len(),
        }
    }

    pub fn as_floats(&self) -> Result<&[f32], String> {
        match &self.values {
            Values::Floats(values) => Ok(values),
            Values::Integers(_) => Err("it reads integers where floats are expected".to_owned()),
        }
    }

    pub fn as_integers(&self) -> Result<&[i64], String> {
        match &self.values {
            Values::Integers(values) => Ok(values),
            Values::Floats(_) => Err("it reads floats where integers are expected".to_owned()),
        }
    }

    /// The one value of a scalar, whatever its dimensions.
    pub fn scalar(&self) -> Option<f32> {
        match &self.values {
            Values::Floats(values) if values.len() == 1 => Some(values[0]),
            Values::Integers(values) if values.len() == 1 => Some(values[0] as f32),
            _ => None,
        }
    }

    /// With its axes in another order.
    pub fn transposed(&self, order: &[usize]) -> Result<Self, String> {
        let values = self.as_floats()?;
        let rank = self.dims.len();
        let mut seen = order.to_vec();
        seen.sort_unstable();
        if seen != (0..rank).collect::<Vec<_>>() {
            return Err(format!("axes of {:?} cannot be ordered as {order:?}", self.dims));
        }
        let mut strides = vec![1; rank];
        for axis in (1..rank).rev() {
            strides[axis - 1] = strides[axis] * self.dims[axis];
        }
        let dims: Vec<usize> = order.iter().map(|axis| self.dims[*axis]).collect();
        let place = |mut n: usize| {
            let mut at = 0;
            for (side, axis) in dims.iter().zip(order).rev() {
                at += n % side * strides[*axis];
                n /= side;
            }
            at
        };
        let moved = (0..values.len()).map(|n| values[place(n)]).collect();
        Ok(Self::floats(dims, moved))
    }

    /// With other sides; −1 stands for what is left, 0 for what was there.
    pub fn reshaped(&self, sides: &[i64]) -> Result<Self, String> {
        let dims = resolved(&self.dims, sides)?;
        Ok(Self { dims, values: self.values.clone() })
    }
}

/// `sides` of a Reshape of what has `dims`.
pub fn resolved(dims: &[usize], sides: &[i64]) -> Result<Vec<usize>, String> {
    let all: usize = dims.iter().product();
    if sides.len() > MOST_AXES {
        return Err(format!("{} axes are too many", sides.len()));
    }
    let wrong = || format!("{dims:?} cannot become {sides:?}");
    let known = |(n, side): (usize, &i64)| match side {
        0 => dims.get(n).copied().ok_or_else(wrong),
        -1 => Ok(1),
        side => usize::try_from(*side).map_err(|_| wrong()),
    };
    let mut found = sides.iter().enumerate().map(known).collect::<Result<Vec<_>, _>>()?;
    let product = found.iter().try_fold(1usize, |all, side| all.checked_mul(*side)).ok_or_else(wrong)?;
    if let Some(open) = sides.iter().position(|side| *side == -1) {
        found[open] = all.checked_div(product).ok_or_else(wrong)?;
    }
    let product = found.iter().try_fold(1usize, |all, side| all.checked_mul(*side));
    if product == Some(all) { Ok(found) } else { Err(wrong()) }
}

fn numbers<const N: usize, T>(bytes: &[u8], one: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| one(*chunk)).collect()
}

/// Values that lie in another file of the same folder (`location`, `offset`, `length`).
fn external(tensor: &Tensor, folder: &Path) -> Result<Bytes, String> {
    let said = |key: &str| tensor.external.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
    let location = Path::new(said("location").unwrap_or_default());
    let is_inside = location.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_inside || location.as_os_str().is_empty() {
        return Err(format!("its weights are said to lie in `{}`, outside of its folder", location.display()));
    }
    let path = folder.join(location);
    let failed = |error: std::io::Error| format!("its weights cannot be read from {}: {error}", path.display());
    let (mut file, found) = regular::open(&path).map_err(failed)?;
    let number = |key: &str, otherwise: u64| said(key).map_or(Some(otherwise), |text| text.parse::<u64>().ok());
    let offset = number("offset", 0);
    let rest = offset.and_then(|offset| found.checked_sub(offset));
    let length = rest.and_then(|rest| number("length", rest).filter(|length| *length <= rest));
    let (Some(offset), Some(length)) = (offset, length) else {
        return Err(format!("{} is not as long as the weights of `{}` need", path.display(), tensor.name));
    };
    let mut bytes = vec![0; usize::try_from(length).map_err(|error| error.to_string())?];
    file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)).map_err(failed)?;
    Ok(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_change_places() {
        let matrix = Constant::floats(vec![2, 3], (0..6).map(|v| v as f32).collect());
        let turned = matrix.transposed(&[1, 0]).unwrap();
        assert_eq!((turned.dims, turned.values), (vec![3, 2], Values::Floats(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0])));
        assert!(matrix.transposed(&[0, 0]).is_err() && matrix.transposed(&[0]).is_err());
    }

    #[test]
    fn open_sides_are_worked_out() {
        assert_eq!(resolved(&[1, 6, 4, 4], &[0, -1]), Ok(vec![1, 96]));
        assert_eq!(resolved(&[6], &[2, 3]), Ok(vec![2, 3]));
        assert!(
            resolved(&[6], &[4, -1]).is_err() && resolved(&[6], &[0, 0]).is_err() && resolved(&[6], &[-2]).is_err()
        );
        assert!(resolved(&[6], &[i64::MAX, i64::MAX]).is_err());
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let tensor = |dims: &[i64], raw: usize| Tensor {
            dims: dims.to_vec(),
            kind: 1,
            raw: Some(Bytes::from(vec![0; raw])),
            ..Tensor::default()
        };
        assert!(Constant::read(&tensor(&[2, 2], 16), Path::new("")).is_ok());
        for (dims, raw) in [(&[2, 3][..], 16), (&[-1], 4), (&[i64::MAX, 4], 16), (&[1 << 40], 0)] {
            assert!(Constant::read(&tensor(dims, raw), Path::new("")).is_err(), "{dims:?}");
        }
    }

    #[test]
    fn weights_outside_of_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("w"), [0u8; 16]).unwrap();
        let read = |location: &str, offset: &str| {
            let external = vec![("location".to_owned(), location.to_owned()), ("offset".to_owned(), offset.to_owned())];
            let tensor = Tensor { dims: vec![2], kind: 1, external, is_external: true, ..Tensor::default() };
            Constant::read(&tensor, folder.path())
        };
        assert!(read("w", "8").is_ok());
        for (location, offset) in
            [("../w", "0"), ("/dev/zero", "0"), ("", "0"), (".", "0"), ("w", "17"), ("w", "x"), ("w", "0")]
        {
            assert!(read(location, offset).is_err(), "{location} {offset}");
        }
    }
}
