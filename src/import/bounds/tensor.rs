//! What is known of a pickled value, and what a tensor's arguments make its reader read.

use std::rc::Rc;

use super::value::Value;
use super::{Budget, Stop, refused};

/// Sides that a tensor may have.
pub const MOST_SIDES: usize = 8;
/// A transposed tensor lies in as many values as it has, a channel of three in thrice as many.
const TIMES_ITS_VALUES: u64 = 4;
/// How far the values of a small tensor may lie apart.
const FREE_VALUES: u64 = 1 << 16;

/// What a value is, as far as it matters here.
#[derive(Clone, Debug)]
pub enum Meaning {
    Other,
    Int(i64),
    /// A tuple of a few ints: shape or strides.
    Sides(Rc<[i64]>),
    List,
    /// A string, and a class, of this name.
    Text(Called),
    Class(Called),
    /// What the reader knows by the name of its class alone.
    Opaque,
    Storage,
    /// A tuple that begins with a storage.
    Arguments,
    /// Key, place and class of a storage in a tar archive; its values have so many bytes.
    Stored(u64),
}

/// The names that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    Other,
    /// Makes a tensor of a storage, an offset, sides and strides.
    Rebuilds,
    /// Returns an argument, or what another function makes of one.
    PassesOn,
    /// An attribute of a module that has its tensors or its parts.
    Table,
    /// A class of storages of values of so many bytes.
    Holds(u64),
}

impl Called {
    pub fn of(name: &[u8]) -> Self {
        match name {
            b"_rebuild_tensor" | b"_rebuild_tensor_v2" | b"_rebuild_tensor_v3" => Self::Rebuilds,
            b"_rebuild_parameter" | b"_rebuild_parameter_with_state" | b"_rebuild_from_type_v2" => Self::PassesOn,
            b"_parameters" | b"_buffers" | b"_modules" => Self::Table,
            b"DoubleStorage" | b"LongStorage" => Self::Holds(8),
            b"FloatStorage" | b"IntStorage" => Self::Holds(4),
            b"HalfStorage" | b"BFloat16Storage" | b"ShortStorage" => Self::Holds(2),
            b"CharStorage" | b"ByteStorage" | b"BoolStorage" => Self::Holds(1),
            _ => Self::Other,
        }
    }
}

/// What a tuple of `items` is. Every tensor's arguments are such a tuple, which is why they are checked here.
pub fn tuple(items: &[Value], budget: &Budget) -> Result<Meaning, Stop> {
    let known = |at: usize| items.get(at).map(|item| &item.kind);
    Ok(match (known(0), known(1), known(2), known(3)) {
        (
            Some(Meaning::Storage),
            Some(Meaning::Int(offset)),
            Some(Meaning::Sides(sides)),
            Some(Meaning::Sides(strides)),
        ) => {
            window(*offset, sides, strides, budget)?;
            Meaning::Arguments
        }
        (Some(Meaning::Storage), .., Some(_)) => {
            return Err(refused(format!("a tensor in it has no shape of at most {MOST_SIDES} whole numbers")));
        }
        (Some(Meaning::Storage), ..) => Meaning::Arguments,
        // What such a function gave back could be a storage that is taken for something else.
        (Some(Meaning::Class(Called::PassesOn)), ..) => return Err(strange()),
        (_, _, Some(Meaning::Class(Called::Holds(bytes))), None) => Meaning::Stored(*bytes),
        _ => sides(items).map_or(Meaning::Other, Meaning::Sides),
    })
}

fn sides(items: &[Value]) -> Option<Rc<[i64]>> {
    let int = |item: &Value| if let Meaning::Int(value) = item.kind { Some(value) } else { None };
    (items.len() <= MOST_SIDES).then(|| items.iter().map(int).collect())?
}

/// Only what makes a tensor may be called with a storage.
pub fn call(callable: &Meaning, arguments: &Meaning) -> Result<(), Stop> {
    match (callable, arguments) {
        (Meaning::Class(Called::Rebuilds), _) => Ok(()),
        // The reader refuses it by its name: a quantised or sparse tensor.
        (Meaning::Class(Called::Other | Called::Table | Called::Holds(_)), Meaning::Arguments) => Err(Stop::Broken),
        (_, Meaning::Arguments) => Err(strange()),
        _ => Ok(()),
    }
}

pub fn strange() -> Stop {
    refused("it makes a tensor in a way in which PyTorch makes none")
}

/// A tensor is read with all that lies between its first value and its last: refuses one whose values lie far apart.
pub fn window(offset: i64, sides: &[i64], strides: &[i64], budget: &Budget) -> Result<(), Stop> {
    // The reader takes none below 0, nor another number of strides.
    let whole = |value: i64| u64::try_from(value).unwrap_or_default();
    let (mut values, mut read) = (1_u64, 1_u64);
    for (side, stride) in sides.iter().zip(strides) {
        let (side, stride) = (whole(*side), whole(*stride));
        values = values.saturating_mul(side);
        read = read.saturating_add(side.saturating_sub(1).saturating_mul(stride));
    }
    if budget.whole_storages {
        read = read.saturating_add(whole(offset));
    }
    if values > 0 && read > values.saturating_mul(TIMES_ITS_VALUES).saturating_add(FREE_VALUES) {
        return Err(refused(format!(
            "the {values} values of a tensor {sides:?} in it lie among {read} others; in PyTorch, save copies of its tensors: tensor.clone()"
        )));
    }
    Ok(())
}
